// SPDX-License-Identifier: Apache-2.0
//
// The administrator: a sequencer that serves the admin queue pair, one command at a time (identify, sa_create, sa_destroy,
// queue_create, queue_destroy), in place of the management processor. Out of reset it first overwrites every table (about 2,050
// clocks); wiped_o then stays. HMAC states are computed by a key job in a lane. The key is read twice, once to be checked and
// once by the lane; what the lane read is what counts.
`default_nettype none

module mgmt_admin #(
  parameter int unsigned SaCount  = 256,
  parameter int unsigned IoQueues = 2,
  localparam int unsigned Queues  = IoQueues + 1
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              enable_i,      // bus mastering is on and the card is ready
  input  logic              abandon_i,     // the admin queue was stopped: no completion for the command at work
  output logic              wiped_o,
  input  logic [255:0]      identity_i,    // the eight registers of struct identify
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
  input  logic [3:0]        wr_addr_i,
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
  input  logic              in_use_i,
  input  logic [7:0]        gen_i,
  input  logic              sa_busy_i,     // an operation of sa_o is somewhere
  output logic              window_init_o,
  input  logic              window_ready_i,
  // Key job.
  output logic              key_valid_o,
  input  logic              key_ready_i,
  output logic [63:0]       key_src_o,
  output logic              key_legacy_o,  // it is an MD5 key
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
  input  logic [Queues-1:0] queue_enable_i,
  input  logic [Queues-1:0] queue_empty_i,
  // Completion (queue_commit).
  output logic              cpl_valid_o,
  input  logic              cpl_ready_i,
  output logic [63:0]       cpl_cookie_o,
  output logic [7:0]        cpl_status_o,
  output logic [31:0]       cpl_length_o,
  output logic              idle_o
);
  typedef enum logic [4:0] {
    WipeAll, Idle, Fetch, FetchWait, Load, Decode, Params, ParamsWait, Check, Verdict, Counts, Words, Keys, KeysWait, Activate,
    Drain, Scrub, QueueCreate, QueueDrain, Identify, Forget, Complete
  } state_e;
  state_e state_q;

  // ---- memory: words 0 to 7 the parameter block, 8 to 11 the submission entry
  logic [127:0] mem_q [16];
  logic [127:0] word;
  logic [10:0]  step_q;
  logic [3:0]   mem_addr;
  logic         forget;
  assign forget   = state_q == WipeAll || state_q == Forget;
  assign mem_addr = {state_q == Load, state_q == Load ? {1'b0, step_q[1:0]} : step_q[2:0]};
  assign word     = mem_q[state_q == Words ? {1'b0, params_word} : mem_addr];
  always_ff @(posedge clk_i) begin
    for (int unsigned b = 0; b < 16; b++) begin
      if (forget) mem_q[step_q[3:0]][8*b +: 8] <= 8'h00;
      else if (wr_valid_i && wr_be_i[b]) mem_q[wr_addr_i][8*b +: 8] <= wr_data_i[8*b +: 8];
    end
  end

  // ---- the command
  logic [7:0]   op, sa_gen, pad, status_q;
  logic [15:0]  number;
  logic [63:0]  cookie_q;
  logic [127:0] e1_q;            // src and dst
  logic [47:0]  e2_q;            // lengths
  logic         stray_q;         // a field that must be 0 is not
  logic [63:0]  src, dst;
  logic [23:0]  src_len, dst_len;
  assign src     = e1_q[63:0];
  assign dst     = e1_q[127:64];
  assign src_len = e2_q[23:0];
  assign dst_len = e2_q[47:24];

  logic        stray, sa_range, queue_range, queue_on, queue_none;
  logic [7:0]  verdict;
  logic [31:0] length_q, where;
  logic [15:0] enable_all, empty_all;
  assign enable_all  = 16'(queue_enable_i);
  assign empty_all   = 16'(queue_empty_i);
  assign sa_range    = 32'(number) < SaCount;
  assign queue_range = number != 16'd0 && 32'(number) <= IoQueues;
  assign queue_on    = enable_all[number[3:0]];
  assign queue_none  = !queue_on && empty_all[number[3:0]];
  always_comb begin
    stray   = stray_q;
    verdict = sluice_regs_pkg::StatusOk;
    where   = 32'd0;
    unique case (op)
      sluice_regs_pkg::OpIdentify: begin
        stray = stray_q || number != '0 || sa_gen != '0 || pad != '0 || src != '0 || src_len != '0;
        where = 32'(sluice_regs_pkg::SqeDstLsb / 8);
        if (dst_len < 24'(sluice_regs_pkg::IdentifyBytes)) verdict = sluice_regs_pkg::StatusOutputTooSmall;
        else if (dst[5:0] != 6'd0) verdict = sluice_regs_pkg::StatusInvalidField;
      end
      sluice_regs_pkg::OpSaCreate: begin
        stray = stray_q || sa_gen != '0 || pad != '0 || dst != '0 || dst_len != '0;
        where = 32'(sluice_regs_pkg::SqeSaLsb / 8);
        if (!sa_range || in_use_i) verdict = sluice_regs_pkg::StatusInvalidField;
        else if (src_len != 24'(sluice_regs_pkg::SaParamsBytes)) begin
          verdict = sluice_regs_pkg::StatusInvalidField;
          where   = 32'(sluice_regs_pkg::SqeSrcLenLsb / 8);
        end
      end
      sluice_regs_pkg::OpSaDestroy: begin
        stray = stray_q || pad != '0 || e1_q != '0 || e2_q != '0;
        if (!sa_range || !in_use_i) verdict = sluice_regs_pkg::StatusNoSuchSa;
        else if (gen_i != sa_gen) verdict = sluice_regs_pkg::StatusSaMismatch;
      end
      sluice_regs_pkg::OpQueueCreate: begin
        stray   = stray_q || sa_gen != '0 || e2_q != '0;
        verdict = sluice_regs_pkg::StatusInvalidField;
        if (!queue_range || !queue_none) where = 32'(sluice_regs_pkg::SqeSaLsb / 8);
        else if (pad < 8'(sluice_regs_pkg::MinQueueDepthLog2) || pad > 8'(sluice_regs_pkg::MaxQueueDepthLog2))
          where = 32'(sluice_regs_pkg::SqePadLsb / 8);
        else if (src[5:0] != 6'd0) where = 32'(sluice_regs_pkg::SqeSrcLsb / 8);
        else if (dst[5:0] != 6'd0) where = 32'(sluice_regs_pkg::SqeDstLsb / 8);
        else verdict = sluice_regs_pkg::StatusOk;
      end
      sluice_regs_pkg::OpQueueDestroy: begin
        stray = stray_q || sa_gen != '0 || pad != '0 || e1_q != '0 || e2_q != '0;
        where = 32'(sluice_regs_pkg::SqeSaLsb / 8);
        if (!queue_range || !queue_on) verdict = sluice_regs_pkg::StatusInvalidField;
      end
      default: stray = 1'b1;
    endcase
    if (stray) verdict = sluice_regs_pkg::StatusUnsupported;
    if (verdict != sluice_regs_pkg::StatusInvalidField) where = 32'd0;
  end

  // ---- the parameter block
  logic [2:0] cipher_q;
  logic [1:0] mac_q;
  logic       open_q, bad, lacks, bad_q, lacks_q;
  logic [7:0] offset;
  mgmt_params u_params (
    .index_i(step_q[2:0]), .word_i(word), .cipher_i(cipher_q), .mac_i(mac_q), .open_i(open_q),
    .bad_o(bad), .offset_o(offset), .unsupported_o(lacks)
  );
  card_pkg::meta_t meta_q;
  logic [127:0]    config_q;
  logic [63:0]     counter_q, limit_q;

  // SA word k comes from: 0 what was checked, 2 and 3 the cipher key, the others 0 until the key job has its result.
  logic [2:0] params_word;
  assign params_word = step_q[2:0] + 3'd2;
  always_comb begin
    word_we_o   = 1'b0;
    word_addr_o = {number[7:0], step_q[2:0]};
    word_data_o = 128'd0;
    unique case (state_q)
      WipeAll: begin
        word_we_o   = 1'b1;
        word_addr_o = step_q;
      end
      Scrub: word_we_o = 1'b1;
      Words: begin
        word_we_o = 1'b1;
        if (step_q[2:0] == 3'd0) word_data_o = config_q;
        else if (step_q[2:1] == 2'd1) word_data_o = word;
      end
      KeysWait: begin
        word_we_o   = key_word_valid_i;
        word_data_o = key_word_i;
      end
      default: word_we_o = 1'b0;
    endcase
  end

  logic wipe_slot;   // each slot once in WipeAll
  assign wipe_slot     = state_q == WipeAll && step_q[2:0] == 3'd0;
  assign sa_o          = state_q == WipeAll ? step_q[10:3] : number[7:0];
  assign meta_we_o     = wipe_slot || (state_q == Counts && count_ready_i && window_ready_i);
  assign count_we_o    = meta_we_o;
  assign window_init_o = meta_we_o;
  assign meta_o        = state_q == WipeAll ? '0 : meta_q;
  assign count_next_o  = state_q == WipeAll ? 64'd0 : counter_q;
  assign count_limit_o = state_q == WipeAll ? 64'd0 : limit_q;
  assign valid_we_o    = state_q == Activate || (state_q == Decode && op == sluice_regs_pkg::OpSaDestroy && verdict == 8'd0);
  assign valid_o       = state_q == Activate;

  // ---- everything else that goes out
  assign wiped_o      = state_q != WipeAll;
  assign own_take_o   = state_q == Fetch;
  assign take_o       = state_q == Fetch && rd_ready_i;
  assign rd_valid_o   = state_q == Fetch || state_q == Params;
  assign rd_addr_o    = state_q == Fetch ? take_addr_i : src;
  assign rd_len_o     = state_q == Fetch ? 15'(sluice_regs_pkg::SqeBytes) : 15'(sluice_regs_pkg::SaParamsBytes);
  assign rd_pos_o     = state_q == Fetch ? 15'd128 : 15'd0;
  assign out_valid_o  = state_q == Identify;
  assign out_addr_o   = {dst[63:6], step_q[0], 5'd0};
  assign out_data_o   = step_q[0] ? 256'd0 : identity_i;
  assign key_valid_o  = state_q == Keys;
  assign key_legacy_o = mac_q == sluice_regs_pkg::MacMd5[1:0];
  assign key_src_o    = src + 64'(sluice_regs_pkg::SaParamsMacKeyLsb) / 64'd8;
  assign create_o     = state_q == QueueCreate && create_ready_i;
  assign stop_o       = state_q == QueueDrain && create_ready_i;
  assign queue_o      = number[3:0];
  assign depth_log2_o = pad[3:0];
  assign sq_base_o    = src;
  assign cq_base_o    = dst;

  logic abandoned_q;
  assign cpl_valid_o  = state_q == Complete && !abandoned_q;
  assign cpl_cookie_o = cookie_q;
  assign cpl_status_o = status_q;
  assign cpl_length_o = length_q;
  assign idle_o       = state_q == Idle && (want_i == 4'd0 || !enable_i);

  // ---- steps
  logic eighth;
  assign eighth = step_q[2:0] == 3'd7;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q     <= WipeAll;
      step_q      <= 11'd0;
      abandoned_q <= 1'b0;
      status_q    <= 8'd0;
      length_q    <= 32'd0;
    end else begin
      abandoned_q <= state_q != Idle && (abandoned_q || abandon_i);
      unique case (state_q)
        WipeAll: begin
          step_q <= step_q + 11'd1;
          if (step_q == 11'h7ff) state_q <= Idle;
        end
        Idle: begin
          step_q   <= 11'd0;
          status_q <= sluice_regs_pkg::StatusOk;
          length_q <= 32'd0;
          cookie_q <= 64'd0;
          if (want_i != 4'd0 && enable_i) state_q <= Fetch;
        end
        Fetch: if (rd_ready_i) state_q <= FetchWait;
        FetchWait: begin
          stray_q <= 1'b0;
          if (end_valid_i) begin
            state_q  <= end_err_i ? Complete : Load;
            status_q <= end_err_i ? sluice_regs_pkg::StatusDmaError : sluice_regs_pkg::StatusOk;
          end
        end
        Load: begin
          step_q <= step_q + 11'd1;
          unique case (step_q[1:0])
            2'd0: begin
              {cookie_q, pad, sa_gen, number} <= word[127:32];
              op      <= word[7:0];
              stray_q <= word[31:8] != '0;
            end
            2'd1: e1_q <= word;
            2'd2: begin
              e2_q    <= word[47:0];
              stray_q <= stray_q || word[127:48] != '0;
            end
            default: begin
              stray_q <= stray_q || word != '0;
              state_q <= Decode;
              step_q  <= 11'd0;
            end
          endcase
        end
        Decode: begin
          status_q <= verdict;
          length_q <= where;
          bad_q    <= 1'b0;
          lacks_q  <= 1'b0;
          if (verdict != sluice_regs_pkg::StatusOk) state_q <= Complete;
          else begin
            unique case (op)
              sluice_regs_pkg::OpIdentify:    state_q <= Identify;
              sluice_regs_pkg::OpSaCreate:    state_q <= Params;
              sluice_regs_pkg::OpSaDestroy:   state_q <= Drain;
              sluice_regs_pkg::OpQueueCreate: state_q <= QueueCreate;
              default:                        state_q <= QueueDrain;
            endcase
          end
        end

        Params: if (rd_ready_i) state_q <= ParamsWait;
        ParamsWait: if (end_valid_i) begin
          state_q  <= end_err_i ? Forget : Check;
          status_q <= end_err_i ? sluice_regs_pkg::StatusDmaError : sluice_regs_pkg::StatusOk;
        end
        Check: begin
          step_q <= step_q + 11'd1;
          if (step_q[2:0] == 3'd0) begin
            cipher_q <= word[2:0];
            mac_q    <= word[9:8];
            open_q   <= word[24];
            lacks_q  <= lacks;
            config_q <= {word[127:64], 23'd0, word[40], 2'd0, word[37:32], 7'd0, word[24], 5'd0, word[18:16], 6'd0, word[9:8],
            5'd0,
                         word[2:0]};
            meta_q.gen            <= gen_i + 8'd1;
            meta_q.open           <= word[24];
            meta_q.cipher         <= word[2:0];
            meta_q.mac            <= word[9:8];
            meta_q.form           <= word[18:16];
            meta_q.mac_len        <= word[37:32];
            meta_q.explicit_nonce <= word[40];
            meta_q.replay         <= word[48];
          end
          if (step_q[2:0] == 3'd1) {limit_q, counter_q} <= word;
          if (bad && !bad_q) begin
            bad_q    <= 1'b1;
            length_q <= 32'(sluice_regs_pkg::SqeBytes) + {24'd0, offset};
          end
          if (eighth) begin
            state_q <= Verdict;
            step_q  <= 11'd0;
          end
        end
        Verdict: begin
          state_q <= bad_q || lacks_q ? Forget : Counts;
          if (bad_q) status_q <= sluice_regs_pkg::StatusInvalidField;
          else if (lacks_q) status_q <= sluice_regs_pkg::StatusUnsupported;
        end
        Counts: if (meta_we_o) state_q <= Words;
        Words: begin
          step_q <= step_q + 11'd1;
          if (eighth) begin
            step_q  <= 11'd0;
            state_q <= mac_q == sluice_regs_pkg::MacNone[1:0] ? Activate : Keys;
          end
        end
        Keys: if (key_ready_i) begin
          state_q <= KeysWait;
          step_q  <= 11'd4;
        end
        KeysWait: begin
          if (key_word_valid_i) step_q <= step_q + 11'd1;
          if (key_done_i) begin
            step_q   <= 11'd0;
            status_q <= key_status_i;
            state_q  <= key_status_i == sluice_regs_pkg::StatusOk ? Activate : Scrub;
          end
        end
        Activate: begin
          length_q <= {24'd0, meta_q.gen};
          state_q  <= Forget;
        end

        Drain: if (!sa_busy_i) state_q <= Scrub;
        Scrub: begin
          step_q <= step_q + 11'd1;
          if (eighth) begin
            state_q <= Forget;
            step_q  <= 11'd0;
          end
        end
        Forget: begin
          step_q <= step_q + 11'd1;
          if (step_q[3:0] == 4'd15) state_q <= Complete;
        end

        QueueCreate: if (create_ready_i) state_q <= Complete;
        QueueDrain: if (empty_all[number[3:0]] && !queue_on) state_q <= Complete;
        Identify: if (out_ready_i) begin
          step_q <= step_q + 11'd1;
          if (step_q[0]) state_q <= Complete;
        end
        Complete: if (cpl_ready_i || abandoned_q) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!end_valid_i || state_q == FetchWait || state_q == ParamsWait);
`endif
endmodule
`default_nettype wire
