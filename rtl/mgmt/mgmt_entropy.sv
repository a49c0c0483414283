// SPDX-License-Identifier: Apache-2.0
//
// Device ENTROPY: takes the noise source's raw bits as they come, 32 to a sample. Whether they are any good is the firmware's to
// judge. Registers are in devices.toml.
`default_nettype none

module mgmt_entropy (
  input  logic        clk_i,
  input  logic        rst_ni,
  input  logic        wr_i,
  input  logic        rd_i,
  input  logic [5:0]  addr_i,
  input  logic [31:0] wdata_i,
  output logic [31:0] rdata_o,
  output logic        have_o,
  output logic        run_o,       // the source is wanted
  input  logic        bit_i,
  input  logic        valid_i
);
  logic [31:0] sample_q;
  logic [31:1] bits_q;
  logic [4:0]  count_q;
  logic        have_q, lost_q, taken;
  assign taken  = rd_i && {addr_i, 2'd0} == mgmt_devices_pkg::EntropySample;
  assign have_o = have_q;
  always_comb begin
    unique case ({addr_i, 2'd0})
      mgmt_devices_pkg::EntropyControl: rdata_o = {31'd0, run_o};
      mgmt_devices_pkg::EntropySample:  rdata_o = sample_q;
      mgmt_devices_pkg::EntropyState:   rdata_o = {30'd0, lost_q, have_q};
      default:                          rdata_o = 32'd0;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (run_o && valid_i) bits_q <= {bit_i, bits_q[31:2]};
    if (!rst_ni) begin
      run_o    <= 1'b0;
      count_q  <= 5'd0;
      have_q   <= 1'b0;
      lost_q   <= 1'b0;
      sample_q <= 32'd0;
      bits_q   <= 31'd0;
    end else begin
      if (wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::EntropyControl) run_o <= wdata_i[0];
      if (taken || !run_o) {lost_q, have_q} <= 2'b00;
      if (!run_o) count_q <= 5'd0;
      if (run_o && valid_i) begin
        count_q <= count_q + 5'd1;
        if (count_q == 5'd31) begin
          sample_q <= {bit_i, bits_q[31:1]};
          have_q   <= 1'b1;
          lost_q   <= have_q && !taken;
        end
      end
    end
  end

  logic unused;
  assign unused = &{1'b0, wdata_i[31:1]};
endmodule
`default_nettype wire
