// SPDX-License-Identifier: Apache-2.0
//
// Makes bits of the waves of ring oscillators: each goes through two flip-flops, and every Interval clocks the sum of all is a
// bit. Between two bits the rings drift apart; what the bits are worth is for the firmware's health tests to say.
`default_nettype none

module board_sampler #(
  parameter int unsigned Rings    = 16,
  parameter int unsigned Interval = 16  // clocks from bit to bit, at least 2
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             run_i,
  input  logic [Rings-1:0] wave_i,   // of no clock
  output logic             run_o,    // rings swing
  output logic             bit_o,
  output logic             valid_o
);
  (* ASYNC_REG = "true" *) logic [Rings-1:0] first_q, second_q;
  logic [$clog2(Interval)-1:0] count_q;
  always_ff @(posedge clk_i) begin
    first_q  <= wave_i;
    second_q <= first_q;
    bit_o    <= ^second_q;
    run_o    <= rst_ni && run_i;
    valid_o  <= rst_ni && run_i && run_o && 32'(count_q) == Interval - 1;
    if (!rst_ni || !run_i || !run_o || 32'(count_q) == Interval - 1) count_q <= '0;
    else count_q <= count_q + 1'b1;
  end
endmodule
`default_nettype wire
