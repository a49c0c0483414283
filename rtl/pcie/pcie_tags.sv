// SPDX-License-Identifier: Apache-2.0
//
// Read tags: who waits for what, completion credits, time-outs, and the end of a reading in the order in which it was begun.
//
// A client (0 lanes, 1 submission entries, 2 admin, 3 page lists) begins reads one after another; data of different tags
// may come in any order and is written where it belongs at once, so nothing is reordered but the ends: an order FIFO names the
// tags as they were begun, and its head leaves when its data is there. A tag whose time is up ends with an error and stays in
// quarantine until its last completion comes or the function is reset; what still comes for it is not written. Its credits come
// back with the time-out: a card that kept them would stop for good after a few lost completions.
//
// Credits (PCIe base specification, flow control of completions): a read reserves the header credits of as many completions as
// there could be, one for each 64 or 128 bytes touched, and its data, 16 bytes each; each completion gives back its part.
`default_nettype none

module pcie_tags #(
  parameter int unsigned Tags        = 32,  // a power of two, at most 32
  parameter int unsigned TimeoutLog2 = 20   // a read is given up after 3/4 to 1 of 2^n clocks
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        flush_i,       // function reset: every tag is free at once
  input  logic        forget_i,      // jobs under way will have no last read: forget their errors
  input  logic        cfg_rcb_i,
  input  logic [7:0]  cfg_cpl_hdr_i, // 0: infinite
  input  logic [11:0] cfg_cpl_data_i,
  // A read begins. none: there is no TLP (nothing to read, or not allowed: then with err).
  input  logic        issue_wait_i,    // one is there, with all that follows, until it begins
  input  logic        issue_valid_i,   // and may begin
  output logic        issue_ready_o,  // 2 clocks after wait at the soonest
  input  logic        issue_none_i,
  input  logic        issue_err_i,
  input  logic [1:0]  issue_client_i,
  input  logic [4:0]  issue_lane_i,
  input  logic [14:0] issue_pos_i,   // byte address in the client's memory
  input  logic [9:0]  issue_len_i,   // 1 to 512
  input  logic [6:0]  issue_low_i,   // low bits of the DMA address
  input  logic        issue_last_i,
  output logic [4:0]  issue_tag_o,
  // A read whose header was never sent.
  input  logic        cancel_valid_i,
  input  logic [4:0]  cancel_tag_i,
  // A completion asks about its tag (take) and is told a clock later, until another one asks. known: something may still come;
  // live: its data is wanted.
  input  logic        look_valid_i,
  input  logic        look_take_i,
  input  logic [4:0]  look_tag_i,
  output logic        look_known_o,
  output logic        look_live_o,
  output logic [1:0]  look_client_o,
  output logic [4:0]  look_lane_o,
  output logic [14:0] look_pos_o,    // where the next byte goes
  output logic [9:0]  look_left_o,   // bytes that are still to come
  output logic [6:0]  look_low_o,
  // It is here with its answer (wait), or was taken: so many bytes come, or it ended the read without data.
  input  logic        prog_wait_i,
  input  logic        prog_valid_i,
  input  logic [9:0]  prog_bytes_i,
  input  logic        prog_fail_i,
  input  logic        prog_last_i,   // nothing is left
  // The data of a completion has been written: err is sticky, done ends the tag.
  input  logic        event_valid_i,
  input  logic [4:0]  event_tag_i,
  input  logic        event_done_i,
  input  logic        event_err_i,
  // The oldest read ended. With last, err tells of every read of the job.
  output logic        ret_valid_o,
  output logic [1:0]  ret_client_o,
  output logic [4:0]  ret_lane_o,
  output logic        ret_last_o,
  output logic        ret_err_o,
  output logic        timeout_o,
  output logic        stall_o,         // a read waits for a tag or credits
  output logic [31:0] state_o,
  output logic        idle_o         // nothing is waited for
);
  localparam int unsigned InfoW = 2 + 5 + 15 + 10 + 7;

  logic [Tags-1:0]   busy_q, done_q, err_q, quar_q, fresh_q, age0_q, age1_q;
  logic [InfoW-1:0]  info_q [Tags];
  logic [9:0]        got_q [Tags];
  logic [4:0]        cand_q;
  logic [8:0]        hdr_used_q;
  logic [12:0]       data_used_q;
  logic              rcb_q;

  // Header credits of what is left: pieces of 64 or 128 bytes touched. Data credits: words of 16 bytes touched.
  function automatic logic [3:0] headers(input logic wide, input logic [6:0] low, input logic [9:0] left);
    headers = left == 10'd0 ? 4'd0 : wide ? 4'((left + {3'd0, low} + 10'd127) >> 7) : 4'((left + {4'd0, low[5:0]} + 10'd63) >> 6);
  endfunction
  function automatic logic [5:0] words(input logic [3:0] low, input logic [9:0] left);
    words = left == 10'd0 ? 6'd0 : 6'((left + {6'd0, low} + 10'd15) >> 4);
  endfunction

  // ---- begin: what is needed, then whether it is there, which stays so until the read begins
  logic [3:0]  need_hdr_q;
  logic [5:0]  need_data_q;
  logic        needs_q, ok_q, credit_ok, order_ready, issue, issue_tagged;
  assign credit_ok    = (cfg_cpl_hdr_i == 8'd0 || hdr_used_q + {5'd0, need_hdr_q} <= {1'b0, cfg_cpl_hdr_i}) &&
                        (cfg_cpl_data_i == 12'd0 || data_used_q + {7'd0, need_data_q} <= {1'b0, cfg_cpl_data_i});
  assign issue_tag_o   = cand_q;
  assign issue_ready_o = order_ready && needs_q && (issue_none_i || ok_q);
  assign issue         = issue_valid_i && issue_ready_o;
  assign issue_tagged  = issue && !issue_none_i;
  always_ff @(posedge clk_i) begin
    need_hdr_q  <= headers(rcb_q, issue_low_i, issue_len_i);
    need_data_q <= words(issue_low_i[3:0], issue_len_i);
    needs_q     <= rst_ni && !flush_i && !forget_i && issue_wait_i && !issue;
    ok_q        <= rst_ni && !flush_i && !forget_i && needs_q && !issue && !busy_q[cand_q] && !quar_q[cand_q] && credit_ok;
    stall_o     <= issue_wait_i && needs_q && !issue_ready_o;
  end

  // ---- look up; what came so far counts from 0 for a fresh tag
  logic [9:0]  len, got, got_q2, len_q;
  logic [6:0]  low;
  logic [14:0] pos;
  logic [4:0]  lane, tag_q;
  logic [1:0]  client;
  logic        live;
  assign {client, lane, pos, len, low} = info_q[look_tag_i];
  assign got  = fresh_q[look_tag_i] ? 10'd0 : got_q[look_tag_i];
  assign live = busy_q[look_tag_i] && !done_q[look_tag_i];
  always_ff @(posedge clk_i) begin
    if (look_take_i) begin
      tag_q         <= look_tag_i;
      look_known_o  <= live || quar_q[look_tag_i];
      look_live_o   <= live && !quar_q[look_tag_i];
      look_client_o <= client;
      look_lane_o   <= lane;
      look_left_o   <= len - got;
      look_low_o    <= low + got[6:0];
      look_pos_o    <= pos + {5'd0, got};
      len_q         <= len;
      got_q2        <= got;
    end
  end

  // ---- credits come back: of a completion, and of a tag that is cancelled or whose time is up, everything that is left. First
  // what was left of the read and what is left now, then the difference.
  logic        back_q, drop_q;
  logic [9:0]  left_after, back_left_q, back_after_q;
  logic [6:0]  back_low_q, back_low_after_q;
  logic [4:0]  give_hdr_q;
  logic [6:0]  give_data_q;
  assign left_after = prog_fail_i ? 10'd0 : look_left_o - prog_bytes_i;

  // Tags are looked at in turn for their time. One whose completion is being looked at is left alone, its time begins anew.
  logic [4:0]  scan_q, drop_tag;
  logic [16:0] drop_info;
  logic [9:0]  drop_got, drop_left_q;
  logic [6:0]  drop_low_q;
  logic        expire, drop;
  assign drop_tag  = cancel_valid_i ? cancel_tag_i : scan_q;
  assign drop_info = 17'(info_q[drop_tag]);
  assign drop_got  = fresh_q[drop_tag] ? 10'd0 : got_q[drop_tag];
  assign expire    = !cancel_valid_i && busy_q[scan_q] && !done_q[scan_q] && age1_q[scan_q] && age0_q[scan_q] &&
                     !(look_valid_i && look_tag_i == scan_q) && !(prog_wait_i && tag_q == scan_q);
  assign drop      = cancel_valid_i || expire;

  logic [3:0] back_hdr, drop_hdr;
  logic [5:0] back_data, drop_data;
  assign back_hdr  = headers(rcb_q, back_low_q, back_left_q) - headers(rcb_q, back_low_after_q, back_after_q);
  assign back_data = words(back_low_q[3:0], back_left_q) - words(back_low_after_q[3:0], back_after_q);
  assign drop_hdr  = headers(rcb_q, drop_low_q, drop_left_q);
  assign drop_data = words(drop_low_q[3:0], drop_left_q);
  always_ff @(posedge clk_i) begin
    back_left_q      <= look_left_o;
    back_low_q       <= look_low_o;
    back_after_q     <= left_after;
    back_low_after_q <= look_low_o + prog_bytes_i[6:0];
    drop_left_q      <= drop_info[16:7] - drop_got;
    drop_low_q       <= drop_info[6:0] + drop_got[6:0];
    if (!rst_ni || flush_i) begin
      back_q      <= 1'b0;
      drop_q      <= 1'b0;
      give_hdr_q  <= 5'd0;
      give_data_q <= 7'd0;
    end else begin
      back_q      <= prog_valid_i && busy_q[tag_q] && !done_q[tag_q] && !quar_q[tag_q];
      drop_q      <= drop;
      give_hdr_q  <= (back_q ? {1'b0, back_hdr} : 5'd0) + (drop_q ? {1'b0, drop_hdr} : 5'd0);
      give_data_q <= (back_q ? {1'b0, back_data} : 7'd0) + (drop_q ? {1'b0, drop_data} : 7'd0);
    end
  end

  // ---- order and end
  logic       order_valid, order_tagged, order_err, order_last, ret_pop, ret_err;
  logic [4:0] order_tag;
  logic [1:0] order_client;
  logic [4:0] order_lane;
  logic [6:0] order_level;
  logic [3:0] sticky_q;
  sluice_fifo #(
    .Width(15), .DepthLog2(6)
  ) u_order (
    .clk_i, .rst_ni(rst_ni && !flush_i),
    .in_valid_i(issue), .in_ready_o(order_ready),
    .in_data_i({!issue_none_i, issue_err_i, cand_q, issue_client_i, issue_lane_i, issue_last_i}),
    .out_valid_o(order_valid), .out_ready_i(ret_pop),
    .out_data_o({order_tagged, order_err, order_tag, order_client, order_lane, order_last}),
    .level_o(order_level)
  );
  assign ret_pop      = order_valid && (!order_tagged || done_q[order_tag]);
  assign ret_err      = order_err || (order_tagged && err_q[order_tag]) || sticky_q[order_client];
  assign idle_o       = order_level == 7'd0 && !ret_valid_o;
  always_ff @(posedge clk_i) begin
    ret_valid_o  <= rst_ni && !flush_i && ret_pop;
    ret_client_o <= order_client;
    ret_lane_o   <= order_lane;
    ret_last_o   <= order_last;
    ret_err_o    <= ret_err;
  end

  // ---- time
  logic [TimeoutLog2-3:0] tick_q;
  logic                   tick;
  assign tick      = &tick_q;
  assign timeout_o = expire;
  assign state_o   = {{(32 - Tags){1'b0}}, busy_q | quar_q};

  always_ff @(posedge clk_i) begin
    if (issue_tagged) begin
      info_q[cand_q] <= {issue_client_i, issue_lane_i, issue_pos_i, issue_len_i, issue_low_i};
    end
    if (prog_valid_i) got_q[tag_q] <= prog_fail_i ? len_q : got_q2 + prog_bytes_i;

    if (!rst_ni || flush_i) begin
      busy_q      <= '0;
      quar_q      <= '0;
      done_q      <= '0;
      err_q       <= '0;
      fresh_q     <= '0;
      age0_q      <= '0;
      age1_q      <= '0;
      sticky_q    <= '0;
      cand_q      <= '0;
      scan_q      <= '0;
      hdr_used_q  <= '0;
      data_used_q <= '0;
      tick_q      <= '0;
      rcb_q       <= cfg_rcb_i;
    end else begin
      tick_q <= tick_q + 1'b1;
      if (hdr_used_q == 9'd0 && !issue_wait_i) rcb_q <= cfg_rcb_i;
      hdr_used_q  <= hdr_used_q + (issue_tagged ? {5'd0, need_hdr_q} : 9'd0) - {4'd0, give_hdr_q};
      data_used_q <= data_used_q + (issue_tagged ? {7'd0, need_data_q} : 13'd0) - {6'd0, give_data_q};

      if (tick) begin
        age0_q <= (~age0_q | age1_q) & busy_q;  // 0, 1, 2, 3 and no further
        age1_q <= (age1_q | age0_q) & busy_q;
      end
      if (!cancel_valid_i) scan_q <= (scan_q + 5'd1) & 5'(Tags - 1);
      if (expire) quar_q[scan_q] <= 1'b1;
      if (prog_valid_i) begin
        fresh_q[tag_q] <= 1'b0;
        age0_q[tag_q]  <= 1'b0;
        age1_q[tag_q]  <= 1'b0;
        if (prog_last_i) quar_q[tag_q] <= 1'b0;
      end
      if (event_valid_i) begin
        if (event_done_i) done_q[event_tag_i] <= 1'b1;
        if (event_err_i) err_q[event_tag_i] <= 1'b1;
      end
      if (drop) begin
        done_q[drop_tag] <= 1'b1;
        err_q[drop_tag]  <= 1'b1;
      end
      if (ret_pop) begin
        sticky_q[order_client] <= ret_err && !order_last;
        if (order_tagged) busy_q[order_tag] <= 1'b0;
      end
      if (forget_i) sticky_q <= '0;
      if (issue_tagged) begin
        busy_q[cand_q]  <= 1'b1;
        done_q[cand_q]  <= 1'b0;
        err_q[cand_q]   <= 1'b0;
        fresh_q[cand_q] <= 1'b1;
        age0_q[cand_q]  <= 1'b0;
        age1_q[cand_q]  <= 1'b0;
      end
      if (issue_tagged || busy_q[cand_q] || quar_q[cand_q]) cand_q <= (cand_q + 5'd1) & 5'(Tags - 1);
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && !flush_i) begin
      assert (!issue_tagged || (issue_len_i != 10'd0 && issue_len_i <= 10'd512));
      assert (!prog_valid_i || look_known_o);
      assert (!prog_valid_i || prog_last_i == (left_after == 10'd0));
      assert (!hdr_used_q[8] || cfg_cpl_hdr_i == 8'd0);
    end
  end
`endif
endmodule
`default_nettype wire
