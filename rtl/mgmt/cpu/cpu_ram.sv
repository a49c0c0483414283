// SPDX-License-Identifier: Apache-2.0
//
// Memory for code and data, Words words of 32 bits in block RAM, with an even parity bit beside each byte. It answers in
// the clock after a request, in which a store is written. A byte whose parity is wrong makes the read of it an error, and fault_o
// is high in that clock. The first Protected words cannot be stored to; the others can be overwritten with zeros from outside.
// Image, if any, is a file for $readmemh: words of 36 bits, of which bit 9n+8 is the parity of byte n at [9n+7:9n].
`default_nettype none

module cpu_ram #(
  parameter int unsigned WordsLog2 = 14,
  parameter int unsigned Words     = 2 ** WordsLog2,   // at most
  parameter int unsigned Protected = 0,
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
  output logic                 fault_o,   // parity
  output logic                 refused_o, // a store to what is protected; with ready
  input  logic                 spoil_i,   // what is written gets the wrong parity: a self-test of the parity
  // Zeros, while nobody else wants anything.
  input  logic                 wipe_i,
  input  logic [WordsLog2-1:0] wipe_addr_i
);
  logic [35:0] words [Words];
  logic [35:0] word_q;
  logic        read_q, low_q;

  // The image is there before the first reset is: nothing may write until then.
  initial ready_o = 1'b0;
  if (Image != "") begin : g_image
`ifdef SYNTHESIS
    initial $readmemh(Image, words);
`else
    string image;  // tests may have another one: +firmware=FILE
    initial begin
      if ($value$plusargs("firmware=%s", image) == 0) image = Image;
      $readmemh(image, words);
    end
`endif
  end

  logic [35:0] word;
  for (genvar n = 0; n < 4; n++) begin : g_byte
    assign word[9 * n +: 9]    = wipe_i ? 9'd0 : {^wdata_i[8 * n +: 8] ^ spoil_i, wdata_i[8 * n +: 8]};
    assign rdata_o[8 * n +: 8] = word_q[9 * n +: 8];
  end

  logic                 request, below;
  logic [3:0]           we;
  logic [WordsLog2-1:0] addr;
  assign request   = valid_i && !ready_o;
  assign we        = wipe_i ? 4'hf : ready_o && !read_q && !low_q ? be_i : 4'h0;
  assign addr      = wipe_i ? wipe_addr_i : addr_i;
  if (Protected != 0) begin : g_protected
    assign below = 32'(addr_i) < Protected;
  end else begin : g_open
    assign below = 1'b0;
  end
  assign refused_o = ready_o && !read_q && low_q;
  always_ff @(posedge clk_i) begin
    for (int n = 0; n < 4; n++) begin
      if (we[n]) words[addr][9 * n +: 9] <= word[9 * n +: 9];
    end
    if (request) begin
      word_q <= words[addr];
      read_q <= !we_i;
      low_q  <= below;
    end
    ready_o <= request && rst_ni;
  end

  logic [3:0] wrong;
  for (genvar n = 0; n < 4; n++) begin : g_check
    assign wrong[n] = ^word_q[9 * n +: 9];
  end
  assign fault_o = ready_o && read_q && (wrong & be_i) != '0;

endmodule

`default_nettype wire
