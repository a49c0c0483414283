// SPDX-License-Identifier: Apache-2.0
//
// Judges a submission entry of the admin queue pair ("Admin commands" in rtl/README.md): its status, and for invalid_field where
// that field is. Combinational.
`default_nettype none

module mgmt_entry #(
  parameter int unsigned SaCount  = 256,
  parameter int unsigned IoQueues = 2
) (
  input  logic [7:0]  op_i,
  input  logic [15:0] number_i,      // field sa
  input  logic [7:0]  sa_gen_i,
  input  logic [7:0]  pad_i,
  input  logic [63:0] src_i,
  input  logic [63:0] dst_i,
  input  logic [23:0] src_len_i,
  input  logic [23:0] dst_len_i,
  input  logic        stray_i,       // a field that no command has is not 0
  // What slot or queue pair `number` is like.
  input  logic        in_use_i,
  input  logic [7:0]  gen_i,
  input  logic        windowed_i,
  input  logic        queue_on_i,
  input  logic        queue_none_i,
  output logic [7:0]  status_o,
  output logic [7:0]  where_o
);
  localparam logic [7:0] SaAt     = 8'(sluice_regs_pkg::SqeSaLsb / 8);
  localparam logic [7:0] PadAt    = 8'(sluice_regs_pkg::SqePadLsb / 8);
  localparam logic [7:0] SrcAt    = 8'(sluice_regs_pkg::SqeSrcLsb / 8);
  localparam logic [7:0] DstAt    = 8'(sluice_regs_pkg::SqeDstLsb / 8);
  localparam logic [7:0] SrcLenAt = 8'(sluice_regs_pkg::SqeSrcLenLsb / 8);

  logic sa_range, queue_range, has_gen, has_pad, has_src, has_dst, has_src_len, has_dst_len;
  assign sa_range    = 32'(number_i) < SaCount;
  assign queue_range = number_i != 16'd0 && 32'(number_i) <= IoQueues;

  // Fields that are not 0.
  assign has_gen     = sa_gen_i != 8'd0;
  assign has_pad     = pad_i != 8'd0;
  assign has_src     = src_i != 64'd0;
  assign has_dst     = dst_i != 64'd0;
  assign has_src_len = src_len_i != 24'd0;
  assign has_dst_len = dst_len_i != 24'd0;

  // Commands that name an SA by slot and generation.
  logic [7:0] sa_status;
  always_comb begin
    sa_status = sluice_regs_pkg::StatusOk;
    if (!sa_range || !in_use_i) sa_status = sluice_regs_pkg::StatusNoSuchSa;
    else if (gen_i != sa_gen_i || (op_i != sluice_regs_pkg::OpSaDestroy && !windowed_i))
      sa_status = sluice_regs_pkg::StatusSaMismatch;
  end

  logic       stray, bad;
  logic [7:0] status;
  always_comb begin
    stray   = 1'b0;
    bad     = 1'b0;           // invalid_field at where_o, unless status tells something else
    status  = sluice_regs_pkg::StatusOk;
    where_o = 8'd0;
    unique case (op_i)
      sluice_regs_pkg::OpIdentify: begin
        stray   = number_i != 16'd0 || has_gen || has_pad || has_src || has_src_len;
        bad     = dst_i[5:0] != 6'd0;
        where_o = DstAt;
        if (dst_len_i < 24'(sluice_regs_pkg::IdentifyBytes)) status = sluice_regs_pkg::StatusOutputTooSmall;
      end
      sluice_regs_pkg::OpSaCreate: begin
        stray   = has_gen || has_pad || has_dst || has_dst_len;
        bad     = !sa_range || in_use_i || src_len_i != 24'(sluice_regs_pkg::SaParamsBytes);
        where_o = !sa_range || in_use_i ? SaAt : SrcLenAt;
      end
      sluice_regs_pkg::OpSaDestroy: begin
        stray  = has_pad || has_src || has_dst || has_src_len || has_dst_len;
        status = sa_status;
      end
      sluice_regs_pkg::OpQueueCreate: begin
        stray = has_gen || has_src_len || has_dst_len;
        bad   = 1'b1;
        if (!queue_range || !queue_none_i) where_o = SaAt;
        else if (pad_i < 8'(sluice_regs_pkg::MinQueueDepthLog2) || pad_i > 8'(sluice_regs_pkg::MaxQueueDepthLog2))
          where_o = PadAt;
        else if (src_i[5:0] != 6'd0) where_o = SrcAt;
        else if (dst_i[5:0] != 6'd0) where_o = DstAt;
        else bad = 1'b0;
      end
      sluice_regs_pkg::OpQueueDestroy: begin
        stray   = has_gen || has_pad || has_src || has_dst || has_src_len || has_dst_len;
        bad     = !queue_range || !queue_on_i;
        where_o = SaAt;
      end
      sluice_regs_pkg::OpQueueCoalesce: begin
        stray   = has_gen || has_src || has_dst || has_dst_len;
        bad     = !queue_range || !queue_on_i;
        where_o = SaAt;
      end
      sluice_regs_pkg::OpWindowExport: begin
        stray   = has_pad || has_src || has_src_len;
        status  = sa_status;
        bad     = dst_i[5:0] != 6'd0;
        where_o = DstAt;
        if (sa_status == sluice_regs_pkg::StatusOk && dst_len_i < 24'(sluice_regs_pkg::SaWindowBytes))
          status = sluice_regs_pkg::StatusOutputTooSmall;
      end
      sluice_regs_pkg::OpWindowImport: begin
        stray   = has_pad || has_dst || has_dst_len;
        status  = sa_status;
        bad     = src_i[5:0] != 6'd0 || src_len_i != 24'(sluice_regs_pkg::SaWindowBytes);
        where_o = src_i[5:0] != 6'd0 ? SrcAt : SrcLenAt;
      end
      default: stray = 1'b1;
    endcase
    status_o = status;
    if (stray || stray_i) status_o = sluice_regs_pkg::StatusUnsupported;
    else if (status == sluice_regs_pkg::StatusOk && bad) status_o = sluice_regs_pkg::StatusInvalidField;
    if (status_o != sluice_regs_pkg::StatusInvalidField) where_o = 8'd0;
  end
endmodule
`default_nettype wire
