// SPDX-License-Identifier: Apache-2.0
//
// Joins the small writers into one client of pcie_wr: 0 completion entries (32 bytes), 1 admin data (64 bytes), 2 interrupts (4
// bytes). Jobs leave in the order in which they are taken, so an interrupt never passes the completion entry it tells of.
`default_nettype none

module pcie_wr_small (
  input  logic         clk_i,
  input  logic         rst_ni,
  // Jobs with up to 4 words, all there with the job.
  input  logic         cqe_valid_i,
  output logic         cqe_ready_o,
  input  logic [63:0]  cqe_addr_i,
  input  logic [255:0] cqe_data_i,
  input  logic         adm_valid_i,
  output logic         adm_ready_o,
  input  logic [63:0]  adm_addr_i,
  input  logic [511:0] adm_data_i,
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
  // One job waits while the words of the one before leave.
  logic         job_q;
  logic [63:0]  addr_q;
  logic [14:0]  len_q;
  logic [511:0] data_q, words_q;
  logic [2:0]   count_q, left_q;

  logic take, pass;
  assign take        = !job_q || pass;
  assign pass        = job_q && cmd_ready_i && left_q == 3'd0;
  assign cmd_valid_o = job_q && left_q == 3'd0;
  assign cmd_addr_o  = addr_q;
  assign cmd_len_o   = len_q;
  assign word_valid_o = left_q != 3'd0;
  assign word_o       = words_q[127:0];
  assign cqe_ready_o  = take;
  assign adm_ready_o  = take && !cqe_valid_i;
  assign msi_ready_o  = take && !cqe_valid_i && !adm_valid_i;
  assign idle_o       = !job_q && left_q == 3'd0;

  // An identify buffer that is not aligned to 16 bytes needs its words turned; completion rings and interrupts are aligned.
  logic [639:0] adm_turned;
  assign adm_turned = {128'h0, adm_data_i} << {adm_addr_i[3:0], 3'b000};
  logic [127:0] tail_q;

  always_ff @(posedge clk_i) begin
    if (take) begin
      if (cqe_valid_i) begin
        addr_q  <= cqe_addr_i;
        len_q   <= 15'd32;
        data_q  <= {256'h0, cqe_data_i};
        count_q <= 3'd2;
      end else if (adm_valid_i) begin
        addr_q  <= adm_addr_i;
        len_q   <= 15'd64;
        data_q  <= adm_turned[511:0];
        count_q <= adm_addr_i[3:0] == 4'd0 ? 3'd4 : 3'd5;
      end else begin
        addr_q  <= msi_addr_i;
        len_q   <= 15'd4;
        data_q  <= {384'h0, {4{msi_data_i}}};
        count_q <= 3'd1;
      end
      tail_q <= adm_turned[639:512];
    end
    if (pass) begin
      words_q <= data_q;
    end else if (word_valid_o && word_ready_i) begin
      words_q <= {tail_q, words_q[511:128]};
    end
    if (!rst_ni) begin
      job_q  <= 1'b0;
      left_q <= 3'd0;
    end else begin
      if (take) job_q <= cqe_valid_i || adm_valid_i || msi_valid_i;
      if (pass) left_q <= count_q;
      else if (word_valid_o && word_ready_i) left_q <= left_q - 3'd1;
    end
  end
endmodule
`default_nettype wire
