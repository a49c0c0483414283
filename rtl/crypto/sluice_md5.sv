// SPDX-License-Identifier: Apache-2.0
//
// MD5 compression (RFC 1321, 3.4), one step a clock: 65 clocks a block while words are there.
//
// What a step adds to its first variable besides F is known ahead: word + constant two clocks before, and the variable itself,
// which is the fourth one of the step before, one clock before. So variable a has no register, and a step is an addition, a
// rotation and an addition. The chaining value is added in four clocks, the first three of them beside the last steps: the
// variables become final in the order a, d, c, b. The last of these additions loads the working variables as well.
`default_nettype none

module sluice_md5 (
  input  logic        clk_i,
  input  logic        rst_ni,

  // Chaining value as a chain of words: shift_i puts a word in as A and moves A to B and so on; D is seen at tail_o.
  // Only between blocks.
  input  logic        shift_i,
  input  logic [31:0] shift_word_i,
  output logic [31:0] tail_o,
  input  logic        init_i,     // after shifting: 4 clocks to load the working variables

  // Message words, little endian, 16 a block, in order; not before init_i.
  input  logic        word_valid_i,
  output logic        word_ready_o,
  input  logic [31:0] word_i,

  input  logic        discard_i,  // from the last word of a block to done_o: its result is not added
  output logic        done_o      // one clock: a block is over, its result is in the chain in the next clock
);

  // 2^32 * |sin(t + 1)|.
  function automatic logic [31:0] k(input logic [5:0] t);
    unique case (t)
      6'd0: k = 32'hd76aa478; 6'd1: k = 32'he8c7b756; 6'd2: k = 32'h242070db; 6'd3: k = 32'hc1bdceee;
      6'd4: k = 32'hf57c0faf; 6'd5: k = 32'h4787c62a; 6'd6: k = 32'ha8304613; 6'd7: k = 32'hfd469501;
      6'd8: k = 32'h698098d8; 6'd9: k = 32'h8b44f7af; 6'd10: k = 32'hffff5bb1; 6'd11: k = 32'h895cd7be;
      6'd12: k = 32'h6b901122; 6'd13: k = 32'hfd987193; 6'd14: k = 32'ha679438e; 6'd15: k = 32'h49b40821;
      6'd16: k = 32'hf61e2562; 6'd17: k = 32'hc040b340; 6'd18: k = 32'h265e5a51; 6'd19: k = 32'he9b6c7aa;
      6'd20: k = 32'hd62f105d; 6'd21: k = 32'h02441453; 6'd22: k = 32'hd8a1e681; 6'd23: k = 32'he7d3fbc8;
      6'd24: k = 32'h21e1cde6; 6'd25: k = 32'hc33707d6; 6'd26: k = 32'hf4d50d87; 6'd27: k = 32'h455a14ed;
      6'd28: k = 32'ha9e3e905; 6'd29: k = 32'hfcefa3f8; 6'd30: k = 32'h676f02d9; 6'd31: k = 32'h8d2a4c8a;
      6'd32: k = 32'hfffa3942; 6'd33: k = 32'h8771f681; 6'd34: k = 32'h6d9d6122; 6'd35: k = 32'hfde5380c;
      6'd36: k = 32'ha4beea44; 6'd37: k = 32'h4bdecfa9; 6'd38: k = 32'hf6bb4b60; 6'd39: k = 32'hbebfbc70;
      6'd40: k = 32'h289b7ec6; 6'd41: k = 32'heaa127fa; 6'd42: k = 32'hd4ef3085; 6'd43: k = 32'h04881d05;
      6'd44: k = 32'hd9d4d039; 6'd45: k = 32'he6db99e5; 6'd46: k = 32'h1fa27cf8; 6'd47: k = 32'hc4ac5665;
      6'd48: k = 32'hf4292244; 6'd49: k = 32'h432aff97; 6'd50: k = 32'hab9423a7; 6'd51: k = 32'hfc93a039;
      6'd52: k = 32'h655b59c3; 6'd53: k = 32'h8f0ccc92; 6'd54: k = 32'hffeff47d; 6'd55: k = 32'h85845dd1;
      6'd56: k = 32'h6fa87e4f; 6'd57: k = 32'hfe2ce6e0; 6'd58: k = 32'ha3014314; 6'd59: k = 32'h4e0811a1;
      6'd60: k = 32'hf7537e82; 6'd61: k = 32'hbd3af235; 6'd62: k = 32'h2ad7d2bb; default: k = 32'heb86d391;
    endcase
  endfunction

  // Message word of step t: t, 5t + 1, 3t + 5 and 7t modulo 16.
  function automatic logic [3:0] word_index(input logic [5:0] t);
    unique case (t[5:4])
      2'd0:    word_index = t[3:0];
      2'd1:    word_index = t[3:0] + {t[1:0], 2'b00} + 4'd1;
      2'd2:    word_index = t[3:0] + {t[2:0], 1'b0} + 4'd5;
      default: word_index = {t[0], 3'b000} - t[3:0];
    endcase
  endfunction

  function automatic logic [31:0] f(input logic [1:0] part, input logic [31:0] b, input logic [31:0] c, input logic [31:0] d);
    unique case (part)
      2'd0:    f = (b & c) | (~b & d);
      2'd1:    f = (b & d) | (c & ~d);
      2'd2:    f = b ^ c ^ d;
      default: f = c ^ (b | ~d);
    endcase
  endfunction

  // Rotation to the left by 4, 9, 14 or 20 and then by 0 to 3 makes all the distances of 3.4: 7, 12, 17, 22; 5, 9, 14, 20;
  // 4, 11, 16, 23; 6, 10, 15, 21.
  function automatic logic [31:0] rol(input logic [31:0] x, input int unsigned n);
    rol = 32'({x, x} >> (32 - n));
  endfunction

  function automatic logic [1:0] fine(input logic [3:0] t);  // {part, step modulo 4}
    unique case (t)
      4'd3, 4'd9, 4'd10, 4'd12:       fine = 2'd2;
      4'd0, 4'd1, 4'd2, 4'd11:        fine = 2'd3;
      4'd4, 4'd13, 4'd14, 4'd15:      fine = 2'd1;
      default:                        fine = 2'd0;
    endcase
  endfunction

  function automatic logic [31:0] rotate(input logic [31:0] x, input logic [3:0] t);  // {part, step modulo 4}
    logic [31:0] y;
    unique case (t[1:0])
      2'd0:    y = rol(x, 4);
      2'd1:    y = rol(x, 9);
      2'd2:    y = rol(x, 14);
      default: y = rol(x, 20);
    endcase
    unique case (fine(t))
      2'd0:    rotate = y;
      2'd1:    rotate = rol(y, 1);
      2'd2:    rotate = rol(y, 2);
      default: rotate = rol(y, 3);
    endcase
  endfunction

  // Additions are of two terms; one of them comes in two pieces (_t, _w), for the reason that sluice_sha256 gives.
  logic        word_t, a_t, f_t, new_t, add_t;
  logic [30:0] word_w, a_w, f_w, new_w, add_w;

  // Word plus constant. The words are kept for the later parts, which use them in other orders.
  logic [31:0] words_q [16];
  logic [31:0] kw_q;
  logic [5:0]  kw_step_q;
  logic        kw_valid_q, kw_free, kw_load, kw_take, from_input;

  assign kw_free      = !kw_valid_q || kw_take;
  assign from_input   = kw_step_q[5:4] == 2'd0;
  assign word_ready_o = from_input && kw_free;
  assign kw_load      = kw_free && (!from_input || word_valid_i);
  assign {word_t, word_w} = from_input ? word_i : words_q[word_index(kw_step_q)];

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      kw_valid_q <= 1'b0;
      kw_step_q  <= 6'd0;
    end else begin
      kw_valid_q <= kw_load || (kw_valid_q && !kw_take);
      if (kw_load) kw_step_q <= kw_step_q + 6'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (kw_load) kw_q <= k(kw_step_q) + {word_t, word_w};
    if (kw_load && from_input) words_q[kw_step_q[3:0]] <= word_i;
  end

  // Steps. Step 64 is the clock that loads the working variables. A step waits for the word of the next one, since it is the last
  // to hold that one's a.
  logic [6:0]  step_q;
  logic [31:0] akw_q, b_q, c_q, d_q;  // akw: a + constant + word
  logic        akw_valid_q, init_q, finish, last, first_load, step, advance;

  assign finish     = step_q[6];
  assign last       = step_q == 7'd63;
  assign first_load = kw_valid_q && !akw_valid_q && (step_q == 7'd0 || finish);
  assign step       = akw_valid_q && (kw_valid_q || last);
  assign kw_take    = first_load || (step && !last);
  assign advance    = init_q || finish || step;
  assign done_o     = finish && !init_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      akw_valid_q <= 1'b0;
      step_q      <= 7'd0;
      init_q      <= 1'b0;
    end else begin
      akw_valid_q <= kw_take || (akw_valid_q && !step);
      if (init_i) begin
        step_q <= 7'd61;
        init_q <= 1'b1;
      end else if (advance) begin
        step_q <= finish ? 7'd0 : step_q + 7'd1;
        if (finish) init_q <= 1'b0;
      end
    end
  end

  // Chaining value: A, B, C, D, a ring that turns once in steps 61 to 64, when A, D, C and B pass h0.
  logic [31:0] h0_q, h1_q, h2_q, h3_q;
  logic        add;

  assign add    = advance && step_q >= 7'd61;
  assign tail_o = h3_q;
  assign {add_t, add_w} = shift_i ? 32'd0 : b_q;

  always_ff @(posedge clk_i) begin
    if (shift_i || add) begin
      h0_q <= shift_i ? shift_word_i : h3_q;
      h1_q <= h0_q + {add_t, add_w};
      h2_q <= h1_q;
      h3_q <= h2_q;
    end
  end

  // Working variables. Where nothing is to be added to the chaining value, b is 0 in steps 61 to 64. It is cleared for that, not
  // masked, so that the load of b is only one more operand of its adder, where the longest path ends.
  logic        clear_b;
  logic [31:0] sum;

  assign {a_t, a_w}     = finish ? h3_q : first_load ? h0_q : d_q;
  assign {f_t, f_w}     = f(step_q[5:4], b_q, c_q, d_q);
  assign sum            = akw_q + {f_t, f_w};
  assign {new_t, new_w} = finish ? h0_q : rotate(sum, {step_q[5:4], step_q[1:0]});

  assign clear_b = init_i || (step && discard_i && step_q >= 7'd60);

  always_ff @(posedge clk_i) begin
    if (kw_take) akw_q <= kw_q + {a_t, a_w};
    if (clear_b) begin
      b_q <= 32'd0;
    end else if (finish || step) begin
      b_q <= b_q + {new_t, new_w};
    end
    if (finish) begin
      {d_q, c_q} <= {h2_q, h1_q};
    end else if (step) begin
      {d_q, c_q} <= {c_q, b_q};
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(shift_i || init_i) || (step_q == 7'd0 && !akw_valid_q && !kw_valid_q));
      assert (!(shift_i && init_i));
    end
  end
`endif

endmodule

`default_nettype wire
