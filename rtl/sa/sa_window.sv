// SPDX-License-Identifier: Apache-2.0
//
// Replay windows: for each SA the highest counter accepted and a bit for each counter below it (RFC 6479: a ring of bits larger
// than the window, so that moving on clears whole words). 2048 bits an SA in words of 128; the window is 1024 wide. A question
// is answered after 4 clocks, and one more for each word that a jump ahead clears (at most 16). The bits are read and written
// back also where the answer changes nothing.
`default_nettype none

module sa_window #(
  parameter int unsigned SaCount = 256
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  // An SA begins: counters below floor are refused, so are other incarnations than floor's.
  input  logic        init_i,          // only while ready_o
  input  logic [7:0]  init_sa_i,
  input  logic [63:0] init_floor_i,
  // accept: the record is authentic; otherwise nothing changes.
  input  logic        ask_valid_i,
  output logic        ready_o,
  input  logic [7:0]  ask_sa_i,
  input  logic [63:0] ask_counter_i,
  input  logic        ask_accept_i,
  output logic        answer_valid_o,
  output logic        replayed_o
);
  localparam int unsigned StateW = 1 + 48 + 64;

  logic [127:0]      bits_q [SaCount * 16];
  logic [StateW-1:0] state_mem_q [SaCount];

  typedef enum logic [2:0] {Idle, Read, Judge, Clear, Write} state_e;
  state_e state_q;

  logic [7:0]   sa_q;
  logic [63:0]  counter_q;
  logic         accept_q;
  logic [127:0] word_q;

  // State: fresh (nothing was accepted yet), top (sequence part; its incarnation is floor's), floor.
  logic         fresh;
  logic [47:0]  top;
  logic [63:0]  floor;
  logic [StateW-1:0] state_word_q;
  assign {fresh, top, floor} = state_word_q;

  logic [47:0] seq, behind;
  logic        in_range, ahead, too_old, seen, good;
  assign seq     = counter_q[47:0];
  assign in_range  = counter_q[63:48] == floor[63:48] && seq >= floor[47:0];
  assign ahead   = fresh || seq > top;
  assign behind  = top - seq;
  assign too_old = behind >= 48'(sluice_regs_pkg::ReplayWindow);
  assign seen    = word_q[counter_q[6:0]];
  assign good    = accept_q && in_range && (ahead || (!too_old && !seen));

  logic [40:0] jump;   // words that a move to this counter enters
  assign jump = seq[47:7] - top[47:7];

  logic         good_q, move_q, blank_q;
  logic [4:0]   clear_q;
  logic [3:0]   at_q;
  logic [127:0] mark;
  assign mark = 128'd1 << counter_q[6:0];

  logic         bits_we, mem_we;
  logic [11:0]  bits_addr;
  logic [127:0] bits_data;
  assign bits_we   = state_q == Clear || state_q == Write;
  assign bits_addr = {sa_q, state_q == Clear ? at_q : counter_q[10:7]};
  assign bits_data = state_q == Clear ? 128'd0 : (blank_q ? 128'd0 : word_q) | (good_q ? mark : 128'd0);
  assign mem_we    = state_q == Write || init_i;

  assign ready_o        = state_q == Idle;
  assign answer_valid_o = state_q == Write;
  assign replayed_o     = !good_q;

  always_ff @(posedge clk_i) begin
    if (bits_we) bits_q[bits_addr] <= bits_data;
    word_q <= bits_q[{sa_q, counter_q[10:7]}];
  end
  always_ff @(posedge clk_i) begin
    if (mem_we) begin
      state_mem_q[init_i ? init_sa_i : sa_q] <= init_i ? {1'b1, 48'd0, init_floor_i} : {move_q ? 1'b0 : fresh,
      move_q ? seq : top, floor};
    end
    if (state_q != Write) state_word_q <= state_mem_q[sa_q];
  end

  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      sa_q      <= ask_sa_i;
      counter_q <= ask_counter_i;
      accept_q  <= ask_accept_i;
    end
    if (state_q == Judge) begin
      good_q  <= good;
      move_q  <= good && ahead;
      blank_q <= good && ahead && (fresh || jump != 41'd0);
      clear_q <= fresh || jump > 41'd16 ? 5'd16 : jump[4:0];
      at_q    <= counter_q[10:7];
    end
    if (state_q == Clear) begin
      at_q    <= at_q - 4'd1;
      clear_q <= clear_q - 5'd1;
    end
    if (!rst_ni) state_q <= Idle;
    else begin
      unique case (state_q)
        Idle:    if (ask_valid_i) state_q <= Read;
        Read:    state_q <= Judge;
        Judge:   state_q <= good && ahead && (fresh || jump != 41'd0) ? Clear : Write;
        Clear:   if (clear_q == 5'd1) state_q <= Write;
        default: state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!init_i || state_q == Idle);
`endif
endmodule
`default_nettype wire
