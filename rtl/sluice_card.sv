// SPDX-License-Identifier: Apache-2.0
//
// The card: everything inside the FPGA but the hard PCIe block. The boundary is the TLP stream of a 7-series PCIe block, 128 bits
// wide, with the configuration values that the block shows beside it.
`default_nettype none

module sluice_card #(
  parameter int unsigned Lanes    = 2,
  parameter int unsigned IoQueues = 2,
  parameter int unsigned SaCount  = 256,
  parameter int unsigned ReadTags = 32,
  parameter logic [31:0] BuildId  = 32'h0,
  parameter int unsigned ClockKhz = 125000
) (
  input  logic         clk_i,
  input  logic         rst_ni,

  // Receive stream. user: [21] end of frame, [20:17] its last byte / 4 in [20:19], [14] start of frame, [13:12] its DW,
  // [9:2] BAR hit, [1] poisoned, [0] ECRC error. A frame may begin at DW 2 of the beat in which another ends.
  input  logic [127:0] rx_data_i,
  input  logic         rx_valid_i,
  output logic         rx_ready_o,
  input  logic [21:0]  rx_user_i,

  // Transmit stream. Frames begin at DW 0; keep is 000f, 00ff, 0fff or ffff, less than ffff only with last.
  output logic [127:0] tx_data_o,
  output logic [15:0]  tx_keep_o,
  output logic         tx_last_o,
  output logic         tx_valid_o,
  input  logic         tx_ready_i,
  output logic [3:0]   tx_user_o,

  // Configuration space, as the PCIe block shows it.
  input  logic [15:0]  cfg_id_i,           // bus, device, function
  input  logic         cfg_bus_master_i,   // command register, bit 2
  input  logic [2:0]   cfg_mps_i,          // device control [7:5]
  input  logic [2:0]   cfg_mrrs_i,         // device control [14:12]
  input  logic         cfg_rcb_i,          // link control bit 3: 0 64 bytes, 1 128 bytes
  input  logic         cfg_msix_enable_i,
  input  logic         cfg_msix_mask_i,    // function mask
  input  logic         cfg_link_up_i,
  input  logic         cfg_flr_i,          // one clock: function level reset begins
  output logic         cfg_flr_done_o,     // one clock: it is over
  input  logic [7:0]   cfg_cpl_hdr_i,      // completion header credits of the receive buffer
  input  logic [11:0]  cfg_cpl_data_i,     // completion data credits, 16 bytes each

  // Error reports, one clock each.
  output logic         err_ur_o,           // unsupported request received
  output logic         err_poisoned_o,     // poisoned TLP received
  output logic         err_cpl_timeout_o,
  output logic         err_cpl_unexpected_o,

  // No work, no timer running: the clock may stop until the next receive beat, reset or configuration change.
  output logic         idle_o
);
