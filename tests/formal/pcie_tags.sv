  // SPDX-License-Identifier: Apache-2.0
  //
  // No tag is given out while completions for it may come, however late, and what is known of the rest of a read is right. The
  // host keeps its part: see the assumptions.
  logic fv_begun_q = 1'b0;
  always_ff @(posedge clk_i) fv_begun_q <= 1'b1;
  always_comb if (!fv_begun_q) assume (!rst_ni);

`ifdef credits
  localparam logic [9:0] FvMost = 10'd128;
`else
  localparam logic [9:0] FvMost = 10'd512;
  // Without end here.
  always_comb assume (cfg_cpl_hdr_i == 8'd0 && cfg_cpl_data_i == 12'd0);
`endif

  // The host's view: reads it has not answered to the end; and how far each is, by its own sums.
  logic [Tags-1:0] fv_open_q, fv_sent_q;
  logic [9:0]      fv_left_q [Tags];
  logic [11:0]     fv_at_q [Tags];
  // A header that has looked up its tag, whose read was under way then, until it is taken or thrown away.
  logic            fv_pend_q, fv_was_q, fv_drop;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || flush_i) fv_pend_q <= 1'b0;
    else if (look_take_i) fv_pend_q <= 1'b1;
    else if (prog_valid_i || fv_drop) fv_pend_q <= 1'b0;
    if (look_take_i) fv_was_q <= fv_open_q[look_tag_i];
    if (!rst_ni || flush_i) begin
      fv_open_q <= '0;
      fv_sent_q <= '0;
    end else begin
      if (issue_tagged) begin
        fv_open_q[issue_tag_o] <= 1'b1;
        fv_sent_q[issue_tag_o] <= 1'b0;
        fv_left_q[issue_tag_o] <= issue_len_i;
        fv_at_q[issue_tag_o]   <= {5'd0, issue_low_i};
      end
      if (cancel_valid_i) fv_open_q[cancel_tag_i] <= 1'b0;
      if (prog_valid_i) begin
        fv_sent_q[tag_q] <= 1'b1;
        fv_left_q[tag_q] <= prog_fail_i ? 10'd0 : fv_left_q[tag_q] - prog_bytes_i;
        fv_at_q[tag_q]   <= fv_at_q[tag_q] + {2'd0, prog_bytes_i};
        if (prog_fail_i || fv_left_q[tag_q] == prog_bytes_i) fv_open_q[tag_q] <= 1'b0;
      end
    end
  end
  always_comb begin
    if (fv_begun_q) begin
      assume (issue_tag_o < 5'(Tags) && look_tag_i < 5'(Tags) && cancel_tag_i < 5'(Tags) && event_tag_i < 5'(Tags));
      assume (issue_len_i >= 10'd1 && issue_len_i <= FvMost);
      // Headers come one after the other, for reads under way, of bytes that are asked for.
      assume (prog_wait_i == fv_pend_q && !(look_take_i && fv_pend_q) && (look_valid_i || !look_take_i));
      if (prog_valid_i) assume (fv_pend_q && fv_was_q && (prog_fail_i || prog_bytes_i <= fv_left_q[tag_q]));
      if (prog_valid_i) assume (prog_last_i == (prog_fail_i || prog_bytes_i == fv_left_q[tag_q]));
      // Data is done after its last completion was taken; a read is cancelled before it was sent, and only once.
      if (event_valid_i && event_done_i) assume (!fv_open_q[event_tag_i]);
      if (cancel_valid_i) assume (fv_open_q[cancel_tag_i] && !fv_sent_q[cancel_tag_i]);
      if (cancel_valid_i) assume (!quar_q[cancel_tag_i]);
      if (cancel_valid_i) assume (!(fv_pend_q && tag_q == cancel_tag_i) && !(look_take_i && look_tag_i == cancel_tag_i));
    end
  end

  always_comb begin
    if (rst_ni && fv_begun_q && !flush_i) begin
      if (issue_tagged) assert (!fv_open_q[issue_tag_o]);
      if (prog_valid_i) assert (look_known_o);
      if (prog_valid_i) assert (look_left_o == fv_left_q[tag_q]);
      if (prog_valid_i && look_live_o) assert (busy_q[tag_q] && !done_q[tag_q] && !quar_q[tag_q]);
    end
  end
  // For the induction.
  logic [InfoW-1:0] fv_info;
  assign fv_info = info_q[tag_q];
  always_comb begin
    if (rst_ni && fv_begun_q) assert (order_level <= 3'd4 && order_valid == (order_level != 3'd0) && order_ready == !order_level[2]);
    if (rst_ni && fv_begun_q && !flush_i) begin
      if (ok_q) assert (!busy_q[cand_q] && !quar_q[cand_q]);
      if (fv_pend_q) assert (tag_q < 5'(Tags));
      if (fv_pend_q && fv_was_q) begin
        assert (fv_open_q[tag_q] && look_known_o && look_left_o == fv_left_q[tag_q]);
        assert (len_q == fv_info[16:7] && got_q2 == (fresh_q[tag_q] ? 10'd0 : got_q[tag_q]));
        assert (look_live_o == (busy_q[tag_q] && !done_q[tag_q] && !quar_q[tag_q]));
      end
    end
  end
  for (genvar t = 0; t < Tags; t++) begin : g_fv
    logic [InfoW-1:0] info;
    assign info = info_q[t];
    always_comb begin
      if (rst_ni && fv_begun_q && !flush_i) begin
        if (fv_open_q[t]) assert ((busy_q[t] && !done_q[t]) || quar_q[t]);
        if (fv_open_q[t]) assert (fv_left_q[t] != 10'd0);
        if ((busy_q[t] && !done_q[t]) || quar_q[t]) begin
          assert (info[16:7] >= 10'd1 && info[16:7] <= FvMost);
          assert (fv_left_q[t] == info[16:7] - (fresh_q[t] ? 10'd0 : got_q[t]) && fv_left_q[t] <= info[16:7]);
          assert (fv_left_q[t] == 10'd0 || fv_at_q[t] == {5'd0, info[6:0]} + {2'd0, info[16:7] - fv_left_q[t]});
          assert (quar_q[t] || fv_open_q[t] || fv_left_q[t] == 10'd0);
        end
        if (busy_q[t] && !done_q[t]) assert (!quar_q[t]);
      end
    end
  end
