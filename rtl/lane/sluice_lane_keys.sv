// SPDX-License-Identifier: Apache-2.0
//
// A key job: the inner and the outer HMAC state of a key, by two compressions of the lane's hash, sent as four 128-bit words.
// The digest turns in its chain, last word first: the words of the second half go round, the first half is sent, then the second
// half. With mute_i it does all of that and sends nothing: what it went through the first time is overwritten.
//
// They leave as words of 32 bits, which whoever takes them shifts in: with key_shift_o one comes, with key_valid_o the last four
// are a word of 128 bits, zeros before them if there were fewer since the one before. Otherwise key_data_o is 0.
`default_nettype none

module sluice_lane_keys (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  logic         start_i,
  output logic         done_o,
  input  logic         mute_i,       // until done_o

  input  logic         sha256_i,
  input  logic         md5_i,        // neither: SHA-1
  output logic [31:0]  key_xor_o,
  output logic         load_o,
  input  logic         loading_i,
  output logic         run_o,
  input  logic         running_i,
  output logic         pop_o,
  input  logic [31:0]  digest_i,

  output logic         key_shift_o,
  output logic         key_valid_o,
  input  logic         key_ready_i,
  output logic [31:0]  key_data_o
);

  typedef enum logic [2:0] {Idle, Load, LoadWait, Run, RunWait, Turn, SendFirst, SendSecond} state_e;
  state_e state_q, state_d;

  logic         outer_q, sent;
  logic [3:0]   turn_q, second;  // words of the digest's second half

  assign second      = sha256_i ? 4'd4 : md5_i ? 4'd0 : 4'd1;
  assign key_xor_o   = outer_q ? 32'h5c5c5c5c : 32'h36363636;
  assign load_o      = state_q == Load;
  assign run_o       = state_q == Run;
  assign pop_o       = state_q == Turn && turn_q != 4'd0;
  assign key_valid_o = (state_q == SendFirst || state_q == SendSecond) && !mute_i;
  assign sent        = key_ready_i || mute_i;
  assign done_o      = state_q == SendSecond && sent && outer_q;

  // Turn goes round twice: for the first half with all words but the last four dropped, then for the second.
  logic second_half_q;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      Idle:      if (start_i) state_d = Load;
      Load:      state_d = LoadWait;
      LoadWait:  if (!loading_i) state_d = Run;
      Run:       state_d = RunWait;
      RunWait:   if (!running_i) state_d = Turn;
      Turn:      if (turn_q == 4'd0) state_d = second_half_q ? SendSecond : SendFirst;
      SendFirst: if (sent) state_d = Turn;
      default:   if (sent) state_d = outer_q ? Idle : Load;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= Idle;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    if (start_i) outer_q <= 1'b0;
    else if (state_q == SendSecond && sent) outer_q <= 1'b1;
    if (state_q == RunWait) begin
      turn_q        <= second + 4'd4;
      second_half_q <= 1'b0;
    end else if (state_q == SendFirst && sent) begin
      turn_q        <= second;
      second_half_q <= 1'b1;
    end else if (pop_o) begin
      turn_q <= turn_q - 4'd1;
    end
    key_shift_o <= rst_ni && pop_o && !mute_i;
    key_data_o  <= pop_o && !mute_i ? digest_i : 32'd0;
  end

endmodule

`default_nettype wire
