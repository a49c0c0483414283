// SPDX-License-Identifier: Apache-2.0
//
// SA words of a stream lane's two jobs, the one at work and the one that waits, and their AES round keys. The key of the waiting
// job is expanded as soon as its words are there. All of a bank is overwritten when its job is over.
`default_nettype none

module sluice_stream_sa (
  input  logic         clk_i,
  input  logic         rst_ni,

  // SaWords beats after each accepted job.
  input  logic         sa_valid_i,
  input  logic [127:0] sa_data_i,

  output logic         loaded_o,      // everything about the waiting job is there
  input  logic         take_i,        // the waiting job becomes the job at work

  // Overwrites word n of the bank of the job at work, or of the other, with zeros, when clear_ready_o.
  input  logic         clear_i,
  input  logic         clear_other_i,
  input  logic [3:0]   clear_index_i,
  output logic         clear_ready_o,

  // The job at work: word 0, the three keys of DES, HMAC states by 32-bit word (0-15: inner state, then outer state), round keys
  // (each in the clock after its index).
  output logic [127:0] config_o,
  input  logic         read_i,        // keeps the key expansion off the memory, as des_i does
  input  logic [3:0]   state_index_i,
  output logic [31:0]  state_o,
  input  logic         des_i,
  input  logic [1:0]   des_index_i,
  output logic [63:0]  des_key_o,
  input  logic [3:0]   key_index_i,
  output logic [127:0] key_o
);

  // Both banks, 8 words each; bank_q belongs to the job at work. So few words would leave block RAM nearly empty.
  (* ram_style = "distributed" *) logic [127:0] words [16];
  logic [127:0] word;
  logic [127:0] config_q, waiting_config_q;
  logic         bank_q, clear, clear_bank;
  logic [2:0]   beat_q;
  logic         all_q, expanded_q;

  logic         key_start, key_busy, key_take, key_valid, aes;
  logic [2:0]   key_word_index;
  logic [3:0]   key_words;
  logic         round_valid;
  logic [5:0]   round_index;
  logic [31:0]  round_word, part;

  assign config_o = config_q;
  assign loaded_o = all_q && expanded_q;

  assign clear_ready_o = !sa_valid_i && !round_valid;
  assign clear         = clear_i && clear_ready_o;
  assign clear_bank    = bank_q ^ clear_other_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q     <= 3'd0;
      bank_q     <= 1'b0;
      all_q      <= 1'b0;
      expanded_q <= 1'b0;
    end else begin
      if (sa_valid_i) beat_q <= beat_q + 3'd1;
      if (take_i) begin
        bank_q     <= !bank_q;
        all_q      <= 1'b0;
        expanded_q <= 1'b0;
      end else begin
        if (sa_valid_i && beat_q == 3'd7) all_q <= 1'b1;
        if (all_q && !aes) expanded_q <= 1'b1;
        if (round_valid && round_index == {key_words, 2'b00} + 6'd27) expanded_q <= 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (sa_valid_i || clear) begin
      words[sa_valid_i ? {!bank_q, beat_q} : {clear_bank, clear_index_i[2:0]}] <= sa_valid_i ? sa_data_i : 128'd0;
    end
    if (sa_valid_i && beat_q == 3'd0) waiting_config_q <= sa_data_i;
    if (take_i) config_q <= waiting_config_q;
  end

  // One read port: words of the job at work, or the key words of the waiting one.
  logic [3:0] address;
  logic [1:0] lane32_q;
  logic       des_odd_q, key_there_q;
  always_comb begin
    if (des_i) address = {bank_q, 2'b01, des_index_i[1]};
    else if (read_i) address = {bank_q, 1'b1, state_index_i[3:2]};
    else address = {!bank_q, 2'b01, key_word_index[2]};
  end
  always_ff @(posedge clk_i) begin
    word        <= words[address];
    lane32_q    <= read_i ? state_index_i[1:0] : key_word_index[1:0];
    des_odd_q   <= des_index_i[0];
    key_there_q <= key_take && !key_valid && !read_i && !des_i;
  end
  assign state_o   = part;
  assign des_key_o = des_odd_q ? word[127:64] : word[63:0];
  always_comb begin
    unique case (lane32_q)
      2'd0:    part = word[31:0];
      2'd1:    part = word[63:32];
      2'd2:    part = word[95:64];
      default: part = word[127:96];
    endcase
  end

  assign aes = waiting_config_q[2:0] >= sluice_regs_pkg::CipherAes128[2:0];
  always_comb begin
    unique case (waiting_config_q[2:0])
      sluice_regs_pkg::CipherAes256[2:0]: key_words = 4'd8;
      sluice_regs_pkg::CipherAes192[2:0]: key_words = 4'd6;
      default:                            key_words = 4'd4;
    endcase
  end

  assign key_start = all_q && aes && !expanded_q && !key_busy && !take_i;
  assign key_valid = key_take && key_there_q;

  sluice_aes_key u_key (
    .clk_i,
    .rst_ni,
    .start_i      (key_start),
    .key_words_i  (key_words),
    .decrypt_i    (waiting_config_q[24]),
    .busy_o       (key_busy),
    .key_take_o   (key_take),
    .key_index_o  (key_word_index),
    .key_valid_i  (key_valid),
    .key_i        (part),
    .word_valid_o (round_valid),
    .word_index_o (round_index),
    .word_o       (round_word)
  );

  for (genvar i = 0; i < 4; i++) begin : gen_round_keys
    (* ram_style = "distributed" *) logic [31:0] keys [32];
    always_ff @(posedge clk_i) begin
      if (clear || (round_valid && round_index[1:0] == i)) begin
        keys[clear ? {clear_bank, clear_index_i} : {!bank_q, round_index[5:2]}] <= clear ? 32'd0 : round_word;
      end
      key_o[32 * i +: 32] <= keys[{bank_q, key_index_i}];
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(take_i && !loaded_o));
      assert (!(sa_valid_i && all_q));
      assert (!(key_take && !key_busy));
    end
  end
`endif

endmodule

`default_nettype wire
