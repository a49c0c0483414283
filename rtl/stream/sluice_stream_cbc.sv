// SPDX-License-Identifier: Apache-2.0
//
// CBC (SP 800-38A) over a stream of bytes: a block is gathered while the one before it is in the cipher and the one before that
// leaves, a byte a clock each. NULL: a byte passes in its clock.
// Blocks of 8 bytes are in the upper half of everything here.
`default_nettype none

module sluice_stream_cbc (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         clear_i,

  // The job's cipher; steady while blocks are there.
  input  logic         aes_i,
  input  logic         null_i,
  input  logic         triple_i,
  input  logic         decrypt_i,
  input  logic [3:0]   rounds_i,
  output logic [3:0]   key_index_o,
  input  logic [127:0] key_i,
  input  logic         des_key_valid_i,
  input  logic [63:0]  des_key_i,

  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [7:0]   in_i,
  input  logic [7:0]   pass_i,          // the same with NULL
  input  logic         in_iv_i,         // it belongs to the IV, which becomes the chain and does not come out
  output logic         out_valid_o,
  input  logic         out_ready_i,
  output logic [7:0]   out_o,

  // Between parts: the chain by words, and the block that is not full, the last byte at the top.
  input  logic         chain_shift_i,
  input  logic [31:0]  chain_word_i,
  output logic [127:0] chain_o,
  input  logic         gather_shift_i,  // by a byte
  output logic [31:0]  gather_o,
  output logic [3:0]   count_o,
  output logic         idle_o           // nothing but that block is left
);

  logic [127:0] gather_q, flight_q, chain_q, result_q, out_q, start_data, aes_data, done_data;
  logic [63:0]  des_data;
  logic [4:0]   count_q, out_count_q, block;
  logic         iv_q, iv_move_q, pending_q, full, start, core_start, in_take, out_take, move;
  logic         aes_ready, des_ready, aes_done, des_done, ready, done;

  assign block   = aes_i ? 5'd16 : 5'd8;
  assign full    = count_q == block;
  assign in_take = in_valid_i && in_ready_o && !null_i;

  // A block starts when the former one's result has room.
  assign start      = full && ready && (!pending_q || out_count_q == 5'd0) && !done && !iv_move_q;
  assign core_start = start && !iv_q;
  assign move       = pending_q && (out_count_q == 5'd0 || (out_count_q == 5'd1 && out_ready_i));
  assign out_take   = out_count_q != 5'd0 && out_ready_i;

  assign in_ready_o  = null_i ? out_ready_i : !full || start;
  assign out_valid_o = null_i ? in_valid_i : out_count_q != 5'd0;
  assign out_o       = null_i ? pass_i : out_q[8 * (4'd0 - out_count_q[3:0]) +: 8];
  assign idle_o      = !full && ready && !pending_q && !done && !iv_move_q && out_count_q == 5'd0;

  assign chain_o  = chain_q;
  assign gather_o = gather_q[31:0];
  assign count_o  = count_q[3:0];

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      count_q     <= 5'd0;
      out_count_q <= 5'd0;
      iv_q        <= 1'b0;
      iv_move_q   <= 1'b0;
      pending_q   <= 1'b0;
    end else begin
      if (start) count_q <= {4'd0, in_take};
      else if (in_take) count_q <= count_q + 5'd1;
      if (in_take) iv_q <= in_iv_i;
      iv_move_q <= start && iv_q;
      pending_q <= done || (pending_q && !move);
      if (move) out_count_q <= block;
      else if (out_take) out_count_q <= out_count_q - 5'd1;
    end
  end

  assign start_data = gather_q ^ (decrypt_i ? 128'd0 : chain_q);
  assign done_data  = {aes_i ? aes_data[127:64] : des_data, aes_data[63:0]};

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      gather_q <= 128'd0;
      flight_q <= 128'd0;
      result_q <= 128'd0;
      out_q    <= 128'd0;
      chain_q  <= 128'd0;
    end else begin
      if (in_take || gather_shift_i) gather_q <= {in_i, gather_q[127:8]};
      if (start) flight_q <= gather_q;
      if (done) result_q <= done_data ^ (decrypt_i ? chain_q : 128'd0);
      if (move) out_q <= result_q;
      if (chain_shift_i) chain_q <= {chain_word_i, chain_q[127:32]};
      else if (iv_move_q || (done && decrypt_i)) chain_q <= flight_q;
      else if (done) chain_q <= done_data;
    end
  end

  assign ready = aes_i ? aes_ready : des_ready;
  assign done  = aes_i ? aes_done : des_done;

  sluice_aes u_aes (
    .clk_i,
    .rst_ni,
    .start_i     (core_start && aes_i),
    .ready_o     (aes_ready),
    .decrypt_i,
    .rounds_i,
    .data_i      (start_data),
    .add_i       (128'd0),
    .key_index_o,
    .key_i,
    .done_o      (aes_done),
    .data_o      (aes_data)
  );

  sluice_des u_des (
    .clk_i,
    .rst_ni,
    .decrypt_i,
    .triple_i,
    .key_valid_i (des_key_valid_i),
    .key_i       (des_key_i),
    .start_i     (core_start && !aes_i),
    .ready_o     (des_ready),
    .data_i      (start_data[127:64]),
    .done_o      (des_done),
    .data_o      (des_data)
  );

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(done && pending_q));
      assert (!(chain_shift_i && (start || done || iv_move_q)));
      assert (count_q <= block && out_count_q <= 5'd16);
    end
  end
`endif

endmodule

`default_nettype wire
