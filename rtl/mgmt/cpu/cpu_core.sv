// SPDX-License-Identifier: Apache-2.0
//
// The management processor: RV32I in machine mode, multi-cycle. With memory that answers in the clock after a request,
// arithmetic takes 2 clocks, a branch or a jump 4, a load or a store 5, a trap 2 and its instruction's clocks.
//
//   Fetch   the instruction is asked for, until it is there
//   Decode  operands are read; an instruction that only computes asks for the next one already, in whose Fetch it executes.
//           Interrupts are taken here, and what cannot be executed traps; MRET and WFI end here
//   Execute the result, where a branch or jump goes, or the address of a load or store, which is asked for in the same clock
//   Memory  a load or store waits for its end
//   Finish  what was loaded is written to its register, and the next instruction asked for
//   Trap    registers for the handler are written
//   Sleep   until an interrupt is pending; nothing toggles
//
// What a request reaches may depend on its address in the same clock; what answers should be chosen by a register.
// Memory accesses that are not aligned to their size trap, as do jumps to what is no multiple of 4.
`default_nettype none

module cpu_core #(
  parameter logic [31:0] ResetPc = 32'd0
) (
  input  logic        clk_i,
  input  logic        rst_ni,
  // Bus of 32-bit words: a request is held until ready, which comes a clock after it was first seen or later, with the data
  // that was read or with an error.
  output logic        bus_valid_o,
  input  logic        bus_ready_i,
  output logic [31:0] bus_addr_o,    // [1:0] are 0
  output logic        bus_we_o,
  output logic [3:0]  bus_be_o,      // of a load too: the bytes that are wanted
  output logic [31:0] bus_wdata_o,
  input  logic [31:0] bus_rdata_i,
  input  logic        bus_err_i,     // the access faults
  // Interrupt lines, high until their cause is served.
  input  logic        irq_software_i,
  input  logic        irq_timer_i,
  input  logic        irq_external_i,
  output logic        sleep_o
);
  typedef enum logic [2:0] {Start, Fetch, Decode, Execute, Memory, Finish, Trap, Sleep} state_e;
  state_e state_q, state_d;

  logic [31:0] pc_q;                 // of ir_q; from Execute of what only computes on, of the next one
  logic [31:0] ir_q;
  logic        err_q;                // the last answer was an error
  logic [31:0] a_q, b_q;             // operands; what was loaded
  logic [31:0] addr_q;               // in Execute, where a branch or JAL goes; then what was loaded, stored or jumped to
  logic [4:0]  cause_q, cause_d;

  cpu_pkg::decoded_t decoded;        // in Decode
  cpu_pkg::decoded_t doing_q;        // after it
  cpu_decode u_decode (.ir_i(ir_q), .decoded_o(decoded));

  logic [2:0] funct3;
  logic [4:0] rs1_index;
  assign funct3    = ir_q[14:12];
  assign rs1_index = ir_q[19:15];

  // ---- registers; x0 is written once, with 0, by what reset puts into ir_q: LUI x0, 0
  logic [31:0] regs [32];
  logic [31:0] rs1, rs2, rd_data;
  logic        rd_we;
  assign rs1 = regs[rs1_index];
  assign rs2 = regs[ir_q[24:20]];
  always_ff @(posedge clk_i) if (rd_we) regs[ir_q[11:7]] <= rd_data;

  // ---- arithmetic
  logic [31:0] sum, alu_result, pc_plus4;
  logic [29:0] next_word_q;                // behind pc_q, which does not change where it is wanted
  logic        less, equal, alu_op, subtract, subtract_q, signed_q, left_q;
  logic [2:0]  alu_funct3_q;
  assign alu_op   = decoded.op || decoded.op_imm;
  assign subtract = decoded.branch || (alu_op && (funct3 == cpu_pkg::Slt || funct3 == cpu_pkg::Sltu)) ||
                    (decoded.op && ir_q[30] && funct3 == cpu_pkg::Add);
  cpu_alu u_alu (
    .a_i          (a_q),
    .b_i          (b_q),
    .funct3_i     (alu_funct3_q),
    .subtract_i   (subtract_q),
    .signed_i     (signed_q),
    .left_i       (left_q),
    .arithmetic_i (ir_q[30]),
    .sum_o        (sum),
    .less_o       (less),
    .equal_o      (equal),
    .result_o     (alu_result)
  );
  assign pc_plus4 = {next_word_q, 2'd0};

  // ---- control and status registers
  logic        csr_writes, csr_legal, irq, wake, go;
  logic [3:0]  irq_cause;
  logic [31:0] csr_rdata, mtvec, mepc, trap_value;
  assign csr_writes = funct3[1:0] == 2'd1 || rs1_index != 5'd0;
  assign go         = state_q == Decode && !irq && !err_q;
  cpu_csr u_csr (
    .clk_i,
    .rst_ni,
    .addr_i      (ir_q[31:20]),
    .op_i        (funct3[1:0]),
    .operand_i   (funct3[2] ? {27'd0, rs1_index} : rs1),
    .writes_i    (csr_writes),
    .write_i     (go && decoded.csr && csr_legal && csr_writes),
    .legal_o     (csr_legal),
    .rdata_o     (csr_rdata),
    .trap_i      (state_q == Trap),
    .cause_i     (cause_q),
    .pc_i        (pc_q),
    .value_i     (trap_value),
    .mret_i      (go && decoded.mret),
    .mtvec_o     (mtvec),
    .mepc_o      (mepc),
    .irq_software_i,
    .irq_timer_i,
    .irq_external_i,
    .irq_o       (irq),
    .irq_cause_o (irq_cause),
    .wake_o      (wake)
  );

  always_comb begin
    unique case (cause_q)
      {1'b0, cpu_pkg::Illegal}:                                  trap_value = ir_q;
      {1'b0, cpu_pkg::FetchFault}:                               trap_value = pc_q;
      {1'b0, cpu_pkg::JumpMisaligned},
      {1'b0, cpu_pkg::LoadMisaligned},  {1'b0, cpu_pkg::LoadFault},
      {1'b0, cpu_pkg::StoreMisaligned}, {1'b0, cpu_pkg::StoreFault}: trap_value = addr_q;
      default:                                                   trap_value = '0;
    endcase
  end

  // ---- where Execute leads
  logic        access, jump, taken, odd_access, odd_jump, misaligned;
  logic [31:0] next_pc;
  assign access     = doing_q.load || doing_q.store;
  assign jump       = doing_q.branch || doing_q.jal || doing_q.jalr;
  assign taken      = doing_q.jal || (doing_q.branch && ((funct3[2] ? less : equal) ^ funct3[0]));
  assign next_pc    = doing_q.jalr ? {sum[31:1], 1'b0} : taken ? addr_q : pc_plus4;
  assign odd_access = (funct3[1] && sum[1:0] != 2'd0) || (funct3[0] && sum[0]);
  assign odd_jump   = (doing_q.jalr && sum[1]) || (doing_q.jal && addr_q[1]);   // not of a branch, which is known later
  assign misaligned = (access && odd_access) || odd_jump || (doing_q.branch && taken && addr_q[1]);

  // ---- memory
  logic        finish;
  logic [1:0]  lane;
  logic [3:0]  size_be;
  logic [15:0] shifted;
  logic [31:0] loaded;
  assign finish      = state_q == Finish && !err_q;
  assign lane        = state_q == Memory ? addr_q[1:0] : sum[1:0];
  assign size_be     = funct3[1] ? 4'b1111 : funct3[0] ? 4'b0011 : 4'b0001;
  assign shifted     = 16'(a_q >> {addr_q[1:0], 3'd0});
  always_comb begin
    unique case (funct3[1:0])
      2'd0:    loaded = {{24{shifted[7] && !funct3[2]}}, shifted[7:0]};
      2'd1:    loaded = {{16{shifted[15] && !funct3[2]}}, shifted[15:0]};
      default: loaded = a_q;
    endcase
  end

  // ---- bus
  logic computes, early, on_data;
  assign computes = decoded.lui || decoded.auipc || alu_op || (decoded.csr && csr_legal);
  assign early    = go && computes;
  assign on_data  = state_q == Memory || (state_q == Execute && access);
  always_comb begin
    bus_valid_o = state_q == Fetch || early || (state_q == Execute && !jump && !misaligned) ||
                  state_q == Memory || finish;
    unique case (state_q)
      Decode, Finish: bus_addr_o = pc_plus4;
      Execute:        bus_addr_o = access ? sum : pc_q;
      Memory:         bus_addr_o = addr_q;
      default:        bus_addr_o = pc_q;
    endcase
    bus_addr_o[1:0] = 2'd0;
    bus_we_o        = on_data && doing_q.store;
    bus_be_o        = on_data ? size_be << lane : 4'b1111;
    bus_wdata_o     = funct3[1] ? rs2 : funct3[0] ? {2{rs2[15:0]}} : {4{rs2[7:0]}};
  end

  // ---- result
  logic writes_rd;
  assign rd_data   = state_q == Finish ? loaded : jump ? pc_plus4 : alu_result;
  assign writes_rd = state_q == Execute ? !odd_jump && !access && !doing_q.branch : finish && doing_q.load;
  assign rd_we     = state_q == Start || (writes_rd && ir_q[11:7] != 5'd0);

  // ---- states
  always_comb begin
    state_d = state_q;
    cause_d = cause_q;
    unique case (state_q)
      Start: state_d = Fetch;
      Fetch: if (bus_ready_i) state_d = Decode;
      Decode: begin
        cause_d = err_q            ? {1'b0, cpu_pkg::FetchFault} :
                  irq              ? {1'b1, irq_cause} :
                  decoded.ecall    ? {1'b0, cpu_pkg::EnvironmentCall} :
                  decoded.ebreak   ? {1'b0, cpu_pkg::Breakpoint} : {1'b0, cpu_pkg::Illegal};
        if (!go || decoded.illegal || decoded.ecall || decoded.ebreak || (decoded.csr && !csr_legal)) state_d = Trap;
        else if (decoded.wfi)                                                                       state_d = Sleep;
        else if (decoded.mret || decoded.fence)                                                     state_d = Fetch;
        else                                                                                        state_d = Execute;
      end
      Execute: begin
        cause_d = {1'b0, doing_q.load ? cpu_pkg::LoadMisaligned : doing_q.store ? cpu_pkg::StoreMisaligned :
                         cpu_pkg::JumpMisaligned};
        if (misaligned)       state_d = Trap;
        else if (access)      state_d = Memory;
        else if (jump)        state_d = Fetch;
        else if (bus_ready_i) state_d = Decode;
        else                  state_d = Fetch;
      end
      Memory: if (bus_ready_i) state_d = Finish;
      Finish: begin
        cause_d = {1'b0, doing_q.store ? cpu_pkg::StoreFault : cpu_pkg::LoadFault};
        state_d = err_q ? Trap : Fetch;
      end
      Trap:    state_d = Fetch;
      Sleep:   if (wake) state_d = Fetch;
      default: state_d = Fetch;
    endcase
  end

  always_ff @(posedge clk_i) begin
    state_q     <= state_d;
    cause_q     <= cause_d;
    next_word_q <= pc_q[31:2] + 30'd1;
    if (bus_ready_i) err_q <= bus_err_i;
    if (state_d == Decode) ir_q <= bus_rdata_i;
    if (state_q == Memory) a_q <= bus_rdata_i;
    if (go) begin
      a_q          <= decoded.lui ? '0 : decoded.auipc ? pc_q : decoded.csr ? csr_rdata : rs1;
      b_q          <= decoded.op || decoded.branch ? rs2 : decoded.csr ? '0 : decoded.imm;
      addr_q       <= pc_q + decoded.imm;
      doing_q      <= decoded;
      subtract_q   <= subtract;
      signed_q     <= subtract && !(decoded.branch ? funct3[1] : funct3[0]);
      left_q       <= funct3 == cpu_pkg::Sll;
      alu_funct3_q <= alu_op ? funct3 : cpu_pkg::Add;
    end
    if (state_q == Execute) addr_q <= access ? sum : next_pc;
    if (state_q == Trap)                                             pc_q <= mtvec;
    else if (go && decoded.mret)                                     pc_q <= mepc;
    else if (finish || early || (go && (decoded.fence || decoded.wfi))) pc_q <= pc_plus4;
    else if (state_q == Execute && jump && !misaligned)              pc_q <= next_pc;
    if (!rst_ni) begin
      state_q    <= Start;
      cause_q    <= '0;
      pc_q       <= ResetPc;
      ir_q       <= 32'h0000_0037;
      err_q      <= 1'b0;
      {a_q, b_q} <= '0;
      {doing_q, subtract_q, signed_q} <= '0;
      alu_funct3_q <= cpu_pkg::Add;
    end
  end

  assign sleep_o = state_q == Sleep;

  logic unused;    // after Decode the immediate and what ended there are no longer looked at
  assign unused = &{1'b0, doing_q};

`ifndef SYNTHESIS
  logic         held_q, slept_q;
  logic [68:0]  request_q;
  logic [164:0] all, all_q;
  assign all = {pc_q, ir_q, a_q, b_q, addr_q, cause_q};
  initial {held_q, slept_q} = 2'b00;  // the first clock need not be one of a reset
  always_ff @(posedge clk_i) begin
    held_q    <= rst_ni && bus_valid_o && !bus_ready_i;
    request_q <= {bus_we_o, bus_be_o, bus_addr_o, bus_wdata_o & {32{bus_we_o}}};
    if (rst_ni && held_q) begin
      assert (bus_valid_o);
      assert (request_q == {bus_we_o, bus_be_o, bus_addr_o, bus_wdata_o & {32{bus_we_o}}});
    end
    if (rst_ni && bus_valid_o && !held_q) assert (!bus_ready_i);
    slept_q   <= rst_ni && sleep_o;
    all_q     <= all;
    if (rst_ni && sleep_o) assert (!bus_valid_o && !rd_we);
    if (rst_ni && sleep_o && slept_q) assert (all == all_q);
    if (rst_ni && state_q != Start && rs1_index == 5'd0) assert (rs1 == '0);
  end
`endif

endmodule

`default_nettype wire
