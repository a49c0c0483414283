// SPDX-License-Identifier: Apache-2.0
//
// SHA-256, SHA-1 and MD5 over a stream of bytes, with a chaining value that is put in and taken out by words. The bytes become
// words in a memory of two blocks; a block is given to the hash when all of it is there, so that what is left between parts is
// whole words there and up to three bytes.
`default_nettype none

module sluice_stream_hash (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        clear_i,        // forget the bytes

  input  logic [1:0]  mac_i,          // of sluice_regs_pkg
  input  logic        byte_valid_i,
  output logic        byte_ready_o,
  input  logic [7:0]  byte_i,
  output logic [5:0]  count_o,        // bytes of the block that is not complete
  output logic        quiet_o,        // all others are in the chaining value

  // Chaining value: shift_i puts in a word as the first and takes out the last one, tail_o. Then init_i. Only while quiet_o.
  input  logic        shift_i,
  input  logic [31:0] shift_word_i,
  output logic [31:0] tail_o,
  input  logic        init_i,

  // The block that is not complete: whole words in order, then the bytes behind them, and how many.
  input  logic        put_i,
  input  logic        put_bytes_i,
  input  logic [31:0] put_word_i,
  input  logic [1:0]  put_count_i,
  input  logic        take_i,         // the next of the whole words
  output logic [31:0] take_word_o,
  output logic [31:0] bytes_o,

  // Overwrites words 2n and 2n + 1 of the memory.
  input  logic        wipe_i,
  input  logic [3:0]  wipe_index_i
);

  logic sha256, sha1, md5;
  assign sha256 = mac_i == sluice_regs_pkg::MacSha256[1:0];
  assign sha1   = mac_i == sluice_regs_pkg::MacSha1[1:0];
  assign md5    = mac_i == sluice_regs_pkg::MacMd5[1:0];

  // Bytes to words.
  logic [31:0] bytes_q, word, put_word;
  logic [1:0]  count_q;
  logic        byte_take, put, room_q;
  logic [5:0]  put_q, get_q, filled;

  assign filled       = put_q - get_q;
  assign byte_ready_o = room_q;
  assign byte_take    = byte_valid_i && byte_ready_o;
  assign word         = md5 ? {byte_i, bytes_q[31:8]} : {bytes_q[23:0], byte_i};
  assign put          = put_i || (byte_take && count_q == 2'd3);
  assign put_word     = put_i ? put_word_i : word;
  assign count_o      = {put_q[3:0], count_q};
  assign bytes_o      = bytes_q;

  // A clock late, by when there may be a word more.
  always_ff @(posedge clk_i) begin
    room_q <= !filled[5] && filled[4:0] != 5'd31;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) bytes_q <= 32'd0;
    else if (put_bytes_i) bytes_q <= put_word_i;
    else if (byte_take) bytes_q <= word;
  end

  // The two blocks: even words, odd words.
  logic [31:0] even [16];
  logic [31:0] odd [16];
  logic [3:0]  even_address, odd_address;
  logic [31:0] one;
  logic [63:0] pair;
  logic        go, quiet, sha256_ready, sha1_ready, md5_ready, single, taken, last, first, fills, taking_q;
  logic [1:0]  whole_q;   // whole blocks of which no word has been taken

  assign even_address = wipe_i ? wipe_index_i : put_q[4:1];
  assign odd_address  = even_address;
  always_ff @(posedge clk_i) begin
    if (wipe_i || (put && !put_q[0])) even[even_address] <= wipe_i ? 32'd0 : put_word;
    if (wipe_i || (put && put_q[0])) odd[odd_address] <= wipe_i ? 32'd0 : put_word;
  end

  assign pair        = {odd[get_q[4:1]], even[get_q[4:1]]};
  assign one         = get_q[0] ? pair[63:32] : pair[31:0];
  assign take_word_o = one;

  assign go     = !taking_q && (get_q[3:0] != 4'd0 || whole_q != 2'd0);
  assign single = go && ((sha256 && sha256_ready) || (md5 && md5_ready));
  assign taken  = single || (go && sha1 && sha1_ready);
  assign last   = taken && (single ? get_q[3:0] == 4'd15 : get_q[3:0] == 4'd14);

  // When words have been taken out, which is begun while quiet_o, the rest of the block is nothing for the hash.
  always_ff @(posedge clk_i) begin
    taking_q <= rst_ni && !clear_i && (taking_q || take_i);
  end

  assign first  = taken && get_q[3:0] == 4'd0;
  assign fills  = put && put_q[3:0] == 4'd15;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) whole_q <= 2'd0;
    else whole_q <= whole_q + {1'b0, fills} - {1'b0, first};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      put_q   <= 6'd0;
      get_q   <= 6'd0;
      count_q <= 2'd0;
    end else begin
      if (put) put_q <= put_q + 6'd1;
      if (taken || take_i) get_q <= get_q + (single || take_i ? 6'd1 : 6'd2);
      if (put_bytes_i) count_q <= put_count_i;
      else if (byte_take) count_q <= count_q + 2'd1;
    end
  end

  // Blocks given and not done; clocks until an initialisation is over.
  logic [1:0] blocks_q;
  logic [6:0] settle_q;  // a bit each
  logic       done, sha256_done, sha1_done, md5_done;

  assign done    = (sha256 && sha256_done) || (sha1 && sha1_done) || (md5 && md5_done);
  assign quiet   = !go && blocks_q == 2'd0 && !settle_q[0];
  assign quiet_o = quiet;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      blocks_q <= 2'd0;
      settle_q <= 7'd0;
    end else begin
      blocks_q <= blocks_q + {1'b0, last} - {1'b0, done};
      settle_q <= init_i ? 7'h7f : settle_q >> 1;
    end
  end

  // The hashes. Those that are not used get neither words nor shifts.
  logic [31:0] sha256_tail, sha1_tail, md5_tail;

  assign tail_o = sha256 ? sha256_tail : sha1 ? sha1_tail : md5_tail;

  sluice_sha256 u_sha256 (
    .clk_i,
    .rst_ni,
    .shift_i      (sha256 && shift_i),
    .shift_word_i,
    .tail_o       (sha256_tail),
    .init_i       (sha256 && init_i),
    .word_valid_i (sha256 && go),
    .word_ready_o (sha256_ready),
    .word_i       (one),
    .discard_i    (1'b0),
    .done_o       (sha256_done)
  );

  sluice_sha1 u_sha1 (
    .clk_i,
    .rst_ni,
    .shift_i      (sha1 && shift_i),
    .shift_word_i,
    .tail_o       (sha1_tail),
    .init_i       (sha1 && init_i),
    .pair_valid_i (sha1 && go),
    .pair_ready_o (sha1_ready),
    .pair_i       (pair),
    .discard_i    (1'b0),
    .done_o       (sha1_done)
  );

  sluice_md5 u_md5 (
    .clk_i,
    .rst_ni,
    .shift_i      (md5 && shift_i),
    .shift_word_i,
    .tail_o       (md5_tail),
    .init_i       (md5 && init_i),
    .word_valid_i (md5 && go),
    .word_ready_o (md5_ready),
    .word_i       (one),
    .discard_i    (1'b0),
    .done_o       (md5_done)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (filled <= 6'd32);
      assert (!((shift_i || init_i) && !quiet));
      assert (!take_i || quiet);
      assert (!(put_i && byte_take));
    end
  end
`endif

endmodule

`default_nettype wire
