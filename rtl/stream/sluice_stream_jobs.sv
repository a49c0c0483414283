// SPDX-License-Identifier: Apache-2.0
//
// Jobs of a stream lane: one at work, one waiting, and how many of them have their source bytes in the ring.
`default_nettype none

module sluice_stream_jobs (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             open_i,        // jobs may come
  input  logic             job_valid_i,
  output logic             job_ready_o,
  input  sluice_pkg::job_t job_i,
  input  logic             fetch_done_i,
  input  logic             fetch_err_i,

  input  logic             loaded_i,      // SA words and keys of the waiting job are there
  output logic             take_o,        // the waiting job becomes the job at work

  output logic             job_valid_o,   // a job is at work, until finish_i
  output sluice_pkg::job_t job_o,
  output logic             fetched_o,     // its source is in the ring ...
  output logic             fetch_err_o,   // ... or could not be read
  input  logic             finish_i,

  output logic             idle_o
);

  logic             waiting_q, active_q;
  sluice_pkg::job_t waiting_job_q, active_job_q;
  logic [1:0]       fetched_q;            // jobs whose source has come
  logic             err_first_q, err_second_q;

  assign job_ready_o = open_i && !waiting_q;
  assign take_o      = waiting_q && loaded_i && (!active_q || finish_i);
  assign job_valid_o = active_q;
  assign job_o       = active_job_q;
  assign fetched_o   = active_q && fetched_q != 2'd0;
  assign fetch_err_o = err_first_q;
  assign idle_o      = !waiting_q && !active_q;

  always_ff @(posedge clk_i) begin
    if (job_valid_i && job_ready_o) waiting_job_q <= job_i;
    if (take_o) active_job_q <= waiting_job_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
      active_q  <= 1'b0;
    end else begin
      waiting_q <= waiting_q ? !take_o : job_valid_i && job_ready_o;
      active_q  <= take_o || (active_q && !finish_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      fetched_q    <= 2'd0;
      err_first_q  <= 1'b0;
      err_second_q <= 1'b0;
    end else begin
      fetched_q <= fetched_q + {1'b0, fetch_done_i} - {1'b0, finish_i};
      if (finish_i) err_first_q <= err_second_q;
      if (fetch_done_i) begin
        if (fetched_q == {1'b0, finish_i}) err_first_q <= fetch_err_i;
        else err_second_q <= fetch_err_i;
      end
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(finish_i && !fetched_o));
      assert (!(fetch_done_i && fetched_q == 2'd2));
    end
  end
`endif

endmodule

`default_nettype wire
