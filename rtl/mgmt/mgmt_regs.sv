// SPDX-License-Identifier: Apache-2.0
//
// The registers of BAR 0 (rtl/regs.toml). An access takes two clocks, three of a counter; one of a counter or a snapshot waits
// until the counters are ready (at most 55). Bytes that a write does not enable keep their value; in a register that is only
// written they count as 0.
`default_nettype none

module mgmt_regs #(
  parameter int unsigned Lanes    = 2,
  parameter int unsigned LegacyLanes = 0,
  parameter int unsigned StreamLanes = 0,
  parameter int unsigned IoQueues = 2,
  parameter int unsigned SaCount  = 256,
  parameter int unsigned ReadTags = 32,
  parameter logic [31:0] BuildId  = 32'h0,
  parameter int unsigned ClockKhz = 125000
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         core_rst_ni,    // ends the admin queue pair
  // Register bus (pcie_completer).
  input  logic         reg_valid_i,
  input  logic         reg_write_i,
  input  logic [15:0]  reg_addr_i,
  input  logic [31:0]  reg_wdata_i,
  input  logic [3:0]   reg_be_i,
  output logic         reg_ack_o,
  output logic [31:0]  reg_rdata_o,
  // Control and state.
  output logic         soft_reset_o,
  input  logic         ready_i,
  input  logic         fatal_i,
  input  logic         bus_master_i,
  input  logic         busy_i,
  input  logic [31:0]  tag_state_i,
  input  logic         bad_tlp_i,
  input  logic [127:0] bad_header_i,
  // The firmware's.
  input  logic [31:0]  version_i,
  input  logic [31:0]  build_i,
  input  logic [7:0]   state_i,
  input  logic [31:0]  lanes_i,
  input  logic [7:0]   health_i,
  input  logic [31:0]  pong_i,
  output logic         ping_o,
  output logic [31:0]  ping_data_o,
  // Admin queue pair.
  output logic         aq_start_o,
  output logic         aq_stop_o,
  output logic [3:0]   aq_depth_log2_o,
  output logic [63:0]  aq_sq_o,
  output logic [63:0]  aq_cq_o,
  // Doorbells.
  output logic         bell_valid_o,
  output logic [3:0]   bell_queue_o,
  output logic         bell_cq_o,
  output logic [31:0]  bell_o,
  // MSI-X table.
  output logic         msix_wr_o,
  output logic [31:0]  msix_wdata_o,
  input  logic [31:0]  msix_rdata_i,
  input  logic [31:0]  msix_pending_i,
  // Counters.
  output logic         snapshot_o,
  output logic [13:0]  counter_addr_o,
  input  logic [31:0]  counter_rdata_i,
  input  logic         counter_busy_i
);
  localparam logic [31:0] Features = 32'h1 << sluice_regs_pkg::FeaturesAesLsb | 32'h1 << sluice_regs_pkg::FeaturesAes192Lsb |
                                     32'h1 << sluice_regs_pkg::FeaturesSha1Lsb | 32'h1 << sluice_regs_pkg::FeaturesSha256Lsb |
                                     32'h1 << sluice_regs_pkg::FeaturesUdpLsb | 32'h1 << sluice_regs_pkg::FeaturesNullLsb |
                                     32'h1 << sluice_regs_pkg::FeaturesTlsLsb | 32'h1 << sluice_regs_pkg::FeaturesPageListLsb |
                                     32'(LegacyLanes != 0) << sluice_regs_pkg::FeaturesDesLsb |
                                     32'(LegacyLanes != 0) << sluice_regs_pkg::FeaturesMd5Lsb |
                                     32'(StreamLanes != 0) << sluice_regs_pkg::FeaturesCutThroughLsb |
                                     32'h1 << sluice_regs_pkg::FeaturesManagedLsb;
  localparam logic [31:0] Params0  = {8'(ReadTags), 8'(sluice_regs_pkg::MaxQueueDepthLog2), 8'(IoQueues), 8'(Lanes)};
  localparam logic [31:0] Params2  = {16'd0, 8'(StreamLanes), 8'(LegacyLanes)};
  localparam logic [31:0] Params1  = {16'(sluice_regs_pkg::ReplayWindow), 16'(SaCount)};
  localparam logic [31:0] Version  = {sluice_regs_pkg::Major[15:0], sluice_regs_pkg::Minor[15:0]};

  // ---- one access: decode, then answer
  logic        is_counter, is_msix, is_bell, go, wr, there_q;  // there_q: the counter has been read
  logic [15:0] a;
  logic [31:0] old, merged, masked, be_bits;
  assign a          = reg_addr_i;
  assign is_counter = a[15:14] == 2'b11;
  assign is_msix    = a[15:8] == sluice_regs_pkg::RegMsixTable[15:8];
  assign is_bell    = !is_counter && a[15:12] != 4'd0 && a[15:12] < sluice_regs_pkg::RegMsixTable[15:12] && a[11:3] == 9'd0;
  assign go         = reg_valid_i && !reg_ack_o && !(counter_busy_i && (is_counter || a == sluice_regs_pkg::RegSnapshot)) &&
                      (there_q || !is_counter);
  assign wr         = go && reg_write_i && reg_be_i != 4'd0;
  always_comb begin
    for (int unsigned b = 0; b < 4; b++) be_bits[8*b +: 8] = {8{reg_be_i[b]}};
  end
  assign masked = reg_wdata_i & be_bits;
  assign merged = masked | (old & ~be_bits);

  // ---- registers of their own
  logic [63:0]  aq_sq_q, aq_cq_q;
  logic [3:0]   aq_log_q;
  logic         aq_on_q;
  logic [127:0] bad_q;
  always_comb begin
    unique case (a)
      sluice_regs_pkg::RegMagic:      old = sluice_regs_pkg::Magic;
      sluice_regs_pkg::RegVersion:    old = Version;
      sluice_regs_pkg::RegFeatures:   old = Features;
      sluice_regs_pkg::RegParams0:    old = Params0;
      sluice_regs_pkg::RegParams1:    old = Params1;
      sluice_regs_pkg::RegParams2:    old = Params2;
      sluice_regs_pkg::RegBuildId:    old = BuildId;
      sluice_regs_pkg::RegClockKhz:   old = 32'(ClockKhz);
      sluice_regs_pkg::RegStatus:     old = {28'd0, busy_i, bus_master_i, fatal_i, ready_i};
      sluice_regs_pkg::RegAqSqLo:     old = aq_sq_q[31:0];
      sluice_regs_pkg::RegAqSqHi:     old = aq_sq_q[63:32];
      sluice_regs_pkg::RegAqCqLo:     old = aq_cq_q[31:0];
      sluice_regs_pkg::RegAqCqHi:     old = aq_cq_q[63:32];
      sluice_regs_pkg::RegAqCtrl:     old = {aq_on_q, 27'd0, aq_log_q};
      sluice_regs_pkg::RegLastBadTlp,
      sluice_regs_pkg::RegLastBadTlp + 16'h4,
      sluice_regs_pkg::RegLastBadTlp + 16'h8,
      sluice_regs_pkg::RegLastBadTlp + 16'hc: old = bad_q[{a[3:2], 5'd0} +: 32];
      sluice_regs_pkg::RegFwVersion:  old = version_i;
      sluice_regs_pkg::RegFwBuild:    old = build_i;
      sluice_regs_pkg::RegFwState:    old = {24'd0, state_i};
      sluice_regs_pkg::RegLanesOk:    old = lanes_i;
      sluice_regs_pkg::RegHealth:     old = {24'd0, health_i};
      sluice_regs_pkg::RegPong:       old = pong_i;
      sluice_regs_pkg::RegTagState:   old = tag_state_i;
      sluice_regs_pkg::RegMsixPba:    old = msix_pending_i;
      default:                        old = is_counter ? counter_rdata_i : is_msix ? msix_rdata_i : 32'h0;
    endcase
  end

  logic depth_ok, aq_write, aq_start, aq_stop;
  assign depth_ok = 32'(merged[3:0]) >= sluice_regs_pkg::MinQueueDepthLog2 &&
                    32'(merged[3:0]) <= sluice_regs_pkg::MaxQueueDepthLog2;
  assign aq_write = wr && a == sluice_regs_pkg::RegAqCtrl && ready_i;

  assign counter_addr_o  = {a[13:2], 2'b00};
  assign aq_depth_log2_o = aq_log_q;
  assign aq_sq_o         = aq_sq_q;
  assign aq_cq_o         = aq_cq_q;
  assign aq_start        = aq_write && !aq_on_q && merged[31] && depth_ok;
  assign aq_stop         = aq_write && aq_on_q && !merged[31];
  assign soft_reset_o    = wr && a == sluice_regs_pkg::RegCtrl && masked[sluice_regs_pkg::CtrlResetLsb];
  assign ping_o          = wr && a == sluice_regs_pkg::RegPing;
  assign ping_data_o     = masked;
  assign snapshot_o      = wr && a == sluice_regs_pkg::RegSnapshot;

  always_ff @(posedge clk_i) begin
    reg_rdata_o <= old;
    there_q     <= reg_valid_i && !reg_ack_o && !counter_busy_i;
    // Queues and the MSI-X table hear a clock later what was written, which is late in its clock; the address stays so long.
    msix_wdata_o <= merged;
    bell_queue_o <= a[15:12] - 4'd1;
    bell_cq_o    <= a[2];
    bell_o       <= masked;
    if (!rst_ni) begin
      reg_ack_o <= 1'b0;
      msix_wr_o <= 1'b0;
      bad_q     <= 128'd0;
    end else begin
      reg_ack_o <= go;
      msix_wr_o <= wr && is_msix;
      if (bad_tlp_i) bad_q <= bad_header_i;
    end
    if (!core_rst_ni) begin
      bell_valid_o <= 1'b0;
      aq_start_o   <= 1'b0;
      aq_stop_o    <= 1'b0;
      aq_on_q  <= 1'b0;
      aq_log_q <= 4'd0;
      aq_sq_q  <= 64'd0;
      aq_cq_q  <= 64'd0;
    end else begin
      bell_valid_o <= wr && is_bell;
      aq_start_o   <= aq_start;
      aq_stop_o    <= aq_stop;
      if (aq_write && !aq_on_q) aq_log_q <= merged[3:0];
      if (aq_start_o) aq_on_q <= 1'b1;   // an access takes two clocks at least
      if (aq_stop_o) aq_on_q <= 1'b0;
      // The rings are aligned to 64 bytes.
      if (wr && !aq_on_q && a == sluice_regs_pkg::RegAqSqLo) aq_sq_q[31:0] <= {merged[31:6], 6'd0};
      if (wr && !aq_on_q && a == sluice_regs_pkg::RegAqSqHi) aq_sq_q[63:32] <= merged;
      if (wr && !aq_on_q && a == sluice_regs_pkg::RegAqCqLo) aq_cq_q[31:0] <= {merged[31:6], 6'd0};
      if (wr && !aq_on_q && a == sluice_regs_pkg::RegAqCqHi) aq_cq_q[63:32] <= merged;
    end
  end
endmodule
`default_nettype wire
