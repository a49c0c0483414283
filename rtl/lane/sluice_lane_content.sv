// SPDX-License-Identifier: Apache-2.0
//
// What depends on the content's length. For an open, all of it is secret until the verdict.
// The outputs are right one clock after the inputs.
`default_nettype none

module sluice_lane_content (
  input  logic        clk_i,

  input  logic        padded_i,      // open, with padding; else the content is content_max_i
  input  logic [14:0] cipher_len_i,
  input  logic [14:0] content_max_i,
  input  logic [7:0]  padding_i,     // padding_length as decrypted

  output logic [14:0] content_o,
  output logic        bad_o,         // no content can have that padding, or it is too long
  output logic [14:0] padding_at_o   // position of the padding
);

  logic [15:0] difference;

  assign difference = {1'b0, content_max_i} - (padded_i ? {8'd0, padding_i} : 16'd0);

  always_ff @(posedge clk_i) begin
    content_o    <= difference[15] ? 15'd0 : difference[14:0];   // any that there can be, for it is bad
    bad_o        <= difference[15] || difference[14:0] > 15'(sluice_regs_pkg::MaxContent);
    padding_at_o <= cipher_len_i + {7'h7f, ~padding_i};  // cipher_len_i - 1 - padding_i
  end

endmodule

`default_nettype wire
