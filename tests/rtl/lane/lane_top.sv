// SPDX-License-Identifier: Apache-2.0
//
// The lane, and its own writes to its ring, for the test of uniform opens.
`default_nettype none

module lane_top #(
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  parameter bit          Legacy = 1'b0
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                job_valid_i,
  output logic                job_ready_o,
  input  sluice_pkg::job_t    job_i,
  input  logic                sa_valid_i,
  input  logic [127:0]        sa_data_i,
  input  logic                sa_zero_i,
  input  logic                wr_en_i,
  input  logic [RingAw-1:0]   wr_addr_i,
  input  logic [15:0]         wr_be_i,
  input  logic [127:0]        wr_data_i,
  input  logic                fetch_done_i,
  input  logic                fetch_err_i,
  output logic                res_valid_o,
  input  logic                res_ready_i,
  output sluice_pkg::result_t res_o,
  input  logic                rd_en_i,
  input  logic [RingAw-1:0]   rd_addr_i,
  output logic [127:0]        rd_data_o,
  output logic                key_shift_o,
  output logic                key_valid_o,
  input  logic                key_ready_i,
  output logic [31:0]         key_data_o,
  output logic                busy_o,
  output logic                starved_o,
  output logic                blocked_o,
  output logic                records_o,
  output logic                idle_o,

  output logic                own_write_o,
  output logic [RingAw-1:0]   own_addr_o,
  output logic [15:0]         own_be_o
);

  sluice_lane #(.RingAw(RingAw), .Legacy(Legacy)) u_lane (.*);

  assign own_write_o = !wr_en_i && u_lane.u_ring.we != 16'd0;
  assign own_addr_o  = u_lane.u_ring.addr;
  assign own_be_o    = u_lane.u_ring.we;

endmodule

`default_nettype wire
