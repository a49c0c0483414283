// SPDX-License-Identifier: Apache-2.0
//
// Lengths of a record of the secure-UDP forms, as rtl/README.md has them: what an operation writes at most, how much ring it
// needs, and whether a record of this SA can have that length (checks 4 and 5). Combinational; every input is public.
`default_nettype none

module queue_sizes (
  input  logic        open_i,
  input  logic [2:0]  cipher_i,
  input  logic        etm_i,
  input  logic [5:0]  mac_len_i,
  input  logic [23:0] src_len_i,
  input  logic [23:0] dst_len_i,
  input  logic [7:0]  pad_i,
  output logic        bad_length_o,
  output logic        too_small_o,
  output logic [10:0] words_o        // ring words of the record, which begins at byte 3 of the first
);
  logic        null_cipher, aes;
  logic [4:0]  nonce;
  logic [15:0] src, mac_in, mac_out;
  assign null_cipher = cipher_i == sluice_regs_pkg::CipherNull[2:0];
  assign aes         = cipher_i >= sluice_regs_pkg::CipherAes128[2:0];
  assign nonce       = aes ? 5'd16 : 5'd8;
  assign src         = {1'b0, src_len_i[14:0]};
  assign mac_in      = etm_i ? 16'd0 : {10'd0, mac_len_i};
  assign mac_out     = etm_i ? {10'd0, mac_len_i} : 16'd0;

  // seal
  logic [15:0] plain, least, encrypted, record;
  logic        padding_bad;
  assign plain       = src + mac_in;
  assign least       = aes ? {plain[15:4] + 12'd1, 4'd0} : {plain[15:3] + 13'd1, 3'd0};
  assign encrypted   = null_cipher ? plain : least + (aes ? {4'd0, pad_i, 4'd0} : {5'd0, pad_i, 3'd0});
  assign padding_bad = !null_cipher && (aes ? pad_i > 8'd15 : pad_i > 8'd31);
  assign record      = 16'(sluice_regs_pkg::UdpHeaderBytes) + encrypted + mac_out + {11'd0, nonce};

  // open
  logic [15:0] outside, inner, body, largest, writes;
  logic        ragged;
  localparam logic [15:0] LargestMost = 16'(sluice_regs_pkg::MaxContent + sluice_regs_pkg::MaxPadding);
  assign outside = 16'(sluice_regs_pkg::UdpHeaderBytes) + {11'd0, nonce} + mac_out;
  assign inner   = mac_in + (null_cipher ? 16'd0 : 16'd1);
  assign body    = src - outside;
  assign largest = body - inner;
  assign writes  = largest < 16'(sluice_regs_pkg::MaxContent) ? largest : 16'(sluice_regs_pkg::MaxContent);
  assign ragged  = aes ? body[3:0] != 4'd0 : !null_cipher && body[2:0] != 3'd0;

  assign bad_length_o = src_len_i[23:15] != 9'd0 ||
                        (open_i ? src < outside + inner || ragged || largest > LargestMost
                                : src > 16'(sluice_regs_pkg::MaxContent) || padding_bad);
  assign too_small_o  = dst_len_i < {8'd0, open_i ? writes : record};
  assign words_o      = 11'(((open_i ? src : record) + 16'd18) >> 4);  // three bytes before it, rounded up
endmodule
`default_nettype wire
