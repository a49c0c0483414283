// SPDX-License-Identifier: Apache-2.0
//
// AES (FIPS 197), encryption and equivalent inverse cipher (5.3.5), one round a clock: a block every rounds + 1 clocks (11, 13,
// 15). Tables in block RAM hold what a round makes of each byte of a column; their address registers hold the state, and a round
// is one access and the sum of four words and the round key. The last round has tables of its own, so that it is the same sum.
// Round keys come from outside (sluice_aes_key). InvShiftRows differs from ShiftRows in rows 1 and 3, by two columns.
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
  input  logic [127:0] add_i,        // added to the block when it is taken, and to the result; otherwise 0

  output logic [3:0]   key_index_o,  // round key that key_i must be in the next clock
  input  logic [127:0] key_i,

  // The result, for one clock.
  output logic         done_o,
  output logic [127:0] data_o
);

  logic [3:0]   round_q, round_d;  // round whose table words are there; 0: none
  logic         last, step, final_next;
  logic [127:0] added, state, address;
  logic [511:0] sub;               // word of the byte in row r of column c in [32(4c+r)+31:32(4c+r)]

  assign ready_o = round_q == 4'd0;
  assign last    = round_q == rounds_i;
  assign step    = ready_o ? start_i : !last;
  assign done_o  = !ready_o && last;

  assign round_d     = step ? round_q + 4'd1 : 4'd0;
  assign final_next  = round_q == rounds_i - 4'd1;
  assign key_index_o = decrypt_i ? rounds_i - round_d : round_d;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) round_q <= 4'd0;
    else round_q <= round_d;
  end

  assign data_o = state;
  always_comb begin
    added   = (ready_o ? data_i : 128'd0) ^ add_i;
    address = state;
    for (int unsigned c = 0; c < 4; c++) begin
      if (decrypt_i) address[32 * c + 8 +: 8]  = state[32 * ((c + 2) % 4) + 8 +: 8];
      if (decrypt_i) address[32 * c + 24 +: 8] = state[32 * ((c + 2) % 4) + 24 +: 8];
    end
  end

  for (genvar c = 0; c < 4; c++) begin : gen_column
    logic [31:0] t0, t1, t2, t3;
    // ShiftRows; the word of row r is that of row 0, r rows on.
    assign t0 = sub[32 * (4 * c) +: 32];
    assign t1 = sub[32 * (4 * ((c + 1) % 4) + 1) +: 32];
    assign t2 = sub[32 * (4 * ((c + 2) % 4) + 2) +: 32];
    assign t3 = sub[32 * (4 * ((c + 3) % 4) + 3) +: 32];
    // When a block begins, the tables' words are 0: a LUT of six inputs a bit.
    assign state[32 * c +: 32] = key_i[32 * c +: 32] ^ added[32 * c +: 32] ^
                                 t0 ^ {t1[23:0], t1[31:24]} ^ {t2[15:0], t2[31:16]} ^ {t3[7:0], t3[31:8]};
  end

  for (genvar i = 0; i < 8; i++) begin : gen_rom
    sluice_aes_rom u_rom (
      .clk_i,
      .en_i      (step),
      .inverse_i (decrypt_i),
      .last_i    (final_next),
      .a_i       (address[16 * i +: 8]),
      .b_i       (address[16 * i + 8 +: 8]),
      .a_o       (sub[64 * i +: 32]),
      .b_o       (sub[64 * i + 32 +: 32])
    );
  end

endmodule

`default_nettype wire
