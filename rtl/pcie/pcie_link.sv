// SPDX-License-Identifier: Apache-2.0
//
// Everything between the TLP streams and the rest of the card: receive path, completer, reads with their tags, posted writes,
// interrupts, transmit arbiter.
`default_nettype none

module pcie_link #(
  parameter int unsigned ReadTags    = 32,
  parameter int unsigned TimeoutLog2 = 20,
  parameter int unsigned Vectors     = 9,
  localparam int unsigned IdW        = sluice_pkg::IdW
) (
  input  logic               clk_i,
  input  logic               rst_ni,
  input  logic               path_rst_ni,
  input  logic               fn_rst_ni,
  input  logic               hold_i,
  input  logic               flush_i,
  // TLP streams and configuration, as in sluice_card.
  input  logic [127:0]       rx_data_i,
  input  logic               rx_valid_i,
  output logic               rx_ready_o,
  input  logic [21:0]        rx_user_i,
  output logic [127:0]       tx_data_o,
  output logic [15:0]        tx_keep_o,
  output logic               tx_last_o,
  output logic               tx_valid_o,
  input  logic               tx_ready_i,
  input  logic               wipe_i,        // wr_* bring zeros for one word after another
  input  logic [15:0]        cfg_id_i,
  input  logic               cfg_bus_master_i,
  input  logic [2:0]         cfg_mps_i,
  input  logic [2:0]         cfg_mrrs_i,
  input  logic               cfg_rcb_i,
  input  logic               cfg_msix_enable_i,
  input  logic               cfg_msix_mask_i,
  input  logic [7:0]         cfg_cpl_hdr_i,
  input  logic [11:0]        cfg_cpl_data_i,
  output logic               err_ur_o,
  output logic               err_poisoned_o,
  output logic               err_cpl_timeout_o,
  output logic               err_cpl_unexpected_o,
  // Register bus.
  output logic               reg_valid_o,
  output logic               reg_write_o,
  output logic [15:0]        reg_addr_o,
  output logic [31:0]        reg_wdata_o,
  output logic [3:0]         reg_be_o,
  input  logic               reg_ack_i,
  input  logic [31:0]        reg_rdata_i,
  // Readings of lanes 0, submission entries 1, admin 2, page lists 3; their data and their ends. A job of client 0 may be
  // several readings, it has one end.
  input  logic [3:0]         rd_valid_i,
  output logic [3:0]         rd_ready_o,
  input  logic [255:0]       rd_addr_i,
  input  logic [59:0]        rd_len_i,
  input  logic [4:0]         rd_lane_i,
  input  logic [59:0]        rd_pos_i,
  input  logic               rd_last_i,     // client 0: the last reading of its job
  input  logic               rd_bad_i,        // client 0, length 0: nothing is read, the job ends with an error
  output logic [3:0]         wr_valid_o,
  output logic [4:0]         wr_lane_o,
  output logic [10:0]        wr_addr_o,
  output logic [15:0]        wr_be_o,
  output logic [127:0]       wr_data_o,
  output logic [3:0]         end_valid_o,
  output logic [4:0]         end_lane_o,
  output logic               end_err_o,
  // Lanes' results. Several commands may be one job: it is done, with an error of any of them, after the one with last.
  input  logic               cmd_valid_i,
  output logic               cmd_ready_o,
  input  logic [63:0]        cmd_addr_i,
  input  logic [14:0]        cmd_len_i,
  input  logic [IdW-1:0]     cmd_id_i,
  input  logic               cmd_last_i,
  input  logic               word_valid_i,
  output logic               word_ready_o,
  input  logic [127:0]       word_i,
  output logic               done_valid_o,
  output logic [IdW-1:0]     done_id_o,
  output logic               done_err_o,
  // Small writes.
  input  logic               cqe_valid_i,
  output logic               cqe_ready_o,
  input  logic [63:0]        cqe_addr_i,
  input  logic [255:0]       cqe_data_i,
  input  logic               adm_valid_i,
  output logic               adm_ready_o,
  input  logic [63:0]        adm_addr_i,
  input  logic [255:0]       adm_data_i,
  // Interrupts.
  input  logic [Vectors-1:0] fire_i,
  input  logic               msix_wr_i,
  input  logic [5:0]         msix_addr_i,
  input  logic [31:0]        msix_wdata_i,
  output logic [31:0]        msix_rdata_o,
  output logic [31:0]        msix_pending_o,
  // For registers and counters.
  output logic               bad_tlp_o,
  output logic [127:0]       bad_header_o,
  output logic [31:0]        tag_state_o,
  output logic               tag_stall_o,
  output logic               interrupt_o,
  output logic               tx_quiet_o,
  output logic               tags_idle_o,
  output logic               idle_o
);
  logic [9:0] idle;

  // ---- receive
  logic         al_valid, al_ready, al_sof, al_eof, al_bar, al_bad;
  logic [127:0] al_data;
  logic [1:0]   al_end;
  pcie_rx_align u_align (
    .clk_i, .rst_ni, .rx_data_i, .rx_valid_i, .rx_ready_o, .rx_user_i,
    .out_valid_o(al_valid), .out_ready_i(al_ready), .out_data_o(al_data), .out_sof_o(al_sof), .out_eof_o(al_eof),
    .out_end_o(al_end), .out_bar_o(al_bar), .out_bad_o(al_bad), .idle_o(idle[0])
  );

  logic         cpl_valid, cpl_ready;
  logic         rq_valid, rq_ready, rq_lock, rq_mem, rq_ur, rq_write, rq_two;
  logic [13:0]  rq_addr;
  logic [7:0]   rq_be, rq_tag;
  logic [63:0]  rq_data;
  logic [15:0]  rq_id;
  logic [2:0]   rq_tc;
  logic [1:0]   rq_attr;
  logic         route_bad, route_ur, route_poisoned, unexpected, data_poisoned;
  logic [127:0] route_header, unexpected_header;
  pcie_rx_route u_route (
    .clk_i, .rst_ni,
    .in_valid_i(al_valid), .in_ready_o(al_ready), .in_data_i(al_data), .in_sof_i(al_sof), .in_eof_i(al_eof), .in_end_i(al_end),
    .in_bar_i(al_bar), .in_bad_i(al_bad),
    .cpl_valid_o(cpl_valid), .cpl_ready_i(cpl_ready),
    .req_valid_o(rq_valid), .req_ready_i(rq_ready), .req_lock_o(rq_lock), .req_mem_o(rq_mem), .req_ur_o(rq_ur),
    .req_write_o(rq_write), .req_two_o(rq_two), .req_addr_o(rq_addr), .req_be_o(rq_be), .req_data_o(rq_data), .req_id_o(rq_id),
    .req_tag_o(rq_tag), .req_tc_o(rq_tc), .req_attr_o(rq_attr),
    .bad_o(route_bad), .bad_header_o(route_header), .err_ur_o(route_ur), .err_poisoned_o(route_poisoned), .idle_o(idle[1])
  );

  // ---- completer
  logic [3:0]   tx_valid, tx_ready, tx_last;
  logic [511:0] tx_data;
  logic [63:0]  tx_keep;
  pcie_completer u_completer (
    .clk_i, .rst_ni, .cfg_id_i,
    .req_valid_i(rq_valid), .req_ready_o(rq_ready), .req_lock_i(rq_lock), .req_mem_i(rq_mem), .req_ur_i(rq_ur),
    .req_write_i(rq_write), .req_two_i(rq_two), .req_addr_i(rq_addr), .req_be_i(rq_be), .req_data_i(rq_data), .req_id_i(rq_id),
    .req_tag_i(rq_tag), .req_tc_i(rq_tc), .req_attr_i(rq_attr),
    .reg_valid_o, .reg_write_o, .reg_addr_o, .reg_wdata_o, .reg_be_o, .reg_ack_i, .reg_rdata_i,
    .tx_valid_o(tx_valid[0]), .tx_ready_i(tx_ready[0]), .tx_data_o(tx_data[127:0]), .tx_keep_o(tx_keep[15:0]),
    .tx_last_o(tx_last[0]), .idle_o(idle[2])
  );

  // ---- reads
  logic [4:0]  look_tag, look_lane, event_tag;
  logic        look_valid, look_take, look_known, look_live, prog_wait, prog_valid, prog_fail, prog_last;
  logic        event_valid, event_done, event_err;
  logic [1:0]  look_client, wr_client;
  logic [14:0] look_pos;
  logic [9:0]  look_left, prog_bytes;
  logic [6:0]  look_low;
  logic        wr_valid;
  pcie_rd_data u_rd_data (
    .clk_i, .rst_ni, .wipe_i, .cfg_id_i,
    .in_valid_i(cpl_valid), .in_ready_o(cpl_ready), .in_data_i(al_data), .in_sof_i(al_sof), .in_eof_i(al_eof), .in_end_i(al_end),
    .in_bad_i(al_bad),
    .look_valid_o(look_valid), .look_take_o(look_take), .look_tag_o(look_tag), .look_known_i(look_known),
    .look_live_i(look_live), .look_client_i(look_client), .look_lane_i(look_lane),
    .look_pos_i(look_pos), .look_left_i(look_left), .look_low_i(look_low),
    .prog_wait_o(prog_wait), .prog_valid_o(prog_valid), .prog_bytes_o(prog_bytes), .prog_fail_o(prog_fail),
    .prog_last_o(prog_last),
    .event_valid_o(event_valid), .event_tag_o(event_tag), .event_done_o(event_done), .event_err_o(event_err),
    .wr_valid_o(wr_valid), .wr_client_o(wr_client), .wr_lane_o, .wr_addr_o, .wr_be_o, .wr_data_o,
    .err_unexpected_o(unexpected), .err_header_o(unexpected_header), .err_poisoned_o(data_poisoned), .idle_o(idle[3])
  );
  assign wr_valid_o     = wr_valid ? 4'b0001 << wr_client : 4'b0000;

  // Refused TLPs are told one at a time, completions first.
  logic [1:0]   refused_q;
  logic [127:0] refused_header_q;
  assign bad_tlp_o            = unexpected || refused_q != 2'd0;
  assign bad_header_o         = unexpected ? unexpected_header : refused_header_q;
  assign err_cpl_unexpected_o = unexpected;
  always_ff @(posedge clk_i) begin
    if (route_bad) refused_header_q <= route_header;
    refused_q      <= rst_ni ? refused_q + {1'b0, route_bad} - {1'b0, refused_q != 2'd0 && !unexpected} : 2'd0;
    err_ur_o       <= rst_ni && route_ur;
    err_poisoned_o <= rst_ni && (route_poisoned || data_poisoned);
  end

  logic [3:0]   pc_valid, pc_ready, pc_last, pc_bad;
  logic [255:0] pc_addr;
  logic [39:0]  pc_len;
  logic [19:0]  pc_lane;
  logic [59:0]  pc_pos;
  for (genvar c = 0; c < 4; c++) begin : g_split
    pcie_rd_split u_split (
      .clk_i, .rst_ni(path_rst_ni), .cfg_mrrs_i,
      .in_valid_i(rd_valid_i[c]), .in_ready_o(rd_ready_o[c]), .in_addr_i(rd_addr_i[64*c +: 64]), .in_len_i(rd_len_i[15*c +: 15]),
      .in_lane_i(c == 0 ? rd_lane_i : 5'd0), .in_pos_i(rd_pos_i[15*c +: 15]), .in_last_i(c == 0 ? rd_last_i : 1'b1),
      .in_bad_i(c == 0 && rd_bad_i),
      .out_valid_o(pc_valid[c]), .out_ready_i(pc_ready[c]), .out_addr_o(pc_addr[64*c +: 64]), .out_len_o(pc_len[10*c +: 10]),
      .out_lane_o(pc_lane[5*c +: 5]), .out_pos_o(pc_pos[15*c +: 15]), .out_last_o(pc_last[c]),
      .out_bad_o(pc_bad[c])
    );
  end

  logic        is_wait, is_valid, is_ready, is_none, is_err, is_last, cancel_valid;
  logic [1:0]  is_client;
  logic [4:0]  is_lane, is_tag, cancel_tag;
  logic [14:0] is_pos;
  logic [9:0]  is_len;
  logic [6:0]  is_low;
  pcie_rd_req u_rd_req (
    .clk_i, .rst_ni(path_rst_ni), .cfg_id_i, .cfg_bus_master_i(cfg_bus_master_i && !hold_i),
    .in_valid_i(pc_valid), .in_ready_o(pc_ready), .in_addr_i(pc_addr), .in_len_i(pc_len), .in_lane_i(pc_lane), .in_pos_i(pc_pos),
    .in_last_i(pc_last), .in_bad_i(pc_bad),
    .issue_wait_o(is_wait), .issue_valid_o(is_valid), .issue_ready_i(is_ready), .issue_none_o(is_none), .issue_err_o(is_err),
    .issue_client_o(is_client), .issue_lane_o(is_lane), .issue_pos_o(is_pos), .issue_len_o(is_len), .issue_low_o(is_low),
    .issue_last_o(is_last), .issue_tag_i(is_tag), .cancel_valid_o(cancel_valid), .cancel_tag_o(cancel_tag),
    .tx_valid_o(tx_valid[3]), .tx_ready_i(tx_ready[3]), .tx_data_o(tx_data[511:384]), .tx_keep_o(tx_keep[63:48]), .idle_o(idle[4])
  );
  assign tx_last[3] = 1'b1;

  logic       ret_valid, ret_last;
  logic [1:0] ret_client;
  pcie_tags #(
    .Tags(ReadTags), .TimeoutLog2(TimeoutLog2)
  ) u_tags (
    .clk_i, .rst_ni, .flush_i, .forget_i(!path_rst_ni), .cfg_rcb_i, .cfg_cpl_hdr_i, .cfg_cpl_data_i,
    .issue_wait_i(is_wait), .issue_valid_i(is_valid), .issue_ready_o(is_ready), .issue_none_i(is_none), .issue_err_i(is_err),
    .issue_client_i(is_client), .issue_lane_i(is_lane), .issue_pos_i(is_pos), .issue_len_i(is_len), .issue_low_i(is_low),
    .issue_last_i(is_last), .issue_tag_o(is_tag), .cancel_valid_i(cancel_valid), .cancel_tag_i(cancel_tag),
    .look_valid_i(look_valid), .look_take_i(look_take), .look_tag_i(look_tag), .look_known_o(look_known),
    .look_live_o(look_live), .look_client_o(look_client), .look_lane_o(look_lane),
    .look_pos_o(look_pos), .look_left_o(look_left), .look_low_o(look_low),
    .prog_wait_i(prog_wait), .prog_valid_i(prog_valid), .prog_bytes_i(prog_bytes), .prog_fail_i(prog_fail),
    .prog_last_i(prog_last),
    .event_valid_i(event_valid), .event_tag_i(event_tag), .event_done_i(event_done), .event_err_i(event_err),
    .ret_valid_o(ret_valid), .ret_client_o(ret_client), .ret_lane_o(end_lane_o), .ret_last_o(ret_last), .ret_err_o(end_err_o),
    .timeout_o(err_cpl_timeout_o), .stall_o(tag_stall_o), .state_o(tag_state_o), .idle_o(idle[5])
  );
  assign end_valid_o = ret_valid && ret_last ? 4'b0001 << ret_client : 4'b0000;
  assign tags_idle_o = idle[5];

  // ---- posted writes and interrupts
  logic        msg_valid, msg_ready;
  logic [63:0] msg_addr;
  logic [31:0] msg_data;
  pcie_msix #(.Vectors(Vectors)) u_msix (
    .clk_i, .rst_ni(fn_rst_ni), .cfg_bus_master_i, .cfg_enable_i(cfg_msix_enable_i), .cfg_mask_i(cfg_msix_mask_i),
    .wr_valid_i(msix_wr_i), .addr_i(msix_addr_i), .wdata_i(msix_wdata_i), .rdata_o(msix_rdata_o), .pending_o(msix_pending_o),
    .fire_i, .msg_valid_o(msg_valid), .msg_ready_i(msg_ready), .msg_addr_o(msg_addr), .msg_data_o(msg_data), .idle_o(idle[6])
  );
  assign interrupt_o = msg_valid && msg_ready;

  pcie_wr_small u_small (
    .clk_i, .rst_ni(path_rst_ni), .cfg_id_i, .cfg_bus_master_i, .hold_i, .busy_i(tx_valid[2]),
    .cqe_valid_i, .cqe_ready_o, .cqe_addr_i, .cqe_data_i, .adm_valid_i, .adm_ready_o, .adm_addr_i, .adm_data_i,
    .msi_valid_i(msg_valid), .msi_ready_o(msg_ready), .msi_addr_i(msg_addr), .msi_data_i(msg_data),
    .tx_valid_o(tx_valid[1]), .tx_ready_i(tx_ready[1]), .tx_data_o(tx_data[255:128]), .tx_keep_o(tx_keep[31:16]),
    .tx_last_o(tx_last[1]), .idle_o(idle[7])
  );
  pcie_wr #(.IdW(IdW)) u_wr (
    .clk_i, .rst_ni(path_rst_ni), .cfg_id_i, .cfg_mps_i, .cfg_bus_master_i, .hold_i,
    .cmd_valid_i, .cmd_ready_o, .cmd_addr_i, .cmd_len_i, .cmd_id_i, .cmd_last_i, .word_valid_i, .word_ready_o, .word_i,
    .done_valid_o, .done_id_o, .done_err_o,
    .tx_valid_o(tx_valid[2]), .tx_ready_i(tx_ready[2]), .tx_data_o(tx_data[383:256]), .tx_keep_o(tx_keep[47:32]),
    .tx_last_o(tx_last[2]), .idle_o(idle[8])
  );

  pcie_tx_arb u_arb (
    .clk_i, .rst_ni, .hold_i, .cut_i(!path_rst_ni),
    .in_valid_i(tx_valid), .in_ready_o(tx_ready), .in_data_i(tx_data), .in_keep_i(tx_keep), .in_last_i(tx_last),
    .tx_data_o, .tx_keep_o, .tx_last_o, .tx_valid_o, .tx_ready_i, .quiet_o(tx_quiet_o), .idle_o(idle[9])
  );
  assign idle_o = &idle && !bad_tlp_o && !err_ur_o && !err_poisoned_o;
endmodule
`default_nettype wire
