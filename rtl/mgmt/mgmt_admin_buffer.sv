// SPDX-License-Identifier: Apache-2.0
//
// What the administrator reads from the host and what it is about to write there: 64 words of 16 bytes in block RAM. Words 0 to
// 35 are for a parameter block or a window, 60 to 63 for the submission entry. Data comes one clock after its address.
`default_nettype none

module mgmt_admin_buffer (
  input  logic         clk_i,
  // From the host; from a replay window, 32 bits at a time; zeros.
  input  logic         wr_valid_i,
  input  logic [5:0]   wr_addr_i,
  input  logic [15:0]  wr_be_i,
  input  logic [127:0] wr_data_i,
  input  logic         window_i,
  input  logic [7:0]   window_index_i,
  input  logic [31:0]  window_data_i,
  input  logic         clear_i,
  input  logic [5:0]   clear_addr_i,
  input  logic [5:0]   addr_i,
  output logic [127:0] word_o
);
  (* ram_style = "block" *) logic [127:0] mem_q [64];

  logic [15:0]  be;
  logic [5:0]   addr;
  logic [127:0] data;
  always_comb begin
    be   = wr_valid_i ? wr_be_i : 16'd0;
    addr = wr_addr_i;
    data = wr_data_i;
    if (clear_i) begin
      be   = 16'hffff;
      addr = clear_addr_i;
      data = 128'd0;
    end else if (window_i) begin
      be   = 16'h000f << {window_index_i[1:0], 2'd0};
      addr = window_index_i[7:2];
      data = {4{window_data_i}};
    end
  end
  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 16; b++) begin
      if (be[b]) mem_q[addr][8*b +: 8] <= data[8*b +: 8];
    end
    word_o <= mem_q[addr_i];
  end
endmodule
`default_nettype wire
