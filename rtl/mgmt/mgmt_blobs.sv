// SPDX-License-Identifier: Apache-2.0
//
// The generation of the current blob of each virtual SA (devices.toml, SA.blob and SA.value). Cleared behind every reset, a
// word a clock: wrapping keys do not outlive one. Five memories of 2,048 words; those that are not asked show 0.
`default_nettype none

module mgmt_blobs (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        wr_i,
  input  logic [5:0]  addr_i,
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o,
  output logic        busy_o
);
  localparam int unsigned Banks = (sluice_regs_pkg::VirtualSas + 2047) / 2048;

  logic [13:0]         at_q;
  logic                clear_q, we, value, forget;
  logic [16*Banks-1:0] values;
  logic [15:0]         any, any_q;
  assign busy_o  = clear_q;
  assign value   = wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::SaValue;
  assign forget  = value && wdata_i[mgmt_devices_pkg::SaValueForgetLsb];
  assign we      = clear_q || value;
  assign rdata_o = {addr_i, 2'd0} == mgmt_devices_pkg::SaValue ? {clear_q, 15'd0, any_q} : 32'd0;
  for (genvar b = 0; b < Banks; b++) begin : g_bank
    (* ram_style = "block" *) logic [15:0] mem_q [2048];
    logic        mine;
    logic [15:0] value_q;
    assign mine = at_q[13:11] == 3'(b);
    always_ff @(posedge clk_i) begin
      if (we && mine) mem_q[at_q[10:0]] <= clear_q ? 16'd0 : wdata_i[15:0];
      if (mine) value_q <= mem_q[at_q[10:0]];
      else value_q <= 16'd0;
    end
    assign values[16*b +: 16] = value_q;
  end
  always_comb begin
    any = 16'd0;
    for (int unsigned b = 0; b < Banks; b++) any = any | values[16*b +: 16];
  end

  always_ff @(posedge clk_i) begin
    any_q <= any;
    if (!rst_ni || forget) at_q <= '0;
    else if (clear_q) at_q <= at_q + 1'b1;
    else if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::SaBlob) at_q <= wdata_i[13:0];
    if (!rst_ni || forget) clear_q <= 1'b1;
    else if (at_q == 14'(2048*Banks - 1)) clear_q <= 1'b0;
  end

  logic unused;
  assign unused = &{1'b0, wdata_i[31], wdata_i[29:16]};
endmodule
`default_nettype wire
