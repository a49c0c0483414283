  // SPDX-License-Identifier: Apache-2.0
  //
  // One beat is taken at a time, from who offers one; frames do not mix; what is taken is what leaves, once, and stays until it
  // is taken, or cut off; none of 1 to 3 begins while held; who of them waits is passed by two frames of the others at most.
  logic fv_begun_q = 1'b0;
  always_ff @(posedge clk_i) fv_begun_q <= 1'b1;
  always_comb if (!fv_begun_q) assume (!rst_ni);

  logic [3:0]   fv_taken, fv_first;
  logic         fv_open_q, fv_held_q;
  logic [1:0]   fv_source, fv_source_q;
  logic [144:0] fv_offer, fv_word_q;
  assign fv_taken  = in_ready_o & in_valid_i;
  assign fv_first  = fv_open_q ? 4'd0 : fv_taken;
  assign fv_source = fv_taken[1] ? 2'd1 : fv_taken[2] ? 2'd2 : fv_taken[3] ? 2'd3 : 2'd0;
  assign fv_offer  = {in_last_i[fv_source], in_keep_i[{fv_source, 4'd0} +: 16], in_data_i[{fv_source, 7'd0} +: 128]};
  always_ff @(posedge clk_i) begin
    if (!rst_ni || (cut_i && fv_open_q && fv_source_q != 2'd0)) begin
      fv_open_q <= 1'b0;
      fv_held_q <= 1'b0;
    end else begin
      if (fv_taken != 4'd0) begin
        fv_open_q   <= !in_last_i[fv_source];
        fv_source_q <= fv_source;
        fv_word_q   <= fv_offer;
      end
      fv_held_q <= fv_taken != 4'd0 || (fv_held_q && !tx_ready_i);
    end
  end
  always_comb begin
    if (rst_ni && fv_begun_q) begin
      assert ((in_ready_o & ~in_valid_i) == 4'd0);
      assert ((in_ready_o & (in_ready_o - 4'd1)) == 4'd0);
      if (fv_open_q) assert ((fv_taken & ~(4'd1 << fv_source_q)) == 4'd0);
      if (hold_i) assert (fv_first[3:1] == 3'd0);
      assert (tx_valid_o == fv_held_q);
      if (fv_held_q) assert ({tx_last_o, tx_keep_o, tx_data_o} == fv_word_q);
      // For the induction.
      assert (fv_open_q == locked_q && (!fv_open_q || fv_source_q == lock_q));
      assert (turn_q != 2'd0 && (!locked_q || lock_q == 2'd0 || turn_q == lock_q));
    end
  end

  // Frames of others that went by while 1, 2 or 3 waited. before: of those that may still go.
  for (genvar i = 1; i <= 3; i++) begin : g_fv
    logic [1:0] passed_q, before;
    assign before = turn_q == 2'(i) ? 2'd2 : turn_q == 2'(i == 1 ? 3 : i - 1) ? 2'd0 : 2'd1;
    always_ff @(posedge clk_i) begin
      if (!rst_ni || hold_i || !in_valid_i[i] || fv_taken[i]) passed_q <= 2'd0;
      else if ((fv_first[3:1] & ~(3'd1 << (i - 1))) != 3'd0) passed_q <= passed_q + 2'd1;
    end
    always_comb if (rst_ni && fv_begun_q) assert ({1'b0, passed_q} + {1'b0, before} <= 3'd2);
  end
