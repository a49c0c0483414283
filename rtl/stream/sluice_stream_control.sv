// SPDX-License-Identifier: Apache-2.0
//
// The order of steps of a part. `Next` is where every phase of a record comes back to; it looks at how far the record is.
//
//   open   header in -> prefix -> IV -> body -> finish the MAC -> compare it
//   seal   prefix -> header and IV out -> body -> (mte: finish, MAC) -> padding -> (etm: finish, MAC)
//
// Before that what the part before left is loaded, and after it is saved, or cleared when the record is over; then everything in
// the lane that holds keys or state is overwritten.
`default_nettype none

module sluice_stream_control (
  input  logic       clk_i,
  input  logic       rst_ni,

  // The job at work.
  input  logic       fetched_i,       // there is one, and its source has come
  input  logic       fetch_err_i,
  input  logic       first_i,
  input  logic       last_i,
  input  logic       seal_i,
  input  logic       etm_i,
  input  logic       mac_i,
  input  logic       des_i,
  input  logic       null_i,
  input  logic [3:0] hash_words_i,
  input  logic [5:0] mac_len_i,
  output logic       finish_o,

  // The record (sluice_stream_record) and its plan.
  input  logic       active_i,
  input  logic       prefixed_i,
  input  logic       finished_i,
  input  logic       header_done_i,
  input  logic       header_bad_i,
  input  logic       length_bad_i,
  input  logic       seal_bad_i,
  input  logic       over_i,          // the source is longer than what is to come
  input  logic       short_i,         // ... is not just as long
  input  logic       iv_pending_i,
  input  logic       body_pending_i,
  input  logic       body_end_i,      // at this clock
  input  logic       iv_end_i,
  input  logic       left_i,          // there is something to come
  input  logic [4:0] iv_len_i,
  input  logic [7:0] padding_i,
  input  logic [3:0] cipher_count_i,
  input  logic [3:0] hash_words_left_i, // words of the hash's block: as loaded, and bytes now
  input  logic [5:0] hash_now_i,
  input  logic       source_i,        // the part has bytes to take
  input  logic       verdict_bad_i,

  output logic       begin_o,
  output logic       make_header_o,
  output logic       header_byte_o,
  output logic       header_end_o,
  output logic       header_sent_o,
  output logic       take_o,
  output logic       prefix_done_o,
  output logic       finish_mac_o,
  output logic       compare_o,

  // Bytes: `what_o` they are, counted by `index_o`, and where they go.
  output logic [2:0] what_o,
  output logic [7:0] index_o,
  output logic       valid_o,
  output logic       to_hash_o,
  output logic       to_cipher_o,
  output logic       to_out_o,
  output logic       iv_o,
  output logic       message_end_o,   // the byte is 0x80
  output logic       message_length_o,
  output logic       outer_o,
  input  logic       byte_taken_i,

  // Units.
  output logic       use_hash_o,
  output logic       walking_o,
  output logic       start_o,         // first clock of a part
  input  logic       cipher_idle_i,
  input  logic       hash_quiet_i,
  output logic       hash_init_o,
  output logic       swap_read_o,     // the SA word of index_o is asked for, of the outer state
  output logic       swap_o,          // a digest word, of this index, leaves, that word enters
  output logic       des_read_o,      // a key of DES is asked for
  output logic       des_key_o,       // it is there
  output logic       load_read_o,     // a word of the inner state is asked for, with the store's

  output logic       store_read_o,
  output logic       store_write_o,
  output logic       store_clear_o,
  output logic [5:0] store_index_o,
  output logic       load_o,          // the word of index load_index_o is there
  output logic [5:0] load_index_o,
  output logic       replay_o,        // a byte of it goes to the cipher
  output logic       save_chain_o,    // a word of the hash's chain leaves,
  output logic       save_words_o,    // one of its bytes,
  output logic       save_cipher_o,   // of the cipher's chain,
  output logic       save_gather_o,   // a byte of its block

  output logic       result_o,        // one clock
  output logic [7:0] status_o,
  input  logic       result_ready_i,  // the former one has been taken

  output logic       clear_o,         // registers
  output logic       wipe_o,          // word index_o of the memories
  output logic       wipe_step_o,     // ... is being overwritten
  output logic       wipe_other_o,    // of the bank of the job that waits
  input  logic       wipe_ready_i,
  output logic       open_o,          // jobs may come
  output logic       idle_o
);

  typedef enum logic [4:0] {
    Reset, Clear, Idle, Load, Plan, Check, Restore, Replay, Init, Next, HeadIn, HeadCheck, HeadOut, IvOut, Prefix, Iv, Body,
    Drain, MessageEnd, Swap, OuterInit, Digest, MacIn, MacOut, Padding, End, Verdict, Result, Save, SaveGather, Zero, Finish
  } state_e;
  // Yosys's one-hot states are larger and slower here.
  (* fsm_encoding = "none" *) state_e state_q;
  state_e state_d;

  localparam logic [2:0] FromRing = 3'd0, FromHeader = 3'd1, FromPrefix = 3'd2, FromDigest = 3'd3, FromPadding = 3'd4,
                         FromEnd = 3'd5;

  logic [7:0] index_q, index_d, status_q, status_d;
  logic       load_q, outer_q, end_q, length_q, ended_q, mac_sent_q, padded_q, mac_done;
  logic [5:0] load_index_q;
  logic       replay_q, wiped_q, swap_q;
  logic [3:0] replay_index_q;

  assign use_hash_o = mac_i && (seal_i || etm_i);
  assign mac_done   = !use_hash_o || mac_sent_q;

  // What comes after the words of the store up to this one.
  logic [5:0] word, after_word;
  logic       restored;
  assign word = index_q[5:0];
  always_comb begin
    unique case (word)
      6'd23:   after_word = finished_i ? 6'd24 : 6'd32;
      default: after_word = word + 6'd1;
    endcase
    if (word == 6'd11) after_word = 6'd16;
    restored = (word == 6'd11 && !use_hash_o) || word == 6'd31 || (word >= 6'd32 && word[3:0] == hash_words_left_i);
  end

  logic [5:0] after_saved;
  logic       saved;
  always_comb begin
    after_saved = word + 6'd1;
    if (word == 6'd5) after_saved = 6'd8;
    else if (word == 6'd23) after_saved = finished_i ? 6'd24 : 6'd32;
    saved = word == 6'd31 || (word >= 6'd32 && word[3:0] == hash_now_i[5:2]);
  end

  // Bytes.
  always_comb begin
    what_o      = FromRing;
    valid_o     = 1'b0;
    to_hash_o   = 1'b0;
    to_cipher_o = 1'b0;
    to_out_o    = 1'b0;
    unique case (state_q)
      HeadIn: valid_o = !header_done_i && source_i;
      HeadOut: begin
        what_o    = FromHeader;
        valid_o   = 1'b1;
        to_out_o  = 1'b1;
      end
      IvOut: begin
        what_o    = FromHeader;
        valid_o   = 1'b1;
        to_out_o  = 1'b1;
        to_hash_o = use_hash_o && etm_i;
      end
      Prefix: begin
        what_o    = FromPrefix;
        valid_o   = 1'b1;
        to_hash_o = 1'b1;
      end
      Iv: begin
        valid_o     = source_i && !iv_end_i;
        to_cipher_o = 1'b1;
        to_hash_o   = use_hash_o;
      end
      Body: begin
        valid_o     = source_i && !body_end_i;
        to_cipher_o = 1'b1;
        to_hash_o   = use_hash_o && (!seal_i || !etm_i);
      end
      MessageEnd: begin
        what_o    = FromEnd;
        valid_o   = !ended_q;
        to_hash_o = 1'b1;
      end
      Digest: begin
        what_o    = FromDigest;
        valid_o   = 1'b1;
        to_hash_o = 1'b1;
      end
      MacIn: valid_o = source_i && left_i;
      MacOut: begin
        what_o      = FromDigest;
        valid_o     = 1'b1;
        to_cipher_o = !etm_i;
        to_out_o    = etm_i;
      end
      Padding: begin
        what_o      = FromPadding;
        valid_o     = 1'b1;
        to_cipher_o = 1'b1;
      end
      default: ;
    endcase
  end

  // What a job has from its beginning on, a clock late.
  logic [7:0] iv_last_q, digest_last_q, mac_last_q;
  always_ff @(posedge clk_i) begin
    iv_last_q     <= 8'd4 + {3'd0, iv_len_i};
    digest_last_q <= {2'd0, hash_words_i, 2'd0} - 8'd1;
    mac_last_q    <= {2'd0, mac_len_i} - 8'd1;
  end

  // Leaving a state sets the index to what the next one begins with.
  logic       leave;
  logic [7:0] begins;
  always_comb begin
    state_d       = state_q;
    status_d      = status_q;
    leave         = 1'b0;
    begins        = 8'd0;
    index_d       = index_q + 8'd1;
    begin_o       = 1'b0;
    make_header_o = 1'b0;
    header_end_o  = 1'b0;
    header_sent_o = 1'b0;
    prefix_done_o = 1'b0;
    finish_mac_o  = 1'b0;
    des_read_o    = 1'b0;
    hash_init_o   = 1'b0;

    unique case (state_q)
      Reset: begin
        leave   = index_q == 8'd15;
        state_d = leave ? Clear : Reset;
      end
      // Hash, keys and memories forget; registers are clear from the first clock on.
      Clear: begin
        hash_init_o = wipe_step_o && index_q == 8'd8;
        leave       = wipe_step_o && index_q == 8'd15;
        if (!wipe_step_o) index_d = index_q;
        if (leave) state_d = wiped_q ? Finish : Idle;
      end
      Idle: begin
        leave    = fetched_i;
        status_d = sluice_regs_pkg::StatusOk;
        if (leave) state_d = Load;
      end

      Load: begin
        leave   = index_q == 8'd5;
        state_d = leave ? Plan : Load;
      end
      Plan: begin
        des_read_o    = des_i && index_q < 8'd3;
        begin_o       = first_i && index_q == 8'd1;
        make_header_o = first_i && seal_i && index_q == 8'd6;
        leave         = index_q == 8'd13;
        state_d       = leave ? Check : Plan;
      end
      Check: begin
        if (fetch_err_i) status_d = sluice_regs_pkg::StatusDmaError;
        else if (!first_i && !active_i) status_d = sluice_regs_pkg::StatusBadFormat;
        else if (first_i && seal_i && seal_bad_i) status_d = sluice_regs_pkg::StatusBadLength;
        else if ((seal_i || header_done_i) && (over_i || (last_i && short_i))) status_d = sluice_regs_pkg::StatusBadLength;
        leave   = 1'b1;
        begins  = 8'd8;
        state_d = status_d == sluice_regs_pkg::StatusOk ? Restore : Result;
      end
      Restore: begin
        index_d = {2'd0, after_word};
        leave   = restored;
        begins  = 8'd16 - {4'd0, cipher_count_i};
        if (leave) state_d = cipher_count_i != 4'd0 ? Replay : Init;
      end
      Replay: begin
        leave   = index_q == 8'd15;
        state_d = leave ? Init : Replay;
      end
      Init: begin
        leave       = !load_q && !replay_q;
        hash_init_o = leave && use_hash_o && !finished_i;
        state_d     = leave ? Next : Init;
      end

      Next: begin
        leave = 1'b1;
        if (!seal_i && !header_done_i) state_d = source_i ? HeadIn : End;
        else if (use_hash_o && !prefixed_i) state_d = Prefix;
        else if (seal_i && !header_done_i) state_d = HeadOut;
        else if (iv_pending_i) state_d = source_i ? Iv : End;
        else if (body_pending_i) state_d = source_i ? Body : End;
        else if (!seal_i) begin
          if (use_hash_o && !finished_i) state_d = MessageEnd;
          else state_d = left_i && source_i ? MacIn : End;
        end else if (!last_i) state_d = End;
        else if (!etm_i && use_hash_o && !finished_i) state_d = MessageEnd;
        else if (!etm_i && !mac_done) state_d = MacOut;
        else if (!null_i && !padded_q) state_d = Padding;
        else if (use_hash_o && !finished_i) state_d = Drain;
        else if (!mac_done) state_d = MacOut;
        else state_d = End;
      end

      HeadIn: begin
        header_end_o = header_done_i;
        leave        = header_done_i || !source_i;
        if (leave) state_d = header_done_i ? HeadCheck : Next;
      end
      HeadCheck: begin
        leave = index_q == 8'd5;
        if (leave) begin
          if (header_bad_i) status_d = sluice_regs_pkg::StatusBadFormat;
          else if (length_bad_i || over_i || (last_i && short_i)) status_d = sluice_regs_pkg::StatusBadLength;
          state_d = status_d == sluice_regs_pkg::StatusOk ? Next : Result;
        end
      end
      HeadOut: begin
        leave         = byte_taken_i && index_q == 8'd4;
        begins        = 8'd5;
        header_sent_o = leave;
        if (!byte_taken_i) index_d = index_q;
        if (leave) state_d = iv_len_i == 5'd0 ? Next : IvOut;
      end
      IvOut: begin
        leave = byte_taken_i && index_q == iv_last_q;
        if (!byte_taken_i) index_d = index_q;
        if (leave) state_d = Next;
      end
      Prefix: begin
        leave         = byte_taken_i && index_q == 8'd12;
        prefix_done_o = leave;
        if (!byte_taken_i) index_d = index_q;
        if (leave) state_d = Next;
      end
      Iv: begin
        leave = !source_i || iv_end_i;
        if (leave) state_d = Next;
      end
      Body: begin
        leave = !source_i || body_end_i;
        if (leave) state_d = Next;
      end
      Drain: begin
        leave   = cipher_idle_i;
        state_d = leave ? MessageEnd : Drain;
      end

      // The end of a message: 0x80, zeros, its length in bits; inner hash, then outer.
      MessageEnd: begin
        leave  = !valid_o && hash_quiet_i;
        begins = {4'd0, hash_words_i};
        if (leave) state_d = Swap;
      end
      Swap: begin
        index_d      = index_q - 8'd1;
        leave        = index_q == 8'd0;
        finish_mac_o = leave && outer_q;
        if (leave) state_d = outer_q ? Next : OuterInit;
      end
      OuterInit: begin
        hash_init_o = 1'b1;
        leave       = 1'b1;
        state_d     = Digest;
      end
      Digest: begin
        leave = byte_taken_i && index_q == digest_last_q;
        if (!byte_taken_i) index_d = index_q;
        if (leave) state_d = MessageEnd;
      end

      MacIn: begin
        leave = !source_i || !left_i;
        if (leave) state_d = Next;
      end
      MacOut: begin
        leave = byte_taken_i && index_q == mac_last_q;
        if (!byte_taken_i) index_d = index_q;
        if (leave) state_d = Next;
      end
      Padding: begin
        leave = byte_taken_i && index_q == padding_i;
        if (!byte_taken_i) index_d = index_q;
        if (leave) state_d = Next;
      end

      End: begin
        leave   = cipher_idle_i && (!use_hash_o || hash_quiet_i);
        state_d = leave ? Verdict : End;
      end
      Verdict: begin
        leave   = 1'b1;
        state_d = Result;
        if (last_i && !header_done_i) status_d = sluice_regs_pkg::StatusBadLength;
        else if (last_i && !seal_i && etm_i && verdict_bad_i) status_d = sluice_regs_pkg::StatusAuthFailed;
      end
      Result: begin
        leave = result_ready_i;
        if (leave) state_d = status_q == sluice_regs_pkg::StatusOk && !last_i ? Save : Zero;
      end

      Save: begin
        index_d = {2'd0, after_saved};
        leave   = word == 6'd11 || saved;
        if (leave) state_d = word == 6'd11 ? SaveGather : Clear;
      end
      SaveGather: begin
        leave  = index_q == 8'd15;
        begins = 8'd16;
        if (leave) state_d = use_hash_o ? Save : Clear;
        if (!use_hash_o) begins = 8'd0;
      end
      Zero: begin
        leave   = index_q == 8'd3;
        state_d = leave ? Clear : Zero;
      end
      Finish: begin
        leave   = 1'b1;
        state_d = Idle;
      end
      default: begin
        leave   = 1'b1;
        state_d = Clear;
      end
    endcase

    if (leave) index_d = begins;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Reset;
      index_q <= 8'd0;
    end else begin
      state_q <= state_d;
      index_q <= index_d;
    end
    status_q <= status_d;
  end

  // Flags of a part.
  always_ff @(posedge clk_i) begin
    if (!rst_ni || state_q == Idle) begin
      outer_q    <= 1'b0;
      mac_sent_q <= 1'b0;
      padded_q   <= 1'b0;
    end else begin
      if (state_q == OuterInit) outer_q <= 1'b1;
      if (state_q == MacOut) mac_sent_q <= 1'b1;
      if (state_q == Padding) padded_q <= 1'b1;
    end
    if (!rst_ni) wiped_q <= 1'b0;
    else if (state_q == Idle) wiped_q <= 1'b1;
    if (state_q != MessageEnd) begin
      end_q    <= 1'b0;
      length_q <= 1'b0;
      ended_q  <= 1'b0;
    end else if (byte_taken_i) begin
      end_q <= 1'b1;
      if (length_q && hash_now_i == 6'd63) ended_q <= 1'b1;
      if (end_q && hash_now_i == 6'd56) length_q <= 1'b1;
    end
  end

  assign message_end_o    = !end_q;
  assign message_length_o = length_q || (end_q && hash_now_i == 6'd56);
  assign outer_o          = outer_q;

  // The store. What was read is there a clock later.
  assign store_read_o  = state_q == Load || state_q == Restore || state_q == Replay;
  assign store_write_o = (state_q == Save) || (state_q == SaveGather && index_q[1:0] == 2'd0);
  assign store_clear_o = state_q == Zero;
  always_comb begin
    unique case (state_q)
      Replay:     store_index_o = {4'b0011, index_q[3:2]};
      SaveGather: store_index_o = {4'b0011, index_q[3:2]};
      Zero:       store_index_o = {index_q[2:0], 3'd0};
      default:    store_index_o = word;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      load_q   <= 1'b0;
      replay_q <= 1'b0;
    end else begin
      load_q   <= state_q == Load || state_q == Restore;
      replay_q <= state_q == Replay;
    end
    swap_q         <= state_q == Swap;
    des_key_o      <= des_read_o;
    load_index_q   <= word;
    replay_index_q <= index_q[3:0];
  end
  assign load_o        = load_q;
  assign load_index_o  = replay_q ? {2'd0, replay_index_q} : load_index_q;
  assign replay_o      = replay_q;
  assign save_words_o  = state_q == Save && index_q[5] && !saved;
  assign save_cipher_o = state_q == Save && word[5:2] == 4'd2;
  assign save_gather_o = state_q == SaveGather;

  assign start_o       = state_q == Idle && fetched_i;
  assign walking_o     = state_q == HeadIn || state_q == Iv || state_q == Body || state_q == MacIn;
  assign header_byte_o = state_q == HeadIn && byte_taken_i;
  assign take_o        = byte_taken_i && (state_q == Iv || state_q == Body || state_q == MacIn);
  assign compare_o     = byte_taken_i && state_q == MacIn;
  assign swap_read_o   = state_q == Swap;
  assign swap_o        = state_q == Swap && swap_q;
  assign load_read_o   = state_q == Restore && word[5:3] == 3'd2;
  assign save_chain_o  = state_q == Save && word[5:3] == 3'd2;
  assign iv_o          = state_q == Iv || (replay_q && iv_pending_i);
  assign index_o       = index_q;

  assign result_o     = state_q == Result && result_ready_i;
  assign status_o     = status_q;
  assign clear_o      = state_q == Clear;
  assign wipe_step_o  = wipe_ready_i && (index_q != 8'd0 || hash_quiet_i);
  assign wipe_o       = state_q == Clear || state_q == Reset;
  assign wipe_other_o = state_q == Reset;
  assign open_o       = wiped_q;
  assign finish_o     = state_q == Finish;
  assign idle_o       = state_q == Idle;

endmodule

`default_nettype wire
