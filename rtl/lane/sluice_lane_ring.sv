// SPDX-License-Identifier: Apache-2.0
//
// The ring of a lane: 2048 words of 16 bytes in block RAM, one write and one read port. Source bytes come into it, the record is
// worked on in place, and the result is read out of it.
//
// The fetcher on the write port and the writer on the read port are never refused; the lane's own accesses take the clocks that
// are left, in the order of their ports here. They give words relative to `origin_i`.
`default_nettype none

module sluice_lane_ring #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,

  // Fetcher and writer; absolute addresses. Read data comes one clock later.
  input  logic              wr_en_i,
  input  logic [RingAw-1:0] wr_addr_i,
  input  logic [15:0]       wr_be_i,
  input  logic [127:0]      wr_data_i,
  input  logic              rd_en_i,
  input  logic [RingAw-1:0] rd_addr_i,
  output logic [127:0]      rd_data_o,

  input  logic [RingAw-1:0] origin_i,

  // Writes of the lane: done in the clock in which granted.
  input  logic              fields_write_i,
  output logic              fields_write_gnt_o,
  input  logic [RingAw-1:0] fields_write_word_i,
  input  logic [15:0]       fields_write_be_i,
  input  logic [31:0]       fields_write_data_i,  // for each 32-bit part of the word
  input  logic              cbc_write_i,
  output logic              cbc_write_gnt_o,
  input  logic [RingAw-1:0] cbc_write_word_i,
  input  logic [127:0]      cbc_write_data_i,

  // Reads of the lane: data in rd_data_o one clock after the grant, for that clock.
  input  logic              fields_read_i,
  output logic              fields_read_gnt_o,
  input  logic [RingAw-1:0] fields_read_word_i,
  input  logic              cbc_read_i,
  output logic              cbc_read_gnt_o,
  input  logic [RingAw-1:0] cbc_read_word_i,
  input  logic              hash_read_i,
  output logic              hash_read_gnt_o,
  input  logic [RingAw-1:0] hash_read_word_i
);

  (* ram_style = "block" *) logic [127:0] ring [1 << RingAw];

  logic              we, re;
  logic [15:0]       be;
  logic [RingAw-1:0] waddr, raddr;
  logic [127:0]      wdata;

  assign fields_write_gnt_o = fields_write_i && !wr_en_i;
  assign cbc_write_gnt_o    = cbc_write_i && !wr_en_i && !fields_write_i;
  assign fields_read_gnt_o  = fields_read_i && !rd_en_i;
  assign cbc_read_gnt_o     = cbc_read_i && !rd_en_i && !fields_read_i;
  assign hash_read_gnt_o    = hash_read_i && !rd_en_i && !fields_read_i && !cbc_read_i;

  assign we = wr_en_i || fields_write_i || cbc_write_i;
  always_comb begin
    if (wr_en_i) begin
      waddr = wr_addr_i;
      wdata = wr_data_i;
      be    = wr_be_i;
    end else begin
      waddr = origin_i + (fields_write_i ? fields_write_word_i : cbc_write_word_i);
      wdata = fields_write_i ? {4{fields_write_data_i}} : cbc_write_data_i;
      be    = fields_write_i ? fields_write_be_i : 16'hffff;
    end
  end

  logic [RingAw-1:0] own_read;
  assign own_read = fields_read_i ? fields_read_word_i : cbc_read_i ? cbc_read_word_i : hash_read_word_i;
  assign re       = rd_en_i || fields_read_i || cbc_read_i || hash_read_i;
  assign raddr    = rd_en_i ? rd_addr_i : origin_i + own_read;

  always_ff @(posedge clk_i) begin
    if (we) begin
      for (int i = 0; i < 16; i++) begin
        if (be[i]) ring[waddr][8 * i +: 8] <= wdata[8 * i +: 8];
      end
    end
    if (re) rd_data_o <= ring[raddr];
  end

endmodule

`default_nettype wire
