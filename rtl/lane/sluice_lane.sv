// SPDX-License-Identifier: Apache-2.0
//
// A record lane: the hardware that works on one record at a time, in place, in a ring of its own. README.md has the picture.
//
// It holds a job at work, two that wait, and a result. Source bytes of the next records come in and the bytes of the former one
// go out while it computes, and the next record is prepared. A 1400-byte record with AES-128 and HMAC-SHA-256 takes about 1606
// clocks, of which 1560 are the hash's.
`default_nettype none

module sluice_lane #(
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  // What this lane can do beside AES and HMAC-SHA-256: 0 leaves it out. Legacy: DES, 3DES and HMAC-MD5.
  parameter bit          Legacy = 1'b0,
  parameter bit          Sha1   = 1'b1,
  parameter bit          Null   = 1'b1
) (
  input  logic                clk_i,
  input  logic                rst_ni,

  // Jobs, in order; after each accepted one its SA words, SaWords beats, which are never refused.
  input  logic                job_valid_i,
  output logic                job_ready_o,
  input  sluice_pkg::job_t    job_i,
  input  logic                sa_valid_i,
  input  logic [127:0]        sa_data_i,
  input  logic                sa_zero_i,       // sa_data_i is 0: no beat of any lane

  // Source bytes, never refused; fetch_done_i for one clock when all of a job's are there, in job order.
  input  logic                wr_en_i,
  input  logic [RingAw-1:0]   wr_addr_i,
  input  logic [15:0]         wr_be_i,
  input  logic [127:0]        wr_data_i,
  input  logic                fetch_done_i,
  input  logic                fetch_err_i,     // with fetch_done_i: the source could not be read

  // Results, in job order. Taking one gives up its words of the ring. Ring reads answer one clock later, whenever asked.
  output logic                res_valid_o,
  input  logic                res_ready_i,
  output sluice_pkg::result_t res_o,
  input  logic                rd_en_i,
  input  logic [RingAw-1:0]   rd_addr_i,
  output logic [127:0]        rd_data_o,

  // Key jobs: SA words 4 to 7, before the result; none when the key could not be read.
  output logic                key_shift_o,
  output logic                key_valid_o,
  input  logic                key_ready_i,
  output logic [31:0]         key_data_o,

  // For counters: at work on a record; a job whose data has not come; a result that is not taken; one clock a record done.
  output logic                busy_o,
  output logic                starved_o,
  output logic                blocked_o,
  output logic                records_o,
  output logic                idle_o           // nothing held, no key either
);

  sluice_pkg::job_t       next, now;
  sluice_lane_pkg::sa_t   next_sa, sa;
  sluice_lane_pkg::plan_t next_plan, plan;
  logic                   next_ready, next_err, planned, now_valid, loaded, move, take, finish, jobs_idle, unused;

  assign unused = &{1'b0, now, next, plan, sa, next_sa};  // the dispatcher's share of a job, and what is over with preparation

  sluice_lane_jobs u_jobs (
    .clk_i,
    .rst_ni,
    .job_valid_i,
    .job_ready_o,
    .job_i,
    .fetch_done_i,
    .fetch_err_i,
    .loaded_i     (loaded),
    .move_o       (move),
    .next_ready_o (next_ready),
    .next_err_o   (next_err),
    .next_o       (next),
    .prepared_i   (prepared),
    .take_o       (take),
    .now_valid_o  (now_valid),
    .now_o        (now),
    .finish_i     (finish),
    .starved_o,
    .idle_o       (jobs_idle)
  );

  logic         state_read, preload_q, preloaded_q, key_zero, wipe, des_key_take, des_key_valid;
  logic [1:0]   next_bank, bank_q, key_bank, des_key_index;
  logic [2:0]   digest_index;
  logic [3:0]   state_index, key_index;
  logic [4:0]   wipe_index;
  logic [31:0]  state_word;
  logic [63:0]  des_key;
  logic [127:0] config_word, round_key;

  sluice_lane_sa u_sa (
    .clk_i,
    .rst_ni,
    .sa_valid_i,
    .sa_data_i,
    .sa_zero_i,
    .rest_i          (rest),
    .clean_o         (clean),
    .wipe_o          (wipe),
    .wipe_index_o    (wipe_index),
    .loaded_o        (loaded),
    .move_i          (move),
    .config_o        (config_word),
    .bank_o          (next_bank),
    .state_bank_i    (preload_q ? next_bank : bank_q),
    .state_read_i    (state_read || (preload_q && fields_busy)),
    .state_index_i   (preload_q ? {1'b0, digest_index} : state_index),
    .state_o         (state_word),
    .key_bank_i      (key_bank),
    .key_index_i     (key_index),
    .key_zero_i      (key_zero),
    .key_o           (round_key),
    .des_key_take_i  (des_key_take),
    .des_key_index_i (des_key_index),
    .des_key_valid_o (des_key_valid),
    .des_key_o       (des_key)
  );

  sluice_lane_decode #(.Legacy(Legacy), .Sha1(Sha1), .Null(Null)) u_decode (
    .kind_i (next.kind),
    .word_i (config_word),
    .sa_o   (next_sa)
  );

  sluice_lane_plan u_plan (
    .clk_i,
    .rst_ni,
    .start_i   (move),
    .ready_o   (planned),
    .sa_i      (next_sa),
    .src_len_i (next.src_len),
    .pad_i     (next.pad),
    .plan_o    (next_plan)
  );

  // ---- the job that is prepared
  logic        prepare_busy, prepared, prepared_ok, prepare_begin, prepare_window, nonce_load, nonce_busy, counter_got;
  logic        next_padding_got;
  logic        prepare_fields, prepare_put, scratch, single, peek, single_busy, cbc_quiet, forged, bad_format, bad_length;
  logic [1:0]  prepare_field;
  logic [7:0]  prepare_status, next_padding_q, last_byte, next_type;
  logic [63:0] counter, next_counter_q;

  sluice_lane_prepare u_prepare (
    .clk_i,
    .rst_ni,
    .ready_i        (next_ready && planned),
    .fetch_err_i    (next_err),
    .sa_i           (next_sa),
    .on_wire_i      (next_plan.nonce_len != 5'd0),
    .window_i       (prepare_window),
    .take_i         (take),
    .busy_o         (prepare_busy),
    .done_o         (prepared),
    .status_o       (prepare_status),
    .begin_o        (prepare_begin),
    .nonce_load_o   (nonce_load),
    .nonce_busy_i   (nonce_busy),
    .fields_start_o (prepare_fields),
    .field_o        (prepare_field),
    .put_o          (prepare_put),
    .scratch_o      (scratch),
    .fields_busy_i  (fields_busy),
    .bad_format_i   (bad_format),
    .bad_length_i   (bad_length),
    .single_o       (single),
    .peek_o         (peek),
    .single_busy_i  (single_busy),
    .cbc_quiet_i    (cbc_quiet),
    .forged_i       (forged),
    .counter_got_o  (counter_got),
    .padding_got_o  (next_padding_got)
  );

  assign prepared_ok = prepared && prepare_status == sluice_regs_pkg::StatusOk && !next_sa.key_job;

  always_ff @(posedge clk_i) begin
    if (counter_got) next_counter_q <= {counter[7:0], counter[15:8], counter[23:16], counter[31:24],
                                        counter[39:32], counter[47:40], counter[55:48], counter[63:56]};
    if (next_padding_got) next_padding_q <= last_byte;
  end

  // Where its body begins.
  logic [RingAw-1:0] next_origin_q, origin_q;
  always_ff @(posedge clk_i) begin
    next_origin_q <= next.base + (next_sa.tls && next_plan.nonce_len[4] && !next_sa.key_job ? RingAw'(2) : RingAw'(1));
    if (take) origin_q <= next_origin_q;
  end

  // ---- the job at work
  logic [7:0]  prepared_status_q, padding_q, type_q, body_last;
  logic [63:0] counter_q;
  logic        padding_got, content_bad;
  logic [14:0] content, padding_at;

  always_ff @(posedge clk_i) begin
    if (take) begin
      sa                <= next_sa;
      plan              <= next_plan;
      bank_q            <= next_bank;
      prepared_status_q <= prepare_status;
      counter_q         <= next_counter_q;
      type_q            <= next_type;
    end
    if (take) padding_q <= next_sa.key_job ? 8'd31 : next_padding_q;
    else if (padding_got) padding_q <= body_last;
  end

  sluice_lane_content u_content (
    .clk_i,
    .padded_i      (sa.open && sa.padded),
    .cipher_len_i  (plan.cipher_len),
    .content_max_i (plan.content_max),
    .padding_i     (padding_q),
    .content_o     (content),
    .bad_o         (content_bad),
    .padding_at_o  (padding_at)
  );

  logic       window, body_started, body_done, release_body, work_fields, field_mac, fields_busy, bad_field;
  logic       hash_load, hash_loading, hash_run, hash_running, hash_begun, prefixing, keys_start, keys_done, keys_mute;
  logic       result_valid, result_valid_q, result_ready, control_idle, rest, clean;
  logic [7:0] status;

  sluice_lane_control u_control (
    .clk_i,
    .rst_ni,
    .take_i         (take),
    .now_valid_i    (now_valid),
    .status_i       (prepared_status_q),
    .sa_i           (sa),
    .finish_o       (finish),
    .window_o       (window),
    .prepare_busy_i (prepare_busy),
    .body_started_i (body_started),
    .body_done_i    (body_done),
    .nonce_busy_i   (nonce_busy),
    .release_o      (release_body),
    .fields_start_o (work_fields),
    .field_mac_o    (field_mac),
    .fields_busy_i  (fields_busy),
    .bad_field_i    (bad_field),
    .bad_content_i  (content_bad),
    .padding_got_o  (padding_got),
    .hash_load_o    (hash_load),
    .hash_loading_i (hash_loading),
    .hash_run_o     (hash_run),
    .hash_running_i (hash_running),
    .keys_start_o   (keys_start),
    .keys_done_i    (keys_done),
    .keys_mute_o    (keys_mute),
    .result_valid_o (result_valid),
    .result_ready_i (result_ready),
    .status_o       (status),
    .idle_o         (control_idle)
  );

  // The nonce in its words belongs to the job at work until hash and cipher have begun with it.
  logic chain_load, cbc_busy, cbc_arm, cbc_arm_next, cbc_start, cbc_free;

  assign prepare_window = window && !prefixing && body_started && !nonce_busy && !cbc_arm;

  sluice_lane_starter u_starter (
    .clk_i,
    .rst_ni,
    .take_i       (take),
    .next_i       (next_sa),
    .next_ok_i    (prepared_ok),
    .window_i     (window),
    .now_i        (sa),
    .release_i    (release_body),
    .prefixing_i  (prefixing),
    .begun_i      (hash_begun),
    .nonce_busy_i (nonce_busy),
    .chain_load_o (chain_load),
    .body_busy_i  (cbc_busy),
    .arm_o        (cbc_arm),
    .arm_next_o   (cbc_arm_next),
    .start_o      (cbc_start),
    .started_o    (body_started),
    .done_o       (body_done),
    .free_o       (cbc_free)
  );

  // ---- units that work on the ring
  logic [RingAw-1:0] fields_word, cbc_origin, cbc_word, cbc_read_word, cbc_write_word, hash_word;
  logic              fields_access, fields_write, fields_gnt;
  logic [15:0]       fields_be;
  logic [31:0]       fields_data;
  logic              cbc_for_single, cbc_read, cbc_read_gnt, cbc_write, cbc_write_gnt, hash_read, hash_read_gnt;
  logic [1:0]        cbc_write_half;
  logic [127:0]      cbc_data, own_data;

  sluice_lane_ring #(.RingAw(RingAw)) u_ring (
    .clk_i,
    .wr_en_i,
    .wr_addr_i,
    .wr_be_i,
    .wr_data_i,
    .rd_en_i,
    .rd_addr_i,
    .rd_data_o,
    .fields_i         (fields_access),
    .fields_we_i      (fields_write),
    .fields_gnt_o     (fields_gnt),
    .fields_origin_i  (prepare_busy ? next_origin_q : origin_q),
    .fields_word_i    (fields_word),
    .fields_be_i      (fields_be),
    .fields_data_i    (fields_data),
    .cbc_origin_i     (cbc_for_single ? next_origin_q : cbc_origin),
    .cbc_word_i       (cbc_word),
    .cbc_write_i      (cbc_write),
    .cbc_write_gnt_o  (cbc_write_gnt),
    .cbc_write_half_i (cbc_write_half),
    .cbc_write_data_i (cbc_data),
    .cbc_read_i       (cbc_read),
    .cbc_read_gnt_o   (cbc_read_gnt),
    .refresh_i        (keys_mute),
    .hash_read_i      (hash_read),
    .hash_read_gnt_o  (hash_read_gnt),
    .hash_origin_i    (origin_q),
    .hash_word_i      (hash_word),
    .own_data_o       (own_data)
  );

  logic [1:0]  fields_nonce_index;
  logic [2:0]  hash_nonce_index;
  logic        nonce_we, chain_shift;
  logic [7:0]  iv_byte;
  logic [31:0] nonce_word, got_word, chain_word;

  sluice_lane_nonce u_nonce (
    .clk_i,
    .rst_ni,
    .load_i       (nonce_load),
    .tls_i        (next_sa.tls),
    .aes_i        (next_sa.aes),
    .sequence_i   (next_sa.sequence_nonce),
    .counter_i    (next.counter),
    .given_i      (next.nonce),
    .chain_load_i (chain_load),
    .shift_o      (chain_shift),
    .shift_word_o (chain_word),
    .busy_o       (nonce_busy),
    .word_we_i    (nonce_we),
    .word_i       (got_word),
    .index_i      (fields_busy ? {1'b0, fields_nonce_index} : hash_nonce_index),
    .word_o       (nonce_word),
    .last_byte_o  (iv_byte)
  );

  logic        keys_load, keys_run, keys_pop, keys_valid, fields_pop;
  logic [31:0] digest, key_xor;

  sluice_lane_fields #(.RingAw(RingAw)) u_fields (
    .clk_i,
    .rst_ni,
    .start_i        (prepare_fields || work_fields),
    .field_i        (prepare_busy ? prepare_field : field_mac ? 2'd2 : 2'd1),
    .put_i          (prepare_busy ? prepare_put : sa.seal || sa.key_job),
    .scratch_i      (scratch),
    .clear_i        (take),
    .clear_header_i (prepare_begin),
    .busy_o         (fields_busy),
    .tls_i          (next_sa.tls),
    .minor_i        (next_sa.minor),
    .type_byte_i    (next.type_byte),
    .length_field_i (next_plan.length_field),
    .cid_i          (next_sa.cid),
    .prepared_i     (prepare_busy),
    .next_cipher_len_i (next_plan.cipher_len),
    .next_end_i     (next_plan.body_end),
    .cipher_len_i   (plan.cipher_len),
    .content_i      (content),
    .mac_behind_i   (sa.etm),
    .padding_i      (prepare_busy ? next_plan.padding : padding_q),
    .padding_at_i   (prepare_busy ? next_plan.filled : padding_at),
    .mac_len_i      (sa.mac_len),
    .digest_words_i (sa.sha256 ? 4'd8 : sa.md5 ? 4'd4 : 4'd5),
    .nonce_len_i    (next_plan.nonce_len),
    .digest_pop_o   (fields_pop),
    .digest_index_o (digest_index),
    .digest_i       (sa.md5 ? {digest[7:0], digest[15:8], digest[23:16], digest[31:24]} : digest),
    .nonce_index_o  (fields_nonce_index),
    .nonce_word_i   (nonce_word),
    .nonce_we_o     (nonce_we),
    .nonce_word_o   (got_word),
    .type_byte_o    (next_type),
    .bad_format_o   (bad_format),
    .bad_length_o   (bad_length),
    .bad_field_o    (bad_field),
    .access_o       (fields_access),
    .write_o        (fields_write),
    .gnt_i          (fields_gnt),
    .write_be_o     (fields_be),
    .write_data_o   (fields_data),
    .word_o         (fields_word),
    .read_data_i    (own_data)
  );

  // Cipher and hash work on the same words in place. Who reads first leads, and the other follows word by word: the hash reads
  // plain text in mte, cipher text in etm. In seal, mte, the cipher also waits for the MAC before the word in which it begins.
  logic         cbc_allow, cbc_chain_got, hash_allow;
  logic [127:0] cbc_chain;

  // A clock late, for the clock period: between two reads of the cipher are more.
  always_ff @(posedge clk_i) begin
    cbc_allow <= cbc_free || (hash_begun && hash_word != cbc_read_word && hash_word != '1 &&
                              !(sa.seal && cbc_read_word == content[14:4]));
  end
  assign hash_allow = sa.key_job || !sa.leads || body_done || (body_started && hash_word != cbc_write_word);

  sluice_lane_cbc #(.RingAw(RingAw), .Legacy(Legacy), .Null(Null)) u_cbc (
    .clk_i,
    .rst_ni,
    .arm_i           (cbc_arm),
    .start_i         (cbc_start),
    .busy_o          (cbc_busy),
    .sa_i            (cbc_arm_next ? next_sa : sa),
    .rest_i          (rest),
    .bank_i          (cbc_arm_next ? next_bank : bank_q),
    .cipher_len_i    (cbc_arm_next ? next_plan.cipher_len : plan.cipher_len),
    .origin_i        (cbc_arm_next ? next_origin_q : origin_q),
    .shift_i         (chain_shift),
    .shift_word_i    (chain_word),
    .chain_o         (cbc_chain),
    .chain_got_o     (cbc_chain_got),
    .single_i        (single),
    .peek_i          (peek),
    .single_sa_i     (next_sa),
    .single_bank_i   (next_bank),
    .single_len_i    (next_plan.cipher_len),
    .iv_byte_i       (iv_byte),
    .quiet_o         (cbc_quiet),
    .single_busy_o   (single_busy),
    .counter_o       (counter),
    .forged_o        (forged),
    .last_byte_o     (last_byte),
    .body_last_o     (body_last),
    .key_bank_o      (key_bank),
    .key_index_o     (key_index),
    .key_zero_o      (key_zero),
    .key_i           (round_key),
    .des_key_take_o  (des_key_take),
    .des_key_index_o (des_key_index),
    .des_key_valid_i (des_key_valid),
    .des_key_i       (des_key),
    .allow_i         (cbc_allow),
    .read_word_o     (cbc_read_word),
    .write_word_o    (cbc_write_word),
    .for_single_o    (cbc_for_single),
    .origin_o        (cbc_origin),
    .word_o          (cbc_word),
    .read_o          (cbc_read),
    .read_gnt_i      (cbc_read_gnt),
    .read_data_i     (own_data),
    .write_o         (cbc_write),
    .write_gnt_i     (cbc_write_gnt),
    .write_half_o    (cbc_write_half),
    .write_data_o    (cbc_data)
  );

  // What the MAC of etm covers begins with the IV in TLS.
  logic        mac_early;
  logic [14:0] hashed;
  assign mac_early = sa.tls && sa.etm && sa.padded;
  assign hashed    = plan.cipher_len + (mac_early ? {10'd0, plan.nonce_len} : 15'd0);

  sluice_lane_hash #(.RingAw(RingAw), .Sha1(Sha1), .Legacy(Legacy)) u_hash (
    .clk_i,
    .rst_ni,
    .wipe_i        (wipe),
    .wipe_index_i  (wipe_index),
    .sha256_i      (sa.sha256),
    .md5_i         (sa.md5),
    .load_i        (hash_load || keys_load),
    .preloaded_i   (preloaded_q),
    .loading_o     (hash_loading),
    .run_i         (hash_run || keys_run),
    .running_o     (hash_running),
    .key_block_i   (sa.key_job),
    .key_xor_i     (sa.key_job ? key_xor : 32'd0),
    .data_len_i    (sa.etm ? hashed : content),
    .data_max_i    (sa.etm ? hashed : plan.content_max),
    .early_i       (mac_early),
    .half_i        (!sa.aes),
    .tls_i         (sa.tls),
    .long_nonce_i  (sa.aes),
    .type_byte_i   (type_q),
    .minor_i       (sa.minor),
    .length_i      (sa.etm && !sa.tls ? plan.length_field : {1'b0, sa.etm ? hashed : content}),
    .cid_i         (sa.cid),
    .nonce_index_o (hash_nonce_index),
    .nonce_word_i  (nonce_word),
    .state_read_o  (state_read),
    .state_index_o (state_index),
    .state_i       (state_word),
    .pop_i         (fields_pop || keys_pop),
    .preload_i     (preload_q),
    .digest_o      (digest),
    .allow_i       (hash_allow),
    .clear_begun_i (take),
    .begun_o       (hash_begun),
    .prefixing_o   (prefixing),
    .word_o        (hash_word),
    .read_o        (hash_read),
    .read_gnt_i    (hash_read_gnt),
    .read_data_i   (rd_data_o)
  );

  // While the digest of the record at work leaves the hash's chain, the state for the one that is prepared enters it.
  logic same_hash;
  assign same_hash = next_sa.sha256 == sa.sha256 && next_sa.md5 == sa.md5;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) preload_q <= 1'b0;
    else if (take) preload_q <= 1'b0;
    else if (work_fields && field_mac) preload_q <= prepared_ok && next_sa.mac && same_hash;
    if (take) preloaded_q <= preload_q;
  end

  sluice_lane_keys u_keys (
    .clk_i,
    .rst_ni,
    .start_i     (keys_start),
    .done_o      (keys_done),
    .mute_i      (keys_mute),
    .sha256_i    (sa.sha256),
    .md5_i       (sa.md5),
    .key_xor_o   (key_xor),
    .load_o      (keys_load),
    .loading_i   (hash_loading),
    .run_o       (keys_run),
    .running_i   (hash_running),
    .pop_o       (keys_pop),
    .digest_i    (digest),
    .key_shift_o,
    .key_valid_o (keys_valid),
    .key_ready_i (key_ready_i && !result_valid_q),
    .key_data_o
  );
  assign key_valid_o = keys_valid && !result_valid_q;  // the former job's result comes first

  // ---- the result waits here until the writer is done with it; a seal's also for the cipher
  sluice_pkg::result_t result, result_q;
  logic                ok, verdict, report_counter, ciphering_q;
  logic [127:0]        next_iv_q;

  always_ff @(posedge clk_i) begin
    if (cbc_chain_got) next_iv_q <= sa.des ? {64'd0, cbc_chain[63:0]} : cbc_chain;
  end

  assign ok             = status == sluice_regs_pkg::StatusOk;
  assign verdict        = sa.open && (ok || status == sluice_regs_pkg::StatusAuthFailed);
  assign result_ready   = !result_valid_q || (res_ready_i && res_valid_o);
  assign report_counter = sa.sequence_nonce && !sa.verify && !sa.key_job && (sa.seal || ok || (sa.aes && verdict));

  always_comb begin
    result.id       = now.id;
    result.status   = status;
    result.word     = sa.seal ? now.base : origin_q;
    result.first    = !sa.seal ? 4'd0 : sa.tls && !plan.nonce_len[3] ? 4'd11 : 4'd3;
    // With more content than a record may have, it is MaxContent.
    result.out_len  = plan.out_len;
    if (sa.open && plan.out_len[14]) result.out_len[13:0] = 14'd0;
    if (!(sa.seal ? ok : verdict && !sa.verify)) result.out_len = 15'd0;
    result.length   = sa.seal ? plan.out_len : content;
    if (!ok || sa.key_job) result.length = 15'd0;
    result.sure     = 15'd0;
    result.counter  = {64'd0, !report_counter ? 64'd0 : sa.seal ? now.counter : counter_q};
    if (ok && sa.chained && sa.cipher) result.counter = next_iv_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) result_valid_q <= 1'b0;
    else result_valid_q <= result_valid || (result_valid_q && !(res_ready_i && res_valid_o));
    if (result_valid && result_ready) result_q <= result;
    ciphering_q <= finish ? sa.seal && !body_done : ciphering_q && cbc_busy;
  end

  assign res_valid_o = result_valid_q && !ciphering_q;
  assign res_o       = result_q;

  assign busy_o    = !control_idle;
  assign blocked_o = res_valid_o && !res_ready_i;
  assign records_o = finish && !sa.key_job;
  assign rest      = jobs_idle && control_idle && !ciphering_q && !cbc_busy;
  assign idle_o    = rest && clean && !result_valid_q;

endmodule

`default_nettype wire
