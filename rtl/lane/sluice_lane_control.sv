// SPDX-License-Identifier: Apache-2.0
//
// The order of steps of a record. Each start output is one clock; the step that waits for it looks at the busy input from the
// next clock on.
//
//   seal   header, padding | nonce -> hash, nonce's place | cipher -> MAC -> result
//   open   header -> nonce -> counter -> (mte: last block) -> hash | cipher -> padding -> MAC -> result
//
// An open takes clocks that depend on its lengths and SA only: every step below is taken whatever the padding and the MAC are,
// and takes as long. Only the header and a forged AES nonce end it early.
`default_nettype none

module sluice_lane_control (
  input  logic       clk_i,
  input  logic       rst_ni,

  // The job at work.
  input  logic       fetched_i,       // there is one, and its source has come
  input  logic       fetch_err_i,
  input  logic       open_i,
  input  logic       key_job_i,
  input  logic       verify_i,        // open_i too
  input  logic       cipher_i,        // there is a block cipher, and it has work
  input  logic       padded_i,        // there is padding: with a cipher, also in what a verify is given
  input  logic       on_wire_i,       // the record has a nonce or an IV
  input  logic       tls_i,
  input  logic       mac_i,           // there is a MAC
  input  logic       etm_i,
  input  logic       explicit_i,
  output logic       finish_o,

  output logic       setup_o,         // first clock of a record

  output logic       fields_start_o,
  output logic [1:0] field_o,
  input  logic       fields_busy_i,
  input  logic       bad_format_i,
  input  logic       bad_length_i,
  input  logic       bad_field_i,
  input  logic       bad_content_i,

  output logic       cbc_start_o,
  output logic [1:0] cbc_op_o,
  input  logic       cbc_busy_i,
  output logic       nonce_made_o,    // the cipher's result is the nonce
  input  logic       nonce_busy_i,    // it is on its way
  input  logic       forged_i,
  output logic       counter_got_o,   // the counter of the nonce is there
  output logic       padding_got_o,   // the cipher's last byte is padding_length
  output logic       mac_put_o,       // seal, mte: the MAC is in the ring; until the record's end

  output logic       hash_load_o,
  input  logic       hash_loading_i,
  output logic       hash_run_o,
  input  logic       hash_running_i,
  input  logic       hash_begun_i,    // it has the nonce

  output logic       keys_start_o,
  input  logic       keys_done_i,

  output logic       result_valid_o,
  input  logic       result_ready_i,
  output logic [7:0] status_o,
  output logic       idle_o
);

  typedef enum logic [4:0] {
    Idle, Setup, Keys, Report,
    SealHeader, SealNonce, SealIv, SealRun, SealPut, SealHash, SealMac, SealEnd,
    OpenHeader, OpenNonce, OpenCounter, OpenPeek, OpenSettle, OpenRun, OpenBody, OpenPadding, OpenCompare, OpenHash, OpenMac
  } state_e;
  state_e state_q, state_d;

  logic [7:0] status_q, status_d;
  logic       mac_put_q, sequence_cipher, quiet;

  assign sequence_cipher = cipher_i && !explicit_i;
  assign quiet        = !fields_busy_i && !cbc_busy_i && !hash_loading_i;

  always_comb begin
    state_d        = state_q;
    status_d       = status_q;
    setup_o        = 1'b0;
    fields_start_o = 1'b0;
    field_o        = 2'd0;
    cbc_start_o    = 1'b0;
    cbc_op_o       = 2'd0;
    nonce_made_o   = 1'b0;
    counter_got_o  = 1'b0;
    padding_got_o  = 1'b0;
    hash_load_o    = 1'b0;
    hash_run_o     = 1'b0;
    keys_start_o   = 1'b0;

    unique case (state_q)
      Idle: if (fetched_i) begin
        setup_o  = 1'b1;
        status_d = fetch_err_i ? sluice_regs_pkg::StatusDmaError : sluice_regs_pkg::StatusOk;
        state_d  = fetch_err_i ? Report : Setup;
      end
      Setup: begin  // the plan is ready at its end; the header is the first to need it
        keys_start_o   = key_job_i;
        fields_start_o = !key_job_i && !verify_i;
        hash_load_o    = !key_job_i && mac_i;
        cbc_start_o    = !key_job_i && !open_i && sequence_cipher;
        state_d        = key_job_i ? Keys : open_i ? OpenHeader : SealHeader;
      end
      Keys: if (keys_done_i) state_d = Report;

      SealHeader: if (!fields_busy_i) begin
        fields_start_o = cipher_i;
        field_o        = 2'd1;
        state_d        = SealNonce;
      end
      SealNonce: if (quiet) begin
        nonce_made_o   = sequence_cipher;
        fields_start_o = tls_i && on_wire_i;
        field_o        = 2'd3;
        state_d        = SealIv;
      end
      SealIv: if (!fields_busy_i) state_d = SealRun;
      SealRun: if (!nonce_busy_i) begin
        hash_run_o  = mac_i;
        cbc_start_o = cipher_i;
        cbc_op_o    = 2'd3;
        state_d     = SealPut;
      end
      SealPut: if (hash_begun_i || !mac_i) begin
        fields_start_o = !tls_i;
        field_o        = 2'd3;
        state_d        = SealHash;
      end
      SealHash: if (!fields_busy_i && !hash_running_i) begin
        fields_start_o = mac_i;
        field_o        = 2'd2;
        state_d        = SealMac;
      end
      SealMac: if (!fields_busy_i) state_d = SealEnd;
      SealEnd: if (quiet) state_d = Report;

      OpenHeader: if (!fields_busy_i && !nonce_busy_i) begin
        fields_start_o = on_wire_i && !bad_format_i && !bad_length_i;
        field_o        = 2'd3;
        state_d        = OpenNonce;
        if (bad_format_i) begin
          status_d = sluice_regs_pkg::StatusBadFormat;
          state_d  = Report;
        end else if (bad_length_i) begin
          status_d = sluice_regs_pkg::StatusBadLength;
          state_d  = Report;
        end
      end
      OpenNonce: if (!fields_busy_i) begin
        cbc_start_o = sequence_cipher;
        cbc_op_o    = 2'd1;
        state_d     = OpenCounter;
      end
      OpenCounter: if (!cbc_busy_i) begin
        counter_got_o = !explicit_i;
        cbc_start_o   = padded_i && !etm_i;
        cbc_op_o      = 2'd2;
        state_d       = OpenPeek;
        if (sequence_cipher && forged_i) begin
          cbc_start_o = 1'b0;
          status_d    = sluice_regs_pkg::StatusForgedNonce;
          state_d     = Report;
        end
      end
      OpenPeek: if (!cbc_busy_i) begin
        padding_got_o = padded_i && !etm_i;
        state_d       = OpenSettle;
      end
      OpenSettle: if (!hash_loading_i) state_d = OpenRun;  // the plan takes the padding in
      OpenRun: begin
        hash_run_o  = mac_i;
        cbc_start_o = cipher_i;
        cbc_op_o    = 2'd3;
        state_d     = OpenBody;
      end
      OpenBody: if (!cbc_busy_i) begin
        padding_got_o = cipher_i;
        state_d       = OpenPadding;
      end
      OpenPadding: state_d = OpenCompare;       // and now, in etm
      OpenCompare: begin
        fields_start_o = padded_i;
        field_o        = 2'd1;
        state_d        = OpenHash;
      end
      OpenHash: if (!fields_busy_i && !hash_running_i) begin
        fields_start_o = mac_i;
        field_o        = 2'd2;
        state_d        = OpenMac;
      end
      OpenMac: if (!fields_busy_i) begin
        if (bad_field_i || bad_content_i) status_d = sluice_regs_pkg::StatusAuthFailed;
        state_d = Report;
      end

      Report: if (result_ready_i && !hash_loading_i) state_d = Idle;
      default: state_d = Idle;
    endcase
  end

  assign finish_o       = state_q == Report && state_d == Idle;
  assign result_valid_o = state_q == Report && !hash_loading_i;
  assign status_o       = status_q;
  assign idle_o         = state_q == Idle;
  assign mac_put_o      = mac_put_q;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= Idle;
    end else begin
      state_q <= state_d;
    end
  end

  always_ff @(posedge clk_i) begin
    status_q <= status_d;
    if (setup_o) mac_put_q <= 1'b0;
    else if (state_q == SealMac && !fields_busy_i) mac_put_q <= 1'b1;
  end

endmodule

`default_nettype wire
