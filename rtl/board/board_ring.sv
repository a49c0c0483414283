// SPDX-License-Identifier: Apache-2.0
//
// A ring oscillator: a gate that starts it and an even number of inverters, in a loop. Its edges drift with the noise of its
// transistors. No tool may simplify the loop, hence LUTs by name. A simulator has no such noise and cannot settle it.
`default_nettype none

module board_ring #(
  parameter int unsigned Inverters = 4  // even
) (
  input  logic run_i,
  output logic wave_o
);
  if (Inverters % 2 != 0) begin : g_even
    $error("board_ring: an even number of inverters");
  end

  /* verilator lint_off UNOPTFLAT */
  (* keep = "true", allow_combinatorial_loops = "true" *) logic [Inverters:0] node;
  /* verilator lint_on UNOPTFLAT */

  (* keep, DONT_TOUCH = "true" *)
  LUT2 #(.INIT(4'b0111)) u_gate (.O(node[0]), .I0(node[Inverters]), .I1(run_i));
  for (genvar i = 0; i < Inverters; i++) begin : g_inverter
    (* keep, DONT_TOUCH = "true" *)
    LUT1 #(.INIT(2'b01)) u_lut (.O(node[i + 1]), .I0(node[i]));
  end
  assign wave_o = node[Inverters];
endmodule
`default_nettype wire
