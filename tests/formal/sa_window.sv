  // SPDX-License-Identifier: Apache-2.0
  //
  // For any SA and any counter: the answers are those of a naive window, which knows the highest counter of the two incarnations
  // and whether this counter was accepted. So it is accepted at most once, and none that has left the window; the window never
  // goes back. Nothing is copied in or out.
  logic fv_begun_q = 1'b0;
  always_ff @(posedge clk_i) fv_begun_q <= 1'b1;
  always_comb if (!fv_begun_q) assume (!rst_ni);

  logic [7:0]  fv_sa, fv_sa_q;            // no driver: any SA, and any counter of it
  logic [63:0] fv_mark, fv_mark_q;
  logic        fv_good, fv_same, fv_newer, fv_old, fv_fresh, fv_in, fv_may;
  logic        fv_known_q, fv_any_q, fv_there_q, fv_old_any_q, fv_done_q;
  logic [63:0] fv_floor_q, fv_asked_q, fv_was_q;
  logic [15:0] fv_inc_q, fv_old_inc_q;
  logic [47:0] fv_top_q, fv_old_top_q, fv_top;
  logic [7:0]  fv_asked_sa_q;
  logic        fv_accept_q, fv_was_known_q;
  assign fv_same  = fv_asked_q[63:48] == fv_inc_q;
  assign fv_newer = fv_asked_q[63:48] > fv_inc_q;
  assign fv_old   = fv_there_q && fv_asked_q[63:48] == fv_old_inc_q;
  assign fv_top   = fv_same ? fv_top_q : fv_old_top_q;
  assign fv_fresh = fv_newer || !(fv_same ? fv_any_q : fv_old_any_q) || fv_asked_q[47:0] > fv_top;
  assign fv_in    = {1'b0, fv_asked_q[47:0]} + 49'(Window) > {1'b0, fv_top};
  assign fv_may   = fv_accept_q && fv_asked_q >= fv_floor_q && (fv_newer || fv_same || fv_old) && (fv_fresh || fv_in);
  assign fv_good  = answer_valid_o && fv_known_q && fv_asked_sa_q == fv_sa && !replayed_o;
  always_ff @(posedge clk_i) begin
    fv_sa_q        <= fv_sa;
    fv_mark_q      <= fv_mark;
    fv_was_q       <= {fv_inc_q, fv_top_q};
    fv_was_known_q <= fv_known_q && !init_i;
    if (ask_valid_i && ready_o) begin
      fv_asked_sa_q <= ask_sa_i;
      fv_asked_q    <= ask_counter_i;
      fv_accept_q   <= ask_accept_i;
    end
    if (!rst_ni) fv_known_q <= 1'b0;
    else if (init_i && init_sa_i == fv_sa) begin
      fv_known_q <= 1'b1;
      fv_floor_q <= init_floor_i;
      fv_inc_q   <= init_floor_i[63:48];
      fv_top_q   <= 48'd0;
      {fv_any_q, fv_there_q, fv_old_any_q, fv_done_q} <= 4'd0;
    end else if (fv_good) begin
      if (fv_asked_q == fv_mark) fv_done_q <= 1'b1;
      if (fv_newer) begin
        fv_there_q   <= 1'b1;
        fv_old_inc_q <= fv_inc_q;
        fv_old_top_q <= fv_top_q;
        fv_old_any_q <= fv_any_q;
        fv_inc_q     <= fv_asked_q[63:48];
      end
      if ((fv_newer || fv_same) && fv_fresh) begin
        fv_any_q <= 1'b1;
        fv_top_q <= fv_asked_q[47:0];
      end
      if (!fv_newer && !fv_same && fv_fresh) begin
        fv_old_any_q <= 1'b1;
        fv_old_top_q <= fv_asked_q[47:0];
      end
    end
  end
  always_comb begin
    assume (!copy_i && !march_i && !march_we_i);
    if (fv_begun_q) begin
      assume (fv_sa == fv_sa_q && fv_mark == fv_mark_q);
      assume (fv_sa < 8'(SaCount) && ask_sa_i < 8'(SaCount) && init_sa_i < 8'(SaCount));
      if (init_i) assume (ready_o && !(ask_valid_i && ask_sa_i == init_sa_i));
    end
  end

  always_comb begin
    if (rst_ni && fv_begun_q && fv_known_q) begin
      if (fv_good) assert (fv_may);
      if (answer_valid_o && fv_asked_sa_q == fv_sa && fv_asked_q == fv_mark) assert (fv_good == (fv_may && !fv_done_q));
      if (fv_was_known_q) assert ({fv_inc_q, fv_top_q} >= fv_was_q);
    end
  end

  // For the induction: what the memories hold between two questions. A bit is right as far back as the ring goes.
  logic [3:0]  fv_flags;
  logic [31:0] fv_even, fv_odd;
  logic        fv_bit, fv_old_bit;
  assign fv_flags    = flags_mem[fv_sa];
  assign fv_even     = even_mem[{fv_sa, fv_mark[WordW+4:5]}];
  assign fv_odd      = odd_mem[{fv_sa, fv_mark[WordW+4:5]}];
  assign fv_bit      = fv_flags[3] ? fv_odd[fv_mark[4:0]] : fv_even[fv_mark[4:0]];
  assign fv_old_bit  = fv_flags[3] ? fv_even[fv_mark[4:0]] : fv_odd[fv_mark[4:0]];
  always_comb begin
    if (rst_ni && fv_begun_q && fv_known_q && state_q == Idle) begin
      assert ({floor_hi_mem[fv_sa], floor_lo_mem[fv_sa]} == fv_floor_q);
      assert ({current_hi_mem[fv_sa], current_lo_mem[fv_sa]} == {fv_inc_q, fv_top_q});
      assert (fv_flags[1:0] == {fv_there_q, fv_any_q} && (!fv_there_q || fv_flags[2] == fv_old_any_q));
      assert (fv_any_q || fv_top_q == 48'd0);
      if (fv_there_q) assert (fv_old_inc_q < fv_inc_q);
      if (fv_there_q) assert ({former_hi_mem[fv_sa], former_lo_mem[fv_sa]} == {fv_old_inc_q, fv_old_top_q});
      if (fv_mark[63:48] > fv_inc_q) assert (!fv_done_q);
      if (fv_mark[63:48] == fv_inc_q) begin
        if (!fv_any_q || fv_mark[47:0] > fv_top_q) assert (!fv_done_q);
        if (fv_any_q && fv_mark[47:0] <= fv_top_q && {1'b0, fv_mark[47:0]} + 49'(Window) > {1'b0, fv_top_q})
          assert (fv_bit == fv_done_q);
      end
      if (fv_there_q && fv_mark[63:48] == fv_old_inc_q) begin
        if (!fv_old_any_q || fv_mark[47:0] > fv_old_top_q) assert (!fv_done_q);
        if (fv_old_any_q && fv_mark[47:0] <= fv_old_top_q && {1'b0, fv_mark[47:0]} + 49'(Window) > {1'b0, fv_old_top_q})
          assert (fv_old_bit == fv_done_q);
      end
    end
  end
