// SPDX-License-Identifier: Apache-2.0
//
// Cuts a reading of any length into pieces that one memory read can ask for: at most the maximum read request size (and 512
// bytes, so that a few reads never hold all completion credits), never across 4 KiB, and cut at 128-byte addresses so that
// completions come whole. A length of 0 gives one empty piece. A piece a clock, and one clock more for each reading. A job may be
// several readings: last is the last piece of its last one.
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
  // A reading is so many bytes (span) from its first 128-byte unit on, the first `low` of which are not wanted.
  logic        valid_q, last_q, bad_q, piece_last;
  logic [56:0] unit_q;
  logic [6:0]  low_q;
  logic [15:0] span_q;
  logic [14:0] pos_q;    // of the unit's first byte
  logic [4:0]  lane_q;

  logic [2:0]  most, n;  // units of the next piece
  logic [9:0]  reach;
  logic        room;
  always_comb begin
    most = cfg_mrrs_i == 3'd0 ? 3'd1 : cfg_mrrs_i == 3'd1 ? 3'd2 : 3'd4;
    n    = most;
    // 3, 2 or 1 units before the page's end
    if (unit_q[4:2] == 3'b111 && unit_q[1:0] != 2'd0 && 3'd4 - {1'b0, unit_q[1:0]} < most) n = 3'd4 - {1'b0, unit_q[1:0]};
    piece_last = span_q[15:7] < {6'd0, n} || (span_q[15:7] == {6'd0, n} && span_q[6:0] == 7'd0);
    reach      = piece_last ? span_q[9:0] : {n, 7'd0};
  end
  assign room       = !out_valid_o || out_ready_i;
  assign in_ready_o = !valid_q;

  always_ff @(posedge clk_i) begin
    if (room) begin
      out_addr_o <= {unit_q, low_q};
      out_len_o  <= reach - {3'd0, low_q};
      out_lane_o <= lane_q;
      out_pos_o  <= pos_q + {8'd0, low_q};
      out_last_o <= piece_last && last_q;
      out_bad_o  <= bad_q;
    end
    if (!valid_q) begin
      unit_q <= in_addr_i[63:7];
      low_q  <= in_addr_i[6:0];
      span_q <= {1'b0, in_len_i} + {9'd0, in_addr_i[6:0]};
      pos_q  <= in_pos_i - {8'd0, in_addr_i[6:0]};
      lane_q <= in_lane_i;
      last_q <= in_last_i;
      bad_q  <= in_bad_i;
    end else if (room) begin
      unit_q <= unit_q + {54'd0, n};
      low_q  <= 7'd0;
      span_q <= span_q - {6'd0, n, 7'd0};
      pos_q  <= pos_q + {5'd0, n, 7'd0};
    end
    if (!rst_ni) begin
      valid_q     <= 1'b0;
      out_valid_o <= 1'b0;
    end else begin
      valid_q <= valid_q ? !(room && piece_last) : in_valid_i;
      if (room) out_valid_o <= valid_q;
    end
  end
endmodule
`default_nettype wire
