// SPDX-License-Identifier: Apache-2.0
//
// Commit: takes operations that are done in the order of their SA, asks the replay window, settles status, length and counter,
// and writes the completion entry. The administrator's completions go the same way. About 5 clocks an operation, 10 with a
// window.
`default_nettype none

module queue_commit (
  input  logic                clk_i,
  input  logic                rst_ni,
  // In-flight table.
  input  logic                in_valid_i,
  input  card_pkg::flight_t   in_flight_i,
  input  logic [7:0]          in_status_i,
  input  logic [14:0]         in_length_i,
  input  logic [14:0]         in_sure_i,
  input  logic [127:0]        in_counter_i,
  input  logic                in_err_i,        // the destination could not be written
  output logic                in_take_o,
  // Administrator.
  input  logic                adm_valid_i,
  output logic                adm_ready_o,
  input  logic [63:0]         adm_cookie_i,
  input  logic [7:0]          adm_status_i,
  input  logic [31:0]         adm_length_i,
  // Replay window (sa_window).
  output logic                ask_valid_o,
  input  logic                ask_ready_i,
  output logic [7:0]          ask_sa_o,
  output logic [63:0]         ask_counter_o,
  output logic                ask_accept_o,
  input  logic                answer_valid_i,
  input  logic                replayed_i,
  // Queue state.
  output logic [3:0]          done_queue_o,
  output logic                done_o,
  input  logic [63:0]         done_addr_i,
  input  logic [11:0]         done_head_i,
  input  logic                done_phase_i,
  // Completion entry (pcie_wr_small).
  output logic                cqe_valid_o,
  input  logic                cqe_ready_i,
  output logic [63:0]         cqe_addr_o,
  output logic [255:0]        cqe_data_o,
  // For counters: one clock with each I/O completion.
  output logic                count_seal_o,
  output logic                count_open_o,
  output logic [3:0]          count_status_o,
  output logic [14:0]         count_record_o,  // bytes of record and content, 0 unless ok
  output logic [14:0]         count_content_o,
  output logic                idle_o
);
  typedef enum logic [2:0] {Idle, Settle, Ask, Answer, Send} state_e;
  state_e state_q;

  logic [3:0]        pair_q;
  logic [63:0]       cookie_q;
  logic [7:0]        sa_q;
  logic              settled_q, is_seal_q, is_open_q, verify_q, tell_q;
  logic [1:0]        says_q;
  logic [14:0]       src_len_q;
  logic [7:0]        status_q;
  logic [31:0]       length_q;
  logic [127:0]      counter_q;
  logic              err_q, admin_q, phase_q;
  logic [63:0]       addr_q;
  logic [11:0]       head_q;

  logic ok, told, has_result;
  assign ok         = status_q == sluice_regs_pkg::StatusOk;
  assign has_result = ok || status_q == sluice_regs_pkg::StatusReplayed;
  // The counter that this operation's completion tells.
  always_comb begin
    unique case (says_q)
      card_pkg::CounterOwn:  told = 1'b1;
      card_pkg::CounterRead: told = has_result || (tell_q && status_q == sluice_regs_pkg::StatusAuthFailed);
      card_pkg::CounterIv:   told = ok;
      default:               told = 1'b0;
    endcase
  end

  // The status is the dispatcher's: the lane, if there was one, has nothing to say.
  logic settled;
  assign settled = in_flight_i.direct || in_flight_i.status != sluice_regs_pkg::StatusOk;

  assign adm_ready_o   = state_q == Idle;
  assign in_take_o     = state_q == Send && cqe_ready_i && !admin_q;
  assign ask_valid_o   = state_q == Ask;
  assign ask_sa_o      = sa_q;
  assign ask_counter_o = counter_q[63:0];
  assign ask_accept_o  = ok;
  assign done_queue_o  = pair_q;
  assign done_o        = state_q == Send && cqe_ready_i;

  logic [127:0] counter;
  logic [31:0]  length;
  assign counter     = told && !admin_q && !settled_q ? counter_q : 128'd0;
  assign length      = has_result || admin_q ? length_q : 32'd0;
  assign cqe_valid_o = state_q == Send;
  assign cqe_addr_o  = addr_q;
  assign cqe_data_o  = {7'd0, phase_q, status_q, 4'd0, head_q, length, counter, cookie_q};

  assign count_seal_o    = in_take_o && is_seal_q;
  assign count_open_o    = in_take_o && is_open_q;
  assign count_status_o  = status_q[3:0];
  assign count_record_o  = !ok || verify_q ? 15'd0 : is_seal_q ? length_q[14:0] : src_len_q;
  assign count_content_o = !ok || verify_q ? 15'd0 : is_seal_q ? src_len_q : length_q[14:0];
  assign idle_o          = state_q == Idle;

  always_ff @(posedge clk_i) begin
    if (state_q == Idle) begin
      pair_q    <= in_flight_i.pair;
      cookie_q  <= in_flight_i.cookie;
      sa_q      <= in_flight_i.sa;
      settled_q <= settled;
      verify_q  <= in_flight_i.verify;
      says_q    <= in_flight_i.says;
      is_seal_q <= in_flight_i.is_seal;
      is_open_q <= in_flight_i.is_open;
      tell_q    <= in_flight_i.tell;
      src_len_q <= in_flight_i.src_len;
      err_q     <= in_err_i && !adm_valid_i;
      admin_q   <= adm_valid_i;
      status_q  <= settled ? in_flight_i.status : in_status_i;
      length_q  <= settled ? 32'd0 : {1'b0, in_sure_i, 1'b0, in_length_i};
      counter_q <= in_flight_i.says == card_pkg::CounterOwn ? {64'd0, in_flight_i.counter} :
                   in_flight_i.says == card_pkg::CounterIv ? in_counter_i : {64'd0, in_counter_i[63:0]};
      if (adm_valid_i) begin
        pair_q   <= 4'd0;
        cookie_q <= adm_cookie_i;
        status_q   <= adm_status_i;
        length_q   <= adm_length_i;
      end
    end
    if (state_q == Settle) begin
      addr_q  <= done_addr_i;
      head_q  <= done_head_i;
      phase_q <= done_phase_i;
    end
    if (state_q == Answer && answer_valid_i && ok && replayed_i) status_q <= sluice_regs_pkg::StatusReplayed;
    if (state_q == Settle && ok && err_q) status_q <= sluice_regs_pkg::StatusDmaError;
    if (!rst_ni) state_q <= Idle;
    else begin
      unique case (state_q)
        Idle:    if (adm_valid_i) state_q <= Settle;
                 else if (in_valid_i) state_q <= in_flight_i.is_open && in_flight_i.window && !settled ? Ask : Settle;
        Ask:     if (ask_ready_i) state_q <= Answer;
        Answer:  if (answer_valid_i) state_q <= Settle;
        Settle:  state_q <= Send;
        default: if (cqe_ready_i) state_q <= Idle;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, in_flight_i};
endmodule
`default_nettype wire
