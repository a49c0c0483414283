// SPDX-License-Identifier: Apache-2.0
//
// What one of at most 20 lanes shows. First of each four, then of these: the tree that takes the fewest LUTs. Combinational.
`default_nettype none

module queue_lane_mux #(
  parameter int unsigned Lanes = 2,
  parameter int unsigned Width = 128
) (
  input  logic [4:0]             lane_i,
  input  logic [Width*Lanes-1:0] in_i,
  output logic [Width-1:0]       out_o
);
  localparam int unsigned Groups = (Lanes + 3) / 4;

  logic [4*Width*Groups-1:0] all;
  logic [Width*5-1:0]        four;
  assign all = (4*Width*Groups)'(in_i);
  for (genvar g = 0; g < 5; g++) begin : g_four
    logic [Width-1:0] one;
    if (g < Groups) begin : g_mux
      always_comb begin
        unique case (lane_i[1:0])
          2'd0:    one = all[Width*(4*g)     +: Width];
          2'd1:    one = all[Width*(4*g + 1) +: Width];
          2'd2:    one = all[Width*(4*g + 2) +: Width];
          default: one = all[Width*(4*g + 3) +: Width];
        endcase
      end
    end else begin : g_none
      assign one = '0;
    end
    assign four[Width*g +: Width] = one;
  end
  always_comb begin
    unique case (lane_i[4:2])
      3'd0:    out_o = four[0       +: Width];
      3'd1:    out_o = four[Width   +: Width];
      3'd2:    out_o = four[2*Width +: Width];
      3'd3:    out_o = four[3*Width +: Width];
      default: out_o = four[4*Width +: Width];
    endcase
  end
endmodule
`default_nettype wire
