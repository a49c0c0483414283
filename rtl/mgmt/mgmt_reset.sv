// SPDX-License-Identifier: Apache-2.0
//
// Resets. Whatever asks for one (register, FLR, link down, rst_ni), the keys are unusable in the next clock; then
//   Quiet   the frame under way is finished, nothing else is begun, headers that wait are withdrawn
//   Drain   soft reset: completions of reads under way are waited for (or their time-out); else the tags are freed at once
//   Wipe    the administrator overwrites the tables
// and the card is ready again. core_rst_no resets lanes, queues, SA table and administrator; path_rst_no what moves data
// between them and the link; fn_rst_no what belongs to the PCIe function alone (MSI-X).
`default_nettype none

module mgmt_reset (
  input  logic clk_i,
  input  logic rst_ni,
  input  logic soft_i,
  input  logic flr_i,
  input  logic link_up_i,
  input  logic tx_quiet_i,
  input  logic tags_idle_i,
  input  logic wiped_i,
  output logic core_rst_no,
  output logic path_rst_no,
  output logic fn_rst_no,
  output logic hold_o,        // in all states but Run and Wipe: begin no read and no posted write
  output logic flush_o,       // free the tags
  output logic ready_o,
  input  logic began_i,       // the card was ready since the last reset
  output logic [3:0] cause_o, // why it began: [0] rst_ni, [1] link down, [2] FLR, [3] soft reset; all since it was ready
  output logic flr_done_o,
  output logic idle_o
);
  typedef enum logic [2:0] {Run, Quiet, Drain, Settle, Wipe} state_e;
  state_e     state_q;
  logic       function_q, flr_q;
  logic [5:0] wait_q;  // at least 3 clocks; with the link down 63 for the frame under way, which is cut then

  logic [3:0] cause_q, why, why_q;   // a clock later: the processor begins long after
  logic       began_q;
  assign why     = {state_q == Run && soft_i, flr_i,
                    !link_up_i && state_q != Quiet && state_q != Drain && state_q != Settle, 1'b0};
  assign cause_o = cause_q;
  always_ff @(posedge clk_i) begin
    why_q   <= rst_ni ? why : 4'd0;
    began_q <= began_i;
    if (!rst_ni) cause_q <= 4'd1;
    else if (why_q != 4'd0) cause_q <= why_q | (began_q ? 4'd0 : cause_q);
  end

  assign core_rst_no = rst_ni && !hold_o;
  assign path_rst_no = rst_ni && state_q != Drain && state_q != Settle;
  assign fn_rst_no   = rst_ni && !(state_q == Settle && function_q);
  assign flush_o     = state_q == Drain && function_q;
  assign ready_o     = state_q == Run;
  assign idle_o      = state_q == Run || (state_q == Settle && !link_up_i);

  always_ff @(posedge clk_i) begin
    flr_done_o <= 1'b0;
    if (!rst_ni) begin
      state_q    <= Settle;
      hold_o     <= 1'b1;
      function_q <= 1'b1;
      flr_q      <= 1'b0;
      wait_q     <= 6'd0;
    end else if (flr_i || (!link_up_i && state_q != Quiet && state_q != Drain && state_q != Settle)) begin
      state_q    <= Quiet;
      hold_o     <= 1'b1;
      function_q <= 1'b1;
      flr_q      <= flr_q || flr_i;
      wait_q     <= 6'd63;
    end else begin
      if (wait_q != 6'd0) wait_q <= wait_q - 6'd1;
      unique case (state_q)
        Run: if (soft_i) begin
          state_q    <= Quiet;
          hold_o     <= 1'b1;
          function_q <= 1'b0;
          wait_q     <= 6'd63;
        end
        Quiet:  if (wait_q <= 6'd60 && (tx_quiet_i || (wait_q == 6'd0 && !link_up_i))) state_q <= Drain;
        Drain:  if (tags_idle_i || function_q) state_q <= Settle;
        Settle: if (link_up_i) begin
          state_q <= Wipe;
          hold_o  <= 1'b0;
        end
        Wipe: if (wiped_i) begin
          state_q    <= Run;
          flr_q      <= 1'b0;
          flr_done_o <= flr_q;
        end
        default: begin
          state_q <= Quiet;
          hold_o  <= 1'b1;
        end
      endcase
    end
  end
endmodule
`default_nettype wire
