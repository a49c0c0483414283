// SPDX-License-Identifier: Apache-2.0
//
// Lengths of a record (rtl/README.md, "Rules of an operation"): the header's length field of a seal, and all that follows from
// the length field of either. Each output is right at most 5 clocks after its inputs have come to rest.
`default_nettype none

module sluice_stream_plan (
  input  logic        clk_i,

  input  logic        aes_i,
  input  logic        null_i,
  input  logic        etm_i,
  input  logic        tls10_i,
  input  logic [5:0]  mac_len_i,
  input  logic [14:0] total_i,       // seal: content
  input  logic [7:0]  pad_i,         // seal: further blocks of padding

  output logic        seal_bad_o,    // no seal can be like that
  output logic [15:0] seal_length_o, // length field of the record to be made

  input  logic [15:0] length_i,      // length field
  output logic        length_bad_o,  // no record of this SA has it
  output logic [4:0]  iv_len_o,
  output logic [5:0]  after_o,       // bytes after what is encrypted
  output logic [15:0] body_left_o,   // record bytes that are left where the IV ends
  output logic [15:0] mac_field_o,   // length in the MAC's prefix
  output logic [16:0] room_o,        // E without padding_length and the MAC in it: the largest content
  output logic [14:0] sure_o,        // bytes of E that are content whatever the padding is
  output logic [7:0]  padding_o      // seal: padding_length
);

  localparam logic [16:0] LargestMost = 17'(sluice_regs_pkg::MaxContent + sluice_regs_pkg::MaxPadding);

  logic [5:0] mac_in;
  assign mac_in   = etm_i ? 6'd0 : mac_len_i;
  assign after_o  = etm_i ? mac_len_i : 6'd0;
  assign iv_len_o = null_i || tls10_i ? 5'd0 : aes_i ? 5'd16 : 5'd8;

  // Seal.
  logic [15:0] plain_q, encrypted_q, length_q;
  logic [11:0] blocks16;
  logic [12:0] blocks8;
  logic        seal_bad_q;

  assign blocks16 = plain_q[15:4] + {4'd0, pad_i} + 12'd1;
  assign blocks8  = plain_q[15:3] + {5'd0, pad_i} + 13'd1;

  always_ff @(posedge clk_i) begin
    plain_q     <= {1'b0, total_i} + {10'd0, mac_in};
    encrypted_q <= null_i ? plain_q : aes_i ? {blocks16, 4'd0} : {blocks8, 3'd0};
    length_q    <= encrypted_q + {11'd0, iv_len_o} + {10'd0, after_o};
    seal_bad_q  <= total_i > 15'(sluice_regs_pkg::MaxContent) || (!null_i && pad_i > (aes_i ? 8'd15 : 8'd31));
  end

  assign seal_bad_o    = seal_bad_q;
  assign seal_length_o = length_q;

  // What a length field says. Two's complement: it may be too short.
  logic [16:0] mac_field_q, encrypted, room_q;
  logic [15:0] sure_q;   // of a length that is not bad
  logic [16:0] e_q;
  logic [15:0] body_left_q;
  logic [7:0]  padding_q;
  logic        bad_q, ragged;

  assign encrypted = mac_field_q - {12'd0, iv_len_o};
  assign ragged    = aes_i ? e_q[3:0] != 4'd0 : !null_i && e_q[2:0] != 3'd0;

  always_ff @(posedge clk_i) begin
    body_left_q <= length_i - {11'd0, iv_len_o};
    mac_field_q <= {1'b0, length_i} - {11'd0, after_o};
    e_q         <= encrypted;
    room_q      <= e_q - {11'd0, mac_in} - {16'd0, !null_i};
    sure_q      <= e_q[15:0] - {10'd0, mac_in} - {7'd0, !null_i, 8'd0};
    padding_q   <= room_q[7:0] - total_i[7:0];
    bad_q       <= room_q[16] || ragged || room_q > LargestMost;
  end

  assign length_bad_o = bad_q;
  assign body_left_o  = body_left_q;
  assign mac_field_o  = etm_i ? mac_field_q[15:0] : {1'b0, total_i};
  assign room_o       = room_q;
  assign sure_o       = sure_q[15] ? 15'd0 : sure_q[14:0];
  assign padding_o    = padding_q;

endmodule

`default_nettype wire
