// SPDX-License-Identifier: Apache-2.0
//
// What is kept of a record between its parts: 48 words of 32 bits for each SA, in 12 banks of block RAM. A row of a word in each
// is cleared at once: words 8r to 8r + 7 and 32 + 4r to 32 + 4r + 3. A slot is cleared in four clocks that the lane leaves free,
// from outside when its SA comes or goes, and by the lane when a record is over.
`default_nettype none

module sluice_stream_store #(
  parameter int unsigned SaW = sluice_pkg::SaW
) (
  input  logic           clk_i,
  input  logic           rst_ni,

  // The lane: a word is there one clock after it was asked for. clear_i clears the row of a word below 32. Never refused.
  input  logic           read_i,
  input  logic           write_i,
  input  logic           clear_i,
  input  logic [SaW-1:0] sa_i,
  input  logic [5:0]     index_i,
  input  logic [31:0]    data_i,
  output logic [31:0]    data_o,

  // Clears a slot. Both stay until wipe_ready_o.
  input  logic           wipe_i,
  input  logic [SaW-1:0] wipe_sa_i,
  output logic           wipe_ready_o,

  // March test of the rows, while the lane has nothing to do: read, then bad is told while it is written.
  input  logic           march_i,
  input  logic           march_we_i,
  input  logic [SaW+1:0] march_addr_i,
  input  logic           march_bit_i,
  output logic           march_bad_o
);

  localparam int unsigned Banks = 12;

  logic                busy, wipe;
  logic [1:0]          row_q;
  logic [3:0]          bank, bank_q;
  logic [SaW+1:0]      address;
  logic [32*Banks-1:0] row;

  assign busy         = read_i || write_i || clear_i;
  assign wipe         = wipe_i && !busy;
  assign wipe_ready_o = wipe && row_q == 2'd3;
  assign bank         = index_i[5] ? {2'b10, index_i[1:0]} : {1'b0, index_i[2:0]};
  assign address      = march_i ? march_addr_i : !busy ? {wipe_sa_i, row_q} : {sa_i, index_i[5] ? index_i[3:2] : index_i[4:3]};

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !wipe_i) row_q <= 2'd0;
    else if (wipe) row_q <= row_q + 2'd1;
    if (read_i) bank_q <= bank;
  end

  for (genvar i = 0; i < Banks; i++) begin : gen_banks
    (* ram_style = "block" *) logic [31:0] words [1 << (SaW + 2)];
    logic        we;
    logic [31:0] word, word_q;

    assign we   = clear_i || wipe || march_we_i || (write_i && bank == 4'(i));
    assign word = write_i ? data_i : {32{march_i && march_bit_i}};
    always_ff @(posedge clk_i) begin
      if (we || read_i || march_i) begin
        if (we) words[address] <= word;
        word_q <= we ? word : words[address];  // so that it forgets what is overwritten
      end
    end
    assign row[32 * i +: 32] = word_q;
  end

  assign march_bad_o = row != {(32*Banks){!march_bit_i}};
  assign data_o = row[32 * bank_q +: 32];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (32'(read_i) + 32'(write_i) + 32'(clear_i) <= 1);
      assert (!busy || index_i < 6'd48);
      assert (!clear_i || !index_i[5]);
    end
  end
`endif

endmodule

`default_nettype wire
