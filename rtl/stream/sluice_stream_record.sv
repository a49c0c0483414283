// SPDX-License-Identifier: Apache-2.0
//
// What a stream lane knows of the record at work: header, how much of it is to come, and what its end will be judged by. Words 0
// to 5 of what the store keeps between parts.
`default_nettype none

module sluice_stream_record (
  input  logic         clk_i,
  input  logic         rst_ni,

  input  logic         clear_i,

  // The store: words to it and from it. Bytes waiting in cipher and hash are counted there.
  input  logic         load_i,
  input  logic [2:0]   load_index_i,
  input  logic [31:0]  load_word_i,
  input  logic [2:0]   save_index_i,
  output logic [31:0]  save_word_o,
  input  logic [3:0]   cipher_count_i,
  input  logic [5:0]   hash_count_i,
  output logic [3:0]   cipher_count_o, // as loaded
  output logic [5:0]   hash_count_o,

  // A record begins; a seal's header is made; open: its bytes come, and then what is behind it counts.
  input  logic         begin_i,
  input  logic [63:0]  seq_i,
  input  logic [14:0]  total_i,
  input  logic         make_header_i,
  input  logic [7:0]   type_i,
  input  logic [7:0]   minor_i,
  input  logic [15:0]  seal_length_i,
  input  logic         header_byte_i,
  input  logic         header_end_i,
  input  logic         header_done_i,  // seal: it is on its way
  input  logic [7:0]   byte_i,         // of the source
  input  logic         take_i,         // a byte of the record, or of its content, is taken

  input  logic         prefixed_i,     // the hash has the MAC's prefix
  input  logic         finished_i,     // the MAC is made
  input  logic         differ_i,       // it differs from the record's
  input  logic         out_i,          // a byte goes to the destination
  input  logic [7:0]   out_byte_i,

  output logic         active_o,
  output logic         prefixed_o,
  output logic         finished_o,
  output logic         differs_o,
  output logic [39:0]  header_o,       // the first byte at the top
  output logic         header_o_done_o,
  output logic         header_bad_o,
  output logic [63:0]  seq_o,
  output logic [14:0]  total_o,
  output logic [14:0]  left_o,
  output logic [14:0]  out_o,
  output logic [7:0]   run_byte_o,     // the last byte, and how many like it are at the end, 256 at most
  output logic [8:0]   run_o
);

  logic        active_q, prefixed_q, finished_q, differs_q;
  logic [2:0]  got_q;
  logic [39:0] header_q;
  logic [63:0] seq_q;
  logic [14:0] total_q, left_q, out_q;
  logic [8:0]  run_q;
  logic [7:0]  run_byte_q;
  logic [3:0]  cipher_count_q;
  logic [5:0]  hash_count_q;

  assign active_o        = active_q;
  assign prefixed_o      = prefixed_q;
  assign finished_o      = finished_q;
  assign differs_o       = differs_q;
  assign header_o        = header_q;
  assign header_o_done_o = got_q == 3'd5;
  assign header_bad_o    = header_q[39] || header_q[31:24] != 8'd3 || header_q[23:16] != minor_i;
  assign seq_o           = seq_q;
  assign total_o         = total_q;
  assign left_o          = left_q;
  assign out_o           = out_q;
  assign run_o           = run_q;
  assign run_byte_o      = run_byte_q;
  assign cipher_count_o  = cipher_count_q;
  assign hash_count_o    = hash_count_q;

  logic [5:0] load;
  for (genvar i = 0; i < 6; i++) begin : gen_load
    assign load[i] = load_i && load_index_i == i;
  end

  always_comb begin
    unique case (save_index_i)
      3'd0:    save_word_o = {1'b1, prefixed_q, finished_q, differs_q, 1'b0, got_q, cipher_count_i, hash_count_i, 5'd0, run_q};
      3'd1:    save_word_o = header_q[31:0];
      3'd2:    save_word_o = {1'b0, header_q[39:32], run_byte_q, left_q};
      3'd3:    save_word_o = {2'd0, total_q, out_q};
      3'd4:    save_word_o = seq_q[31:0];
      default: save_word_o = seq_q[63:32];
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      active_q   <= 1'b0;
      prefixed_q <= 1'b0;
      finished_q <= 1'b0;
      differs_q  <= 1'b0;
      got_q      <= 3'd0;
    end else if (load[0]) begin
      {active_q, prefixed_q, finished_q, differs_q} <= load_word_i[31:28];
      got_q                                         <= load_word_i[26:24];
    end else begin
      if (prefixed_i) prefixed_q <= 1'b1;
      if (finished_i) finished_q <= 1'b1;
      if (differ_i) differs_q <= 1'b1;
      if (header_done_i) got_q <= 3'd5;
      else if (header_byte_i) got_q <= got_q + 3'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load[0]) {cipher_count_q, hash_count_q} <= load_word_i[23:14];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) header_q <= 40'd0;
    else if (make_header_i) header_q <= {type_i, 8'd3, minor_i, seal_length_i};
    else if (header_byte_i) header_q <= {header_q[31:0], byte_i};
    else begin
      if (load[1]) header_q[31:0] <= load_word_i;
      if (load[2]) header_q[39:32] <= load_word_i[30:23];
    end
  end

  always_ff @(posedge clk_i) begin
    if (load[2]) left_q <= load_word_i[14:0];
    else if (make_header_i) left_q <= total_q;
    else if (header_end_i) left_q <= header_q[14:0];
    else if (take_i) left_q <= left_q - 15'd1;
    if (begin_i) total_q <= total_i;
    else if (load[3]) total_q <= load_word_i[29:15];
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      seq_q <= 64'd0;
    end else if (begin_i) begin
      seq_q <= seq_i;
    end else begin
      if (load[4]) seq_q[31:0] <= load_word_i;
      if (load[5]) seq_q[63:32] <= load_word_i;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load[3]) out_q <= load_word_i[14:0];
    else if (out_i) out_q <= out_q + 15'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear_i) begin
      run_q      <= 9'd0;
      run_byte_q <= 8'd0;
    end else if (load[0]) begin
      run_q <= load_word_i[8:0];
    end else if (load[2]) begin
      run_byte_q <= load_word_i[22:15];
    end else if (out_i) begin
      run_byte_q <= out_byte_i;
      if (out_byte_i != run_byte_q) run_q <= 9'd1;
      else if (!run_q[8]) run_q <= run_q + 9'd1;
    end
  end

endmodule

`default_nettype wire
