// SPDX-License-Identifier: Apache-2.0
//
// Where everything in a record lies, as far as it is public: arithmetic on the job and its SA, with one adder in six steps.
// Positions count bytes of the body, from the first after header and IV. The names are those of "Rules of an operation" in
// rtl/README.md.
`default_nettype none

module sluice_lane_plan (
  input  logic                   clk_i,
  input  logic                   rst_ni,

  input  logic                   start_i,    // job and SA are there from the next clock on
  output logic                   ready_o,
  input  sluice_lane_pkg::sa_t   sa_i,
  input  logic [14:0]            src_len_i,
  input  logic [7:0]             pad_i,      // seal: further blocks of padding
  output sluice_lane_pkg::plan_t plan_o
);

  logic        unused, carried;
  logic [2:0]  step_q;
  logic [4:0]  nonce_len;
  logic [8:0]  blocks;
  logic [14:0] padding, mac_etm, mac_mte, around, operand, from, sum_q, sum;

  assign unused  = &{1'b0, sa_i, carried};
  assign ready_o = step_q == 3'd7;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) step_q <= 3'd7;
    else if (start_i) step_q <= 3'd0;
    else if (!ready_o) step_q <= step_q + 3'd1;
  end

  always_comb begin
    if (sa_i.aes) nonce_len = 5'd16;
    else nonce_len = sa_i.des || !sa_i.tls ? 5'd8 : 5'd0;
    if (sa_i.chained) nonce_len = 5'd0;
  end

  // What is added for a seal and subtracted for an open, whose header and nonce are not body, and whose MAC is not encrypted in
  // etm. The header's length field does not count five bytes of the header. A seal's padding fills the last block, or is one.
  assign blocks  = {1'b0, pad_i} + 9'd1;
  assign padding = !sa_i.padded ? 15'd0 : sa_i.des ? {3'd0, blocks, 3'd0} : {2'd0, blocks, 4'd0};
  assign mac_etm = sa_i.etm ? {9'd0, sa_i.mac_len} : 15'd0;
  assign mac_mte = sa_i.etm ? 15'd0 : {9'd0, sa_i.mac_len};
  assign around  = {10'd0, nonce_len} + (sa_i.tls ? 15'd0 : 15'(sluice_regs_pkg::UdpHeaderBytes) - 15'd5);
  always_comb begin
    unique case (step_q)
      3'd0:    operand = sa_i.open && !sa_i.verify ? 15'd5 : 15'd0;
      3'd1:    operand = !sa_i.open ? mac_mte : sa_i.verify ? 15'd0 : around;
      3'd2:    operand = sa_i.open ? mac_etm : padding;
      3'd3:    operand = sa_i.open ? {14'd0, sa_i.padded} : mac_etm;
      3'd4:    operand = sa_i.open ? mac_mte : around;
      default: operand = 15'd5;
    endcase
    from = step_q == 3'd0 ? src_len_i : sum_q;
  end

  // The lowest bit is a carry, for the difference.
  logic [14:0] exact;
  assign {exact, carried} = {from, 1'b1} + {operand ^ {15{sa_i.open}}, sa_i.open};
  always_comb begin
    sum = exact;
    if (!sa_i.open && step_q == 3'd2) begin
      if (sa_i.padded) sum[2:0] = 3'd0;
      if (sa_i.aes) sum[3] = 1'b0;
    end
  end

  logic [14:0] cipher_len_q, content_max_q, filled_q, body_end_q, length_field_q, out_len_q;
  logic [7:0]  padding_q;

  always_ff @(posedge clk_i) begin
    sum_q <= sum;
    if (step_q == (sa_i.open ? 3'd4 : 3'd0)) content_max_q <= sum;
    if (step_q == 3'd1) filled_q <= sum;
    // A key job's words in the ring are overwritten as if the second of them were encrypted and all of both were padding.
    if (step_q == 3'd2) cipher_len_q <= sa_i.key_job ? 15'd16 : sum;
    if (step_q == (sa_i.open ? 3'd1 : 3'd3)) body_end_q <= sum;
    if (step_q == (sa_i.open ? 3'd0 : 3'd4)) length_field_q <= sum;
    if (step_q == (sa_i.open ? 3'd4 : 3'd5)) out_len_q <= sum;
  end

  assign padding_q = sa_i.aes ? {pad_i[3:0], ~filled_q[3:0]} : {pad_i[4:0], ~filled_q[2:0]};
  assign plan_o    = {cipher_len_q, content_max_q, filled_q, padding_q, body_end_q, nonce_len, 1'b0, length_field_q, out_len_q};

endmodule

`default_nettype wire
