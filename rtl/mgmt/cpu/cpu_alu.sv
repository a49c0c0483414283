// SPDX-License-Identifier: Apache-2.0
//
// Arithmetic of RV32I (Unpriv 2.4), in the same clock: one adder, which also compares, and one shifter, to the right, whose
// input and output are turned round for the left.
`default_nettype none

module cpu_alu (
  input  logic [31:0] a_i,
  input  logic [31:0] b_i,
  input  logic [2:0]  funct3_i,
  input  logic        subtract_i,
  input  logic        signed_i,     // for less_o; only while subtract_i
  input  logic        left_i,       // shifts are to the left
  input  logic        arithmetic_i, // to the right: keeps the sign
  output logic [31:0] sum_o,
  output logic        less_o,       // these two while subtract_i
  output logic        equal_o,
  output logic [31:0] result_o
);
  // Numbers with a sign compare as those without, when the sign is turned round; the sum's bit is the same.
  logic        carry, carried_in;
  logic [31:0] turn;
  assign turn = {signed_i, 31'd0};
  assign {carry, sum_o, carried_in} = {1'b0, a_i ^ turn, 1'b1} + {1'b0, b_i ^ turn ^ {32{subtract_i}}, subtract_i};
  assign less_o  = !carry;
  assign equal_o = a_i == b_i;

  logic [31:0] turned, shifted;
  assign turned  = left_i ? cpu_pkg::reverse(a_i) : a_i;
  logic signed [32:0] wide, moved;
  assign wide    = {arithmetic_i && a_i[31], turned};
  assign moved   = wide >>> b_i[4:0];
  assign shifted = moved[31:0];

  always_comb begin
    unique case (funct3_i)
      cpu_pkg::Add:                result_o = sum_o;
      cpu_pkg::Sll:                result_o = cpu_pkg::reverse(shifted);
      cpu_pkg::Slt, cpu_pkg::Sltu: result_o = {31'd0, less_o};
      cpu_pkg::Xor:                result_o = a_i ^ b_i;
      cpu_pkg::Srl:                result_o = shifted;
      cpu_pkg::Or:                 result_o = a_i | b_i;
      default:                     result_o = a_i & b_i;
    endcase
  end

  logic unused;
  assign unused = &{1'b0, carried_in, moved[32]};

endmodule

`default_nettype wire
