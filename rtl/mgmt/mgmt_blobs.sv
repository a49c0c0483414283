// SPDX-License-Identifier: Apache-2.0
//
// The generation of the current blob of each virtual SA (devices.toml, SA.blob and SA.value). Cleared behind every reset, a
// word a clock: wrapping keys do not outlive one.
`default_nettype none

module mgmt_blobs #(
  parameter int unsigned Count = 16384
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        wr_i,
  input  logic [5:0]  addr_i,
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o,
  output logic        busy_o
);
  localparam int unsigned Aw = $clog2(Count);
  (* ram_style = "block" *) logic [15:0] mem_q [Count];

  logic [Aw-1:0] at_q;
  logic          clear_q, we;
  logic [15:0]   value_q;
  assign busy_o  = clear_q;
  assign we      = clear_q || (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::SaValue);
  assign rdata_o = {addr_i, 2'd0} == mgmt_devices_pkg::SaValue ? {clear_q, 15'd0, value_q} : 32'd0;
  always_ff @(posedge clk_i) begin
    if (we) mem_q[at_q] <= clear_q ? 16'd0 : wdata_i[15:0];
    value_q <= mem_q[at_q];
    if (!rst_ni) begin
      at_q    <= '0;
      clear_q <= 1'b1;
    end else if (clear_q) begin
      at_q    <= at_q + 1'b1;
      clear_q <= at_q != '1;
    end else if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::SaValue && wdata_i[mgmt_devices_pkg::SaValueForgetLsb]) begin
      at_q    <= '0;
      clear_q <= 1'b1;
    end else if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::SaBlob) at_q <= wdata_i[Aw-1:0];
  end

  logic unused;
  assign unused = &{1'b0, wdata_i[31], wdata_i[29:16]};
endmodule
`default_nettype wire
