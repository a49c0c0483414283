// SPDX-License-Identifier: Apache-2.0
//
// Joins the small writers into one client of pcie_wr: completion entries (32 bytes), admin data (32 bytes too), interrupts (4
// bytes). Jobs leave in the order in which they are taken, so an interrupt never passes the completion entry it tells of.
// Addresses are aligned to the size. One job is held until its words have left.
`default_nettype none

module pcie_wr_small (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         cqe_valid_i,
  output logic         cqe_ready_o,
  input  logic [63:0]  cqe_addr_i,
  input  logic [255:0] cqe_data_i,
  input  logic         adm_valid_i,
  output logic         adm_ready_o,
  input  logic [63:0]  adm_addr_i,
  input  logic [255:0] adm_data_i,
  input  logic         msi_valid_i,
  output logic         msi_ready_o,
  input  logic [63:0]  msi_addr_i,
  input  logic [31:0]  msi_data_i,
  // Client of pcie_wr.
  output logic         cmd_valid_o,
  input  logic         cmd_ready_i,
  output logic [63:0]  cmd_addr_o,
  output logic [14:0]  cmd_len_o,
  output logic         word_valid_o,
  input  logic         word_ready_i,
  output logic [127:0] word_o,
  output logic         idle_o
);
  logic         job_q;     // the job is still to be taken
  logic [63:0]  addr_q;
  logic [6:0]   len_q;
  logic [255:0] words_q;
  logic [2:0]   left_q;    // words

  logic free;
  assign free         = left_q == 3'd0;
  assign cqe_ready_o  = free;
  assign adm_ready_o  = free && !cqe_valid_i;
  assign msi_ready_o  = free && !cqe_valid_i && !adm_valid_i;
  assign cmd_valid_o  = job_q;
  assign cmd_addr_o   = addr_q;
  assign cmd_len_o    = {8'd0, len_q};
  assign word_valid_o = !free;
  assign word_o       = words_q[127:0];
  assign idle_o       = free;

  always_ff @(posedge clk_i) begin
    if (free) begin
      addr_q  <= cqe_valid_i ? cqe_addr_i : adm_valid_i ? adm_addr_i : msi_addr_i;
      len_q   <= cqe_valid_i || adm_valid_i ? 7'd32 : 7'd4;
      words_q <= cqe_valid_i ? cqe_data_i : adm_valid_i ? adm_data_i : {128'h0, {4{msi_data_i}}};
    end else if (word_ready_i) begin
      words_q <= {128'h0, words_q[255:128]};
    end
    if (!rst_ni) begin
      job_q  <= 1'b0;
      left_q <= 3'd0;
    end else if (free) begin
      job_q  <= cqe_valid_i || adm_valid_i || msi_valid_i;
      left_q <= cqe_valid_i || adm_valid_i ? 3'd2 : {2'b00, msi_valid_i};
    end else begin
      if (cmd_ready_i) job_q <= 1'b0;
      if (word_ready_i) left_q <= left_q - 3'd1;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!cqe_valid_i || cqe_addr_i[4:0] == 5'd0);
    if (rst_ni) assert (!adm_valid_i || adm_addr_i[4:0] == 5'd0);
  end
`endif
endmodule
`default_nettype wire
