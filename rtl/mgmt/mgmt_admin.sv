// SPDX-License-Identifier: Apache-2.0
//
// The administrator: a sequencer that serves the admin queue pair, one command at a time, in place of the management processor.
// Out of reset it first overwrites every table (8 clocks a slot, about 2,050, or as many as the stream lanes need); wiped_o then
// stays. HMAC states are computed by a key job in a lane. The key is read twice, once to be checked and once by the lane; what
// the lane read is what counts. A replay window is copied between the buffer and sa_window in 145 clocks, in which no record
// passes sa_window: what is exported is the window of one moment.
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
  input  logic [5:0]        wr_addr_i,
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
  input  logic              in_use_i,      // these three: one clock after sa_o
  input  logic [7:0]        gen_i,
  input  logic              windowed_i,
  input  logic              sa_busy_i,     // an operation of sa_o is somewhere
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
  output logic              idle_o
);
  typedef enum logic [4:0] {
    WipeAll, Idle, Fetch, FetchWait, Load, Decode, Decide, Params, ParamsWait, Check, Verdict, Counts, Words, Keys, KeysWait,
    Activate, Drain, Scrub, QueueCreate, QueueDrain, Coalesce, Identify, CopyOut, Send, Compare, CopyIn, Forget, Complete
  } state_e;
  state_e state_q;

  localparam logic [5:0] EntryAt = 6'd60;  // word of the buffer

  // ---- buffer; what it says of step n comes in step n + 1 as word, and in step n + 2 as held_q
  logic [127:0] word, held_q;
  logic [10:0]  step_q;
  logic [7:0]   past_q;    // the step before
  logic [5:0]   buffer_addr;
  logic         took;      // a word of the window has come
  always_comb begin
    unique case (state_q)
      Load:    buffer_addr = EntryAt + {4'd0, step_q[1:0]};
      Words:   buffer_addr = {3'd0, step_q[2:0] + 3'd2};           // SA words 2 and 3: the cipher key
      Send:    buffer_addr = {step_q[6:2], step_q[1:0] != 2'd0};
      CopyIn:  buffer_addr = step_q[7:2];
      default: buffer_addr = {3'd0, step_q[2:0]};
    endcase
  end
  assign took = state_q == CopyOut && copy_ready_i && step_q != 11'd0;
  mgmt_admin_buffer u_buffer (
    .clk_i, .wr_valid_i, .wr_addr_i, .wr_be_i, .wr_data_i, .window_i(took), .window_index_i(past_q),
    .window_data_i(copy_data_i), .clear_i(state_q == WipeAll || state_q == Forget),
    .clear_addr_i(state_q == WipeAll ? step_q[5:0] : {2'd0, step_q[3:0]}), .addr_i(buffer_addr), .word_o(word)
  );
  always_ff @(posedge clk_i) begin
    past_q <= step_q[7:0];
    if (state_q != Send || step_q[1:0] != 2'd2) held_q <= word;
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

  logic        queue_on, queue_none;
  logic [7:0]  verdict, where;
  logic [31:0] length_q;
  logic [15:0] enable_all, empty_all;
  assign enable_all = 16'(queue_enable_i);
  assign empty_all  = 16'(queue_empty_i);
  assign queue_on   = enable_all[number[3:0]];
  assign queue_none = !queue_on && empty_all[number[3:0]];
  mgmt_entry #(
    .SaCount(SaCount), .IoQueues(IoQueues)
  ) u_entry (
    .op_i(op), .number_i(number), .sa_gen_i(sa_gen), .pad_i(pad), .src_i(src), .dst_i(dst), .src_len_i(src_len),
    .dst_len_i(dst_len), .stray_i(stray_q), .in_use_i, .gen_i, .windowed_i, .queue_on_i(queue_on), .queue_none_i(queue_none),
    .status_o(verdict), .where_o(where)
  );

  // ---- the parameter block
  logic [2:0] cipher_q;
  logic [1:0] mac_q;
  logic       open_q, tls_q, bad, lacks, bad_q, lacks_q;
  logic [7:0] offset;
  mgmt_params u_params (
    .features_i(identity_i[sluice_regs_pkg::IdentifyFeaturesLsb +: 32]), .index_i(step_q[2:0] - 3'd2), .word_i(held_q),
    .cipher_i(cipher_q), .mac_i(mac_q), .open_i(open_q), .tls_i(tls_q), .bad_o(bad), .offset_o(offset), .unsupported_o(lacks)
  );
  card_pkg::meta_t meta_q;
  logic [127:0]    config_q;
  logic [63:0]     counter_q, limit_q;

  // SA word k comes from: 0 what was checked, 2 and 3 the cipher key, the others 0 until the key job has its result.
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
        word_we_o   = step_q != 11'd0;
        word_addr_o = {number[7:0], past_q[2:0]};
        if (past_q[2:0] == 3'd0) word_data_o = config_q;
        else if (past_q[2:1] == 2'd1) word_data_o = word;
      end
      KeysWait: begin
        word_we_o   = key_word_valid_i;
        word_data_o = key_word_i;
      end
      default: word_we_o = 1'b0;
    endcase
  end

  // State in the stream lanes: each slot goes on when both it and the 8 words here are done.
  logic wiped_q, slot_done;
  assign wipe_o    = (state_q == WipeAll || state_q == Scrub) && !wiped_q;
  assign wipe_sa_o = sa_o;
  assign slot_done = step_q[2:0] == 3'd7 && (wiped_q || wipe_ready_i);

  // ---- replay window
  logic [15:0] incarnation_q;  // of `current`
  logic        backward;       // `former` is of a later one
  assign copy_o       = state_q == CopyOut || state_q == CopyIn;
  assign copy_we_o    = state_q == CopyIn && copy_ready_i && step_q != 11'd0;
  assign copy_index_o = state_q == CopyIn ? past_q : step_q[7:0];
  assign copy_data_o  = word[{past_q[1:0], 5'd0} +: 32];
  assign backward     = word[sluice_regs_pkg::SaWindowFormerLsb - 128 + 48 +: 16] > incarnation_q;

  logic wipe_slot;   // each slot once in WipeAll
  assign wipe_slot     = state_q == WipeAll && step_q[2:0] == 3'd0;
  assign sa_o          = state_q == WipeAll ? step_q[10:3] : number[7:0];
  assign meta_we_o     = wipe_slot || (state_q == Counts && count_ready_i && window_ready_i);
  assign count_we_o    = meta_we_o;
  assign window_init_o = meta_we_o;
  assign meta_o        = state_q == WipeAll ? '0 : meta_q;
  assign count_next_o  = state_q == WipeAll ? 64'd0 : counter_q;
  assign count_limit_o = state_q == WipeAll ? 64'd0 : limit_q;
  assign valid_we_o    = state_q == Activate ||
                        (state_q == Decide && op == sluice_regs_pkg::OpSaDestroy && status_q == sluice_regs_pkg::StatusOk);
  assign valid_o       = state_q == Activate;

  // ---- everything else that goes out
  assign wiped_o      = state_q != WipeAll;
  assign own_take_o   = state_q == Fetch;
  assign take_o       = state_q == Fetch && rd_ready_i;
  assign rd_valid_o   = state_q == Fetch || state_q == Params;
  assign rd_addr_o    = state_q == Fetch ? take_addr_i : src;
  assign rd_len_o     = state_q == Fetch ? 15'(sluice_regs_pkg::SqeBytes) :
                        op == sluice_regs_pkg::OpSaCreate ? 15'(sluice_regs_pkg::SaParamsBytes)
                                                          : 15'(sluice_regs_pkg::SaWindowBytes);
  assign rd_pos_o     = state_q == Fetch ? {5'd0, EntryAt, 4'd0} : 15'd0;
  assign out_valid_o  = (state_q == Identify || state_q == Send) && step_q[1:0] == 2'd2;
  assign out_data_o   = state_q == Send ? {word, held_q} : step_q[2] ? 256'd0 : identity_i;
  always_ff @(posedge clk_i) out_addr_o <= {dst[63:6] + 58'(step_q[10:3]), step_q[2], 5'd0};
  assign key_valid_o  = state_q == Keys;
  assign key_src_o    = src + 64'(sluice_regs_pkg::SaParamsMacKeyLsb) / 64'd8;
  assign key_legacy_o = mac_q == sluice_regs_pkg::MacMd5[1:0];
  assign create_o     = state_q == QueueCreate && create_ready_i;
  assign stop_o       = state_q == QueueDrain && create_ready_i;
  assign queue_o      = number[3:0];
  assign depth_log2_o = pad[3:0];
  assign sq_base_o    = src;
  assign cq_base_o    = dst;
  assign coalesce_o        = state_q == Coalesce && create_ready_i;
  assign coalesce_count_o  = pad;
  assign coalesce_clocks_o = src_len;

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
      wiped_q     <= 1'b0;
      status_q    <= 8'd0;
      length_q    <= 32'd0;
    end else begin
      abandoned_q <= state_q != Idle && (abandoned_q || abandon_i);
      wiped_q     <= wipe_o && wipe_ready_i ? !slot_done : wiped_q && !slot_done;
      unique case (state_q)
        WipeAll: begin
          if (!eighth || slot_done) step_q <= step_q + 11'd1;
          if (step_q == 11'h7ff && slot_done) state_q <= Idle;
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
          unique case (step_q[2:0])
            3'd0, 3'd1: stray_q <= 1'b0;
            3'd2: begin
              {cookie_q, pad, sa_gen, number} <= held_q[127:32];
              op      <= held_q[7:0];
              stray_q <= held_q[31:8] != '0;
            end
            3'd3: e1_q <= held_q;
            3'd4: begin
              e2_q    <= held_q[47:0];
              stray_q <= stray_q || held_q[127:48] != '0;
            end
            default: begin
              stray_q <= stray_q || held_q != '0;
              state_q <= Decode;
              step_q  <= 11'd0;
            end
          endcase
        end
        Decode: begin
          status_q <= verdict;
          length_q <= {24'd0, where};
          state_q  <= Decide;
        end
        Decide: begin
          bad_q   <= 1'b0;
          lacks_q <= 1'b0;
          unique case (op)
            sluice_regs_pkg::OpIdentify:      state_q <= Identify;
            sluice_regs_pkg::OpSaCreate:      state_q <= Params;
            sluice_regs_pkg::OpSaDestroy:     state_q <= Drain;
            sluice_regs_pkg::OpQueueCreate:   state_q <= QueueCreate;
            sluice_regs_pkg::OpQueueDestroy:  state_q <= QueueDrain;
            sluice_regs_pkg::OpQueueCoalesce: state_q <= Coalesce;
            sluice_regs_pkg::OpWindowExport:  state_q <= CopyOut;
            default:                          state_q <= Params;
          endcase
          if (status_q != sluice_regs_pkg::StatusOk) state_q <= Complete;
        end

        Params: if (rd_ready_i) state_q <= ParamsWait;
        ParamsWait: if (end_valid_i) begin
          state_q <= op == sluice_regs_pkg::OpSaCreate ? Check : Compare;
          if (end_err_i) begin
            state_q  <= Forget;
            status_q <= sluice_regs_pkg::StatusDmaError;
          end
        end
        Check: begin
          step_q <= step_q + 11'd1;
          if (step_q == 11'd2) begin
            cipher_q <= held_q[2:0];
            mac_q    <= held_q[9:8];
            open_q   <= held_q[24];
            tls_q    <= held_q[23:16] >= sluice_regs_pkg::FormTlsMte;
            lacks_q  <= lacks;
            config_q <= {held_q[127:64], 6'd0, held_q[57:56], 15'd0, held_q[40], 2'd0, held_q[37:32], 7'd0, held_q[24], 5'd0,
                         held_q[18:16], 6'd0, held_q[9:8], 5'd0, held_q[2:0]};
            meta_q.gen            <= gen_i + 8'd1;
            meta_q.open           <= held_q[24];
            meta_q.cipher         <= held_q[2:0];
            meta_q.mac            <= held_q[9:8];
            meta_q.form           <= held_q[18:16];
            meta_q.mac_len        <= held_q[37:32];
            meta_q.explicit_nonce <= held_q[40];
            meta_q.replay         <= held_q[48];
          end
          if (step_q == 11'd3) {limit_q, counter_q} <= held_q;
          if (step_q >= 11'd2 && bad && !bad_q) begin
            bad_q    <= 1'b1;
            length_q <= 32'(sluice_regs_pkg::SqeBytes) + {24'd0, offset};
          end
          if (step_q == 11'd9) begin
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
          if (step_q == 11'd8) begin
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
          if (!eighth) step_q <= step_q + 11'd1;
          if (slot_done) begin
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
        Coalesce: if (create_ready_i) state_q <= Complete;
        CopyOut: if (copy_ready_i) begin
          step_q <= step_q + 11'd1;
          if (step_q == 11'(sluice_regs_pkg::SaWindowBytes / 4)) begin
            step_q  <= 11'd0;
            state_q <= Send;
          end
        end
        // Three steps for each 32 bytes: the first word is asked for, then the second, then both go; in Identify alike.
        Send: begin
          if (step_q[1:0] != 2'd2) step_q <= step_q + 11'd1;
          else if (out_ready_i) begin
            step_q <= step_q + 11'd2;
            if (step_q[10:2] == 9'(sluice_regs_pkg::SaWindowBytes / 32 - 1)) begin
              step_q   <= 11'd0;
              length_q <= 32'(sluice_regs_pkg::SaWindowBytes);
              state_q  <= Complete;
            end
          end
        end
        Compare: begin
          step_q        <= step_q + 11'd1;
          incarnation_q <= word[sluice_regs_pkg::SaWindowCurrentLsb + 48 +: 16];
          if (step_q == 11'd2) begin
            step_q  <= 11'd0;
            state_q <= CopyIn;
            if (backward) begin
              state_q  <= Complete;
              status_q <= sluice_regs_pkg::StatusInvalidField;
              length_q <= 32'(sluice_regs_pkg::SqeBytes + sluice_regs_pkg::SaWindowFormerLsb / 8);
            end
          end
        end
        CopyIn: if (copy_ready_i) begin
          step_q <= step_q + 11'd1;
          if (step_q == 11'(sluice_regs_pkg::SaWindowBytes / 4)) state_q <= Complete;
        end
        Identify: begin
          if (step_q[1:0] != 2'd2) step_q <= step_q + 11'd1;
          else if (out_ready_i) begin
            step_q <= step_q + 11'd2;
            if (step_q[2]) state_q <= Complete;
          end
        end
        Complete: if (cpl_ready_i || abandoned_q) state_q <= Idle;
        default: state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) assert (!end_valid_i || state_q == FetchWait || state_q == ParamsWait);
    if (rst_ni) assert (!wr_valid_i || state_q == FetchWait || state_q == ParamsWait);
  end
`endif
endmodule
`default_nettype wire
