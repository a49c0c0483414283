// SPDX-License-Identifier: Apache-2.0
//
// The card: everything inside the FPGA but the hard PCIe block. The boundary is the TLP stream of a 7-series PCIe block, 128 bits
// wide, with the configuration values that the block shows beside it.
`default_nettype none

module sluice_card #(
  parameter int unsigned Lanes       = 2,  // record lanes, of which the first LegacyLanes do DES, 3DES and MD5
  parameter int unsigned LegacyLanes = Lanes < 8 ? 1 : 2,
  parameter int unsigned StreamLanes = 1,  // lanes for parts of records
  parameter int unsigned IoQueues = 2,
  parameter int unsigned SaCount  = 256,
  parameter int unsigned ReadTags = 32,
  parameter logic [31:0] BuildId  = 32'h0,
  parameter int unsigned ClockKhz = 125000,
  parameter int unsigned CplTimeoutLog2 = 20  // a read is given up after 3/4 to 1 of 2^n clocks
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

  // Strap: the firmware tests memories and lanes after power on. Noise source, while it is wanted.
  input  logic         self_test_i,
  output logic         entropy_run_o,
  input  logic         entropy_i,
  input  logic         entropy_valid_i,

  // No work, no timer running: the clock may stop until the next receive beat, reset or configuration change.
  output logic         idle_o
);

  localparam int unsigned Queues = IoQueues + 1;
  localparam int unsigned All    = Lanes + StreamLanes;
  localparam int unsigned RingAw = sluice_pkg::RingAw;
  localparam int unsigned IdW    = sluice_pkg::IdW;

  // ---- sizes that the fields between the blocks and the register map have room for
  if (Lanes == 0 || All > sluice_regs_pkg::MaxLanes || LegacyLanes > Lanes) begin : g_lanes_limit
    $error("sluice_card: 1 to 32 lanes, Lanes and StreamLanes together; LegacyLanes of the Lanes");
  end
  if (IoQueues == 0 || IoQueues > sluice_regs_pkg::MaxIoQueues) begin : g_queues_limit
    $error("sluice_card: IoQueues is 1 to 8");
  end
  if (SaCount == 0 || SaCount > 256 || ReadTags == 0 || ReadTags > 32) begin : g_tables_limit
    $error("sluice_card: SaCount is 1 to 256, ReadTags 1 to 32");
  end

  // ---- resets
  logic core_rst_n, path_rst_n, fn_rst_n, hold, flush, ready, awake, fatal, fw_ready, soft_reset, tx_quiet, tags_idle, wiped;
  logic reset_idle, enable;
  mgmt_reset u_reset (
    .clk_i, .rst_ni, .soft_i(soft_reset), .flr_i(cfg_flr_i), .link_up_i(cfg_link_up_i), .tx_quiet_i(tx_quiet),
    .tags_idle_i(tags_idle),
    .wiped_i(wiped), .core_rst_no(core_rst_n), .path_rst_no(path_rst_n), .fn_rst_no(fn_rst_n), .hold_o(hold), .flush_o(flush),
    .ready_o(awake), .began_i(ready), .cause_o(cause), .flr_done_o(cfg_flr_done_o), .idle_o(reset_idle)
  );
  assign ready  = awake && fw_ready;
  assign enable = ready && cfg_bus_master_i;
  // While the tables are overwritten, the rings of all lanes are too.
  logic wipe_rings, wipe_rings_q;
  assign wipe_rings = core_rst_n && !awake;
  always_ff @(posedge clk_i) wipe_rings_q <= wipe_rings;

  logic [3:0] cause;

  // ---- link
  logic           reg_valid, reg_write, reg_ack;
  logic [15:0]    reg_addr;
  logic [31:0]    reg_wdata, reg_rdata;
  logic [3:0]     reg_be;
  logic [3:0]     rd_valid, rd_ready, wr_valid, end_valid;
  logic [255:0]   rd_addr;
  logic [59:0]    rd_len, rd_pos;
  logic           rd_bad, rd_last, cmd_last;
  logic [4:0]     rd_lane, wr_lane, end_lane;
  logic [10:0]    wr_addr;
  logic [15:0]    wr_be;
  logic [127:0]   wr_data;
  logic           end_err;
  logic           cmd_valid, cmd_ready, word_valid, word_ready, done_valid, done_err;
  logic [63:0]    cmd_addr;
  logic [14:0]    cmd_len;
  logic [IdW-1:0] cmd_id, done_id;
  logic [127:0]   word;
  logic           cqe_valid, cqe_ready, out_valid, out_ready;
  logic [63:0]    cqe_addr, out_addr;
  logic [255:0]   cqe_data;
  logic [255:0]   out_data;
  logic [Queues-1:0] fire;
  logic           msix_wr;
  logic [31:0]    msix_wdata, msix_rdata, msix_pending;
  logic           bad_tlp, tag_stall, interrupt, link_idle;
  logic [127:0]   bad_header;
  logic [31:0]    tag_state;
  pcie_link #(
    .ReadTags(ReadTags), .TimeoutLog2(CplTimeoutLog2), .Vectors(Queues)
  ) u_link (
    .clk_i, .rst_ni, .path_rst_ni(path_rst_n), .fn_rst_ni(fn_rst_n), .hold_i(hold), .flush_i(flush), .wipe_i(wipe_rings),
    .rx_data_i, .rx_valid_i, .rx_ready_o, .rx_user_i, .tx_data_o, .tx_keep_o, .tx_last_o, .tx_valid_o, .tx_ready_i,
    .cfg_id_i, .cfg_bus_master_i, .cfg_mps_i, .cfg_mrrs_i, .cfg_rcb_i, .cfg_msix_enable_i, .cfg_msix_mask_i, .cfg_cpl_hdr_i,
    .cfg_cpl_data_i, .err_ur_o, .err_poisoned_o, .err_cpl_timeout_o, .err_cpl_unexpected_o,
    .reg_valid_o(reg_valid), .reg_write_o(reg_write), .reg_addr_o(reg_addr), .reg_wdata_o(reg_wdata), .reg_be_o(reg_be),
    .reg_ack_i(reg_ack), .reg_rdata_i(reg_rdata),
    .rd_valid_i(rd_valid), .rd_ready_o(rd_ready), .rd_addr_i(rd_addr), .rd_len_i(rd_len), .rd_lane_i(rd_lane), .rd_pos_i(rd_pos),
    .rd_last_i(rd_last), .rd_bad_i(rd_bad),
    .wr_valid_o(wr_valid), .wr_lane_o(wr_lane), .wr_addr_o(wr_addr), .wr_be_o(wr_be), .wr_data_o(wr_data),
    .end_valid_o(end_valid), .end_lane_o(end_lane), .end_err_o(end_err),
    .cmd_valid_i(cmd_valid), .cmd_ready_o(cmd_ready), .cmd_addr_i(cmd_addr), .cmd_len_i(cmd_len), .cmd_id_i(cmd_id),
    .cmd_last_i(cmd_last),
    .word_valid_i(word_valid), .word_ready_o(word_ready), .word_i(word),
    .done_valid_o(done_valid), .done_id_o(done_id), .done_err_o(done_err),
    .cqe_valid_i(cqe_valid), .cqe_ready_o(cqe_ready), .cqe_addr_i(cqe_addr), .cqe_data_i(cqe_data),
    .adm_valid_i(out_valid), .adm_ready_o(out_ready), .adm_addr_i(out_addr), .adm_data_i(out_data),
    // The MSI-X table is the host's alone, which is a shorter path.
    .fire_i(fire), .msix_wr_i(msix_wr), .msix_addr_i(reg_addr[7:2]),
    .msix_wdata_i(msix_wdata), .msix_rdata_o(msix_rdata),
    .msix_pending_o(msix_pending),
    .bad_tlp_o(bad_tlp), .bad_header_o(bad_header), .tag_state_o(tag_state), .tag_stall_o(tag_stall), .interrupt_o(interrupt),
    .tx_quiet_o(tx_quiet), .tags_idle_o(tags_idle), .idle_o(link_idle)
  );
  assign tx_user_o = 4'h0;

  // ---- registers
  logic         access, access_write, access_ack, counter_busy, bar_valid, bar_ack, ping, fw_snapshot, host_snapshot;
  logic [15:0]  access_addr, bar_addr;
  logic [31:0]  fw_version, fw_build, ping_data, pong;
  logic [7:0]   fw_state, health;
  logic [Lanes+StreamLanes-1:0] service;
  mgmt_bar u_bar (
    .clk_i, .rst_ni(core_rst_n), .host_valid_i(reg_valid), .host_write_i(reg_write), .host_addr_i(reg_addr), .host_ack_o(reg_ack),
    .own_valid_i(bar_valid), .own_addr_i(bar_addr), .own_ack_o(bar_ack), .valid_o(access), .write_o(access_write),
    .addr_o(access_addr), .ack_i(access_ack), .counter_busy_i(counter_busy)
  );
  logic         aq_start, aq_stop, bell_valid, bell_cq, snapshot, busy;
  logic [3:0]   aq_log, bell_queue;
  logic [63:0]  aq_sq, aq_cq;
  logic [31:0]  bell, counter_rdata;
  logic [13:0]  counter_addr;
  mgmt_regs #(
    .Lanes(Lanes), .LegacyLanes(LegacyLanes), .StreamLanes(StreamLanes), .IoQueues(IoQueues), .SaCount(SaCount),
    .ReadTags(ReadTags), .BuildId(BuildId), .ClockKhz(ClockKhz)
  ) u_regs (
    .clk_i, .rst_ni, .core_rst_ni(core_rst_n), .reg_valid_i(access), .reg_write_i(access_write), .reg_addr_i(access_addr),
    .reg_wdata_i(reg_wdata), .reg_be_i(reg_be), .reg_ack_o(access_ack), .reg_rdata_o(reg_rdata),
    .version_i(fw_version), .build_i(fw_build), .state_i(fw_state), .lanes_i(32'(service)), .health_i(health), .pong_i(pong),
    .ping_o(ping), .ping_data_o(ping_data), .fatal_i(fatal),
    .soft_reset_o(soft_reset), .ready_i(ready), .bus_master_i(cfg_bus_master_i), .busy_i(busy), .tag_state_i(tag_state),
    .bad_tlp_i(bad_tlp), .bad_header_i(bad_header),
    .aq_start_o(aq_start), .aq_stop_o(aq_stop), .aq_depth_log2_o(aq_log), .aq_sq_o(aq_sq), .aq_cq_o(aq_cq),
    .bell_valid_o(bell_valid), .bell_queue_o(bell_queue), .bell_cq_o(bell_cq), .bell_o(bell),
    .msix_wr_o(msix_wr), .msix_wdata_o(msix_wdata), .msix_rdata_i(msix_rdata),
    .msix_pending_i(msix_pending), .snapshot_o(host_snapshot), .counter_addr_o(counter_addr), .counter_rdata_i(counter_rdata),
    .counter_busy_i(counter_busy)
  );

  assign snapshot = host_snapshot || fw_snapshot;

  // ---- administrator; the admin queue pair is created and stopped by registers
  logic              adm_own, adm_take, adm_create, adm_stop, adm_idle;
  logic [3:0]        adm_want, adm_queue, adm_log;
  logic [63:0]       take_addr, adm_sq, adm_cq;
  logic              word_we, meta_we, count_we, count_ready, valid_we, sa_valid_new, in_use, sa_busy;
  logic              window_init, window_ready;
  logic              copy, copy_ready, copy_we;
  logic [7:0]        copy_index;
  logic [31:0]       copy_in, copy_out;
  logic [10:0]       word_waddr, word_raddr;
  logic [127:0]      word_wdata, word_rdata;
  logic [7:0]        adm_sa;
  card_pkg::meta_t   meta, look_meta;
  logic [63:0]       count_next, count_limit, key_src, cpl_cookie;
  logic              key_valid, key_ready, key_legacy, key_done, cpl_valid, cpl_ready;
  logic [7:0]        key_status, cpl_status;
  logic [31:0]       cpl_length;
  logic [Queues-1:0] queue_enable, queue_empty;
  logic [Lanes-1:0]    key_word_valid, key_shift;
  logic [32*Lanes-1:0] key_word;
  logic                 coalesce, wipe, wipe_ready;
  logic [7:0]           coalesce_count, wipe_sa;
  logic [23:0]          coalesce_clocks;
  logic [31:0]          key_any;
  logic [127:0]         key_word_q;
  logic                 key_valid_q;
  logic drop_all, peek, peeked, pause, paused, last_empty;
  logic [10:0] sa_raddr;

  // The firmware's own jobs: before the card is ready in all lanes, later in the last record lane (mgmt_lane_port).
  logic                borrow, own_job, own_sa, own_we, own_room, own_fetched, own_release, show, own_ren;
  logic [All-1:0]      mine, own_to, lane_res_valid, lane_idle;
  sluice_pkg::job_t    own_job_data;
  sluice_pkg::result_t own_res;
  logic [RingAw-1:0]   own_waddr, own_raddr;
  logic [127:0]        own_word, own_rdata;
  logic                own_fill, own_bit;
  logic [4:0]          show_lane;
  logic                show_bit;
  logic [(All+3)/4-1:0] show_differ;
  logic                march_bit, march_windows, march_window_we, march_window_few, march_window_bad, march_streams;
  logic                march_stream_we;
  logic [12:0]         march_window_waddr, march_window_raddr;
  logic [9:0]          march_stream_addr;
  logic [StreamLanes:0] march_stream_bad;  // one more than there are, which never is: there may be none
  mgmt_unit #(
    .IoQueues(IoQueues), .Lanes(Lanes), .All(All), .SaCount(SaCount)
  ) u_mgmt (
    .clk_i, .rst_ni(core_rst_n), .enable_i(enable), .abandon_i(aq_stop), .wiped_o(wiped), .self_test_i, .cause_i(cause),
    .ready_o(fw_ready), .fatal_o(fatal), .lanes_o(service), .version_o(fw_version), .build_o(fw_build), .state_o(fw_state),
    .health_o(health), .pong_o(pong), .ping_i(ping), .ping_data_i(ping_data), .snapshot_o(fw_snapshot),
    .bar_valid_o(bar_valid), .bar_addr_o(bar_addr), .bar_ack_i(bar_ack), .bar_rdata_i(reg_rdata),
    .want_i(adm_want), .own_take_o(adm_own), .take_o(adm_take), .take_addr_i(take_addr),
    .rd_valid_o(rd_valid[2]), .rd_ready_i(rd_ready[2]), .rd_addr_o(rd_addr[191:128]), .rd_len_o(rd_len[44:30]),
    .rd_pos_o(rd_pos[44:30]), .wr_valid_i(wr_valid[2]), .wr_addr_i(wr_addr[7:0]), .wr_be_i(wr_be), .wr_data_i(wr_data),
    .end_valid_i(end_valid[2]), .end_err_i(end_err),
    .out_valid_o(out_valid), .out_ready_i(out_ready), .out_addr_o(out_addr), .out_data_o(out_data),
    .word_we_o(word_we), .word_addr_o(word_waddr), .word_data_o(word_wdata), .sa_o(adm_sa), .meta_we_o(meta_we), .meta_o(meta),
    .count_we_o(count_we), .count_ready_i(count_ready), .count_next_o(count_next), .count_limit_o(count_limit),
    .valid_we_o(valid_we), .valid_o(sa_valid_new), .drop_all_o(drop_all), .in_use_i(in_use),
    .sa_busy_i(sa_busy),
    .peek_o(peek), .peeked_i(peeked), .look_meta_i(look_meta), .look_next_i(look_next), .look_limit_i(look_limit),
    .pause_o(pause),
    .paused_i(paused), .word_raddr_o(sa_raddr), .word_rdata_i(word_rdata),
    .window_init_o(window_init), .window_ready_i(window_ready),
    .copy_o(copy), .copy_ready_i(copy_ready), .copy_we_o(copy_we), .copy_index_o(copy_index), .copy_data_o(copy_in),
    .copy_data_i(copy_out), .wipe_o(wipe), .wipe_sa_o(wipe_sa), .wipe_ready_i(wipe_ready),
    .key_valid_o(key_valid), .key_ready_i(key_ready), .key_legacy_o(key_legacy), .key_src_o(key_src),
    .key_word_valid_i(key_valid_q), .key_word_i(key_word_q), .key_done_i(key_done), .key_status_i(key_status),
    .create_o(adm_create), .create_ready_i(!aq_start && !aq_stop), .stop_o(adm_stop), .queue_o(adm_queue), .depth_log2_o(adm_log),
    .sq_base_o(adm_sq), .cq_base_o(adm_cq), .coalesce_o(coalesce),
    .coalesce_count_o(coalesce_count), .coalesce_clocks_o(coalesce_clocks),
    .queue_enable_i(queue_enable), .queue_empty_i(queue_empty),
    .cpl_valid_o(cpl_valid), .cpl_ready_i(cpl_ready), .cpl_cookie_o(cpl_cookie), .cpl_status_o(cpl_status),
    .cpl_length_o(cpl_length), 
    .mine_o(mine), .borrow_o(borrow), .last_empty_i(last_empty), .lane_idle_i(lane_idle), .to_o(own_to), .job_o(own_job),
    .job_data_o(own_job_data), .lane_sa_o(own_sa), .word_o(own_word), .ring_we_o(own_we), .ring_room_i(own_room),
    .ring_waddr_o(own_waddr), .ring_fill_o(own_fill), .ring_bit_o(own_bit), .fetched_o(own_fetched),
    .res_valid_i(lane_res_valid & mine),
    .release_o(own_release), .shown_o(show), .lane_o(show_lane), .res_i(own_res), .ring_en_o(own_ren), .ring_raddr_o(own_raddr),
    .ring_data_i(own_rdata), .show_bit_o(show_bit), .differ_i(show_differ), .march_bit_o(march_bit),
    .march_windows_o(march_windows), .march_window_we_o(march_window_we),
    .march_window_few_o(march_window_few), .march_window_waddr_o(march_window_waddr),
    .march_window_raddr_o(march_window_raddr), .march_window_bad_i(march_window_bad), .march_streams_o(march_streams),
    .march_stream_we_o(march_stream_we), .march_stream_addr_o(march_stream_addr), .march_stream_bad_i(march_stream_bad != '0),
    .entropy_run_o, .entropy_i, .entropy_valid_i,
    .idle_o(adm_idle)
  );
  // One key job at a time: the other lanes' words are 0. A clock later, long before its end is told (sluice_lane_keys).
  always_comb begin
    key_any = 32'd0;
    for (int unsigned l = 0; l < Lanes; l++) key_any = key_any | key_word[32*l +: 32];
  end
  always_ff @(posedge clk_i) begin
    key_valid_q <= core_rst_n && key_word_valid != '0;
    if (!core_rst_n || key_valid_q) key_word_q <= 128'd0;
    else if (key_shift != '0) key_word_q <= {key_word_q[95:0], key_any};
  end

  // ---- SA table and replay windows
  logic [7:0]  look_sa, raise_sa, ask_sa;
  logic        look_in_use, raise, ask_valid, ask_accept, answer_valid, replayed;
  logic [63:0] look_next, look_limit, raise_next, ask_counter;
  sa_store #(.SaCount(SaCount)) u_sa (
    .clk_i, .rst_ni(core_rst_n), .word_we_i(word_we), .word_waddr_i(word_waddr), .word_wdata_i(word_wdata), .adm_sa_i(adm_sa),
    .meta_we_i(meta_we), .meta_i(meta), .count_we_i(count_we), .count_ready_o(count_ready), .count_next_i(count_next),
    .count_limit_i(count_limit), .valid_we_i(valid_we), .valid_i(sa_valid_new), .drop_all_i(drop_all), .adm_in_use_o(in_use),
    .look_sa_i(look_sa), .look_in_use_o(look_in_use), .look_meta_o(look_meta),
    .look_next_o(look_next), .look_limit_o(look_limit), .raise_i(raise), .raise_sa_i(raise_sa), .raise_next_i(raise_next),
    .word_raddr_i(paused ? sa_raddr : word_raddr), .word_rdata_o(word_rdata)
  );
  sa_window #(.SaCount(SaCount)) u_window (
    .clk_i, .rst_ni(core_rst_n), .init_i(window_init), .init_sa_i(adm_sa), .init_floor_i(count_next),
    .ask_valid_i(ask_valid), .ready_o(window_ready), .ask_sa_i(ask_sa), .ask_counter_i(ask_counter), .ask_accept_i(ask_accept),
    .answer_valid_o(answer_valid), .replayed_o(replayed),
    .copy_i(copy), .copy_ready_o(copy_ready), .copy_we_i(copy_we), .copy_index_i(copy_index), .copy_data_i(copy_in),
    .copy_data_o(copy_out), .march_i(march_windows), .march_we_i(march_window_we), .march_bit_i(march_bit),
    .march_few_i(march_window_few),
    .march_waddr_i(march_window_waddr), .march_raddr_i(march_window_raddr), .march_bad_o(march_window_bad)
  );

  // ---- queues
  logic [All-1:0]                       job_valid, job_ready, sa_valid, res_valid, res_ready, ring_en;
  sluice_pkg::job_t                     job;
  logic [sluice_pkg::ResultW*All-1:0]   res;
  logic [RingAw-1:0]                    ring_addr;
  logic [128*All-1:0]                   ring_data;
  logic                                 count_seal, count_open, lane_stall, bad_bell, engine_idle;
  logic [3:0]                           count_status, taken_queue, taken_count;
  logic [14:0]                          count_record, count_content;
  logic [Queues-1:0]                    queue_done;
  queue_engine #(
    .Lanes(Lanes), .LegacyLanes(LegacyLanes), .StreamLanes(StreamLanes), .IoQueues(IoQueues), .SaCount(SaCount), .RingAw(RingAw)
  ) u_engine (
    .clk_i, .rst_ni(core_rst_n), .path_rst_ni(path_rst_n), .enable_i(enable),
    .adm_queue_i(aq_start || aq_stop ? 4'd0 : adm_queue), .create_i(aq_start || adm_create),
    .depth_log2_i(aq_start ? aq_log : adm_log),
    .sq_base_i(aq_start ? aq_sq : adm_sq), .cq_base_i(aq_start ? aq_cq : adm_cq), .stop_i(aq_stop || adm_stop),
    .coalesce_i(coalesce), .coalesce_count_i(coalesce_count), .coalesce_clocks_i(coalesce_clocks),
    .bell_valid_i(bell_valid), .bell_queue_i(bell_queue), .bell_cq_i(bell_cq), .bell_i(bell), .bad_bell_o(bad_bell),
    .adm_own_i(adm_own), .adm_take_i(adm_take), .adm_want_o(adm_want), .take_addr_o(take_addr), .taken_queue_o(taken_queue),
    .taken_count_o(taken_count), .enable_o(queue_enable), .empty_o(queue_empty), .fire_o(fire), .done_o(queue_done),
    .rd_valid_o({rd_valid[3], rd_valid[1:0]}), .rd_ready_i({rd_ready[3], rd_ready[1:0]}),
    .rd_addr_o({rd_addr[255:192], rd_addr[127:0]}), .rd_len_o({rd_len[59:45], rd_len[29:0]}),
    .rd_pos_o({rd_pos[59:45], rd_pos[29:0]}), .rd_lane_o(rd_lane), .rd_last_o(rd_last), .rd_bad_o(rd_bad),
    .wr_valid_i({wr_valid[3], wr_valid[1]}), .wr_addr_i(wr_addr), .wr_be_i(wr_be), .wr_data_i(wr_data),
    .end_valid_i({end_valid[3], end_valid[1]}), .end_err_i(end_err),
    .look_sa_o(look_sa), .look_in_use_i(look_in_use), .look_meta_i(look_meta), .look_next_i(look_next), .look_limit_i(look_limit),
    .raise_o(raise), .raise_sa_o(raise_sa), .raise_next_o(raise_next), .word_addr_o(word_raddr),
    .ask_valid_o(ask_valid), .ask_ready_i(window_ready), .ask_sa_o(ask_sa), .ask_counter_o(ask_counter),
    .ask_accept_o(ask_accept),
    .answer_valid_i(answer_valid), .replayed_i(replayed),
    .key_valid_i(key_valid), .key_ready_o(key_ready), .key_src_i(key_src), .key_legacy_i(key_legacy), .key_done_o(key_done),
    .key_status_o(key_status), .adm_sa_i(adm_sa), .peek_i(peek), .peeked_o(peeked),
    .service_i(service), .borrow_i(borrow), .pause_i(pause), .paused_o(paused), .last_empty_o(last_empty), .show_i(show),
    .show_lane_i(show_lane), .shown_res_o(shown_res), .shown_word_o(shown_word),
    .show_four_i(own_fill), .show_bit_i(show_bit), .differ_o(show_differ), .sa_busy_o(sa_busy),
    .adm_cpl_valid_i(cpl_valid), .adm_cpl_ready_o(cpl_ready),
    .adm_cpl_cookie_i(cpl_cookie),
    .adm_cpl_status_i(cpl_status), .adm_cpl_length_i(cpl_length),
    .job_valid_o(job_valid), .job_ready_i(job_ready), .job_o(job), .sa_valid_o(sa_valid), .res_valid_i(res_valid),
    .res_ready_o(res_ready), .res_i(res), .ring_en_o(ring_en), .ring_addr_o(ring_addr), .ring_data_i(ring_data),
    .cmd_valid_o(cmd_valid), .cmd_ready_i(cmd_ready), .cmd_addr_o(cmd_addr), .cmd_len_o(cmd_len), .cmd_id_o(cmd_id),
    .cmd_last_o(cmd_last), .word_valid_o(word_valid), .word_ready_i(word_ready), .word_o(word),
    .done_valid_i(done_valid), .done_id_i(done_id), .done_err_i(done_err),
    .cqe_valid_o(cqe_valid), .cqe_ready_i(cqe_ready), .cqe_addr_o(cqe_addr), .cqe_data_o(cqe_data),
    .count_seal_o(count_seal), .count_open_o(count_open), .count_status_o(count_status), .count_record_o(count_record),
    .count_content_o(count_content), .lane_stall_o(lane_stall), .busy_o(busy), .idle_o(engine_idle)
  );

  // ---- lanes; what comes to them is the dispatcher's and the link's, or the firmware's
  logic [All-1:0] lane_busy, lane_starved, lane_blocked, lane_records, lane_job, lane_sa, lane_we, lane_fetched, lane_res_ready;
  logic           bus_sa;
  logic [127:0]   sa_data, ring_wdata;
  logic [15:0]    ring_be;
  logic [RingAw-1:0] ring_waddr, ring_all_raddr, ring_last_raddr;
  sluice_pkg::job_t lane_job_data;
  logic [sluice_pkg::ResultW-1:0] shown_res;
  logic [127:0]   shown_word, last_word_q;
  assign own_room        = wr_valid == 4'd0;
  assign lane_job_data   = own_job ? own_job_data : job;
  assign lane_job        = job_valid | (own_to & {All{own_job}});
  assign lane_sa         = sa_valid | (own_to & {All{own_sa}});
  assign bus_sa          = lane_sa != '0;
  assign sa_data         = own_sa ? own_word : sa_valid != '0 ? word_rdata : 128'd0;
  assign ring_waddr      = own_we && own_room ? own_waddr : wr_addr;
  assign ring_be         = own_we && own_room ? 16'hffff : wr_be;
  assign ring_wdata      = !(own_we && own_room) ? wr_data : own_fill ? {128{own_bit}} : own_word;
  assign ring_all_raddr  = show ? own_raddr : ring_addr;
  assign ring_last_raddr = mine[Lanes-1] ? own_raddr : ring_addr;
  always_ff @(posedge clk_i) last_word_q <= ring_data[128*(Lanes-1) +: 128];
  assign own_rdata       = show ? shown_word : last_word_q;
  assign own_res         = show ? shown_res : res[sluice_pkg::ResultW*(Lanes-1) +: sluice_pkg::ResultW];
  assign res_valid       = lane_res_valid & ~mine;
  assign lane_res_ready  = res_ready | (mine & own_to & {All{own_release}});
  for (genvar l = 0; l < All; l++) begin : g_ring
    assign lane_we[l]      = (wr_valid[0] && wr_lane == 5'(l)) || wipe_rings_q || (own_we && own_room && own_to[l]);
    assign lane_fetched[l] = (end_valid[0] && end_lane == 5'(l)) || (own_fetched && own_to[l]);
  end
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    logic [sluice_pkg::ResultW-1:0] answer;
    assign res[sluice_pkg::ResultW*l +: sluice_pkg::ResultW] = {answer[sluice_pkg::ResultW-1:143], 15'd0, answer[127:0]};
    logic unused;  // what is sure is of parts alone
    assign unused = &{1'b0, answer[142:128]};
    sluice_lane #(.RingAw(RingAw), .Legacy(l < LegacyLanes)) u_lane (
      .clk_i, .rst_ni(core_rst_n),
      .job_valid_i(lane_job[l]), .job_ready_o(job_ready[l]), .job_i(lane_job_data), .sa_valid_i(lane_sa[l]), .sa_data_i(sa_data),
      .sa_zero_i(!bus_sa),
      .wr_en_i(lane_we[l]), .wr_addr_i(ring_waddr), .wr_be_i(ring_be), .wr_data_i(ring_wdata),
      .fetch_done_i(lane_fetched[l]), .fetch_err_i(end_err && !own_fetched),
      .res_valid_o(lane_res_valid[l]), .res_ready_i(lane_res_ready[l]), .res_o(answer),
      .rd_en_i(ring_en[l] || (own_ren && mine[l])), .rd_addr_i(l == Lanes - 1 ? ring_last_raddr : ring_all_raddr),
      .rd_data_o(ring_data[128*l +: 128]),
      .key_shift_o(key_shift[l]), .key_valid_o(key_word_valid[l]), .key_ready_i(1'b1), .key_data_o(key_word[32*l +: 32]),
      .busy_o(lane_busy[l]), .starved_o(lane_starved[l]), .blocked_o(lane_blocked[l]), .records_o(lane_records[l]),
      .idle_o(lane_idle[l])
    );
  end

  // ---- stream lanes; all of them have wiped a slot before the administrator goes on
  logic [StreamLanes:0] slot_wiped;
  assign slot_wiped[StreamLanes]       = 1'b1;
  assign march_stream_bad[StreamLanes] = 1'b0;
  assign wipe_ready                    = slot_wiped == '1;
  for (genvar s = 0; s < StreamLanes; s++) begin : g_stream
    localparam int unsigned L = Lanes + s;
    logic done, done_q;
    assign slot_wiped[s] = done || done_q;
    always_ff @(posedge clk_i) done_q <= core_rst_n && wipe && !wipe_ready && slot_wiped[s];
    sluice_stream #(.RingAw(RingAw)) u_stream (
      .clk_i, .rst_ni(core_rst_n),
      .job_valid_i(lane_job[L]), .job_ready_o(job_ready[L]), .job_i(lane_job_data), .sa_valid_i(lane_sa[L]), .sa_data_i(sa_data),
      .wr_en_i(lane_we[L]), .wr_addr_i(ring_waddr), .wr_be_i(ring_be), .wr_data_i(ring_wdata),
      .fetch_done_i(lane_fetched[L]), .fetch_err_i(end_err && !own_fetched),
      .res_valid_o(lane_res_valid[L]), .res_ready_i(lane_res_ready[L]), .res_o(res[sluice_pkg::ResultW*L +: sluice_pkg::ResultW]),
      .rd_en_i(ring_en[L] || (own_ren && mine[L])), .rd_addr_i(ring_all_raddr), .rd_data_o(ring_data[128*L +: 128]),
      .wipe_i(wipe && !done_q), .wipe_sa_i(wipe_sa), .wipe_ready_o(done), .march_i(march_streams), .march_we_i(march_stream_we),
      .march_addr_i(march_stream_addr), .march_bit_i(march_bit), .march_bad_o(march_stream_bad[s]),
      .busy_o(lane_busy[L]), .starved_o(lane_starved[L]), .blocked_o(lane_blocked[L]), .records_o(lane_records[L]),
      .idle_o(lane_idle[L])
    );
  end

  // ---- counters
  logic [9:0] general;
  assign general = {interrupt, bad_bell, bad_tlp, lane_stall, tag_stall, tx_valid_o && !tx_ready_i, tx_valid_o && tx_ready_i,
                    rx_valid_i && rx_ready_o, busy, 1'b1};
  mgmt_counters #(
    .Lanes(All), .IoQueues(IoQueues)
  ) u_counters (
    .clk_i, .rst_ni(core_rst_n), .snapshot_i(snapshot), .addr_i(counter_addr), .rdata_o(counter_rdata), .busy_o(counter_busy),
    .general_i(general), .seal_i(count_seal), .open_i(count_open), .status_i(count_status), .record_i(count_record),
    .content_i(count_content), .lane_busy_i(lane_busy), .lane_starved_i(lane_starved), .lane_blocked_i(lane_blocked),
    .lane_records_i(lane_records), .taken_queue_i(taken_queue), .taken_count_i(taken_count), .done_i(queue_done)
  );

  assign idle_o = link_idle && engine_idle && adm_idle && reset_idle && (lane_idle == '1 || !core_rst_n) && !counter_busy &&
                  !reg_valid && !bell_valid && !aq_start && !aq_stop;

`ifndef SYNTHESIS
  // A clock may stop on the word of idle_o, so nothing may come of itself after it.
  logic [29:0] cfg, cfg_q;
  logic        alone_q;
  assign cfg = {rst_ni, cfg_bus_master_i, cfg_mps_i, cfg_mrrs_i, cfg_msix_enable_i, cfg_msix_mask_i, cfg_link_up_i, cfg_flr_i,
                cfg_id_i, cfg_rcb_i, rx_valid_i};
  always_ff @(posedge clk_i) begin
    cfg_q   <= cfg;
    alone_q <= rst_ni && idle_o && !rx_valid_i;
    if (alone_q && cfg == cfg_q) begin
      a_idle : assert (idle_o && !tx_valid_o);
    end
  end
`endif
endmodule
`default_nettype wire
