// SPDX-License-Identifier: Apache-2.0
//
// Replay windows ("Replay window" in rtl/README.md): for each SA the highest counter accepted and a bit for each counter below
// it, of the highest incarnation and of the one before it. The bits are a ring of 2048 in words of 32, larger than the window
// of 1024, so that moving on clears whole words (RFC 6479). Each incarnation has a bank of the memory; when a new one begins
// the banks change places. A question is answered 3 clocks after it is taken, and one more for each word between the old highest
// count and the new one (at most 63).
//
// The administrator copies a window in or out as struct sa_window, 32 bits at a time, and keeps questions away meanwhile.
`default_nettype none

module sa_window #(
  parameter int unsigned SaCount = 256
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
  // March test, while nobody else wants anything: words of the bits, and of the other memories with few; copy_data_i is written. What
  // was read one clock later is bad when it is not the other.
  input  logic        march_i,
  input  logic        march_we_i,
  input  logic        march_few_i,
  input  logic [13:0] march_waddr_i,
  input  logic [13:0] march_raddr_i,
  output logic        march_bad_o
);
  localparam logic [7:0] FloorAt    = 8'(sluice_regs_pkg::SaWindowFloorLsb / 32);
  localparam logic [7:0] CurrentAt  = 8'(sluice_regs_pkg::SaWindowCurrentLsb / 32);
  localparam logic [7:0] FormerAt   = 8'(sluice_regs_pkg::SaWindowFormerLsb / 32);
  localparam logic [7:0] StateAt    = 8'(sluice_regs_pkg::SaWindowStateLsb / 32);
  localparam logic [7:0] CurrentBitsAt = 8'(sluice_regs_pkg::SaWindowCurrentBitsLsb / 32);
  localparam logic [7:0] FormerBitsAt  = 8'(sluice_regs_pkg::SaWindowFormerBitsLsb / 32);

  // Halves of the three counters have memories of their own, so that each can be written alone.
  (* ram_style = "block" *) logic [31:0] floor_lo_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] floor_hi_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] current_lo_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] current_hi_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] former_lo_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] former_hi_mem [SaCount];
  (* ram_style = "block" *) logic [3:0]  flags_mem [SaCount];
  (* ram_style = "block" *) logic [31:0] even_mem [SaCount * 64];
  (* ram_style = "block" *) logic [31:0] odd_mem [SaCount * 64];

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
  logic        below_q, newer_q, known_q, old_q, any_q, bank_q, seen_q;
  logic [47:0] top_q;
  assign same  = counter_q[63:48] == current[63:48];
  assign newer = counter_q[63:48] > current[63:48];
  assign old   = former_there && counter_q[63:48] == former[63:48];

  // ---- Judge
  logic [47:0] seq;
  logic [48:0] behind;
  logic [42:0] jump;   // words that a move to this counter enters
  logic        ahead, too_old, good, far, blank;
  assign seq     = counter_q[47:0];
  assign behind  = {1'b0, top_q} - {1'b0, seq};
  assign jump    = seq[47:5] - top_q[47:5];
  assign ahead   = !any_q || behind[48];
  assign too_old = behind[47:0] >= 48'(sluice_regs_pkg::ReplayWindow);
  assign good    = accept_q && !below_q && (newer_q || known_q) && (ahead || (!too_old && !seen_q));
  assign far     = !any_q || jump >= 43'd64;
  assign blank   = ahead && (!any_q || jump != 43'd0);

  logic        good_q, move_q, blank_q;
  logic [5:0]  clear_q, at_q;
  logic [31:0] mark;
  assign mark = 32'd1 << counter_q[4:0];

  // ---- writing
  logic        importing, few, into_current, into_former;
  assign importing    = (state_q == Copy && copy_we_i) || march_we_i;
  assign few          = march_we_i && march_few_i;
  assign into_current = state_q == Write && move_q && !old_q;
  assign into_former  = state_q == Write && move_q && (old_q || newer_q);

  logic [7:0]  mem_sa, offset;
  logic        bits_we, odd_we, even_we;
  logic [13:0] bits_waddr, bits_raddr;
  logic [31:0] bits_data;
  logic [6:0]  copy_word;   // of the bits, 0 to 63 current, 64 to 127 former
  assign mem_sa     = march_i ? march_waddr_i[7:0] : init_i || state_q == Copy ? init_sa_i : sa_q;
  assign offset     = copy_index_i;
  assign copy_word  = copy_index_i[6:0] - CurrentBitsAt[6:0];
  assign bits_we    = state_q == Clear || (state_q == Write && good_q);
  assign even_we    = march_i ? march_we_i : importing ? offset >= CurrentBitsAt && !copy_word[6] : bits_we && !bank_q;
  assign odd_we     = march_i ? march_we_i : importing ? offset >= FormerBitsAt && copy_word[6] : bits_we && bank_q;
  assign bits_waddr = march_i ? march_waddr_i : {mem_sa, state_q == Copy ? copy_word[5:0] : state_q == Clear ? at_q : counter_q[10:5]};
  assign bits_raddr = march_i ? march_raddr_i : state_q == Copy ? {init_sa_i, copy_word[5:0]} : {ask_sa_i, ask_counter_i[10:5]};
  always_comb begin
    if (state_q == Copy || march_i) bits_data = copy_data_i;
    else if (state_q == Clear) bits_data = 32'd0;
    else                       bits_data = (blank_q ? 32'd0 : bank_q ? odd : even) | mark;
  end

  logic        read;
  logic [7:0]  read_sa;
  assign read    = state_q == Idle || state_q == Copy;
  assign read_sa = march_i ? march_raddr_i[7:0] : state_q == Copy ? init_sa_i : ask_sa_i;
  always_ff @(posedge clk_i) begin
    if (even_we) even_mem[bits_waddr] <= bits_data;
    if (read) even <= even_mem[bits_raddr];
  end
  always_ff @(posedge clk_i) begin
    if (odd_we) odd_mem[bits_waddr] <= bits_data;
    if (read) odd <= odd_mem[bits_raddr];
  end

  logic [63:0] floor_data, current_data, former_data;
  logic [3:0]  flags_data;
  assign floor_data   = importing ? {copy_data_i, copy_data_i} : init_floor_i;
  assign current_data = importing ? {copy_data_i, copy_data_i} : init_i ? {init_floor_i[63:48], 48'd0} : counter_q;
  assign former_data  = importing ? {copy_data_i, copy_data_i} : init_i ? 64'd0 : newer_q ? current : counter_q;
  always_comb begin
    if (importing)    flags_data = {march_i && copy_data_i[3], copy_data_i[2:0]};
    else if (init_i)  flags_data = 4'd0;
    else if (newer_q) flags_data = {!bank, current_any, 1'b1, 1'b1};
    else              flags_data = {bank, former_any || old_q, former_there, current_any || !old_q};
  end
  always_ff @(posedge clk_i) begin
    if (init_i || few || (importing && !march_i && offset == FloorAt)) floor_lo_mem[mem_sa] <= floor_data[31:0];
    if (read) floor[31:0] <= floor_lo_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || few || (importing && !march_i && offset == FloorAt + 8'd1)) floor_hi_mem[mem_sa] <= floor_data[63:32];
    if (read) floor[63:32] <= floor_hi_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_current || few || (importing && !march_i && offset == CurrentAt)) current_lo_mem[mem_sa] <= current_data[31:0];
    if (read) current[31:0] <= current_lo_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_current || few || (importing && !march_i && offset == CurrentAt + 8'd1)) current_hi_mem[mem_sa] <= current_data[63:32];
    if (read) current[63:32] <= current_hi_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_former || few || (importing && !march_i && offset == FormerAt)) former_lo_mem[mem_sa] <= former_data[31:0];
    if (read) former[31:0] <= former_lo_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || into_former || few || (importing && !march_i && offset == FormerAt + 8'd1)) former_hi_mem[mem_sa] <= former_data[63:32];
    if (read) former[63:32] <= former_hi_mem[read_sa];
  end
  always_ff @(posedge clk_i) begin
    if (init_i || (state_q == Write && move_q) || few || (importing && !march_i && offset == StateAt)) flags_mem[mem_sa] <= flags_data;
    if (read) {bank, former_any, former_there, current_any} <= flags_mem[read_sa];
  end

  assign march_bad_o = {even, odd} != {64{!copy_data_i[0]}} ||
                       (march_few_i && {floor, current, former, bank, former_any, former_there, current_any} != {196{!copy_data_i[0]}});

  // ---- what is copied out: nothing of counters that were never accepted
  logic [7:0] index_q;
  always_ff @(posedge clk_i) index_q <= copy_index_i;
  always_comb begin
    copy_data_o = 32'd0;
    if (index_q >= FormerBitsAt)            copy_data_o = former_there && former_any ? (bank ? even : odd) : 32'd0;
    else if (index_q >= CurrentBitsAt)      copy_data_o = current_any ? (bank ? odd : even) : 32'd0;
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
      seen_q  <= bank ^ !same ? odd[counter_q[4:0]] : even[counter_q[4:0]];
    end
    if (state_q == Judge) begin
      good_q  <= good;
      move_q  <= good && ahead;
      blank_q <= blank;
      clear_q <= far ? 6'd63 : jump[5:0] - 6'd1;
      at_q    <= counter_q[10:5] - 6'd1;
    end
    if (state_q == Clear) begin
      at_q    <= at_q - 6'd1;
      clear_q <= clear_q - 6'd1;
    end
    if (!rst_ni) state_q <= Idle;
    else begin
      unique case (state_q)
        Idle:    if (copy_i) state_q <= Copy;
                 else if (ask_valid_i) state_q <= Compare;
        Compare: state_q <= Judge;
        Judge:   state_q <= good && blank && (far || jump != 43'd1) ? Clear : Write;
        Clear:   if (clear_q == 6'd1) state_q <= Write;
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
