// SPDX-License-Identifier: Apache-2.0
//
// Read requests: takes pieces from four clients, gets a tag and credits for each, and sends the memory read. Client 2 (admin)
// goes before 1 (submission entries) before 3 (page lists) before 0 (lanes): the first three are small and rare.
// With bus mastering off nothing is sent and the piece ends with an error; a header that was waiting is withdrawn. A read every
// 3 clocks where tags, credits and the link allow.
`default_nettype none

module pcie_rd_req (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [15:0]  cfg_id_i,
  input  logic         cfg_bus_master_i,
  // Pieces (pcie_rd_split), one group for each client.
  input  logic [3:0]   in_valid_i,
  output logic [3:0]   in_ready_o,
  input  logic [255:0] in_addr_i,
  input  logic [39:0]  in_len_i,
  input  logic [19:0]  in_lane_i,
  input  logic [59:0]  in_pos_i,
  input  logic [3:0]   in_last_i,
  input  logic [3:0]   in_bad_i,
  // Tags (pcie_tags).
  output logic         issue_wait_o,
  output logic         issue_valid_o,
  input  logic         issue_ready_i,
  output logic         issue_none_o,
  output logic         issue_err_o,
  output logic [1:0]   issue_client_o,
  output logic [4:0]   issue_lane_o,
  output logic [14:0]  issue_pos_o,
  output logic [9:0]   issue_len_o,
  output logic [6:0]   issue_low_o,
  output logic         issue_last_o,
  input  logic [4:0]   issue_tag_i,
  output logic         cancel_valid_o,
  output logic [4:0]   cancel_tag_o,
  // One-beat frames to the transmit arbiter. grant: the frame is taken this clock.
  output logic         tx_valid_o,
  input  logic         tx_ready_i,
  output logic [127:0] tx_data_o,
  output logic [15:0]  tx_keep_o,
  output logic         idle_o
);
  // ---- the piece whose turn it is
  logic [1:0]  pick;
  logic        here_q, go;
  logic [63:0] addr_q;
  logic        bad_q;
  assign pick           = in_valid_i[2] ? 2'd2 : in_valid_i[1] ? 2'd1 : in_valid_i[3] ? 2'd3 : 2'd0;
  assign issue_none_o   = issue_len_o == 10'd0 || !cfg_bus_master_i;
  assign issue_err_o    = bad_q || (issue_len_o != 10'd0 && !cfg_bus_master_i);
  assign issue_low_o    = addr_q[6:0];
  always_comb begin
    in_ready_o       = 4'b0000;
    in_ready_o[pick] = !here_q || go;
  end
  always_ff @(posedge clk_i) begin
    if (!here_q || go) begin
      addr_q           <= in_addr_i[64 * pick +: 64];
      issue_client_o <= pick;
      issue_len_o    <= in_len_i[10 * pick +: 10];
      issue_lane_o   <= in_lane_i[5 * pick +: 5];
      issue_pos_o    <= in_pos_i[15 * pick +: 15];
      issue_last_o   <= in_last_i[pick];
      bad_q          <= in_bad_i[pick];
    end
    if (!rst_ni) here_q <= 1'b0;
    else if (!here_q || go) here_q <= in_valid_i != 4'b0000;
  end

  // ---- its header
  logic         valid_q;
  logic [127:0] data_q;
  logic         four_q;
  logic [4:0]   tag_q;
  assign issue_wait_o   = here_q;
  assign issue_valid_o  = here_q && (issue_none_o || !valid_q);
  assign go             = issue_valid_o && issue_ready_i;
  assign cancel_valid_o = valid_q && !cfg_bus_master_i;
  assign cancel_tag_o   = tag_q;

  logic [1:0]  over;       // bytes behind the last one in its DW
  logic [9:0]  span, dws;
  logic [3:0]  be_first, be_last;
  logic [31:0] dw0, dw1;
  logic        four;
  always_comb begin
    span     = {8'd0, addr_q[1:0]} + issue_len_o + 10'd3;
    dws      = {2'b00, span[9:2]};
    over     = 2'd3 - span[1:0];
    be_first = 4'hf << addr_q[1:0];
    be_last  = 4'hf >> over;
    if (dws == 10'd1) begin
      be_first = be_first & be_last;
      be_last  = 4'h0;
    end
    four = addr_q[63:32] != 32'h0;
    dw0  = {1'b0, 1'b0, four, 5'b00000, 14'h0, dws};
    dw1  = {cfg_id_i, 3'b000, issue_tag_i, be_last, be_first};
  end

  assign tx_valid_o = valid_q && cfg_bus_master_i;
  assign tx_data_o  = data_q;
  assign tx_keep_o  = four_q ? 16'hffff : 16'h0fff;
  assign idle_o     = !valid_q && !here_q && in_valid_i == 4'b0000;

  always_ff @(posedge clk_i) begin
    if (go && !issue_none_o) begin
      data_q <= four ? {addr_q[31:2], 2'b00, addr_q[63:32], dw1, dw0} : {32'h0, addr_q[31:2], 2'b00, dw1, dw0};
      four_q <= four;
      tag_q  <= issue_tag_i;
    end
    if (!rst_ni) valid_q <= 1'b0;
    else if (go && !issue_none_o) valid_q <= 1'b1;
    else if (tx_ready_i || cancel_valid_o) valid_q <= 1'b0;
  end
endmodule
`default_nettype wire
