// SPDX-License-Identifier: Apache-2.0
//
// Up to 32 counters of 64 bits in memory. Each has a small register that takes its events; a scan adds one register to its
// counter each clock. A snapshot keeps the registers of one moment and in the next scan writes counter + register to the
// snapshot's memory, 34 clocks; busy_o until it can be read. Reset clears everything in 32 clocks.
`default_nettype none

module mgmt_counter_bank #(
  parameter int unsigned Count = 32
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [Count-1:0] event_i,
  input  logic             snapshot_i,
  input  logic [4:0]       index_i,
  output logic [63:0]      value_o,
  output logic             busy_o
);
  localparam int unsigned W = 7;  // a register is emptied every 32 clocks, or 66 around a snapshot

  typedef enum logic [1:0] {Clear, Run, Copy} state_e;
  state_e           state_q;
  logic [63:0]      live_q [32];
  logic [63:0]      kept_q [32];
  logic [W*Count-1:0] delta_q, moment_q;
  logic [4:0]       at_q;
  logic [W*32-1:0]  delta_all, moment_all;
  logic [63:0]      live, sum;
  assign delta_all  = (W*32)'(delta_q);
  assign moment_all = (W*32)'(moment_q);
  assign live       = live_q[at_q];
  assign sum        = live + {57'd0, state_q == Copy ? moment_all[W * at_q +: W] : delta_all[W * at_q +: W]};
  assign value_o    = kept_q[index_i];
  assign busy_o     = state_q != Run;

  always_ff @(posedge clk_i) begin
    if (state_q != Copy) live_q[at_q] <= state_q == Clear ? 64'd0 : sum;
    if (state_q != Run) kept_q[at_q] <= state_q == Clear ? 64'd0 : sum;
    if (snapshot_i && state_q == Run) moment_q <= delta_q;
    if (snapshot_i && state_q == Run) moment_q[W * at_q +: W] <= '0;
    for (int unsigned c = 0; c < Count; c++) begin
      if (!rst_ni) delta_q[W * c +: W] <= '0;
      else if (state_q == Run && at_q == 5'(c)) delta_q[W * c +: W] <= {{(W - 1){1'b0}}, event_i[c]};
      else delta_q[W * c +: W] <= delta_q[W * c +: W] + {{(W - 1){1'b0}}, event_i[c]};
    end
    if (!rst_ni) begin
      state_q <= Clear;
      at_q    <= 5'd0;
    end else begin
      at_q <= snapshot_i && state_q == Run ? 5'd0 : at_q + 5'd1;
      if (state_q == Run) state_q <= snapshot_i ? Copy : Run;
      else if (at_q == 5'd31) state_q <= Run;
    end
  end
endmodule
`default_nettype wire
