// SPDX-License-Identifier: Apache-2.0
//
// Counters of 64 bits in memory. Each has a small register that takes its events; at frame_i all of these begin anew, and what
// they had is added to the counters one after the other, the one at_i each clock. While copy_i the sum goes to the snapshot's
// memory as well, two clocks after at_i; while clear_i both memories get 0 instead.
//
// The small registers are shift registers with feedback (x^6 + x^5 + 1): a counter of 62 events for a single LUT.
`default_nettype none

module mgmt_counter_bank #(
  parameter int unsigned Count = 24  // at most 32, and clocks of a frame
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  input  logic [Count-1:0] event_i,
  input  logic             frame_i,  // the next at_i is 0
  input  logic [4:0]       at_i,
  input  logic             copy_i,
  input  logic             clear_i,
  input  logic [4:0]       index_i,
  output logic [63:0]      value_o   // of the snapshot
);
  // What comes after a state; from 0 on, 63 of them.
  function automatic logic [5:0] after(input logic [5:0] state);
    after = {state[4:0], !(state[5] ^ state[4])};
  endfunction

  // How many events each state stands for.
  function automatic logic [383:0] all_events(input logic [5:0] first);
    logic [5:0] state;
    all_events = 384'd0;
    state      = first;
    for (int unsigned n = 0; n < 63; n++) begin
      all_events[6 * state +: 6] = 6'(n);
      state = after(state);
    end
  endfunction
  localparam logic [383:0] Events = all_events(6'd0);

  logic [6*Count-1:0] moment_all;
  logic [5:0]         moment;
  for (genvar c = 0; c < Count; c++) begin : g_counter
    logic [5:0] delta_q, moment_q;
    assign moment_all[6*c +: 6] = moment_q;
    always_ff @(posedge clk_i) begin
      if (!rst_ni) delta_q <= 6'd0;
      else if (frame_i) delta_q <= {5'd0, event_i[c]};
      else if (event_i[c]) delta_q <= after(delta_q);
      if (!rst_ni) moment_q <= 6'd0;
      else if (frame_i) moment_q <= delta_q;
    end
  end
  sluice_mux #(.Width(6), .Count(Count)) u_moment (.all_i(moment_all), .index_i({1'b0, at_i}), .one_o(moment));

  logic [63:0] live [32];
  logic [63:0] kept [32];
  logic [63:0] live_q, sum;
  logic [5:0]  state_q, step_q;
  logic [4:0]  read_q, write_q;
  logic        copy_q, clear_q, kept_we_q;
  assign sum     = live_q + {58'd0, step_q};
  assign value_o = kept[index_i];

  always_ff @(posedge clk_i) begin
    state_q   <= moment;  // 0 while clear_i, the first frame after reset
    read_q    <= at_i;
    copy_q    <= copy_i;
    clear_q   <= clear_i;
    step_q    <= Events[6 * state_q +: 6];
    live_q    <= clear_q ? 64'd0 : live[read_q];
    write_q   <= read_q;
    kept_we_q <= copy_q || clear_q;
    live[write_q] <= sum;
    if (kept_we_q) kept[write_q] <= sum;
  end
endmodule
`default_nettype wire
