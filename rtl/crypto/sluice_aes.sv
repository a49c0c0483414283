// SPDX-License-Identifier: Apache-2.0
//
// AES (FIPS 197), encryption and straight inverse (5.3), one round a clock: a block every rounds + 1 clocks (11, 13, 15).
// The S-boxes are block RAMs whose address registers hold the state, so a round is one access and the rest of its arithmetic.
// Round keys come from outside, those of encryption for both directions, and are taken a clock before their round.
// InvMixColumns is MixColumns behind a small matrix, so that both directions share one.
`default_nettype none

module sluice_aes (
  input  logic         clk_i,
  input  logic         rst_ni,

  // A block; taken when start_i and ready_o. decrypt_i and rounds_i stay from the clock before it until its result.
  input  logic         start_i,
  output logic         ready_o,
  input  logic         decrypt_i,
  input  logic [3:0]   rounds_i,     // 10, 12 or 14
  input  logic [127:0] data_i,

  output logic [3:0]   key_index_o,  // round key that key_i must be in this clock
  input  logic [127:0] key_i,

  // The result, for one clock.
  output logic         done_o,
  output logic [127:0] data_o
);

  logic [3:0]   round_q, round_d;  // round whose S-box output is there; 0: none
  logic         last, step;
  logic [127:0] addr, sub, shifted, keyed, column_in, mixed, key_q;

  assign ready_o = round_q == 4'd0;
  assign last    = round_q == rounds_i;
  assign step    = ready_o ? start_i : !last;
  assign done_o  = !ready_o && last;
  assign data_o  = keyed;

  assign round_d     = step ? round_q + 4'd1 : 4'd0;
  assign key_index_o = decrypt_i ? rounds_i - round_d : round_d;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) round_q <= 4'd0;
    else round_q <= round_d;
    key_q <= key_i;
  end

  // ShiftRows or its inverse.
  always_comb begin
    for (int unsigned c = 0; c < 4; c++) begin
      for (int unsigned r = 0; r < 4; r++) begin
        shifted[8 * (4 * c + r) +: 8] = decrypt_i ? sub[8 * (4 * ((c + 4 - r) % 4) + r) +: 8]
                                                  : sub[8 * (4 * ((c + r) % 4) + r) +: 8];
      end
    end
  end

  assign keyed = shifted ^ key_q;

  always_comb begin
    for (int unsigned c = 0; c < 4; c++) begin
      column_in[32 * c +: 32] = decrypt_i ? sluice_aes_pkg::pre_mix(keyed[32 * c +: 32]) : shifted[32 * c +: 32];
      mixed[32 * c +: 32]     = sluice_aes_pkg::mix(column_in[32 * c +: 32]);
    end
  end

  assign addr = ready_o ? data_i ^ key_q : mixed ^ (decrypt_i ? 128'd0 : key_q);

  for (genvar i = 0; i < 8; i++) begin : gen_rom
    sluice_aes_rom u_rom (
      .clk_i,
      .en_i      (step),
      .inverse_i (decrypt_i),
      .a_i       (addr[16 * i +: 8]),
      .b_i       (addr[16 * i + 8 +: 8]),
      .a_o       (sub[16 * i +: 8]),
      .b_o       (sub[16 * i + 8 +: 8])
    );
  end

endmodule

`default_nettype wire
