// SPDX-License-Identifier: Apache-2.0
//
// DES and 3DES for a lane's CBC: the core with its keys, which are fetched at the beginning of each operation.
`default_nettype none

module sluice_lane_des (
  input  logic        clk_i,
  input  logic        rst_ni,

  // A new operation, while none is under way. The two others stay until its end.
  input  logic        load_i,
  input  logic        decrypt_i,
  input  logic        triple_i,

  // Keys by number, in the order of their use.
  output logic        key_take_o,
  output logic [1:0]  key_index_o,
  input  logic        key_valid_i,
  input  logic [63:0] key_i,

  input  logic        start_i,
  output logic        ready_o,
  input  logic [63:0] data_i,
  output logic        done_o,
  output logic [63:0] data_o
);

  logic       load_q, core_ready;
  logic [1:0] count_q;

  assign key_take_o  = load_q;
  assign key_index_o = decrypt_i && triple_i ? 2'd2 - count_q : count_q;
  assign ready_o     = core_ready && !load_i && !load_q && !done_o;  // the chaining value is there a clock after a block

  always_ff @(posedge clk_i) begin
    if (!rst_ni) load_q <= 1'b0;
    else load_q <= load_i || (load_q && !(key_valid_i && count_q == 2'd2));
    if (load_i) count_q <= 2'd0;
    else if (load_q && key_valid_i) count_q <= count_q + 2'd1;
  end

  sluice_des u_des (
    .clk_i,
    .rst_ni,
    .decrypt_i,
    .triple_i,
    .key_valid_i (load_q && key_valid_i),
    .key_i,
    .start_i,
    .ready_o     (core_ready),
    .data_i,
    .done_o,
    .data_o
  );

endmodule

`default_nettype wire
