// SPDX-License-Identifier: Apache-2.0
//
// RV32I with Zicsr and Zifencei (Unpriv, chapter 24): what an instruction is and its immediate, in the same clock. FENCE and
// FENCE.I do nothing here, since there is one hart without caches. Of what is not RV32I nothing is legal.
`default_nettype none

module cpu_decode (
  input  logic [31:0]       ir_i,
  output cpu_pkg::decoded_t decoded_o
);
  logic [2:0] funct3;
  logic [6:0] funct7;
  logic       plain7, alt7;      // funct7 of the base operations; of SUB and SRA
  assign funct3 = ir_i[14:12];
  assign funct7 = ir_i[31:25];
  assign plain7 = funct7 == 7'h00;
  assign alt7   = funct7 == 7'h20;

  logic shift, op_legal, op_imm_legal;
  assign shift        = funct3 == cpu_pkg::Sll || funct3 == cpu_pkg::Srl;
  assign op_legal     = plain7 || (alt7 && (funct3 == cpu_pkg::Add || funct3 == cpu_pkg::Srl));
  assign op_imm_legal = !shift || plain7 || (alt7 && funct3 == cpu_pkg::Srl);

  always_comb begin
    decoded_o = '0;
    if (ir_i[1:0] == 2'b11) begin
      unique case (ir_i[6:2])
        5'b01101: decoded_o.lui    = 1'b1;
        5'b00101: decoded_o.auipc  = 1'b1;
        5'b11011: decoded_o.jal    = 1'b1;
        5'b11001: decoded_o.jalr   = funct3 == 3'd0;
        5'b11000: decoded_o.branch = funct3[2:1] != 2'b01;
        5'b00000: decoded_o.load   = funct3[1:0] != 2'd3 && funct3 != 3'd6;
        5'b01000: decoded_o.store  = funct3 < 3'd3;
        5'b00100: decoded_o.op_imm = op_imm_legal;
        5'b01100: decoded_o.op     = op_legal;
        5'b00011: decoded_o.fence  = funct3[2:1] == 2'd0;
        5'b11100: begin
          decoded_o.csr    = funct3[1:0] != 2'd0;
          decoded_o.ecall  = ir_i[31:7] == 25'h0000000;
          decoded_o.ebreak = ir_i[31:7] == 25'h0002000;
          decoded_o.mret   = ir_i[31:7] == 25'h0604000;
          decoded_o.wfi    = ir_i[31:7] == 25'h020a000;
        end
        default: ;
      endcase
    end
    decoded_o.illegal = !(decoded_o.lui || decoded_o.auipc || decoded_o.jal || decoded_o.jalr || decoded_o.branch ||
                          decoded_o.load || decoded_o.store || decoded_o.op_imm || decoded_o.op || decoded_o.fence ||
                          decoded_o.csr || decoded_o.ecall || decoded_o.ebreak || decoded_o.mret || decoded_o.wfi);
    // Only bits that tell the formats apart are looked at: LUI and AUIPC, JAL, branches, stores, all others.
    if (ir_i[4] && ir_i[2])                decoded_o.imm = {ir_i[31:12], 12'd0};
    else if (ir_i[6] && ir_i[3])           decoded_o.imm = {{12{ir_i[31]}}, ir_i[19:12], ir_i[20], ir_i[30:21], 1'b0};
    else if (ir_i[6] && !ir_i[2])          decoded_o.imm = {{20{ir_i[31]}}, ir_i[7], ir_i[30:25], ir_i[11:8], 1'b0};
    else if (ir_i[6:4] == 3'b010)          decoded_o.imm = {{21{ir_i[31]}}, ir_i[30:25], ir_i[11:7]};
    else                                   decoded_o.imm = {{21{ir_i[31]}}, ir_i[30:20]};
  end

endmodule

`default_nettype wire
