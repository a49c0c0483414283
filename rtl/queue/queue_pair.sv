// SPDX-License-Identifier: Apache-2.0
//
// State of one queue pair: indices, phase, and what interrupts need. An entry is taken only when the completion ring has room for
// its completion, so that a full completion ring stops this queue alone. Both rings hold at most entries - 1.
// A doorbell out of range, or of a queue that is not there, is refused (bad_o for one clock).
`default_nettype none

module queue_pair (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        create_i,
  input  logic [3:0]  depth_log2_i,
  input  logic        stop_i,        // take nothing more
  input  logic        sq_bell_i,
  input  logic        cq_bell_i,
  input  logic [31:0] bell_i,
  input  logic        take_i,        // that many entries are being read
  input  logic [3:0]  take_count_i,
  input  logic        done_i,        // one completion entry is on its way
  output logic        enable_o,
  output logic [3:0]  want_o,        // entries that may be taken at once: contiguous, at most 8
  output logic [11:0] head_o,        // next submission entry
  output logic [11:0] tail_o,        // next completion entry
  output logic        phase_o,
  output logic        fire_o,        // an interrupt is due
  output logic        bad_o,
  output logic        empty_o        // no entry is between taken and completed
);
  logic        enable_q, phase_q, armed_q;
  logic [3:0]  log_q;
  logic [11:0] mask, head_q, tail_q, sq_tail_q, cq_head_q;
  logic [12:0] used_q, flight_q;  // completions taken or reserved; entries taken and not completed

  assign mask = 12'((13'd1 << log_q) - 13'd1);

  logic [11:0] pending, room, to_end, unread, freed;
  logic        sq_ok, cq_ok;
  assign pending = (sq_tail_q - head_q) & mask;
  assign room    = 12'({1'b0, mask} - used_q);
  assign to_end  = mask - head_q;                        // and one
  assign unread  = (tail_q - cq_head_q) & mask;
  assign freed   = (bell_i[11:0] - cq_head_q) & mask;
  assign sq_ok   = enable_q && bell_i[31:12] == 20'd0 && bell_i[11:0] <= mask;
  assign cq_ok   = enable_q && bell_i[15:12] == 4'd0 && bell_i[30:16] == 15'd0 && bell_i[11:0] <= mask && freed <= unread;
  assign bad_o   = (sq_bell_i && !sq_ok) || (cq_bell_i && !cq_ok);

  logic [11:0] most;
  always_comb begin
    most = pending < room ? pending : room;
    if (most > 12'd8) most = 12'd8;
    want_o = to_end < most ? 4'(to_end + 12'd1) : most[3:0];
    if (!enable_q) want_o = 4'd0;
  end

  logic [11:0] tail_next, cq_head_next;
  logic        arm;
  assign tail_next    = done_i ? (tail_q + 12'd1) & mask : tail_q;
  assign cq_head_next = cq_bell_i && cq_ok ? bell_i[11:0] : cq_head_q;
  assign arm          = (cq_bell_i && cq_ok && bell_i[31]) || armed_q;
  assign fire_o       = arm && enable_q && (done_i || cq_bell_i) && tail_next != cq_head_next;

  assign enable_o = enable_q;
  assign head_o   = head_q;
  assign tail_o   = tail_q;
  assign phase_o  = phase_q;
  assign empty_o  = flight_q == 13'd0;

  always_ff @(posedge clk_i) begin
    if (!rst_ni || create_i) begin
      enable_q  <= rst_ni;
      log_q     <= depth_log2_i;
      head_q    <= 12'd0;
      tail_q    <= 12'd0;
      sq_tail_q <= 12'd0;
      cq_head_q <= 12'd0;
      used_q    <= 13'd0;
      flight_q  <= 13'd0;
      phase_q   <= 1'b1;
      armed_q   <= 1'b0;
    end else begin
      if (stop_i) enable_q <= 1'b0;
      if (sq_bell_i && sq_ok) sq_tail_q <= bell_i[11:0];
      if (take_i) head_q <= (head_q + {8'd0, take_count_i}) & mask;
      cq_head_q <= cq_head_next;
      tail_q    <= tail_next;
      if (done_i && tail_q == mask) phase_q <= !phase_q;
      used_q   <= used_q + (take_i ? {9'd0, take_count_i} : 13'd0) - (cq_bell_i && cq_ok ? {1'b0, freed} : 13'd0);
      flight_q <= flight_q + (take_i ? {9'd0, take_count_i} : 13'd0) - {12'd0, done_i};
      armed_q  <= arm && !fire_o && enable_q;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && !create_i) begin
      assert (used_q <= {1'b0, mask} || !enable_q);
      assert (!(done_i && flight_q == 13'd0));
    end
  end
`endif
endmodule
`default_nettype wire
