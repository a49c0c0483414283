// SPDX-License-Identifier: Apache-2.0
//
// What is kept of a record between its parts: 64 words of 32 bits for each SA, in block RAM. Eight words are a row, which is
// cleared at once. A slot is cleared in eight clocks that the lane leaves free, from outside when its SA comes or goes, and by
// the lane when a record is over.
`default_nettype none

module sluice_stream_store #(
  parameter int unsigned SaW = sluice_pkg::SaW
) (
  input  logic           clk_i,
  input  logic           rst_ni,

  // The lane: a word is there one clock after it was asked for. clear_i clears a row. Never refused.
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
  input  logic [SaW+2:0] march_addr_i,
  input  logic           march_bit_i,
  output logic           march_bad_o
);

  logic           busy, wipe;
  logic [2:0]     row_q, bank_q;
  logic [SaW+2:0] address;
  logic [255:0]   row;

  assign busy         = read_i || write_i || clear_i;
  assign wipe         = wipe_i && !busy;
  assign wipe_ready_o = wipe && row_q == 3'd7;
  assign address      = march_i ? march_addr_i : busy ? {sa_i, index_i[5:3]} : {wipe_sa_i, row_q};

  always_ff @(posedge clk_i) begin
    if (!rst_ni || !wipe_i) row_q <= 3'd0;
    else if (wipe) row_q <= row_q + 3'd1;
    if (read_i) bank_q <= index_i[2:0];
  end

  for (genvar i = 0; i < 8; i++) begin : gen_banks
    (* ram_style = "block" *) logic [31:0] bank [1 << (SaW + 3)];
    logic        we;
    logic [31:0] word, word_q;

    assign we = clear_i || wipe || march_we_i || (write_i && index_i[2:0] == i);
    assign word = write_i ? data_i : {32{march_i && march_bit_i}};
    always_ff @(posedge clk_i) begin
      if (we || read_i || march_i) begin
        if (we) bank[address] <= word;
        word_q <= we ? word : bank[address];  // so that it forgets what is overwritten
      end
    end
    assign row[32 * i +: 32] = word_q;
  end

  assign march_bad_o = row != {256{!march_bit_i}};
  assign data_o = row[32 * bank_q +: 32];

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (32'(read_i) + 32'(write_i) + 32'(clear_i) <= 1);
    end
  end
`endif

endmodule

`default_nettype wire
