// SPDX-License-Identifier: Apache-2.0
//
// Device DMA: between the host's memory and the buffer, and zeros into the buffer. Registers are in devices.toml. A reading takes
// what the link takes; the other way 32 bytes go every 3 clocks or as the link has room.
`default_nettype none

module mgmt_dma (
  input  logic         clk_i,
  input  logic         rst_ni,
  // Register bus: wr_i for one clock, what is read in the same clock as its address.
  input  logic         wr_i,
  input  logic [5:0]   addr_i,
  input  logic [31:0]  wdata_i,
  output logic [31:0]  rdata_o,
  input  logic         free_i,        // no other device uses the buffer
  output logic         busy_o,
  output logic         end_o,         // a command is over
  // Taking from queue pair 0.
  input  logic         enable_i,
  input  logic [3:0]   want_i,
  output logic         own_take_o,
  output logic         take_o,
  input  logic [63:0]  take_addr_i,
  // Reading (pcie_rd_split) and its end; its data goes to the buffer directly.
  output logic         rd_valid_o,
  input  logic         rd_ready_i,
  output logic [63:0]  rd_addr_o,
  output logic [14:0]  rd_len_o,
  output logic [14:0]  rd_pos_o,
  input  logic         end_valid_i,
  input  logic         end_err_i,
  // Writing (pcie_wr_small).
  output logic         out_valid_o,
  input  logic         out_ready_i,
  output logic [63:0]  out_addr_o,
  output logic [255:0] out_data_o,
  // Buffer.
  output logic         get_o,
  output logic [7:0]   get_addr_o,
  input  logic [127:0] word_i,
  output logic         put_o,         // zeros
  output logic [7:0]   put_addr_o,
  output logic         nonzero_clear_o,
  input  logic [15:0]  nonzero_i,
  output logic [63:0]  addr_o         // for a key job
);
  typedef enum logic [3:0] {Idle, Aim, Take, Ask, Wait, First, Second, Send, Clear} state_e;
  state_e state_q;

  logic [63:0]  addr_q;
  logic [11:0]  offset_q;
  logic [12:0]  length_q;
  logic [7:0]   at_q;            // word of the buffer
  logic [8:0]   left_q;          // words
  logic         err_q;
  logic [127:0] held_q;

  logic [7:0] at_next;
  logic [8:0] left_next;
  assign at_next   = at_q + (state_q == Send ? 8'd2 : 8'd1);
  assign left_next = left_q - (state_q == Send ? 9'd2 : 9'd1);

  logic [3:0] command;
  logic       go, secret;
  assign command = wdata_i[3:0];
  assign go      = wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::DmaCommand && free_i && state_q == Idle;
  assign secret  = at_q[7:6] == 2'b11;

  assign busy_o      = state_q != Idle;
  assign own_take_o  = state_q == Aim || state_q == Take;
  assign take_o      = state_q == Take && rd_ready_i;
  assign rd_valid_o  = state_q == Take || state_q == Ask;
  assign rd_addr_o   = addr_q;
  assign rd_len_o    = state_q == Take ? 15'(sluice_regs_pkg::SqeBytes) : {2'd0, length_q};
  assign rd_pos_o    = {3'd0, offset_q};
  assign out_valid_o = state_q == Send;
  assign out_addr_o  = addr_q;
  assign out_data_o  = {word_i, held_q};
  assign get_o       = state_q == First || state_q == Second || state_q == Send;
  assign get_addr_o  = get_o ? {at_q[7:1], state_q != First} : 8'd0;
  assign put_o       = state_q == Clear;
  assign put_addr_o  = put_o ? at_q : 8'd0;
  assign addr_o      = addr_q;
  assign nonzero_clear_o = go && (command == mgmt_devices_pkg::DmaCommandIn || command == mgmt_devices_pkg::DmaCommandTake);

  always_comb begin
    unique case ({addr_i, 2'd0})
      mgmt_devices_pkg::DmaCommand: rdata_o = {busy_o, 30'd0, err_q};
      mgmt_devices_pkg::DmaNonzero: rdata_o = {16'd0, nonzero_i};
      mgmt_devices_pkg::DmaWaiting: rdata_o = {28'd0, enable_i ? want_i : 4'd0};
      default:                      rdata_o = 32'd0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (wr_i && !busy_o && {addr_i, 2'd0} == mgmt_devices_pkg::DmaAddrLo) addr_q[31:0]  <= wdata_i;
    if (wr_i && !busy_o && {addr_i, 2'd0} == mgmt_devices_pkg::DmaAddrHi) addr_q[63:32] <= wdata_i;
    if (wr_i && !busy_o && {addr_i, 2'd0} == mgmt_devices_pkg::DmaPlace) begin
      offset_q <= wdata_i[11:0];
      length_q <= wdata_i[28:16];
    end
    if (state_q == Second) held_q <= word_i;
    end_o <= 1'b0;
    if (!rst_ni) begin
      state_q <= Idle;
      err_q   <= 1'b0;
      end_o   <= 1'b0;
    end else begin
      unique case (state_q)
        Idle: begin
          at_q   <= offset_q[11:4];
          left_q <= length_q[12:4];
          if (go) begin
            err_q <= 1'b0;
            unique case (command)
              mgmt_devices_pkg::DmaCommandIn:    state_q <= Ask;
              mgmt_devices_pkg::DmaCommandClear: state_q <= Clear;
              mgmt_devices_pkg::DmaCommandTake: begin
                if (want_i != 4'd0 && enable_i) state_q <= Aim;
                else {err_q, end_o} <= 2'b11;
              end
              mgmt_devices_pkg::DmaCommandOut:   state_q <= First;
              default: {err_q, end_o} <= 2'b11;
            endcase
          end
        end
        Aim: begin
          state_q <= Take;
          addr_q  <= take_addr_i;
        end
        Take, Ask: if (rd_ready_i) state_q <= Wait;
        Wait: if (end_valid_i) begin
          state_q <= Idle;
          err_q   <= end_err_i;
          end_o   <= 1'b1;
        end
        First: begin
          state_q <= secret ? Idle : Second;
          err_q   <= secret;
          end_o   <= secret;
        end
        Second: state_q <= Send;
        Send: if (out_ready_i) begin
          at_q    <= at_next;
          left_q  <= left_next;
          addr_q  <= {addr_q[63:5] + 59'd1, addr_q[4:0]};
          state_q <= left_next == 9'd0 ? Idle : First;
          end_o   <= left_next == 9'd0;
        end
        default: begin
          at_q    <= at_next;
          left_q  <= left_next;
          state_q <= left_next == 9'd0 ? Idle : Clear;
          end_o   <= left_next == 9'd0;
        end
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!end_valid_i || state_q == Wait);
`endif
endmodule
`default_nettype wire
