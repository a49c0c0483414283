// SPDX-License-Identifier: Apache-2.0
//
// Sources that are to be read for lanes, in order: as they are, or page by page as their list has it. 2 clocks a source without
// a list, 4 a page with one. An entry behind the first that does not begin a page ends the reading with an error.
`default_nettype none

module queue_source #(
  localparam int unsigned IdW = sluice_pkg::IdW
) (
  input  logic           clk_i,
  input  logic           rst_ni,
  input  logic           in_valid_i,
  output logic           in_ready_o,
  output logic           in_empty_o,    // none waits behind the one that is being read
  input  logic [IdW-1:0] in_id_i,
  input  logic           in_list_i,
  input  logic           in_bad_i,      // nothing is read, and there is an error
  input  logic [63:0]    in_addr_i,
  input  logic [14:0]    in_len_i,
  input  logic [4:0]     in_lane_i,
  input  logic [14:0]    in_pos_i,
  // Entries of its list (queue_lists).
  output logic [IdW+1:0] list_addr_o,
  input  logic [127:0]   list_data_i,
  // Readings (pcie_rd_split).
  output logic           rd_valid_o,
  input  logic           rd_ready_i,
  output logic [63:0]    rd_addr_o,
  output logic [14:0]    rd_len_o,
  output logic [4:0]     rd_lane_o,
  output logic [14:0]    rd_pos_o,
  output logic           rd_last_o,
  output logic           rd_bad_o,
  output logic           idle_o
);
  localparam int unsigned Width = IdW + 2 + 64 + 15 + 5 + 15;

  logic           valid, take, list, bad;
  logic [IdW-1:0] id;
  logic [63:0]    addr;
  logic [14:0]    len, pos;
  logic [4:0]     lane;
  logic [2:0]     level;
  sluice_fifo #(
    .Width(Width), .DepthLog2(2)
  ) u_in (
    .clk_i, .rst_ni, .in_valid_i, .in_ready_o,
    .in_data_i({in_id_i, in_list_i, in_bad_i, in_addr_i, in_len_i, in_lane_i, in_pos_i}),
    .out_valid_o(valid), .out_ready_i(take), .out_data_o({id, list, bad, addr, len, lane, pos}), .level_o(level)
  );

  typedef enum logic [1:0] {Empty, Ask, Entry, Send} state_e;
  state_e         state_q;
  logic [IdW-1:0] id_q;
  logic           last_q, bad_q;
  logic [63:0]    addr_q;
  logic [14:0]    left_q, len_q, pos_q;
  logic [4:0]     lane_q;
  logic [2:0]     index_q;

  logic [63:0] entry;
  logic [14:0] to_page;
  logic        stray;
  assign entry   = index_q[0] ? list_data_i[127:64] : list_data_i[63:0];
  assign to_page = 15'd4096 - {3'd0, entry[11:0]};
  assign stray   = index_q != 3'd0 && entry[11:0] != 12'd0;

  assign take        = state_q == Empty && valid;
  assign in_empty_o  = !valid;
  assign list_addr_o = {id_q, index_q[2:1]};
  assign rd_valid_o  = state_q == Send;
  assign rd_addr_o   = addr_q;
  assign rd_len_o    = len_q;
  assign rd_lane_o   = lane_q;
  assign rd_pos_o    = pos_q;
  assign rd_last_o   = last_q;
  assign rd_bad_o    = bad_q;
  assign idle_o      = state_q == Empty && !valid;

  always_ff @(posedge clk_i) begin
    if (state_q == Empty) begin
      id_q    <= id;
      addr_q  <= addr;
      left_q  <= len;
      len_q   <= bad ? 15'd0 : len;
      lane_q  <= lane;
      pos_q   <= pos;
      last_q  <= 1'b1;
      bad_q   <= bad;
      index_q <= 3'd0;
    end
    if (state_q == Entry) begin
      addr_q <= entry;
      len_q  <= stray ? 15'd0 : left_q < to_page ? left_q : to_page;
      last_q <= stray || left_q <= to_page;
      bad_q  <= stray;
    end
    if (state_q == Send && rd_ready_i) begin
      left_q  <= left_q - len_q;
      pos_q   <= pos_q + len_q;
      index_q <= index_q + 3'd1;
    end
    if (!rst_ni) state_q <= Empty;
    else begin
      unique case (state_q)
        Empty:   if (valid) state_q <= list && !bad ? Ask : Send;
        Ask:     state_q <= Entry;
        Entry:   state_q <= Send;
        default: if (rd_ready_i) state_q <= last_q ? Empty : Ask;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, level};
endmodule
`default_nettype wire
