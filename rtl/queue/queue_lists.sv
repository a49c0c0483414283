// SPDX-License-Identifier: Apache-2.0
//
// Page lists: reads the lists of an operation as soon as it has its slot, long before a lane has time for it, and keeps them: 8
// entries of 8 bytes for the source and 8 for the destination of each slot, more than any operation needs. Readings end in the
// order in which they were begun. Whether a slot's list is there is told by a bit that turns with each list (got); its user
// knows what it will be (turn). So is whether a needed entry of a destination behind the first does not begin a page (stray): a
// part must not begin then.
`default_nettype none

module queue_lists #(
  localparam int unsigned IdW = sluice_pkg::IdW
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  // An operation with a list gets its slot.
  output logic               ready_o,
  input  logic               put_i,
  input  logic [IdW-1:0]     put_id_i,
  input  card_pkg::work_t    put_work_i,
  output logic               put_src_turn_o,
  output logic               put_dst_turn_o,
  // Reading (pcie_rd_split), its data and its end.
  output logic               rd_valid_o,
  input  logic               rd_ready_i,
  output logic [63:0]        rd_addr_o,
  output logic [14:0]        rd_len_o,
  output logic [14:0]        rd_pos_o,
  input  logic               wr_valid_i,
  input  logic [10:0]        wr_addr_i,
  input  logic [15:0]        wr_be_i,
  input  logic [127:0]       wr_data_i,
  input  logic               end_valid_i,
  input  logic               end_err_i,
  // Are they there (queue_issue), and without an error?
  input  logic [IdW-1:0]     look_id_i,
  output logic               src_got_o,
  output logic               src_err_o,
  output logic               dst_got_o,
  output logic               dst_bad_o,     // an error, or a stray
  input  logic [IdW-1:0]     dst_err_id_i,
  output logic               dst_err_o,
  // Two entries, one clock after they are asked for: slot, entry / 2.
  input  logic [IdW+1:0]     src_addr_i,
  output logic [127:0]       src_data_o,
  input  logic [IdW+1:0]     dst_addr_i,
  output logic [127:0]       dst_data_o,
  output logic               idle_o
);
  localparam int unsigned Slots = 1 << IdW;
  localparam int unsigned PutW  = IdW + 2 + 2 + 6 + 128;

  // ---- lists that are to be read
  logic            in_valid, in_src, in_dst, in_src_turn, in_dst_turn, done_src_q, at_dst, last, sent, way_room, way_valid;
  logic [IdW-1:0]  in_id;
  logic [2:0]      in_src_pages, in_dst_last, level;
  logic [63:0]     in_src_addr, in_dst_addr;
  sluice_fifo #(
    .Width(PutW), .DepthLog2(2)
  ) u_in (
    .clk_i, .rst_ni, .in_valid_i(put_i), .in_ready_o(ready_o),
    .in_data_i({put_id_i, put_work_i.src_list, put_work_i.dst_list, put_src_turn_o, put_dst_turn_o, put_work_i.src_pages,
                put_work_i.dst_end[14:12], put_work_i.src, put_work_i.dst}),
    .out_valid_o(in_valid), .out_ready_i(sent && last),
    .out_data_o({in_id, in_src, in_dst, in_src_turn, in_dst_turn, in_src_pages, in_dst_last, in_src_addr, in_dst_addr}),
    .level_o(level)
  );
  assign at_dst     = !in_src || done_src_q;
  assign last       = at_dst || !in_dst;
  assign rd_valid_o = in_valid && way_room;
  assign rd_addr_o  = at_dst ? in_dst_addr : in_src_addr;
  assign rd_len_o   = {9'd0, at_dst ? in_dst_last + 3'd1 : in_src_pages, 3'd0};
  assign rd_pos_o   = {1'b0, at_dst, in_id, 6'd0};
  assign sent       = rd_valid_o && rd_ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) done_src_q <= 1'b0;
    else if (sent) done_src_q <= !last;
  end

  // ---- lists under way
  logic           end_dst, end_turn;
  logic [IdW-1:0] end_id;
  logic [4:0]     way_level;
  sluice_fifo #(
    .Width(2 + IdW), .DepthLog2(4)
  ) u_way (
    .clk_i, .rst_ni, .in_valid_i(sent), .in_ready_o(way_room), .in_data_i({at_dst, at_dst ? in_dst_turn : in_src_turn, in_id}),
    .out_valid_o(way_valid), .out_ready_i(end_valid_i), .out_data_o({end_dst, end_turn, end_id}), .level_o(way_level)
  );
  assign idle_o = !in_valid && !way_valid;

  logic [1:0] src_end_q [Slots];
  logic [1:0] dst_end_q [Slots];
  logic       put_src_got, put_src_err, put_dst_got, put_dst_err, dst_end_err, dst_err_got;
  assign {put_src_got, put_src_err}   = src_end_q[put_id_i];
  assign {put_dst_got, put_dst_err}   = dst_end_q[put_id_i];
  assign {src_got_o, src_err_o}       = src_end_q[look_id_i];
  assign {dst_got_o, dst_end_err}     = dst_end_q[look_id_i];
  assign {dst_err_got, dst_err_o}     = dst_end_q[dst_err_id_i];
  assign put_src_turn_o = !put_src_got;
  assign put_dst_turn_o = !put_dst_got;
  always_ff @(posedge clk_i) begin
    if (end_valid_i && way_valid && !end_dst) src_end_q[end_id] <= {end_turn, end_err_i};
    if (end_valid_i && way_valid && end_dst)  dst_end_q[end_id] <= {end_turn, end_err_i};
  end

  // ---- strays: entries that do not begin a page. What is found in a list are three bits of its slot, each of them kept as two,
  // which a new list makes equal and the find makes differ. Of the entries that are read the last one alone may not be needed.
  localparam int unsigned Strays = 0, LastStrays = 1, NeedsLast = 2;
  logic [2:0]     found_q [Slots];
  logic [2:0]     clean_q [Slots];
  logic [14:0]    end_q   [Slots];
  logic [2:0]     find, old, clean, found;
  logic [14:0]    dst_end;
  logic           low, high, low_last, high_last;
  logic [IdW-1:0] wr_id;
  assign wr_id     = wr_addr_i[IdW+1:2];
  assign dst_end   = end_q[wr_id];
  assign low       = wr_be_i[0] && wr_addr_i[1:0] != 2'd0 && wr_data_i[11:0] != 12'd0;
  assign high      = wr_be_i[8] && wr_data_i[75:64] != 12'd0;
  assign low_last  = dst_end[14:12] == {wr_addr_i[1:0], 1'b0};
  assign high_last = dst_end[14:12] == {wr_addr_i[1:0], 1'b1};
  always_comb begin
    find[Strays]     = (low && !low_last) || (high && !high_last);
    find[LastStrays] = (low && low_last) || (high && high_last);
    find[NeedsLast]  = wr_be_i[0] && wr_addr_i[1:0] == 2'd0 && dst_end[11:0] >= ~wr_data_i[11:0];
  end
  assign old       = found_q[wr_id];
  assign clean     = clean_q[wr_id];
  assign found     = found_q[look_id_i] ^ clean_q[look_id_i];
  assign dst_bad_o = dst_end_err || found[Strays] || (found[LastStrays] && found[NeedsLast]);
  always_ff @(posedge clk_i) begin
    if (put_i) begin
      clean_q[put_id_i] <= found_q[put_id_i];
      end_q[put_id_i]   <= put_work_i.dst_end;
    end
    if (wr_valid_i && wr_addr_i[IdW+2]) found_q[wr_id] <= (old & ~find) | (~clean & find);
  end

  // ---- their entries
  logic [127:0] src_q [4 * Slots];
  logic [127:0] dst_q [4 * Slots];
  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 16; b++) begin
      if (wr_valid_i && !wr_addr_i[IdW+2] && wr_be_i[b]) src_q[wr_addr_i[IdW+1:0]][8*b +: 8] <= wr_data_i[8*b +: 8];
    end
    src_data_o <= src_q[src_addr_i];
  end
  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 16; b++) begin
      if (wr_valid_i && wr_addr_i[IdW+2] && wr_be_i[b]) dst_q[wr_addr_i[IdW+1:0]][8*b +: 8] <= wr_data_i[8*b +: 8];
    end
    dst_data_o <= dst_q[dst_addr_i];
  end

  logic unused;
  assign unused = &{1'b0, put_work_i, level, way_level, put_src_err, put_dst_err, dst_err_got, wr_addr_i[10]};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!put_i || ready_o);
      assert (!end_valid_i || way_valid);
    end
  end
`endif
endmodule
`default_nettype wire
