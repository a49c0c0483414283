// SPDX-License-Identifier: Apache-2.0
//
// The core with its memory and its timer, where QEMU's machine `virt` has memory and timer; all else is the bench's.
`default_nettype none

module cpu_top (
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
  input  logic        irq_external_i,
  input  logic        ram_spoil_i,
  output logic        ram_fault_o,
  output logic        timer_armed_o,
  output logic        sleep_o
);
  logic        valid, ready, err, to_ram, to_timer, from_ram_q, from_timer_q, irq_timer;
  logic        ram_ready, ram_fault, ram_refused, timer_ready;
  logic [31:0] addr, rdata, ram_rdata, timer_rdata;

  // 64 KiB at 0x800f0000; mtimecmp at 0x02004000, mtime at 0x0200bff8. More addresses than these reach them.
  assign to_ram   = addr[31:30] == 2'b10 && addr[19:16] == 4'hf;
  assign to_timer = addr[31:24] == 8'h02 && addr[15:14] != 2'd0;

  cpu_core #(.ResetPc(32'h8000_0000)) u_core (
    .clk_i, .rst_ni, .bus_valid_o(valid), .bus_ready_i(ready), .bus_addr_o(addr), .bus_we_o, .bus_be_o, .bus_wdata_o,
    .bus_rdata_i(rdata), .bus_err_i(err), .irq_software_i, .irq_timer_i(irq_timer), .irq_external_i, .sleep_o
  );
  cpu_ram #(.WordsLog2(14)) u_ram (
    .clk_i, .rst_ni, .valid_i(valid && to_ram), .ready_o(ram_ready), .addr_i(addr[15:2]), .we_i(bus_we_o), .be_i(bus_be_o),
    .wdata_i(bus_wdata_o), .rdata_o(ram_rdata), .fault_o(ram_fault), .refused_o(ram_refused), .spoil_i(ram_spoil_i),
    .wipe_i(1'b0), .wipe_addr_i(14'd0)
  );
  cpu_timer u_timer (
    .clk_i, .rst_ni, .valid_i(valid && to_timer), .ready_o(timer_ready), .addr_i({!addr[15], addr[2]}), .we_i(bus_we_o),
    .wdata_i(bus_wdata_o), .rdata_o(timer_rdata), .irq_o(irq_timer), .armed_o(timer_armed_o)
  );

  // Answers come a clock after the request or later.
  always_ff @(posedge clk_i) {from_ram_q, from_timer_q} <= {to_ram, to_timer};
  assign bus_addr_o  = addr;
  assign bus_valid_o = valid && !to_ram && !to_timer;
  assign ready       = from_ram_q ? ram_ready : from_timer_q ? timer_ready : bus_ready_i;
  assign rdata       = from_ram_q ? ram_rdata : from_timer_q ? timer_rdata : bus_rdata_i;
  assign err         = from_ram_q ? ram_fault || ram_refused : !from_timer_q && bus_err_i;
  assign ram_fault_o = ram_fault;

endmodule

`default_nettype wire
