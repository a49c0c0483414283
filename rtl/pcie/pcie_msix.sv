// SPDX-License-Identifier: Apache-2.0
//
// MSI-X: the table, the pending bits, and the messages. Vector q is asked for by fire_i[q]; the message leaves when MSI-X is
// on, neither the function nor the vector is masked and bus mastering is on; until then its pending bit is set, and several
// askings are one message (PCI 3.0, section 6.8.3). Every vector is masked after reset; addresses and data are then not
// defined.
`default_nettype none

module pcie_msix #(
  parameter int unsigned Vectors = 9  // at most 16
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               cfg_bus_master_i,
  input  logic               cfg_enable_i,
  input  logic               cfg_mask_i,
  // Register accesses: words of the table, one a clock.
  input  logic               wr_valid_i,
  input  logic [5:0]         addr_i,      // word of the table
  input  logic [31:0]        wdata_i,
  output logic [31:0]        rdata_o,
  output logic [31:0]        pending_o,
  input  logic [Vectors-1:0] fire_i,
  output logic               msg_valid_o,
  input  logic               msg_ready_i,
  output logic [63:0]        msg_addr_o,
  output logic [31:0]        msg_data_o,
  output logic               idle_o       // nothing can be sent
);
  logic [31:0] lo_q [16];
  logic [31:0] hi_q [16];
  logic [31:0] data_q [16];
  logic [Vectors-1:0] mask_q, want_q, can;

  logic [3:0]  vector;
  logic [15:0] mask_all;
  assign mask_all = 16'(mask_q);
  assign vector = addr_i[5:2];
  always_comb begin
    unique case (addr_i[1:0])
      2'd0: rdata_o = lo_q[vector];
      2'd1: rdata_o = hi_q[vector];
      2'd2: rdata_o = data_q[vector];
      default: rdata_o = {31'd0, mask_all[vector]};
    endcase
    if (32'(vector) >= Vectors) rdata_o = 32'h0;
  end

  logic       msg_valid_q;
  logic [3:0] pick, msg_q;
  assign can       = cfg_enable_i && !cfg_mask_i && cfg_bus_master_i ? want_q & ~mask_q : '0;
  assign pending_o = 32'(want_q);
  assign idle_o    = can == '0 && !msg_valid_q;

  always_comb begin
    pick = 4'd0;
    for (int unsigned v = 0; v < Vectors; v++) begin
      if (can[Vectors - 1 - v]) pick = 4'(Vectors - 1 - v);
    end
  end
  assign msg_valid_o = msg_valid_q;
  assign msg_addr_o  = {hi_q[msg_q], lo_q[msg_q][31:2], 2'b00};
  assign msg_data_o  = data_q[msg_q];

  always_ff @(posedge clk_i) begin
    if (wr_valid_i && addr_i[1:0] == 2'd0) lo_q[vector] <= wdata_i;
    if (wr_valid_i && addr_i[1:0] == 2'd1) hi_q[vector] <= wdata_i;
    if (wr_valid_i && addr_i[1:0] == 2'd2) data_q[vector] <= wdata_i;
    if (!msg_valid_q) msg_q <= pick;
    if (!rst_ni) begin
      mask_q      <= '1;
      want_q      <= '0;
      msg_valid_q <= 1'b0;
    end else begin
      want_q <= want_q | fire_i;
      for (int unsigned v = 0; v < Vectors; v++) begin
        if (wr_valid_i && addr_i[1:0] == 2'd3 && vector == 4'(v)) mask_q[v] <= wdata_i[0];
        if (!msg_valid_q && can != '0 && pick == 4'(v)) want_q[v] <= fire_i[v];
      end
      msg_valid_q <= msg_valid_q ? !msg_ready_i : can != '0;
    end
  end
endmodule
`default_nettype wire
