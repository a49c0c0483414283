// SPDX-License-Identifier: Apache-2.0
//
// Operations in flight. Each has a slot from dispatch to completion. Those of one SA form a list in the order of dispatch: next
// pointers, and a flag at the head. An operation may be committed when it is done and at the head of its list; others wait.
// An SA's last operation is found by its tail; the list is empty when that slot is free or another SA's.
`default_nettype none

module queue_table #(
  parameter int unsigned SaCount = 256,
  localparam int unsigned IdW    = sluice_pkg::IdW
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  // A free slot, and its taking.
  output logic                  id_valid_o,
  output logic [IdW-1:0]        id_o,
  input  logic                  alloc_i,
  input  logic                  alloc_link_i,
  input  card_pkg::flight_t     alloc_flight_i,
  input  logic [63:0]           alloc_dst_i,
  // Where a result goes to.
  input  logic [IdW-1:0]        dst_id_i,
  output logic [63:0]           dst_o,
  // The result of a lane is known; its data has been written.
  input  logic                  res_valid_i,
  input  logic [IdW-1:0]        res_id_i,
  input  logic [7:0]            res_status_i,
  input  logic [14:0]           res_length_i,
  input  logic [14:0]           res_sure_i,
  input  logic [127:0]          res_counter_i,
  input  logic                  done_valid_i,
  input  logic [IdW-1:0]        done_id_i,
  input  logic                  done_err_i,
  // The next operation to commit; take frees it.
  output logic                  commit_valid_o,
  output logic [IdW-1:0]        commit_id_o,
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

  logic [card_pkg::FlightW-1:0] flight_q [Slots];
  logic [63:0]                  dst_q [Slots];
  logic [ResW-1:0]              res_q [Slots];
  logic [7:0]                   sa_q [Slots];
  logic [IdW-1:0]               next_q [Slots];
  logic [IdW-1:0]               tail_q [SaCount];
  logic [Slots-1:0]             busy_q, linked_q, head_q, done_q, follow_q, err_q;
  logic [IdW-1:0]               cand_q, pick_q;
  logic                         pick_valid_q;

  // ---- slots are offered in turn; the key job's is never
  assign id_o       = cand_q;
  assign id_valid_o = !busy_q[cand_q] && cand_q != IdW'(card_pkg::KeysId);

  // ---- the list of the SA
  logic [7:0]     sa;
  logic [IdW-1:0] tail, query_tail;
  logic           behind;  // there is one before this operation
  assign sa           = alloc_flight_i.sa;
  assign tail         = tail_q[sa];
  assign behind       = alloc_link_i && busy_q[tail] && linked_q[tail] && sa_q[tail] == sa && !(commit_take_i && pick_q == tail);
  assign query_tail   = tail_q[query_sa_i];
  assign query_busy_o = busy_q[query_tail] && linked_q[query_tail] && sa_q[query_tail] == query_sa_i;

  // ---- what may be committed: lowest slot first above the last one
  logic [Slots-1:0] ready, above, choice;
  logic [IdW-1:0]   first;
  assign ready  = busy_q & head_q & done_q;
  assign above  = ready & ~((Slots'(2) << pick_q) - Slots'(1));
  assign choice = above != '0 ? above : ready;
  always_comb begin
    first = '0;
    for (int unsigned i = 0; i < Slots; i++) begin
      if (choice[Slots - 1 - i]) first = IdW'(Slots - 1 - i);
    end
  end
  assign commit_valid_o  = pick_valid_q;
  assign commit_id_o     = pick_q;
  assign commit_flight_o = flight_q[pick_q];
  assign {commit_status_o, commit_length_o, commit_sure_o, commit_counter_o} = res_q[pick_q];
  assign commit_err_o    = err_q[pick_q];
  assign dst_o           = dst_q[dst_id_i];
  assign idle_o          = busy_q == '0;

  always_ff @(posedge clk_i) begin
    if (alloc_i) begin
      flight_q[cand_q] <= alloc_flight_i;
      dst_q[cand_q]    <= alloc_dst_i;
      sa_q[cand_q]     <= sa;
    end
    if (alloc_i && alloc_link_i) tail_q[sa] <= cand_q;
    if (alloc_i && behind) next_q[tail] <= cand_q;
    if (res_valid_i) res_q[res_id_i] <= {res_status_i, res_length_i, res_sure_i, res_counter_i};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q       <= '0;
      linked_q     <= '0;
      head_q       <= '0;
      done_q       <= '0;
      follow_q     <= '0;
      err_q        <= '0;
      cand_q       <= '0;
      pick_q       <= '0;
      pick_valid_q <= 1'b0;
    end else begin
      if (alloc_i || !id_valid_o) cand_q <= cand_q + 1'b1;
      if (!pick_valid_q) begin
        pick_q       <= first;
        pick_valid_q <= ready != '0;
      end else if (commit_take_i) begin
        pick_valid_q <= 1'b0;
      end
      if (done_valid_i) begin
        done_q[done_id_i] <= 1'b1;
        err_q[done_id_i]  <= done_err_i;
      end
      if (alloc_i) begin
        busy_q[cand_q]   <= 1'b1;
        linked_q[cand_q] <= alloc_link_i;
        head_q[cand_q]   <= !behind;
        done_q[cand_q]   <= alloc_flight_i.direct;
        follow_q[cand_q] <= 1'b0;
        err_q[cand_q]    <= 1'b0;
        if (behind) follow_q[tail] <= 1'b1;
      end
      if (commit_take_i) begin
        busy_q[pick_q] <= 1'b0;
        if (follow_q[pick_q]) head_q[next_q[pick_q]] <= 1'b1;
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!alloc_i || id_valid_o);
      assert (!done_valid_i || (busy_q[done_id_i] && !done_q[done_id_i]));
      assert (!commit_take_i || pick_valid_q);
    end
  end
`endif
endmodule
`default_nettype wire
