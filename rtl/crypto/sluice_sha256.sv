// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 compression (FIPS 180-4, 6.2.2), one round a clock: 65 clocks a block while words are there.
//
// Message words are taken ahead of the rounds: schedule (shift register of 16 words), then word + constant, then + h, then the
// round. The chaining value is added while the last rounds run, since a61..a64 are final a..d in reverse; the last of the
// additions loads a and e at the same time, and what the other working variables should be is read where it lies until a and e
// have moved on to them.
`default_nettype none

module sluice_sha256 (
  input  logic        clk_i,
  input  logic        rst_ni,

  // Chaining value as a chain of words: shift_i puts a word in as H0 and moves H0 to H1 and so on; H7 is seen at tail_o.
  // Only between blocks.
  input  logic        shift_i,
  input  logic [31:0] shift_word_i,
  output logic [31:0] tail_o,
  input  logic        init_i,     // after shifting: 4 clocks to load the working variables

  // Message words, big endian, 16 a block, in order; from the clock of init_i on.
  input  logic        word_valid_i,
  output logic        word_ready_o,
  input  logic [31:0] word_i,

  input  logic        discard_i,  // during a block: its result is not added
  output logic        done_o      // one clock: a block is over, its result is in the chain in the next clock
);

  function automatic logic [31:0] k(input logic [5:0] t);
    unique case (t)
      6'd0: k = 32'h428a2f98; 6'd1: k = 32'h71374491; 6'd2: k = 32'hb5c0fbcf; 6'd3: k = 32'he9b5dba5;
      6'd4: k = 32'h3956c25b; 6'd5: k = 32'h59f111f1; 6'd6: k = 32'h923f82a4; 6'd7: k = 32'hab1c5ed5;
      6'd8: k = 32'hd807aa98; 6'd9: k = 32'h12835b01; 6'd10: k = 32'h243185be; 6'd11: k = 32'h550c7dc3;
      6'd12: k = 32'h72be5d74; 6'd13: k = 32'h80deb1fe; 6'd14: k = 32'h9bdc06a7; 6'd15: k = 32'hc19bf174;
      6'd16: k = 32'he49b69c1; 6'd17: k = 32'hefbe4786; 6'd18: k = 32'h0fc19dc6; 6'd19: k = 32'h240ca1cc;
      6'd20: k = 32'h2de92c6f; 6'd21: k = 32'h4a7484aa; 6'd22: k = 32'h5cb0a9dc; 6'd23: k = 32'h76f988da;
      6'd24: k = 32'h983e5152; 6'd25: k = 32'ha831c66d; 6'd26: k = 32'hb00327c8; 6'd27: k = 32'hbf597fc7;
      6'd28: k = 32'hc6e00bf3; 6'd29: k = 32'hd5a79147; 6'd30: k = 32'h06ca6351; 6'd31: k = 32'h14292967;
      6'd32: k = 32'h27b70a85; 6'd33: k = 32'h2e1b2138; 6'd34: k = 32'h4d2c6dfc; 6'd35: k = 32'h53380d13;
      6'd36: k = 32'h650a7354; 6'd37: k = 32'h766a0abb; 6'd38: k = 32'h81c2c92e; 6'd39: k = 32'h92722c85;
      6'd40: k = 32'ha2bfe8a1; 6'd41: k = 32'ha81a664b; 6'd42: k = 32'hc24b8b70; 6'd43: k = 32'hc76c51a3;
      6'd44: k = 32'hd192e819; 6'd45: k = 32'hd6990624; 6'd46: k = 32'hf40e3585; 6'd47: k = 32'h106aa070;
      6'd48: k = 32'h19a4c116; 6'd49: k = 32'h1e376c08; 6'd50: k = 32'h2748774c; 6'd51: k = 32'h34b0bcb5;
      6'd52: k = 32'h391c0cb3; 6'd53: k = 32'h4ed8aa4a; 6'd54: k = 32'h5b9cca4f; 6'd55: k = 32'h682e6ff3;
      6'd56: k = 32'h748f82ee; 6'd57: k = 32'h78a5636f; 6'd58: k = 32'h84c87814; 6'd59: k = 32'h8cc70208;
      6'd60: k = 32'h90befffa; 6'd61: k = 32'ha4506ceb; 6'd62: k = 32'hbef9a3f7;
      default: k = 32'hc67178f2;
    endcase
  endfunction

  function automatic logic [31:0] ror(input logic [31:0] x, input int unsigned n);
    ror = 32'({x, x} >> n);
  endfunction

  // Additions are of two terms, one straight from a register or another adder: one LUT a bit. Yosys gives the other to the LUT
  // when it is in more pieces than the first, which is why those terms are a bit (_t) and a word.
  logic        s0_t, join_t, s1_t, h_t, d_t, sa_t, se_t, e_part_t, t2_t, a_add_t, e_add_t;
  logic [30:0] s0, join_w, s1, h_w, d_w, sa_w, se_w, e_part_w, t2_w, a_add, e_add;

  // Words move through the stages below together, with `advance`. Bubbles come between blocks only.
  logic advance, word_take, blocked;

  // Message schedule (w_q: word t - 16 + i in bits [32i+31:32i], those that nothing reads any more left out). A word's sum is
  // made in three stages, beginning with the words that are there first; message words join in the second, where the sum so far
  // is kept at 0 for them.
  logic [511:64] w_q;
  logic [31:0]   two_q, three_q;
  logic [5:0]    t_q, three_t_q, w_t_q;    // which word is in the stage; t_q: which one comes into three_q
  logic          three_valid_q, w_valid_q, input_q;

  assign {s0_t, s0} = ror(w_q[127:96], 7) ^ ror(w_q[127:96], 18) ^ (w_q[127:96] >> 3);
  assign {s1_t, s1} = input_q ? 32'd0 : ror(w_q[479:448], 17) ^ ror(w_q[479:448], 19) ^ (w_q[479:448] >> 10);
  assign {join_t, join_w} = t_q[5:4] == 2'd0 ? word_i : w_q[351:320];

  assign word_ready_o = t_q[5:4] == 2'd0 && !blocked;
  assign word_take    = word_valid_i && word_ready_o;
  assign advance      = !blocked && (t_q[5:4] != 2'd0 || word_valid_i ||
                                     (t_q == 6'd0 && (three_valid_q || w_valid_q || kw_valid_q)));

  // Word plus constant, then plus the h that it will meet: g of the round before, or the loaded one.
  logic [31:0] kw_q, hkw_q;
  logic        kw_valid_q, hkw_valid_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      t_q           <= 6'd0;
      three_valid_q <= 1'b0;
      w_valid_q     <= 1'b0;
      kw_valid_q    <= 1'b0;
    end else if (advance) begin
      three_valid_q <= word_take || t_q[5:4] != 2'd0;
      w_valid_q     <= three_valid_q;
      kw_valid_q    <= w_valid_q;
      if (word_take || t_q[5:4] != 2'd0) t_q <= t_q + 6'd1;
    end
    if (!rst_ni) hkw_valid_q <= 1'b0;
    else hkw_valid_q <= advance && kw_valid_q;
  end

  // With a reset it is made of flip-flops; without, of LUTs, which are scarcer.
  always_ff @(posedge clk_i) begin
    if (!rst_ni) w_q <= '0;
    else if (advance) w_q <= {three_q + {s1_t, s1}, w_q[511:96]};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || (advance && (t_q < 6'd15 || t_q == 6'd63))) two_q <= 32'd0;
    else if (advance) two_q <= w_q[95:64] + {s0_t, s0};
  end

  always_ff @(posedge clk_i) begin
    if (advance) begin
      three_q   <= two_q + {join_t, join_w};
      input_q   <= t_q[5:4] == 2'd0;
      three_t_q <= t_q;
      w_t_q     <= three_t_q;
      kw_q      <= w_q[511:480] + k(w_t_q);
    end
    if (step && last) hkw_q <= 32'd0;
    else if (advance) hkw_q <= kw_q + {h_t, h_w};
  end

  // Rounds. Round 64 is the clock that loads the working variables; the stages before it pause in the clock before.
  logic [6:0]  round_q;
  logic        init_q, step, finish, last;
  logic        early_q, early3_q;  // rounds 64, 0 and 1; rounds 0, 1 and 2
  logic [127:0] ha_q, he_q;
  logic [31:0] a_q, b_q, c_q, d_q, e_q, f_q, g_q, h_q, b, c, f, g, maj, ch, h_next;
  logic [31:0] t1, t2, e_part, a_new, e_new, a_sum, e_sum;
  logic        turn, masked;

  assign finish  = round_q[6];
  assign last    = round_q == 7'd63;
  assign step    = init_q || finish || hkw_valid_q;
  assign blocked = kw_valid_q && ((hkw_valid_q && last) || (init_q && !finish));
  assign h_next  = early_q ? he_q[95:64] : g_q;
  assign {h_t, h_w} = finish || hkw_valid_q ? h_next : h_q;
  assign done_o  = finish && !init_q;

  // The chaining value turns along with the first rounds, so that what stands in for a variable is always in the same place.
  assign maj = (a_q & b) ^ (a_q & c) ^ (b & c);
  assign ch  = (e_q & f) ^ (~e_q & g);
  assign b   = early_q ? ha_q[63:32] : b_q;
  assign c   = early_q ? ha_q[95:64] : c_q;
  assign f   = early_q ? he_q[63:32] : f_q;
  assign g   = early_q ? he_q[95:64] : g_q;
  assign {sa_t, sa_w} = ror(a_q, 2) ^ ror(a_q, 13) ^ ror(a_q, 22);
  assign {se_t, se_w} = ror(e_q, 6) ^ ror(e_q, 11) ^ ror(e_q, 25);

  assign e_part = ch + {se_t, se_w};
  assign t2     = maj + {sa_t, sa_w};
  // In finish t1 is 0, and the same additions load the sums with the chaining value.
  assign {e_part_t, e_part_w} = finish ? 32'd0 : e_part;
  assign {t2_t, t2_w}         = finish ? a_sum : t2;
  assign {d_t, d_w}           = finish ? e_sum : early3_q ? ha_q[127:96] : d_q;
  assign t1     = hkw_q + {e_part_t, e_part_w};
  assign e_new  = t1 + {d_t, d_w};
  assign a_new  = t1 + {t2_t, t2_w};

  // Chaining value: H0..H3 and H4..H7 as two rings that turn once in rounds 61 to 64, and once more in rounds 0 to 3.
  assign turn   = step && (round_q >= 7'd61 || round_q < 7'd4);
  assign masked = init_q || discard_i || !(finish || round_q[5]);
  assign {a_add_t, a_add} = masked ? 32'd0 : a_q;
  assign {e_add_t, e_add} = masked ? 32'd0 : e_q;
  assign a_sum  = ha_q[127:96] + {a_add_t, a_add};
  assign e_sum  = he_q[127:96] + {e_add_t, e_add};
  assign tail_o = he_q[127:96];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      ha_q <= 128'd0;
      he_q <= 128'd0;
    end else if (shift_i) begin
      ha_q <= {ha_q[95:0], shift_word_i};
      he_q <= {he_q[95:0], ha_q[127:96]};
    end else if (turn) begin
      ha_q <= {ha_q[95:0], a_sum};
      he_q <= {he_q[95:0], e_sum};
    end
  end

  always_ff @(posedge clk_i) begin
    if (finish || hkw_valid_q) begin
      a_q <= a_new;
      e_q <= e_new;
      h_q <= h_next;
    end
    if (!rst_ni) begin
      {d_q, c_q, b_q, g_q, f_q} <= '0;  // an initialisation overwrites the others
    end else if (hkw_valid_q) begin
      {d_q, c_q, b_q} <= {c_q, b_q, a_q};
      {g_q, f_q}      <= {f_q, e_q};
    end
    if (step) begin
      early_q  <= last || finish || round_q == 7'd0;
      early3_q <= early_q;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      round_q <= 7'd0;
      init_q  <= 1'b0;
    end else if (init_i) begin
      round_q <= 7'd61;
      init_q  <= 1'b1;
    end else if (step) begin
      round_q <= finish ? 7'd0 : round_q + 7'd1;
      if (finish) init_q <= 1'b0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(shift_i || init_i) || (round_q == 7'd0));
      assert (!(shift_i && init_i));
    end
  end
`endif

endmodule

`default_nettype wire
