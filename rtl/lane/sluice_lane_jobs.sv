// SPDX-License-Identifier: Apache-2.0
//
// Jobs of a lane: one whose SA words and keys come in, one that is prepared, one at work; and how many of them have their source
// bytes in the ring.
`default_nettype none

module sluice_lane_jobs (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             job_valid_i,
  output logic             job_ready_o,
  input  sluice_pkg::job_t job_i,
  input  logic             fetch_done_i,
  input  logic             fetch_err_i,

  input  logic             loaded_i,      // SA words and keys of the first are there
  output logic             move_o,        // it becomes the one to be prepared
  output logic             next_ready_o,  // which is there, and its source is in the ring ...
  output logic             next_err_o,    // ... or could not be read
  output sluice_pkg::job_t next_o,
  input  logic             prepared_i,
  output logic             take_o,        // it becomes the one at work
  output logic             now_valid_o,   // a job is at work, until finish_i
  output sluice_pkg::job_t now_o,
  input  logic             finish_i,

  output logic             starved_o,     // there are jobs, and nothing to do before a source comes
  output logic             idle_o
);

  logic             in_valid_q, next_valid_q, now_valid_q;
  sluice_pkg::job_t in_q, next_q, now_q;
  logic [1:0]       fetched_q, fetched;   // jobs that are not at work yet, whose source has come
  logic [2:0]       err_q;                // of these, the first in bit 0

  assign job_ready_o  = !in_valid_q;
  assign take_o       = next_valid_q && prepared_i && (!now_valid_q || finish_i);
  assign move_o       = in_valid_q && loaded_i && (!next_valid_q || take_o);
  assign next_ready_o = next_valid_q && fetched_q != 2'd0;
  assign next_err_o   = err_q[0];
  assign next_o       = next_q;
  assign now_valid_o  = now_valid_q;
  assign now_o        = now_q;
  assign starved_o    = (in_valid_q || next_valid_q) && !now_valid_q && fetched_q == 2'd0;
  assign idle_o       = !in_valid_q && !next_valid_q && !now_valid_q;

  always_ff @(posedge clk_i) begin
    if (job_valid_i && job_ready_o) in_q <= job_i;
    if (move_o) next_q <= in_q;
    if (take_o) now_q <= next_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      in_valid_q   <= 1'b0;
      next_valid_q <= 1'b0;
      now_valid_q  <= 1'b0;
    end else begin
      in_valid_q   <= in_valid_q ? !move_o : job_valid_i;
      next_valid_q <= move_o || (next_valid_q && !take_o);
      now_valid_q  <= take_o || (now_valid_q && !finish_i);
    end
  end

  assign fetched = fetched_q - {1'b0, take_o};
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fetched_q <= 2'd0;
      err_q     <= 3'd0;
    end else begin
      fetched_q <= fetched + {1'b0, fetch_done_i};
      if (take_o) err_q <= {1'b0, err_q[2:1]};
      if (fetch_done_i) err_q[fetched] <= fetch_err_i;
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(take_o && fetched_q == 2'd0));
      assert (!(fetch_done_i && fetched == 2'd2));  // two jobs at most are not at work
    end
  end
`endif

endmodule

`default_nettype wire
