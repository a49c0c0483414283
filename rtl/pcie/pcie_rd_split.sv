// SPDX-License-Identifier: Apache-2.0
//
// Cuts a reading of any length into pieces that one memory read can ask for: at most the maximum read request size (and 512
// bytes, so that a few reads never hold all completion credits), never across 4 KiB, and cut at 128-byte addresses so that
// completions come whole. A length of 0 gives one empty piece. A piece a clock; the next reading is taken with the last piece
// of the one before. A job may be several readings: last is the last piece of its last one.
`default_nettype none

module pcie_rd_split (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic [2:0]  cfg_mrrs_i,
  input  logic        in_valid_i,
  output logic        in_ready_o,
  input  logic [63:0] in_addr_i,
  input  logic [14:0] in_len_i,
  input  logic [4:0]  in_lane_i,
  input  logic [14:0] in_pos_i,
  input  logic        in_last_i,
  input  logic        in_bad_i,     // with length 0: this reading ends with an error
  output logic        out_valid_o,
  input  logic        out_ready_i,
  output logic [63:0] out_addr_o,
  output logic [9:0]  out_len_o,
  output logic [4:0]  out_lane_o,
  output logic [14:0] out_pos_o,
  output logic        out_last_o,
  output logic        out_bad_o
);
  logic        valid_q, last_q, bad_q, piece_last;
  logic [63:0] addr_q;
  logic [14:0] left_q, pos_q;
  logic [4:0]  lane_q;

  logic [9:0]  most, to_cut;
  logic [12:0] to_page;
  logic [9:0]  piece;
  always_comb begin
    most    = cfg_mrrs_i == 3'd0 ? 10'd128 : cfg_mrrs_i == 3'd1 ? 10'd256 : 10'd512;
    to_cut  = most - {3'd0, addr_q[6:0]};
    to_page = 13'd4096 - {1'b0, addr_q[11:0]};
    piece   = to_page < {3'd0, to_cut} ? to_page[9:0] : to_cut;
    if (left_q <= {5'd0, piece}) piece = left_q[9:0];
  end

  assign out_valid_o = valid_q;
  assign out_addr_o  = addr_q;
  assign out_len_o   = piece;
  assign out_lane_o  = lane_q;
  assign out_pos_o   = pos_q;
  assign piece_last  = left_q == {5'd0, piece};
  assign out_last_o  = piece_last && last_q;
  assign out_bad_o   = bad_q;
  assign in_ready_o  = !valid_q || (out_ready_i && piece_last);

  always_ff @(posedge clk_i) begin
    if (in_ready_o) begin
      addr_q <= in_addr_i;
      left_q <= in_len_i;
      lane_q <= in_lane_i;
      pos_q  <= in_pos_i;
      last_q <= in_last_i;
      bad_q  <= in_bad_i;
    end else if (out_ready_i) begin
      addr_q <= addr_q + {54'd0, piece};
      left_q <= left_q - {5'd0, piece};
      pos_q  <= pos_q + {5'd0, piece};
    end
    if (!rst_ni) valid_q <= 1'b0;
    else if (in_ready_o) valid_q <= in_valid_i;
  end
endmodule
`default_nettype wire
