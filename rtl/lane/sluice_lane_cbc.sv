// SPDX-License-Identifier: Apache-2.0
//
// CBC (SP 800-38A, 6.2) of a record's body over the ring, in place, and single blocks for the record that is prepared: its nonce
// made of a counter block, the counter got back, a look at its last block. Both may be of different SAs.
//
// Reads are one block ahead of the cipher, writes one behind, so that AES runs without a pause: rounds + 1 clocks a block. What
// is added to AES's sum is 0 in the rounds between, so that the sum needs no choice. A
// single block is done while the body waits for the hash, or there is none.
//
// With Legacy there is a DES core beside AES. Its blocks are halves of ring words and take the low half of the registers here;
// its keys are loaded anew for each body and each single block.
`default_nettype none

module sluice_lane_cbc #(
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  parameter bit          Legacy = 1'b0,
  parameter bit          Null   = 1'b1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 rest_i,        // nothing is to be done: no key stays

  // A body: described with arm_i, begun with start_i some clocks later, when its IV has been shifted into the chaining value (the
  // last word first). busy_o from the one to its end.
  input  logic                 arm_i,
  input  logic                 start_i,
  output logic                 busy_o,
  input  sluice_lane_pkg::sa_t sa_i,
  input  logic [1:0]           bank_i,
  input  logic [14:0]          cipher_len_i,
  input  logic [RingAw-1:0]    origin_i,
  input  logic                 shift_i,
  input  logic [31:0]          shift_word_i,
  output logic [127:0]         chain_o,       // tls10: its last cipher block, with chain_got_o, which is before busy_o falls
  output logic                 chain_got_o,

  // A single block: the nonce in the word before the origin, put back when it is a seal's, or a look at the last block.
  // Its bytes are only read where there is no cipher.
  input  logic                 single_i,      // while quiet_o
  input  logic                 peek_i,
  input  sluice_lane_pkg::sa_t single_sa_i,
  input  logic [1:0]           single_bank_i,
  input  logic [14:0]          single_len_i,  // E
  input  logic [7:0]           iv_byte_i,     // the last of the IV
  output logic                 quiet_o,
  output logic                 single_busy_o,
  output logic [63:0]          counter_o,     // the last eight bytes
  output logic                 forged_o,      // AES: the first eight bytes are not zeros
  output logic [7:0]           last_byte_o,   // after a look: the last byte, decrypted
  output logic [7:0]           body_last_o,   // the same after a body

  // Keys.
  output logic [1:0]           key_bank_o,
  output logic [3:0]           key_index_o,
  output logic                 key_zero_o,    // none: 0
  input  logic [127:0]         key_i,
  output logic                 des_key_take_o,
  output logic [1:0]           des_key_index_o,
  input  logic                 des_key_valid_i,
  input  logic [63:0]          des_key_i,

  // Progress of the body: ring words to be read and written next. A word is read only with allow_i.
  input  logic                 allow_i,
  output logic [RingAw-1:0]    read_word_o,
  output logic [RingAw-1:0]    write_word_o,

  // Ring (sluice_lane_ring); of a single block, words are from the origin of its record.
  output logic                 for_single_o,
  output logic [RingAw-1:0]    origin_o,
  output logic [RingAw-1:0]    word_o,
  output logic                 read_o,
  input  logic                 read_gnt_i,
  input  logic [127:0]         read_data_i,
  output logic                 write_o,
  input  logic                 write_gnt_i,
  output logic [1:0]           write_half_o,  // halves of the word
  output logic [127:0]         write_data_o
);

  function automatic logic [7:0] top_byte(input logic [7:0] wide, input logic [7:0] low, input logic is_low);
    top_byte = is_low ? low : wide;
  endfunction

  // The body.
  logic            armed_q, run_q, open_q, des_q, triple_q, chained_q, pass_q;
  logic [3:0]      rounds_q;
  logic [1:0]      bank_q;
  logic [RingAw:0] count_q, read_count_q, write_count_q;

  // The single block, and what is under way: the block's own description while single_q.
  logic            single_q, peek_q, raw, raw_q, narrow_q, cipher_over_q;
  logic            before_left_q, second_q, first_q;  // reads to come; the block itself has been read; it is what comes now
  logic [7:0]      before_q;      // last byte of the block before the last, or of the IV
  logic [RingAw:0] at_q, not_at_q, not_at_d;
  logic            narrow, triple, decrypt, encrypt, add_chain;
  logic [3:0]      rounds;

  logic            read_q, half_q, in_valid_q, block_valid_q, out_valid_q;
  logic [127:0]    in_q, block_q, current_q, out_q;
  logic [127:0]    iv_q, plain_chain_q, cipher_chain_q;  // one of them is the chaining value, the others are 0
  logic            start, ready, finished, aes_ready, aes_done, des_ready, des_done, block_load, body_done, single_done, pass;
  logic            unused;
  logic [127:0]    chain, block_out, block_read, aes_out;
  logic [63:0]     des_out;
  logic [RingAw:0] read_at, write_at, last_block;

  assign unused     = &{1'b0, sa_i, single_sa_i, single_len_i, cipher_len_i, triple, rest_i, des_key_valid_i, des_key_i};
  assign narrow     = Legacy && (single_q ? single_sa_i.des : des_q);
  assign triple     = single_q ? single_sa_i.triple : triple_q;
  assign decrypt    = single_q ? single_sa_i.open : open_q;
  assign rounds     = single_q ? single_sa_i.rounds : rounds_q;
  assign raw        = single_q && !single_sa_i.cipher;
  assign encrypt    = !decrypt && !single_q;
  assign key_bank_o = single_q ? single_bank_i : bank_q;

  assign ready      = narrow ? des_ready : aes_ready;
  assign finished   = narrow ? des_done : aes_done;
  assign block_read = narrow && half_q ? {64'd0, read_data_i[127:64]} : read_data_i;
  assign chain      = iv_q ^ plain_chain_q ^ cipher_chain_q;
  assign add_chain  = pass_q || (!single_q && (decrypt ? aes_done : aes_ready));
  assign block_out  = narrow && !pass_q ? {aes_out[127:64], des_out ^ (decrypt && !single_q ? chain[63:0] : 64'd0)} : aes_out;
  assign block_load = in_valid_q && !block_valid_q && !raw && (aes_ready || aes_done);
  assign start      = block_valid_q && ready && (!out_valid_q || write_gnt_i);

  sluice_aes u_aes (
    .clk_i,
    .rst_ni,
    .start_i     (start && !narrow),
    .ready_o     (aes_ready),
    .decrypt_i   (decrypt),
    .rounds_i    (rounds),
    .data_i      (128'd0),
    .add_i       (block_q ^ (add_chain ? chain : 128'd0)),
    .key_index_o,
    .key_i,
    .done_o      (aes_done),
    .data_o      (aes_out)
  );

  if (Legacy) begin : gen_des
    logic load_q;  // a clock after the change of keys, when all of it is there
    always_ff @(posedge clk_i) begin
      if (!rst_ni) load_q <= 1'b0;
      else load_q <= start_i || single_i || (single_done && run_q);
    end
    sluice_lane_des u_des (
      .clk_i,
      .rst_ni      (rst_ni && !rest_i),
      .load_i      (load_q && narrow && !raw),
      .decrypt_i   (decrypt),
      .triple_i    (triple),
      .key_take_o  (des_key_take_o),
      .key_index_o (des_key_index_o),
      .key_valid_i (des_key_valid_i),
      .key_i       (des_key_i),
      .start_i     (start && narrow),
      .ready_o     (des_ready),
      .data_i      (block_q[63:0] ^ (encrypt ? chain[63:0] : 64'd0)),
      .done_o      (des_done),
      .data_o      (des_out)
    );
  end else begin : gen_no_des
    assign des_key_take_o  = 1'b0;
    assign des_key_index_o = 2'd0;
    assign des_ready       = 1'b1;
    assign des_done        = 1'b0;
    assign des_out         = 64'd0;
  end

  assign busy_o        = armed_q || run_q || pass_q || chain_got_o;
  assign single_busy_o = single_q;
  assign quiet_o       = !single_q && !start_i && (!run_q || (!in_valid_q && !block_valid_q && !read_q && !out_valid_q &&
                         aes_ready && des_ready && !read_o));
  assign chain_o       = out_q;
  assign key_zero_o    = pass;
  assign counter_o     = Null && raw_q ? in_q[127:64] : narrow_q ? out_q[63:0] : out_q[127:64];
  assign forged_o      = out_q[63:0] != 64'd0;
  assign last_byte_o   = before_q ^ (raw_q ? top_byte(in_q[127:120], in_q[63:56], narrow_q)
                                           : top_byte(out_q[127:120], out_q[63:56], narrow_q));
  assign read_word_o   = des_q && Legacy ? read_count_q[RingAw:1] : read_count_q[RingAw-1:0];
  assign write_word_o  = des_q && Legacy ? write_count_q[RingAw:1] : write_count_q[RingAw-1:0];

  // What the results above are of, also when it is over.
  always_ff @(posedge clk_i) begin
    if (single_i) begin
      raw_q    <= !single_sa_i.cipher;
      narrow_q <= Legacy && single_sa_i.des;
    end
  end

  // Ring.
  assign read_at       = single_q ? at_q : read_count_q;
  assign write_at      = single_q ? at_q : write_count_q;
  assign for_single_o  = single_q;
  assign word_o        = narrow ? (write_o ? write_at[RingAw:1] : read_at[RingAw:1])
                                : (write_o ? write_at[RingAw-1:0] : read_at[RingAw-1:0]);
  assign write_o       = out_valid_q;
  assign write_half_o  = !narrow ? 2'b11 : write_at[0] ? 2'b10 : 2'b01;
  assign write_data_o  = {narrow ? out_q[63:0] : out_q[127:64], out_q[63:0]};
  always_comb begin
    if (single_q) read_o = !read_q && before_left_q;
    else read_o = run_q && !in_valid_q && !read_q && read_count_q != count_q && allow_i;
  end

  assign body_done   = run_q && write_count_q == count_q;
  assign pass        = body_done && chained_q;
  assign single_done = single_q && !before_left_q && !read_q &&
                       (raw || (cipher_over_q && !out_valid_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      armed_q     <= 1'b0;
      run_q       <= 1'b0;
      single_q    <= 1'b0;
      read_q      <= 1'b0;
      in_valid_q  <= 1'b0;
      block_valid_q <= 1'b0;
      out_valid_q <= 1'b0;
      pass_q      <= 1'b0;
      chain_got_o <= 1'b0;
    end else begin
      pass_q      <= pass;
      chain_got_o <= pass_q;
      armed_q  <= arm_i || (armed_q && !start_i);
      run_q    <= start_i || (run_q && !body_done);
      single_q <= single_i || (single_q && !single_done);
      read_q   <= read_gnt_i;
      if (single_done || start_i) in_valid_q <= 1'b0;
      else if (read_q && (!single_q || first_q)) in_valid_q <= 1'b1;
      else if (block_load) in_valid_q <= 1'b0;
      block_valid_q <= block_load || (block_valid_q && !start);
      if (finished) out_valid_q <= !single_q || (!peek_q && !single_sa_i.open);
      else if (write_gnt_i) out_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (arm_i) begin
      open_q        <= sa_i.open;
      des_q         <= Legacy && sa_i.des;
      triple_q      <= sa_i.triple;
      chained_q     <= sa_i.chained;
      rounds_q      <= sa_i.rounds;
      bank_q        <= bank_i;
      origin_o      <= origin_i;
      count_q       <= Legacy && sa_i.des ? cipher_len_i[14:3] : {1'b0, cipher_len_i[14:4]};
      read_count_q  <= 12'd0;
      write_count_q <= 12'd0;
    end else if (!single_q) begin
      if (read_gnt_i) read_count_q <= read_count_q + 12'd1;
      if (write_gnt_i) write_count_q <= write_count_q + 12'd1;
    end
  end

  // A single block's words: the block, and for a look the one before it.
  assign not_at_d   = (!single_i ? not_at_q : peek_i ? ~last_block : 12'hfff) + 12'd1;  // at_q - 1: complements need no LUT more
  assign at_q       = ~not_at_q;
  assign last_block = Legacy && single_sa_i.des ? single_len_i[14:3] : {1'b0, single_len_i[14:4]};
  always_ff @(posedge clk_i) begin
    if (single_i) begin
      peek_q        <= peek_i;
      before_left_q <= 1'b1;
      cipher_over_q <= 1'b0;
    end else if (single_q) begin
      if (read_gnt_i) begin
        half_q        <= at_q[0];
        first_q       <= !second_q;
        before_left_q <= peek_q && !raw && !second_q && at_q != 12'd0;
      end
      if (finished) cipher_over_q <= 1'b1;
    end else if (read_gnt_i) begin
      half_q <= read_count_q[0];
    end
    if (single_i || (single_q && peek_q && read_gnt_i)) not_at_q <= not_at_d;
    if (single_i) second_q <= 1'b0;
    else if (read_gnt_i) second_q <= 1'b1;
  end

  // The first block of a body is chained to the IV, in encryption the others to the result before them. Decryption shifts the
  // cipher text through: in_q is the next block, current_q the one in the cipher, plain_chain_q the one before that. What is not
  // in use is reset. By AES's sum, with no key and no block, the last cipher block gets to out_q.
  always_ff @(posedge clk_i) begin
    if (read_q && (!single_q || first_q)) in_q <= block_read;
    if (start) block_q <= 128'd0;
    else if (block_load) block_q <= in_q;
    if (start) current_q <= block_q;
    if (finished && !single_q) iv_q <= 128'd0;
    else if (shift_i) iv_q <= {iv_q[95:0], shift_word_i};
    if (shift_i) plain_chain_q <= 128'd0;
    else if (finished && !single_q && decrypt) plain_chain_q <= current_q;
    if (shift_i) cipher_chain_q <= 128'd0;
    else if (finished && encrypt) cipher_chain_q <= block_out;
    if (finished || pass_q) out_q <= block_out;
    if (out_valid_q && !single_q) body_last_o <= top_byte(out_q[127:120], out_q[63:56], narrow);
    if (single_i) before_q <= peek_i && single_sa_i.cipher ? iv_byte_i : 8'd0;
    else if (read_q && single_q && !first_q) before_q <= top_byte(block_read[127:120], block_read[63:56], narrow);
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(arm_i && busy_o));
      assert (!(start_i && !armed_q));
      assert (!(start && !run_q && !single_q));
      assert (!(single_i && !quiet_o));
      assert (!(finished && out_valid_q));
      assert (!(pass_q && (!aes_ready || key_i != 128'd0)));
    end
  end
`endif

endmodule

`default_nettype wire
