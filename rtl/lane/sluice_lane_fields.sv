// SPDX-License-Identifier: Apache-2.0
//
// The fields of a record around its content: header, padding, MAC, nonce or IV. Seal puts them into the ring; open compares
// header, padding and MAC with what is there, and gets the nonce.
//
// All go by 32-bit words, the last first (the hash gives its digest in that order), moved to their byte position by a funnel over
// two neighbouring words. A step takes a clock. Which steps there are depends on lengths only: an open looks at the last 256
// encrypted bytes whatever padding_length is. What is put is made a clock before it is written: ring words are chosen late.
`default_nettype none

module sluice_lane_fields #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,
  input  logic              rst_ni,

  input  logic              start_i,        // while not busy_o
  input  logic [1:0]        field_i,        // 0 header, 1 padding, 2 MAC, 3 nonce
  input  logic              put_i,          // else compare it, or get the nonce
  input  logic              scratch_i,      // the nonce's working place: the end of the word before the origin
  input  logic              clear_i,        // forget differences of padding and MAC: a new record
  input  logic              clear_header_i, // and of the header
  output logic              busy_o,

  // What the fields hold and where they are (sluice_lane_plan).
  input  logic              tls_i,
  input  logic [7:0]        minor_i,        // second byte of version
  input  logic [7:0]        type_byte_i,
  input  logic [15:0]       length_field_i,
  input  logic [63:0]       cid_i,
  input  logic              prepared_i,     // padding: of the record that is prepared
  input  logic [14:0]       next_cipher_len_i,
  input  logic [14:0]       next_end_i,     // the nonce's place, secure UDP; in TLS it is in front of the body
  input  logic [14:0]       cipher_len_i,
  input  logic [14:0]       content_i,
  input  logic              mac_behind_i,   // the MAC is behind what is encrypted, else behind the content
  input  logic [7:0]        padding_i,
  input  logic [14:0]       padding_at_i,
  input  logic [5:0]        mac_len_i,
  input  logic [3:0]        digest_words_i,
  input  logic [4:0]        nonce_len_i,

  // Digest, last word first, big endian.
  output logic              digest_pop_o,
  output logic [2:0]        digest_index_o,
  input  logic [31:0]       digest_i,

  // Nonce words: read by index (put), written by index (get).
  output logic [1:0]        nonce_index_o,
  input  logic [31:0]       nonce_word_i,
  output logic              nonce_we_o,
  output logic [31:0]       nonce_word_o,

  output logic [7:0]        type_byte_o,    // the header's
  output logic              bad_format_o,   // the header is not this SA's
  output logic              bad_length_o,   // the header's length is not the record's
  output logic              bad_field_o,    // padding or MAC differs; right when not busy_o

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

  logic        run_q, get, last, step, unused;
  logic        put_q;
  logic [1:0]  field_q;
  logic [6:0]  step_q, steps;             // counts down to 0
  logic [13:0] place_q;                   // 32-bit place in the ring, from the origin; counts down with the steps
  logic [1:0]  shift_q;
  logic        read_q;                    // second stage of what is not put: the word is there, and what it was read for
  logic [1:0]  part_q;
  logic [3:0]  be_q;
  logic [31:0] expected_q;
  logic [2:0]  got_index_q;

  assign get = field_q == Nonce && !put_q;

  // The steps of a field. Putting or comparing, step n joins words n - 1 and n, where the field does not begin on a place;
  // getting, step n is the place in which word n begins. The header begins with its type in the last byte of a place.
  always_comb begin
    unique case (field_i)
      Header:  steps = tls_i ? 7'd2 : 7'd4;
      Padding: steps = 7'd64;
      Mac:     steps = {3'd0, digest_words_i};
      default: steps = {4'd0, nonce_len_i[4:2]};
    endcase
  end

  // The first place, a clock after the start: where the field begins, plus steps - 1, plus 1 if there are bytes in a further
  // place. Padding begins with the last place of what is encrypted. One sum, which counts the places down too: what is not added
  // is 0.
  logic              start_q, exact, carried, body_nonce;
  logic [3:0]        more, more_q;        // steps - 1; of a field in front of the body all of the sum, negative
  logic              minus_q;
  logic [14:0]       at_next_q, at_cipher_q, at_content_q, at_end_q, at;
  logic [13:0]       place_d;
  assign body_nonce = field_i == Nonce && !scratch_i && !tls_i;
  always_comb begin
    more = 4'hf;
    if (field_i == Header && tls_i) more = nonce_len_i[4] ? 4'hb : nonce_len_i[3] ? 4'hd : 4'hf;
    else if (field_i == Mac) more = digest_words_i - 4'd1;
    else if (body_nonce) more = nonce_len_i[4] ? 4'd3 : 4'd1;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) start_q <= 1'b0;
    else start_q <= start_i;
    minus_q <= !(start_i && (field_i == Mac || body_nonce));
    if (!start_i) more_q <= 4'hf;
    else more_q <= more;
    if (!(start_i && field_i == Padding && prepared_i)) at_next_q <= 15'd0;
    else at_next_q <= next_cipher_len_i;
    if (!(start_i && (field_i == Padding ? !prepared_i : field_i == Mac && mac_behind_i))) at_cipher_q <= 15'd0;
    else at_cipher_q <= cipher_len_i;
    if (!(start_i && field_i == Mac && !mac_behind_i)) at_content_q <= 15'd0;
    else at_content_q <= content_i;
    if (!(start_i && body_nonce)) at_end_q <= 15'd0;
    else at_end_q <= next_end_i;
  end
  assign at    = at_next_q | at_cipher_q | at_content_q | at_end_q;
  assign exact = !get && at[1:0] == 2'd0;
  assign {place_d, carried} = {{10{minus_q}}, more_q, start_q && !exact} + {{1'b0, at[14:2]} | place_q, 1'b1};

  // Which bytes of the place are the field's. Step n has bytes of word n - 1 and, those that the shift moves on, of word n.
  // Places of padding come last first, down to the one in which it begins.
  logic [3:0] be;
  logic [5:0] len;
  logic       at_begin, before_q, under, same, over;
  assign at_begin = place_q[12:0] == padding_at_i[14:2];
  assign under    = step_q[3:0] < len[5:2];
  assign same     = step_q[3:0] == len[5:2];
  assign over     = step_q[3:0] == len[5:2] + 4'd1;
  always_comb begin
    unique case (field_q)
      Mac:     len = mac_len_i;
      Nonce:   len = {1'b0, nonce_len_i};
      default: len = 6'd16;
    endcase
  end
  always_comb begin
    for (int i = 0; i < 4; i++) begin
      if (field_q == Padding) be[i] = !before_q && (!at_begin || 2'(i) >= padding_at_i[1:0]);
      else if ({1'b0, shift_q} + 3'(i) >= 3'd4) be[i] = under || (same && shift_q + 2'(i) < len[1:0]);
      else be[i] = step_q[3:0] != 4'd0 && (under || same || (over && shift_q + 2'(i) < len[1:0]));
    end
  end
  always_ff @(posedge clk_i) begin
    if (start_i) before_q <= 1'b0;
    else if (step && at_begin) before_q <= 1'b1;
  end

  // Padding ends where it began (put), or after 256 bytes or at the front of the body.
  always_comb begin
    last = step_q == 7'd0;
    if (field_q == Padding) last = put_q ? at_begin : step_q == 7'd1 || place_q == 14'd0;
  end

  // Words of the field, and the funnel.
  logic [31:0] header_word, source, current, previous_q, got, moved;
  always_comb begin
    unique case (step_q[2:0])
      3'd1:    header_word = {type_byte_i, 24'd0};
      3'd2:    header_word = {length_field_i[7:0], length_field_i[15:8], minor_i, 8'h03};
      3'd3:    header_word = cid_i[31:0];
      default: header_word = cid_i[63:32];
    endcase
    unique case (field_q)
      Header:  source = header_word;
      Padding: source = {4{padding_i}};
      Mac:     source = swap(digest_i);
      default: source = nonce_word_i;
    endcase
  end
  assign current = get ? got : source;
  assign moved   = 32'({previous_q, current} >> {shift_q, 3'd0});

  assign digest_index_o = step_q[2:0] - 3'd1;
  assign digest_pop_o   = field_q == Mac && step && step_q != 7'd0;
  assign nonce_index_o  = get ? got_index_q[1:0] : digest_index_o[1:0];

  // A step is a read, or makes what is written next.
  logic              put_valid_q;
  logic [RingAw-1:0] put_word_q;
  assign step         = put_q ? run_q && (!put_valid_q || gnt_i) : gnt_i;
  assign access_o     = put_q ? put_valid_q : run_q;
  assign write_o      = put_q;
  assign write_data_o = expected_q;
  assign word_o       = put_q ? put_word_q : place_q[RingAw + 1:2];
  always_comb begin
    write_be_o = {12'd0, be_q} << {part_q, 2'd0};
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      run_q       <= 1'b0;
      put_valid_q <= 1'b0;
    end else begin
      run_q       <= start_q || (run_q && !(step && last));
      put_valid_q <= put_q && (step || (put_valid_q && !gnt_i));
    end
  end

  assign unused = &{1'b0, carried};
  always_ff @(posedge clk_i) begin
    if (start_i) begin
      field_q <= field_i;
      put_q   <= put_i;
      step_q  <= steps;
    end else if (step) begin
      step_q  <= step_q - 7'd1;
    end
    if (start_q) shift_q <= get ? at[1:0] : 2'd0 - at[1:0];
    if (start_i) place_q <= 14'd0;
    else if (start_q || step) place_q <= place_d;
  end

  // Second stage of what is not put: what was read.
  assign busy_o       = start_q || run_q || read_q || put_valid_q;
  always_comb begin
    unique case (part_q)
      2'd0:    got = read_data_i[31:0];
      2'd1:    got = read_data_i[63:32];
      2'd2:    got = read_data_i[95:64];
      default: got = read_data_i[127:96];
    endcase
  end
  assign nonce_we_o   = read_q && get && got_index_q != nonce_len_i[4:2];
  assign nonce_word_o = moved;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) read_q <= 1'b0;
    else read_q <= gnt_i && !put_q;
  end

  always_ff @(posedge clk_i) begin
    if (step) begin
      put_word_q  <= place_q[RingAw + 1:2];
      be_q        <= be;
      expected_q  <= moved;
      part_q      <= place_q[1:0];
      got_index_q <= step_q[2:0];
    end
    if (get ? read_q : step) previous_q <= current;
  end

  logic [3:0] differs;
  always_comb begin
    for (int i = 0; i < 4; i++) begin
      differs[i] = got[8 * i +: 8] != expected_q[8 * i +: 8];
    end
  end

  // The header's steps: 4 and 3 the cid, 2 version and length, 1 the type. Nothing of the type but bit 7 is looked at.
  always_ff @(posedge clk_i) begin
    if (clear_i) bad_field_o <= 1'b0;
    else if (read_q && field_q != Header && !get && (differs & be_q) != 4'd0) bad_field_o <= 1'b1;
    if (clear_header_i) begin
      bad_format_o <= 1'b0;
      bad_length_o <= 1'b0;
      type_byte_o  <= type_byte_i;
    end else if (read_q && field_q == Header && got_index_q != 3'd0) begin
      unique case (got_index_q)
        3'd1: begin
          type_byte_o <= got[31:24];
          if (got[31] == tls_i) bad_format_o <= 1'b1;
        end
        3'd2: begin
          if (differs[1:0] != 2'd0) bad_format_o <= 1'b1;
          if (differs[3:2] != 2'd0) bad_length_o <= 1'b1;
        end
        default: if (differs != 4'd0) bad_format_o <= 1'b1;
      endcase
    end
  end

endmodule

`default_nettype wire
