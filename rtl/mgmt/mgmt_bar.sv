// SPDX-License-Identifier: Apache-2.0
//
// Lets the processor read the registers of BAR 0 beside the host: one access at a time, the host first. Its own takes 3 clocks,
// once the counters are not busy.
`default_nettype none

module mgmt_bar (
  input  logic        clk_i,
  input  logic        rst_ni,
  // The host's access (pcie_completer).
  input  logic        host_valid_i,
  input  logic        host_write_i,
  input  logic [15:0] host_addr_i,
  output logic        host_ack_o,
  // The processor's: held until ack.
  input  logic        own_valid_i,
  input  logic [15:0] own_addr_i,
  output logic        own_ack_o,
  input  logic        counter_busy_i, // an access may take long: the host alone then
  // mgmt_regs.
  output logic        valid_o,
  output logic        write_o,
  output logic [15:0] addr_o,
  input  logic        ack_i
);
  logic        own_q;
  logic [15:0] own_addr_q;
  assign valid_o    = own_q || host_valid_i;
  assign write_o    = host_write_i && !own_q;
  assign addr_o     = own_q ? own_addr_q : host_addr_i;
  assign host_ack_o = ack_i && !own_q;
  assign own_ack_o  = ack_i && own_q;
  always_ff @(posedge clk_i) begin
    own_addr_q <= own_addr_i;
    if (!rst_ni) own_q <= 1'b0;
    else own_q <= own_q ? own_valid_i && !ack_i : own_valid_i && !host_valid_i && !ack_i && !counter_busy_i;
  end
endmodule
`default_nettype wire
