// SPDX-License-Identifier: Apache-2.0
//
// The way of an operation: queue pairs, fetch, check, issue to the lanes, in-flight table, writer, commit.
`default_nettype none

module queue_engine #(
  parameter int unsigned Lanes       = 2,  // record lanes, of which the first LegacyLanes do DES, 3DES and MD5
  parameter int unsigned LegacyLanes = 0,
  parameter int unsigned StreamLanes = 0,  // lanes for parts, behind the record lanes
  parameter int unsigned IoQueues = 2,
  parameter int unsigned SaCount  = 256,
  parameter int unsigned RingAw   = sluice_pkg::RingAw,
  localparam int unsigned Queues  = IoQueues + 1,
  localparam int unsigned All     = Lanes + StreamLanes,
  localparam int unsigned IdW     = sluice_pkg::IdW
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                path_rst_ni,
  input  logic                enable_i,
  // Queue pairs: create and stop, doorbells, the administrator's taking.
  input  logic [3:0]          adm_queue_i,
  input  logic                create_i,
  input  logic [3:0]          depth_log2_i,
  input  logic [63:0]         sq_base_i,
  input  logic [63:0]         cq_base_i,
  input  logic                stop_i,
  input  logic                bell_valid_i,
  input  logic [3:0]          bell_queue_i,
  input  logic                bell_cq_i,
  input  logic [31:0]         bell_i,
  output logic                bad_bell_o,
  input  logic                adm_own_i,
  input  logic                adm_take_i,
  output logic [3:0]          adm_want_o,
  output logic [63:0]         take_addr_o,
  output logic [3:0]          taken_queue_o,
  output logic [3:0]          taken_count_o,   // 0: none this clock
  output logic [Queues-1:0]   enable_o,
  output logic [Queues-1:0]   empty_o,
  output logic [Queues-1:0]   fire_o,
  output logic [Queues-1:0]   done_o,
  // Readings: lanes 0, submission entries 1; their data and ends.
  output logic [1:0]          rd_valid_o,
  input  logic [1:0]          rd_ready_i,
  output logic [127:0]        rd_addr_o,
  output logic [29:0]         rd_len_o,
  output logic [4:0]          rd_lane_o,
  output logic [29:0]         rd_pos_o,
  output logic                rd_bad_o,      // lanes: nothing is read, the end has an error
  input  logic                wr_valid_i,
  input  logic [6:0]          wr_addr_i,
  input  logic [15:0]         wr_be_i,
  input  logic [127:0]        wr_data_i,
  input  logic                end_valid_i,
  input  logic                end_err_i,
  // SA table and windows.
  output logic [7:0]          look_sa_o,
  input  logic                look_in_use_i,
  input  card_pkg::meta_t     look_meta_i,
  input  logic [63:0]         look_next_i,
  input  logic [63:0]         look_limit_i,
  output logic                raise_o,
  output logic [7:0]          raise_sa_o,
  output logic [63:0]         raise_next_o,
  output logic [10:0]         word_addr_o,
  output logic                ask_valid_o,
  input  logic                ask_ready_i,
  output logic [7:0]          ask_sa_o,
  output logic [63:0]         ask_counter_o,
  output logic                ask_accept_o,
  input  logic                answer_valid_i,
  input  logic                replayed_i,
  // Key job, question whether an SA is busy, completion.
  input  logic                key_valid_i,
  output logic                key_ready_o,
  input  logic [63:0]         key_src_i,
  input  logic                key_legacy_i,
  output logic                key_done_o,
  output logic [7:0]          key_status_o,
  input  logic [7:0]          adm_sa_i,
  output logic                sa_busy_o,
  input  logic                adm_cpl_valid_i,
  output logic                adm_cpl_ready_o,
  input  logic [63:0]         adm_cpl_cookie_i,
  input  logic [7:0]          adm_cpl_status_i,
  input  logic [31:0]         adm_cpl_length_i,
  // Lanes.
  output logic [All-1:0]    job_valid_o,
  input  logic [All-1:0]    job_ready_i,
  output sluice_pkg::job_t    job_o,
  output logic [All-1:0]    sa_valid_o,
  input  logic [All-1:0]    res_valid_i,
  output logic [All-1:0]    res_ready_o,
  input  logic [sluice_pkg::ResultW*All-1:0] res_i,
  output logic [All-1:0]    ring_en_o,
  output logic [RingAw-1:0]   ring_addr_o,
  input  logic [128*All-1:0] ring_data_i,
  // Posted writes.
  output logic                cmd_valid_o,
  input  logic                cmd_ready_i,
  output logic [63:0]         cmd_addr_o,
  output logic [14:0]         cmd_len_o,
  output logic [IdW-1:0]      cmd_id_o,
  output logic                word_valid_o,
  input  logic                word_ready_i,
  output logic [127:0]        word_o,
  input  logic                done_valid_i,
  input  logic [IdW-1:0]      done_id_i,
  input  logic                done_err_i,
  output logic                cqe_valid_o,
  input  logic                cqe_ready_i,
  output logic [63:0]         cqe_addr_o,
  output logic [255:0]        cqe_data_o,
  // Counters.
  output logic                count_seal_o,
  output logic                count_open_o,
  output logic [3:0]          count_status_o,
  output logic [14:0]         count_record_o,
  output logic [14:0]         count_content_o,
  output logic                lane_stall_o,
  output logic                busy_o,
  output logic                idle_o
);
  // ---- queue pairs
  logic [4*Queues-1:0] want;
  logic                take, fetch_take, cqe_done;
  logic [3:0]          take_queue, take_count, fetch_queue, fetch_count, cqe_queue;
  logic [63:0]         cqe_addr;
  logic [11:0]         cqe_head;
  logic                cqe_phase;
  assign adm_want_o    = want[3:0];
  assign take          = adm_own_i ? adm_take_i : fetch_take;
  assign take_queue    = adm_own_i ? 4'd0 : fetch_queue;
  assign take_count    = adm_own_i ? 4'd1 : fetch_count;
  assign taken_queue_o = take_queue;
  assign taken_count_o = take ? take_count : 4'd0;
  queue_state #(.IoQueues(IoQueues)) u_state (
    .clk_i, .rst_ni, .adm_queue_i, .create_i, .depth_log2_i, .sq_base_i, .cq_base_i, .stop_i,
    .bell_valid_i, .bell_queue_i, .bell_cq_i, .bell_i, .bad_bell_o,
    .take_i(take), .take_queue_i(take_queue), .take_count_i(take_count), .take_addr_o,
    .done_queue_i(cqe_queue), .done_i(cqe_done), .done_addr_o(cqe_addr), .done_head_o(cqe_head), .done_phase_o(cqe_phase),
    .enable_o, .want_o(want), .empty_o, .fire_o
  );
  for (genvar q = 0; q < Queues; q++) begin : g_done
    assign done_o[q] = cqe_done && cqe_queue == 4'(q);
  end

  // ---- submission entries
  logic         entry_valid, entry_ready, entry_err, fetch_idle;
  logic [511:0] entry;
  logic [3:0]   entry_queue;
  queue_fetch #(.IoQueues(IoQueues)) u_fetch (
    .clk_i, .rst_ni, .enable_i, .want_i(want),
    .take_o(fetch_take), .take_queue_o(fetch_queue), .take_count_o(fetch_count), .take_addr_i(take_addr_o),
    .take_grant_i(!adm_own_i),
    .rd_valid_o(rd_valid_o[1]), .rd_ready_i(rd_ready_i[1]), .rd_addr_o(rd_addr_o[127:64]), .rd_len_o(rd_len_o[29:15]),
    .rd_pos_o(rd_pos_o[29:15]), .wr_valid_i, .wr_addr_i, .wr_be_i, .wr_data_i, .end_valid_i, .end_err_i,
    .out_valid_o(entry_valid), .out_ready_i(entry_ready), .out_entry_o(entry), .out_queue_o(entry_queue), .out_err_o(entry_err),
    .idle_o(fetch_idle)
  );

  // ---- dispatch
  logic            work_valid, work_ready, check_busy, issue_busy, table_busy, check_idle, issue_idle;
  card_pkg::work_t work;
  queue_check #(.SaCount(SaCount), .Parts(StreamLanes != 0)) u_check (
    .clk_i, .rst_ni, .in_valid_i(entry_valid), .in_ready_o(entry_ready), .in_entry_i(entry), .in_queue_i(entry_queue),
    .in_err_i(entry_err), .look_sa_o, .look_in_use_i, .look_meta_i, .look_next_i, .look_limit_i,
    .raise_o, .raise_sa_o, .raise_next_o, .out_valid_o(work_valid), .out_ready_i(work_ready), .out_o(work),
    .query_sa_i(adm_sa_i), .query_busy_o(check_busy), .idle_o(check_idle)
  );

  logic              id_valid, alloc, alloc_link, src_valid, src_ready, src_bad;
  logic [IdW-1:0]    id;
  card_pkg::flight_t flight;
  logic [63:0]       flight_dst, src_addr;
  logic [14:0]       src_len, src_pos;
  logic [4:0]        src_lane;
  logic [All-1:0]  give;
  assign give = res_valid_i & res_ready_o;
  queue_issue #(
    .Lanes(Lanes), .LegacyLanes(LegacyLanes), .StreamLanes(StreamLanes), .RingAw(RingAw)
  ) u_issue (
    .clk_i, .rst_ni, .in_valid_i(work_valid), .in_ready_o(work_ready), .in_i(work),
    .key_valid_i, .key_ready_o, .key_sa_i(adm_sa_i), .key_src_i, .key_legacy_i,
    .id_valid_i(id_valid), .id_i(id), .alloc_o(alloc), .flight_o(flight), .dst_o(flight_dst), .link_o(alloc_link),
    .job_valid_o, .job_ready_i, .job_o, .sa_valid_o, .give_i(give), .word_addr_o,
    .rd_valid_o(src_valid), .rd_ready_i(src_ready), .rd_addr_o(src_addr), .rd_len_o(src_len), .rd_lane_o(src_lane),
    .rd_pos_o(src_pos), .rd_bad_o(src_bad), .query_sa_i(adm_sa_i), .query_busy_o(issue_busy), .stall_o(lane_stall_o), .idle_o(issue_idle)
  );
  logic [2:0] sources;
  sluice_fifo #(
    .Width(64 + 15 + 5 + 15 + 1), .DepthLog2(2)
  ) u_sources (
    .clk_i, .rst_ni, .in_valid_i(src_valid), .in_ready_o(src_ready), .in_data_i({src_addr, src_len, src_lane, src_pos, src_bad}),
    .out_valid_o(rd_valid_o[0]), .out_ready_i(rd_ready_i[0]),
    .out_data_o({rd_addr_o[63:0], rd_len_o[14:0], rd_lane_o, rd_pos_o[14:0], rd_bad_o}), .level_o(sources)
  );

  // ---- in flight
  logic [IdW-1:0]      dst_id, commit_id;
  logic [63:0]         dst;
  logic                res_valid, empty_valid, commit_valid, commit_err, commit_take, table_idle;
  logic [IdW-1:0]      res_id;
  logic [14:0]         res_length;
  logic [7:0]          res_status;
  logic [14:0]         res_sure, commit_sure;
  logic [127:0]        res_counter, commit_counter;
  card_pkg::flight_t   commit_flight;
  logic [7:0]          commit_status;
  logic [14:0]         commit_length;
  queue_table #(.SaCount(SaCount)) u_table (
    .clk_i, .rst_ni, .id_valid_o(id_valid), .id_o(id), .alloc_i(alloc), .alloc_link_i(alloc_link), .alloc_flight_i(flight),
    .alloc_dst_i(flight_dst), .dst_id_i(dst_id), .dst_o(dst), .res_valid_i(res_valid), .res_id_i(res_id),
    .res_status_i(res_status),
    .res_length_i(res_length), .res_sure_i(res_sure), .res_counter_i(res_counter),
    .done_valid_i(done_valid_i || empty_valid), .done_id_i(done_valid_i ? done_id_i : res_id),
    .done_err_i(done_valid_i && done_err_i),
    .commit_valid_o(commit_valid), .commit_id_o(commit_id), .commit_flight_o(commit_flight), .commit_status_o(commit_status),
    .commit_length_o(commit_length), .commit_sure_o(commit_sure), .commit_counter_o(commit_counter), .commit_err_o(commit_err), .commit_take_i(commit_take),
    .query_sa_i(adm_sa_i), .query_busy_o(table_busy), .idle_o(table_idle)
  );
  assign sa_busy_o = check_busy || issue_busy || table_busy;

  logic writer_idle, commit_idle;
  queue_writer #(
    .Lanes(All), .RingAw(RingAw)
  ) u_writer (
    .clk_i, .rst_ni(path_rst_ni), .res_valid_i, .res_ready_o, .res_i, .rd_en_o(ring_en_o), .rd_addr_o(ring_addr_o),
    .rd_data_i(ring_data_i), .dst_id_o(dst_id), .dst_i(dst), .res_valid_o(res_valid), .res_id_o(res_id),
    .res_status_o(res_status), .res_length_o(res_length), .res_sure_o(res_sure), .res_counter_o(res_counter), .done_valid_o(empty_valid),
    .done_ready_i(!done_valid_i), .key_done_o, .key_status_o,
    .cmd_valid_o, .cmd_ready_i, .cmd_addr_o, .cmd_len_o, .cmd_id_o, .word_valid_o, .word_ready_i, .word_o, .idle_o(writer_idle)
  );
  queue_commit u_commit (
    .clk_i, .rst_ni, .in_valid_i(commit_valid), .in_flight_i(commit_flight), .in_status_i(commit_status),
    .in_length_i(commit_length), .in_sure_i(commit_sure), .in_counter_i(commit_counter), .in_err_i(commit_err), .in_take_o(commit_take),
    .adm_valid_i(adm_cpl_valid_i), .adm_ready_o(adm_cpl_ready_o), .adm_cookie_i(adm_cpl_cookie_i),
    .adm_status_i(adm_cpl_status_i),
    .adm_length_i(adm_cpl_length_i),
    .ask_valid_o, .ask_ready_i, .ask_sa_o, .ask_counter_o, .ask_accept_o, .answer_valid_i, .replayed_i,
    .done_queue_o(cqe_queue), .done_o(cqe_done), .done_addr_i(cqe_addr), .done_head_i(cqe_head), .done_phase_i(cqe_phase),
    .cqe_valid_o, .cqe_ready_i, .cqe_addr_o, .cqe_data_o,
    .count_seal_o, .count_open_o, .count_status_o, .count_record_o, .count_content_o, .idle_o(commit_idle)
  );

  assign busy_o = !table_idle || !check_idle || !issue_idle;
  assign idle_o = fetch_idle && check_idle && issue_idle && table_idle && writer_idle && commit_idle && sources == 3'd0;

  logic unused;
  assign unused = &{1'b0, commit_id};
endmodule
`default_nettype wire
