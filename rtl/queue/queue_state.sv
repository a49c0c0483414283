// SPDX-License-Identifier: Apache-2.0
//
// State of all queue pairs: ring addresses, indices, phase, and what interrupts need. Queue 0 is admin. An entry is taken only
// when the completion ring has room for its completion, so that a full completion ring stops its queue alone. Both rings hold at
// most entries - 1. Each submission makes one completion, so `head` counts the completion slots that are taken or reserved too.
//
// Every field has one writer (doorbells, taking, completing) and is a small memory. What follows from several of them is found
// out for one queue after the other, a queue a clock: how many entries may be taken, whether an interrupt is due. What is being
// found out of a queue is forgotten where something happens to it that could make it wrong.
//
// Doorbells take effect 3 clocks later; one out of range, or of a queue that is not there, is refused (bad_bell_o).
`default_nettype none

module queue_state #(
  parameter int unsigned IoQueues = 2,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // Create, stop (take nothing more) and coalescing of interrupts, from the administrator.
  input  logic [3:0]           adm_queue_i,
  input  logic                 create_i,
  input  logic [3:0]           depth_log2_i,
  input  logic [63:0]          sq_base_i,
  input  logic [63:0]          cq_base_i,
  input  logic                 stop_i,
  input  logic                 coalesce_i,
  input  logic [7:0]           coalesce_count_i,   // an armed interrupt waits for so many completions (0, 1: for one)
  input  logic [23:0]          coalesce_clocks_i,  // or for so many clocks since there was one (0: for the number alone)
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
  output logic [4*Queues-1:0]  want_o,        // entries that may be taken at once: contiguous, at most 8
  output logic [Queues-1:0]    empty_o,       // no entry is between taken and completed
  output logic [Queues-1:0]    fire_o,        // an interrupt is due
  output logic                 idle_o         // nothing is being found out, no interrupt waits for its time
);
  // ---- fields
  logic [63:0]       sq_base_q [16];
  logic [63:0]       cq_base_q [16];
  logic [3:0]        log_q [16];
  logic [11:0]       sq_tail_q [16];
  logic [11:0]       head_q [16];
  logic [11:0]       tail_q [16];
  logic [11:0]       cq_head_q [16];
  logic [31:0]       coalesce_q [16];
  logic [24:0]       due_q [16];
  // What was never written since reset or the queue's creation is 0.
  logic [15:0]       sq_tail_zero_q, head_zero_q, tail_zero_q, cq_head_zero_q, coalesce_zero_q;
  logic [15:0]       enable_q, armed_q, timing_q, phase_q, empty_q;
  logic [24:0]       now_q;

  function automatic logic [11:0] mask_of(input logic [3:0] log2);
    mask_of = 12'((13'd1 << log2) - 13'd1);
  endfunction

  // ---- taking and completing
  logic [11:0] take_head, done_tail, take_mask, done_mask, done_head;
  assign take_mask    = mask_of(log_q[take_queue_i]);
  assign done_mask    = mask_of(log_q[done_queue_i]);
  assign take_head    = head_zero_q[take_queue_i] ? 12'd0 : head_q[take_queue_i];
  assign done_head    = head_zero_q[done_queue_i] ? 12'd0 : head_q[done_queue_i];
  assign done_tail    = tail_zero_q[done_queue_i] ? 12'd0 : tail_q[done_queue_i];
  assign take_addr_o  = sq_base_q[take_queue_i] + {46'd0, take_head, 6'd0};
  assign done_addr_o  = cq_base_q[done_queue_i] + {47'd0, done_tail, 5'd0};
  assign done_head_o  = done_head;
  assign done_phase_o = phase_q[done_queue_i];

  // ---- doorbells: what they name, then whether that is right
  logic        b1_valid_q, b1_cq_q, b2_valid_q, b2_cq_q, b3_arm_q;
  logic [3:0]  b1_queue_q, b2_queue_q, b3_queue_q;
  logic [11:0] b3_q;
  logic [31:0] b1_q, b2_q;
  logic [11:0] b2_mask_q, b2_tail_q, b2_cq_head_q;
  logic        b2_enable_q, sq_ok, cq_ok, sq_bell_q, cq_bell_q;  // the last two one clock later, with b3
  assign sq_ok      = b2_enable_q && b2_q[31:12] == 20'd0 && b2_q[11:0] <= b2_mask_q;
  assign cq_ok      = b2_enable_q && b2_q[30:12] == 19'd0 && b2_q[11:0] <= b2_mask_q &&
                      ((b2_q[11:0] - b2_cq_head_q) & b2_mask_q) <= ((b2_tail_q - b2_cq_head_q) & b2_mask_q);
  assign bad_bell_o = b2_valid_q && !(b2_cq_q ? cq_ok : sq_ok);

  // ---- one queue after the other: fields, differences, decision
  logic [3:0]  at_q, s1_q, s2_q;
  logic        s1_valid_q, s2_valid_q, look;
  logic [11:0] s1_mask_q, s1_sq_tail_q, s1_head_q, s1_tail_q, s1_cq_head_q;
  logic [31:0] s1_coalesce_q;
  logic [24:0] s1_due_q;
  logic [11:0] s2_pending_q, s2_room_q, s2_to_end_q, s2_unread_q;
  logic [31:0] s2_coalesce_q;
  logic        s2_empty_q, s2_late_q;
  logic        hit_s2;
  logic        change_q;
  logic [3:0]  change_queue_q;
  logic [15:0] gone, hit;          // queues from which something is taken; of which what is being found out is wrong
  // What is created or stopped is hit a clock later, when its fields are new; nothing is wanted from it before it is enabled.
  // So is what is taken from: whoever takes looks away for a clock.
  logic       take_q;
  logic [3:0] take_queue_q;
  always_comb begin
    gone = 16'd0;
    if (take_q) gone[take_queue_q] = 1'b1;
    if (change_q) gone[change_queue_q] = 1'b1;
    hit = gone;
    if (cq_bell_q) hit[b3_queue_q] = 1'b1;
  end
  assign hit_s2 = hit[s2_q];

  logic [11:0] most;
  logic [3:0]  want;
  logic        waits, due, fire, start;
  always_comb begin
    most = s2_pending_q < s2_room_q ? s2_pending_q : s2_room_q;
    if (most > 12'd8) most = 12'd8;
    want = s2_to_end_q < most ? 4'(s2_to_end_q + 12'd1) : most[3:0];
    if (!enable_q[s2_q]) want = 4'd0;
  end
  assign waits = s2_valid_q && !hit_s2 && enable_q[s2_q] && armed_q[s2_q] && s2_unread_q != 12'd0;
  assign due   = s2_unread_q >= {4'd0, s2_coalesce_q[31:24]} || (timing_q[s2_q] && s2_late_q);
  assign fire  = waits && due;
  assign start = waits && !due && !timing_q[s2_q] && s2_coalesce_q[23:0] != 24'd0;

  // ---- nothing to find out: nothing has happened for more than a turn
  logic [4:0] quiet_q;
  logic       event_any;
  // A doorbell's first clock, and creation's, is no idle one: the register bus or the administrator is at work.
  assign event_any = b1_valid_q || b2_valid_q || sq_bell_q || cq_bell_q || take_i || done_i || change_q || coalesce_i;
  assign look      = quiet_q != 5'd31 || timing_q != 16'd0;
  assign idle_o    = !look && !event_any && fire_o == '0;

  assign enable_o = enable_q[Queues-1:0];
  assign empty_o  = empty_q[Queues-1:0];
  logic unused;
  assign unused = &{1'b0, empty_q};

  always_ff @(posedge clk_i) begin
    if (create_i) begin
      sq_base_q[adm_queue_i] <= sq_base_i;
      cq_base_q[adm_queue_i] <= cq_base_i;
      log_q[adm_queue_i]     <= depth_log2_i;
    end
    if (coalesce_i) coalesce_q[adm_queue_i] <= {coalesce_count_i, coalesce_clocks_i};
    if (sq_bell_q) sq_tail_q[b3_queue_q] <= b3_q;
    if (cq_bell_q) cq_head_q[b3_queue_q] <= b3_q;
    if (take_i) head_q[take_queue_i] <= (take_head + {8'd0, take_count_i}) & take_mask;
    if (done_i) tail_q[done_queue_i] <= (done_tail + 12'd1) & done_mask;
    if (!timing_q[s2_q]) due_q[s2_q] <= now_q + {1'b0, s2_coalesce_q[23:0]};

    take_q         <= rst_ni && take_i;
    take_queue_q   <= take_queue_i;
    change_q       <= create_i || stop_i;
    change_queue_q <= adm_queue_i;

    b1_queue_q   <= bell_queue_i;
    b1_cq_q      <= bell_cq_i;
    b1_q         <= bell_i;
    b2_queue_q   <= b1_queue_q;
    b2_cq_q      <= b1_cq_q;
    b2_q         <= b1_q;
    b3_queue_q   <= b2_queue_q;
    b3_arm_q     <= b2_q[31];
    b3_q         <= b2_q[11:0];
    b2_enable_q  <= enable_q[b1_queue_q];
    b2_mask_q    <= mask_of(log_q[b1_queue_q]);
    b2_tail_q    <= tail_zero_q[b1_queue_q] ? 12'd0 : tail_q[b1_queue_q];
    b2_cq_head_q <= cq_head_zero_q[b1_queue_q] ? 12'd0 : cq_head_q[b1_queue_q];

    if (look) begin
      s1_q          <= at_q;
      s1_mask_q     <= mask_of(log_q[at_q]);
      s1_sq_tail_q  <= sq_tail_zero_q[at_q] ? 12'd0 : sq_tail_q[at_q];
      s1_head_q     <= head_zero_q[at_q] ? 12'd0 : head_q[at_q];
      s1_tail_q     <= tail_zero_q[at_q] ? 12'd0 : tail_q[at_q];
      s1_cq_head_q  <= cq_head_zero_q[at_q] ? 12'd0 : cq_head_q[at_q];
      s1_coalesce_q <= coalesce_zero_q[at_q] ? 32'd0 : coalesce_q[at_q];
      s1_due_q      <= due_q[at_q];
      s2_q          <= s1_q;
      s2_pending_q  <= (s1_sq_tail_q - s1_head_q) & s1_mask_q;
      s2_room_q     <= s1_mask_q - ((s1_head_q - s1_cq_head_q) & s1_mask_q);
      s2_to_end_q   <= s1_mask_q - s1_head_q;
      s2_unread_q   <= (s1_tail_q - s1_cq_head_q) & s1_mask_q;
      s2_empty_q    <= s1_head_q == s1_tail_q;
      s2_coalesce_q <= s1_coalesce_q;
      s2_late_q     <= 1'((now_q - s1_due_q) >> 24) == 1'b0;
    end
  end

  for (genvar q = 0; q < Queues; q++) begin : g_out
    logic [3:0] want_q;
    assign want_o[4*q +: 4] = enable_q[q] ? want_q : 4'd0;
    always_ff @(posedge clk_i) begin
      if (!rst_ni || gone[q]) want_q <= 4'd0;
      else if (s2_valid_q && !hit_s2 && s2_q == 4'(q)) want_q <= want;
      fire_o[q] <= rst_ni && fire && s2_q == 4'(q);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      enable_q        <= 16'd0;
      armed_q         <= 16'd0;
      timing_q        <= 16'd0;
      empty_q         <= 16'hffff;
      sq_tail_zero_q  <= 16'hffff;
      head_zero_q     <= 16'hffff;
      tail_zero_q     <= 16'hffff;
      cq_head_zero_q  <= 16'hffff;
      coalesce_zero_q <= 16'hffff;
      at_q            <= 4'd0;
      s1_valid_q      <= 1'b0;
      s2_valid_q      <= 1'b0;
      b1_valid_q      <= 1'b0;
      b2_valid_q      <= 1'b0;
      sq_bell_q       <= 1'b0;
      cq_bell_q       <= 1'b0;
      quiet_q         <= 5'd0;
      now_q           <= 25'd0;
    end else begin
      b1_valid_q <= bell_valid_i;
      b2_valid_q <= b1_valid_q;
      sq_bell_q  <= b2_valid_q && !b2_cq_q && sq_ok;
      cq_bell_q  <= b2_valid_q && b2_cq_q && cq_ok;
      now_q      <= now_q + 25'd1;
      quiet_q    <= event_any ? 5'd0 : quiet_q == 5'd31 ? quiet_q : quiet_q + 5'd1;
      if (look) begin
        at_q       <= at_q == 4'(Queues - 1) ? 4'd0 : at_q + 4'd1;
        s1_valid_q <= !hit[at_q];
        s2_valid_q <= s1_valid_q && !hit[s1_q];
      end else begin
        s1_valid_q <= 1'b0;
        s2_valid_q <= 1'b0;
      end
      if (s2_valid_q && !hit_s2) begin
        empty_q[s2_q] <= s2_empty_q;
        if (!waits || fire) timing_q[s2_q] <= 1'b0;
        else if (start) timing_q[s2_q] <= 1'b1;
        if (fire) armed_q[s2_q] <= 1'b0;
      end
      if (sq_bell_q) sq_tail_zero_q[b3_queue_q] <= 1'b0;
      if (cq_bell_q) begin
        cq_head_zero_q[b3_queue_q] <= 1'b0;
        timing_q[b3_queue_q]       <= 1'b0;
        if (b3_arm_q) armed_q[b3_queue_q] <= 1'b1;
      end
      if (take_i) begin
        head_zero_q[take_queue_i] <= 1'b0;
        empty_q[take_queue_i]     <= 1'b0;
      end
      if (done_i) begin
        tail_zero_q[done_queue_i] <= 1'b0;
        if (done_tail == done_mask) phase_q[done_queue_i] <= !phase_q[done_queue_i];
      end
      if (coalesce_i) coalesce_zero_q[adm_queue_i] <= 1'b0;
      if (stop_i) begin
        enable_q[adm_queue_i] <= 1'b0;
        armed_q[adm_queue_i]  <= 1'b0;
        timing_q[adm_queue_i] <= 1'b0;
      end
      if (create_i) begin
        enable_q[adm_queue_i]        <= 1'b1;
        armed_q[adm_queue_i]         <= 1'b0;
        timing_q[adm_queue_i]        <= 1'b0;
        empty_q[adm_queue_i]         <= 1'b1;
        phase_q[adm_queue_i]         <= 1'b1;
        sq_tail_zero_q[adm_queue_i]  <= 1'b1;
        head_zero_q[adm_queue_i]     <= 1'b1;
        tail_zero_q[adm_queue_i]     <= 1'b1;
        cq_head_zero_q[adm_queue_i]  <= 1'b1;
        coalesce_zero_q[adm_queue_i] <= 1'b1;
      end
    end
  end
endmodule
`default_nettype wire
