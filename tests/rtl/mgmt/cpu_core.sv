// SPDX-License-Identifier: Apache-2.0
//
// In the place of the management processor's core: its bus in the hands of the test. A request is at work while asked_q and
// done_q differ.
`default_nettype none

module cpu_core #(
  parameter logic [31:0] ResetPc = 32'd0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  output logic        bus_valid_o,
  input  logic        bus_ready_i,
  output logic [31:0] bus_addr_o,
  output logic        bus_we_o,
  output logic [3:0]  bus_be_o,
  output logic [31:0] bus_wdata_o,
  input  logic [31:0] bus_rdata_i,
  input  logic        bus_err_i,
  input  logic        irq_software_i,
  input  logic        irq_timer_i,
  input  logic        irq_external_i,
  output logic        sleep_o
);
  logic        asked_q, done_q, we_q, err_q, running_q, irq_q, asleep_q;
  logic [31:0] addr_q, wdata_q, rdata_q;
  logic [3:0]  be_q;

  assign bus_valid_o = asked_q != done_q;
  assign bus_addr_o  = addr_q;
  assign bus_we_o    = we_q;
  assign bus_be_o    = be_q;
  assign bus_wdata_o = wdata_q;
  assign sleep_o     = asleep_q && asked_q == done_q;
  always_ff @(posedge clk_i) begin
    running_q <= rst_ni;
    irq_q     <= irq_external_i;
    if (!rst_ni) done_q <= asked_q;
    else if (bus_valid_o && bus_ready_i) begin
      done_q  <= asked_q;
      rdata_q <= bus_rdata_i;
      err_q   <= bus_err_i;
    end
  end

  logic unused;
  assign unused = &{1'b0, ResetPc, irq_software_i, irq_timer_i, running_q, irq_q};
endmodule
`default_nettype wire
