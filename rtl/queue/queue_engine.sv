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
  input  logic                coalesce_i,
  input  logic [7:0]          coalesce_count_i,
  input  logic [23:0]         coalesce_clocks_i,
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
  // Readings: lanes 0, submission entries 1, page lists 2; data and ends of the last two.
  output logic [2:0]          rd_valid_o,
  input  logic [2:0]          rd_ready_i,
  output logic [191:0]        rd_addr_o,
  output logic [44:0]         rd_len_o,
  output logic [4:0]          rd_lane_o,
  output logic [44:0]         rd_pos_o,
  output logic                rd_last_o,     // lanes: the last reading of its job
  output logic                rd_bad_o,      // lanes: nothing is read, the end has an error
  input  logic [2:1]          wr_valid_i,
  input  logic [10:0]         wr_addr_i,
  input  logic [15:0]         wr_be_i,
  input  logic [127:0]        wr_data_i,
  input  logic [2:1]          end_valid_i,
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
  input  logic                peek_i,
  output logic                peeked_o,
  input  logic [All-1:0]      service_i,     // lanes in service
  input  logic                borrow_i,      // the last record lane is lent
  input  logic                pause_i,
  output logic                paused_o,
  output logic                last_empty_o,
  input  logic                show_i,          // a lane's result and ring word (queue_result, queue_writer)
  input  logic [4:0]          show_lane_i,
  output logic [sluice_pkg::ResultW-1:0] shown_res_o,
  output logic [127:0]        shown_word_o,
  input  logic                show_four_i,
  input  logic                show_bit_i,
  output logic [(Lanes+StreamLanes+3)/4-1:0] differ_o,
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
  output logic                cmd_last_o,
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
  logic                cqe_phase, state_idle;
  assign adm_want_o    = want[3:0];
  assign take          = adm_own_i ? adm_take_i : fetch_take;
  assign take_queue    = adm_own_i ? 4'd0 : fetch_queue;
  assign take_count    = adm_own_i ? 4'd1 : fetch_count;
  assign taken_queue_o = take_queue;
  assign taken_count_o = take ? take_count : 4'd0;
  queue_state #(.IoQueues(IoQueues)) u_state (
    .clk_i, .rst_ni, .adm_queue_i, .create_i, .depth_log2_i, .sq_base_i, .cq_base_i, .stop_i,
    .coalesce_i, .coalesce_count_i, .coalesce_clocks_i,
    .bell_valid_i, .bell_queue_i, .bell_cq_i, .bell_i, .bad_bell_o,
    .take_i(take), .take_queue_i(take_queue), .take_count_i(take_count), .take_addr_o,
    .done_queue_i(cqe_queue), .done_i(cqe_done), .done_addr_o(cqe_addr), .done_head_o(cqe_head), .done_phase_o(cqe_phase),
    .enable_o, .want_o(want), .empty_o, .fire_o, .idle_o(state_idle)
  );
  for (genvar q = 0; q < Queues; q++) begin : g_done
    assign done_o[q] = cqe_done && cqe_queue == 4'(q);
  end

  // ---- submission entries
  logic         entry_valid, entry_ready, entry_err, fetch_idle;
  logic [511:0] entry;
  logic [3:0]   entry_queue;
  queue_fetch #(.IoQueues(IoQueues)) u_fetch (
    .clk_i, .rst_ni, .enable_i, .want_i(want), .hold_i(hold),
    .take_o(fetch_take), .take_queue_o(fetch_queue), .take_count_o(fetch_count), .take_addr_i(take_addr_o),
    .take_grant_i(!adm_own_i),
    .rd_valid_o(rd_valid_o[1]), .rd_ready_i(rd_ready_i[1]), .rd_addr_o(rd_addr_o[127:64]), .rd_len_o(rd_len_o[29:15]),
    .rd_pos_o(rd_pos_o[29:15]), .wr_valid_i(wr_valid_i[1]), .wr_addr_i(wr_addr_i[6:0]), .wr_be_i, .wr_data_i,
    .end_valid_i(end_valid_i[1]), .end_err_i,
    .out_valid_o(entry_valid), .out_ready_i(entry_ready), .out_entry_o(entry), .out_queue_o(entry_queue), .out_err_o(entry_err),
    .idle_o(fetch_idle)
  );

  // Classes that have no lane in service.
  localparam logic [31:0]  Records  = (32'd1 << Lanes) - 32'd1;
  localparam logic [31:0]  Legacy   = (32'd1 << LegacyLanes) - 32'd1;
  localparam logic [All-1:0] LastLane = All'(1) << (Lanes - 1);
  logic [2:0] none_q;   // by class; long records go where the others go
  always_ff @(posedge clk_i) begin
    none_q[card_pkg::ClassNormal] <= (service_i & Records[All-1:0]) == '0;
    none_q[card_pkg::ClassLegacy] <= (service_i & Legacy[All-1:0]) == '0;
    none_q[card_pkg::ClassStream] <= (service_i & ~Records[All-1:0]) == '0;
  end

  // ---- dispatch: check, slot, line of its class of lanes, lane
  logic            work_valid, work_ready, check_busy, table_busy, check_idle, issue_idle, lists_idle, source_idle, table_idle;
  card_pkg::work_t work;
  queue_check #(.SaCount(SaCount), .Parts(StreamLanes != 0)) u_check (
    .clk_i, .rst_ni, .in_valid_i(entry_valid), .in_ready_o(entry_ready), .in_entry_i(entry), .in_queue_i(entry_queue),
    .in_err_i(entry_err), .look_sa_o, .look_in_use_i, .look_meta_i, .look_next_i, .look_limit_i,
    .raise_o, .raise_sa_o, .raise_next_o, .out_valid_o(work_valid), .out_ready_i(work_ready), .out_o(work),
    .none_i(none_q), .peek_i, .peeked_o, .query_sa_i(adm_sa_i), .query_busy_o(check_busy), .idle_o(check_idle)
  );

  logic                put, put_lane, put_list, issue_ready, lists_ready, src_turn, dst_turn, src_got, src_err, dst_got, dst_bad;
  logic [IdW-1:0]      put_id, look_id;
  logic [IdW+1:0]      src_list_addr, dst_list_addr;
  logic [127:0]        src_list_data, dst_list_data;
  logic                list_err;
  sluice_pkg::result_t res;
  assign put_lane = put && !work.direct;
  assign put_list = put_lane && (work.src_list || work.dst_list);
  queue_lists u_lists (
    .clk_i, .rst_ni, .ready_o(lists_ready), .put_i(put_list), .put_id_i(put_id), .put_work_i(work), .put_src_turn_o(src_turn),
    .put_dst_turn_o(dst_turn),
    .rd_valid_o(rd_valid_o[2]), .rd_ready_i(rd_ready_i[2]), .rd_addr_o(rd_addr_o[191:128]), .rd_len_o(rd_len_o[44:30]),
    .rd_pos_o(rd_pos_o[44:30]), .wr_valid_i(wr_valid_i[2]), .wr_addr_i, .wr_be_i, .wr_data_i, .end_valid_i(end_valid_i[2]),
    .end_err_i, .look_id_i(look_id), .src_got_o(src_got), .src_err_o(src_err), .dst_got_o(dst_got), .dst_bad_o(dst_bad),
    .dst_err_id_i(res.id), .dst_err_o(list_err), .src_addr_i(src_list_addr), .src_data_o(src_list_data),
    .dst_addr_i(dst_list_addr),
    .dst_data_o(dst_list_data), .idle_o(lists_idle)
  );

  logic              src_valid, src_ready, src_empty, src_list, src_bad;
  logic [IdW-1:0]    src_id;
  logic [63:0]       src_addr;
  logic [14:0]       src_len, src_pos;
  logic [4:0]        src_lane;
  logic [All-1:0]    give_some, give_short, give_long, writing;
  logic [RingAw-1:0] given;
  logic [Queues-1:0] hold;
  queue_issue #(
    .Lanes(Lanes), .LegacyLanes(LegacyLanes), .StreamLanes(StreamLanes), .Queues(Queues), .RingAw(RingAw)
  ) u_issue (
    .clk_i, .rst_ni, .put_ready_o(issue_ready), .put_i(put_lane), .put_id_i(put_id), .put_work_i(work), .put_src_turn_i(src_turn),
    .put_dst_turn_i(dst_turn), .key_valid_i, .key_ready_o, .key_sa_i(adm_sa_i), .key_src_i, .key_legacy_i,
    .service_i(borrow_i ? service_i & ~LastLane : service_i), .pause_i, .paused_o, .last_empty_o, .look_id_o(look_id),
    .src_got_i(src_got), .src_err_i(src_err), .dst_got_i(dst_got), .dst_err_i(dst_bad),
    .job_valid_o, .job_ready_i, .job_o, .sa_valid_o, .some_i(give_some), .give_i(give_short | give_long), .give_long_i(give_long),
    .given_i(given), .word_addr_o,
    .rd_valid_o(src_valid), .rd_ready_i(src_ready), .rd_empty_i(src_empty), .rd_id_o(src_id), .rd_list_o(src_list),
    .rd_bad_o(src_bad),
    .rd_addr_o(src_addr), .rd_len_o(src_len), .rd_lane_o(src_lane), .rd_pos_o(src_pos), .hold_o(hold), .stall_o(lane_stall_o),
    .idle_o(issue_idle)
  );
  queue_source u_source (
    .clk_i, .rst_ni, .in_valid_i(src_valid), .in_ready_o(src_ready), .in_empty_o(src_empty), .in_id_i(src_id),
    .in_list_i(src_list),
    .in_bad_i(src_bad),
    .in_addr_i(src_addr), .in_len_i(src_len), .in_lane_i(src_lane), .in_pos_i(src_pos),
    .list_addr_o(src_list_addr), .list_data_i(src_list_data),
    .rd_valid_o(rd_valid_o[0]), .rd_ready_i(rd_ready_i[0]), .rd_addr_o(rd_addr_o[63:0]), .rd_len_o(rd_len_o[14:0]), .rd_lane_o,
    .rd_pos_o(rd_pos_o[14:0]), .rd_last_o, .rd_bad_o, .idle_o(source_idle)
  );

  // ---- in flight
  logic [IdW-1:0]      dst_id;
  logic [63:0]         dst;
  logic                dst_list, res_valid, empty_valid, empty_ready, empty_err, commit_valid, commit_err, commit_take;
  logic [14:0]         commit_length, commit_sure;
  logic [127:0]        commit_counter;
  card_pkg::flight_t   commit_flight;
  logic [7:0]          commit_status;
  logic                done_valid_q, done_err_q;
  logic [IdW-1:0]      done_id_q;
  always_ff @(posedge clk_i) begin
    done_valid_q <= done_valid_i && rst_ni;
    done_id_q    <= done_id_i;
    done_err_q   <= done_err_i;
  end
  queue_table #(.SaCount(SaCount)) u_table (
    .clk_i, .rst_ni, .in_valid_i(work_valid), .in_ready_o(work_ready), .in_i(work),
    .may_put_i(issue_ready && (lists_ready || !(work.src_list || work.dst_list))), .put_o(put), .put_id_o(put_id),
    .dst_id_i(dst_id), .dst_o(dst), .dst_list_o(dst_list),
    .res_valid_i(res_valid), .res_id_i(res.id), .res_status_i(res.status), .res_length_i(res.length), .res_sure_i(res.sure),
    .res_counter_i(res.counter), .done_valid_i(done_valid_q), .done_id_i(done_id_q), .done_err_i(done_err_q),
    .empty_valid_i(empty_valid), .empty_ready_o(empty_ready), .empty_id_i(res.id), .empty_err_i(empty_err),
    .commit_valid_o(commit_valid), .commit_flight_o(commit_flight), .commit_status_o(commit_status),
    .commit_length_o(commit_length), .commit_sure_o(commit_sure), .commit_counter_o(commit_counter), .commit_err_o(commit_err),
    .commit_take_i(commit_take), .query_sa_i(adm_sa_i), .query_busy_o(table_busy), .idle_o(table_idle)
  );
  assign sa_busy_o = check_busy || table_busy;

  // ---- results on their way out
  logic              result_idle, writer_idle, commit_idle, hand_valid, hand_ready, seg_valid, seg_ready, seg_last;
  logic [4:0]        hand_lane;
  logic [3:0]        hand_low, seg_level;
  logic [63:0]       seg_addr;
  logic [14:0]       seg_len;
  logic [IdW-1:0]    seg_id;
  queue_result #(
    .Lanes(All)
  ) u_result (
    .clk_i, .rst_ni(path_rst_ni), .res_valid_i, .res_i, .busy_i(writing), .free_o(give_short), .dst_id_o(dst_id), .dst_i(dst),
    .dst_list_i(dst_list), .res_valid_o(res_valid), .res_o(res), .done_valid_o(empty_valid), .done_ready_i(empty_ready),
    .done_err_o(empty_err), .list_addr_o(dst_list_addr), .list_data_i(dst_list_data), .list_err_i(list_err),
    .key_done_o, .key_status_o, .out_valid_o(hand_valid), .out_ready_i(hand_ready), .out_lane_o(hand_lane),
    .out_low_o(hand_low), .cmd_valid_o(seg_valid), .cmd_ready_i(seg_ready), .cmd_addr_o(seg_addr), .cmd_len_o(seg_len),
    .cmd_id_o(seg_id), .cmd_last_o(seg_last), .show_i, .show_lane_i, .shown_o(shown_res_o), .idle_o(result_idle)
  );
  sluice_fifo #(
    .Width(64 + 15 + IdW + 1), .DepthLog2(3)
  ) u_cmd (
    .clk_i, .rst_ni(path_rst_ni), .in_valid_i(seg_valid), .in_ready_o(seg_ready),
    .in_data_i({seg_addr, seg_len, seg_id, seg_last}),
    .out_valid_o(cmd_valid_o), .out_ready_i(cmd_ready_i), .out_data_o({cmd_addr_o, cmd_len_o, cmd_id_o, cmd_last_o}),
    .level_o(seg_level)
  );
  queue_writer #(
    .Lanes(All), .RingAw(RingAw)
  ) u_writer (
    .clk_i, .rst_ni(path_rst_ni), .in_valid_i(hand_valid), .in_ready_o(hand_ready), .in_lane_i(hand_lane), .in_low_i(hand_low),
    .in_word_i(res.word), .in_first_i(res.first), .in_len_i(res.out_len), .in_keep_i(res.length),
    .rd_en_o(ring_en_o), .rd_addr_o(ring_addr_o), .rd_data_i(ring_data_i), .busy_o(writing), .some_o(give_some),
    .free_o(give_long), .given_o(given), .word_valid_o, .word_ready_i, .word_o, .show_i, .show_lane_i, .shown_o(shown_word_o),
    .show_four_i, .show_bit_i, .differ_o,
    .idle_o(writer_idle)
  );
  assign res_ready_o = give_short | give_long;
  queue_commit u_commit (
    .clk_i, .rst_ni, .in_valid_i(commit_valid), .in_flight_i(commit_flight), .in_status_i(commit_status),
    .in_length_i(commit_length), .in_sure_i(commit_sure), .in_counter_i(commit_counter), .in_err_i(commit_err),
    .in_take_o(commit_take),
    .adm_valid_i(adm_cpl_valid_i), .adm_ready_o(adm_cpl_ready_o), .adm_cookie_i(adm_cpl_cookie_i),
    .adm_status_i(adm_cpl_status_i),
    .adm_length_i(adm_cpl_length_i),
    .ask_valid_o, .ask_ready_i, .ask_sa_o, .ask_counter_o, .ask_accept_o, .answer_valid_i, .replayed_i,
    .done_queue_o(cqe_queue), .done_o(cqe_done), .done_addr_i(cqe_addr), .done_head_i(cqe_head), .done_phase_i(cqe_phase),
    .cqe_valid_o, .cqe_ready_i, .cqe_addr_o, .cqe_data_o,
    .count_seal_o, .count_open_o, .count_status_o, .count_record_o, .count_content_o, .idle_o(commit_idle)
  );

  assign busy_o = !table_idle || !check_idle || !issue_idle;
  assign idle_o = state_idle && fetch_idle && check_idle && issue_idle && table_idle && lists_idle && source_idle &&
                  result_idle && writer_idle && commit_idle && !cmd_valid_o;

  logic unused;
  assign unused = &{1'b0, seg_level};
endmodule
`default_nettype wire
