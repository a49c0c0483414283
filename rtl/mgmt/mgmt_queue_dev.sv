// SPDX-License-Identifier: Apache-2.0
//
// Device QUEUE: begins, ends and sets queue pairs, and completes what was taken from queue pair 0. Registers are in devices.toml.
`default_nettype none

module mgmt_queue_dev #(
  parameter int unsigned IoQueues = 2,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  // Register bus.
  input  logic              wr_i,
  input  logic [5:0]        addr_i,
  input  logic [31:0]       wdata_i,
  output logic [31:0]       rdata_o,
  output logic              busy_o,
  output logic              completed_o,
  // Queue pairs.
  output logic              create_o,
  input  logic              create_ready_i,
  output logic              stop_o,
  output logic              coalesce_o,
  output logic [3:0]        queue_o,
  output logic [3:0]        depth_log2_o,
  output logic [63:0]       sq_base_o,
  output logic [63:0]       cq_base_o,
  output logic [7:0]        coalesce_count_o,
  output logic [23:0]       coalesce_clocks_o,
  input  logic [Queues-1:0] queue_enable_i,
  input  logic [Queues-1:0] queue_empty_i,
  // Completion; none when queue pair 0 was stopped since its entry was taken.
  input  logic              take_i,
  input  logic              abandon_i,
  output logic              cpl_valid_o,
  input  logic              cpl_ready_i,
  output logic [63:0]       cpl_cookie_o,
  output logic [7:0]        cpl_status_o,
  output logic [31:0]       cpl_length_o
);
  logic [3:0]  number_q, depth_q, command_q;
  logic [63:0] sq_q, cq_q, cookie_q;
  logic [31:0] coalesce_q, length_q;
  logic [7:0]  status_q;
  logic        complete_q, abandoned_q;

  assign busy_o            = command_q != 4'd0 || complete_q;
  assign create_o          = command_q == mgmt_devices_pkg::QueueCommandCreate && create_ready_i;
  assign stop_o            = command_q == mgmt_devices_pkg::QueueCommandStop && create_ready_i;
  assign coalesce_o        = command_q == mgmt_devices_pkg::QueueCommandCoalesce && create_ready_i;
  assign queue_o           = number_q;
  assign depth_log2_o      = depth_q;
  assign sq_base_o         = sq_q;
  assign cq_base_o         = cq_q;
  assign coalesce_count_o  = coalesce_q[31:24];
  assign coalesce_clocks_o = coalesce_q[23:0];
  assign cpl_valid_o       = complete_q && !abandoned_q;
  assign cpl_cookie_o      = cookie_q;
  assign cpl_status_o      = status_q;
  assign cpl_length_o      = length_q;

  always_comb begin
    unique case ({addr_i, 2'd0})
      mgmt_devices_pkg::QueueState:    rdata_o = {16'(queue_empty_i), 16'(queue_enable_i)};
      mgmt_devices_pkg::QueueCommand:  rdata_o = {command_q != 4'd0, 31'd0};
      mgmt_devices_pkg::QueueComplete: rdata_o = {complete_q, 31'd0};
      default:                         rdata_o = 32'd0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (wr_i) begin
      unique case ({addr_i, 2'd0})
        mgmt_devices_pkg::QueueNumber:   number_q        <= wdata_i[3:0];
        mgmt_devices_pkg::QueueDepth:    depth_q         <= wdata_i[3:0];
        mgmt_devices_pkg::QueueSqLo:     sq_q[31:0]      <= wdata_i;
        mgmt_devices_pkg::QueueSqHi:     sq_q[63:32]     <= wdata_i;
        mgmt_devices_pkg::QueueCqLo:     cq_q[31:0]      <= wdata_i;
        mgmt_devices_pkg::QueueCqHi:     cq_q[63:32]     <= wdata_i;
        mgmt_devices_pkg::QueueCoalesce: coalesce_q      <= wdata_i;
        mgmt_devices_pkg::QueueCookieLo: cookie_q[31:0]  <= wdata_i;
        mgmt_devices_pkg::QueueCookieHi: cookie_q[63:32] <= wdata_i;
        mgmt_devices_pkg::QueueLength:   length_q        <= wdata_i;
        mgmt_devices_pkg::QueueComplete: status_q        <= wdata_i[7:0];
        default: ;
      endcase
    end
    completed_o <= rst_ni && complete_q && (cpl_ready_i || abandoned_q);
    if (!rst_ni) begin
      number_q    <= 4'd0;
      command_q   <= 4'd0;
      complete_q  <= 1'b0;
      abandoned_q <= 1'b0;
      status_q    <= 8'd0;
    end else begin
      if (create_ready_i) command_q <= 4'd0;
      if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::QueueCommand) command_q <= wdata_i[3:0];
      if (cpl_ready_i || abandoned_q) complete_q <= 1'b0;
      if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::QueueComplete) complete_q <= 1'b1;
      abandoned_q <= abandon_i || (abandoned_q && !take_i);
    end
  end
endmodule
`default_nettype wire
