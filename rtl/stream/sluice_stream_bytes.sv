// SPDX-License-Identifier: Apache-2.0
//
// The byte that a stream lane takes next: of the source, or one that the card makes itself (`what_i` of sluice_stream_control).
// Combinational.
`default_nettype none

module sluice_stream_bytes (
  input  logic [2:0]   what_i,
  input  logic [7:0]   index_i,
  input  logic [7:0]   ring_i,
  input  logic [7:0]   digest_i,
  input  logic [7:0]   padding_i,
  input  logic [39:0]  header_i,
  input  logic [127:0] nonce_i,
  input  logic [63:0]  seq_i,
  input  logic [15:0]  mac_field_i,      // length as the MAC has it
  input  logic         md5_i,
  input  logic         outer_i,
  input  logic [3:0]   hash_words_i,
  input  logic [2:0]   hash_at_i,        // how much of its block the hash has, modulo 8
  input  logic         message_end_i,    // 0x80 comes
  input  logic         message_length_i, // the length comes
  output logic [7:0]   byte_o
);

  logic [7:0]  header_byte, prefix_byte, end_byte, nonce_byte;
  logic [19:0] message_bits;

  assign nonce_byte = nonce_i[8 * (index_i[3:0] - 4'd5) +: 8];
  always_comb begin
    unique case (index_i)
      8'd0:    header_byte = header_i[39:32];
      8'd1:    header_byte = header_i[31:24];
      8'd2:    header_byte = header_i[23:16];
      8'd3:    header_byte = header_i[15:8];
      8'd4:    header_byte = header_i[7:0];
      default: header_byte = nonce_byte;
    endcase
    unique case (index_i[3:0])
      4'd8:    prefix_byte = header_i[39:32];
      4'd9:    prefix_byte = header_i[31:24];
      4'd10:   prefix_byte = header_i[23:16];
      4'd11:   prefix_byte = mac_field_i[15:8];
      4'd12:   prefix_byte = mac_field_i[7:0];
      default: prefix_byte = seq_i[8 * (3'd7 - index_i[2:0]) +: 8];
    endcase
  end

  // Length of what is hashed: the key's block, then the prefix and the rest, or the digest.
  assign message_bits = {outer_i ? 17'd64 + {11'd0, hash_words_i, 2'd0} : 17'd77 + {1'b0, mac_field_i}, 3'd0};
  always_comb begin
    unique case (md5_i ? hash_at_i : ~hash_at_i)
      3'd0:    end_byte = message_bits[7:0];
      3'd1:    end_byte = message_bits[15:8];
      3'd2:    end_byte = {4'd0, message_bits[19:16]};
      default: end_byte = 8'd0;
    endcase
    if (!message_length_i) end_byte = {message_end_i, 7'd0};
  end

  always_comb begin
    unique case (what_i)
      3'd0:    byte_o = ring_i;
      3'd1:    byte_o = header_byte;
      3'd2:    byte_o = prefix_byte;
      3'd3:    byte_o = digest_i;
      3'd4:    byte_o = padding_i;
      default: byte_o = end_byte;
    endcase
  end

endmodule

`default_nettype wire
