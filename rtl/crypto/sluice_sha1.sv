// SPDX-License-Identifier: Apache-2.0
//
// SHA-1 compression (FIPS 180-4, 6.1.2), two rounds a clock: 46 clocks a block while words are there.
//
// The steps are those of sluice_sha256 with two words at a time, and one more: e and d of the next two rounds, which are c and b
// of these, are added to their words ahead. The chaining value is added in five clocks behind the rounds: the oldest working
// variable meets the oldest chaining word, and the sum becomes the newest of both.
`default_nettype none

module sluice_sha1 (
  input  logic        clk_i,
  input  logic        rst_ni,

  // Chaining value as a chain of words: shift_i puts a word in as H0 and moves H0 to H1 and so on; H4 is seen at tail_o.
  // Only between blocks.
  input  logic        shift_i,
  input  logic [31:0] shift_word_i,
  output logic [31:0] tail_o,
  input  logic        init_i,     // after shifting: 5 clocks to load the working variables

  // Message words, big endian, two at a time (the first in [31:0]), 8 pairs a block, in order.
  input  logic        pair_valid_i,
  output logic        pair_ready_o,
  input  logic [63:0] pair_i,

  input  logic        discard_i,  // during a block: its result is not added
  output logic        done_o      // one clock: a block is over, its result is in the chain in the next clock
);

  // Functions of rounds 0-19, 20-39, 40-59, 60-79.
  function automatic logic [31:0] f(input logic [1:0] part, input logic [31:0] b, input logic [31:0] c, input logic [31:0] d);
    unique case (part)
      2'd0:    f = (b & c) | (~b & d);
      2'd2:    f = (b & c) | (b & d) | (c & d);
      default: f = b ^ c ^ d;
    endcase
  endfunction

  function automatic logic [31:0] k(input logic [1:0] part);
    unique case (part)
      2'd0:    k = 32'h5a827999;
      2'd1:    k = 32'h6ed9eba1;
      2'd2:    k = 32'h8f1bbcdc;
      default: k = 32'hca62c1d6;
    endcase
  endfunction

  function automatic logic [31:0] rol(input logic [31:0] x, input int unsigned n);
    rol = 32'({x, x} >> (32 - n));
  endfunction

  // The part of the rounds (0 to 3) that pair n belongs to: ten pairs each.
  function automatic logic [1:0] part(input logic [5:0] n);
    part = n < 6'd10 ? 2'd0 : n < 6'd20 ? 2'd1 : n < 6'd30 ? 2'd2 : 2'd3;
  endfunction

  // Additions are of two terms, one straight from a register or another adder; the other comes in two pieces (_t, _w), for the
  // reason that sluice_sha256 gives.
  logic        k_t, next0_t, next1_t, f1_t, late_t, late_m, add_t;
  logic [30:0] k_w, next0_w, next1_w, f1_w, add_w;
  logic [29:0] late_w;

  // Message schedule: word t - 16 + i in bits [32i+31:32i]; two words a clock.
  logic [511:0] w_q;
  logic [63:0]  w_new;
  logic [5:0]   w_pair_q, kw_pair_q;
  logic         w_valid_q, w_take, w_next, w_input;

  assign w_input      = w_pair_q < 6'd8;
  assign w_new[31:0]  = w_input ? pair_i[31:0] : rol(w_q[447:416] ^ w_q[287:256] ^ w_q[95:64] ^ w_q[31:0], 1);
  assign w_new[63:32] = w_input ? pair_i[63:32] : rol(w_q[479:448] ^ w_q[319:288] ^ w_q[127:96] ^ w_q[63:32], 1);

  assign pair_ready_o = w_input && (!w_valid_q || w_next);
  assign w_take       = (!w_input || pair_valid_i) && (!w_valid_q || w_next);

  // Words plus constant, then plus the e and d that they will meet.
  logic [31:0] kw0_q, kw1_q, sum0_q, sum1_q;
  logic        kw_valid_q, kw_next, sum_valid_q, step;

  assign {k_t, k_w} = k(part(kw_pair_q));
  assign w_next     = w_valid_q && (!kw_valid_q || kw_next);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      w_valid_q   <= 1'b0;
      kw_valid_q  <= 1'b0;
      sum_valid_q <= 1'b0;
      w_pair_q    <= 6'd0;
      kw_pair_q   <= 6'd0;
    end else begin
      w_valid_q   <= w_take || (w_valid_q && !w_next);
      kw_valid_q  <= w_next || (kw_valid_q && !kw_next);
      sum_valid_q <= kw_next || (sum_valid_q && !step);
      if (w_take) w_pair_q <= w_pair_q == 6'd39 ? 6'd0 : w_pair_q + 6'd1;
      if (w_next) kw_pair_q <= kw_pair_q == 6'd39 ? 6'd0 : kw_pair_q + 6'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) w_q <= '0;  // with a reset it is made of flip-flops; without, of LUTs, which are scarcer
    else if (w_take) w_q <= {w_new, w_q[511:64]};
    if (w_next) begin
      kw0_q <= w_q[479:448] + {k_t, k_w};
      kw1_q <= w_q[511:480] + {k_t, k_w};
    end
  end

  // Rounds: 40 pairs, then five clocks of additions.
  logic [5:0]   step_q;
  logic         init_q, adding, last;
  logic [31:0]  a_q, b_q, c_q, d_q, e_q, part1, t0, t1, sum;
  logic [159:0] h_q;
  logic [1:0]   now_q;  // part of the rounds, from step_q

  assign adding  = step_q >= 6'd40;
  assign last    = step_q == 6'd44;
  assign step    = sum_valid_q && !adding;
  assign kw_next = kw_valid_q && !adding && !init_i && (step ? step_q != 6'd39 : !sum_valid_q);
  assign done_o  = last && !init_q;

  assign {f1_t, f1_w}       = f(now_q, a_q, rol(b_q, 30), c_q);
  assign {next0_t, next0_w} = step ? c_q : e_q;
  assign {next1_t, next1_w} = step ? rol(b_q, 30) : d_q;
  assign {add_t, add_w}     = init_q || discard_i ? 32'd0 : e_q;

  // The longest path: t1 has an addition of its own ready when t0 comes.
  assign part1                 = sum1_q + {f1_t, f1_w};
  assign {late_t, late_m, late_w} = adding ? 32'd0 : part1;

  assign t0  = rol(a_q, 5) + f(now_q, b_q, c_q, d_q) + sum0_q;
  assign t1  = rol(t0, 5) + {late_t, late_m, late_w};
  assign sum = h_q[159:128] + {add_t, add_w};

  always_ff @(posedge clk_i) begin
    if (kw_next) begin
      sum0_q <= kw0_q + {next0_t, next0_w};
      sum1_q <= kw1_q + {next1_t, next1_w};
    end
  end

  assign tail_o = h_q[159:128];

  always_ff @(posedge clk_i) begin
    if (adding || shift_i) begin
      h_q <= {h_q[127:0], adding ? sum : shift_word_i};
    end
  end

  always_ff @(posedge clk_i) begin
    if (adding) begin
      {e_q, d_q, c_q, b_q, a_q} <= {d_q, c_q, b_q, a_q, sum};
    end else if (step) begin
      {e_q, d_q, c_q, b_q, a_q} <= {c_q, rol(b_q, 30), rol(a_q, 30), t0, t1};
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q <= 6'd0;
      now_q  <= 2'd0;
      init_q <= 1'b0;
    end else if (init_i) begin
      step_q <= 6'd40;
      init_q <= 1'b1;
    end else if (adding || step) begin
      step_q <= last ? 6'd0 : step_q + 6'd1;
      now_q  <= last ? 2'd0 : part(step_q + 6'd1);
      if (last) init_q <= 1'b0;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(shift_i || init_i) || (step_q == 6'd0));
      assert (!(shift_i && init_i));
    end
  end
`endif

endmodule

`default_nettype wire
