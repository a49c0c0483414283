// SPDX-License-Identifier: Apache-2.0
//
// The timer of the management processor (Priv 3.2.1): mtime counts clocks, and irq_o is high, a clock late, while it is at least
// mtimecmp. Words: 0 and 1 mtime (low, high; read only), 2 and 3 mtimecmp. To write mtimecmp without an interrupt between
// the two halves, write all ones into the low half first. mtimecmp is all ones after reset: the timer is not armed.
`default_nettype none

module cpu_timer (
  input  logic        clk_i,
  input  logic        rst_ni,
  // The core's bus; answers in the clock after a request.
  input  logic        valid_i,
  output logic        ready_o,
  input  logic [1:0]  addr_i,      // of a word
  input  logic        we_i,        // of whole words
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o,
  output logic        irq_o,
  output logic        armed_o      // it will interrupt some day: the clock may not be stopped
);
  logic [63:0] mtime_q, mtimecmp_q;

  always_comb begin
    unique case (addr_i)
      2'd0:    rdata_o = mtime_q[31:0];
      2'd1:    rdata_o = mtime_q[63:32];
      2'd2:    rdata_o = mtimecmp_q[31:0];
      default: rdata_o = mtimecmp_q[63:32];
    endcase
  end

  always_ff @(posedge clk_i) begin
    ready_o <= valid_i && !ready_o && rst_ni;
    mtime_q <= mtime_q + 64'd1;
    irq_o   <= mtime_q >= mtimecmp_q && rst_ni;
    if (valid_i && !ready_o && we_i && addr_i == 2'd2) mtimecmp_q[31:0]  <= wdata_i;
    if (valid_i && !ready_o && we_i && addr_i == 2'd3) mtimecmp_q[63:32] <= wdata_i;
    if (!rst_ni) begin
      mtime_q    <= '0;
      mtimecmp_q <= '1;
    end
  end
  assign armed_o = mtimecmp_q != '1;

endmodule

`default_nettype wire
