// SPDX-License-Identifier: Apache-2.0
//
// SA words and round keys of a lane's jobs, in four banks: the job that comes in, the one that is prepared, the one at work, and
// the one before it, whose last blocks the cipher may still be at. A key is expanded as soon as its words are there. After a
// reset, and when the lane has nothing more to do, all of them are overwritten: 64 clocks with sa_zero_i.
`default_nettype none

module sluice_lane_sa (
  input  logic         clk_i,
  input  logic         rst_ni,

  // SaWords beats after each accepted job.
  input  logic         sa_valid_i,
  input  logic [127:0] sa_data_i,
  input  logic         sa_zero_i,     // sa_data_i is 0
  input  logic         rest_i,        // no job is held
  output logic         clean_o,       // nothing of a key is left
  output logic         wipe_o,        // the hash overwrites its message words as well
  output logic [4:0]   wipe_index_o,

  output logic         loaded_o,      // everything about the job that comes in is there
  input  logic         move_i,        // it is the next now; the former next is at work
  output logic [127:0] config_o,      // word 0 of the next

  output logic [1:0]   bank_o,        // of the next

  // HMAC states by 32-bit word: 0-7 the inner state, 8-15 the outer state.
  input  logic [1:0]   state_bank_i,
  input  logic         state_read_i,
  input  logic [3:0]   state_index_i,
  output logic [31:0]  state_o,

  // Round keys of the bank that the cipher names, each in the clock after its index.
  input  logic [1:0]   key_bank_i,
  input  logic [3:0]   key_index_i,
  input  logic         key_zero_i,    // none: 0
  output logic [127:0] key_o,

  // Keys of DES, by number.
  input  logic         des_key_take_i,
  input  logic [1:0]   des_key_index_i,
  output logic         des_key_valid_o,
  output logic [63:0]  des_key_o
);

  logic [127:0] words [32];
  logic [127:0] word, config_q, in_config_q;
  logic [1:0]   bank_q, in_bank_q;
  logic [2:0]   beat_q;
  logic         all_q, expanded_q;

  logic         key_start, key_busy, key_take, key_valid, aes;
  logic [2:0]   key_word_index;
  logic [3:0]   key_words;
  logic         round_valid;
  logic [5:0]   round_index;
  logic [31:0]  round_word, part;

  logic       dirty_q, rest_q, forget, wipe;
  logic [5:0] wipe_q;
  assign forget  = dirty_q && rest_i;
  assign wipe    = forget && rest_q && sa_zero_i;
  assign clean_o = !dirty_q;
  assign wipe_o  = wipe;
  assign wipe_index_o = wipe_q[4:0];
  always_ff @(posedge clk_i) begin
    if (!rst_ni) dirty_q <= 1'b1;
    else if (sa_valid_i) dirty_q <= 1'b1;
    else if (wipe && wipe_q == 6'd63) dirty_q <= 1'b0;
    rest_q <= rst_ni && rest_i;
    wipe_q <= !rst_ni || !rest_i ? 6'd0 : wipe_q + {5'd0, wipe};
  end

  assign config_o = config_q;
  assign bank_o   = bank_q;
  assign loaded_o = all_q && expanded_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      beat_q     <= 3'd0;
      in_bank_q  <= 2'd0;
      all_q      <= 1'b0;
      expanded_q <= 1'b0;
    end else begin
      if (sa_valid_i) beat_q <= beat_q + 3'd1;
      if (move_i) begin
        in_bank_q  <= in_bank_q + 2'd1;
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
    if (sa_valid_i || wipe) words[wipe ? wipe_q[4:0] : {in_bank_q, beat_q}] <= sa_data_i;
    if (sa_valid_i && beat_q == 3'd0) in_config_q <= sa_data_i;
    if (move_i) begin
      config_q <= in_config_q;
      bank_q   <= in_bank_q;
    end
  end

  // One read port: state words, DES keys, or the key words to be expanded.
  logic [4:0] address;
  logic [1:0] lane32;
  always_comb begin
    if (state_read_i) address = {state_bank_i, 1'b1, state_index_i[3:2]};
    else if (des_key_take_i) address = {key_bank_i, 2'b01, des_key_index_i[1]};
    else address = {in_bank_q, 2'b01, key_word_index[2]};
  end
  assign des_key_valid_o = !state_read_i;
  assign des_key_o       = des_key_index_i[0] ? word[127:64] : word[63:0];
  assign lane32  = state_read_i ? state_index_i[1:0] : key_word_index[1:0];
  assign word    = words[address];
  assign state_o = part;
  always_comb begin
    unique case (lane32)
      2'd0:    part = word[31:0];
      2'd1:    part = word[63:32];
      2'd2:    part = word[95:64];
      default: part = word[127:96];
    endcase
  end

  assign aes = in_config_q[2:0] >= sluice_regs_pkg::CipherAes128[2:0];
  always_comb begin
    unique case (in_config_q[2:0])
      sluice_regs_pkg::CipherAes256[2:0]: key_words = 4'd8;
      sluice_regs_pkg::CipherAes192[2:0]: key_words = 4'd6;
      default:                            key_words = 4'd4;
    endcase
  end

  assign key_start = all_q && aes && !expanded_q && !key_busy && !move_i;
  assign key_valid = !state_read_i && !des_key_take_i;

  // In reset its words are 0.
  sluice_aes_key u_key (
    .clk_i,
    .rst_ni       (rst_ni && !forget),
    .start_i      (key_start),
    .key_words_i  (key_words),
    .decrypt_i    (in_config_q[24]),
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
    (* ram_style = "block" *) logic [31:0] keys [64];
    always_ff @(posedge clk_i) begin
      if (wipe || (round_valid && round_index[1:0] == i)) keys[wipe ? wipe_q : {in_bank_q, round_index[5:2]}] <= round_word;
      if (key_zero_i) key_o[32 * i +: 32] <= 32'd0;
      else key_o[32 * i +: 32] <= keys[{key_bank_i, key_index_i}];
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(move_i && !loaded_o));
      assert (!(sa_valid_i && all_q));
      assert (!wipe || (sa_data_i == 128'd0 && !sa_valid_i));
      assert (!(key_take && !key_busy));
    end
  end
`endif

endmodule

`default_nettype wire
