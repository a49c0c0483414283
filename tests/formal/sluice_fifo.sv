  // SPDX-License-Identifier: Apache-2.0
  //
  // Any one word that goes in comes out unchanged, after those and only those that went in before it; the level is the number of
  // words inside.
  logic fv_begun_q = 1'b0;
  always_ff @(posedge clk_i) fv_begun_q <= 1'b1;
  always_comb if (!fv_begun_q) assume (!rst_ni);

  logic                fv_mark;     // no driver: any word may be the one
  logic                fv_seen_q, fv_inside_q;
  logic [DepthLog2:0]  fv_count_q, fv_before_q, fv_place;
  logic [Width-1:0]    fv_word_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fv_count_q  <= '0;
      fv_seen_q   <= 1'b0;
      fv_inside_q <= 1'b0;
    end else begin
      if (in_valid_i && in_ready_o && !(out_valid_o && out_ready_i)) fv_count_q <= fv_count_q + 1'b1;
      if (!(in_valid_i && in_ready_o) && out_valid_o && out_ready_i) fv_count_q <= fv_count_q - 1'b1;
      if (fv_inside_q && out_valid_o && out_ready_i) begin
        fv_before_q <= fv_before_q - 1'b1;
        fv_inside_q <= fv_before_q != '0;
      end
      if (in_valid_i && in_ready_o && fv_mark && !fv_seen_q) begin
        fv_seen_q   <= 1'b1;
        fv_inside_q <= 1'b1;
        fv_before_q <= out_valid_o && out_ready_i ? fv_count_q - 1'b1 : fv_count_q;
        fv_word_q   <= in_data_i;
      end
    end
  end

  assign fv_place = rd_q + fv_before_q;
  always_comb begin
    if (rst_ni && fv_begun_q) begin
      assert (level_o == fv_count_q);
      assert (fv_count_q <= Depth[DepthLog2:0]);
      assert (in_ready_o == (fv_count_q != Depth[DepthLog2:0]));
      assert (out_valid_o == (fv_count_q != '0));
      if (fv_inside_q && fv_before_q == '0) assert (out_valid_o && out_data_o == fv_word_q);
      // For the induction: where the word is.
      if (fv_inside_q) assert (fv_before_q < fv_count_q && mem_q[fv_place[DepthLog2-1:0]] == fv_word_q);
    end
  end
