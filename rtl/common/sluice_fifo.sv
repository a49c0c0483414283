// SPDX-License-Identifier: Apache-2.0
//
// A small FIFO in distributed memory: what goes in can come out one clock later, one word a clock both ways.
// valid and ready are registers.
`default_nettype none

module sluice_fifo #(
  parameter int unsigned Width     = 8,
  parameter int unsigned DepthLog2 = 2
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               in_valid_i,
  output logic               in_ready_o,
  input  logic [Width-1:0]   in_data_i,
  output logic               out_valid_o,
  input  logic               out_ready_i,
  output logic [Width-1:0]   out_data_o,
  output logic [DepthLog2:0] level_o
);
  localparam int unsigned Depth = 1 << DepthLog2;

  logic [Width-1:0]   mem_q [Depth];
  logic [DepthLog2:0] wr_q, rd_q;
  logic               push, pop, valid_q, full_q;

  assign level_o     = wr_q - rd_q;
  assign in_ready_o  = !full_q;
  assign out_valid_o = valid_q;
  assign out_data_o  = mem_q[rd_q[DepthLog2-1:0]];
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;

  always_ff @(posedge clk_i) begin
    if (push) mem_q[wr_q[DepthLog2-1:0]] <= in_data_i;
    if (!rst_ni) begin
      wr_q    <= '0;
      rd_q    <= '0;
      valid_q <= 1'b0;
      full_q  <= 1'b0;
    end else begin
      wr_q <= wr_q + {{DepthLog2{1'b0}}, push};
      rd_q <= rd_q + {{DepthLog2{1'b0}}, pop};
      if (push != pop) begin
        valid_q <= push || level_o[DepthLog2:1] != '0;
        full_q  <= push && level_o[DepthLog2-1:0] == '1;
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (level_o <= Depth[DepthLog2:0]);
      assert (valid_q == (level_o != '0) && full_q == level_o[DepthLog2]);
    end
  end
`endif
endmodule
`default_nettype wire
