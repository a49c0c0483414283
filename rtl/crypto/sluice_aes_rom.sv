// SPDX-License-Identifier: Apache-2.0
//
// S-box and inverse S-box of AES with two ports, one block RAM of 18 Kbit. The answer comes one clock after the address.
`default_nettype none

module sluice_aes_rom (
  input  logic       clk_i,
  input  logic       en_i,
  input  logic       inverse_i,
  input  logic [7:0] a_i,
  input  logic [7:0] b_i,
  output logic [7:0] a_o,
  output logic [7:0] b_o
);

  (* ram_style = "block" *) logic [7:0] rom [512];

  initial begin
    for (int i = 0; i < 256; i++) begin
      rom[i] = sluice_aes_pkg::sbox(8'(i));
    end
    for (int i = 0; i < 256; i++) begin
      rom[256 + 32'(sluice_aes_pkg::sbox(8'(i)))] = 8'(i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      a_o <= rom[{inverse_i, a_i}];
      b_o <= rom[{inverse_i, b_i}];
    end
  end

endmodule

`default_nettype wire
