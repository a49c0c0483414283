// SPDX-License-Identifier: Apache-2.0
//
// First half of dispatch: checks 1 to 6 of rtl/README.md, in their order, and the counter of a seal. One operation at a time,
// in the order of fetching; 7 clocks an operation. What fails goes on with its status, in its turn. A part that fails check 4 or
// 5 goes to the stream lane all the same, without a source, since it ends the record there.
`default_nettype none

module queue_check #(
  parameter int unsigned SaCount = 256,
  parameter bit          Parts   = 1'b0
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
  // Classes of lanes (normal, legacy, stream) of which none is in service.
  input  logic [2:0]        none_i,
  // The administrator's look at a slot: held until it is lent, and then for as long as it is wanted.
  input  logic              peek_i,
  output logic              peeked_o,
  // Is an operation of this SA here?
  input  logic [7:0]        query_sa_i,
  output logic              query_busy_o,
  output logic              idle_o
);
  typedef enum logic [2:0] {Empty, Ask, Shape, Size, Sum, Judge, Ready} state_e;
  state_e state_q;

  logic [511:0] e_q;
  logic [3:0]   queue_q;
  logic         read_err_q;

  // Fields of the entry.
  logic [7:0]   op, content_type, sa_gen, pad;
  logic [15:0]  sa, total;
  logic [63:0]  seq;
  logic [23:0]  src_len, dst_len;
  logic         src_list, dst_list, part, first, last;
  assign op           = e_q[sluice_regs_pkg::SqeOpLsb +: 8];
  assign content_type = e_q[sluice_regs_pkg::SqeContentTypeLsb +: 8];
  assign sa           = e_q[sluice_regs_pkg::SqeSaLsb +: 16];
  assign sa_gen       = e_q[sluice_regs_pkg::SqeSaGenLsb +: 8];
  assign pad          = e_q[sluice_regs_pkg::SqePadLsb +: 8];
  assign src_len      = e_q[sluice_regs_pkg::SqeSrcLenLsb +: 24];
  assign dst_len      = e_q[sluice_regs_pkg::SqeDstLenLsb +: 24];
  assign total        = e_q[sluice_regs_pkg::SqeTotalLsb +: 16];
  assign seq          = e_q[sluice_regs_pkg::SqeSeqLsb +: 64];
  assign {last, first, part, dst_list, src_list} = e_q[sluice_regs_pkg::SqeFlagsLsb +: 5];

  logic is_nop, is_seal, is_verify, is_open, in_range;
  assign is_nop    = op == sluice_regs_pkg::OpNop;
  assign is_seal   = op == sluice_regs_pkg::OpSeal;
  assign is_verify = op == sluice_regs_pkg::OpVerify;
  assign is_open   = op == sluice_regs_pkg::OpOpen || is_verify;
  assign in_range  = 32'(sa) < SaCount;

  // ---- what the entry and the SA say, in the clocks from Ask to Judge
  logic        shape_ok, misfit, bad_length, too_small;
  logic [10:0] words;
  logic [5:0]  place;
  logic [2:0]  src_pages, src_pages_q;
  logic [14:0] dst_end, dst_end_q;
  queue_shape #(.Parts(Parts)) u_shape (
    .clk_i, .entry_i(e_q), .meta_i(look_meta_i), .ok_o(shape_ok), .misfit_o(misfit)
  );
  queue_sizes u_sizes (
    .clk_i, .seal_i(is_seal), .verify_i(is_verify), .part_i(part), .first_i(first), .last_i(last), .src_len_i(src_len),
    .total_i(total), .dst_len_i(dst_len), .pad_i(pad), .meta_i(look_meta_i),
    .bad_length_o(bad_length), .too_small_o(too_small), .words_o(words), .place_o(place),
    .src_pages_o(src_pages), .dst_end_o(dst_end)
  );

  // The limit lies in the counter's incarnation, or is the beginning of the next one.
  logic        exhausted_q, counted, tls, aes;
  logic [63:0] next_q;
  logic        mismatch_q;
  assign counted = is_seal && !look_meta_i.explicit_nonce;
  assign tls     = look_meta_i.form >= sluice_regs_pkg::FormTlsMte[2:0];
  assign aes     = look_meta_i.cipher >= sluice_regs_pkg::CipherAes128[2:0];
  always_ff @(posedge clk_i) begin
    exhausted_q <= look_next_i[63:48] == look_limit_i[63:48] && look_next_i[47:0] >= look_limit_i[47:0];
    next_q      <= look_next_i + 64'd1;
    mismatch_q  <= look_meta_i.gen != sa_gen || look_meta_i.open != is_open;
  end

  logic [7:0] status;
  logic       known;        // checks 1 to 3 passed
  logic       legacy, lost; // no lane could do it
  assign legacy = look_meta_i.mac == sluice_regs_pkg::MacMd5[1:0] || look_meta_i.cipher == sluice_regs_pkg::CipherDes[2:0] ||
                  look_meta_i.cipher == sluice_regs_pkg::CipherDes3[2:0];
  assign lost   = none_i[part ? card_pkg::ClassStream : legacy ? card_pkg::ClassLegacy : card_pkg::ClassNormal];
  always_comb begin
    known = 1'b0;
    if (read_err_q)                        status = sluice_regs_pkg::StatusDmaError;
    else if (!shape_ok)                    status = sluice_regs_pkg::StatusUnsupported;
    else if (is_nop)                       status = sluice_regs_pkg::StatusOk;
    else if (!in_range || !look_in_use_i)  status = sluice_regs_pkg::StatusNoSuchSa;
    else if (mismatch_q)                   status = sluice_regs_pkg::StatusSaMismatch;
    else if (misfit)                       status = sluice_regs_pkg::StatusUnsupported;
    else if (lost)                         status = sluice_regs_pkg::StatusHardwareFault;
    else begin
      known = 1'b1;
      if (bad_length)                      status = sluice_regs_pkg::StatusBadLength;
      else if (too_small)                  status = sluice_regs_pkg::StatusOutputTooSmall;
      else if (counted && exhausted_q)     status = sluice_regs_pkg::StatusCounterExhausted;
      else                                 status = sluice_regs_pkg::StatusOk;
    end
  end

  logic [7:0]  status_q;
  logic        direct_q, drop_q, window_q, tell_q, tls_q;
  logic [1:0]  says_q, lanes_q;
  logic [10:0] words_q;
  logic [5:0]  place_q;
  logic [63:0] counter_q, raise_next_q;
  logic        raise_q;
  assign look_sa_o    = peeked_o ? query_sa_i : sa[7:0];
  assign raise_o      = raise_q;
  assign raise_sa_o   = sa[7:0];
  assign raise_next_o = raise_next_q;
  assign in_ready_o   = state_q == Empty && !peek_i;
  assign peeked_o     = state_q == Empty && peek_i;
  assign out_valid_o  = state_q == Ready;
  assign query_busy_o = state_q != Empty && sa == {8'd0, query_sa_i};
  assign idle_o       = state_q == Empty;

  // What the entry itself tells needs no second register.
  always_comb begin
    out_o.status    = status_q;
    out_o.direct    = direct_q;
    out_o.lanes     = lanes_q;
    out_o.kind      = is_verify ? sluice_pkg::KindVerify : is_open ? sluice_pkg::KindOpen : sluice_pkg::KindSeal;
    out_o.part      = part;
    out_o.first     = first;
    out_o.last      = last;
    out_o.pair      = queue_q;
    out_o.cookie    = read_err_q ? 64'd0 : e_q[sluice_regs_pkg::SqeCookieLsb +: 64];
    out_o.link      = !read_err_q && !is_nop && in_range;
    out_o.sa        = sa[7:0];
    out_o.is_seal   = is_seal && !read_err_q;
    out_o.is_open   = is_open && !read_err_q;
    out_o.verify    = is_verify;
    out_o.src       = e_q[sluice_regs_pkg::SqeSrcLsb +: 64];
    out_o.dst       = e_q[sluice_regs_pkg::SqeDstLsb +: 64];
    out_o.src_list  = src_list && !drop_q;
    out_o.dst_list  = dst_list && !drop_q;
    out_o.src_pages = src_pages_q;
    out_o.dst_end   = dst_end_q;
    out_o.src_len   = drop_q ? 15'd0 : src_len[14:0];
    out_o.total     = total[14:0];
    out_o.type_byte = {!tls_q, content_type[6:0]};
    out_o.pad       = pad;
    out_o.nonce     = e_q[sluice_regs_pkg::SqeNonceLsb +: 128];
    out_o.words     = words_q;
    out_o.place     = place_q;
    out_o.window    = window_q;
    out_o.tell      = tell_q;
    out_o.says      = says_q;
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
      direct_q  <= is_nop || (status != sluice_regs_pkg::StatusOk && !(known && part));
      drop_q    <= status != sluice_regs_pkg::StatusOk;
      words_q   <= words;
      place_q   <= place;
      src_pages_q <= src_pages;
      dst_end_q   <= dst_end;
      window_q  <= look_meta_i.replay && !look_meta_i.explicit_nonce;
      tell_q    <= aes && !look_meta_i.explicit_nonce;
      tls_q     <= tls;
      says_q    <= counted ? card_pkg::CounterOwn :
                   look_meta_i.form == sluice_regs_pkg::FormTls10[2:0] && !is_verify ? card_pkg::CounterIv :
                   look_meta_i.explicit_nonce ? card_pkg::CounterNone : card_pkg::CounterRead;
      lanes_q   <= part ? card_pkg::ClassStream : legacy ? card_pkg::ClassLegacy :
                   words >= card_pkg::LongWords ? card_pkg::ClassLong : card_pkg::ClassNormal;
      counter_q <= counted ? look_next_i : tls ? seq : 64'd0;
    end
    raise_q      <= rst_ni && state_q == Judge && status == sluice_regs_pkg::StatusOk && counted && !is_nop;
    raise_next_q <= next_q;
    if (!rst_ni) state_q <= Empty;
    else begin
      unique case (state_q)
        Empty:   if (in_valid_i && !peek_i) state_q <= Ask;
        Ask:     state_q <= Shape;
        Shape:   state_q <= Size;
        Size:    state_q <= Sum;
        Sum:     state_q <= Judge;
        Judge:   state_q <= Ready;
        default: if (out_ready_i) state_q <= Empty;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, content_type[7]};
endmodule
`default_nettype wire
