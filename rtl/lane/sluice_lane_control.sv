// SPDX-License-Identifier: Apache-2.0
//
// The order of steps of the job at work, which is prepared already (sluice_lane_prepare). The cipher is started beside this
// (sluice_lane_starter).
//
//   seal   hash -> MAC -> result; it is shown when the cipher is done, which may be in the time of the next record
//   open   hash | cipher -> padding -> MAC -> result
//   key    states -> ring words of the key overwritten -> the same with those, unseen -> result
//
// An open takes clocks that depend on its lengths and SA only: every step below is taken whatever the padding and the MAC are,
// and takes as long.
`default_nettype none

module sluice_lane_control (
  input  logic                 clk_i,
  input  logic                 rst_ni,

  input  logic                 take_i,          // there is a new job
  input  logic                 now_valid_i,
  input  logic [7:0]           status_i,        // what its preparation said
  input  sluice_lane_pkg::sa_t sa_i,
  output logic                 finish_o,

  output logic                 window_o,        // preparation of the next job may begin
  input  logic                 prepare_busy_i,

  input  logic                 body_started_i,  // the cipher has begun with this job's body, or has nothing to do
  input  logic                 body_done_i,
  input  logic                 nonce_busy_i,
  output logic                 release_o,       // the cipher need not wait for the hash any more

  output logic                 fields_start_o,
  output logic                 field_mac_o,     // MAC, else padding
  input  logic                 fields_busy_i,
  input  logic                 bad_field_i,
  input  logic                 bad_content_i,
  output logic                 padding_got_o,   // etm: the cipher's last byte is padding_length

  output logic                 hash_load_o,
  input  logic                 hash_loading_i,
  output logic                 hash_run_o,
  input  logic                 hash_running_i,
  output logic                 keys_start_o,
  input  logic                 keys_done_i,
  output logic                 keys_mute_o,

  output logic                 result_valid_o,
  input  logic                 result_ready_i,
  output logic [7:0]           status_o,
  output logic                 idle_o
);

  typedef enum logic [3:0] {Idle, Begin, Load, Keys, Clear, Cleared, Again, Body, Padding, Compare, Hash, Mac, Report} state_e;
  state_e     state_q, state_d;
  logic [7:0] status_q, status_d;
  logic       unused, free, done_q, chained_q;  // chained_q: there will be a next IV

  assign unused = &{1'b0, sa_i};
  assign free   = !fields_busy_i && !prepare_busy_i;

  always_comb begin
    state_d        = state_q;
    status_d       = status_q;
    fields_start_o = 1'b0;
    field_mac_o    = 1'b0;
    padding_got_o  = 1'b0;
    release_o      = 1'b0;
    hash_load_o    = 1'b0;
    hash_run_o     = 1'b0;
    keys_start_o   = 1'b0;

    unique case (state_q)
      Idle: ;
      Begin: begin
        status_d = status_i;
        if (status_i != sluice_regs_pkg::StatusOk) begin
          state_d = sa_i.key_job ? Clear : Report;
        end else if (sa_i.key_job) begin
          keys_start_o = 1'b1;
          state_d      = Keys;
        end else begin
          hash_load_o = sa_i.mac;
          state_d     = Load;
        end
      end
      Keys: if (keys_done_i) state_d = Clear;
      Clear: if (free) begin
        fields_start_o = 1'b1;
        state_d        = Cleared;
      end
      Cleared: if (!fields_busy_i) begin
        keys_start_o = 1'b1;
        state_d      = Again;
      end
      Again: if (keys_done_i) state_d = Report;
      Load: if (!hash_loading_i && !nonce_busy_i) begin  // what depends on the content's length is there
        hash_run_o = sa_i.mac;
        state_d    = sa_i.open && sa_i.padded ? Body : Hash;
      end
      Body: if (body_done_i && free) begin
        padding_got_o = sa_i.etm;
        state_d       = Padding;
      end
      Padding: state_d = Compare;
      Compare: begin
        fields_start_o = 1'b1;
        state_d        = Hash;
      end
      Hash: if (!hash_running_i && free && body_started_i && (sa_i.mac || body_done_i)) begin
        fields_start_o = sa_i.mac;
        field_mac_o    = 1'b1;
        state_d        = Mac;
      end
      Mac: if (!fields_busy_i) begin
        release_o = 1'b1;
        if (sa_i.open && (bad_field_i || bad_content_i)) status_d = sluice_regs_pkg::StatusAuthFailed;
        state_d = Report;
      end
      Report: if (finish_o) state_d = Idle;
      default: state_d = Idle;
    endcase
    if (take_i) state_d = Begin;
  end

  // The next IV of tls10 is there a clock after the body.
  assign result_valid_o = state_q == Report && (done_q || !chained_q);
  assign finish_o       = result_valid_o && result_ready_i;
  assign keys_mute_o    = state_q == Again;
  assign status_o       = status_q;
  assign idle_o         = state_q == Idle;
  assign window_o       = ((state_q == Idle && !now_valid_i) || state_q == Body || state_q == Hash) && state_d == state_q &&
                          !fields_busy_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= Idle;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    status_q  <= status_d;
    chained_q <= sa_i.chained && status_d == sluice_regs_pkg::StatusOk;
    done_q    <= body_done_i && !take_i;
  end

endmodule

`default_nettype wire
