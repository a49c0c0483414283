// SPDX-License-Identifier: Apache-2.0
//
// Control and status registers of machine mode, the only mode (Priv, chapter 3), and what they decide: whether an interrupt is
// taken and where traps go. mstatus (MIE, MPIE; MPP is 3), mie, mip, mtvec (direct), mscratch, mepc, mcause, mtval; misa says
// RV32I, mstatush and the registers that identify the hart are 0. All others are illegal, counters too: the time is in cpu_timer.
`default_nettype none

module cpu_csr (
  input  logic        clk_i,
  input  logic        rst_ni,
  // An instruction: the former value, and whether it may be executed. It is written at the end of the clock.
  input  logic [11:0] addr_i,
  input  logic [1:0]  op_i,          // 1: write, 2: set bits, 3: clear bits
  input  logic [31:0] operand_i,
  input  logic        writes_i,      // the instruction writes at all
  input  logic        write_i,       // and does it now
  output logic        legal_o,
  output logic [31:0] rdata_o,
  // Traps and their end.
  input  logic        trap_i,
  input  logic [4:0]  cause_i,       // [4]: an interrupt
  input  logic [31:0] pc_i,
  input  logic [31:0] value_i,
  input  logic        mret_i,
  output logic [31:0] mtvec_o,
  output logic [31:0] mepc_o,
  // Interrupt lines; two clocks later, and after what was written:
  input  logic        irq_software_i,
  input  logic        irq_timer_i,
  input  logic        irq_external_i,
  output logic        irq_o,         // one is to be taken
  output logic [3:0]  irq_cause_o,
  output logic        wake_o         // one is pending and enabled by mie
);
  localparam logic [11:0] MStatus = 12'h300, Misa = 12'h301, Mie = 12'h304, MTvec = 12'h305, MStatusH = 12'h310;
  localparam logic [11:0] MScratch = 12'h340, Mepc = 12'h341, MCause = 12'h342, MTval = 12'h343, Mip = 12'h344;
  localparam logic [11:0] MVendorId = 12'hf11, MConfigPtr = 12'hf15;

  logic        mie_q, mpie_q;                         // of mstatus
  logic [2:0]  enable_q, pending_q;                   // external, timer, software: of mie and mip
  logic [29:0] mtvec_q, mepc_q;
  logic [31:0] mscratch_q, mtval_q;
  logic [4:0]  mcause_q;

  function automatic logic [31:0] in_place(input logic [2:0] lines);
    in_place = {20'd0, lines[2], 3'd0, lines[1], 3'd0, lines[0], 3'd0};
  endfunction

  logic known;
  always_comb begin
    known   = 1'b1;
    rdata_o = '0;
    unique case (addr_i)
      MStatus:  rdata_o = {19'd0, 2'b11, 3'd0, mpie_q, 3'd0, mie_q, 3'd0};
      Misa:     rdata_o = 32'h4000_0100;
      Mie:      rdata_o = in_place(enable_q);
      MTvec:    rdata_o = {mtvec_q, 2'd0};
      MScratch: rdata_o = mscratch_q;
      Mepc:     rdata_o = {mepc_q, 2'd0};
      MCause:   rdata_o = {mcause_q[4], 27'd0, mcause_q[3:0]};
      MTval:    rdata_o = mtval_q;
      Mip:      rdata_o = in_place(pending_q);
      MStatusH: ;
      default:  known   = addr_i >= MVendorId && addr_i <= MConfigPtr;
    endcase
  end
  assign legal_o = known && !(writes_i && addr_i[11:10] == 2'b11);

  logic [31:0] wdata;
  assign wdata = op_i == 2'd1 ? operand_i : op_i == 2'd2 ? rdata_o | operand_i : rdata_o & ~operand_i;

  always_ff @(posedge clk_i) begin
    if (write_i) begin
      unique case (addr_i)
        MStatus:  {mpie_q, mie_q} <= {wdata[7], wdata[3]};
        Mie:      enable_q        <= {wdata[11], wdata[7], wdata[3]};
        MTvec:    mtvec_q         <= wdata[31:2];
        MScratch: mscratch_q      <= wdata;
        Mepc:     mepc_q          <= wdata[31:2];
        MCause:   mcause_q        <= {wdata[31], wdata[3:0]};
        MTval:    mtval_q         <= wdata;
        default: ;
      endcase
    end
    if (mret_i) {mpie_q, mie_q} <= {1'b1, mpie_q};
    if (trap_i) begin
      {mpie_q, mie_q} <= {mie_q, 1'b0};
      mepc_q          <= pc_i[31:2];
      mcause_q        <= cause_i;
      mtval_q         <= value_i;
    end
    if (!rst_ni) begin
      {mpie_q, mie_q, enable_q, mcause_q} <= '0;
      {mtvec_q, mepc_q, mscratch_q, mtval_q} <= '0;
    end
  end

  // Order of interrupts: external, software, timer (Priv 3.1.9).
  logic [2:0] ready;
  assign ready   = pending_q & enable_q;
  assign mtvec_o = {mtvec_q, 2'd0};
  assign mepc_o  = {mepc_q, 2'd0};
  always_ff @(posedge clk_i) begin
    pending_q   <= {irq_external_i, irq_timer_i, irq_software_i};
    wake_o      <= ready != '0;
    irq_o       <= ready != '0 && mie_q;
    irq_cause_o <= ready[2] ? cpu_pkg::External : ready[0] ? cpu_pkg::Software : cpu_pkg::Timer;
    if (!rst_ni) {pending_q, wake_o, irq_o, irq_cause_o} <= '0;
  end

  logic unused;
  assign unused = &{1'b0, pc_i[1:0]};

endmodule

`default_nettype wire
