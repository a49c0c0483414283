// SPDX-License-Identifier: Apache-2.0
//
// Check 1 of rtl/README.md: operation and flags known, fields that must be 0 are 0, page lists where they may be. Two steps from
// an entry that stays: the answers are there two clocks after it. What depends on the SA's form is asked for with the SA's own
// checks (misfit_o).
`default_nettype none

module queue_shape #(
  parameter bit Parts = 1'b0     // there is a stream lane
) (
  input  logic            clk_i,
  input  logic [511:0]    entry_i,
  input  card_pkg::meta_t meta_i,
  output logic            ok_o,
  output logic            misfit_o   // the SA's form does not go with this operation, or with a field of it
);
  logic [7:0]  op, content_type, pad;
  logic [15:0] flags, total;
  logic [23:0] src_len, dst_len;
  logic [63:0] src, dst;
  assign op           = entry_i[sluice_regs_pkg::SqeOpLsb +: 8];
  assign content_type = entry_i[sluice_regs_pkg::SqeContentTypeLsb +: 8];
  assign flags        = entry_i[sluice_regs_pkg::SqeFlagsLsb +: 16];
  assign pad          = entry_i[sluice_regs_pkg::SqePadLsb +: 8];
  assign src          = entry_i[sluice_regs_pkg::SqeSrcLsb +: 64];
  assign dst          = entry_i[sluice_regs_pkg::SqeDstLsb +: 64];
  assign src_len      = entry_i[sluice_regs_pkg::SqeSrcLenLsb +: 24];
  assign dst_len      = entry_i[sluice_regs_pkg::SqeDstLenLsb +: 24];
  assign total        = entry_i[sluice_regs_pkg::SqeTotalLsb +: 16];

  // ---- step 1: which fields are 0, and how many pages lie behind the lists
  function automatic logic [4:0] pages(input logic [23:0] len);
    pages = len[23:16] != 8'd0 || len[15:0] > 16'd57345 ? 5'd16 : {1'b0, 4'((len[15:0] + 16'd8190) >> 12)};
  endfunction
  logic       nop_q, seal_q, open_q, verify_q, rest_0_q, type_0_q, pad_0_q, total_0_q, nonce_0_q, seq_0_q, dst_0_q;
  logic [4:0] src_pages_q, dst_pages_q;
  always_ff @(posedge clk_i) begin
    nop_q       <= op == sluice_regs_pkg::OpNop;
    seal_q      <= op == sluice_regs_pkg::OpSeal;
    open_q      <= op == sluice_regs_pkg::OpOpen;
    verify_q    <= op == sluice_regs_pkg::OpVerify;
    rest_0_q    <= flags == '0 && entry_i[sluice_regs_pkg::SqeSaLsb +: 24] == '0 && src == '0 && src_len == '0;
    type_0_q    <= content_type == '0;
    pad_0_q     <= pad == '0;
    total_0_q   <= total == '0;
    nonce_0_q   <= entry_i[sluice_regs_pkg::SqeNonceLsb +: 128] == '0;
    seq_0_q     <= entry_i[sluice_regs_pkg::SqeSeqLsb +: 64] == '0;
    dst_0_q     <= dst == '0 && dst_len == '0;
    src_pages_q <= pages(src_len);
    dst_pages_q <= pages(dst_len);
  end

  // ---- step 2
  logic src_list, dst_list, part, first, last, flags_ok, lists_ok, fields_ok, tls, chained;
  assign {last, first, part, dst_list, src_list} = flags[4:0];
  assign flags_ok = flags[15:5] == '0 && (part ? Parts : !first && !last);
  assign lists_ok = (!src_list || (src[2:0] == '0 && {1'b0, src[11:3]} + {5'd0, src_pages_q} <= 10'd512)) &&
                    (!dst_list || (dst[2:0] == '0 && {1'b0, dst[11:3]} + {5'd0, dst_pages_q} <= 10'd512));
  always_comb begin
    case (1'b1)
      nop_q:    fields_ok = rest_0_q && type_0_q && pad_0_q && total_0_q && nonce_0_q && seq_0_q && dst_0_q;
      seal_q:   fields_ok = part && !first ? type_0_q && pad_0_q && total_0_q && nonce_0_q && seq_0_q : part || total_0_q;
      open_q:   fields_ok = type_0_q && pad_0_q && total_0_q && (!part || first || (nonce_0_q && seq_0_q));
      verify_q: fields_ok = flags[4:1] == '0 && pad_0_q && total_0_q && nonce_0_q && dst_0_q;
      default:  fields_ok = 1'b0;
    endcase
  end
  assign tls     = meta_i.form >= sluice_regs_pkg::FormTlsMte[2:0];
  assign chained = meta_i.form == sluice_regs_pkg::FormTls10[2:0];
  always_ff @(posedge clk_i) begin
    ok_o     <= flags_ok && lists_ok && fields_ok;
    misfit_o <= (verify_q && meta_i.form != sluice_regs_pkg::FormTlsMte[2:0] && !chained) || (part && !tls) ||
                (!tls && !seq_0_q) || (open_q && !chained && !nonce_0_q);
  end

  logic unused;
  assign unused = &{1'b0, entry_i, meta_i};
endmodule
`default_nettype wire
