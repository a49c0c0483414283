// SPDX-License-Identifier: Apache-2.0
//
// Replay windows ("Replay window" in rtl/README.md): for each SA the highest counter accepted and a bit for each counter of the
// window that ends there, of the highest incarnation and of the one before it. The bits are a ring of exactly the window, in
// words of 32: that of the highest count (`top`) is also that of the oldest counters, whose bits lie above top's. When top moves
// on to another word they are cleared, as are the words that it passes; in the word that it comes to, the bits up to its own are.
// Each incarnation has a bank of the memory; when a new one begins the banks change places. A question is answered 3 clocks
// after it is taken, and one more for each word that is cleared (at most 31).
//
// The administrator copies a window in or out as struct sa_window, 32 bits at a time from index 0 on, and keeps questions away
// meanwhile.
`default_nettype none

module sa_window #(
  parameter int unsigned SaCount = 256,
  parameter int unsigned Window  = sluice_regs_pkg::ReplayWindow   // 64 to 1024, a power of two; less than that is for proofs
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  // An SA begins: counters below floor are refused. Only while ready_o.
  input  logic        init_i,
  input  logic [7:0]  init_sa_i,
  input  logic [63:0] init_floor_i,
  // accept: the record is authentic; otherwise nothing changes.
  input  logic        ask_valid_i,
  output logic        ready_o,
  input  logic [7:0]  ask_sa_i,
  input  logic [63:0] ask_counter_i,
  input  logic        ask_accept_i,
  output logic        answer_valid_o,
  output logic        replayed_o,
  // Copying the window of init_sa_i, once ready with copy_i held. Data comes one clock after its index.
  input  logic        copy_i,
  output logic        copy_ready_o,
  input  logic        copy_we_i,
  input  logic [7:0]  copy_index_i,   // 32-bit word of struct sa_window
  input  logic [31:0] copy_data_i,
  output logic [31:0] copy_data_o,
  // March test, while nobody else wants anything: words of the bits, and of the other memories with few; copy_data_i, which is
  // all march_bit_i, is written. What was read one clock later is bad when it is not the other.
  input  logic        march_i,
  input  logic        march_we_i,
  input  logic        march_bit_i,
  input  logic        march_few_i,
  input  logic [12:0] march_waddr_i,
  input  logic [12:0] march_raddr_i,
  output logic        march_bad_o
);
  localparam logic [7:0] FloorAt    = 8'(sluice_regs_pkg::SaWindowFloorLsb / 32);
  localparam logic [7:0] CurrentAt  = 8'(sluice_regs_pkg::SaWindowCurrentLsb / 32);
  localparam logic [7:0] FormerAt   = 8'(sluice_regs_pkg::SaWindowFormerLsb / 32);
  localparam logic [7:0] StateAt    = 8'(sluice_regs_pkg::SaWindowStateLsb / 32);
  localparam logic [7:0] CurrentBitsAt = 8'(sluice_regs_pkg::SaWindowCurrentBitsLsb / 32);
  localparam logic [7:0] FormerBitsAt  = 8'(sluice_regs_pkg::SaWindowFormerBitsLsb / 32);

  localparam int unsigned Words = Window / 32;
  localparam int unsigned WordW = $clog2(Words);

  // Halves of the three counters have memories of their own, so that each can be written alone.
  (* ram_style = "block" *) logic [31:0] floor_lo_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] floor_hi_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] current_lo_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] current_hi_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] former_lo_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] former_hi_mem [SaCount];
  (* ram_style = "distributed" *) logic [3:0] flags_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] even_mem [SaCount * Words];
  (* ram_style = "block" *) logic [31:0] odd_mem [SaCount * Words];

  typedef enum logic [2:0] {Idle, Compare, Judge, Clear, Write, Copy} state_e;
  state_e state_q;

  logic [7:0]  sa_q;
  logic [63:0] counter_q;
  logic        accept_q;

  // ---- what the memories say of the SA
  logic [63:0] floor, current, former;
  logic [31:0] even, odd;
  logic        bank, former_any, former_there, current_any;

  // ---- Compare: which of the two windows it concerns; a new incarnation has a fresh one in the former's bank
  logic        same, newer, old;
  logic        below_q, newer_q, known_q, old_q, any_q, bank_q;
  logic [47:0] top_q;
  assign same  = counter_q[63:48] == current[63:48];
  assign newer = counter_q[63:48] > current[63:48];
  assign old   = former_there && counter_q[63:48] == former[63:48];

  // ---- Judge
  logic [47:0] seq;
  logic [48:0] behind;
  logic [42:0] jump;   // words that a move to this counter enters
  logic        ahead, too_old, good, far, round;
  logic [31:0] word;   // of the ring, in which this counter is
  assign word    = bank_q ? odd : even;
  assign seq     = counter_q[47:0];
  assign behind  = {1'b0, top_q} - {1'b0, seq};
  assign jump    = seq[47:5] - top_q[47:5];
  assign ahead   = !any_q || behind[48];
  assign too_old = behind[47:0] >= 48'(Window);
  assign good    = accept_q && !below_q && (newer_q || known_q) && (ahead || (!too_old && !word[seq[4:0]]));
  assign far     = !any_q || jump > 43'(Words);   // nothing of the ring stays
  assign round   = jump == 43'(Words);            // once around, into the word that top is in

  logic             good_q, move_q, far_q, round_q, within_q;
  logic [WordW-1:0] clear_q, at_q;
  logic [31:0]      word_q;
  logic [31:0]      upto_q, above_q;   // bits up to top's, bits above this counter's
  logic [31:0]      mark, keep;
  assign mark = 32'd1 << counter_q[4:0];
  always_comb begin
    if (!move_q)       keep = '1;
    else if (far_q)    keep = '0;
    else if (round_q)  keep = upto_q & above_q;
    else if (within_q) keep = upto_q | above_q;
    else               keep = above_q;
  end

  // ---- copying: which counters of a word of the struct are in the window
  localparam logic [1:0] PartNone = 2'd0, PartUpto = 2'd1, PartAbove = 2'd2, PartAll = 2'd3;
  logic [7:0]  index_q;
  logic        copy_we_q;
  logic [31:0] copy_q, merge_q, part, part_mask, part_upto;
  logic [5:0]  apart;        // words between it and top's
  logic [1:0]  part_q;
  logic [10:0] top_current_q, top_former_q, top_part;
  logic        second;       // the array of the former incarnation
  assign second   = copy_index_i >= FormerBitsAt;
  assign top_part = second ? top_former_q : top_current_q;
  assign apart    = top_part[10:5] - (copy_index_i[5:0] - CurrentBitsAt[5:0]);
  always_ff @(posedge clk_i) begin
    index_q       <= copy_index_i;
    copy_we_q     <= copy_we_i;
    copy_q        <= copy_data_i;
    top_current_q <= current[10:0];
    top_former_q  <= former[10:0];
    part_upto     <= {32{1'b1}} >> (5'd31 - top_part[4:0]);
    if (apart == 6'd0)              part_q <= PartUpto;
    else if (apart < 6'(Words))     part_q <= PartAll;
    else if (apart == 6'(Words))    part_q <= PartAbove;
    else                            part_q <= PartNone;
    if (importing && (part_q == PartUpto || part_q == PartAbove)) merge_q <= part;
  end
  always_comb begin
    unique case (part_q)
      PartUpto:  part_mask = part_upto;
      PartAbove: part_mask = ~part_upto;
      PartAll:   part_mask = '1;
      default:   part_mask = '0;
    endcase
  end
  assign part = copy_q & part_mask;

  // ---- writing
  logic        importing, few, one, into_current, into_former;
  assign importing    = (state_q == Copy && copy_we_q) || march_we_i;
  assign one          = importing && !march_i;
  assign few          = march_we_i && march_few_i;
  assign into_current = state_q == Write && move_q && !old_q;
  assign into_former  = state_q == Write && move_q && (old_q || newer_q);

  logic [7:0]         mem_sa, offset;
  logic               bits_we, odd_we, even_we, copy_bits;
  logic [WordW+7:0]   bits_waddr, bits_raddr;
  logic [WordW-1:0]   copy_word;     // of the ring
  logic [5:0]         copy_word_q;   // of the struct's array
  logic [31:0]        bits_data;
  assign mem_sa      = march_i ? march_waddr_i[7:0] : init_i || state_q == Copy ? init_sa_i : sa_q;
  assign offset      = index_q;
  assign copy_word   = copy_index_i[WordW-1:0] - CurrentBitsAt[WordW-1:0];
  assign copy_word_q = index_q[5:0] - CurrentBitsAt[5:0];
  assign copy_bits   = importing && part_q != PartNone && offset >= CurrentBitsAt;
  assign bits_we     = state_q == Clear || (state_q == Write && good_q);
  assign even_we     = march_i ? march_we_i : importing ? copy_bits && offset < FormerBitsAt : bits_we && !bank_q;
  assign odd_we      = march_i ? march_we_i : importing ? copy_bits && offset >= FormerBitsAt : bits_we && bank_q;
  assign bits_waddr  = march_i ? march_waddr_i[WordW+7:0] :
                       {mem_sa, state_q == Copy ? copy_word_q[WordW-1:0] : state_q == Clear ? at_q : counter_q[WordW+4:5]};
  assign bits_raddr  = march_i ? march_raddr_i[WordW+7:0] :
                       state_q == Copy ? {init_sa_i, copy_word} : state_q == Judge ? {sa_q, top_q[WordW+4:5]} :
                                                                                   {ask_sa_i, ask_counter_i[WordW+4:5]};
  // The last word that is cleared is that of top, unless all are.
  always_comb begin
    // Top's word is in two words of the struct, Words apart: the other one came before this.
    if (march_i)               bits_data = copy_q;
    else if (state_q == Copy)  bits_data = part | (part_q == PartAll || 32'(copy_word_q) < Words ? 32'd0 : merge_q);
    else if (state_q == Clear) bits_data = far_q || round_q || clear_q != WordW'(1) ? 32'd0 : (bank_q ? odd : even) & upto_q;
    else                       bits_data = (word_q & keep) | mark;
  end

  logic        read;
  logic [7:0]  read_sa;
  assign read    = state_q == Idle || state_q == Copy;
  assign read_sa = march_i ? march_raddr_i[7:0] : state_q == Copy ? init_sa_i : ask_sa_i;
  always_ff @(posedge clk_i) begin
    if (even_we) even_mem[bits_waddr] <= bits_data;
    if (read || state_q == Judge) even <= even_mem[bits_raddr];
  end
  always_ff @(posedge clk_i) begin
    if (odd_we) odd_mem[bits_waddr] <= bits_data;
    if (read || state_q == Judge) odd <= odd_mem[bits_raddr];
  end

  logic [63:0] floor_data, current_data, former_data;
  logic [3:0]  flags_data;
  assign floor_data   = importing ? {copy_q, copy_q} : init_floor_i;
  assign current_data = importing ? {copy_q, copy_q} : init_i ? {init_floor_i[63:48], 48'd0} : counter_q;
  assign former_data  = importing ? {copy_q, copy_q} : init_i ? 64'd0 : newer_q ? current : counter_q;
  always_comb begin
    if (importing)    flags_data = {march_i && copy_q[3], copy_q[2:0]};
    else if (init_i)  flags_data = 4'd0;
    else if (newer_q) flags_data = {!bank, current_any, 1'b1, 1'b1};
    else              flags_data = {bank, former_any || old_q, former_there, current_any || !old_q};
  end
  always_ff @(posedge clk_i) begin
    if (init_i || few || (one && offset == FloorAt)) floor_lo_mem[mem_sa] <= floor_data[31:0];
    if (read) floor[31:0] <= floor_lo_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || few || (one && offset == FloorAt + 8'd1)) floor_hi_mem[mem_sa] <= floor_data[63:32];
    if (read) floor[63:32] <= floor_hi_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_current || few || (one && offset == CurrentAt)) current_lo_mem[mem_sa] <= current_data[31:0];
    if (read) current[31:0] <= current_lo_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_current || few || (one && offset == CurrentAt + 8'd1)) current_hi_mem[mem_sa] <= current_data[63:32];
    if (read) current[63:32] <= current_hi_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_former || few || (one && offset == FormerAt)) former_lo_mem[mem_sa] <= former_data[31:0];
    if (read) former[31:0] <= former_lo_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_former || few || (one && offset == FormerAt + 8'd1)) former_hi_mem[mem_sa] <= former_data[63:32];
    if (read) former[63:32] <= former_hi_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || (state_q == Write && move_q) || few || (one && offset == StateAt)) flags_mem[mem_sa] <= flags_data;
    if (read) {bank, former_any, former_there, current_any} <= flags_mem[read_sa];
  end

  assign march_bad_o = {even, odd} != {64{!march_bit_i}} ||
                       (march_few_i && {floor, current, former} != {192{!march_bit_i}}) ||
                       (march_few_i && {bank, former_any, former_there, current_any} != {4{!march_bit_i}});

  // ---- what is copied out: nothing of counters that were never accepted
  always_comb begin
    copy_data_o = 32'd0;
    if (index_q >= FormerBitsAt)            copy_data_o = former_there && former_any ? (bank ? even : odd) & part_mask : 32'd0;
    else if (index_q >= CurrentBitsAt)      copy_data_o = current_any ? (bank ? odd : even) & part_mask : 32'd0;
    else if (index_q == FloorAt)            copy_data_o = floor[31:0];
    else if (index_q == FloorAt + 8'd1)     copy_data_o = floor[63:32];
    else if (index_q == CurrentAt)          copy_data_o = current[31:0];
    else if (index_q == CurrentAt + 8'd1)   copy_data_o = current[63:32];
    else if (index_q == FormerAt)           copy_data_o = former_there ? former[31:0] : 32'd0;
    else if (index_q == FormerAt + 8'd1)    copy_data_o = former_there ? former[63:32] : 32'd0;
    else if (index_q == StateAt)            copy_data_o = {29'd0, former_there && former_any, former_there, current_any};
  end

  // ---- steps
  assign ready_o        = state_q == Idle && !copy_i;
  assign copy_ready_o   = state_q == Copy;
  assign answer_valid_o = state_q == Write;
  assign replayed_o     = !good_q;

  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      sa_q      <= ask_sa_i;
      counter_q <= ask_counter_i;
      accept_q  <= ask_accept_i;
    end
    if (state_q == Compare) begin
      below_q <= counter_q < floor;
      newer_q <= newer;
      known_q <= same || old;
      old_q   <= !same && old;
      top_q   <= same ? current[47:0] : former[47:0];
      any_q   <= same ? current_any : former_any && !newer;
      bank_q  <= bank ^ !same;
    end
    if (state_q == Judge) begin
      word_q   <= word;
      good_q   <= good;
      move_q   <= good && ahead;
      far_q    <= far;
      round_q  <= round;
      within_q <= jump == 43'd0;
      upto_q   <= {32{1'b1}} >> (5'd31 - top_q[4:0]);
      above_q  <= {{31{1'b1}}, 1'b0} << seq[4:0];
      clear_q  <= far || round ? WordW'(Words - 1) : jump[WordW-1:0];
      at_q     <= seq[WordW+4:5] - 1'b1;
    end
    if (state_q == Clear) begin
      at_q    <= at_q - 1'b1;
      clear_q <= clear_q - 1'b1;
    end
    if (!rst_ni) state_q <= Idle;
    else begin
      unique case (state_q)
        Idle:    if (copy_i) state_q <= Copy;
                 else if (ask_valid_i) state_q <= Compare;
        Compare: state_q <= Judge;
        Judge:   state_q <= good && ahead && (far || jump != 43'd0) ? Clear : Write;
        Clear:   if (clear_q == WordW'(1)) state_q <= Write;
        Copy:    if (!copy_i) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!init_i || state_q == Idle);
`endif
endmodule
`default_nettype wire
