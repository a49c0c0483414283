// SPDX-License-Identifier: Apache-2.0
//
// All queue pairs: their state side by side (queue_pair), their ring addresses, doorbells sorted to them. Queue 0 is admin.
`default_nettype none

module queue_state #(
  parameter int unsigned IoQueues = 2,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // Create and stop, from the administrator.
  input  logic [3:0]           adm_queue_i,
  input  logic                 create_i,
  input  logic [3:0]           depth_log2_i,
  input  logic [63:0]          sq_base_i,
  input  logic [63:0]          cq_base_i,
  input  logic                 stop_i,
  // Doorbells.
  input  logic                 bell_valid_i,
  input  logic [3:0]           bell_queue_i,
  input  logic                 bell_cq_i,
  input  logic [31:0]          bell_i,
  output logic                 bad_bell_o,
  // Entries are taken (queue_fetch, admin).
  input  logic                 take_i,
  input  logic [3:0]           take_queue_i,
  input  logic [3:0]           take_count_i,
  output logic [63:0]          take_addr_o,   // of the next entry of take_queue_i
  // A completion entry goes out.
  input  logic [3:0]           done_queue_i,
  input  logic                 done_i,
  output logic [63:0]          done_addr_o,
  output logic [11:0]          done_head_o,
  output logic                 done_phase_o,
  output logic [Queues-1:0]    enable_o,
  output logic [4*Queues-1:0]  want_o,
  output logic [Queues-1:0]    empty_o,
  output logic [Queues-1:0]    fire_o
);
  logic [63:0] sq_base_q [16];
  logic [63:0] cq_base_q [16];
  logic [12*Queues-1:0] head, tail;
  logic [Queues-1:0]    phase, bad;
  logic [15:0]          phases;
  assign phases = 16'(phase);

  for (genvar q = 0; q < Queues; q++) begin : g_queue
    logic mine;
    assign mine = adm_queue_i == 4'(q);
    queue_pair u_pair (
      .clk_i, .rst_ni,
      .create_i(create_i && mine), .depth_log2_i, .stop_i(stop_i && mine),
      .sq_bell_i(bell_valid_i && bell_queue_i == 4'(q) && !bell_cq_i),
      .cq_bell_i(bell_valid_i && bell_queue_i == 4'(q) && bell_cq_i), .bell_i,
      .take_i(take_i && take_queue_i == 4'(q)), .take_count_i,
      .done_i(done_i && done_queue_i == 4'(q)),
      .enable_o(enable_o[q]), .want_o(want_o[4*q +: 4]), .head_o(head[12*q +: 12]), .tail_o(tail[12*q +: 12]),
      .phase_o(phase[q]), .fire_o(fire_o[q]), .bad_o(bad[q]), .empty_o(empty_o[q])
    );
  end

  assign bad_bell_o   = bad != '0 || (bell_valid_i && 32'(bell_queue_i) >= Queues);
  assign take_addr_o  = sq_base_q[take_queue_i] + {46'd0, head[12 * take_queue_i +: 12], 6'd0};
  assign done_addr_o  = cq_base_q[done_queue_i] + {47'd0, tail[12 * done_queue_i +: 12], 5'd0};
  assign done_head_o  = head[12 * done_queue_i +: 12];
  assign done_phase_o = phases[done_queue_i];

  always_ff @(posedge clk_i) begin
    if (create_i) begin
      sq_base_q[adm_queue_i] <= sq_base_i;
      cq_base_q[adm_queue_i] <= cq_base_i;
    end
  end
endmodule
`default_nettype wire
