// SPDX-License-Identifier: Apache-2.0
//
// Operations in flight. Each gets a slot when it has been checked, and keeps it until its completion. Those of one SA form a list
// in the order of checking: an operation is ready to be committed when it is done and at the head of its list. What happens to a
// slot (placed, done, freed) is worked off one thing at a time, one or two clocks each, so that all state lies in memories;
// what is ready waits in a FIFO. Done comes first, since it cannot wait.
`default_nettype none

module queue_table #(
  parameter int unsigned SaCount = 256,
  localparam int unsigned IdW    = sluice_pkg::IdW
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  // Checked operations. put: this one gets its slot in this clock; may: whoever keeps the rest of it has room.
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  card_pkg::work_t       in_i,
  input  logic                  may_put_i,
  output logic                  put_o,
  output logic [IdW-1:0]        put_id_o,
  // Where a result goes to, one clock after the slot is asked for.
  input  logic [IdW-1:0]        dst_id_i,
  output logic [63:0]           dst_o,
  output logic                  dst_list_o,
  // The result of a lane is known; its data has been written, or (empty) nothing had to be.
  input  logic                  res_valid_i,
  input  logic [IdW-1:0]        res_id_i,
  input  logic [7:0]            res_status_i,
  input  logic [14:0]           res_length_i,
  input  logic [14:0]           res_sure_i,
  input  logic [127:0]          res_counter_i,
  input  logic                  done_valid_i,
  input  logic [IdW-1:0]        done_id_i,
  input  logic                  done_err_i,
  input  logic                  empty_valid_i,
  output logic                  empty_ready_o,
  input  logic [IdW-1:0]        empty_id_i,
  input  logic                  empty_err_i,
  // The next operation to commit; take frees it.
  output logic                  commit_valid_o,
  output card_pkg::flight_t     commit_flight_o,
  output logic [7:0]            commit_status_o,
  output logic [14:0]           commit_length_o,
  output logic [14:0]           commit_sure_o,
  output logic [127:0]          commit_counter_o,
  output logic                  commit_err_o,
  input  logic                  commit_take_i,
  // Is an operation of this SA in flight?
  input  logic [7:0]            query_sa_i,
  output logic                  query_busy_o,
  output logic                  idle_o
);
  localparam int unsigned Slots = 1 << IdW;
  localparam int unsigned ResW  = 8 + 15 + 15 + 128;

  typedef enum logic [1:0] {Wipe, Idle, Chain, Lead} state_e;
  state_e state_q;

  // ---- free slots: at first each in turn, then as they are freed; the key job's is none of them
  logic           fresh, freed_valid, freed_room, free_now;
  logic [IdW-1:0] fresh_q, freed_id, free_id_q, put_id;
  logic [IdW:0]   freed_level;
  assign fresh    = fresh_q != IdW'(card_pkg::KeysId);
  assign put_id   = fresh ? fresh_q : freed_id;
  assign put_id_o = put_id;
  sluice_fifo #(
    .Width(IdW), .DepthLog2(IdW)
  ) u_free (
    .clk_i, .rst_ni, .in_valid_i(free_now), .in_ready_o(freed_room), .in_data_i(free_id_q),
    .out_valid_o(freed_valid), .out_ready_i(put_o && !fresh), .out_data_o(freed_id), .level_o(freed_level)
  );

  // ---- the lists of the SAs: is there one, and its last slot
  logic [0:0]     live_q [SaCount];
  logic [IdW-1:0] tail_q [SaCount];
  logic [7:0]     wipe_q, live_addr, free_sa_q;
  logic           live_we, live, behind, free_link_q, clear_live;
  logic [IdW-1:0] tail;
  assign live         = live_q[in_i.sa];
  assign tail         = tail_q[in_i.sa];
  assign behind       = in_i.link && live;
  assign query_busy_o = live_q[query_sa_i];
  assign live_we      = state_q == Wipe || clear_live || (put_o && in_i.link);
  assign live_addr    = state_q == Wipe ? wipe_q : clear_live ? free_sa_q : in_i.sa;
  always_ff @(posedge clk_i) begin
    if (live_we) live_q[live_addr] <= put_o;
    if (put_o && in_i.link) tail_q[in_i.sa] <= put_id;
  end

  // ---- what is next: something done, a slot to free, an operation to place
  logic           event_q, event_err_q, pend_q, pend_err_q, free_q;
  logic [IdW-1:0] event_id_q, pend_id_q, chain_id_q, chain_to_q, lead_id_q;
  logic           go;      // this clock is not the event's
  assign go            = !event_q;
  assign free_now      = state_q == Idle && go && free_q;
  assign put_o         = state_q == Idle && go && !free_q && in_valid_i && (fresh || freed_valid) && (in_i.direct || may_put_i);
  assign in_ready_o    = put_o;
  assign empty_ready_o = !pend_q;

  // ---- state of a slot
  localparam int unsigned StateW = 4 + IdW;
  logic [StateW-1:0] slot_q [Slots];
  logic [StateW-1:0] old, changed;
  logic [IdW-1:0]    at, next;
  logic              head, done, err, follow, we, push, push_err;
  assign at = event_q ? event_id_q : state_q == Chain ? chain_to_q : state_q == Lead ? lead_id_q : free_q ? free_id_q : put_id;
  assign old                             = slot_q[at];
  assign {head, done, err, follow, next} = old;
  assign clear_live                      = free_now && !follow && free_link_q;
  always_comb begin
    changed  = old;
    we       = 1'b1;
    push     = 1'b0;
    push_err = 1'b0;
    if (event_q) begin
      changed  = {head, 1'b1, event_err_q, follow, next};
      push     = head;
      push_err = event_err_q;
    end else begin
      unique case (state_q)
        Chain: changed = {head, done, err, 1'b1, chain_id_q};
        Lead: begin
          changed  = {1'b1, done, err, follow, next};
          push     = done;
          push_err = err;
        end
        default: begin
          changed = {!behind, in_i.direct, 2'b00, {IdW{1'b0}}};
          we      = put_o;
          push    = put_o && in_i.direct && !behind;
        end
      endcase
    end
  end
  always_ff @(posedge clk_i) if (we) slot_q[at] <= changed;

  // ---- what may be committed
  logic           ready_valid, ready_room, ready_err, pop, pick_valid_q, pick_err_q;
  logic [IdW-1:0] ready_id, pick_q, pick_addr;
  logic [IdW:0]   ready_level;
  sluice_fifo #(
    .Width(IdW + 1), .DepthLog2(IdW)
  ) u_ready (
    .clk_i, .rst_ni, .in_valid_i(push), .in_ready_o(ready_room), .in_data_i({push_err, at}),
    .out_valid_o(ready_valid), .out_ready_i(pop), .out_data_o({ready_err, ready_id}), .level_o(ready_level)
  );
  assign pop       = ready_valid && !pick_valid_q && !free_q;
  assign pick_addr = pop ? ready_id : pick_q;

  // Few and wide, so that of a block RAM most would be empty.
  (* ram_style = "distributed" *) logic [card_pkg::FlightW-1:0] flight_q [Slots];
  logic [card_pkg::FlightW-1:0] flight_out_q;
  (* ram_style = "distributed" *) logic [ResW-1:0] res_q [Slots];
  logic [ResW-1:0]              res_out_q;
  logic [64:0]                  dst_q [Slots];
  logic [64:0]                  dst_out_q;
  card_pkg::flight_t            flight;
  always_comb begin
    flight.status  = in_i.status;
    flight.direct  = in_i.direct;
    flight.pair    = in_i.pair;
    flight.cookie  = in_i.cookie;
    flight.link    = in_i.link;
    flight.sa      = in_i.sa;
    flight.is_seal = in_i.is_seal;
    flight.is_open = in_i.is_open;
    flight.verify  = in_i.verify;
    flight.window  = in_i.window;
    flight.tell    = in_i.tell;
    flight.says    = in_i.says;
    flight.src_len = in_i.src_len;
    flight.counter = in_i.counter;
  end
  always_ff @(posedge clk_i) begin
    if (put_o) flight_q[put_id] <= flight;
    flight_out_q <= flight_q[pick_addr];
  end
  always_ff @(posedge clk_i) begin
    if (res_valid_i) res_q[res_id_i] <= {res_status_i, res_length_i, res_sure_i, res_counter_i};
    res_out_q <= res_q[pick_addr];
  end
  always_ff @(posedge clk_i) begin
    if (put_o) dst_q[put_id] <= {in_i.dst_list, in_i.dst};
    dst_out_q <= dst_q[dst_id_i];
  end
  assign {dst_list_o, dst_o} = dst_out_q;
  assign commit_valid_o      = pick_valid_q;
  assign commit_flight_o     = flight_out_q;
  assign {commit_status_o, commit_length_o, commit_sure_o, commit_counter_o} = res_out_q;
  assign commit_err_o        = pick_err_q;

  // ---- steps
  logic [IdW:0] count_q;
  assign idle_o = count_q == '0 && state_q == Idle && !free_q;
  always_ff @(posedge clk_i) begin
    event_id_q  <= done_valid_i ? done_id_i : pend_id_q;
    event_err_q <= done_valid_i ? done_err_i : pend_err_q;
    if (!pend_q) {pend_id_q, pend_err_q} <= {empty_id_i, empty_err_i};
    if (put_o) begin
      chain_id_q <= put_id;
      chain_to_q <= tail;
    end
    if (free_now) lead_id_q <= next;
    if (pop) {pick_err_q, pick_q} <= {ready_err, ready_id};
    if (commit_take_i) begin
      free_id_q   <= pick_q;
      free_sa_q   <= commit_flight_o.sa;
      free_link_q <= commit_flight_o.link;
    end
    if (!rst_ni) begin
      state_q      <= Wipe;
      wipe_q       <= 8'd0;
      fresh_q      <= '0;
      event_q      <= 1'b0;
      pend_q       <= 1'b0;
      free_q       <= 1'b0;
      pick_valid_q <= 1'b0;
      count_q      <= '0;
    end else begin
      event_q <= done_valid_i || pend_q;
      pend_q  <= pend_q ? done_valid_i : empty_valid_i;
      if (commit_take_i) free_q <= 1'b1;
      else if (free_now) free_q <= 1'b0;
      pick_valid_q <= pop || (pick_valid_q && !commit_take_i);
      if (put_o && fresh) fresh_q <= fresh_q + 1'b1;
      count_q <= count_q + {{IdW{1'b0}}, put_o} - {{IdW{1'b0}}, free_now};
      unique case (state_q)
        Wipe: begin
          wipe_q <= wipe_q + 8'd1;
          if (wipe_q == 8'd255) state_q <= Idle;
        end
        Idle: begin
          if (put_o && behind) state_q <= Chain;
          else if (free_now && follow) state_q <= Lead;
        end
        default: if (go) state_q <= Idle;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, in_i, freed_level, ready_level};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!free_now || freed_room);
      assert (!push || ready_room);
      assert (!event_q || !done);
      assert (!commit_take_i || (pick_valid_q && !free_q));
      assert (!in_valid_i || state_q != Wipe);
      assert (32'(count_q) < Slots);
    end
  end
`endif
endmodule
`default_nettype wire
