  // SPDX-License-Identifier: Apache-2.0
  //
  // No tag is given out while completions for it may come, however late, and what is known of the rest of a read is right. The
  // host keeps its part: see the assumptions.
  logic fv_begun_q = 1'b0;
  always_ff @(posedge clk_i) fv_begun_q <= 1'b1;
  always_comb if (!fv_begun_q) assume (!rst_ni);

  // The host's view: reads it has not answered to the end; and how far each is, by its own sums.
  logic [Tags-1:0] fv_open_q, fv_sent_q;
  logic [9:0]      fv_left_q [Tags];
  logic [11:0]     fv_at_q [Tags];
  logic [7:0]      fv_hdr_q;
  logic [11:0]     fv_data_q;
  logic            fv_wide_q;
  always_ff @(posedge clk_i) begin
    fv_hdr_q  <= cfg_cpl_hdr_i;
    fv_data_q <= cfg_cpl_data_i;
    fv_wide_q <= cfg_rcb_i;
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
        fv_sent_q[look_tag_i] <= 1'b1;
        fv_left_q[look_tag_i] <= prog_fail_i ? 10'd0 : fv_left_q[look_tag_i] - prog_bytes_i;
        fv_at_q[look_tag_i]   <= fv_at_q[look_tag_i] + {2'd0, prog_bytes_i};
        if (prog_fail_i || fv_left_q[look_tag_i] == prog_bytes_i) fv_open_q[look_tag_i] <= 1'b0;
      end
    end
  end
  always_comb begin
    if (fv_begun_q) begin
      // Without end: sums of credits are more than the solver can do.
      assume (cfg_cpl_hdr_i == 8'd0 && cfg_cpl_data_i == 12'd0);
      assume (issue_tag_o < 5'(Tags) && look_tag_i < 5'(Tags) && cancel_tag_i < 5'(Tags) && event_tag_i < 5'(Tags));
      assume (issue_len_i >= 10'd1 && issue_len_i <= 10'd512);
      // Completions for reads under way, of bytes that are asked for.
      if (prog_valid_i) assume (fv_open_q[look_tag_i] && (prog_fail_i || prog_bytes_i <= fv_left_q[look_tag_i]));
      // Data is done after its last completion was taken; a read is cancelled before it was sent, and only once.
      if (event_valid_i && event_done_i) assume (!fv_open_q[event_tag_i]);
      if (cancel_valid_i) assume (fv_open_q[cancel_tag_i] && !fv_sent_q[cancel_tag_i]);
      if (cancel_valid_i) assume (!quar_q[cancel_tag_i]);
      if (cancel_valid_i) assume (!(prog_valid_i && look_tag_i == cancel_tag_i));
    end
  end

  always_comb begin
    if (rst_ni && fv_begun_q && !flush_i) begin
      if (issue_tagged) assert (!fv_open_q[issue_tag_o]);
      if (prog_valid_i) assert (look_known_o);
      if (prog_valid_i && look_live_o) assert (look_left_o == fv_left_q[look_tag_i]);
    end
  end
  // For the induction.
  always_comb if (rst_ni && fv_begun_q) assert (order_level <= 7'd64);
  for (genvar t = 0; t < Tags; t++) begin : g_fv
    logic [InfoW-1:0] info;
    assign info = info_q[t];
    always_comb begin
      if (rst_ni && fv_begun_q && !flush_i) begin
        if (fv_open_q[t]) assert ((busy_q[t] && !done_q[t]) || quar_q[t]);
        if (fv_open_q[t]) assert (fv_left_q[t] != 10'd0 || fv_sent_q[t]);
        if ((busy_q[t] && !done_q[t]) || quar_q[t]) begin
          assert (info[16:7] >= 10'd1 && info[16:7] <= 10'd512);
          assert (fv_left_q[t] == info[16:7] - (fresh_q[t] ? 10'd0 : got_q[t]) && fv_left_q[t] <= info[16:7]);
          assert (fv_left_q[t] == 10'd0 || fv_at_q[t] == {5'd0, info[6:0]} + {2'd0, info[16:7] - fv_left_q[t]});
          assert (quar_q[t] || fv_open_q[t] || fv_left_q[t] == 10'd0);
        end
        if (busy_q[t] && !done_q[t]) assert (!quar_q[t]);
      end
    end
  end
