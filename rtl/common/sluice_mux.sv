// SPDX-License-Identifier: Apache-2.0
//
// One of many, four by four: a LUT chooses among four. Of a part select with a variable index Yosys 0.23 makes half as much
// again.
`default_nettype none

module sluice_mux #(
  parameter int unsigned Width = 1,
  parameter int unsigned Count = 2  // 1 to 64
) (
  input  logic [Width*Count-1:0] all_i,
  input  logic [5:0]             index_i,
  output logic [Width-1:0]       one_o     // 0 from Count on
);
  localparam int unsigned Fours    = (Count + 3) / 4;
  localparam int unsigned Sixteens = (Fours + 3) / 4;

  logic [4*Width*Fours-1:0]    all;
  logic [4*Width*Sixteens-1:0] fours;
  logic [4*Width-1:0]          sixteens;
  assign all = (4*Width*Fours)'(all_i);

  for (genvar g = 0; g < 4 * Sixteens; g++) begin : g_four
    if (g < Fours) begin : g_there
      logic [Width-1:0] one;
      always_comb begin
        unique case (index_i[1:0])
          2'd0:    one = all[4*Width*g +: Width];
          2'd1:    one = all[4*Width*g + Width +: Width];
          2'd2:    one = all[4*Width*g + 2*Width +: Width];
          default: one = all[4*Width*g + 3*Width +: Width];
        endcase
      end
      assign fours[Width*g +: Width] = one;
    end else begin : g_none
      assign fours[Width*g +: Width] = '0;
    end
  end

  for (genvar g = 0; g < 4; g++) begin : g_sixteen
    if (g < Sixteens) begin : g_there
      logic [Width-1:0] one;
      always_comb begin
        unique case (index_i[3:2])
          2'd0:    one = fours[4*Width*g +: Width];
          2'd1:    one = fours[4*Width*g + Width +: Width];
          2'd2:    one = fours[4*Width*g + 2*Width +: Width];
          default: one = fours[4*Width*g + 3*Width +: Width];
        endcase
      end
      assign sixteens[Width*g +: Width] = one;
    end else begin : g_none
      assign sixteens[Width*g +: Width] = '0;
    end
  end

  always_comb begin
    unique case (index_i[5:4])
      2'd0:    one_o = sixteens[0 +: Width];
      2'd1:    one_o = sixteens[Width +: Width];
      2'd2:    one_o = sixteens[2*Width +: Width];
      default: one_o = sixteens[3*Width +: Width];
    endcase
  end
endmodule
`default_nettype wire
