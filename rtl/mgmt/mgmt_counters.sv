// SPDX-License-Identifier: Apache-2.0
//
// All counters of the card (rtl/regs.toml), in banks; one write takes a snapshot of them all, of one moment. It can be read when
// busy_o ends, at most 55 clocks later. What is read is there one clock after its address.
`default_nettype none

module mgmt_counters #(
  parameter int unsigned Lanes    = 2,
  parameter int unsigned IoQueues = 2,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                snapshot_i,
  input  logic [13:0]         addr_i,        // byte offset from the first counter
  output logic [31:0]         rdata_o,
  output logic                busy_o,
  // Events, one bit each: general ones in the order of their offsets, but the two byte counters.
  input  logic [9:0]          general_i,
  input  logic                seal_i,
  input  logic                open_i,
  input  logic [3:0]          status_i,
  input  logic [14:0]         record_i,
  input  logic [14:0]         content_i,
  input  logic [Lanes-1:0]    lane_busy_i,
  input  logic [Lanes-1:0]    lane_starved_i,
  input  logic [Lanes-1:0]    lane_blocked_i,
  input  logic [Lanes-1:0]    lane_records_i,
  input  logic [3:0]          taken_queue_i,
  input  logic [3:0]          taken_count_i,
  input  logic [Queues-1:0]   done_i
);
  localparam int unsigned Frame     = 24;  // clocks in which all counters are updated, and counters of a bank
  localparam int unsigned LaneBanks = (Lanes + 5) / 6;
  localparam logic [15:0] Base      = sluice_regs_pkg::CntCycles;

  // ---- what happened in the clock before; a snapshot tells of what a doorbell before it did, some clocks after it
  logic [3:0] snapshot_q;
  logic       snapshot, moment;
  assign snapshot = snapshot_q[3];
  always_ff @(posedge clk_i) snapshot_q <= rst_ni ? {snapshot_q[2:0], snapshot_i} : 4'd0;
  logic [9:0]        general_q;
  logic              seal_q, open_q;
  logic [3:0]        status_q, taken_queue_q, taken_count_q;
  logic [14:0]       record_step_q, content_step_q;
  logic [Lanes-1:0]  lane_busy_q, lane_starved_q, lane_blocked_q, lane_records_q;
  logic [Queues-1:0] done_q;
  always_ff @(posedge clk_i) begin
    general_q      <= rst_ni ? general_i : '0;
    seal_q         <= rst_ni && seal_i;
    open_q         <= rst_ni && open_i;
    status_q       <= status_i;
    record_step_q  <= record_i;
    content_step_q <= content_i;
    lane_busy_q    <= rst_ni ? lane_busy_i : '0;
    lane_starved_q <= rst_ni ? lane_starved_i : '0;
    lane_blocked_q <= rst_ni ? lane_blocked_i : '0;
    lane_records_q <= rst_ni ? lane_records_i : '0;
    taken_queue_q  <= taken_queue_i;
    taken_count_q  <= rst_ni ? taken_count_i : '0;
    done_q         <= rst_ni ? done_i : '0;
  end

  // ---- byte counters: their steps are too large for a bank
  logic [63:0] record_q, content_q, record_kept_q, content_kept_q;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      record_q       <= 64'd0;
      content_q      <= 64'd0;
      record_kept_q  <= 64'd0;
      content_kept_q <= 64'd0;
    end else begin
      if (seal_q || open_q) begin
        record_q  <= record_q + {49'd0, record_step_q};
        content_q <= content_q + {49'd0, content_step_q};
      end
      if (moment) begin
        record_kept_q  <= record_q;
        content_kept_q <= content_q;
      end
    end
  end

  // ---- events
  // Up to 8 submissions are taken at once and counted one a clock.
  logic [Queues-1:0]    taken_event;
  logic [5*Queues-1:0]  taken_left;
  for (genvar q = 0; q < Queues; q++) begin : g_taken
    logic [4:0] left_q;
    assign taken_left[5*q +: 5] = left_q;
    assign taken_event[q]       = left_q != 5'd0;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) left_q <= 5'd0;
      else left_q <= left_q - {4'd0, taken_event[q]} + (taken_queue_q == 4'(q) ? {1'b0, taken_count_q} : 5'd0);
    end
  end

  logic [2*Queues-1:0] queue_event;
  for (genvar q = 0; q < Queues; q++) begin : g_queue_event
    assign queue_event[2*q +: 2] = {done_q[q], taken_event[q]};
  end
  logic [24*LaneBanks-1:0] lane_event;
  for (genvar l = 0; l < 6 * LaneBanks; l++) begin : g_lane_event
    if (l < Lanes) begin : g_lane
      assign lane_event[4*l +: 4] = {lane_records_q[l], lane_blocked_q[l], lane_starved_q[l], lane_busy_q[l]};
    end else begin : g_none
      assign lane_event[4*l +: 4] = 4'd0;
    end
  end

  // ---- banks, scanned together. A snapshot waits for the next frame, whose beginning is its moment, and for the end of that.
  logic [4:0] at_q;
  logic [1:0] late_q;  // the banks' last sums are on their way
  logic       frame, wanted_q, copy_q, clear_q;
  assign frame  = at_q == 5'(Frame - 1);
  assign busy_o = snapshot_q != 4'd0 || wanted_q || copy_q || clear_q || late_q != 2'd0;
  always_ff @(posedge clk_i) begin
    late_q <= {late_q[0], copy_q || clear_q};
    if (!rst_ni) begin
      at_q     <= 5'd0;
      wanted_q <= 1'b0;
      copy_q   <= 1'b0;
      clear_q  <= 1'b1;
    end else begin
      at_q     <= frame ? 5'd0 : at_q + 5'd1;
      wanted_q <= snapshot || (wanted_q && !frame);
      if (frame) copy_q <= wanted_q;
      if (frame) clear_q <= 1'b0;
    end
  end
  assign moment = frame && wanted_q;

  logic [4:0]              index, lane, lane_index;
  logic [63:0]             general, seal, open, queues;
  logic [64*LaneBanks-1:0] lanes;
  assign index = addr_i[7:3];

  // Cycles, busy_cycles, two places that are not in the bank, and the others.
  mgmt_counter_bank #(.Count(12)) u_general (
    .clk_i, .rst_ni, .event_i({general_q[9:2], 2'b00, general_q[1:0]}), .frame_i(frame), .at_i(at_q), .copy_i(copy_q),
    .clear_i(clear_q), .index_i(index), .value_o(general)
  );
  mgmt_counter_bank #(.Count(16)) u_seal (
    .clk_i, .rst_ni, .event_i(seal_q ? 16'd1 << status_q : 16'd0), .frame_i(frame), .at_i(at_q), .copy_i(copy_q),
    .clear_i(clear_q), .index_i({1'b0, index[3:0]}), .value_o(seal)
  );
  mgmt_counter_bank #(.Count(16)) u_open (
    .clk_i, .rst_ni, .event_i(open_q ? 16'd1 << status_q : 16'd0), .frame_i(frame), .at_i(at_q), .copy_i(copy_q),
    .clear_i(clear_q), .index_i({1'b0, index[3:0]}), .value_o(open)
  );
  mgmt_counter_bank #(.Count(2 * Queues)) u_queues (
    .clk_i, .rst_ni, .event_i(queue_event), .frame_i(frame), .at_i(at_q), .copy_i(copy_q), .clear_i(clear_q), .index_i(index),
    .value_o(queues)
  );
  for (genvar b = 0; b < LaneBanks; b++) begin : g_lanes
    mgmt_counter_bank #(.Count(24)) u_lanes (
      .clk_i, .rst_ni, .event_i(lane_event[24*b +: 24]), .frame_i(frame), .at_i(at_q), .copy_i(copy_q), .clear_i(clear_q),
      .index_i(lane_index), .value_o(lanes[64*b +: 64])
    );
  end

  // ---- read
  logic [63:0] value, lane_value;
  assign lane = addr_i[9:5];
  always_comb begin
    lane_index = 5'd0;
    lane_value = 64'd0;
    for (int unsigned b = 0; b < LaneBanks; b++) begin
      if (32'(lane) >= 6 * b) lane_index = {lane[2:0] - 3'(6 * b), addr_i[4:3]};
      if (32'(lane) >= 6 * b && 32'(lane) < 6 * b + 6) lane_value = lanes[64*b +: 64];
    end
    value = 64'd0;
    unique case (addr_i[13:8])
      6'(16'(sluice_regs_pkg::CntCycles - Base) >> 8): if (index < 5'd12) begin
        value = general;
        if (index == 5'd2) value = record_kept_q;
        if (index == 5'd3) value = content_kept_q;
      end
      6'(16'(sluice_regs_pkg::CntSealStatus - Base) >> 8): value = index[4] ? open : seal;
      6'(16'(sluice_regs_pkg::CntQueueTaken - Base) >> 8): if (32'(index) < 2 * Queues) value = queues;
      6'd4, 6'd5, 6'd6, 6'd7: value = lane_value;
      default: value = 64'd0;
    endcase
  end
  always_ff @(posedge clk_i) rdata_o <= addr_i[2] ? value[63:32] : value[31:0];

  logic unused;
  assign unused = &{1'b0, taken_left, addr_i[1:0]};
endmodule
`default_nettype wire
