// SPDX-License-Identifier: Apache-2.0
//
// What is done about a record before its turn, while the hash works on the former one: everything that is public or needs one
// block of the cipher. It uses fields and cipher while window_i says that the job at work does without them, and that job waits
// for it (busy_o). Each step begins when the one before it is over.
//
//   seal   counter block -> nonce; header, padding, nonce or IV into the ring
//   open   header; nonce or IV; counter; mte: last block, for padding_length
`default_nettype none

module sluice_lane_prepare (
  input  logic                 clk_i,
  input  logic                 rst_ni,

  input  logic                 ready_i,        // there is a job, and its source has come
  input  logic                 fetch_err_i,
  input  sluice_lane_pkg::sa_t sa_i,
  input  logic                 on_wire_i,      // the record has a nonce or an IV
  input  logic                 window_i,       // a start now is possible
  input  logic                 take_i,
  output logic                 busy_o,
  output logic                 done_o,         // until take_i
  output logic [7:0]           status_o,

  output logic                 begin_o,        // first clock
  output logic                 nonce_load_o,
  input  logic                 nonce_busy_i,

  output logic                 fields_start_o,
  output logic [1:0]           field_o,
  output logic                 put_o,
  output logic                 scratch_o,      // the nonce's working place in the ring, not that of the record
  input  logic                 fields_busy_i,
  input  logic                 bad_format_i,
  input  logic                 bad_length_i,

  output logic                 single_o,       // one block through the cipher
  output logic                 peek_o,         // the last one of the body; else the nonce
  input  logic                 single_busy_i,
  input  logic                 cbc_quiet_i,    // the cipher can be had
  input  logic                 forged_i,
  output logic                 counter_got_o,
  output logic                 padding_got_o
);

  typedef enum logic [3:0] {Idle, Begin, Block, Crypt, Fetch, Header, Padding, Nonce, Verdict, Counter, Peek, End, Done} state_e;
  state_e     state_q, state_d;
  logic [7:0] status_q, status_d;
  logic       unused, quiet, make;

  assign unused   = &{1'b0, sa_i};
  assign quiet    = !nonce_busy_i && !fields_busy_i && !single_busy_i;
  assign make     = sa_i.sequence_nonce && !sa_i.verify;  // nonce and counter are made of one another
  assign busy_o   = state_q != Idle && state_q != Done;
  assign done_o   = state_q == Done;
  assign status_o = status_q;
  assign begin_o  = state_q == Idle && ready_i && window_i;

  always_comb begin
    state_d        = state_q;
    status_d       = status_q;
    nonce_load_o   = 1'b0;
    fields_start_o = 1'b0;
    field_o        = 2'd3;
    put_o          = sa_i.seal;
    scratch_o      = 1'b0;
    single_o       = 1'b0;
    peek_o         = 1'b0;
    counter_got_o  = 1'b0;
    padding_got_o  = 1'b0;

    unique case (state_q)
      Idle: begin
        status_d = fetch_err_i ? sluice_regs_pkg::StatusDmaError : sluice_regs_pkg::StatusOk;
        if (ready_i && window_i) state_d = fetch_err_i || sa_i.key_job ? Done : Begin;
      end
      Begin: begin
        nonce_load_o = sa_i.seal || sa_i.tls;
        state_d      = sa_i.seal && sa_i.cipher && make ? Block : Header;
      end
      Header: if (quiet) begin
        fields_start_o = !sa_i.verify;
        field_o        = 2'd0;
        state_d        = sa_i.seal ? Padding : Verdict;
      end
      Padding: if (quiet) begin
        fields_start_o = sa_i.cipher;
        field_o        = 2'd1;
        state_d        = Nonce;
      end
      Verdict: if (quiet) begin
        state_d = Nonce;
        if (bad_format_i) begin
          status_d = sluice_regs_pkg::StatusBadFormat;
          state_d  = Done;
        end else if (bad_length_i) begin
          status_d = sluice_regs_pkg::StatusBadLength;
          state_d  = Done;
        end
      end
      Nonce: if (quiet) begin
        fields_start_o = on_wire_i && !sa_i.verify;
        state_d        = sa_i.seal ? End : make ? Block : Peek;
      end
      Block: if (quiet) begin
        fields_start_o = 1'b1;
        put_o          = 1'b1;
        scratch_o      = 1'b1;
        state_d        = Crypt;
      end
      Crypt: if (quiet && cbc_quiet_i) begin
        single_o = 1'b1;
        state_d  = sa_i.seal ? Fetch : Counter;
      end
      Fetch: if (quiet) begin
        fields_start_o = 1'b1;
        put_o          = 1'b0;
        scratch_o      = 1'b1;
        state_d        = Header;
      end
      Counter: if (quiet) begin
        counter_got_o = 1'b1;
        state_d       = Peek;
        if (forged_i && sa_i.aes) begin
          status_d = sluice_regs_pkg::StatusForgedNonce;
          state_d  = Done;
        end
      end
      Peek: if (quiet && (cbc_quiet_i || !sa_i.padded || sa_i.etm)) begin
        single_o = sa_i.padded && !sa_i.etm;
        peek_o   = 1'b1;
        state_d  = End;
      end
      End: if (quiet) begin
        padding_got_o = 1'b1;
        state_d       = Done;
      end
      default: if (take_i) state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) state_q <= Idle;
    else state_q <= state_d;
    status_q <= status_d;
  end

endmodule

`default_nettype wire
