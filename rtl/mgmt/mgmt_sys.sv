// SPDX-License-Identifier: Apache-2.0
//
// Device SYS: the card as a whole, what the host reads of the firmware, the watchdog. Registers are in devices.toml. A parity
// error in the processor's memory, or the firmware's own word, stops the card until it is reset; the watchdog stops the
// processor alone.
`default_nettype none

module mgmt_sys #(
  parameter int unsigned Lanes = 3
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  // Register bus.
  input  logic             wr_i,
  input  logic [5:0]       addr_i,
  input  logic [31:0]      wdata_i,
  output logic [31:0]      rdata_o,
  // The card.
  input  logic [3:0]       cause_i,
  input  logic             self_test_i,
  input  logic             parity_i,
  output logic             ready_o,
  output logic             fatal_o,
  output logic             stop_o,      // the processor
  output logic [Lanes-1:0] lanes_o,
  output logic             snapshot_o,
  output logic             timing_o,    // the watchdog counts
  // Registers of the host.
  output logic [31:0]      version_o,
  output logic [31:0]      build_o,
  output logic [7:0]       state_o,
  output logic [7:0]       health_o,
  output logic [31:0]      pong_o,
  input  logic             ping_i,
  input  logic [31:0]      ping_data_i,
  // March test.
  output logic             march_o,     // one clock: begins with those of which
  output logic [3:0]       march_which_o,
  input  logic             march_busy_i,
  input  logic [3:0]       march_bad_i,
  input  logic [Lanes-1:0] march_rings_i
);
  logic [31:0] ping_q;
  logic [24:0] watchdog_q;
  logic        late, parity_q;
  logic [7:0]  at;
  assign at            = {addr_i, 2'd0};
  assign late          = watchdog_q == 25'd1 && !fatal_o;
  assign timing_o      = watchdog_q != 25'd0 && !stop_o;
  assign snapshot_o    = wr_i && at == mgmt_devices_pkg::SysSnapshot;
  assign march_o       = wr_i && at == mgmt_devices_pkg::SysMarch;
  assign march_which_o = wdata_i[3:0];

  always_comb begin
    unique case (at)
      mgmt_devices_pkg::SysCause:      rdata_o = {23'd0, self_test_i, 4'd0, cause_i};
      mgmt_devices_pkg::SysPing:       rdata_o = ping_q;
      mgmt_devices_pkg::SysMarch:      rdata_o = {march_busy_i, 27'd0, march_bad_i};
      mgmt_devices_pkg::SysMarchRings: rdata_o = 32'(march_rings_i);
      default:                         rdata_o = 32'd0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (ping_i) ping_q <= ping_data_i;
    parity_q <= rst_ni && parity_i;
    if (!rst_ni) begin
      ready_o    <= 1'b0;
      fatal_o    <= 1'b0;
      stop_o     <= 1'b0;
      lanes_o    <= '1;
      version_o  <= 32'd0;
      build_o    <= 32'd0;
      state_o    <= sluice_regs_pkg::FwStateBoot;
      health_o   <= 8'd0;
      pong_o     <= 32'd0;
      ping_q     <= 32'd0;
      watchdog_q <= 25'd0;
    end else begin
      if (watchdog_q != 25'd0 && !stop_o) watchdog_q <= watchdog_q - 25'd1;
      if (wr_i) begin
        unique case (at)
          mgmt_devices_pkg::SysReady:    ready_o    <= wdata_i[0];
          mgmt_devices_pkg::SysLanes:    lanes_o    <= wdata_i[Lanes-1:0];
          mgmt_devices_pkg::SysState:    state_o    <= wdata_i[7:0];
          mgmt_devices_pkg::SysVersion:  version_o  <= wdata_i;
          mgmt_devices_pkg::SysBuild:    build_o    <= wdata_i;
          mgmt_devices_pkg::SysHealth:   health_o   <= wdata_i[7:0];
          mgmt_devices_pkg::SysPong:     pong_o     <= wdata_i;
          mgmt_devices_pkg::SysWatchdog: watchdog_q <= wdata_i[24:0];
          mgmt_devices_pkg::SysFatal:    fatal_o    <= 1'b1;
          default: ;
        endcase
      end
      if (parity_q) begin
        fatal_o  <= 1'b1;
        health_o <= health_o | sluice_regs_pkg::HealthParity;
      end
      if (late) state_o <= sluice_regs_pkg::FwStateHung;
      if (late || parity_q || fatal_o) stop_o <= 1'b1;
      if (parity_q || fatal_o) ready_o <= 1'b0;
    end
  end
endmodule
`default_nettype wire
