// SPDX-License-Identifier: Apache-2.0
//
// A valid/ready register: both directions are cut, nothing passes in the clock in which it comes. One transfer a clock.
`default_nettype none

module sluice_skid #(
  parameter int unsigned Width = 8
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [Width-1:0] in_data_i,
  output logic             out_valid_o,
  input  logic             out_ready_i,
  output logic [Width-1:0] out_data_o
);
  logic [Width-1:0] out_q, spare_q;
  logic             valid_q, spare_valid_q;

  assign in_ready_o  = !spare_valid_q;
  assign out_valid_o = valid_q;
  assign out_data_o  = out_q;

  always_ff @(posedge clk_i) begin
    if (!valid_q || out_ready_i) out_q <= spare_valid_q ? spare_q : in_data_i;
    if (!spare_valid_q) spare_q <= in_data_i;
    if (!rst_ni) begin
      valid_q       <= 1'b0;
      spare_valid_q <= 1'b0;
    end else if (!valid_q || out_ready_i) begin
      valid_q       <= spare_valid_q || in_valid_i;
      spare_valid_q <= 1'b0;
    end else if (in_valid_i) begin
      spare_valid_q <= 1'b1;
    end
  end

`ifndef SYNTHESIS
  logic             held_q;
  logic [Width-1:0] was_q;
  always_ff @(posedge clk_i) begin
    held_q <= rst_ni && out_valid_o && !out_ready_i;
    was_q  <= out_data_o;
    if (held_q && rst_ni) assert (out_valid_o && out_data_o == was_q);
  end
`endif
endmodule
`default_nettype wire
