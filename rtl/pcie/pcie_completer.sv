// SPDX-License-Identifier: Apache-2.0
//
// Completer: turns requests for the BAR into accesses of the register bus, one DW each, and answers reads. Requests are served in
// the order in which they came, so a read sees the writes before it. A zero-length read touches nothing and is answered with one
// DW. What is unsupported is answered so. About 4 clocks a DW and what the register bus takes; the bus is driven by registers.
`default_nettype none

module pcie_completer (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [15:0]  cfg_id_i,
  // Requests (pcie_rx_route).
  input  logic         req_valid_i,
  output logic         req_ready_o,
  input  logic         req_lock_i,
  input  logic         req_mem_i,
  input  logic         req_ur_i,
  input  logic         req_write_i,
  input  logic         req_two_i,
  input  logic [13:0]  req_addr_i,
  input  logic [7:0]   req_be_i,
  input  logic [63:0]  req_data_i,
  input  logic [15:0]  req_id_i,
  input  logic [7:0]   req_tag_i,
  input  logic [2:0]   req_tc_i,
  input  logic [1:0]   req_attr_i,
  // Register bus: valid stays until ack; read data comes with ack.
  output logic         reg_valid_o,
  output logic         reg_write_o,
  output logic [15:0]  reg_addr_o,
  output logic [31:0]  reg_wdata_o,
  output logic [3:0]   reg_be_o,
  input  logic         reg_ack_i,
  input  logic [31:0]  reg_rdata_i,
  // Completion frames.
  output logic         tx_valid_o,
  input  logic         tx_ready_i,
  output logic [127:0] tx_data_o,
  output logic [15:0]  tx_keep_o,
  output logic         tx_last_o,
  output logic         idle_o
);
  localparam int unsigned EntryW = 5 + 14 + 8 + 64 + 16 + 8 + 3 + 2;

  logic              lock, mem, ur, write, two;
  logic [13:0]       addr;
  logic [3:0]        be_first, be_last;
  logic [63:0]       wdata;
  logic [15:0]       id;
  logic [7:0]        tag;
  logic [2:0]        tc;
  logic [1:0]        attr;
  logic              here_q, pop, next_valid, next_pop;
  logic [EntryW-1:0] next;
  logic [4:0]        low;     // DW of the first one in its 128 bytes
  logic [4:0]        level;

  typedef enum logic [2:0] {Idle, First, Second, Send, SendMore} state_e;
  state_e            state_q, state_d;

  sluice_fifo #(
    .Width(EntryW), .DepthLog2(4)
  ) u_requests (
    .clk_i, .rst_ni,
    .in_valid_i(req_valid_i), .in_ready_o(req_ready_o),
    .in_data_i({req_lock_i, req_mem_i, req_ur_i, req_write_i, req_two_i, req_addr_i, req_be_i, req_data_i, req_id_i, req_tag_i,
                req_tc_i, req_attr_i}),
    .out_valid_o(next_valid), .out_ready_i(next_pop), .out_data_o(next), .level_o(level)
  );

  // The request whose turn it is; addr goes on to the second DW.
  assign next_pop = !here_q || pop;
  always_ff @(posedge clk_i) begin
    if (next_pop) begin
      {lock, mem, ur, write, two, addr, be_last, be_first, wdata, id, tag, tc, attr} <= next;
      low <= next[EntryW-15 -: 5];
    end else if (state_q == First && reg_ack_i && two) begin
      addr <= addr + 14'd1;
    end
    if (!rst_ni) here_q <= 1'b0;
    else if (next_pop) here_q <= next_valid;
  end

  logic [31:0] rdata0_q, rdata1_q;
  logic        nothing;  // no byte is enabled in the first DW: no access
  assign nothing = be_first == 4'h0;

  function automatic logic [1:0] lowest(input logic [3:0] be);
    lowest = be[0] ? 2'd0 : be[1] ? 2'd1 : be[2] ? 2'd2 : be[3] ? 2'd3 : 2'd0;
  endfunction
  function automatic logic [1:0] highest(input logic [3:0] be);
    highest = be[3] ? 2'd3 : be[2] ? 2'd2 : be[1] ? 2'd1 : be[0] ? 2'd0 : 2'd0;
  endfunction
  function automatic logic [31:0] swap(input logic [31:0] d);
    swap = {d[7:0], d[15:8], d[23:16], d[31:24]};
  endfunction

  // Byte count and lower address, as the PCIe base specification has them for memory reads; 4 and 0 for all else.
  logic [11:0] byte_count;
  logic [6:0]  lower;
  always_comb begin
    byte_count = 12'd4;
    lower      = 7'd0;
    if (mem) begin
      lower      = {low, lowest(be_first)};
      byte_count = two ? 12'd5 + {10'd0, highest(be_last)} - {10'd0, lowest(be_first)}
                       : 12'd1 + {10'd0, highest(be_first)} - {10'd0, lowest(be_first)};
    end
  end

  logic [95:0] header;
  assign header = {id, tag, 1'b0, lower,
                   cfg_id_i, ur ? 3'b001 : 3'b000, 1'b0, byte_count,
                   1'b0, ur ? 2'b00 : 2'b10, lock ? 5'b01011 : 5'b01010, 1'b0, tc, 6'h0, attr, 2'b00,
                   ur ? 10'd0 : two ? 10'd2 : 10'd1};

  assign reg_valid_o = state_q == First || state_q == Second;
  assign reg_write_o = write;
  assign reg_addr_o  = {addr, 2'b00};
  assign reg_wdata_o = state_q == Second ? wdata[63:32] : wdata[31:0];
  assign reg_be_o    = state_q == Second ? be_last : be_first;

  assign tx_valid_o = state_q == Send || state_q == SendMore;
  assign tx_data_o  = state_q == SendMore ? {96'h0, swap(rdata1_q)} : {ur ? 32'h0 : swap(rdata0_q), header};
  assign tx_keep_o  = state_q == SendMore ? 16'h000f : ur ? 16'h0fff : 16'hffff;
  assign tx_last_o  = state_q == SendMore || ur || !two;

  always_comb begin
    state_d = state_q;
    pop     = 1'b0;
    unique case (state_q)
      Idle: if (here_q) begin
        if (ur) state_d = Send;
        else if (nothing && !two) begin
          pop     = write;
          state_d = write ? Idle : Send;
        end else state_d = First;
      end
      First: if (reg_ack_i) begin
        if (two) state_d = Second;
        else begin
          pop     = write;
          state_d = write ? Idle : Send;
        end
      end
      Second: if (reg_ack_i) begin
        pop     = write;
        state_d = write ? Idle : Send;
      end
      Send: if (tx_ready_i) begin
        pop     = tx_last_o;
        state_d = tx_last_o ? Idle : SendMore;
      end
      SendMore: if (tx_ready_i) begin
        pop     = 1'b1;
        state_d = Idle;
      end
      default: state_d = Idle;
    endcase
  end

  assign idle_o = state_q == Idle && !here_q && level == 5'd0;

  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      rdata0_q <= 32'h0;
      rdata1_q <= 32'h0;
    end
    if (state_q == First && reg_ack_i) rdata0_q <= reg_rdata_i;
    if (state_q == Second && reg_ack_i) rdata1_q <= reg_rdata_i;
    if (!rst_ni) state_q <= Idle;
    else state_q <= state_d;
  end
endmodule
`default_nettype wire
