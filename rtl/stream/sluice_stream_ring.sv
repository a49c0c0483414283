// SPDX-License-Identifier: Apache-2.0
//
// The ring of a stream lane: 2048 words of 16 bytes. Port A takes the fetcher's writes, and in the clocks that these leave the
// lane's reads of a word, then its writes of a byte; port B is the writer's. A read's word stays until the next one.
`default_nettype none

module sluice_stream_ring #(
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic              clk_i,

  input  logic              wr_en_i,
  input  logic [RingAw-1:0] wr_addr_i,
  input  logic [15:0]       wr_be_i,
  input  logic [127:0]      wr_data_i,
  input  logic              rd_en_i,
  input  logic [RingAw-1:0] rd_addr_i,
  output logic [127:0]      rd_data_o,

  input  logic              read_i,
  output logic              read_gnt_o,
  input  logic [RingAw-1:0] read_word_i,
  output logic [127:0]      read_data_o,
  input  logic              put_i,
  output logic              put_gnt_o,
  input  logic [RingAw-1:0] put_word_i,
  input  logic [3:0]        put_byte_i,
  input  logic [7:0]        put_data_i
);

  logic [15:0]       we;
  logic [RingAw-1:0] addr;
  logic [127:0]      wdata;
  logic              read;

  assign read_gnt_o = !wr_en_i;
  assign put_gnt_o  = !wr_en_i && !read_i;
  assign read       = read_i && !wr_en_i;

  assign addr  = wr_en_i ? wr_addr_i : read_i ? read_word_i : put_word_i;
  assign wdata = wr_en_i ? wr_data_i : {16{put_data_i}};
  assign we    = wr_en_i ? wr_be_i : put_i && !read_i ? 16'd1 << put_byte_i : 16'd0;

  for (genvar i = 0; i < 16; i++) begin : gen_bytes
    (* ram_style = "block" *) logic [7:0] ring [1 << RingAw];

    always_ff @(posedge clk_i) begin
      if (read || we[i]) begin
        if (we[i]) ring[addr] <= wdata[8 * i +: 8];
        else read_data_o[8 * i +: 8] <= ring[addr];
      end
    end

    always_ff @(posedge clk_i) begin
      if (rd_en_i) rd_data_o[8 * i +: 8] <= ring[rd_addr_i];
    end
  end

endmodule

`default_nettype wire
