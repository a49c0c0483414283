// SPDX-License-Identifier: Apache-2.0
//
// Permutations and S-boxes of DES (FIPS 46-3), as functions. Outside, byte n of a block or key is bits [8n+7:8n]; inside, bit 1
// of the standard is the top bit of a vector.
package sluice_des_pkg;

  // Entries of the standard's tables, the first at the top.
  localparam logic [8*56-1:0] Pc1 = {
    8'd57, 8'd49, 8'd41, 8'd33, 8'd25, 8'd17, 8'd9,  8'd1,  8'd58, 8'd50, 8'd42, 8'd34, 8'd26, 8'd18,
    8'd10, 8'd2,  8'd59, 8'd51, 8'd43, 8'd35, 8'd27, 8'd19, 8'd11, 8'd3,  8'd60, 8'd52, 8'd44, 8'd36,
    8'd63, 8'd55, 8'd47, 8'd39, 8'd31, 8'd23, 8'd15, 8'd7,  8'd62, 8'd54, 8'd46, 8'd38, 8'd30, 8'd22,
    8'd14, 8'd6,  8'd61, 8'd53, 8'd45, 8'd37, 8'd29, 8'd21, 8'd13, 8'd5,  8'd28, 8'd20, 8'd12, 8'd4};
  localparam logic [8*48-1:0] Pc2 = {
    8'd14, 8'd17, 8'd11, 8'd24, 8'd1,  8'd5,  8'd3,  8'd28, 8'd15, 8'd6,  8'd21, 8'd10,
    8'd23, 8'd19, 8'd12, 8'd4,  8'd26, 8'd8,  8'd16, 8'd7,  8'd27, 8'd20, 8'd13, 8'd2,
    8'd41, 8'd52, 8'd31, 8'd37, 8'd47, 8'd55, 8'd30, 8'd40, 8'd51, 8'd45, 8'd33, 8'd48,
    8'd44, 8'd49, 8'd39, 8'd56, 8'd34, 8'd53, 8'd46, 8'd42, 8'd50, 8'd36, 8'd29, 8'd32};
  localparam logic [8*32-1:0] P = {
    8'd16, 8'd7,  8'd20, 8'd21, 8'd29, 8'd12, 8'd28, 8'd17, 8'd1,  8'd15, 8'd23, 8'd26, 8'd5,  8'd18, 8'd31, 8'd10,
    8'd2,  8'd8,  8'd24, 8'd14, 8'd32, 8'd27, 8'd3,  8'd9,  8'd19, 8'd13, 8'd30, 8'd6,  8'd22, 8'd11, 8'd4,  8'd25};

  // Initial permutation: {L, R}. Column c of a half is byte 7 - c; L takes the even bits of the standard, R the odd ones.
  function automatic logic [63:0] initial_permutation(input logic [63:0] block);
    for (int i = 0; i < 32; i++) begin
      initial_permutation[63 - i] = block[8 * (7 - i % 8) + 6 - 2 * (i / 8)];
      initial_permutation[31 - i] = block[8 * (7 - i % 8) + 7 - 2 * (i / 8)];
    end
  endfunction

  function automatic logic [63:0] final_permutation(input logic [63:0] halves);
    for (int i = 0; i < 32; i++) begin
      final_permutation[8 * (7 - i % 8) + 6 - 2 * (i / 8)] = halves[63 - i];
      final_permutation[8 * (7 - i % 8) + 7 - 2 * (i / 8)] = halves[31 - i];
    end
  endfunction

  // Permuted choice 1: {C, D} of a key; its parity bits (bit 0 of each byte) are not looked at.
  function automatic logic [55:0] permuted_choice_1(input logic [63:0] key);
    for (int i = 0; i < 56; i++) begin
      permuted_choice_1[55 - i] = key[6'(Pc1[8 * (55 - i) +: 8] - 8'd1) ^ 6'd7];
    end
  endfunction

  function automatic logic [47:0] permuted_choice_2(input logic [55:0] cd);
    for (int i = 0; i < 48; i++) begin
      permuted_choice_2[47 - i] = cd[56 - 32'(Pc2[8 * (47 - i) +: 8])];
    end
  endfunction

  // C and D rotated to the left by n, and to the right.
  function automatic logic [55:0] rol(input logic [55:0] cd, input int unsigned n);
    rol = {28'({cd[55:28], cd[55:28]} >> (28 - n)), 28'({cd[27:0], cd[27:0]} >> (28 - n))};
  endfunction

  function automatic logic [55:0] ror(input logic [55:0] cd, input int unsigned n);
    ror = {28'({cd[55:28], cd[55:28]} >> n), 28'({cd[27:0], cd[27:0]} >> n)};
  endfunction

  // Rows 0 to 3 of the S-boxes S1 to S8 (n = 0 to 7), column 0 at the top.
  function automatic logic [63:0] sbox_row(input logic [2:0] n, input logic [1:0] row);
    unique case ({n, row})
      5'd0:  sbox_row = 64'he4d12fb83a6c5907; 5'd1:  sbox_row = 64'h0f74e2d1a6cb9538;
      5'd2:  sbox_row = 64'h41e8d62bfc973a50; 5'd3:  sbox_row = 64'hfc8249175b3ea06d;
      5'd4:  sbox_row = 64'hf18e6b34972dc05a; 5'd5:  sbox_row = 64'h3d47f28ec01a69b5;
      5'd6:  sbox_row = 64'h0e7ba4d158c6932f; 5'd7:  sbox_row = 64'hd8a13f42b67c05e9;
      5'd8:  sbox_row = 64'ha09e63f51dc7b428; 5'd9:  sbox_row = 64'hd709346a285ecbf1;
      5'd10: sbox_row = 64'hd6498f30b12c5ae7; 5'd11: sbox_row = 64'h1ad069874fe3b52c;
      5'd12: sbox_row = 64'h7de3069a1285bc4f; 5'd13: sbox_row = 64'hd8b56f03472c1ae9;
      5'd14: sbox_row = 64'ha690cb7df13e5284; 5'd15: sbox_row = 64'h3f06a1d8945bc72e;
      5'd16: sbox_row = 64'h2c417ab6853fd0e9; 5'd17: sbox_row = 64'heb2c47d150fa3986;
      5'd18: sbox_row = 64'h421bad78f9c5630e; 5'd19: sbox_row = 64'hb8c71e2d6f09a453;
      5'd20: sbox_row = 64'hc1af92680d34e75b; 5'd21: sbox_row = 64'haf427c9561de0b38;
      5'd22: sbox_row = 64'h9ef528c3704a1db6; 5'd23: sbox_row = 64'h432c95fabe17608d;
      5'd24: sbox_row = 64'h4b2ef08d3c975a61; 5'd25: sbox_row = 64'hd0b7491ae35c2f86;
      5'd26: sbox_row = 64'h14bdc37eaf680592; 5'd27: sbox_row = 64'h6bd814a7950fe23c;
      5'd28: sbox_row = 64'hd2846fb1a93e50c7; 5'd29: sbox_row = 64'h1fd8a374c56b0e92;
      5'd30: sbox_row = 64'h7b419ce206adf358; default: sbox_row = 64'h21e74a8dfc90356b;
    endcase
  endfunction

  // S-box n of six bits: the outer two are the row, the inner four the column.
  function automatic logic [3:0] sbox(input logic [2:0] n, input logic [5:0] x);
    sbox = 4'(sbox_row(n, {x[5], x[0]}) >> {~x[4:1], 2'b00});
  endfunction

  // f(R, K): E, the round key, the S-boxes and P.
  function automatic logic [31:0] f(input logic [31:0] r, input logic [47:0] key);
    logic [33:0] wide;
    logic [31:0] s;
    wide = {r[0], r, r[31]};
    for (int i = 0; i < 8; i++) begin
      s[31 - 4 * i -: 4] = sbox(3'(i), wide[33 - 4 * i -: 6] ^ key[47 - 6 * i -: 6]);
    end
    for (int i = 0; i < 32; i++) begin
      f[31 - i] = s[32 - 32'(P[8 * (31 - i) +: 8])];
    end
  endfunction

endpackage
