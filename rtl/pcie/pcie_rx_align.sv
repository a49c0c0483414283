// SPDX-License-Identifier: Apache-2.0
//
// Receive aligner: turns the straddled 128-bit stream of the PCIe block into frames that begin at DW 0 of a beat.
// A frame that began at DW 2 is moved down by two DWs; when it ends in the upper half of a beat, its last DWs need a beat of
// their own and the input waits one clock. Otherwise a beat a clock. Latency: one clock (FIFO).
`default_nettype none

module pcie_rx_align (
  input  logic         clk_i,
  input  logic         rst_ni,
  // Stream of the PCIe block; rx_user_i as in sluice_card.
  input  logic [127:0] rx_data_i,
  input  logic         rx_valid_i,
  output logic         rx_ready_o,
  /* verilator lint_off UNUSEDSIGNAL */
  input  logic [21:0]  rx_user_i,    // the other BARs and the byte of the last DW do not matter
  /* verilator lint_on UNUSEDSIGNAL */
  // Aligned frames: end is the index of the last DW, with eof; bar (BAR 0 was hit) and bad (poisoned or ECRC) with sof.
  output logic         out_valid_o,
  input  logic         out_ready_i,
  output logic [127:0] out_data_o,
  output logic         out_sof_o,
  output logic         out_eof_o,
  output logic [1:0]   out_end_o,
  output logic         out_bar_o,
  output logic         out_bad_o,
  output logic         idle_o
);
  logic       sof_lo, sof_hi, eof;
  logic [1:0] eof_dw;
  assign sof_lo = rx_user_i[14] && !rx_user_i[13];
  assign sof_hi = rx_user_i[14] && rx_user_i[13];
  assign eof    = rx_user_i[21];
  assign eof_dw = rx_user_i[20:19];

  // open: an unmoved frame goes on; shift: the upper half of the last beat waits in hold; flush: hold is all that is left.
  logic        open_q, shift_q, flush_q, hold_sof_q, hold_bar_q, hold_bad_q, flush_end_q;
  logic [63:0] hold_q;
  logic        take, room;

  assign rx_ready_o = room && !flush_q;
  assign take       = rx_valid_i && rx_ready_o;

  logic         put, put_sof, put_eof, put_bar, put_bad;
  logic [1:0]   put_end;
  logic [127:0] put_data;
  always_comb begin
    put      = take && (shift_q || open_q || sof_lo);
    put_data = rx_data_i;
    put_sof  = sof_lo;
    put_eof  = eof;
    put_end  = eof_dw;
    put_bar  = rx_user_i[2];
    put_bad  = |rx_user_i[1:0];
    if (flush_q) begin
      put      = room;
      put_data = {64'h0, hold_q};
      put_sof  = 1'b0;
      put_eof  = 1'b1;
      put_end  = {1'b0, flush_end_q};
    end else if (shift_q) begin
      put_data = {rx_data_i[63:0], hold_q};
      put_sof  = hold_sof_q;
      put_eof  = eof && !eof_dw[1];
      put_end  = {1'b1, eof_dw[0]};
      put_bar  = hold_bar_q;
      put_bad  = hold_bad_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (take) begin
      hold_q      <= rx_data_i[127:64];
      hold_sof_q  <= sof_hi;
      hold_bar_q  <= rx_user_i[2];
      hold_bad_q  <= |rx_user_i[1:0];
      flush_end_q <= eof_dw[0];
    end
    if (!rst_ni) begin
      open_q  <= 1'b0;
      shift_q <= 1'b0;
      flush_q <= 1'b0;
    end else if (flush_q) begin
      flush_q <= !room;
    end else if (take) begin
      open_q  <= !shift_q && (open_q || sof_lo) && !eof;
      shift_q <= sof_hi || (shift_q && !eof);
      flush_q <= shift_q && !sof_hi && eof && eof_dw[1];
    end
  end

  logic [2:0] level;
  assign idle_o = !flush_q && !shift_q && !open_q && level == 3'd0;

  sluice_fifo #(
    .Width(134), .DepthLog2(2)
  ) u_fifo (
    .clk_i, .rst_ni,
    .in_valid_i(put), .in_ready_o(room), .in_data_i({put_bad, put_bar, put_end, put_eof, put_sof, put_data}),
    .out_valid_o, .out_ready_i, .out_data_o({out_bad_o, out_bar_o, out_end_o, out_eof_o, out_sof_o, out_data_o}),
    .level_o(level)
  );
endmodule
`default_nettype wire
