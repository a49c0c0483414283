// SPDX-License-Identifier: Apache-2.0
//
// March test MATS+ of the tables (van de Goor, 1991): all words become zeros; upwards each is read and becomes ones, downwards
// each is read and becomes zeros again. SA words, replay windows and the stream lanes' state go side by side, the largest takes
// 3 * (32 SaCount + 4) clocks. The rings' is in mgmt_lane_port.
`default_nettype none

module mgmt_march #(
  parameter int unsigned SaCount = 256,
  localparam int unsigned Aw      = $clog2(SaCount * 32)
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         start_i,
  input  logic [2:0]   which_i,      // SA words, windows, stream state
  output logic         busy_o,
  output logic [2:0]   bad_o,
  output logic         bit_o,        // what is written; what was read must be the other
  // SA words: read data one clock later.
  output logic         words_o,      // the ports are ours
  output logic         word_we_o,
  output logic [10:0]  word_waddr_o,
  output logic [10:0]  word_raddr_o,
  input  logic [127:0] word_i,
  // Windows: each word of the bits, and with it the other memories for their smaller number of words; what is there one clock
  // after its address is judged there.
  output logic         windows_o,
  output logic         window_we_o,
  output logic         window_few_o, // the other memories too
  output logic [12:0]  window_waddr_o,
  output logic [12:0]  window_raddr_o,
  input  logic         window_bad_i,
  // Stream state: a clock to read a row, one to judge and write it.
  output logic         streams_o,
  output logic         stream_we_o,
  output logic [9:0]   stream_addr_o,
  input  logic         stream_bad_i
);
  localparam int unsigned WordAw = $clog2(SaCount * 8);

  typedef enum logic [1:0] {Zeros, Up, Down} pass_e;
  pass_e       pass_q;
  logic        busy_q, down;
  logic [2:0]  which_q;
  logic [Aw:0] step_q, past_q;
  logic        past_valid_q;
  logic [2:0]  bad_q;
  assign busy_o = busy_q;
  assign down   = pass_q == Down;
  assign bit_o  = pass_q == Up;

  logic [Aw-1:0] at, past;
  assign at   = down ? ~step_q[Aw-1:0] : step_q[Aw-1:0];
  always_ff @(posedge clk_i) past <= at;

  assign words_o      = busy_q && which_q[0];
  assign word_we_o    = words_o && past_valid_q && past_q[Aw:WordAw] == '0;
  assign word_waddr_o = 11'(past[WordAw-1:0]);
  assign word_raddr_o = 11'(at[WordAw-1:0]);

  assign windows_o      = busy_q && which_q[1];
  assign window_we_o    = windows_o && past_valid_q && !past_q[Aw];
  assign window_few_o   = past_q[Aw:$clog2(SaCount)] == '0;
  assign window_waddr_o = 13'(past);
  assign window_raddr_o = 13'(at);

  logic stream_in;
  assign streams_o     = busy_q && which_q[2];
  assign stream_in     = streams_o && step_q[Aw:WordAw] == '0;
  assign stream_we_o   = stream_in && step_q[0];
  assign stream_addr_o = 10'(at[WordAw-1:1]);

  always_ff @(posedge clk_i) begin
    past_q       <= step_q;
    past_valid_q <= busy_q;
    bad_q        <= {stream_we_o && stream_bad_i, window_we_o && window_bad_i, word_we_o && word_i != {128{down}}} &
                    {3{pass_q != Zeros}};
    if (!rst_ni) begin
      busy_q       <= 1'b0;
      past_valid_q <= 1'b0;
      bad_q        <= 3'd0;
      bad_o        <= 3'd0;
    end else if (!busy_q) begin
      step_q       <= '0;
      pass_q       <= Zeros;
      past_valid_q <= 1'b0;
      if (start_i) begin
        busy_q  <= which_i != 3'd0;
        which_q <= which_i;
        bad_o   <= 3'd0;
      end
    end else begin
      step_q <= step_q + 1'b1;
      bad_o  <= bad_o | bad_q;
      if (step_q == {1'b1, Aw'(3)}) begin
        step_q       <= '0;
        past_valid_q <= 1'b0;
        pass_q       <= pass_q == Zeros ? Up : Down;
        busy_q       <= !down;
      end
    end
  end
endmodule
`default_nettype wire
