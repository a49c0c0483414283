// SPDX-License-Identifier: Apache-2.0
//
// Memory for code and data, 2^WordsLog2 words of 32 bits in block RAM, with an even parity bit beside each byte. It answers in
// the clock after a request. A byte whose parity is wrong makes the read of it an error, and fault_o is high in that clock.
// Image, if any, is a file for $readmemh: words of 36 bits, of which bit 9n+8 is the parity of byte n at [9n+7:9n].
`default_nettype none

module cpu_ram #(
  parameter int unsigned WordsLog2 = 14,
  parameter              Image     = ""
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // The core's bus; valid_i only while the address is of this memory.
  input  logic                 valid_i,
  output logic                 ready_o,
  input  logic [WordsLog2-1:0] addr_i,    // of a word
  input  logic                 we_i,
  input  logic [3:0]           be_i,
  input  logic [31:0]          wdata_i,
  output logic [31:0]          rdata_o,
  output logic                 fault_o,
  input  logic                 spoil_i    // what is written gets the wrong parity: a self-test of the parity
);
  logic [35:0] words [2 ** WordsLog2];
  logic [35:0] word_q;
  logic        read_q;

  if (Image != "") begin : g_image
    initial $readmemh(Image, words);
  end

  logic [35:0] word;
  for (genvar n = 0; n < 4; n++) begin : g_byte
    assign word[9 * n +: 9]    = {^wdata_i[8 * n +: 8] ^ spoil_i, wdata_i[8 * n +: 8]};
    assign rdata_o[8 * n +: 8] = word_q[9 * n +: 8];
  end

  logic request;
  assign request = valid_i && !ready_o;
  always_ff @(posedge clk_i) begin
    if (request) begin
      for (int n = 0; n < 4; n++) begin
        if (we_i && be_i[n]) words[addr_i][9 * n +: 9] <= word[9 * n +: 9];
      end
      if (!we_i) word_q <= words[addr_i];
    end
    ready_o <= request && rst_ni;
    read_q  <= !we_i;
  end

  logic [3:0] wrong;
  for (genvar n = 0; n < 4; n++) begin : g_check
    assign wrong[n] = ^word_q[9 * n +: 9];
  end
  assign fault_o = ready_o && read_q && (wrong & be_i) != '0;

endmodule

`default_nettype wire
