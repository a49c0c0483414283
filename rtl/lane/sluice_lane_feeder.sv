// SPDX-License-Identifier: Apache-2.0
//
// Message words for the hash: the MAC's prefix, data, then the hash's own padding (FIPS 180-4, 5.1.1; RFC 1321, 3.1), or the
// block of an HMAC key (RFC 2104).
//
// The prefix ("MAC" in rtl/README.md) comes from registers. It is 1 modulo 4 bytes long in every form, and data begins where a
// 32-bit part of a ring word begins, so each message word is one byte of one part and three of the next. data_len_i may be
// secret: the words that are read, and how many are sent, depend on data_max_i.
`default_nettype none

module sluice_lane_feeder #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              start_i,
  input  logic              key_block_i,     // an HMAC key, in the two words from the origin - 1 on
  input  logic [31:0]       key_xor_i,       // added to its words; else 0
  input  logic [14:0]       data_len_i,
  input  logic [14:0]       data_max_i,
  input  logic              early_i,         // data begins in the word before the origin,
  input  logic              half_i,          // in its second half
  input  logic              little_i,        // MD5

  // The prefix: nonce or sequence number, type, version, length and, in the secure-UDP forms, cid.
  input  logic              tls_i,
  input  logic              long_nonce_i,    // secure UDP: 16 bytes, else 8
  input  logic [7:0]        type_byte_i,
  input  logic [7:0]        minor_i,
  input  logic [15:0]       length_i,
  input  logic [63:0]       cid_i,

  // One clock behind their inputs.
  output logic [8:0]        last_block_o,    // blocks sent, less one
  output logic [8:0]        final_block_o,   // the block that ends the message; secret when data_len_i is

  output logic [2:0]        nonce_index_o,   // nonce, or from word 4 on the sequence number
  input  logic [31:0]       nonce_word_i,

  // Progress: the prefix is sent, and the ring word (from the origin) that is wanted next. It is read only with allow_i.
  input  logic              clear_begun_i,
  output logic              begun_o,
  output logic              prefixing_o,
  input  logic              allow_i,
  output logic [RingAw-1:0] word_o,
  output logic              read_o,
  input  logic              read_gnt_i,
  input  logic [127:0]      read_data_i,

  output logic              valid_o,
  input  logic              ready_i,
  output logic [31:0]       data_o
);

  typedef enum logic [2:0] {Idle, Prefix, Read, Wait, Words, Tail} state_e;
  state_e state_q, state_d;

  function automatic logic [31:0] swap(input logic [31:0] x);
    swap = {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  // Lengths: with the prefix, the byte 0x80 and the 64-bit length.
  logic [2:0]  prefix_words;
  logic [14:0] prefix, past, past_max, total_q;
  logic        unused;
  assign unused       = &{1'b0, past_max[5:0]};
  assign prefix_words = tls_i ? 3'd3 : long_nonce_i ? 3'd7 : 3'd5;
  assign prefix       = {10'd0, prefix_words, 2'd0} + 15'd9;
  assign past         = prefix + data_len_i;
  assign past_max     = prefix + data_max_i;

  always_ff @(posedge clk_i) begin
    total_q       <= past + 15'd56;  // the message and the block of the key before it
    final_block_o <= key_block_i ? 9'd0 : past[14:6];
    last_block_o  <= key_block_i ? 9'd0 : past_max[14:6];
  end

  logic [12:0]       index_q;   // message word
  logic [RingAw-1:0] word_q, words_gone_q;  // words_gone_q is all ones behind the last
  logic [127:0]      hold_q;
  logic [1:0]        part_q;
  logic [7:0]        carry_q;
  logic [15:0]       left;      // data bytes still to come, from the first whole one of this message word on; signed
  logic [15:0]       gone_q;    // its complement: counting up costs no LUT
  logic [2:0]        prefix_q;  // words of the prefix still to come
  logic              send, push, done, valid_q, final_word;
  logic [3:0]        keep, ends, ends_q;  // by byte, the first in bit 3
  logic [14:0]       length_q;  // on its word, else 0
  logic [31:0]       part, bytes, prefix_word, prefix_word_q, message_q, message;

  assign left   = ~gone_q;
  assign push   = send && (!valid_q || ready_i);
  assign done   = index_q == {last_block_o, 4'hf};
  assign word_o = word_q;
  assign read_o = state_q == Read && allow_i;
  assign prefixing_o = start_i || state_q == Prefix;

  always_comb begin
    unique case (part_q)
      2'd0:    part = hold_q[31:0];
      2'd1:    part = hold_q[63:32];
      2'd2:    part = hold_q[95:64];
      default: part = hold_q[127:96];
    endcase
  end

  // Words of the prefix; its last byte is the first that is carried. prefix_from_q is of the word that is sent now: the nonce's,
  // or one of the last three (secure UDP), or the last (TLS).
  logic [1:0] prefix_from_q;
  always_comb begin
    unique case (prefix_from_q)
      2'd0:    prefix_word = swap(nonce_word_i);
      2'd1:    prefix_word = {type_byte_i, 8'h03, minor_i, length_i[15:8]};
      2'd2:    prefix_word = {length_i[7:0], cid_i[7:0], cid_i[15:8], cid_i[23:16]};
      default: prefix_word = swap(cid_i[55:24]);
    endcase
  end

  // Bytes past the data become 0x80, then zeros. Bytes here are in wire order, the first in [31:24]. A word is put together in
  // two clocks: words of the prefix, of data and the length have registers of their own, which are reset when it is not their
  // turn.
  assign bytes = {carry_q, part[7:0], part[15:8], part[23:16]};
  always_comb begin
    keep = 4'd0;
    ends = 4'd0;
    if (key_block_i) keep = {4{state_q == Words}};
    else if (state_q == Prefix) keep = 4'd0;
    else if (!left[15] && left[14:2] != 13'd0) keep = 4'b1111;
    else if (!left[15]) begin
      keep = {1'b1, left[1:0] != 2'd0, left[1], left[1:0] == 2'd3};
      ends = {1'b0, left[1:0] == 2'd0, left[1:0] == 2'd1, left[1:0] == 2'd2};
    end else begin
      ends[3] = left == 16'hffff;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= push || (valid_q && !ready_i);
    if (push && state_q != Prefix) prefix_word_q <= 32'd0;
    else if (push) prefix_word_q <= prefix_word;
    if (push && !final_word) length_q <= 15'd0;
    else if (push) length_q <= total_q;
    if (push) ends_q <= ends;
  end

  for (genvar i = 0; i < 4; i++) begin : gen_message
    always_ff @(posedge clk_i) begin
      if (!rst_ni || (push && !keep[i])) message_q[8 * i +: 8] <= 8'd0;
      else if (push) message_q[8 * i +: 8] <= key_block_i ? part[8 * (3 - i) +: 8] : bytes[8 * i +: 8];
    end
  end

  always_comb begin
    message = (message_q ^ key_xor_i) | prefix_word_q;
    for (int i = 0; i < 4; i++) begin
      if (ends_q[i]) message[8 * i + 7] = 1'b1;
    end
  end

  assign nonce_index_o = {tls_i, index_q[1:0]};
  assign send          = state_q == Prefix || state_q == Words || state_q == Tail;
  assign valid_o       = valid_q;
  // The message's length in bits is the last word but one of MD5, its number little endian like all others.
  assign final_word    = index_q == {final_block_o, 3'b111, !little_i} && !key_block_i;
  assign data_o        = {14'd0, length_q, 3'd0} | (little_i ? swap(message) : message);

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:    if (start_i) state_d = key_block_i ? Read : Prefix;
      Prefix:  if (push && prefix_q == 3'd1) state_d = words_gone_q == '1 ? Tail : Read;
      Read:    if (read_gnt_i) state_d = Wait;
      Wait:    state_d = Words;
      Words:   if (push && done) state_d = Idle;
               else if (push && part_q == 2'd3) state_d = words_gone_q == '1 ? Tail : Read;
      Tail:    if (push && done) state_d = Idle;
      default: state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= Idle;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      index_q      <= 13'd0;
      prefix_q     <= prefix_words;
      prefix_from_q <= 2'd0;
      word_q       <= key_block_i || early_i ? '1 : '0;
      words_gone_q <= ~(key_block_i ? 11'd2 : 11'((data_max_i + (early_i && half_i ? 15'd23 : 15'd15)) >> 4));
      gone_q       <= {1'b1, ~data_len_i};
      part_q       <= !key_block_i && early_i && half_i ? 2'd2 : 2'd0;
      carry_q      <= tls_i ? length_i[7:0] : cid_i[63:56];
    end else begin
      if (push) index_q <= index_q + 13'd1;
      if (push && state_q == Prefix) begin
        prefix_q <= prefix_q - 3'd1;
        if (tls_i) prefix_from_q <= {1'b0, prefix_q == 3'd2};
        else if (prefix_q <= 3'd4) prefix_from_q <= prefix_from_q + 2'd1;
      end
      if (read_gnt_i) begin
        word_q       <= word_q + 11'd1;
        words_gone_q <= words_gone_q + 11'd1;
      end
      if (push && state_q == Words) begin
        part_q  <= part_q + 2'd1;
        carry_q <= part[31:24];
      end
      if (push && state_q != Prefix) gone_q <= gone_q + 16'd4;
    end
    if (clear_begun_i) begun_o <= 1'b0;
    else if (push && state_q == Prefix && prefix_q == 3'd1) begun_o <= 1'b1;
    if (state_q == Wait) hold_q <= read_data_i;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(start_i && state_q != Idle));
  end
`endif

endmodule

`default_nettype wire
