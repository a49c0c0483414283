// SPDX-License-Identifier: Apache-2.0
//
// What the dispatcher knows of one lane: which words of its ring are taken, how many jobs it holds, and whether a long one is
// among them. Jobs take words and give them back in order, those of a long result bit by bit while it is written out.
`default_nettype none

module queue_lane_room #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic [RingAw-1:0] want_i,    // would so many words fit?
  output logic              room_o,    // one clock later
  output logic [RingAw-1:0] base_o,    // where they would begin
  output logic [2:0]        jobs_o,
  output logic              long_o,    // a job of LongWords or more is among them
  input  logic              take_i,    // they are taken
  input  logic              some_i,    // the oldest job has no use for 16 words more
  input  logic              give_i,    // the oldest job is over,
  input  logic [RingAw-1:0] given_i    // so many words of which are back already
);
  localparam logic [RingAw:0]   Some      = 16;
  localparam logic [RingAw-1:0] LongWords = card_pkg::LongWords;

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
  logic [RingAw:0]   free_q;
  logic [RingAw-1:0] rest;
  logic [2:0]        longs_q;
  logic              long_in, long_out;
  assign rest = give_words - given_i;

  assign base_o = base_q;
  assign jobs_o = kept;
  assign long_o = longs_q != 3'd0;

  assign long_in  = take_i && want_i >= LongWords;
  assign long_out = give_i && give_words >= LongWords;

  always_ff @(posedge clk_i) begin
    room_o <= kept_room && {1'b0, want_i} <= free_q;
    if (!rst_ni) begin
      base_q <= '0;
      free_q <= {1'b1, {RingAw{1'b0}}};
      longs_q <= 3'd0;
    end else begin
      longs_q <= longs_q + {2'd0, long_in} - {2'd0, long_out};
      if (take_i) base_q <= base_q + want_i;
      free_q <= free_q - (take_i ? {1'b0, want_i} : '0) + (give_i ? {1'b0, rest} : some_i ? Some : '0);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!take_i || (kept_room && {1'b0, want_i} <= free_q));
      assert (!(give_i || some_i) || kept_any);
      assert (!give_i || give_words >= given_i);
      assert (free_q <= {1'b1, {RingAw{1'b0}}});
    end
  end
`endif
endmodule
`default_nettype wire
