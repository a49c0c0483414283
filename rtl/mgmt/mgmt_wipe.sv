// SPDX-License-Identifier: Apache-2.0
//
// Out of reset every table is overwritten: SA words, meta, counters and windows, 8 clocks a slot, or as many as the stream lanes
// need, and beside them the buffer and the processor's data. done_o then stays.
`default_nettype none

module mgmt_wipe #(
  parameter int unsigned RamWordsLog2 = 13,
  parameter int unsigned RamWords     = 6144,
  parameter int unsigned RamFrom      = 0    // first word of the processor's memory that is overwritten
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  output logic                    done_o,
  output logic                    table_o,       // the tables' ports are ours
  output logic [10:0]             word_addr_o,
  output logic                    slot_o,        // once for each slot
  output logic                    stream_o,      // held until ready
  input  logic                    stream_ready_i,
  output logic                    ram_o,
  output logic [RamWordsLog2-1:0] ram_addr_o
);
  logic [10:0] step_q;
  logic        table_q, ram_q, wiped_q, slot_done;
  assign done_o      = !table_q && !ram_q;
  assign table_o     = table_q;
  assign word_addr_o = step_q;
  assign slot_o      = table_q && step_q[2:0] == 3'd0;
  assign stream_o    = table_q && !wiped_q;
  assign slot_done   = step_q[2:0] == 3'd7 && (wiped_q || stream_ready_i);
  assign ram_o       = ram_q;
  initial ram_q = 1'b0;  // the processor's image is there before the first reset is, and stays

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      step_q     <= 11'd0;
      table_q    <= 1'b1;
      ram_q      <= 1'b1;
      wiped_q    <= 1'b0;
      ram_addr_o <= RamWordsLog2'(RamFrom);
    end else begin
      if (ram_addr_o == RamWordsLog2'(RamWords - 1)) ram_q <= 1'b0;
      else ram_addr_o <= ram_addr_o + 1'b1;
      if (table_q) begin
        wiped_q <= stream_o && stream_ready_i ? !slot_done : wiped_q && !slot_done;
        if (step_q[2:0] != 3'd7 || slot_done) step_q <= step_q + 11'd1;
        if (step_q == 11'h7ff && slot_done) table_q <= 1'b0;
      end
    end
  end
endmodule
`default_nettype wire
