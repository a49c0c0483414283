// SPDX-License-Identifier: Apache-2.0
//
// When the cipher begins with a body: as soon as it has ended the former one. Where it leads the hash, that may be the body of
// the job that is prepared. The IV is shifted to it in the four clocks before.
`default_nettype none

module sluice_lane_starter (
  input  logic                 clk_i,
  input  logic                 rst_ni,

  input  logic                 take_i,
  input  sluice_lane_pkg::sa_t next_i,
  input  logic                 next_ok_i,       // it is prepared, and nothing was wrong
  input  logic                 window_i,        // the job at work does not need the nonce any more
  input  sluice_lane_pkg::sa_t now_i,
  input  logic                 release_i,       // the hash of the job at work is done

  input  logic                 prefixing_i,     // the hash reads the nonce now, or begins to
  input  logic                 begun_i,         // it has done so
  input  logic                 nonce_busy_i,
  output logic                 chain_load_o,

  input  logic                 body_busy_i,
  output logic                 arm_o,
  output logic                 arm_next_o,      // of the next
  output logic                 start_o,

  output logic                 started_o,       // the job at work: it has begun with its body, or has nothing to do
  output logic                 done_o,
  output logic                 free_o           // the body need not wait for the hash
);

  logic need_q, ahead_q, free_q, loading_q, idle, next_ahead, may_arm, arm_now, arm_ahead, unused;

  assign unused       = &{1'b0, next_i, now_i};
  // A body of tls10 goes before no other record's end: the cipher gives its last block to that record's result.
  assign next_ahead   = next_ok_i && next_i.cipher && next_i.leads && !next_i.chained && window_i && !need_q && !ahead_q;
  // Where the hash leads, it has the nonce first.
  assign may_arm      = now_i.leads || !now_i.mac ? !prefixing_i : begun_i;
  assign idle         = !body_busy_i && !nonce_busy_i;
  assign arm_now      = idle && need_q && may_arm;
  assign arm_ahead    = idle && next_ahead && !take_i;
  assign arm_o        = arm_now || arm_ahead;
  assign arm_next_o   = !need_q;
  assign chain_load_o = arm_o;
  assign start_o      = loading_q && !nonce_busy_i;

  assign started_o = !need_q;
  assign done_o    = !need_q && (ahead_q || !body_busy_i);
  assign free_o    = free_q || ahead_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      need_q    <= 1'b0;
      ahead_q   <= 1'b0;
      loading_q <= 1'b0;
    end else begin
      if (take_i) need_q <= next_i.cipher && next_ok_i && !ahead_q;
      else if (arm_now) need_q <= 1'b0;
      if (take_i) ahead_q <= 1'b0;
      else if (arm_ahead) ahead_q <= 1'b1;
      loading_q <= arm_o || (loading_q && nonce_busy_i);
    end
  end

  always_ff @(posedge clk_i) begin
    if (arm_now) free_q <= now_i.leads || !now_i.mac;
    else if (ahead_q || release_i) free_q <= 1'b1;
  end

endmodule

`default_nettype wire
