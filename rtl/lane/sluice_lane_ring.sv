// SPDX-License-Identifier: Apache-2.0
//
// The ring of a lane: 2048 words of 16 bytes in two-port block RAM. Source bytes come into it, the record is worked on in place,
// and the result is read out of it.
//
// Fetcher and writer are never refused. The lane's accesses take the clocks that they leave: fields and cipher those of the
// fetcher (about one in five), the hash those of the writer (one in sixteen). PCIe leaves one in nine even in a burst, for TLP
// headers.
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

  // Accesses of the lane, each from an origin, highest priority first: writes are done in the clock in which granted, read data
  // is in own_data_o one clock later, the hash's in rd_data_o.
  input  logic              fields_i,
  input  logic              fields_we_i,
  output logic              fields_gnt_o,
  input  logic [RingAw-1:0] fields_origin_i,
  input  logic [RingAw-1:0] fields_word_i,
  input  logic [15:0]       fields_be_i,
  input  logic [31:0]       fields_data_i,     // for each 32-bit part of the word
  input  logic [RingAw-1:0] cbc_origin_i,
  input  logic [RingAw-1:0] cbc_word_i,
  input  logic              cbc_write_i,
  output logic              cbc_write_gnt_o,
  input  logic [1:0]        cbc_write_half_i,  // halves of the word
  input  logic [127:0]      cbc_write_data_i,
  input  logic              cbc_read_i,
  output logic              cbc_read_gnt_o,
  input  logic              refresh_i,         // a read of anything: what was overwritten last is forgotten, too
  input  logic              hash_read_i,
  output logic              hash_read_gnt_o,
  input  logic [RingAw-1:0] hash_origin_i,
  input  logic [RingAw-1:0] hash_word_i,
  output logic [127:0]      own_data_o
);

  logic              en;
  logic [15:0]       we;
  logic [RingAw-1:0] word, origin, addr, read_addr;
  logic [127:0]      wdata;

  assign fields_gnt_o    = fields_i && !wr_en_i;
  assign cbc_write_gnt_o = cbc_write_i && !wr_en_i && !fields_i;
  assign cbc_read_gnt_o  = cbc_read_i && !wr_en_i && !fields_i && !cbc_write_i;
  assign hash_read_gnt_o = hash_read_i && !rd_en_i;

  assign word   = fields_i ? fields_word_i : cbc_word_i;
  assign origin = fields_i ? fields_origin_i : cbc_origin_i;

  assign en        = wr_en_i || fields_i || cbc_write_i || cbc_read_i || refresh_i;
  assign addr      = wr_en_i ? wr_addr_i : origin + word;
  assign read_addr = rd_en_i ? rd_addr_i : hash_origin_i + hash_word_i;
  assign wdata     = wr_en_i ? wr_data_i : fields_i ? {4{fields_data_i}} : cbc_write_data_i;

  always_comb begin
    if (wr_en_i) we = wr_be_i;
    else if (fields_i) we = fields_we_i ? fields_be_i : 16'd0;
    else we = {{8{cbc_write_i && cbc_write_half_i[1]}}, {8{cbc_write_i && cbc_write_half_i[0]}}};
  end

  // A memory for each byte: Yosys 0.23 cannot map byte enables onto one that is read on the same port.
  for (genvar i = 0; i < 16; i++) begin : gen_bytes
    (* ram_style = "block" *) logic [7:0] ring [1 << RingAw];

    always_ff @(posedge clk_i) begin
      if (en) begin
        if (we[i]) ring[addr] <= wdata[8 * i +: 8];
        own_data_o[8 * i +: 8] <= ring[addr];
      end
    end

    always_ff @(posedge clk_i) begin
      if (rd_en_i || hash_read_i) rd_data_o[8 * i +: 8] <= ring[read_addr];
    end
  end

endmodule

`default_nettype wire
