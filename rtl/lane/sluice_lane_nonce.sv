// SPDX-License-Identifier: Apache-2.0
//
// The nonce of the record at work, and the counter that it stands for ("MAC" in rtl/README.md, last paragraph).
// The whole of it is the chaining value with which CBC begins, so it is kept there (sluice_lane_cbc), shifted in by words, the
// last word first. Hash and fields have a copy here, to read by words.
`default_nettype none

module sluice_lane_nonce (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  logic         aes_i,
  input  logic         des_i,
  input  logic         explicit_i,

  // Seal: begin with the counter block or the nonce given (setup_i); when CBC has the encrypted one, copy it (made_i).
  input  logic         setup_i,
  input  logic [63:0]  counter_i,
  input  logic [127:0] given_i,
  input  logic         made_i,
  output logic         busy_o,      // four clocks after each

  // Open: words as they are got from the record, the last one first.
  input  logic         word_we_i,
  input  logic [31:0]  word_i,

  input  logic [1:0]   index_i,     // word to write and to read
  output logic [31:0]  word_o,

  // CBC's chaining value, and what is shifted into it.
  output logic         shift_o,
  output logic [31:0]  shift_word_o,
  input  logic [31:0]  chain_last_i, // its last word
  input  logic [63:0]  chain_i,      // its first two

  // Open: the counter in the decrypted block (AES: its second half), in the nonce itself (NULL).
  input  logic [127:0] cipher_result_i,
  output logic         forged_o,    // AES: the block does not begin with eight zero bytes
  output logic [63:0]  counter_o
);

  function automatic logic [63:0] swap(input logic [63:0] x);
    for (int i = 0; i < 8; i++) begin
      swap[8 * i +: 8] = x[8 * (7 - i) +: 8];
    end
  endfunction

  logic        run_q, copy_q;
  logic [1:0]  count_q, index;
  logic [63:0] wire_counter;
  logic [31:0] given, counter, words [4];

  assign busy_o       = run_q;
  assign wire_counter = swap(counter_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) run_q <= 1'b0;
    else run_q <= setup_i || made_i || (run_q && count_q != 2'd0);
    count_q <= setup_i || made_i ? 2'd3 : count_q - 2'd1;
    if (setup_i || made_i) copy_q <= made_i;
  end

  // The counter is the second half of a counter block, and the first of NULL's nonce.
  always_comb begin
    unique case (count_q)
      2'd0:    given = given_i[31:0];
      2'd1:    given = given_i[63:32];
      2'd2:    given = given_i[95:64];
      default: given = given_i[127:96];
    endcase
    if (count_q[1] != aes_i) counter = 32'd0;
    else counter = count_q[0] ? wire_counter[63:32] : wire_counter[31:0];

    if (!run_q) shift_word_o = word_i;
    else if (copy_q) shift_word_o = chain_last_i;
    else shift_word_o = explicit_i ? given : counter;
  end

  assign shift_o = run_q || word_we_i;
  assign index   = run_q ? count_q : index_i;
  assign word_o  = words[index];

  always_ff @(posedge clk_i) begin
    if (shift_o) words[index] <= shift_word_o;
  end

  assign forged_o  = aes_i && cipher_result_i[63:0] != 64'd0;
  assign counter_o = swap(aes_i ? cipher_result_i[127:64] : des_i ? cipher_result_i[63:0] : chain_i);

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    // A setup may come again at once, when a source could not be read: it begins anew.
    if (rst_ni) assert (!(run_q && (word_we_i || made_i)));
  end
`endif

endmodule

`default_nettype wire
