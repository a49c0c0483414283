// SPDX-License-Identifier: Apache-2.0
//
// Key expansion of AES (FIPS 197, 5.2), a word a clock and four clocks more for each SubWord, with a single S-box: at most 130
// clocks. It is meant to run while another record is at work, so it is small rather than fast. Round keys for decryption are
// those of the equivalent inverse cipher (5.3.5).
`default_nettype none

module sluice_aes_key (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        start_i,      // while not busy_o
  input  logic [3:0]  key_words_i,  // 4, 6 or 8; stays while busy_o
  input  logic        decrypt_i,    // stays while busy_o
  output logic        busy_o,

  // Words of the cipher key, in order; the word of key_index_o is taken when key_take_o and key_valid_i.
  output logic        key_take_o,
  output logic [2:0]  key_index_o,
  input  logic        key_valid_i,
  input  logic [31:0] key_i,

  // Words of the expanded key; word n belongs to round key n / 4. Byte 0 is bits [7:0].
  output logic        word_valid_o,
  output logic [5:0]  word_index_o,
  output logic [31:0] word_o
);

  typedef enum logic [1:0] {Idle, Key, Next, Sub} state_e;
  state_e state_q;

  logic [5:0]   index_q, last;
  logic [3:0]   phase_q, phase_d;  // index modulo key_words
  logic [1:0]   byte_q, take;
  logic [255:0] history_q;         // the last eight words, the newest at the top
  logic [31:0]  sub_q, newest, oldest;
  logic [7:0]   rcon_q, sub_byte;
  logic         rotate, emit, valid_q, ends_q;

  assign newest = history_q[255:224];
  always_comb begin
    unique case (key_words_i)
      4'd4:    oldest = history_q[159:128];
      4'd6:    oldest = history_q[95:64];
      default: oldest = history_q[31:0];
    endcase
    if (state_q == Key) oldest = 32'd0;
  end

  // Whether word p of each key_words needs SubWord; with p = 0 RotWord goes before it, and rcon is added.
  function automatic logic substitutes(input logic [3:0] p, input logic [3:0] words);
    substitutes = p == 4'd0 || (words == 4'd8 && p == 4'd4);
  endfunction

  assign rotate  = phase_q == 4'd0;
  assign phase_d = phase_q == key_words_i - 4'd1 ? 4'd0 : phase_q + 4'd1;

  assign take     = rotate ? byte_q + 2'd1 : byte_q;
  assign sub_byte = sluice_aes_pkg::sbox(newest[8 * take +: 8]);

  // 4 * (rounds + 1) words, and rounds = key_words + 6.
  assign last = {key_words_i, 2'b00} + 6'd27;
  assign emit = state_q == Next || (state_q == Key && key_valid_i);

  assign busy_o       = state_q != Idle || valid_q;
  assign key_take_o   = state_q == Key;
  assign key_index_o  = index_q[2:0];

  always_ff @(posedge clk_i) begin
    // Idle and in reset no key stays behind, and word_o is 0. That is a reset of flip-flops, which costs no LUTs.
    if (!rst_ni || !busy_o) history_q <= '0;
    else if (emit) history_q <= {oldest ^ sub_q ^ (state_q == Key ? key_i : newest), history_q[255:32]};
    if (emit) begin
      phase_q <= phase_d;
      index_q <= index_q + 6'd1;
      if (state_q == Next && rotate) rcon_q <= sluice_aes_pkg::times2(rcon_q);
    end else if (start_i) begin
      index_q <= 6'd0;
      phase_q <= 4'd0;
      rcon_q  <= 8'h01;
    end
    // What takes the place of the newest word in the next sum, and that word itself, so that they need no choice; else 0.
    if (state_q != Sub) sub_q <= 32'd0;
    else sub_q <= {sub_byte ^ newest[8 * byte_q +: 8] ^ (rotate && byte_q == 2'd0 ? rcon_q : 8'd0), sub_q[31:8]};
    byte_q <= state_q == Sub ? byte_q + 2'd1 : 2'd0;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      unique case (state_q)
        Idle:    if (start_i) state_q <= Key;
        Key:     if (emit && phase_d == 4'd0) state_q <= Sub;
        Next:    if (index_q == last) state_q <= Idle;
                 else if (substitutes(phase_d, key_words_i)) state_q <= Sub;
        default: if (byte_q == 2'd3) state_q <= Next;
      endcase
    end
  end

  // A word goes out a clock after it was made. The first and the last round key are added outside of the rounds.
  logic [31:0] mixed;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) valid_q <= 1'b0;
    else valid_q <= emit;
    if (emit) begin
      word_index_o <= index_q;
      ends_q       <= index_q[5:2] == 4'd0 || index_q[5:2] == last[5:2];
    end
  end

  assign mixed        = ends_q ? newest : sluice_aes_pkg::inv_mix(newest);
  assign word_valid_o = valid_q;
  assign word_o       = decrypt_i ? mixed : newest;

endmodule

`default_nettype wire
