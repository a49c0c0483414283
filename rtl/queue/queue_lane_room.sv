// SPDX-License-Identifier: Apache-2.0
//
// What the dispatcher knows of one lane: which words of its ring are taken, and how many jobs it holds. Jobs take words and give
// them back in order.
`default_nettype none

module queue_lane_room #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic [RingAw-1:0] want_i,    // would so many words fit?
  output logic              room_o,
  output logic [RingAw-1:0] base_o,    // where they would begin
  output logic [2:0]        jobs_o,
  input  logic              take_i,    // they are taken
  input  logic              give_i     // the oldest job is over
);
  logic [RingAw-1:0] give_words;
  logic              kept_room, kept_any;
  logic [2:0]        kept;
  sluice_fifo #(
    .Width(RingAw), .DepthLog2(2)
  ) u_words (
    .clk_i, .rst_ni,
    .in_valid_i(take_i), .in_ready_o(kept_room), .in_data_i(want_i),
    .out_valid_o(kept_any), .out_ready_i(give_i), .out_data_o(give_words), .level_o(kept)
  );

  logic [RingAw-1:0] base_q;
  logic [RingAw:0]   used_q;

  assign room_o = kept_room && used_q + {1'b0, want_i} <= {1'b1, {RingAw{1'b0}}};
  assign base_o = base_q;
  assign jobs_o = kept;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      base_q <= '0;
      used_q <= '0;
    end else begin
      if (take_i) base_q <= base_q + want_i;
      used_q <= used_q + (take_i ? {1'b0, want_i} : '0) - (give_i ? {1'b0, give_words} : '0);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!take_i || room_o);
      assert (!give_i || kept_any);
      assert (used_q <= {1'b1, {RingAw{1'b0}}});
    end
  end
`endif
endmodule
`default_nettype wire
