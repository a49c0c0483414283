// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the management processor share. "Unpriv" and "Priv" below are the volumes of the RISC-V Instruction Set
// Manual: unprivileged 20191213, privileged 20211203.
package cpu_pkg;

  typedef struct packed {
    logic        lui;
    logic        auipc;
    logic        jal;
    logic        jalr;
    logic        branch;
    logic        load;
    logic        store;
    logic        op;        // on two registers
    logic        op_imm;
    logic        fence;
    logic        csr;
    logic        ecall;
    logic        ebreak;
    logic        mret;
    logic        wfi;
    logic        illegal;
    logic [31:0] imm;
  } decoded_t;

  // mcause of exceptions (Priv, table 3.6), the interrupt bit left out.
  localparam logic [3:0] JumpMisaligned  = 4'd0;
  localparam logic [3:0] FetchFault      = 4'd1;
  localparam logic [3:0] Illegal         = 4'd2;
  localparam logic [3:0] Breakpoint      = 4'd3;
  localparam logic [3:0] LoadMisaligned  = 4'd4;
  localparam logic [3:0] LoadFault       = 4'd5;
  localparam logic [3:0] StoreMisaligned = 4'd6;
  localparam logic [3:0] StoreFault      = 4'd7;
  localparam logic [3:0] EnvironmentCall = 4'd11;

  // Bits of mie and mip, and mcause of the interrupts.
  localparam logic [3:0] Software = 4'd3;
  localparam logic [3:0] Timer    = 4'd7;
  localparam logic [3:0] External = 4'd11;

  // funct3 of arithmetic (Unpriv 2.4).
  localparam logic [2:0] Add = 3'd0;
  localparam logic [2:0] Sll = 3'd1;
  localparam logic [2:0] Slt = 3'd2;
  localparam logic [2:0] Sltu = 3'd3;
  localparam logic [2:0] Xor = 3'd4;
  localparam logic [2:0] Srl = 3'd5;
  localparam logic [2:0] Or  = 3'd6;

  function automatic logic [31:0] reverse(input logic [31:0] word);
    for (int i = 0; i < 32; i++) reverse[i] = word[31 - i];
  endfunction

endpackage
