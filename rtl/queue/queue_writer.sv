// SPDX-License-Identifier: Apache-2.0
//
// Second half of the writer: streams results out of the lanes' rings, turned to the alignment of the destination, zeros beyond
// what is kept; a word a clock, one result right behind the other. The reading of a ring depends on out_len alone, never on
// what is kept or the status. Words that have been read are given back 16 at a time, so that a lane's next record can come in.
`default_nettype none

module queue_writer #(
  parameter int unsigned Lanes  = 2,
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  localparam int unsigned Fours = (Lanes + 3) / 4
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // Results (queue_result).
  input  logic                 in_valid_i,
  output logic                 in_ready_o,
  input  logic [4:0]           in_lane_i,
  input  logic [3:0]           in_low_i,
  input  logic [RingAw-1:0]    in_word_i,
  input  logic [3:0]           in_first_i,
  input  logic [14:0]          in_len_i,
  input  logic [14:0]          in_keep_i,
  // Lanes: reading, 16 words more are read, the result is written, given words of it were so given back.
  output logic [Lanes-1:0]     rd_en_o,
  output logic [RingAw-1:0]    rd_addr_o,
  input  logic [128*Lanes-1:0] rd_data_i,
  output logic [Lanes-1:0]     busy_o,
  output logic [Lanes-1:0]     some_o,
  output logic [Lanes-1:0]     free_o,
  output logic [RingAw-1:0]    given_o,
  // Words (pcie_wr).
  output logic                 word_valid_o,
  input  logic                 word_ready_i,
  output logic [127:0]         word_o,
  // While shown, nothing is written out, and the word is of that lane, a clock after it has come from there. differ, with four
  // shown: in each four lanes the word of the one whose number modulo 4 is the same, not 128 of bit, in the same clock.
  input  logic                 show_i,
  input  logic [4:0]           show_lane_i,
  output logic [127:0]         shown_o,
  input  logic                 show_four_i,
  input  logic                 show_bit_i,
  output logic [Fours-1:0]     differ_o,
  output logic                 idle_o
);
  // ---- how the ring's words become the destination's
  logic [14:0] words;
  assign words = ({11'd0, in_low_i} + in_len_i + 15'd15) >> 4;

  logic              busy_q, free_q, some_q, skip_q, room, step, last;
  logic [4:0]        lane_q, free_lane_q, level, turn_q;
  logic [RingAw-1:0] addr_q, given_q;
  logic [10:0]       left_q;       // words that are to come out
  logic [14:0]       kept_q;       // of their bytes, those that are kept
  logic [3:0]        read_q;
  assign room       = level <= 5'd11;
  assign step       = busy_q && room;
  assign last       = step && !skip_q && left_q == 11'd1;
  assign in_ready_o = !busy_q || last;
  assign rd_addr_o  = addr_q;
  assign given_o    = given_q;
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    assign rd_en_o[l] = step && lane_q == 5'(l);
    assign busy_o[l]  = (busy_q && lane_q == 5'(l)) || free_o[l];
    assign free_o[l]  = free_q && free_lane_q == 5'(l);
    assign some_o[l]  = some_q && lane_q == 5'(l);
  end

  // ---- a clock later the ring's word is there, and two more until it has come from its lane: each lane's goes through a
  // register that is 0 when it is not its turn, so that the choice is a sum.
  logic [127:0]         one, ring_q;
  logic [4:0]           from_q;
  logic                 four_q;
  logic [128*Lanes-1:0] turns_q;
  logic [128*Fours-1:0] four;
  always_ff @(posedge clk_i) begin
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (from_q[1:0] != 2'(l) || (from_q[4:2] != 3'(l / 4) && !four_q)) turns_q[128*l +: 128] <= '0;
      else turns_q[128*l +: 128] <= rd_data_i[128*l +: 128];
    end
  end
  always_comb begin
    four = '0;
    one  = '0;
    for (int unsigned l = 0; l < Lanes; l++) four[128*(l/4) +: 128] = four[128*(l/4) +: 128] | turns_q[128*l +: 128];
    for (int unsigned f = 0; f < Fours; f++) one = one | four[128*f +: 128];
  end
  for (genvar f = 0; f < Fours; f++) begin : g_four
    assign differ_o[f] = four[128*f +: 128] != {128{show_bit_i}};
  end

  assign shown_o = one;

  // A word begins with byte shift of prev and ends with the bytes of ring_q before that: picked in place, then turned.
  logic         get_q, put_q, get2_q, put2_q, got_q, put3_q;
  logic [15:0]  keep, keep_q, keep2_q, keep3_q;
  logic [4:0]   shift_q, shift2_q, shift3_q;
  logic [127:0] prev_q, picked, turned, word;
  always_comb begin
    for (int unsigned b = 0; b < 16; b++) begin
      picked[8*b +: 8] = 5'(b) >= shift3_q ? prev_q[8*b +: 8] : ring_q[8*b +: 8];
    end
  end
  assign turned = card_pkg::turn(picked, shift3_q[3:0]);
  always_comb begin
    for (int unsigned b = 0; b < 16; b++) begin
      keep[b]        = 15'(b) < kept_q;
      word[8*b +: 8] = keep3_q[b] ? turned[8*b +: 8] : 8'h00;
    end
  end

  logic word_room;
  sluice_fifo #(
    .Width(128), .DepthLog2(4)
  ) u_words (
    .clk_i, .rst_ni,
    .in_valid_i(put3_q), .in_ready_o(word_room), .in_data_i(word),
    .out_valid_o(word_valid_o), .out_ready_i(word_ready_i), .out_data_o(word_o), .level_o(level)
  );

  assign idle_o = !busy_q && !word_valid_o && !get_q && !get2_q && !got_q;

  always_ff @(posedge clk_i) begin
    from_q   <= show_i ? show_lane_i : lane_q;
    keep_q   <= keep;
    shift_q  <= turn_q;
    ring_q   <= one;
    keep2_q  <= keep_q;
    shift2_q <= shift_q;
    keep3_q  <= keep2_q;
    shift3_q <= shift2_q;
    four_q   <= show_four_i;
    if (got_q) prev_q <= ring_q;
    if (step) begin
      addr_q <= addr_q + 1'b1;
      read_q <= read_q + 4'd1;
      skip_q <= 1'b0;
      if (!skip_q) begin
        left_q <= left_q - 11'd1;
        kept_q <= kept_q > 15'd16 ? kept_q - 15'd16 : 15'd0;
      end
    end
    if (some_q) given_q <= given_q + RingAw'(16);
    if (last) free_lane_q <= lane_q;
    if (in_ready_o && in_valid_i) begin
      lane_q  <= in_lane_i;
      addr_q  <= in_word_i;
      left_q  <= words[10:0];
      kept_q  <= {11'd0, in_low_i} + in_keep_i;
      turn_q  <= in_first_i == in_low_i ? 5'd16 : {1'b0, in_first_i - in_low_i};
      skip_q  <= in_first_i > in_low_i;    // the first ring word alone gives no word yet
      read_q  <= 4'd0;
    end
    if (free_q) given_q <= '0;
    if (!rst_ni) begin
      busy_q  <= 1'b0;
      free_q  <= 1'b0;
      some_q  <= 1'b0;
      given_q <= '0;
      get_q   <= 1'b0;
      put_q   <= 1'b0;
      get2_q  <= 1'b0;
      put2_q  <= 1'b0;
      got_q   <= 1'b0;
      put3_q  <= 1'b0;
    end else begin
      get_q  <= step;
      put_q  <= step && !skip_q;
      get2_q <= get_q;
      put2_q <= put_q;
      got_q  <= get2_q;
      put3_q <= put2_q;
      free_q <= last;
      some_q <= step && !last && read_q == 4'd15;
      if (in_ready_o) busy_q <= in_valid_i;
    end
  end

  logic unused;
  assign unused = &{1'b0, words[14:11]};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!put3_q || word_room);
`endif
endmodule
`default_nettype wire
