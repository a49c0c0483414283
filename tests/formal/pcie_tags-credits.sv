  // SPDX-License-Identifier: Apache-2.0
  //
  // Credits, whatever the pool is: what the host may still send for reads whose time is not up is never more than the pool, and
  // what it no longer owes comes back, neither less nor more. Reads of 128 bytes at most: longer sums are more than the solver
  // can do. A read that waits stays as it is (pcie_rd_req), and so does the pool.
  logic [7:0]  fv_pool_hdr_q;
  logic [11:0] fv_pool_data_q;
  logic        fv_wait_q;
  logic [9:0]  fv_len_q;
  logic [6:0]  fv_low_q;
  always_ff @(posedge clk_i) begin
    fv_pool_hdr_q  <= cfg_cpl_hdr_i;
    fv_pool_data_q <= cfg_cpl_data_i;
    fv_wait_q      <= rst_ni && !flush_i && !forget_i && issue_wait_i && !issue;
    fv_len_q       <= issue_len_i;
    fv_low_q       <= issue_low_i;
  end
  always_comb begin
    if (fv_begun_q) begin
      assume (cfg_cpl_hdr_i == fv_pool_hdr_q && cfg_cpl_data_i == fv_pool_data_q);
      assume (cfg_cpl_hdr_i != 8'd0 && cfg_cpl_data_i != 12'd0);
      assume (issue_wait_i || !issue_valid_i);
      if (fv_wait_q) assume (issue_wait_i && issue_len_i == fv_len_q && issue_low_i == fv_low_q);
    end
  end

  // What the host may still send, by its own view: pieces of 64 or 128 bytes and words of 16 that are touched; and what a tag
  // holds, which is given back a clock later.
  logic [4*Tags-1:0] fv_hdr_q;
  logic [6*Tags-1:0] fv_data_q;
  logic [4:0]        fv_back_q, fv_drop_q;
  always_ff @(posedge clk_i) begin
    fv_back_q <= tag_q;
    fv_drop_q <= drop_tag;
  end
  for (genvar t = 0; t < Tags; t++) begin : g_credit
    logic [11:0] first, last;
    logic [6:0]  low;
    logic        due, back, gone;
    logic [3:0]  hdr, held_hdr_q;
    logic [5:0]  data, held_data_q;
    assign first = fv_at_q[t];
    assign low   = first[6:0];
    assign last  = first + {2'd0, fv_left_q[t]} - 12'd1;
    assign due   = fv_open_q[t] && !quar_q[t];
    assign hdr   = due ? headers(rcb_q, low, fv_left_q[t]) : 4'd0;
    assign data  = due ? words(low[3:0], fv_left_q[t]) : 6'd0;
    assign back  = back_q && fv_back_q == 5'(t);
    assign gone  = drop_q && fv_drop_q == 5'(t);
    assign fv_hdr_q[4*t +: 4]  = held_hdr_q;
    assign fv_data_q[6*t +: 6] = held_data_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni || flush_i) begin
        held_hdr_q  <= 4'd0;
        held_data_q <= 6'd0;
      end else if (issue_tagged && cand_q == 5'(t)) begin
        held_hdr_q  <= need_hdr_q;
        held_data_q <= need_data_q;
      end else if (back || gone) begin
        held_hdr_q  <= held_hdr_q - (back ? back_hdr : 4'd0) - (gone ? drop_hdr : 4'd0);
        held_data_q <= held_data_q - (back ? back_data : 6'd0) - (gone ? drop_data : 6'd0);
      end
    end
    always_comb begin
      if (rst_ni && fv_begun_q && !flush_i) begin
        if (due) assert (rcb_q ? 5'(hdr) == last[11:7] - first[11:7] + 5'd1 : 6'(hdr) == last[11:6] - first[11:6] + 6'd1);
        if (due) assert (8'(data) == last[11:4] - first[11:4] + 8'd1);
        // For the induction.
        if (back || gone) assert (busy_q[t]);
        if (fv_open_q[t]) assert (fv_left_q[t][9:8] == 2'd0);
        assert (6'(held_hdr_q) == 6'(hdr) + (back ? 6'(back_hdr) : 6'd0) + (gone ? 6'(drop_hdr) : 6'd0));
        assert (8'(held_data_q) == 8'(data) + (back ? 8'(back_data) : 8'd0) + (gone ? 8'(drop_data) : 8'd0));
      end
    end
  end
  always_comb begin
    if (rst_ni && fv_begun_q && !flush_i) begin
      assert (hdr_used_q == 9'(fv_hdr_q[3:0]) + 9'(fv_hdr_q[7:4]) + 9'(give_hdr_q));
      assert (data_used_q == 13'(fv_data_q[5:0]) + 13'(fv_data_q[11:6]) + 13'(give_data_q));
      if (fv_open_q == '0 && !back_q && !drop_q) assert (hdr_used_q == 9'(give_hdr_q) && data_used_q == 13'(give_data_q));
      assert (hdr_used_q <= {1'b0, cfg_cpl_hdr_i} && data_used_q <= {1'b0, cfg_cpl_data_i});
      // For the induction.
      if (needs_q) assert (need_hdr_q == headers(rcb_q, fv_low_q, fv_len_q) && need_data_q == words(fv_low_q[3:0], fv_len_q));
      if (needs_q) assert (fv_wait_q);
      if (back_q) assert (fv_back_q < 5'(Tags) && back_left_q <= FvMost && back_after_q <= back_left_q);
      if (back_q) assert (back_left_q[9:8] == 2'd0 && back_after_q[9:8] == 2'd0);
      if (back_q && back_after_q != 10'd0) assert (back_low_after_q == back_low_q + back_left_q[6:0] - back_after_q[6:0]);
      if (drop_q) assert (fv_drop_q < 5'(Tags) && drop_left_q <= FvMost && drop_left_q[9:8] == 2'd0);
      if (needs_q && ok_q) assert (credit_ok);
      if (fv_pend_q && fv_was_q) assert (look_low_o == fv_at_q[tag_q][6:0]);
    end
  end
