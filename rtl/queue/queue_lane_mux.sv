// SPDX-License-Identifier: Apache-2.0
//
// What one of at most 20 lanes shows: of each four lanes one, unless the lane is not among them, and the sum of these. In this
// form Yosys needs 7 LUTs a bit for 17 lanes, as a tree of choices 11. Combinational.
`default_nettype none

module queue_lane_mux #(
  parameter int unsigned Lanes = 2,
  parameter int unsigned Width = 128,
  localparam int unsigned Groups = (Lanes + 3) / 4
) (
  input  logic [4:0]              lane_i,
  input  logic [Width*Lanes-1:0]  in_i,
  output logic [Width*Groups-1:0] four_o, // of each four, the one whose number modulo 4 is lane_i's
  output logic [Width-1:0]        out_o
);
  localparam int unsigned Stride = 1 << $clog2(Width);  // else the choice is a shifter

  logic [4*Stride*Groups-1:0] all;
  for (genvar l = 0; l < 4*Groups; l++) begin : g_lane
    if (l < Lanes) begin : g_is
      assign all[Stride*l +: Stride] = Stride'(in_i[Width*l +: Width]);
    end else begin : g_none
      assign all[Stride*l +: Stride] = '0;
    end
  end
  for (genvar g = 0; g < Groups; g++) begin : g_four
    assign four_o[Width*g +: Width] = all[Stride*(4*g + 32'(lane_i[1:0])) +: Width];
  end
  always_comb begin
    out_o = '0;
    for (int unsigned g = 0; g < Groups; g++) out_o = out_o | (four_o[Width*g +: Width] & {Width{lane_i[4:2] == 3'(g)}});
  end
endmodule
`default_nettype wire
