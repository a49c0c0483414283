// SPDX-License-Identifier: Apache-2.0
//
// HMAC (RFC 2104) of a record over precomputed inner and outer states: load a state, hash the message that the feeder sends, swap
// the digest for the outer state, hash the digest. Or one compression of an HMAC key's block from the initial value.
//
// Words wait for the hash in a memory of two blocks, which carries it over the clocks in which the ring is busy. While the digest
// leaves the hash's chain, last word first, the outer state enters it.
`default_nettype none

module sluice_lane_hash #(
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  parameter bit          Sha1   = 1'b1,
  parameter bit          Legacy = 1'b0
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              wipe_i,         // a message word is overwritten
  input  logic [4:0]        wipe_index_i,

  input  logic              sha256_i,
  input  logic              md5_i,          // neither: SHA-1
  input  logic              load_i,         // load the inner state, or with key_block_i the hash's initial value ...
  input  logic              preloaded_i,    // ... which came in while the digest left
  output logic              loading_o,
  input  logic              run_i,          // hash the message; after loading
  output logic              running_o,      // the digest is there a clock after it

  input  logic              key_block_i,
  input  logic [31:0]       key_xor_i,
  // The message (sluice_lane_feeder).
  input  logic [14:0]       data_len_i,
  input  logic [14:0]       data_max_i,
  input  logic              early_i,
  input  logic              half_i,
  input  logic              tls_i,
  input  logic              long_nonce_i,
  input  logic [7:0]        type_byte_i,
  input  logic [7:0]        minor_i,
  input  logic [15:0]       length_i,
  input  logic [63:0]       cid_i,
  output logic [2:0]        nonce_index_o,
  input  logic [31:0]       nonce_word_i,

  // State words of the SA (sluice_lane_sa).
  output logic              state_read_o,
  output logic [3:0]        state_index_o,
  input  logic [31:0]       state_i,

  // Digest, last word first; pop_i turns to the next one, and puts it or the next record's inner state where the first was.
  input  logic              pop_i,
  input  logic              preload_i,
  output logic [31:0]       digest_o,

  // Ring (sluice_lane_ring), words from the origin on.
  input  logic              allow_i,
  input  logic              clear_begun_i,
  output logic              begun_o,        // the prefix has been sent
  output logic              prefixing_o,    // it is being sent
  output logic [RingAw-1:0] word_o,
  output logic              read_o,
  input  logic              read_gnt_i,
  input  logic [127:0]      read_data_i
);

  // Load and Swap move the chain, a word a clock; the Init states let the hash take it over.
  typedef enum logic [2:0] {Idle, Load, LoadInit, Inner, Swap, SwapInit, Outer} state_e;
  state_e state_q, state_d;

  logic [3:0]  words, count_q, chain_index;  // words of the chain
  logic        shift, shift_last, init;
  logic [31:0] shift_word, tail, initial_word;
  logic        block_done, discard_q;
  logic [8:0]  block_q, last_block, final_block;

  assign words       = sha256_i ? 4'd8 : md5_i ? 4'd4 : 4'd5;
  assign chain_index = words - 4'd1 - count_q;
  assign shift_last  = chain_index == 4'd0;
  assign shift       = state_q == Load || state_q == Swap;
  assign init        = state_q == LoadInit || state_q == SwapInit;

  assign state_read_o  = shift && !key_block_i;
  assign state_index_o = {state_q == Swap, chain_index[2:0]};
  assign shift_word    = pop_i && !preload_i ? tail : key_block_i && !pop_i ? initial_word : state_i;
  assign digest_o      = tail;

  // Initial values (FIPS 180-4, 5.3; MD5's are the first four of SHA-1).
  always_comb begin
    unique case ({sha256_i, chain_index[2:0]})
      4'h0: initial_word = 32'h67452301;
      4'h1: initial_word = 32'hefcdab89;
      4'h2: initial_word = 32'h98badcfe;
      4'h3: initial_word = 32'h10325476;
      4'h8: initial_word = 32'h6a09e667;
      4'h9: initial_word = 32'hbb67ae85;
      4'ha: initial_word = 32'h3c6ef372;
      4'hb: initial_word = 32'ha54ff53a;
      4'hc: initial_word = 32'h510e527f;
      4'hd: initial_word = 32'h9b05688c;
      4'he: initial_word = 32'h1f83d9ab;
      4'hf: initial_word = 32'h5be0cd19;
      default: initial_word = 32'hc3d2e1f0;
    endcase
  end

  assign loading_o = state_q == Load;
  assign running_o = state_q == Inner || state_q == Swap || state_q == SwapInit ||
                     (state_q == Outer && !block_done);

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:     if (load_i) state_d = preloaded_i ? LoadInit : Load;
                else if (run_i) state_d = Inner;
      Load:     if (shift_last) state_d = LoadInit;
      LoadInit: state_d = run_i ? Inner : Idle;
      Inner:    if (block_done && block_q == last_block) state_d = key_block_i ? Idle : Swap;
      Swap:     if (shift_last) state_d = SwapInit;
      SwapInit: state_d = Outer;
      Outer:    if (block_done) state_d = Idle;
      default:  state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= Idle;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    count_q <= shift && !shift_last ? count_q + 4'd1 : 4'd0;
    if (run_i) block_q <= 9'd0;
    else if (block_done) block_q <= block_q + 9'd1;
  end

  // An open hashes as many blocks as the length allows; those behind the true end do not count.
  always_ff @(posedge clk_i) begin
    discard_q <= state_q == Inner && block_q > final_block;
  end

  // Message words from the feeder, then the digest as the outer block.
  logic        feed_valid, feed_ready;
  logic [31:0] feed_word;

  sluice_lane_feeder #(.RingAw(RingAw)) u_feeder (
    .clk_i,
    .rst_ni,
    .start_i       (run_i),
    .key_block_i,
    .key_xor_i,
    .data_len_i,
    .data_max_i,
    .early_i,
    .half_i,
    .little_i      (md5_i),
    .tls_i,
    .long_nonce_i,
    .type_byte_i,
    .minor_i,
    .length_i,
    .cid_i,
    .last_block_o  (last_block),
    .final_block_o (final_block),
    .nonce_index_o,
    .nonce_word_i,
    .allow_i,
    .clear_begun_i,
    .begun_o,
    .prefixing_o,
    .word_o,
    .read_o,
    .read_gnt_i,
    .read_data_i,
    .valid_o       (feed_valid),
    .ready_i       (feed_ready),
    .data_o        (feed_word)
  );

  // The two blocks; for SHA-1, which takes pairs, even words and odd words.
  logic [5:0]  put_q, get_q, filled;
  logic [4:0]  address;
  logic        put, outer;
  logic [31:0] put_word;
  logic [63:0] pair;
  logic [31:0] word;
  logic        word_ready, pair_ready;

  assign filled     = put_q - get_q;
  assign feed_ready = !filled[5] && state_q == Inner;
  assign put        = (feed_valid && feed_ready) || state_q == Swap || wipe_i;
  assign put_word   = state_q == Swap ? tail : feed_word;
  assign address    = wipe_i ? wipe_index_i : {put_q[4], state_q == Swap ? chain_index : put_q[3:0]};

  // What follows the digest in the outer block is not in the memory: 0x80, zeros, its length with the key's block before it.
  function automatic logic [31:0] ended(input logic [31:0] stored, input logic [3:0] index, input logic is_outer,
                                        input logic [3:0] digest_words, input logic is_md5);
    ended = stored;
    if (is_outer && index >= digest_words) begin
      ended = 32'd0;
      if (index == digest_words) ended = is_md5 ? 32'h00000080 : 32'h80000000;
      if (index == (is_md5 ? 4'd14 : 4'd15)) ended = 32'd512 + {23'd0, digest_words, 5'd0};
    end
  endfunction
  assign outer = state_q == SwapInit || state_q == Outer;

  if (Sha1) begin : gen_pairs
    logic [31:0] even [16];
    logic [31:0] odd [16];
    always_ff @(posedge clk_i) begin
      if (put && !address[0]) even[address[4:1]] <= put_word;
      if (put && address[0]) odd[address[4:1]] <= put_word;
    end
    assign pair = {ended(odd[get_q[4:1]], {get_q[3:1], 1'b1}, outer, words, md5_i),
                   ended(even[get_q[4:1]], {get_q[3:1], 1'b0}, outer, words, md5_i)};
    assign word = get_q[0] ? pair[63:32] : pair[31:0];
  end else begin : gen_words
    logic [31:0] memory [32];
    always_ff @(posedge clk_i) begin
      if (put) memory[address] <= put_word;
    end
    assign pair = 64'd0;
    assign word = ended(memory[get_q[4:0]], get_q[3:0], outer, words, md5_i);
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      put_q <= 6'd0;
      get_q <= 6'd0;
    end else begin
      put_q <= put_q + {1'b0, state_q == Swap && shift_last, 3'd0, state_q != Swap && !wipe_i && put};
      if (sha1 ? pair_ready && filled[5:1] != 5'd0 : word_ready && filled != 6'd0) get_q <= get_q + (sha1 ? 6'd2 : 6'd1);
    end
  end

  // The hashes. One that is not used gets neither words nor shifts.
  logic        sha1, sha256_ready, sha256_done, sha1_done, md5_ready, md5_done;
  logic [31:0] sha256_tail, sha1_tail, md5_tail;

  assign sha1       = !sha256_i && !md5_i;
  assign word_ready = md5_i ? md5_ready : sha256_ready;
  assign tail       = sha256_i ? sha256_tail : md5_i ? md5_tail : sha1_tail;
  assign block_done = sha256_i ? sha256_done : md5_i ? md5_done : sha1_done;

  sluice_sha256 u_sha256 (
    .clk_i,
    .rst_ni,
    .shift_i      (sha256_i && (shift || pop_i)),
    .shift_word_i (shift_word),
    .tail_o       (sha256_tail),
    .init_i       (sha256_i && init),
    .word_valid_i (sha256_i && filled != 6'd0),
    .word_ready_o (sha256_ready),
    .word_i       (word),
    .discard_i    (discard_q),
    .done_o       (sha256_done)
  );

  if (Sha1) begin : gen_sha1
    sluice_sha1 u_sha1 (
      .clk_i,
      .rst_ni,
      .shift_i      (sha1 && (shift || pop_i)),
      .shift_word_i (shift_word),
      .tail_o       (sha1_tail),
      .init_i       (sha1 && init),
      .pair_valid_i (sha1 && filled[5:1] != 5'd0),
      .pair_ready_o (pair_ready),
      .pair_i       (pair),
      .discard_i    (discard_q),
      .done_o       (sha1_done)
    );
  end else begin : gen_no_sha1
    assign sha1_tail  = 32'd0;
    assign pair_ready = 1'b0;
    assign sha1_done  = 1'b0;
  end

  if (Legacy) begin : gen_md5
    sluice_md5 u_md5 (
      .clk_i,
      .rst_ni,
      .shift_i      (md5_i && (shift || pop_i)),
      .shift_word_i (md5_i ? shift_word : 32'd0),
      .tail_o       (md5_tail),
      .init_i       (md5_i && init),
      .word_valid_i (md5_i && filled != 6'd0),
      .word_ready_o (md5_ready),
      .word_i       (md5_i ? word : 32'd0),
      .discard_i    (discard_q),
      .done_o       (md5_done)
    );
  end else begin : gen_no_md5
    assign md5_tail  = 32'd0;
    assign md5_ready = 1'b0;
    assign md5_done  = 1'b0;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (filled <= 6'd32);
      assert (state_q != Swap || (filled == 6'd0 && put_q[3:0] == 4'd0));
      assert (!(pop_i && (loading_o || running_o)));
      assert (!(load_i && state_q != Idle));
    end
  end
`endif

endmodule

`default_nettype wire
