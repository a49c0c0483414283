// SPDX-License-Identifier: Apache-2.0
//
// Takes the lanes' results in turn and streams their bytes out of the ring, turned to the alignment of the destination, zeros
// beyond what is kept. One word a clock, 4 clocks more for each result, which the word FIFO hides from the link. The reading of
// the ring depends on out_len alone, never on keep_len or the status.
`default_nettype none

module queue_writer #(
  parameter int unsigned Lanes  = 2,
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  localparam int unsigned IdW   = sluice_pkg::IdW
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  // Lanes.
  input  logic [Lanes-1:0]                   res_valid_i,
  output logic [Lanes-1:0]                   res_ready_o,
  input  logic [sluice_pkg::ResultW*Lanes-1:0] res_i,
  output logic [Lanes-1:0]                   rd_en_o,
  output logic [RingAw-1:0]                  rd_addr_o,
  input  logic [128*Lanes-1:0]               rd_data_i,
  // In-flight table: where to, the result, and the end of what writes nothing.
  output logic [IdW-1:0]                     dst_id_o,
  input  logic [63:0]                        dst_i,
  output logic                               res_valid_o,
  output logic [IdW-1:0]                     res_id_o,
  output logic [7:0]                         res_status_o,
  output logic [14:0]                        res_length_o,
  output logic [14:0]                        res_sure_o,
  output logic [127:0]                       res_counter_o,
  output logic                               done_valid_o,
  input  logic                               done_ready_i,
  // The key job's end.
  output logic                               key_done_o,
  output logic [7:0]                         key_status_o,
  // Posted writes (pcie_wr).
  output logic                               cmd_valid_o,
  input  logic                               cmd_ready_i,
  output logic [63:0]                        cmd_addr_o,
  output logic [14:0]                        cmd_len_o,
  output logic [IdW-1:0]                     cmd_id_o,
  output logic                               word_valid_o,
  input  logic                               word_ready_i,
  output logic [127:0]                       word_o,
  output logic                               idle_o
);
  typedef enum logic [2:0] {Pick, Take, Begin, Stream, Free} state_e;
  state_e state_q;

  // ---- which lane
  logic [4:0]      lane_q, at, next_lane;
  logic [31:0]     waiting;
  assign waiting = 32'(res_valid_i);
  always_comb begin
    next_lane = lane_q;
    at        = lane_q;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (waiting[at]) next_lane = at;
      at = at == 5'd0 ? 5'(Lanes - 1) : at - 5'd1;
    end
  end

  sluice_pkg::result_t res_q;
  logic [sluice_pkg::ResultW-1:0] lane_res;
  always_comb begin
    lane_res = '0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (lane_q == 5'(l)) lane_res = lane_res | res_i[sluice_pkg::ResultW*l +: sluice_pkg::ResultW];
    end
  end
  logic is_key, is_empty, begin_key, begin_empty, begin_write, cmd_room;
  assign is_key      = res_q.id == IdW'(card_pkg::KeysId);
  assign is_empty    = res_q.out_len == 15'd0;
  assign begin_key   = state_q == Begin && is_key;
  assign begin_empty = state_q == Begin && !is_key && is_empty && done_ready_i;
  assign begin_write = state_q == Begin && !is_key && !is_empty && cmd_room;

  assign dst_id_o     = res_q.id;
  assign res_id_o      = res_q.id;
  assign res_status_o  = res_q.status;
  assign res_length_o  = res_q.length;
  assign res_sure_o    = res_q.sure;
  assign res_counter_o = res_q.counter;
  assign res_valid_o  = begin_empty || begin_write;
  assign done_valid_o = state_q == Begin && !is_key && is_empty;
  assign key_done_o   = begin_key;
  assign key_status_o = res_q.status;

  logic [2:0] cmd_level;
  sluice_fifo #(
    .Width(64 + 15 + IdW), .DepthLog2(2)
  ) u_cmd (
    .clk_i, .rst_ni,
    .in_valid_i(begin_write), .in_ready_o(cmd_room), .in_data_i({dst_i, res_q.out_len, res_q.id}),
    .out_valid_o(cmd_valid_o), .out_ready_i(cmd_ready_i), .out_data_o({cmd_addr_o, cmd_len_o, cmd_id_o}),
    .level_o(cmd_level)
  );

  // ---- how the ring's words become the destination's
  logic [3:0]  low;
  logic [14:0] dst_words, end_kept;
  logic        late;       // the first ring word alone gives no word yet
  logic [4:0]  turn;
  assign low       = dst_i[3:0];
  assign dst_words = ({11'd0, low} + res_q.out_len + 15'd15) >> 4;
  assign end_kept  = {11'd0, low} + res_q.keep_len;
  assign late      = res_q.first > low;
  assign turn      = res_q.first == low ? 5'd16 : {1'b0, res_q.first - low};

  logic [RingAw-1:0] addr_q;
  logic [10:0]       left_q;       // words that are to come out
  logic [14:0]       kept_q;       // of their bytes, those that are kept
  logic [4:0]        turn_q;
  logic              skip_q, room, step;
  logic [4:0]        level;
  assign room      = level <= 5'd12;
  assign step      = state_q == Stream && room;
  assign rd_addr_o = addr_q;
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    assign rd_en_o[l]     = step && lane_q == 5'(l);
    assign res_ready_o[l] = (begin_key || begin_empty || state_q == Free) && lane_q == 5'(l);
  end

  // ---- a clock later the ring's word is there
  logic         get_q, put_q;
  logic [15:0]  keep_q, keep;
  logic [4:0]   shift_q;
  logic [127:0] ring_word, prev_q, picked, turned, word;
  always_comb begin
    ring_word = 128'd0;
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (lane_q == 5'(l)) ring_word = ring_word | rd_data_i[128*l +: 128];
    end
  end
  // A word begins with byte shift of prev and ends with the bytes of ring_word before that: picked in place, then turned.
  always_comb begin
    for (int unsigned b = 0; b < 16; b++) begin
      picked[8*b +: 8] = 5'(b) >= shift_q ? prev_q[8*b +: 8] : ring_word[8*b +: 8];
    end
  end
  assign turned = card_pkg::turn(picked, shift_q[3:0]);
  always_comb begin
    for (int unsigned b = 0; b < 16; b++) begin
      keep[b]        = 15'(b) < kept_q;
      word[8*b +: 8] = keep_q[b] ? turned[8*b +: 8] : 8'h00;
    end
  end

  logic word_room;
  sluice_fifo #(
    .Width(128), .DepthLog2(4)
  ) u_words (
    .clk_i, .rst_ni,
    .in_valid_i(put_q), .in_ready_o(word_room), .in_data_i(word),
    .out_valid_o(word_valid_o), .out_ready_i(word_ready_i), .out_data_o(word_o), .level_o(level)
  );

  assign idle_o = state_q == Pick && res_valid_i == '0 && !cmd_valid_o && !word_valid_o && !get_q;

  always_ff @(posedge clk_i) begin
    if (state_q == Pick) lane_q <= next_lane;
    if (state_q == Take) res_q <= lane_res;
    if (begin_write) begin
      addr_q <= res_q.word;
      left_q <= dst_words[10:0];
      kept_q <= end_kept;
      turn_q <= turn;
      skip_q <= late;
    end
    if (step) begin
      addr_q <= addr_q + 1'b1;
      skip_q <= 1'b0;
      if (!skip_q) begin
        left_q <= left_q - 11'd1;
        kept_q <= kept_q > 15'd16 ? kept_q - 15'd16 : 15'd0;
      end
    end
    keep_q  <= keep;
    shift_q <= turn_q;
    if (get_q) prev_q <= ring_word;
    if (!rst_ni) begin
      state_q <= Pick;
      lane_q  <= 5'd0;
      get_q   <= 1'b0;
      put_q   <= 1'b0;
    end else begin
      get_q <= step;
      put_q <= step && !skip_q;
      unique case (state_q)
        Pick:    if (res_valid_i != '0) state_q <= Take;
        Take:    state_q <= Begin;
        Begin:   if (begin_key || begin_empty) state_q <= Pick;
                 else if (begin_write) state_q <= Stream;
        Stream:  if (step && !skip_q && left_q == 11'd1) state_q <= Free;
        default: state_q <= Pick;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, cmd_level, dst_words[14:11]};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!put_q || word_room);
`endif
endmodule
`default_nettype wire
