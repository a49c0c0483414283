// SPDX-License-Identifier: Apache-2.0
//
// A round of AES on the first byte of a column, with two ports, one block RAM of 36 Kbit: the column that SubBytes and MixColumns
// make of it, and in the last round what SubBytes alone does. For decryption the inverses.
// The answer comes one clock after the address, and is 0 when none was asked for.
`default_nettype none

module sluice_aes_rom (
  input  logic        clk_i,
  input  logic        en_i,
  input  logic        inverse_i,
  input  logic        last_i,
  input  logic [7:0]  a_i,
  input  logic [7:0]  b_i,
  output logic [31:0] a_o,
  output logic [31:0] b_o
);

  (* ram_style = "block" *) logic [31:0] rom [1024];

  // {last, inverse, byte}; sbox(i) is what i becomes, and i what sbox(i) does in the other direction.
  initial begin
    for (int i = 0; i < 256; i++) begin
      rom[i]       = sluice_aes_pkg::mix_byte(sluice_aes_pkg::sbox(8'(i)));
      rom[512 + i] = {24'd0, sluice_aes_pkg::sbox(8'(i))};
    end
    for (int i = 0; i < 256; i++) begin
      rom[256 + 32'(sluice_aes_pkg::sbox(8'(i)))] = sluice_aes_pkg::inv_mix(32'(i));
      rom[768 + 32'(sluice_aes_pkg::sbox(8'(i)))] = 32'(i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!en_i) begin
      a_o <= 32'd0;
      b_o <= 32'd0;
    end else begin
      a_o <= rom[{last_i, inverse_i, a_i}];
      b_o <= rom[{last_i, inverse_i, b_i}];
    end
  end

endmodule

`default_nettype wire
