// SPDX-License-Identifier: Apache-2.0
//
// The cores side by side for their bench: AES with its key expansion and round keys, SHA-256, SHA-1.
`default_nettype none

module crypto_top (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  logic         key_start_i,
  input  logic [3:0]   key_words_i,
  input  logic [255:0] key_i,
  input  logic         key_decrypt_i,
  output logic         key_busy_o,
  input  logic         aes_start_i,
  output logic         aes_ready_o,
  input  logic         aes_decrypt_i,
  input  logic [127:0] aes_data_i,
  output logic         aes_done_o,
  output logic [127:0] aes_data_o,

  // Both hashes, by the same ports; sha256_i says which one listens.
  input  logic         sha256_i,
  input  logic         shift_i,
  input  logic [31:0]  shift_word_i,
  output logic [31:0]  tail_o,
  input  logic         init_i,
  input  logic         valid_i,
  output logic         ready_o,
  input  logic [63:0]  words_i,       // SHA-256 takes [31:0]
  input  logic         discard_i,
  output logic         hash_done_o
);

  logic         key_take, word_valid;
  logic [2:0]   key_index;
  logic [5:0]   word_index;
  logic [31:0]  word;
  logic [3:0]   round_index;
  logic [127:0] keys [16];
  logic [127:0] round_key_q;

  sluice_aes_key u_key (
    .clk_i,
    .rst_ni,
    .start_i      (key_start_i),
    .key_words_i,
    .decrypt_i    (key_decrypt_i),
    .busy_o       (key_busy_o),
    .key_take_o   (key_take),
    .key_index_o  (key_index),
    .key_valid_i  (key_take),
    .key_i        (key_i[32 * key_index +: 32]),
    .word_valid_o (word_valid),
    .word_index_o (word_index),
    .word_o       (word)
  );

  logic [95:0] collected_q;
  always_ff @(posedge clk_i) begin
    if (word_valid) collected_q <= {word, collected_q[95:32]};
    if (word_valid && word_index[1:0] == 2'd3) keys[word_index[5:2]] <= {word, collected_q};
    round_key_q <= keys[round_index];
  end

  sluice_aes u_aes (
    .clk_i,
    .rst_ni,
    .start_i     (aes_start_i),
    .ready_o     (aes_ready_o),
    .decrypt_i   (aes_decrypt_i),
    .rounds_i    (key_words_i + 4'd6),
    .data_i      (aes_data_i),
    .add_i       (128'd0),
    .key_index_o (round_index),
    .key_i       (round_key_q),
    .done_o      (aes_done_o),
    .data_o      (aes_data_o)
  );

  logic [31:0] tail256, tail1;
  logic        ready256, ready1, done256, done1;

  assign tail_o      = sha256_i ? tail256 : tail1;
  assign ready_o     = sha256_i ? ready256 : ready1;
  assign hash_done_o = sha256_i ? done256 : done1;

  sluice_sha256 u_sha256 (
    .clk_i,
    .rst_ni,
    .shift_i      (shift_i && sha256_i),
    .shift_word_i,
    .tail_o       (tail256),
    .init_i       (init_i && sha256_i),
    .word_valid_i (valid_i && sha256_i),
    .word_ready_o (ready256),
    .word_i       (words_i[31:0]),
    .discard_i,
    .done_o       (done256)
  );

  sluice_sha1 u_sha1 (
    .clk_i,
    .rst_ni,
    .shift_i      (shift_i && !sha256_i),
    .shift_word_i,
    .tail_o       (tail1),
    .init_i       (init_i && !sha256_i),
    .pair_valid_i (valid_i && !sha256_i),
    .pair_ready_o (ready1),
    .pair_i       (words_i),
    .discard_i,
    .done_o       (done1)
  );

endmodule

`default_nettype wire
