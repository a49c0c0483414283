// SPDX-License-Identifier: Apache-2.0
//
// Device EVENT: what has happened, and whether the processor shall know. Registers are in devices.toml.
`default_nettype none

module mgmt_event #(
  parameter int unsigned Events = 10
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              wr_i,
  input  logic [5:0]        addr_i,
  input  logic [31:0]       wdata_i,
  output logic [31:0]       rdata_o,
  input  logic [Events-1:0] happens_i,
  input  logic [Events-1:0] level_i,    // these are so for as long as they are high, and are not kept
  output logic              irq_o
);
  logic [Events-1:0] pending_q, enable_q, clear;
  assign clear   = wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::EventPending ? wdata_i[Events-1:0] : '0;
  logic [Events-1:0] now;
  assign now     = pending_q | level_i;
  assign rdata_o = {addr_i, 2'd0} == mgmt_devices_pkg::EventPending ? 32'(now) :
                   {addr_i, 2'd0} == mgmt_devices_pkg::EventEnable ? 32'(enable_q) : 32'd0;
  assign irq_o   = (now & enable_q) != '0;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      pending_q <= '0;
      enable_q  <= '0;
    end else begin
      pending_q <= (pending_q & ~clear) | happens_i;
      if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::EventEnable) enable_q <= wdata_i[Events-1:0];
    end
  end

  logic unused;
  assign unused = &{1'b0, wdata_i};
endmodule
`default_nettype wire
