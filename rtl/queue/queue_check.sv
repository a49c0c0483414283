// SPDX-License-Identifier: Apache-2.0
//
// First half of dispatch: checks 1 to 6 of rtl/README.md, in their order, and the counter of a seal. One operation at a time,
// in the order of fetching; 4 clocks an operation. What fails goes on with its status, in its turn.
`default_nettype none

module queue_check #(
  parameter int unsigned SaCount = 256
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  // Entries (queue_fetch).
  input  logic              in_valid_i,
  output logic              in_ready_o,
  input  logic [511:0]      in_entry_i,
  input  logic [3:0]        in_queue_i,
  input  logic              in_err_i,
  // SA table (sa_store), one clock after the slot is asked for.
  output logic [7:0]        look_sa_o,
  input  logic              look_in_use_i,
  input  card_pkg::meta_t   look_meta_i,
  input  logic [63:0]       look_next_i,
  input  logic [63:0]       look_limit_i,
  output logic              raise_o,
  output logic [7:0]        raise_sa_o,
  output logic [63:0]       raise_next_o,
  // Checked operations.
  output logic              out_valid_o,
  input  logic              out_ready_i,
  output card_pkg::work_t   out_o,
  // Is an operation of this SA here?
  input  logic [7:0]        query_sa_i,
  output logic              query_busy_o,
  output logic              idle_o
);
  typedef enum logic [1:0] {Empty, Ask, Judge, Ready} state_e;
  state_e state_q;

  logic [511:0] e_q;
  logic [3:0]   queue_q;
  logic         read_err_q;

  // Fields of the entry.
  logic [7:0]   op, content_type, sa_gen, pad;
  logic [15:0]  flags, sa, total;
  logic [63:0]  seq;
  logic [127:0] nonce;
  logic [23:0]  src_len, dst_len;
  assign op           = e_q[sluice_regs_pkg::SqeOpLsb +: 8];
  assign content_type = e_q[sluice_regs_pkg::SqeContentTypeLsb +: 8];
  assign flags        = e_q[sluice_regs_pkg::SqeFlagsLsb +: 16];
  assign sa           = e_q[sluice_regs_pkg::SqeSaLsb +: 16];
  assign sa_gen       = e_q[sluice_regs_pkg::SqeSaGenLsb +: 8];
  assign pad          = e_q[sluice_regs_pkg::SqePadLsb +: 8];
  assign src_len      = e_q[sluice_regs_pkg::SqeSrcLenLsb +: 24];
  assign dst_len      = e_q[sluice_regs_pkg::SqeDstLenLsb +: 24];
  assign total        = e_q[sluice_regs_pkg::SqeTotalLsb +: 16];
  assign nonce        = e_q[sluice_regs_pkg::SqeNonceLsb +: 128];
  assign seq          = e_q[sluice_regs_pkg::SqeSeqLsb +: 64];

  // ---- check 1, and what the SA has to say
  logic is_nop, is_seal, is_open, shape_ok, in_range;
  assign is_nop   = op == sluice_regs_pkg::OpNop;
  assign is_seal  = op == sluice_regs_pkg::OpSeal;
  assign is_open  = op == sluice_regs_pkg::OpOpen;
  assign in_range = 32'(sa) < SaCount;
  always_comb begin
    unique case (1'b1)
      is_nop:  shape_ok = e_q[511:128] == '0 && e_q[63:8] == '0;
      is_seal: shape_ok = flags == '0 && total == '0 && seq == '0;
      is_open: shape_ok = flags == '0 && total == '0 && seq == '0 && content_type == '0 && pad == '0 && nonce == '0;
      default: shape_ok = 1'b0;
    endcase
  end

  logic        bad_length, too_small, unused_mac;
  assign unused_mac = &{1'b0, look_meta_i.mac};
  logic [10:0] words;
  queue_sizes u_sizes (
    .open_i(is_open), .cipher_i(look_meta_i.cipher), .etm_i(look_meta_i.form == sluice_regs_pkg::FormUdpEtm[2:0]),
    .mac_len_i(look_meta_i.mac_len), .src_len_i(src_len), .dst_len_i(dst_len), .pad_i(pad),
    .bad_length_o(bad_length), .too_small_o(too_small), .words_o(words)
  );

  // The limit lies in the counter's incarnation, or is the beginning of the next one.
  logic       exhausted, counted;
  logic [7:0] status;
  assign exhausted = look_next_i[63:48] == look_limit_i[63:48] && look_next_i[47:0] >= look_limit_i[47:0];
  assign counted   = is_seal && !look_meta_i.explicit_nonce;
  always_comb begin
    if (read_err_q)                             status = sluice_regs_pkg::StatusDmaError;
    else if (!shape_ok)                         status = sluice_regs_pkg::StatusUnsupported;
    else if (is_nop)                            status = sluice_regs_pkg::StatusOk;
    else if (!in_range || !look_in_use_i)       status = sluice_regs_pkg::StatusNoSuchSa;
    else if (look_meta_i.gen != sa_gen || look_meta_i.open != is_open) status = sluice_regs_pkg::StatusSaMismatch;
    else if (bad_length)                        status = sluice_regs_pkg::StatusBadLength;
    else if (too_small)                         status = sluice_regs_pkg::StatusOutputTooSmall;
    else if (counted && exhausted)              status = sluice_regs_pkg::StatusCounterExhausted;
    else                                        status = sluice_regs_pkg::StatusOk;
  end

  logic [7:0]  status_q;
  logic [10:0] words_q;
  logic        window_q, tell_q;
  logic [63:0] counter_q;
  assign look_sa_o    = sa[7:0];
  assign raise_o      = state_q == Judge && status == sluice_regs_pkg::StatusOk && counted;
  assign raise_sa_o   = sa[7:0];
  assign raise_next_o = look_next_i + 64'd1;
  assign in_ready_o   = state_q == Empty;
  assign out_valid_o  = state_q == Ready;
  assign query_busy_o = state_q != Empty && sa == {8'd0, query_sa_i};
  assign idle_o       = state_q == Empty;

  // What the entry itself tells needs no second register.
  always_comb begin
    out_o.status    = status_q;
    out_o.direct    = is_nop || status_q != sluice_regs_pkg::StatusOk;
    out_o.kind      = is_open ? sluice_pkg::KindOpen : sluice_pkg::KindSeal;
    out_o.pair     = queue_q;
    out_o.cookie    = read_err_q ? 64'd0 : e_q[sluice_regs_pkg::SqeCookieLsb +: 64];
    out_o.link      = !read_err_q && !is_nop && in_range;
    out_o.sa        = sa[7:0];
    out_o.is_seal   = is_seal && !read_err_q;
    out_o.is_open   = is_open && !read_err_q;
    out_o.src       = e_q[sluice_regs_pkg::SqeSrcLsb +: 64];
    out_o.dst       = e_q[sluice_regs_pkg::SqeDstLsb +: 64];
    out_o.src_len   = src_len[14:0];
    out_o.type_byte = {1'b1, content_type[6:0]};
    out_o.pad       = pad;
    out_o.nonce     = nonce;
    out_o.words     = words_q;
    out_o.window    = window_q;
    out_o.tell      = tell_q;
    out_o.counter   = counter_q;
  end

  always_ff @(posedge clk_i) begin
    if (in_valid_i && in_ready_o) begin
      e_q        <= in_entry_i;
      queue_q    <= in_queue_i;
      read_err_q <= in_err_i;
    end
    if (state_q == Judge) begin
      status_q  <= status;
      words_q   <= words;
      window_q  <= look_meta_i.replay && !look_meta_i.explicit_nonce;
      tell_q    <= look_meta_i.cipher >= sluice_regs_pkg::CipherAes128[2:0];
      counter_q <= counted ? look_next_i : 64'd0;
    end
    if (!rst_ni) state_q <= Empty;
    else begin
      unique case (state_q)
        Empty:   if (in_valid_i) state_q <= Ask;
        Ask:     state_q <= Judge;
        Judge:   state_q <= Ready;
        default: if (out_ready_i) state_q <= Empty;
      endcase
    end
  end
endmodule
`default_nettype wire
