// SPDX-License-Identifier: Apache-2.0
//
// Lengths of a record, as rtl/README.md has them: what an operation writes at most, how much ring it needs and where its source
// goes there (sluice_pkg), and whether a record of this SA can have that length (checks 4 and 5). In three steps, one a clock,
// from inputs that stay; the answers are there three clocks after them. Every input is public.
`default_nettype none

module queue_sizes (
  input  logic            clk_i,
  // The operation: a seal, else an open; verify, part and the rest are more of what it is.
  input  logic            seal_i,
  input  logic            verify_i,
  input  logic            part_i,
  input  logic            first_i,
  input  logic            last_i,
  input  logic [23:0]     src_len_i,
  input  logic [15:0]     total_i,
  input  logic [23:0]     dst_len_i,
  input  logic [7:0]      pad_i,
  input  card_pkg::meta_t meta_i,
  output logic            bad_length_o,
  output logic            too_small_o,
  output logic [10:0]     words_o,       // ring words of the job
  output logic [5:0]      place_o,       // where its source begins, in bytes
  output logic [2:0]      src_pages_o,   // entries of page lists
  output logic [14:0]     dst_end_o      // card_pkg::work_t
);
  localparam logic [15:0] ContentMost = 16'(sluice_regs_pkg::MaxContent);
  localparam logic [15:0] LargestMost = 16'(sluice_regs_pkg::MaxContent + sluice_regs_pkg::MaxPadding);
  localparam logic [23:0] PartMost    = 24'(sluice_regs_pkg::MaxContent + 336);
  localparam logic [15:0] PartWords   = 16'd23;  // of a part's job, beside its source

  logic padded, aes, tls, etm;
  assign padded = meta_i.cipher != sluice_regs_pkg::CipherNull[2:0];
  assign aes    = meta_i.cipher >= sluice_regs_pkg::CipherAes128[2:0];
  assign tls    = meta_i.form >= sluice_regs_pkg::FormTlsMte[2:0];
  assign etm    = meta_i.form == sluice_regs_pkg::FormUdpEtm[2:0] || meta_i.form == sluice_regs_pkg::FormTlsEtm[2:0];

  logic iv;     // an IV stands in the record
  assign iv = tls && padded && meta_i.form != sluice_regs_pkg::FormTls10[2:0];

  // ---- step 1: what stands around the body, and what in it is neither content nor padding
  logic [15:0] src;
  logic [4:0]  head, head_q, trail;
  logic [5:0]  mac_in, mac_out;
  logic [6:0]  fixed_q, inner_q;
  logic [15:0] plain_q;
  logic [9:0]  more_q;
  logic        src_much_q, padding_bad_q;
  assign src     = {1'b0, src_len_i[14:0]};
  assign head    = !tls ? 5'(sluice_regs_pkg::UdpHeaderBytes) : !iv ? 5'd5 : aes ? 5'd21 : 5'd13;
  assign trail   = tls ? 5'd0 : aes ? 5'd16 : 5'd8;
  assign mac_in  = etm ? 6'd0 : meta_i.mac_len;
  assign mac_out = etm ? meta_i.mac_len : 6'd0;
  always_ff @(posedge clk_i) begin
    head_q        <= head;
    fixed_q       <= verify_i ? 7'd0 : {2'd0, head} + {2'd0, trail} + {1'b0, mac_out};
    inner_q       <= {1'b0, mac_in} + {6'd0, padded};
    plain_q       <= src + {10'd0, mac_in};
    more_q        <= 10'd15 + (seal_i && first_i ? 10'd21 : 10'd0) +
                     (seal_i && last_i ? {4'd0, meta_i.mac_len} + 10'd256 : 10'd0);
    src_much_q    <= seal_i ? src_len_i > {8'd0, ContentMost} : src_len_i > PartMost;
    padding_bad_q <= seal_i && padded && (aes ? pad_i[7:4] != 4'd0 : pad_i[7:5] != 3'd0);
  end

  // ---- step 2: the body
  logic [15:0] least, encrypted_q, body_q, part_q;
  logic [6:0]  outer_q;
  logic [15:0] around_q;
  assign least = aes ? {plain_q[15:4] + 12'd1, 4'd0} : {plain_q[15:3] + 13'd1, 3'd0};
  always_ff @(posedge clk_i) begin
    encrypted_q <= !padded ? plain_q : least + (aes ? {8'd0, pad_i[3:0], 4'd0} : {8'd0, pad_i[4:0], 3'd0});
    body_q      <= src - {9'd0, fixed_q};
    around_q    <= {9'd0, fixed_q} + {9'd0, inner_q};
    outer_q     <= fixed_q;
    part_q      <= src + {6'd0, more_q};
  end

  // ---- step 3: what is written, what lies in the ring
  logic [15:0] largest, need_q, held_q;
  logic        ragged, too_short, too_large;
  logic        bad_q;
  assign largest = body_q - {9'd0, inner_q};
  assign ragged  = aes ? body_q[3:0] != 4'd0 : padded && body_q[2:0] != 3'd0;
  assign too_short   = src < around_q;
  assign too_large   = src > LargestMost + around_q;
  always_ff @(posedge clk_i) begin
    need_q <= part_i ? part_q : seal_i ? encrypted_q + {9'd0, outer_q} :
              verify_i ? 16'd0 : largest < ContentMost ? largest : ContentMost;
    held_q <= part_i ? src + 16'(PartWords << 4) : seal_i ? encrypted_q + {9'd0, outer_q} :
              verify_i ? src + {11'd0, head_q} : src;
    if (part_i) bad_q <= src_much_q || (seal_i && first_i && (total_i > ContentMost || padding_bad_q));
    else if (seal_i) bad_q <= src_much_q || padding_bad_q;
    else bad_q <= src_len_i[23:15] != 9'd0 || too_short || ragged || too_large;
  end

  assign bad_length_o = bad_q;
  assign src_pages_o  = 3'((src + 16'd8190) >> 12);
  assign dst_end_o    = 15'(need_q + 16'd4094);
  assign too_small_o  = dst_len_i < {8'd0, need_q};
  // A record begins so that its body begins with a ring word: 13 bytes before it, or 5 or 21.
  assign words_o = 11'((held_q + (part_i ? 16'd15 : head_q == 5'd13 ? 16'd18 : 16'd26)) >> 4);
  assign place_o = part_i ? 6'h30 : seal_i || verify_i ? (head_q == 5'd21 ? 6'h20 : 6'h10) : head_q == 5'd13 ? 6'h03 : 6'h0b;

  logic unused;
  assign unused = &{1'b0, meta_i};
endmodule
`default_nettype wire
