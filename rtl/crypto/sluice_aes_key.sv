// SPDX-License-Identifier: Apache-2.0
//
// Key expansion of AES (FIPS 197, 5.2), a word a clock and four clocks more for each SubWord, with a single S-box: at most 130
// clocks. It is meant to run while another record is at work, so it is small rather than fast.
`default_nettype none

module sluice_aes_key (
  input  logic        clk_i,
  input  logic        rst_ni,

  input  logic        start_i,      // while not busy_o
  input  logic [3:0]  key_words_i,  // 4, 6 or 8; stays while busy_o
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
  logic [3:0]   phase_q;      // index modulo key_words
  logic [1:0]   byte_q;
  logic [255:0] history_q;    // the last eight words, the newest at the top
  logic [31:0]  sub_q, newest, oldest, temp, word;
  logic [7:0]   rcon_q;
  logic         substitute, emit;

  assign newest = history_q[255:224];
  always_comb begin
    unique case (key_words_i)
      4'd4:    oldest = history_q[159:128];
      4'd6:    oldest = history_q[95:64];
      default: oldest = history_q[31:0];
    endcase
  end

  assign substitute = key_words_i == 4'd8 && phase_q == 4'd4;
  always_comb begin
    if (phase_q == 4'd0) temp = {sub_q[7:0], sub_q[31:8]} ^ {24'd0, rcon_q};
    else if (substitute) temp = sub_q;
    else temp = newest;
  end

  // 4 * (rounds + 1) words, and rounds = key_words + 6.
  assign last = {key_words_i, 2'b00} + 6'd27;
  assign emit = state_q == Next || (state_q == Key && key_valid_i);
  assign word = state_q == Key ? key_i : oldest ^ temp;

  assign busy_o       = state_q != Idle;
  assign key_take_o   = state_q == Key;
  assign key_index_o  = index_q[2:0];
  assign word_valid_o = emit;
  assign word_index_o = index_q;
  assign word_o       = word;

  logic [3:0] phase_d;
  assign phase_d = phase_q == key_words_i - 4'd1 ? 4'd0 : phase_q + 4'd1;

  always_ff @(posedge clk_i) begin
    if (emit) begin
      history_q <= {word, history_q[255:32]};
      index_q   <= index_q + 6'd1;
      phase_q   <= phase_d;
      sub_q     <= word;
      if (state_q == Next && phase_q == 4'd0) begin
        rcon_q <= sluice_aes_pkg::times2(rcon_q);
      end
    end else if (state_q == Sub) begin
      sub_q  <= {sluice_aes_pkg::sbox(sub_q[7:0]), sub_q[31:8]};
      byte_q <= byte_q + 2'd1;
    end else if (start_i) begin
      index_q <= 6'd0;
      phase_q <= 4'd0;
      rcon_q  <= 8'h01;
      byte_q  <= 2'd0;
    end
  end

  // The word after this one needs SubWord when its phase says so.
  logic sub_next;
  assign sub_next = phase_d == 4'd0 || (key_words_i == 4'd8 && phase_d == 4'd4);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      unique case (state_q)
        Idle:    if (start_i) state_q <= Key;
        Key:     if (emit && phase_d == 4'd0) state_q <= Sub;
        Next:    if (index_q == last) state_q <= Idle;
                 else if (sub_next) state_q <= Sub;
        default: if (byte_q == 2'd3) state_q <= Next;
      endcase
    end
  end

endmodule

`default_nettype wire
