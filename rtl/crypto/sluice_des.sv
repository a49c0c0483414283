// SPDX-License-Identifier: Apache-2.0
//
// DES and 3DES-EDE (FIPS 46-3, SP 800-67), both directions, two rounds a clock: a block every 9 clocks, 25 with three keys.
//
// Round keys are read out of the rotating key. Its total rotation in round i is 1, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23,
// 25, 27, 28 when encrypting, so if it turns by four places with every pair of rounds, the keys of a pair are at most one and two
// places off. Decryption needs the same in reverse: turning the other way, from one place on, the distances are the same with
// the other sign. The key of a pass is at home again when its last pair of rounds begins; then the three keys change places.
`default_nettype none

module sluice_des (
  input  logic        clk_i,
  input  logic        rst_ni,

  // Both stay from the first key to the last result.
  input  logic        decrypt_i,
  input  logic        triple_i,

  // Keys in the order of their use (3DES: K1, K2, K3, to decrypt K3, K2, K1; DES: its key, the others are not used), three clocks
  // of key_valid_i, while ready_o. They serve until the next keys or reset, which clears them.
  input  logic        key_valid_i,
  input  logic [63:0] key_i,

  // A block; taken when start_i and ready_o.
  input  logic        start_i,
  output logic        ready_o,
  input  logic [63:0] data_i,

  // The result; done_o is for one clock, data_o stays until the next start.
  output logic        done_o,
  output logic [63:0] data_o
);

  logic        busy_q, done_q;
  logic [2:0]  pair_q;       // pair of rounds
  logic [1:0]  pass_q;       // DES pass of a block, or key that is loaded
  logic        last_pair, last_pass, reverse;

  assign ready_o   = !busy_q;
  assign done_o    = done_q;
  assign last_pair = pair_q == 3'd7;
  assign last_pass = pass_q == (busy_q && !triple_i ? 2'd0 : 2'd2);
  assign reverse   = decrypt_i ^ pass_q[0];  // EDE: the second pass goes the other way

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      done_q <= 1'b0;
      pair_q <= 3'd0;
      pass_q <= 2'd0;
    end else begin
      done_q <= busy_q && last_pair && last_pass;
      if (busy_q) begin
        busy_q <= !(last_pair && last_pass);
        pair_q <= pair_q + 3'd1;
      end else begin
        busy_q <= start_i;
      end
      if (key_valid_i || (busy_q && last_pair)) pass_q <= last_pass ? 2'd0 : pass_q + 2'd1;
    end
  end

  // Keys: the one at work, the one after it, and the one after that.
  logic [55:0] key_q, key1_q, key2_q;
  logic        change;

  assign change = key_valid_i || (busy_q && last_pair && triple_i);

  // In reverse a key starts one place on.
  function automatic logic [55:0] key_loaded(input logic [63:0] key, input logic right);
    logic [55:0] cd;
    cd = sluice_des_pkg::permuted_choice_1(key);
    key_loaded = right ? sluice_des_pkg::rol(cd, 1) : cd;
  endfunction

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      key_q  <= 56'd0;
      key1_q <= 56'd0;
      key2_q <= 56'd0;
    end else if (change) begin
      key_q  <= key1_q;
      key1_q <= key2_q;
      key2_q <= key_valid_i ? key_loaded(key_i, reverse) : key_q;
    end else if (busy_q && !last_pair) begin
      key_q  <= reverse ? sluice_des_pkg::ror(key_q, 4) : sluice_des_pkg::rol(key_q, 4);
    end
  end

  // Round keys of a pair: 1, 0, 0, 0, -1, -1, -1, -1 and 2, 2, 2, 2, 1, 1, 1, 0 places off, with the other sign in reverse.
  function automatic logic [47:0] first_key(input logic [55:0] key, input logic off, input logic right);
    first_key = sluice_des_pkg::permuted_choice_2(!off ? key : right ? sluice_des_pkg::ror(key, 1) : sluice_des_pkg::rol(key, 1));
  endfunction

  function automatic logic [47:0] second_key(input logic [55:0] key, input logic off, input logic right, input logic far);
    logic [55:0] near_cd, far_cd;
    near_cd    = right ? sluice_des_pkg::ror(key, 1) : sluice_des_pkg::rol(key, 1);
    far_cd     = right ? sluice_des_pkg::ror(key, 2) : sluice_des_pkg::rol(key, 2);
    second_key = sluice_des_pkg::permuted_choice_2(!off ? key : far ? far_cd : near_cd);
  endfunction

  // Two rounds; the halves change places after the sixteenth.
  function automatic logic [63:0] two_rounds(input logic [63:0] halves, input logic [47:0] key_a, input logic [47:0] key_b,
                                             input logic swap);
    logic [31:0] a, b;
    a = halves[63:32] ^ sluice_des_pkg::f(halves[31:0], key_a);
    b = halves[31:0] ^ sluice_des_pkg::f(a, key_b);
    two_rounds = swap ? {b, a} : {a, b};
  endfunction

  // All of the arithmetic is behind the enable, so that an idle unit costs a simulation nothing.
  logic [63:0] halves_q;
  logic        first_off, first_right;

  assign first_off   = pair_q == 3'd0 || pair_q[2];
  assign first_right = reverse ^ pair_q[2];

  always_ff @(posedge clk_i) begin
    if (busy_q) begin
      halves_q <= two_rounds(halves_q, first_key(key_q, first_off, first_right),
                             second_key(key_q, !last_pair, reverse, !pair_q[2]), last_pair);
    end else if (start_i) begin
      halves_q <= sluice_des_pkg::initial_permutation(data_i);
    end
  end

  assign data_o = sluice_des_pkg::final_permutation(halves_q);

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(key_valid_i && (busy_q || start_i)));
      assert (!(start_i && !busy_q && pass_q != 2'd0));
    end
  end
`endif

endmodule

`default_nettype wire
