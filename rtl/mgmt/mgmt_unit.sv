// SPDX-License-Identifier: Apache-2.0
//
// The card's management: a processor with its firmware, the devices through which it works on queue pairs, host memory, SA table
// and lanes, and the overwriting of all tables out of reset, for which no firmware is needed. README.md has the picture.
`default_nettype none
`ifndef FW
`define FW ""
`define FW_END 0
`endif

module mgmt_unit #(
  parameter int unsigned IoQueues = 2,
  parameter int unsigned Lanes    = 2,   // record lanes
  parameter int unsigned All      = 3,   // and stream lanes behind them
  parameter int unsigned SaCount  = 256,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              enable_i,      // bus mastering is on and the card is ready
  input  logic              abandon_i,     // the admin queue was stopped: no completion for the command at work
  output logic              wiped_o,
  input  logic              self_test_i,   // strap
  input  logic [3:0]        cause_i,       // of the reset
  // The card's state, as the firmware has it.
  output logic              ready_o,
  output logic              fatal_o,
  output logic [All-1:0]    lanes_o,       // in service
  output logic [31:0]       version_o,
  output logic [31:0]       build_o,
  output logic [7:0]        state_o,
  output logic [7:0]        health_o,
  output logic [31:0]       pong_o,
  input  logic              ping_i,
  input  logic [31:0]       ping_data_i,
  output logic              snapshot_o,
  // Reading registers: held until ack, which comes with the data.
  output logic              bar_valid_o,
  output logic [15:0]       bar_addr_o,
  input  logic              bar_ack_i,
  input  logic [31:0]       bar_rdata_i,
  // Taking from queue 0.
  input  logic [3:0]        want_i,
  output logic              own_take_o,    // the take port of queue_state is ours
  output logic              take_o,
  input  logic [63:0]       take_addr_i,
  // Reading (pcie_rd_split), its data and its end.
  output logic              rd_valid_o,
  input  logic              rd_ready_i,
  output logic [63:0]       rd_addr_o,
  output logic [14:0]       rd_len_o,
  output logic [14:0]       rd_pos_o,
  input  logic              wr_valid_i,
  input  logic [7:0]        wr_addr_i,
  input  logic [15:0]       wr_be_i,
  input  logic [127:0]      wr_data_i,
  input  logic              end_valid_i,
  input  logic              end_err_i,
  // Data to the host (pcie_wr_small).
  output logic              out_valid_o,
  input  logic              out_ready_i,
  output logic [63:0]       out_addr_o,
  output logic [255:0]      out_data_o,
  // SA table and replay windows.
  output logic              word_we_o,
  output logic [10:0]       word_addr_o,
  output logic [127:0]      word_data_o,
  output logic [7:0]        sa_o,
  output logic              meta_we_o,
  output card_pkg::meta_t   meta_o,
  output logic              count_we_o,
  input  logic              count_ready_i,
  output logic [63:0]       count_next_o,
  output logic [63:0]       count_limit_o,
  output logic              valid_we_o,
  output logic              valid_o,
  output logic              drop_all_o,
  input  logic              in_use_i,      // one clock after sa_o
  input  logic              sa_busy_i,     // an operation of sa_o is somewhere
  output logic              peek_o,        // the dispatcher's look at the table is wanted
  input  logic              peeked_i,      // what comes a clock later is of sa_o
  input  card_pkg::meta_t   look_meta_i,
  input  logic [63:0]       look_next_i,
  input  logic [63:0]       look_limit_i,
  output logic              pause_o,       // the dispatcher's bus to the lanes is wanted
  input  logic              paused_i,
  output logic [10:0]       word_raddr_o,
  input  logic [127:0]      word_rdata_i,
  output logic              window_init_o,
  input  logic              window_ready_i,
  output logic              copy_o,
  input  logic              copy_ready_i,
  output logic              copy_we_o,
  output logic [7:0]        copy_index_o,
  output logic [31:0]       copy_data_o,
  input  logic [31:0]       copy_data_i,
  // State of slot wipe_sa_o in the stream lanes: held until ready.
  output logic              wipe_o,
  output logic [7:0]        wipe_sa_o,
  input  logic              wipe_ready_i,
  // Key job.
  output logic              key_valid_o,
  input  logic              key_ready_i,
  output logic              key_legacy_o,  // for a legacy lane
  output logic [63:0]       key_src_o,
  input  logic              key_word_valid_i,
  input  logic [127:0]      key_word_i,
  input  logic              key_done_i,
  input  logic [7:0]        key_status_i,
  // Queue pairs.
  output logic              create_o,
  input  logic              create_ready_i,
  output logic              stop_o,
  output logic [3:0]        queue_o,
  output logic [3:0]        depth_log2_o,
  output logic [63:0]       sq_base_o,
  output logic [63:0]       cq_base_o,
  output logic              coalesce_o,
  output logic [7:0]        coalesce_count_o,
  output logic [23:0]       coalesce_clocks_o,
  input  logic [Queues-1:0] queue_enable_i,
  input  logic [Queues-1:0] queue_empty_i,
  // Completion (queue_commit).
  output logic              cpl_valid_o,
  input  logic              cpl_ready_i,
  output logic [63:0]       cpl_cookie_o,
  output logic [7:0]        cpl_status_o,
  output logic [31:0]       cpl_length_o,
  // Lanes of the firmware's own (mgmt_lane_port).
  output logic [All-1:0]    mine_o,
  output logic              borrow_o,
  input  logic              last_empty_i,
  input  logic [All-1:0]    lane_idle_i,
  output logic [All-1:0]    to_o,
  output logic              job_o,
  output sluice_pkg::job_t  job_data_o,
  output logic              lane_sa_o,
  output logic [127:0]      word_o,        // of the buffer
  output logic              ring_we_o,
  input  logic              ring_room_i,
  output logic [sluice_pkg::RingAw-1:0] ring_waddr_o,
  output logic              ring_fill_o,   // with ring_bit_o in place of word_o
  output logic              ring_bit_o,
  output logic              fetched_o,
  input  logic [All-1:0]    res_valid_i,
  output logic              release_o,
  output logic              shown_o,       // results and ring words of lane_o are wanted
  output logic [4:0]        lane_o,
  input  sluice_pkg::result_t res_i,
  output logic              ring_en_o,
  output logic [sluice_pkg::RingAw-1:0] ring_raddr_o,
  input  logic [127:0]      ring_data_i,
  output logic              show_bit_o,    // rings' march (queue_writer)
  input  logic [(All+3)/4-1:0] differ_i,
  // March test of windows and stream state (mgmt_march).
  output logic              march_bit_o,
  output logic              march_windows_o,
  output logic              march_window_we_o,
  output logic              march_window_few_o,
  output logic [12:0]       march_window_waddr_o,
  output logic [12:0]       march_window_raddr_o,
  input  logic              march_window_bad_i,
  output logic              march_streams_o,
  output logic              march_stream_we_o,
  output logic [9:0]        march_stream_addr_o,
  input  logic              march_stream_bad_i,
  // Noise source.
  output logic              entropy_run_o,
  input  logic              entropy_i,
  input  logic              entropy_valid_i,
  output logic              idle_o
);
  localparam int unsigned RamWordsLog2 = 13;
  localparam int unsigned RamWords     = 6144;
  localparam int unsigned Events       = 10;
  localparam logic [7:0]  KeptWord     = 8'hb3;  // of the buffer: a reset leaves it, for the firmware's word on a trap

  // ---- out of reset
  logic                    wipe_table, wipe_slot, wipe_stream, wipe_ram;
  logic [10:0]             wipe_word;
  logic [RamWordsLog2-1:0] wipe_ram_addr;
  mgmt_wipe #(.RamWordsLog2(RamWordsLog2), .RamWords(RamWords), .RamFrom(`FW_END / 4)) u_wipe (
    .clk_i, .rst_ni, .done_o(wiped_o), .table_o(wipe_table), .word_addr_o(wipe_word), .slot_o(wipe_slot),
    .stream_o(wipe_stream), .stream_ready_i(wipe_ready_i), .ram_o(wipe_ram), .ram_addr_o(wipe_ram_addr)
  );

  // ---- processor
  logic         run, stop, sleep, parity, irq_timer, irq_event, armed, dev_wr, dev_rd;
  logic [2:0]   dev_page;
  logic [5:0]   dev_addr;
  logic [31:0]  wdata, dev_rdata;
  logic         cpu_buf, cpu_buf_ready, cpu_buf_we;
  logic [9:0]   cpu_buf_addr;
  logic [3:0]   cpu_buf_be;
  logic [127:0] word;
  always_ff @(posedge clk_i) run <= rst_ni && wiped_o && !stop;
  mgmt_cpu #(.RamWordsLog2(RamWordsLog2), .RamWords(RamWords), .Protected(`FW_END / 4), .Image(`FW)) u_cpu (
    .clk_i, .rst_ni(run && rst_ni), .irq_timer_i(irq_timer), .irq_event_i(irq_event), .sleep_o(sleep), .parity_o(parity),
    .wipe_i(wipe_ram), .wipe_addr_i(wipe_ram_addr),
    .dev_wr_o(dev_wr), .dev_rd_o(dev_rd), .dev_page_o(dev_page), .dev_addr_o(dev_addr), .wdata_o(wdata), .dev_rdata_i(dev_rdata),
    .buf_valid_o(cpu_buf), .buf_ready_i(cpu_buf_ready), .buf_we_o(cpu_buf_we), .buf_addr_o(cpu_buf_addr), .buf_be_o(cpu_buf_be),
    .buf_word_i(word), .bar_valid_o, .bar_addr_o, .bar_ack_i, .bar_rdata_i
  );

  // ---- devices
  logic [7:0]   sel, wr;
  logic [31:0]  sys_rdata, timer_rdata, event_rdata, queue_rdata, dma_rdata, sa_rdata, blobs_rdata, entropy_rdata;
  logic         queue_busy, dma_busy, sa_busy, blobs_busy, lane_busy, timing;
  logic [31:0]  lane_rdata;
  logic         march, march_tables, march_any, marching, march_word, march_word_we;
  logic [3:0]   march_which;
  logic [2:0]   march_bad;
  logic [All-1:0] march_rings;
  logic [10:0]  march_word_waddr, march_word_raddr;
  assign sel = 8'd1 << dev_page;
  assign wr  = dev_wr ? sel : 8'd0;
  assign dev_rdata = ({32{sel[mgmt_devices_pkg::PageSys]}} & sys_rdata) |
                     ({32{sel[mgmt_devices_pkg::PageTimer] && !dev_addr[1]}} & timer_rdata) |
                     ({32{sel[mgmt_devices_pkg::PageEvent]}} & event_rdata) |
                     ({32{sel[mgmt_devices_pkg::PageQueue]}} & queue_rdata) |
                     ({32{sel[mgmt_devices_pkg::PageDma]}} & dma_rdata) |
                     ({32{sel[mgmt_devices_pkg::PageSa]}} & (sa_rdata | blobs_rdata)) |
                     ({32{sel[mgmt_devices_pkg::PageLane]}} & lane_rdata) |
                     ({32{sel[mgmt_devices_pkg::PageEntropy]}} & entropy_rdata);

  mgmt_sys #(.Lanes(All)) u_sys (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageSys]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(sys_rdata), .cause_i,
    .self_test_i, .parity_i(parity), .ready_o, .fatal_o, .stop_o(stop), .lanes_o, .snapshot_o, .timing_o(timing), .version_o,
    .build_o, .state_o, .health_o, .pong_o, .ping_i, .ping_data_i,
    .march_o(march), .march_which_o(march_which), .march_busy_i(march_any), .march_bad_i({march_rings != '0, march_bad}),
    .march_rings_i(march_rings)
  );

  logic timer_ready;
  cpu_timer u_timer (
    .clk_i, .rst_ni, .valid_i(wr[mgmt_devices_pkg::PageTimer]), .ready_o(timer_ready), .addr_i(dev_addr[1:0]), .we_i(1'b1),
    .wdata_i(wdata), .rdata_o(timer_rdata), .irq_o(irq_timer), .armed_o(armed)
  );

  logic [Events-1:0] happens, level;
  logic              dma_end, sa_end, lane_end, lane_results, march_end, completed, entropy_have;
  always_comb begin
    happens = '0;
    level   = '0;
    level[mgmt_devices_pkg::EventPendingEntryLsb]       = want_i != 4'd0 && enable_i;
    level[mgmt_devices_pkg::EventPendingEntropyLsb]     = entropy_have;
    happens[mgmt_devices_pkg::EventPendingDmaLsb]       = dma_end;
    happens[mgmt_devices_pkg::EventPendingSaLsb]        = sa_end;
    happens[mgmt_devices_pkg::EventPendingLaneLsb]      = lane_end;
    happens[mgmt_devices_pkg::EventPendingResultsLsb]   = lane_results;
    happens[mgmt_devices_pkg::EventPendingMarchLsb]     = march_end;
    happens[mgmt_devices_pkg::EventPendingPingLsb]      = ping_i;
    happens[mgmt_devices_pkg::EventPendingStoppedLsb]   = abandon_i;
    happens[mgmt_devices_pkg::EventPendingCompletedLsb] = completed;
  end
  mgmt_event #(.Events(Events)) u_event (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageEvent]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(event_rdata),
    .happens_i(happens), .level_i(level), .irq_o(irq_event)
  );

  mgmt_queue_dev #(.IoQueues(IoQueues)) u_queue (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageQueue]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(queue_rdata),
    .busy_o(queue_busy), .completed_o(completed), .create_o, .create_ready_i, .stop_o, .coalesce_o, .queue_o, .depth_log2_o,
    .sq_base_o, .cq_base_o, .coalesce_count_o, .coalesce_clocks_o, .queue_enable_i, .queue_empty_i, .take_i(take_o), .abandon_i,
    .cpl_valid_o, .cpl_ready_i, .cpl_cookie_o, .cpl_status_o, .cpl_length_o
  );

  logic       dma_get, dma_put, nonzero_clear;
  logic [7:0] dma_get_addr, dma_put_addr;
  logic [15:0] nonzero;
  mgmt_dma u_dma (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageDma]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(dma_rdata),
    .free_i(!sa_busy && !lane_busy), .busy_o(dma_busy), .end_o(dma_end), .enable_i, .want_i, .own_take_o, .take_o, .take_addr_i,
    .rd_valid_o, .rd_ready_i, .rd_addr_o, .rd_len_o, .rd_pos_o, .end_valid_i, .end_err_i, .out_valid_o, .out_ready_i, .out_addr_o,
    .out_data_o, .get_o(dma_get), .get_addr_o(dma_get_addr), .word_i(word), .put_o(dma_put), .put_addr_o(dma_put_addr),
    .nonzero_clear_o(nonzero_clear), .nonzero_i(nonzero), .addr_o(key_src_o)
  );

  logic         sa_get, sa_put, sa_put32, sa_word_we, sa_set, sa_count_we, sa_drop_all, sa_wipe, sa_pause;
  logic [7:0]   sa_get_addr, sa_put_addr, sa_slot;
  logic [9:0]   sa_put32_addr;
  logic [127:0] sa_put_data, sa_word_data;
  logic [2:0]   sa_word_addr, sa_word_raddr;
  logic [63:0]  sa_next, sa_limit;
  logic [31:0]  sa_copy_data;
  card_pkg::meta_t sa_meta;
  mgmt_sa_dev u_sa (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageSa]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(sa_rdata),
    .free_i(!dma_busy && !lane_busy), .busy_o(sa_busy), .end_o(sa_end),
    .get_o(sa_get), .get_addr_o(sa_get_addr), .word_i(word), .put_o(sa_put), .put_addr_o(sa_put_addr), .put_data_o(sa_put_data),
    .put32_o(sa_put32), .put32_addr_o(sa_put32_addr), .sa_o(sa_slot), .word_we_o(sa_word_we), .word_addr_o(sa_word_addr),
    .word_data_o(sa_word_data),
    .set_o(sa_set), .count_we_o(sa_count_we), .count_ready_i, .meta_o(sa_meta), .next_o(sa_next), .limit_o(sa_limit), .valid_we_o,
    .valid_o, .drop_all_o(sa_drop_all), .in_use_i, .sa_busy_i, .pause_o(sa_pause), .paused_i,
    .word_raddr_o(sa_word_raddr), .word_rdata_i, .peek_o, .peeked_i, .look_meta_i, .look_next_i, .look_limit_i, .window_ready_i,
    .copy_o, .copy_ready_i, .copy_we_o, .copy_index_o, .copy_data_o(sa_copy_data), .wipe_o(sa_wipe), .wipe_ready_i,
    .key_valid_o, .key_ready_i, .key_legacy_o, .key_word_valid_i, .key_word_i, .key_done_i, .key_status_i
  );
  assign word_we_o     = wipe_table || march_word_we || sa_word_we;
  assign word_addr_o   = wipe_table ? wipe_word : march_word ? march_word_waddr : {sa_slot, sa_word_addr};
  assign word_data_o   = sa_word_data | {128{march_word && march_bit_o}};    // 0 while nobody has anything for it
  assign copy_data_o   = march_windows_o ? {32{march_bit_o}} : sa_copy_data;
  assign sa_o          = wipe_table ? wipe_word[10:3] : sa_slot;
  assign meta_we_o     = wipe_slot || sa_set;
  assign count_we_o    = wipe_slot || sa_count_we;
  assign window_init_o = meta_we_o;
  assign meta_o        = sa_meta;    // these three are 0 while the table is overwritten
  assign count_next_o  = sa_next;
  assign count_limit_o = sa_limit;
  assign drop_all_o    = sa_drop_all || fatal_o;
  assign wipe_o        = wipe_stream || sa_wipe;
  assign wipe_sa_o     = sa_o;
  assign pause_o       = sa_pause || lane_pause || march_word;
  assign word_raddr_o  = march_word ? march_word_raddr : {sa_slot, sa_word_raddr};

  logic         lane_get, lane_put, lane_pause;
  logic [7:0]   lane_get_addr, lane_put_addr;
  logic [127:0] lane_put_data;
  mgmt_lane_port #(.Lanes(Lanes), .All(All)) u_lane (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageLane]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(lane_rdata),
    .free_i(!dma_busy && !sa_busy), .busy_o(lane_busy), .end_o(lane_end), .results_o(lane_results),
    .march_i(march && march_which[mgmt_devices_pkg::SysMarchRingsLsb]), .marching_o(marching), .bad_o(march_rings),
    .get_o(lane_get), .get_addr_o(lane_get_addr), .word_i(word), .put_o(lane_put), .put_addr_o(lane_put_addr),
    .put_data_o(lane_put_data), .ready_i(ready_o), .mine_o, .show_o(shown_o), .borrow_o, .pause_o(lane_pause), .paused_i,
    .last_empty_i, .idle_i(lane_idle_i), .service_i(lanes_o), .to_o, .job_o, .job_data_o, .sa_o(lane_sa_o),
    .ring_we_o, .ring_room_i, .ring_waddr_o, .ring_bit_o, .fetched_o, .res_valid_i, .release_o,
    .lane_o, .res_i, .ring_en_o, .ring_raddr_o, .ring_data_i, .show_bit_o, .differ_i,
    .key_valid_i(key_word_valid_i), .key_i(key_word_i)
  );
  assign word_o      = word;
  assign ring_fill_o = marching;

  mgmt_march #(.SaCount(SaCount)) u_march (
    .clk_i, .rst_ni, .start_i(march && !ready_o), .which_i(march_which[2:0]), .busy_o(march_tables), .bad_o(march_bad),
    .bit_o(march_bit_o), .words_o(march_word), .word_we_o(march_word_we), .word_waddr_o(march_word_waddr),
    .word_raddr_o(march_word_raddr), .word_i(word_rdata_i), .windows_o(march_windows_o), .window_we_o(march_window_we_o),
    .window_few_o(march_window_few_o), .window_waddr_o(march_window_waddr_o), .window_raddr_o(march_window_raddr_o),
    .window_bad_i(march_window_bad_i), .streams_o(march_streams_o), .stream_we_o(march_stream_we_o),
    .stream_addr_o(march_stream_addr_o), .stream_bad_i(march_stream_bad_i)
  );
  logic march_any_q;
  assign march_any = march_tables || marching;
  assign march_end = march_any_q && !march_any;
  always_ff @(posedge clk_i) march_any_q <= rst_ni && march_any;

  mgmt_blobs u_blobs (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageSa]), .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(blobs_rdata),
    .busy_o(blobs_busy)
  );

  mgmt_entropy u_entropy (
    .clk_i, .rst_ni, .wr_i(wr[mgmt_devices_pkg::PageEntropy]), .rd_i(dev_rd && sel[mgmt_devices_pkg::PageEntropy]),
    .addr_i(dev_addr), .wdata_i(wdata), .rdata_o(entropy_rdata), .have_o(entropy_have), .run_o(entropy_run_o), .bit_i(entropy_i),
    .valid_i(entropy_valid_i)
  );

  mgmt_buffer u_buffer (
    .clk_i, .rst_ni, .in_valid_i(wr_valid_i), .in_addr_i(wr_addr_i), .in_be_i(wr_be_i), .in_data_i(wr_data_i),
    .nonzero_clear_i(nonzero_clear), .nonzero_o(nonzero),
    .put_i((wipe_table && wipe_word[7:0] != KeptWord) || dma_put || sa_put || lane_put),
    .put_addr_i(wipe_table ? wipe_word[7:0] : dma_put_addr | sa_put_addr | lane_put_addr),
    .put_data_i(sa_put_data | lane_put_data), .put32_i(sa_put32), .put32_addr_i(sa_put32_addr), .put32_data_i(copy_data_i),
    .get_i(dma_get || sa_get || lane_get), .get_addr_i(dma_get_addr | sa_get_addr | lane_get_addr), .word_o(word),
    .cpu_valid_i(cpu_buf), .cpu_ready_o(cpu_buf_ready), .cpu_we_i(cpu_buf_we), .cpu_addr_i(cpu_buf_addr), .cpu_be_i(cpu_buf_be),
    .cpu_wdata_i(wdata)
  );

  // Nothing comes of itself: the processor sleeps with nothing to wake it, or is stopped.
  assign idle_o = wiped_o && (stop ? !run : run && sleep && !irq_timer && !irq_event && !armed && !timing && !entropy_run_o) &&
                  !queue_busy && !dma_busy && !sa_busy && !blobs_busy && !lane_busy && !march_any && !lane_pause;

  logic unused;
  assign unused = &{1'b0, timer_ready};
endmodule
`default_nettype wire
