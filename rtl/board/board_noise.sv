// SPDX-License-Identifier: Apache-2.0
//
// The card's noise source on an FPGA: ring oscillators of several lengths, so that they do not fall into step, and their sampler.
// It swings only while the firmware wants bits. Its ports are those of sluice_card: entropy_run_o, entropy_i, entropy_valid_i.
`default_nettype none

module board_noise #(
  parameter int unsigned Rings = 16
) (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic run_i,
  output logic bit_o,
  output logic valid_o
);
  logic             run;
  logic [Rings-1:0] wave;
  for (genvar r = 0; r < Rings; r++) begin : g_ring
    board_ring #(.Inverters(2 + 2 * (r % 4))) u_ring (.run_i(run), .wave_o(wave[r]));
  end

  board_sampler #(
    .Rings(Rings)
  ) u_sampler (
    .clk_i, .rst_ni, .run_i, .wave_i(wave), .run_o(run), .bit_o, .valid_o
  );
endmodule
`default_nettype wire
