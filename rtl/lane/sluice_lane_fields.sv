// SPDX-License-Identifier: Apache-2.0
//
// The fields of a record around its content: header, padding, MAC, nonce. Seal puts them into the ring; open compares header,
// padding and MAC with what is there, and gets the nonce.
//
// Padding goes by words of 16 bytes, the others by 32-bit words, last word first (the hash gives its digest in that order), moved
// to their byte position by a funnel over two neighbouring words. A step takes a clock. Which steps there are depends on lengths
// only: an open looks at the last 256 encrypted bytes whatever padding_length is.
`default_nettype none

module sluice_lane_fields #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              start_i,        // while not busy_o
  input  logic [1:0]        field_i,        // 0 header, 1 padding, 2 MAC, 3 nonce
  input  logic              open_i,
  input  logic              clear_i,        // forget differences: a new record
  output logic              busy_o,

  // What the fields hold and where they are (sluice_lane_plan).
  input  logic [7:0]        type_byte_i,
  input  logic [15:0]       length_field_i,
  input  logic [63:0]       cid_i,
  input  logic [RingAw-1:0] cipher_blocks_i,
  input  logic [7:0]        padding_i,
  input  logic [14:0]       padding_at_i,
  input  logic [14:0]       mac_at_i,
  input  logic [5:0]        mac_len_i,
  input  logic [3:0]        digest_words_i,
  input  logic [14:0]       nonce_at_i,
  input  logic [4:0]        nonce_len_i,

  // Digest, last word first, big endian.
  output logic              digest_pop_o,
  input  logic [31:0]       digest_i,

  // Nonce words: read by index (seal), written by index (open).
  output logic [1:0]        nonce_index_o,
  input  logic [31:0]       nonce_word_i,
  output logic              nonce_we_o,
  output logic [31:0]       nonce_word_o,

  output logic              bad_format_o,   // open: the header is not this SA's
  output logic              bad_length_o,   // open: the header's length is not the record's
  output logic              bad_field_o,    // open: padding or MAC differs; right when not busy_o

  // Ring (sluice_lane_ring).
  output logic              access_o,
  output logic              write_o,
  input  logic              gnt_i,
  output logic [15:0]       write_be_o,
  output logic [31:0]       write_data_o,
  output logic [RingAw-1:0] word_o,
  input  logic [127:0]      read_data_i
);

  localparam logic [1:0] Header  = 2'd0;
  localparam logic [1:0] Padding = 2'd1;
  localparam logic [1:0] Mac     = 2'd2;
  localparam logic [1:0] Nonce   = 2'd3;

  function automatic logic [31:0] swap(input logic [31:0] x);
    swap = {x[7:0], x[15:8], x[23:16], x[31:24]};
  endfunction

  logic              run_q, get;
  logic              read_q, differs;     // second stage: what was read, and what it was read for
  logic [15:0]       be_q;
  logic [31:0]       expected_q;
  logic [1:0]        part_q;
  logic [3:0]        got_index_q;
  logic [1:0]        field_q;
  logic [3:0]        step_q, steps;       // counts down to 0
  logic [RingAw-1:0] pad_word_q;
  logic              pad_last;

  assign get  = open_i && (field_q == Nonce || field_q == Header);

  // Position of a field in bytes (the header's, with three bytes to spare, is -16), its length, and how many steps it takes.
  logic [15:0] at;
  logic [5:0]  len;
  always_comb begin
    unique case (field_q)
      Mac:     len = mac_len_i;
      Nonce:   len = {1'b0, nonce_len_i};
      default: len = 6'd16;
    endcase
    unique case (field_i)
      Mac:     at = {1'b0, mac_at_i};
      Nonce:   at = {1'b0, nonce_at_i};
      default: at = 16'hfff0;
    endcase
    unique case (field_i)
      Header:  steps = open_i ? 4'd0 : 4'd4;
      Padding: steps = 4'd15;
      Mac:     steps = digest_words_i;
      default: steps = 4'(nonce_len_i[4:2]);
    endcase
  end

  // A field word's 32-bit place in the ring, counted down with the steps. Putting, step n joins words n - 1 and n, where the
  // field does not begin on a place; getting, step n is the place in which word n begins.
  logic [13:0] place_q;
  logic [1:0]  shift_q;
  logic        get_next;
  assign get_next = open_i && (field_i == Nonce || field_i == Header);

  assign word_o = field_q == Padding ? pad_word_q : place_q[RingAw + 1:2];

  // Byte enables.
  logic [3:0]  be4;
  logic [15:0] be_pad, be;
  logic [7:0]  byte0;
  assign byte0 = {2'd0, step_q, 2'd0} + {6'd0, shift_q} - 8'd4;  // number of the field's byte in byte 0 of the place
  always_comb begin
    for (int i = 0; i < 4; i++) begin
      be4[i] = byte0 + 8'(i) < {2'd0, len};
    end
    for (int i = 0; i < 16; i++) begin
      be_pad[i] = pad_word_q > padding_at_i[14:4] || (pad_word_q == padding_at_i[14:4] && 4'(i) >= padding_at_i[3:0]);
      be[i] = field_q == Padding ? be_pad[i] : be4[i % 4] && place_q[1:0] == 2'(i / 4);
    end
  end

  // Words of the field, and the funnel.
  logic [31:0] header_word, source, current, previous_q, got, moved, data;
  always_comb begin
    unique case (step_q)
      4'd1:    header_word = {type_byte_i, 24'd0};
      4'd2:    header_word = {length_field_i[7:0], length_field_i[15:8], 16'h0303};
      4'd3:    header_word = cid_i[31:0];
      default: header_word = cid_i[63:32];
    endcase
    unique case (field_q)
      Mac:     source = swap(digest_i);
      Nonce:   source = nonce_word_i;
      default: source = header_word;
    endcase
  end
  assign current = get ? got : source;
  assign moved   = 32'({previous_q, current} >> {shift_q, 3'd0});
  assign data    = field_q == Padding ? {4{padding_i}} : moved;

  assign nonce_index_o = get ? got_index_q[1:0] : 2'(step_q - 4'd1);
  assign digest_pop_o  = field_q == Mac && gnt_i && step_q != 4'd0;

  assign access_o     = run_q;
  assign write_o      = !open_i;
  assign write_be_o   = be;
  assign write_data_o = data;

  // Padding ends where it began (seal), or after 256 bytes or at the front of the body (open).
  assign pad_last = pad_word_q == '0 || (open_i ? step_q == 4'd0 : pad_word_q == padding_at_i[14:4]);

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
    end else if (start_i) begin
      run_q <= 1'b1;
    end else if (gnt_i && (field_q == Padding ? pad_last : step_q == 4'd0)) begin
      run_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      field_q    <= field_i;
      step_q     <= steps;
      place_q    <= at[15:2] - 14'(!get_next && at[1:0] == 2'd0) + {10'd0, steps};
      shift_q    <= get_next ? at[1:0] : 2'd0 - at[1:0];
      pad_word_q <= cipher_blocks_i - 11'd1;
    end else if (gnt_i) begin
      step_q     <= step_q - 4'd1;
      place_q    <= place_q - 14'd1;
      pad_word_q <= pad_word_q - 11'd1;
    end
  end

  // Second stage of an open: what was read.
  assign busy_o       = run_q || read_q;
  always_comb begin
    unique case (part_q)
      2'd0:    got = read_data_i[31:0];
      2'd1:    got = read_data_i[63:32];
      2'd2:    got = read_data_i[95:64];
      default: got = read_data_i[127:96];
    endcase
  end
  assign nonce_we_o   = read_q && open_i && field_q == Nonce && got_index_q != 4'(nonce_len_i[4:2]);
  assign nonce_word_o = moved;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) read_q <= 1'b0;
    else read_q <= gnt_i && open_i;
  end

  always_ff @(posedge clk_i) begin
    if (gnt_i) begin
      be_q        <= be;
      expected_q  <= data;
      part_q      <= place_q[1:0];
      got_index_q <= step_q;
    end
    if (get ? read_q : gnt_i) previous_q <= current;
  end

  always_comb begin
    differs = 1'b0;
    for (int i = 0; i < 16; i++) begin
      if (be_q[i] && read_data_i[8 * i +: 8] != expected_q[8 * (i % 4) +: 8]) differs = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (clear_i) begin
      bad_field_o <= 1'b0;
    end else if (read_q && (field_q == Padding || field_q == Mac) && differs) begin
      bad_field_o <= 1'b1;
    end
    if (read_q && field_q == Header) begin
      bad_format_o <= !read_data_i[31] || read_data_i[47:32] != 16'h0303 || read_data_i[127:64] != cid_i;
      bad_length_o <= read_data_i[63:48] != {length_field_i[7:0], length_field_i[15:8]};
    end
  end

endmodule

`default_nettype wire
