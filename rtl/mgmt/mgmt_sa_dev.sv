// SPDX-License-Identifier: Apache-2.0
//
// Device SA: slots of the SA table, their replay windows, key jobs. Registers are in devices.toml. Keys go from the buffer to
// the table, from a key job to the table, and from the table to the secret half of the buffer, and nowhere else. A window is
// copied in 145 clocks, in which no record passes sa_window: what is copied is the window of one moment. What is read of the
// table, and the raising of a counter, takes a few clocks of the dispatcher's.
`default_nettype none

module mgmt_sa_dev (
  input  logic            clk_i,
  input  logic            rst_ni,
  // Register bus.
  input  logic            wr_i,
  input  logic [5:0]      addr_i,
  input  logic [31:0]     wdata_i,
  output logic [31:0]     rdata_o,
  input  logic            free_i,        // no other device uses the buffer
  output logic            busy_o,
  output logic            end_o,
  // Buffer.
  output logic            get_o,
  output logic [7:0]      get_addr_o,
  input  logic [127:0]    word_i,
  output logic            put_o,
  output logic [7:0]      put_addr_o,
  output logic [127:0]    put_data_o,
  output logic            put32_o,       // of a window
  output logic [9:0]      put32_addr_o,
  // SA table; its read ports once they are lent.
  output logic [7:0]      sa_o,
  output logic            word_we_o,
  output logic [2:0]      word_addr_o,
  output logic [127:0]    word_data_o,
  output logic            set_o,         // meta and counters, and the window begins
  output logic            count_we_o,    // counters
  input  logic            count_ready_i,
  output card_pkg::meta_t meta_o,
  output logic [63:0]     next_o,
  output logic [63:0]     limit_o,
  output logic            valid_we_o,
  output logic            valid_o,
  output logic            drop_all_o,
  input  logic            in_use_i,      // one clock after sa_o
  input  logic            sa_busy_i,
  output logic            pause_o,       // the words' port
  input  logic            paused_i,
  output logic [2:0]      word_raddr_o,
  input  logic [127:0]    word_rdata_i,
  output logic            peek_o,        // meta and counters
  input  logic            peeked_i,      // what comes one clock later is of sa_o
  input  card_pkg::meta_t look_meta_i,
  input  logic [63:0]     look_next_i,
  input  logic [63:0]     look_limit_i,
  // Replay windows.
  input  logic            window_ready_i,
  output logic            copy_o,
  input  logic            copy_ready_i,
  output logic            copy_we_o,
  output logic [7:0]      copy_index_o,
  output logic [31:0]     copy_data_o,
  // State of the slot in the stream lanes: held until ready.
  output logic            wipe_o,
  input  logic            wipe_ready_i,
  // Key job.
  output logic            key_valid_o,
  input  logic            key_ready_i,
  output logic            key_legacy_o,
  input  logic            key_word_valid_i,
  input  logic [127:0]    key_word_i,
  input  logic            key_done_i,
  input  logic [7:0]      key_status_i
);
  typedef enum logic [3:0] {
    Idle, WordsIn, Pause, WordsOut, Scrub, Set, Look, Got, Judge, Raise, Load, CopyOut, CopyIn, Keys, KeysWait
  } state_e;
  state_e state_q;

  logic [7:0]  slot_q, offset_q, err_q, step_q, past_q;  // offset: word of the buffer
  logic [24:0] meta_q;
  logic [63:0] next_q, limit_q;
  logic        raise_q, legacy_q, less_q, wiped_q, limit_only_q;

  logic [3:0] command;
  logic       go;
  assign command = wdata_i[3:0];
  assign go      = wr_i && {addr_i, 2'd0} == mgmt_devices_pkg::SaCommand && free_i && state_q == Idle;
  assign busy_o  = state_q != Idle;
  assign sa_o    = slot_q;

  // ---- words
  logic out, secret;
  assign out          = state_q == WordsOut && step_q != 8'd0;
  assign secret       = offset_q[7:6] == 2'b11 && offset_q[5:0] <= 6'd56;
  assign word_we_o    = (state_q == WordsIn && step_q != 8'd0) || (state_q == Scrub && !step_q[3]) ||
                        (state_q == KeysWait && key_word_valid_i);
  assign word_addr_o  = state_q == WordsIn ? past_q[2:0] : step_q[2:0];
  assign word_data_o  = ({128{state_q == WordsIn}} & word_i) | ({128{state_q == KeysWait}} & key_word_i);
  assign pause_o      = state_q == Pause || state_q == WordsOut;
  assign word_raddr_o = step_q[2:0];

  // ---- buffer
  logic copied;
  assign copied     = state_q == CopyOut && copy_ready_i && step_q != 8'd0;
  assign get_o      = state_q == WordsIn || state_q == Load || state_q == CopyIn;
  logic [7:0] index, place;   // one adder for all
  assign index = copy_o ? {2'd0, state_q == CopyIn ? step_q[7:2] : past_q[7:2]} : out ? past_q : step_q;
  assign place = offset_q + index;
  assign get_addr_o = !get_o ? 8'd0 : place;
  assign put_o        = out;
  assign put_addr_o   = out ? place : 8'd0;
  assign put_data_o   = {128{out}} & word_rdata_i;
  assign put32_o      = copied;
  assign put32_addr_o = {place, past_q[1:0]};

  // ---- the table's other parts
  assign set_o      = state_q == Set && count_ready_i && window_ready_i;
  assign count_we_o = set_o || (state_q == Raise && count_ready_i && !step_q[0]);
  assign meta_o     = meta_q;
  assign next_o     = next_q;
  assign limit_o    = limit_q;
  assign valid_we_o = go && (command == mgmt_devices_pkg::SaCommandValid || command == mgmt_devices_pkg::SaCommandDrop);
  assign valid_o    = command == mgmt_devices_pkg::SaCommandValid;
  assign drop_all_o = go && command == mgmt_devices_pkg::SaCommandDropAll;
  assign peek_o     = state_q == Look || state_q == Got || state_q == Judge || state_q == Raise;
  assign wipe_o     = state_q == Scrub && !wiped_q;

  // ---- window
  assign copy_o       = state_q == CopyOut || state_q == CopyIn;
  assign copy_we_o    = state_q == CopyIn && copy_ready_i && step_q != 8'd0;
  assign copy_index_o = state_q == CopyIn ? past_q : step_q;
  assign copy_data_o  = word_i[{past_q[1:0], 5'd0} +: 32];

  assign key_valid_o  = state_q == Keys;
  assign key_legacy_o = legacy_q;

  always_comb begin
    unique case ({addr_i, 2'd0})
      mgmt_devices_pkg::SaState:   rdata_o = {30'd0, sa_busy_i, in_use_i};
      mgmt_devices_pkg::SaMeta:    rdata_o = {7'd0, meta_q};
      mgmt_devices_pkg::SaNextLo:  rdata_o = next_q[31:0];
      mgmt_devices_pkg::SaNextHi:  rdata_o = next_q[63:32];
      mgmt_devices_pkg::SaLimitLo: rdata_o = limit_q[31:0];
      mgmt_devices_pkg::SaLimitHi: rdata_o = limit_q[63:32];
      mgmt_devices_pkg::SaCommand: rdata_o = {busy_o, 23'd0, err_q};
      default:                     rdata_o = 32'd0;
    endcase
  end

  logic write, loaded;
  assign write  = wr_i && !busy_o;
  assign loaded = state_q == Got && !raise_q;    // or limit alone: the counter stays
  always_ff @(posedge clk_i) begin
    past_q <= step_q;
    less_q <= next_q < look_next_i;
    if (write) begin
      unique case ({addr_i, 2'd0})
        mgmt_devices_pkg::SaSlot:    slot_q         <= wdata_i[7:0];
        mgmt_devices_pkg::SaMeta:    meta_q         <= wdata_i[24:0];
        mgmt_devices_pkg::SaNextLo:  next_q[31:0]   <= wdata_i;
        mgmt_devices_pkg::SaNextHi:  next_q[63:32]  <= wdata_i;
        mgmt_devices_pkg::SaLimitLo: limit_q[31:0]  <= wdata_i;
        mgmt_devices_pkg::SaLimitHi: limit_q[63:32] <= wdata_i;
        mgmt_devices_pkg::SaOffset:  offset_q       <= wdata_i[11:4];
        default: ;
      endcase
    end
    if (loaded) begin
      meta_q  <= look_meta_i;
      limit_q <= look_limit_i;
    end
    if (loaded || (state_q == Got && limit_only_q)) next_q <= look_next_i;
    if (state_q == Load && past_q == 8'd0) {limit_q, next_q} <= word_i;
    if (state_q == Load && past_q == 8'd1) meta_q <= word_i[24:0];
    if (go) begin
      raise_q  <= command == mgmt_devices_pkg::SaCommandRaise || command == mgmt_devices_pkg::SaCommandLimit;
      limit_only_q <= command == mgmt_devices_pkg::SaCommandLimit;
      legacy_q <= wdata_i[mgmt_devices_pkg::SaCommandLegacyLsb];
    end
    end_o <= 1'b0;
    if (!rst_ni) begin
      state_q <= Idle;
      slot_q  <= 8'd0;
      meta_q  <= '0;
      next_q  <= '0;
      limit_q <= '0;
      err_q   <= 8'd0;
      step_q  <= 8'd0;
      wiped_q <= 1'b0;
      end_o   <= 1'b0;
    end else begin
      unique case (state_q)
        Idle: begin
          step_q  <= 8'd0;
          wiped_q <= 1'b0;
          if (go) begin
            err_q <= 8'd0;
            unique case (command)
              mgmt_devices_pkg::SaCommandWordsIn:   state_q <= WordsIn;
              mgmt_devices_pkg::SaCommandWordsOut: begin
                if (secret) state_q <= Pause;
                else {err_q[0], end_o} <= 2'b11;
              end
              mgmt_devices_pkg::SaCommandScrub:     state_q <= Scrub;
              mgmt_devices_pkg::SaCommandSet:       state_q <= Set;
              mgmt_devices_pkg::SaCommandGet,
              mgmt_devices_pkg::SaCommandLimit,
              mgmt_devices_pkg::SaCommandRaise:     state_q <= Look;
              mgmt_devices_pkg::SaCommandLoad:      state_q <= Load;
              mgmt_devices_pkg::SaCommandWindowOut: state_q <= CopyOut;
              mgmt_devices_pkg::SaCommandWindowIn:  state_q <= CopyIn;
              mgmt_devices_pkg::SaCommandKeys:      state_q <= Keys;
              default:                              end_o   <= 1'b1;
            endcase
          end
        end
        Pause: if (paused_i) state_q <= WordsOut;
        WordsIn, WordsOut: step_q <= step_q + 8'd1;
        Scrub: begin
          if (!step_q[3]) step_q <= step_q + 8'd1;
          if (wipe_ready_i) wiped_q <= 1'b1;
        end
        Look:  if (peeked_i) state_q <= Got;
        Got:   state_q <= Judge;
        Raise: if (count_ready_i) step_q <= 8'd1;
        Load:  step_q <= step_q + 8'd1;
        CopyOut, CopyIn: if (copy_ready_i) step_q <= step_q + 8'd1;
        Keys: if (key_ready_i) begin
          state_q <= KeysWait;
          step_q  <= 8'd4;
        end
        KeysWait: begin
          if (key_word_valid_i) step_q <= step_q + 8'd1;
          err_q <= key_done_i ? key_status_i : 8'd0;
        end
        default: ;
      endcase
      if (((state_q == WordsIn || state_q == WordsOut) && step_q == 8'd8) || set_o ||
          (state_q == Scrub && step_q[3] && (wiped_q || wipe_ready_i)) ||
          (state_q == Judge && (!raise_q || (less_q && !limit_only_q))) ||
          (state_q == Raise && step_q[0] && count_ready_i) || (state_q == Load && step_q == 8'd2) ||
          (copy_o && copy_ready_i && step_q == 8'(sluice_regs_pkg::SaWindowBytes / 4)) ||
          (state_q == KeysWait && key_done_i)) begin
        state_q <= Idle;
        end_o   <= 1'b1;
        if (state_q == Judge && raise_q) err_q <= 8'd1;
      end else if (state_q == Judge) state_q <= Raise;
    end
  end
endmodule
`default_nettype wire
