// SPDX-License-Identifier: Apache-2.0
//
// Fetches submission entries of the I/O queues: round robin, up to 8 contiguous entries in one reading, into 32 places. They
// come out in the order of fetching, 512 bits with the number of their queue, one every 6 clocks. An entry that could not be
// read comes out with err. Every entry here has a completion slot reserved, so none waits for another queue's host.
`default_nettype none

module queue_fetch #(
  parameter int unsigned IoQueues = 2,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                enable_i,       // bus mastering is on and the card is ready
  input  logic [4*Queues-1:0] want_i,
  input  logic [Queues-1:0]   hold_i,         // take nothing from these
  // Taking from a queue (queue_state).
  output logic                take_o,
  output logic [3:0]          take_queue_o,
  output logic [3:0]          take_count_o,
  input  logic [63:0]         take_addr_i,
  input  logic                take_grant_i,   // the port of queue_state is ours this clock
  // Reading (pcie_rd_split), its data and its end.
  output logic                rd_valid_o,
  input  logic                rd_ready_i,
  output logic [63:0]         rd_addr_o,
  output logic [14:0]         rd_len_o,
  output logic [14:0]         rd_pos_o,
  input  logic                wr_valid_i,
  input  logic [6:0]          wr_addr_i,
  input  logic [15:0]         wr_be_i,
  input  logic [127:0]        wr_data_i,
  input  logic                end_valid_i,
  input  logic                end_err_i,
  // Entries.
  output logic                out_valid_o,
  input  logic                out_ready_i,
  output logic [511:0]        out_entry_o,
  output logic [3:0]          out_queue_o,
  output logic                out_err_o,
  output logic                idle_o
);
  // ---- which queue
  logic [3:0] turn_q, pick_q;
  logic       pick_valid_q, asked_q;  // asked: addr is the picked queue's
  logic [63:0] addr_q;
  logic [5:0] used_q;
  logic [4:0] place_q;
  logic [3:0] count;
  logic       leave;

  logic [63:0] wants;  // four bits for each of 16 queues
  logic [15:0] held;
  assign wants = 64'(want_i);
  assign held  = 16'(hold_i);
  assign count = wants[{pick_q, 2'b00} +: 4];

  // A queue is looked at every clock; one that wants something is kept until its reading has begun.
  assign take_queue_o = pick_q;
  assign take_count_o = count;
  assign rd_valid_o   = pick_valid_q && asked_q && take_grant_i && used_q <= 6'd24 && count != 4'd0;  // 0: stopped meanwhile
  assign rd_addr_o    = addr_q;
  assign rd_len_o     = {5'd0, count, 6'd0};
  assign rd_pos_o     = {4'd0, place_q, 6'd0};
  assign take_o       = rd_valid_o && rd_ready_i;

  always_ff @(posedge clk_i) begin
    addr_q  <= take_addr_i;
    asked_q <= rst_ni && pick_valid_q && take_grant_i && !take_o;
    if (!rst_ni) begin
      turn_q       <= 4'd1;
      pick_q       <= 4'd1;
      pick_valid_q <= 1'b0;
      used_q       <= 6'd0;
      place_q      <= 5'd0;
    end else begin
      if (!pick_valid_q) begin
        turn_q       <= turn_q == 4'(IoQueues) ? 4'd1 : turn_q + 4'd1;
        pick_q       <= turn_q;
        pick_valid_q <= enable_i && wants[{turn_q, 2'b00} +: 4] != 4'd0 && !held[turn_q];
      end else if (take_o || !enable_i || count == 4'd0) begin
        pick_valid_q <= 1'b0;
      end
      used_q <= used_q + (take_o ? {2'd0, count} : 6'd0) - {5'd0, leave};
      if (take_o) place_q <= place_q + {1'b0, count};
    end
  end

  // ---- readings under way, and those that have ended
  // Each has an entry at least, so neither FIFO can hold more than there are places.
  logic       way_room, way_valid, ended_room, ended_valid, ended_pop, ended_err;
  logic [3:0] way_queue, way_count, ended_queue, ended_count;
  logic [5:0] way_level, ended_level;
  sluice_fifo #(
    .Width(8), .DepthLog2(5)
  ) u_way (
    .clk_i, .rst_ni,
    .in_valid_i(take_o), .in_ready_o(way_room), .in_data_i({pick_q, count}),
    .out_valid_o(way_valid), .out_ready_i(end_valid_i), .out_data_o({way_queue, way_count}), .level_o(way_level)
  );
  sluice_fifo #(
    .Width(9), .DepthLog2(5)
  ) u_ended (
    .clk_i, .rst_ni,
    .in_valid_i(end_valid_i), .in_ready_o(ended_room), .in_data_i({end_err_i, way_queue, way_count}),
    .out_valid_o(ended_valid), .out_ready_i(ended_pop), .out_data_o({ended_err, ended_queue, ended_count}), .level_o(ended_level)
  );

  // ---- places
  (* ram_style = "distributed" *) logic [127:0] mem_q [128];
  logic [127:0] read_q;
  logic [6:0]   read_addr;
  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 16; b++) begin
      if (wr_valid_i && wr_be_i[b]) mem_q[wr_addr_i][8*b +: 8] <= wr_data_i[8*b +: 8];
    end
    read_q <= mem_q[read_addr];
  end

  // ---- out: four words, the first asked for one clock ahead
  logic [2:0]   step_q;    // 0 ask, 1 to 4 take a word, 5 there
  logic [4:0]   out_place_q;
  logic [3:0]   done_q;    // entries of the oldest reading that have left
  logic [511:0] entry_q;
  assign read_addr   = {out_place_q, step_q[1:0]};
  assign out_valid_o = step_q == 3'd5;
  assign out_entry_o = entry_q;
  assign out_queue_o = ended_queue;
  assign out_err_o   = ended_err;
  assign leave       = out_valid_o && out_ready_i;
  assign ended_pop   = leave && done_q + 4'd1 == ended_count;

  always_ff @(posedge clk_i) begin
    if (step_q >= 3'd1 && step_q <= 3'd4) entry_q <= {read_q, entry_q[511:128]};
    if (!rst_ni) begin
      step_q      <= 3'd0;
      out_place_q <= 5'd0;
      done_q      <= 4'd0;
    end else if (leave) begin
      step_q      <= 3'd0;
      out_place_q <= out_place_q + 5'd1;
      done_q      <= ended_pop ? 4'd0 : done_q + 4'd1;
    end else if (step_q != 3'd5 && (step_q != 3'd0 || ended_valid)) begin
      step_q <= step_q + 3'd1;
    end
  end

  assign idle_o = used_q == 6'd0 && !pick_valid_q && (want_i[4*Queues-1:4] == '0 || !enable_i);

  logic unused;
  assign unused = &{1'b0, way_room, way_valid, way_level, ended_room, ended_level};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!take_o || (way_room && count != 4'd0));
      assert (!end_valid_i || (way_valid && ended_room));
      assert (used_q <= 6'd32);
    end
  end
`endif
endmodule
`default_nettype wire
