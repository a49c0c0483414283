// SPDX-License-Identifier: Apache-2.0
//
// CBC (SP 800-38A, 6.2) over the ring, in place, and the single block operations of a record: the nonce made of a counter block,
// the counter got back, and a look at the last block of an open before the rest.
// Reads are one block ahead of the cipher, writes one behind, so that AES runs without a pause: rounds + 1 clocks a block.
//
// With Legacy there is a DES core beside AES. Its blocks are halves of ring words and take the low half of the registers here; its
// keys are loaded anew at the beginning of each operation.
`default_nettype none

module sluice_lane_cbc #(
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  parameter bit          Legacy = 1'b0
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              start_i,      // while not busy_o
  input  logic [1:0]        op_i,         // 0 encrypt the nonce, 1 decrypt the nonce, 2 peek at the last block, 3 the whole body
  input  logic              open_i,
  input  logic              raw_i,        // the body is plain text: a look at its last block only reads it
  output logic              busy_o,

  input  logic [3:0]        rounds_i,
  input  logic              narrow_i,     // DES or 3DES
  input  logic              triple_i,     // 3DES
  input  logic [RingAw:0]   count_i,      // blocks of the body
  // The chaining value: the nonce is shifted into it, the last word first, or made in it (operation 0). Operations 1 and 2 leave
  // it as it is. Nothing goes into the cipher while hold_i.
  input  logic              shift_i,
  input  logic [31:0]       shift_word_i,
  input  logic              hold_i,
  output logic [31:0]       chain_last_o, // its last word
  output logic [127:0]      chain_o,      // the whole of it; after a body, its last cipher block
  output logic [3:0]        key_index_o,
  input  logic [127:0]      key_i,
  // Keys of DES, by number; taken when des_key_take_o and des_key_valid_i.
  output logic              des_key_take_o,
  output logic [1:0]        des_key_index_o,
  input  logic              des_key_valid_i,
  input  logic [63:0]       des_key_i,

  output logic [127:0]      result_o,     // of operations 0 and 1
  output logic [7:0]        last_byte_o,  // after operations 2 and 3 of an open: last byte of the last block, decrypted

  // Progress: ring words to be read and written next. A word is read only with allow_i.
  input  logic              allow_i,
  output logic [RingAw-1:0] read_word_o,
  output logic [RingAw-1:0] write_word_o,

  // Ring (sluice_lane_ring).
  output logic              read_o,
  input  logic              read_gnt_i,
  input  logic [127:0]      read_data_i,
  output logic              write_o,
  input  logic              write_gnt_i,
  output logic [1:0]        write_half_o, // halves of the word
  output logic [127:0]      write_data_o
);

  localparam logic [1:0] Make  = 2'd0;
  localparam logic [1:0] Check = 2'd1;
  localparam logic [1:0] Peek  = 2'd2;
  localparam logic [1:0] Body  = 2'd3;

  function automatic logic [7:0] top_byte(input logic [7:0] wide, input logic [7:0] low, input logic is_low);
    top_byte = is_low ? low : wide;
  endfunction

  logic              run_q, ready_q, single, decrypt;  // ready: the cipher knows the direction
  logic [1:0]        op_q;
  logic [RingAw:0]   read_count_q, write_count_q;
  logic              narrow, half_q; // half_q: which half of the word was read
  logic              read_q, in_valid_q, out_valid_q;
  logic [127:0]      in_q, current_q, chain_q, out_q;
  logic [7:0]        before_q;       // peek: last byte of the block before the last,
  logic              before_left_q;  // which is read while the last is in the cipher
  logic              last_read_q;    // peek: the last block has been read
  logic              peeked_q;       // peek: and decrypted
  logic              first_q;        // what is read now was the first word of the operation

  logic              start, ready, finished, aes_ready, aes_done, des_ready, des_done, done;
  logic [127:0]      block_in, block_out, block_read, aes_out;
  logic [63:0]       des_out;

  assign single  = op_q == Make || op_q == Check;
  assign decrypt = op_q == Check || op_q == Peek || (op_q == Body && open_i);

  assign narrow = Legacy && narrow_i;
  assign start  = run_q && ready_q && in_valid_q && !(raw_i && op_q == Peek) && ready && !hold_i && (!out_valid_q || write_gnt_i);
  assign block_in = in_q ^ (single || !decrypt ? chain_q : 128'd0);

  sluice_aes u_aes (
    .clk_i,
    .rst_ni,
    .start_i     (start && !narrow),
    .ready_o     (aes_ready),
    .decrypt_i   (decrypt),
    .rounds_i,
    .data_i      (block_in),
    .key_index_o,
    .key_i,
    .done_o      (aes_done),
    .data_o      (aes_out)
  );

  assign ready      = narrow ? des_ready : aes_ready;
  assign finished   = narrow ? des_done : aes_done;
  assign block_out  = narrow ? {aes_out[127:64], des_out} : aes_out;
  assign block_read = narrow && half_q ? {64'd0, read_data_i[127:64]} : read_data_i;

  if (Legacy) begin : gen_des
    sluice_lane_des u_des (
      .clk_i,
      .rst_ni,
      .load_i      (start_i && narrow_i && !(raw_i && op_i == Peek)),
      .decrypt_i   (open_i),
      .triple_i,
      .key_take_o  (des_key_take_o),
      .key_index_o (des_key_index_o),
      .key_valid_i (des_key_valid_i),
      .key_i       (des_key_i),
      .start_i     (start && narrow),
      .ready_o     (des_ready),
      .data_i      (block_in[63:0]),
      .done_o      (des_done),
      .data_o      (des_out)
    );
  end else begin : gen_no_des
    logic unused;
    assign unused          = &{1'b0, triple_i, narrow_i, des_key_valid_i, des_key_i};
    assign des_key_take_o  = 1'b0;
    assign des_key_index_o = 2'd0;
    assign des_ready       = 1'b0;
    assign des_done        = 1'b0;
    assign des_out         = 64'd0;
  end

  assign busy_o        = run_q;
  assign chain_last_o  = chain_q[127:96];
  assign chain_o       = chain_q;
  always_comb begin
    unique case (op_q)
      Body:    done = write_count_q == count_i;
      Peek:    done = raw_i ? read_q : peeked_q && !before_left_q && !read_q;  // a burst of the fetcher may outlast the cipher
      default: done = finished;
    endcase
  end
  assign result_o      = out_q;
  assign last_byte_o   = raw_i ? top_byte(in_q[127:120], in_q[63:56], narrow) : top_byte(out_q[127:120], out_q[63:56], narrow) ^ before_q;
  assign read_word_o   = narrow ? read_count_q[RingAw:1] : read_count_q[RingAw-1:0];
  assign write_word_o  = narrow ? write_count_q[RingAw:1] : write_count_q[RingAw-1:0];
  assign write_o       = out_valid_q;
  assign write_half_o  = !narrow ? 2'b11 : write_count_q[0] ? 2'b10 : 2'b01;
  assign write_data_o  = {narrow ? out_q[63:0] : out_q[127:64], out_q[63:0]};
  assign read_o        = run_q && !single && !in_valid_q && !read_q &&
                         (op_q == Peek ? !last_read_q || before_left_q : read_count_q != count_i && allow_i);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q       <= 1'b0;
      ready_q     <= 1'b0;
      read_q      <= 1'b0;
      in_valid_q  <= 1'b0;
      out_valid_q <= 1'b0;
    end else begin
      run_q   <= run_q ? !done : start_i;
      ready_q <= run_q;
      read_q  <= read_gnt_i;
      if (start_i) begin
        in_valid_q <= op_i == Make || op_i == Check;
      end else if (read_q) begin
        in_valid_q <= op_q == Body || first_q;
      end else if (start) begin
        in_valid_q <= 1'b0;
      end
      if (finished) out_valid_q <= op_q == Body;
      else if (write_gnt_i) out_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      op_q          <= op_i;
      read_count_q  <= op_i == Peek ? count_i - 12'd1 : 12'd0;
      write_count_q <= 12'd0;
      before_left_q <= count_i != 12'd1 && !raw_i;
      last_read_q   <= 1'b0;
      peeked_q      <= 1'b0;
    end else begin
      if (finished) peeked_q <= 1'b1;
      if (read_gnt_i) begin
        read_count_q  <= op_q == Peek ? read_count_q - 12'd1 : read_count_q + 12'd1;
        half_q        <= read_count_q[0];
        last_read_q   <= 1'b1;
        before_left_q <= before_left_q && !last_read_q;
        first_q       <= !last_read_q;
      end
      if (write_gnt_i) write_count_q <= write_count_q + 12'd1;
    end
  end

  // The first block of a body is chained to the nonce; a nonce itself goes through as 0 xor chain. Decryption shifts the
  // cipher text through: in_q is the next block, current_q the one in the cipher, chain_q the one before that.
  always_ff @(posedge clk_i) begin
    if (start_i) in_q <= 128'd0;
    else if (read_q) in_q <= block_read;
    if (start) current_q <= in_q;
    if (shift_i) chain_q <= {chain_q[95:0], shift_word_i};
    else if (finished && (op_q == Make || op_q == Body)) chain_q <= decrypt ? current_q : block_out;
    if (finished) out_q <= block_out ^ (op_q == Body && decrypt ? chain_q : 128'd0);
    if (start_i) before_q <= op_i == Peek ? top_byte(chain_q[127:120], chain_q[63:56], narrow) : 8'd0;
    else if (read_q && op_q == Peek && !first_q) before_q <= top_byte(block_read[127:120], block_read[63:56], narrow);
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(start_i && run_q));
      assert (!(finished && out_valid_q));
    end
  end
`endif

endmodule

`default_nettype wire
