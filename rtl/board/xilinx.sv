// SPDX-License-Identifier: Apache-2.0
//
// Primitives of Xilinx's FPGAs as far as rtl/board names them, for lint alone.
`default_nettype none
/* verilator lint_off UNOPTFLAT */  // rings of them are loops
module LUT1 #(
  parameter logic [1:0] INIT = 2'b00
) (
  output logic O,
  input  logic I0
);
  assign O = INIT[I0];
endmodule

module LUT2 #(
  parameter logic [3:0] INIT = 4'b0000
) (
  output logic O,
  input  logic I0,
  input  logic I1
);
  assign O = INIT[{I1, I0}];
endmodule
`default_nettype wire
