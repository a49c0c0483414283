// SPDX-License-Identifier: Apache-2.0
//
// The nonce or IV of a record, from its preparation until hash and cipher have begun with it, by 32-bit words. It is loaded from
// the job: as it is, or as the counter block ("MAC" in rtl/README.md, last paragraph), of which the cipher then makes the nonce.
// In the TLS forms the sequence number is here too, in words 4 and 5. From here it is shifted into CBC's chaining value, the last
// word first.
`default_nettype none

module sluice_lane_nonce (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  logic         load_i,        // from the job; four clocks, in the TLS forms six
  input  logic         tls_i,
  input  logic         aes_i,
  input  logic         sequence_i,    // the counter, else the nonce
  input  logic [63:0]  counter_i,
  input  logic [127:0] given_i,

  input  logic         chain_load_i,  // to the chaining value; four clocks
  output logic         shift_o,
  output logic [31:0]  shift_word_o,

  output logic         busy_o,

  input  logic         word_we_i,     // words as they are got from the ring, the last one first
  input  logic [31:0]  word_i,
  input  logic [2:0]   index_i,       // word to write and to read
  output logic [31:0]  word_o,
  output logic [7:0]   last_byte_o    // of the whole
);

  function automatic logic [63:0] swap(input logic [63:0] x);
    for (int i = 0; i < 8; i++) begin
      swap[8 * i +: 8] = x[8 * (7 - i) +: 8];
    end
  endfunction

  logic        run_q, load_q, we;
  logic [2:0]  count_q, index;
  logic [63:0] wire_counter;
  logic [31:0] given, counter, put, words [8];

  assign busy_o       = run_q;
  assign wire_counter = swap(counter_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) run_q <= 1'b0;
    else run_q <= load_i || chain_load_i || (run_q && count_q != 3'd0);
    count_q <= load_i && tls_i ? 3'd5 : load_i || chain_load_i ? 3'd3 : count_q - 3'd1;
    if (load_i || chain_load_i) load_q <= load_i;
  end

  // The counter is the second half of a counter block of 16 bytes, and the whole of one of 8.
  always_comb begin
    unique case (count_q[1:0])
      2'd0:    given = given_i[31:0];
      2'd1:    given = given_i[63:32];
      2'd2:    given = given_i[95:64];
      default: given = given_i[127:96];
    endcase
    if (!count_q[2] && count_q[1] != aes_i) counter = 32'd0;
    else counter = count_q[0] ? wire_counter[63:32] : wire_counter[31:0];
  end

  assign put          = !run_q ? word_i : sequence_i || count_q[2] ? counter : given;
  assign we           = run_q ? load_q : word_we_i;
  assign index        = run_q ? count_q : index_i;
  assign word_o       = words[index];
  assign shift_o      = run_q && !load_q;
  assign shift_word_o = word_o;

  always_ff @(posedge clk_i) begin
    if (we) words[index] <= put;
    if (we && index == {1'b0, aes_i, 1'b1}) last_byte_o <= put[31:24];
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!(run_q && (word_we_i || load_i || chain_load_i)));
  end
`endif

endmodule

`default_nettype wire
