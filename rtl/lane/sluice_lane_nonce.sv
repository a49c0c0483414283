// SPDX-License-Identifier: Apache-2.0
//
// The nonce of the record at work, and the counter that it stands for ("MAC" in rtl/README.md, last paragraph).
`default_nettype none

module sluice_lane_nonce (
  input  logic         clk_i,

  input  logic         aes_i,
  input  logic         explicit_i,

  // Seal: begin with the counter block or the nonce given (setup_i), then put the encrypted one in its place (made_i).
  input  logic         setup_i,
  input  logic [63:0]  counter_i,
  input  logic [127:0] given_i,
  input  logic         made_i,
  input  logic [127:0] cipher_result_i,

  // Open: words as they are got from the record.
  input  logic         word_we_i,
  input  logic [31:0]  word_i,

  input  logic [1:0]   index_i,     // word to write and to read
  output logic [31:0]  word_o,
  output logic [127:0] nonce_o,

  // Open: the counter in the decrypted block (AES), in the nonce itself (NULL).
  output logic         forged_o,    // AES: the block does not begin with eight zero bytes
  output logic [63:0]  counter_o
);

  function automatic logic [63:0] swap(input logic [63:0] x);
    for (int i = 0; i < 8; i++) begin
      swap[8 * i +: 8] = x[8 * (7 - i) +: 8];
    end
  endfunction

  localparam logic [1:0] Given   = 2'd0;
  localparam logic [1:0] Counter = 2'd1;
  localparam logic [1:0] Cipher  = 2'd2;
  localparam logic [1:0] Record  = 2'd3;

  logic [127:0] nonce_q;
  logic [63:0]  wire_counter;
  logic [1:0]   from;
  logic         block;        // a counter block begins with zeros

  assign wire_counter = swap(counter_i);
  assign from         = setup_i ? (explicit_i ? Given : Counter) : made_i ? Cipher : Record;
  assign block        = setup_i && aes_i && !explicit_i;

  always_ff @(posedge clk_i) begin
    for (int i = 0; i < 4; i++) begin
      if (block && i < 2) begin
        nonce_q[32 * i +: 32] <= 32'd0;
      end else if (setup_i || made_i || (word_we_i && index_i == 2'(i))) begin
        unique case (from)
          Given:   nonce_q[32 * i +: 32] <= given_i[32 * i +: 32];
          Counter: nonce_q[32 * i +: 32] <= wire_counter[32 * (i % 2) +: 32];
          Cipher:  nonce_q[32 * i +: 32] <= cipher_result_i[32 * i +: 32];
          default: nonce_q[32 * i +: 32] <= word_i;
        endcase
      end
    end
  end

  always_comb begin
    unique case (index_i)
      2'd0:    word_o = nonce_q[31:0];
      2'd1:    word_o = nonce_q[63:32];
      2'd2:    word_o = nonce_q[95:64];
      default: word_o = nonce_q[127:96];
    endcase
  end

  assign nonce_o   = nonce_q;
  assign forged_o  = cipher_result_i[63:0] != 64'd0;
  assign counter_o = swap(aes_i ? cipher_result_i[127:64] : nonce_q[63:0]);

endmodule

`default_nettype wire
