// SPDX-License-Identifier: Apache-2.0
//
// Transmit arbiter: one frame after another onto the stream. Completions go first; small writes, results and reads take turns
// where they wait, so that none starves. Writes of the two kinds may pass one another: what must stay behind is made after the
// other has left. A frame that is offered has all it needs (credits, data), so none makes another wait. One clock.
`default_nettype none

module pcie_tx_arb (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         hold_i,          // no new posted write or read
  input  logic         cut_i,           // their makers are in reset: a frame of theirs that is still under way is cut
  // Completions 0, small posted writes 1, results 2, reads 3.
  input  logic [3:0]   in_valid_i,
  output logic [3:0]   in_ready_o,
  input  logic [511:0] in_data_i,
  input  logic [63:0]  in_keep_i,
  input  logic [3:0]   in_last_i,
  output logic [127:0] tx_data_o,
  output logic [15:0]  tx_keep_o,
  output logic         tx_last_o,
  output logic         tx_valid_o,
  input  logic         tx_ready_i,
  output logic         quiet_o,         // no posted frame or read is under way
  output logic         idle_o
);
  logic         locked_q, valid_q, last_q;
  logic [1:0]   lock_q, turn_q, sel;
  logic [127:0] data_q;
  logic [15:0]  keep_q;
  logic         room, any;
  logic [3:1]   want;

  assign room = !valid_q || tx_ready_i;
  assign want = hold_i ? 3'b000 : in_valid_i[3:1];
  always_comb begin
    // turn is who went last: the others come before it.
    unique case (turn_q)
      2'd1:    sel = want[2] ? 2'd2 : want[3] ? 2'd3 : 2'd1;
      2'd2:    sel = want[3] ? 2'd3 : want[1] ? 2'd1 : 2'd2;
      default: sel = want[1] ? 2'd1 : want[2] ? 2'd2 : 2'd3;
    endcase
    any = in_valid_i[0] || want != 3'b000;
    if (in_valid_i[0]) sel = 2'd0;
    if (locked_q) begin
      sel = lock_q;
      any = in_valid_i[lock_q];
    end
    in_ready_o      = 4'b0000;
    in_ready_o[sel] = room && any;
  end

  assign tx_valid_o = valid_q;
  assign tx_data_o  = data_q;
  assign tx_keep_o  = keep_q;
  assign tx_last_o  = last_q;
  assign quiet_o    = !locked_q || lock_q == 2'd0;
  assign idle_o     = !valid_q && !locked_q;

  always_ff @(posedge clk_i) begin
    if (room) begin
      data_q <= in_data_i[{sel, 7'd0} +: 128];
      keep_q <= in_keep_i[{sel, 4'd0} +: 16];
      last_q <= in_last_i[sel];
    end
    if (!rst_ni) begin
      valid_q  <= 1'b0;
      locked_q <= 1'b0;
      lock_q   <= 2'd0;
      turn_q   <= 2'd3;
    end else if (cut_i && locked_q && lock_q != 2'd0) begin
      valid_q  <= 1'b0;
      locked_q <= 1'b0;
    end else if (room) begin
      valid_q <= any;
      if (any) begin
        locked_q <= !in_last_i[sel];
        lock_q   <= sel;
        if (sel != 2'd0) turn_q <= sel;
      end
    end
  end

`ifndef SYNTHESIS
  logic         held_q;
  logic [144:0] was_q;
  always_ff @(posedge clk_i) begin
    held_q <= rst_ni && !cut_i && tx_valid_o && !tx_ready_i;
    was_q  <= {tx_last_o, tx_keep_o, tx_data_o};
    if (held_q && rst_ni) assert (tx_valid_o && was_q == {tx_last_o, tx_keep_o, tx_data_o});
  end
`endif
endmodule
`default_nettype wire
