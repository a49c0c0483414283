// SPDX-License-Identifier: Apache-2.0
//
// What comes from the host and goes there: 256 words of 16 bytes in block RAM. Of the last 64, the secret half, the processor
// reads nothing. One word is written and one read a clock; data comes one clock after its address. The host's data is never
// refused, the device at work comes next, the processor takes the clocks that they leave.
`default_nettype none

module mgmt_buffer (
  input  logic         clk_i,
  input  logic         rst_ni,
  // From the host.
  input  logic         in_valid_i,
  input  logic [7:0]   in_addr_i,
  input  logic [15:0]  in_be_i,
  input  logic [127:0] in_data_i,
  // Bit k: not all of the k-th 4 bytes of the secret half's first 64, as they came since clear, were 0.
  input  logic         nonzero_clear_i,
  output logic [15:0]  nonzero_o,
  // A device, or the overwriting of it all; written a clock later.
  input  logic         put_i,
  input  logic [7:0]   put_addr_i,
  input  logic [127:0] put_data_i,   // 0 unless put
  input  logic         put32_i,      // 4 bytes
  input  logic [9:0]   put32_addr_i,
  input  logic [31:0]  put32_data_i,
  input  logic         get_i,
  input  logic [7:0]   get_addr_i,
  output logic [127:0] word_o,
  // The processor; held until ready. Its word is there one clock after ready.
  input  logic         cpu_valid_i,
  output logic         cpu_ready_o,
  input  logic         cpu_we_i,
  input  logic [9:0]   cpu_addr_i,   // of 4 bytes
  input  logic [3:0]   cpu_be_i,
  input  logic [31:0]  cpu_wdata_i
);
  (* ram_style = "block" *) logic [127:0] mem_q [256];

  logic         put_q;
  logic [7:0]   put_addr_q;
  logic [127:0] put_data_q;
  always_ff @(posedge clk_i) begin
    put_q      <= rst_ni && put_i;
    put_addr_q <= put_addr_i;
    put_data_q <= put_data_i;
  end

  logic cpu_put;
  assign cpu_ready_o = cpu_we_i ? !in_valid_i && !put_q && !put32_i : !get_i;
  assign cpu_put     = cpu_valid_i && cpu_we_i && cpu_ready_o;

  logic [9:0]   part;
  logic [15:0]  be;
  logic [7:0]   waddr, raddr;
  logic [31:0]  word;
  logic [127:0] data;
  always_comb begin
    if (in_valid_i) begin
      be    = in_be_i;
      waddr = in_addr_i;
    end else if (put_q) begin
      be    = 16'hffff;
      waddr = put_addr_q;
    end else begin
      be    = {12'd0, put32_i ? 4'hf : cpu_be_i & {4{cpu_put}}} << {part[1:0], 2'd0};
      waddr = part[9:2];
    end
  end
  assign word = put32_i ? put32_data_i : cpu_wdata_i & {32{cpu_put}};
  assign data = ({128{in_valid_i}} & in_data_i) | put_data_q | {4{word}};
  assign part = put32_i ? put32_addr_i : cpu_addr_i;
  assign raddr = get_i ? get_addr_i : cpu_addr_i[9:2];
  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 16; b++) begin
      if (be[b]) mem_q[waddr][8*b +: 8] <= data[8*b +: 8];
    end
    word_o <= mem_q[raddr];
  end

  logic [3:0] some;
  always_comb begin
    some = 4'd0;
    for (int unsigned b = 0; b < 16; b++) begin
      if (in_be_i[b] && in_data_i[8*b +: 8] != 8'd0) some[b / 4] = 1'b1;
    end
  end
  logic       came_q;
  logic [3:0] some_q;
  logic [1:0] row_q;
  always_ff @(posedge clk_i) begin
    came_q <= in_valid_i && in_addr_i[7:2] == 6'b110000;
    some_q <= some;
    row_q  <= in_addr_i[1:0];
    if (!rst_ni || nonzero_clear_i) nonzero_o <= 16'd0;
    else if (came_q) nonzero_o[{row_q, 2'd0} +: 4] <= nonzero_o[{row_q, 2'd0} +: 4] | some_q;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!(in_valid_i && (put_q || put32_i)) && !(put_q && put32_i));
`endif
endmodule
`default_nettype wire
