// SPDX-License-Identifier: Apache-2.0
//
// The management processor: core, memory, and the way of its loads and stores to the buffer, the devices and the registers of
// BAR 0 (devices.toml has the map). Memory answers in the clock after a request, the others two clocks later or when they can.
// What is not there, the secret half, and stores to code or to registers are access faults.
`default_nettype none

module mgmt_cpu #(
  parameter int unsigned RamWordsLog2 = 13,
  parameter int unsigned RamWords     = 6144,  // of these the fourth quarter is not there
  parameter int unsigned Protected    = 0,   // first words of the memory that are never written
  parameter              Image        = ""
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  input  logic                    irq_timer_i,
  input  logic                    irq_event_i,
  output logic                    sleep_o,
  output logic                    parity_o,
  input  logic                    wipe_i,
  input  logic [RamWordsLog2-1:0] wipe_addr_i,
  // Devices: a request for one clock; read data in the same clock.
  output logic                    dev_wr_o,
  output logic                    dev_rd_o,
  output logic [2:0]              dev_page_o,
  output logic [5:0]              dev_addr_o,
  output logic [31:0]             wdata_o,     // of the buffer too
  input  logic [31:0]             dev_rdata_i,
  // Buffer: held until ready; the word one clock later.
  output logic                    buf_valid_o,
  input  logic                    buf_ready_i,
  output logic                    buf_we_o,
  output logic [9:0]              buf_addr_o,
  output logic [3:0]              buf_be_o,
  input  logic [127:0]            buf_word_i,
  // Registers of BAR 0: held until ack, which comes with the data.
  output logic                    bar_valid_o,
  output logic [15:0]             bar_addr_o,
  input  logic                    bar_ack_i,
  input  logic [31:0]             bar_rdata_i
);
  logic        valid, ready, we, err;
  logic [31:0] addr, wdata, rdata;
  logic [3:0]  be;
  cpu_core u_core (
    .clk_i, .rst_ni, .bus_valid_o(valid), .bus_ready_i(ready), .bus_addr_o(addr), .bus_we_o(we), .bus_be_o(be),
    .bus_wdata_o(wdata), .bus_rdata_i(rdata), .bus_err_i(err), .irq_software_i(1'b0), .irq_timer_i, .irq_external_i(irq_event_i),
    .sleep_o
  );

  // ---- whose it is, in the clock after the request
  typedef enum logic [1:0] {Idle, Asked, Word, Done} state_e;
  state_e      state_q;
  logic        in_ram_q, is_buffer, is_device, is_bar, bad;
  logic [31:0] addr_q, wdata_q, answer_q;
  logic [3:0]  be_q;
  logic        we_q, err_q;
  assign is_buffer = addr_q[31:28] == mgmt_devices_pkg::Buffer[31:28] && addr_q[27:12] == 16'd0 &&
                     (we_q || addr_q[11:10] != 2'b11);
  assign is_device = addr_q[31:28] == mgmt_devices_pkg::Devices[31:28] && addr_q[27:11] == 17'd0 && (!we_q || be_q == 4'hf);
  assign is_bar    = addr_q[31:28] == mgmt_devices_pkg::Bar[31:28] && addr_q[27:16] == 12'd0 && !we_q;
  assign bad       = !is_buffer && !is_device && !is_bar;

  logic        to_ram, ram_ready, ram_fault, ram_refused;
  assign to_ram = addr[31:RamWordsLog2+2] == '0 && addr[RamWordsLog2+1:RamWordsLog2] != 2'b11;
  logic [31:0] ram_rdata;
  cpu_ram #(.WordsLog2(RamWordsLog2), .Words(RamWords), .Protected(Protected), .Image(Image)) u_ram (
    .clk_i, .rst_ni, .valid_i(valid && to_ram), .ready_o(ram_ready), .addr_i(addr[RamWordsLog2+1:2]),
    .we_i(we), .be_i(be), .wdata_i(wdata), .rdata_o(ram_rdata), .fault_o(ram_fault), .refused_o(ram_refused), .spoil_i(1'b0),
    .wipe_i, .wipe_addr_i
  );
  assign parity_o = ram_fault && rst_ni;
  assign ready    = ram_ready || state_q == Done;
  assign rdata    = in_ram_q ? ram_rdata : answer_q;
  assign err      = in_ram_q ? ram_fault || ram_refused : err_q;

  assign dev_wr_o    = state_q == Asked && is_device && we_q;
  assign dev_rd_o    = state_q == Asked && is_device && !we_q;
  assign dev_page_o  = addr_q[10:8];
  assign dev_addr_o  = addr_q[7:2];
  assign wdata_o     = wdata_q;
  assign buf_valid_o = state_q == Asked && is_buffer;
  assign buf_we_o    = we_q;
  assign buf_addr_o  = addr_q[11:2];
  assign buf_be_o    = be_q;
  assign bar_valid_o = state_q == Asked && is_bar;
  assign bar_addr_o  = addr_q[15:0];

  always_ff @(posedge clk_i) begin
    in_ram_q <= to_ram;
    if (state_q == Idle) begin
      addr_q  <= addr;
      wdata_q <= wdata;
      be_q    <= be;
      we_q    <= we;
    end
    if (state_q == Asked) begin
      answer_q <= is_device ? dev_rdata_i : bar_rdata_i;
      err_q    <= bad;
    end
    if (state_q == Word) answer_q <= buf_word_i[{addr_q[3:2], 5'd0} +: 32];
    if (!rst_ni) state_q <= Idle;
    else begin
      unique case (state_q)
        Idle:    if (valid && !to_ram) state_q <= Asked;
        Asked: begin
          if (is_buffer) begin
            if (buf_ready_i) state_q <= we_q ? Done : Word;
          end else if (is_bar) begin
            if (bar_ack_i) state_q <= Done;
          end else state_q <= Done;
        end
        Word:    state_q <= Done;
        default: state_q <= Idle;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, addr_q[1:0]};
endmodule
`default_nettype wire
