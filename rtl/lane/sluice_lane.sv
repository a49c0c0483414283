// SPDX-License-Identifier: Apache-2.0
//
// A record lane: the hardware that works on one record at a time, in place, in a ring of its own. README.md has the picture.
//
// It holds a job at work, a waiting one, and a result. Source bytes of the next record come in and the bytes of the former one
// go out while it computes. A 1400-byte record with AES-128 and HMAC-SHA-256 takes about 1650 clocks, of which 1560 are the
// hash's.
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
  output logic                key_valid_o,
  input  logic                key_ready_i,
  output logic [127:0]        key_data_o,

  // For counters: at work on a record; a job whose data has not come; a result that is not taken; one clock a record done.
  output logic                busy_o,
  output logic                starved_o,
  output logic                blocked_o,
  output logic                records_o,
  output logic                idle_o           // nothing held
);

  sluice_pkg::job_t  job;
  logic              job_valid, fetched, fetch_err, finish, take, loaded, jobs_idle, control_idle;

  // What the SA's word 0 says (sluice_pkg).
  logic [127:0]      config_word;
  logic              unused;      // the dispatcher's share of the job, and what the SA word keeps free
  logic              seal, open, verify, key_job, aes, aes_cipher, des, padded, cipher, triple, sha256, md5, mac, explicit_nonce;
  logic              tls, chained, etm, mac_early;
  logic [3:0]        rounds;
  logic [5:0]        mac_len;
  logic [7:0]        minor;

  assign verify         = job.kind == sluice_pkg::KindVerify;
  assign open           = job.kind == sluice_pkg::KindOpen || verify;
  assign seal           = job.kind == sluice_pkg::KindSeal;
  assign key_job        = job.kind == sluice_pkg::KindKeys;
  assign aes            = (!Null && !Legacy) || aes_cipher;
  assign des            = Legacy && !aes_cipher && config_word[2:0] != sluice_regs_pkg::CipherNull[2:0];
  assign triple         = config_word[2:0] == sluice_regs_pkg::CipherDes3[2:0];
  assign padded         = aes || des;
  assign cipher         = padded && !verify;
  assign md5            = Legacy && config_word[9:8] == sluice_regs_pkg::MacMd5[1:0];
  assign sha256         = (!Sha1 && !Legacy) || config_word[9:8] == sluice_regs_pkg::MacSha256[1:0];
  assign mac            = !Null || config_word[9:8] != sluice_regs_pkg::MacNone[1:0];
  assign tls            = config_word[18:16] >= sluice_regs_pkg::FormTlsMte[2:0];
  assign chained        = config_word[18:16] == sluice_regs_pkg::FormTls10[2:0];
  assign etm            = config_word[18:16] == sluice_regs_pkg::FormUdpEtm[2:0] ||
                          config_word[18:16] == sluice_regs_pkg::FormTlsEtm[2:0];
  assign explicit_nonce = config_word[40];
  assign mac_len        = config_word[37:32];
  assign minor          = !tls ? 8'd3 : chained ? 8'd1 : {6'd0, config_word[57:56]};
  always_comb begin
    unique case (config_word[2:0])
      sluice_regs_pkg::CipherAes256[2:0]: rounds = 4'd14;
      sluice_regs_pkg::CipherAes192[2:0]: rounds = 4'd12;
      default:                            rounds = 4'd10;
    endcase
  end

  assign unused = &{1'b0, job.words, job.part, job.first, job.last, job.sa, job.total, config_word[63:58], config_word[55:41],
                    config_word[39:38], config_word[31:19], config_word[15:10], config_word[7:3]};

  sluice_lane_jobs u_jobs (
    .clk_i,
    .rst_ni,
    .job_valid_i,
    .job_ready_o,
    .job_i,
    .fetch_done_i,
    .fetch_err_i,
    .loaded_i    (loaded),
    .take_o      (take),
    .job_valid_o (job_valid),
    .job_o       (job),
    .fetched_o   (fetched),
    .fetch_err_o (fetch_err),
    .finish_i    (finish),
    .idle_o      (jobs_idle)
  );

  logic         state_read;
  logic [3:0]   state_index, key_index;
  logic [31:0]  state_word;
  logic [127:0] round_key;
  logic         des_key_take, des_key_valid;
  logic [1:0]   des_key_index;
  logic [63:0]  des_key;

  sluice_lane_sa u_sa (
    .clk_i,
    .rst_ni,
    .sa_valid_i,
    .sa_data_i,
    .loaded_o      (loaded),
    .take_i        (take),
    .config_o      (config_word),
    .aes_o         (aes_cipher),
    .state_read_i  (state_read),
    .state_index_i (state_index),
    .state_o       (state_word),
    .key_index_i   (key_index),
    .key_o         (round_key),
    .des_key_take_i  (des_key_take),
    .des_key_index_i (des_key_index),
    .des_key_valid_o (des_key_valid),
    .des_key_o       (des_key)
  );

  // Where things lie in the record.
  logic [7:0]  padding_q, seal_padding, last_byte;
  logic        padding_got, content_bad;
  logic [14:0] cipher_len, content_max, content, filled, open_padding_at, record_len;
  logic [4:0]  nonce_len;
  logic [15:0] length_field, nonce_at;

  always_ff @(posedge clk_i) begin
    if (padding_got) padding_q <= last_byte;
  end

  sluice_lane_plan u_plan (
    .clk_i,
    .open_i         (open),
    .verify_i       (verify),
    .wide_i         (aes),
    .narrow_i       (des),
    .tls_i          (tls),
    .chained_i      (chained),
    .etm_i          (etm),
    .mac_len_i      (mac_len),
    .src_len_i      (job.src_len),
    .pad_i          (job.pad),
    .cipher_len_o   (cipher_len),
    .content_max_o  (content_max),
    .filled_o       (filled),
    .padding_o      (seal_padding),
    .nonce_at_o     (nonce_at),
    .nonce_len_o    (nonce_len),
    .length_field_o (length_field),
    .record_len_o   (record_len)
  );

  sluice_lane_content u_content (
    .clk_i,
    .padded_i       (open && padded),
    .cipher_len_i   (cipher_len),
    .content_max_i  (content_max),
    .padding_i      (padding_q),
    .content_o      (content),
    .bad_o          (content_bad),
    .padding_at_o   (open_padding_at)
  );

  logic         setup, fields_start, fields_busy, bad_format, bad_length, bad_field;
  logic [1:0]   field, cbc_op;
  logic         cbc_start, cbc_busy, nonce_made, forged, counter_got, mac_put;
  logic         hash_load, hash_loading, hash_begun, hash_run, hash_running, keys_start, keys_done;
  logic         result_valid, result_valid_q, result_ready;
  logic [7:0]   status;

  sluice_lane_control u_control (
    .clk_i,
    .rst_ni,
    .fetched_i      (fetched),
    .fetch_err_i    (fetch_err),
    .open_i         (open),
    .key_job_i      (key_job),
    .verify_i       (verify),
    .padded_i       (padded),
    .cipher_i       (cipher),
    .on_wire_i      (nonce_len != 5'd0 && !verify),
    .tls_i          (tls),
    .mac_i          (mac),
    .etm_i          (etm),
    .explicit_i     (explicit_nonce),
    .finish_o       (finish),
    .setup_o        (setup),
    .fields_start_o (fields_start),
    .field_o        (field),
    .fields_busy_i  (fields_busy),
    .bad_format_i   (bad_format),
    .bad_length_i   (bad_length),
    .bad_field_i    (bad_field),
    .bad_content_i  (content_bad),
    .cbc_start_o    (cbc_start),
    .cbc_op_o       (cbc_op),
    .cbc_busy_i     (cbc_busy),
    .nonce_made_o   (nonce_made),
    .nonce_busy_i   (nonce_busy),
    .forged_i       (forged),
    .counter_got_o  (counter_got),
    .padding_got_o  (padding_got),
    .mac_put_o      (mac_put),
    .hash_load_o    (hash_load),
    .hash_loading_i (hash_loading),
    .hash_run_o     (hash_run),
    .hash_running_i (hash_running),
    .hash_begun_i   (hash_begun),
    .keys_start_o   (keys_start),
    .keys_done_i    (keys_done),
    .result_valid_o (result_valid),
    .result_ready_i (result_ready),
    .status_o       (status),
    .idle_o         (control_idle)
  );

  // Ring ports of the units below.
  logic [RingAw-1:0] origin, fields_word, cbc_read_word, cbc_write_word, hash_word;
  logic              fields_access, fields_write, fields_gnt;
  logic [15:0]       fields_be;
  logic [31:0]       fields_data;
  logic [1:0]        cbc_write_half;
  logic              cbc_read, cbc_read_gnt, cbc_write, cbc_write_gnt, hash_read, hash_read_gnt;
  logic [127:0]      cbc_data, own_data;

  always_ff @(posedge clk_i) begin
    origin <= job.base + (tls && nonce_len[4] && !key_job ? RingAw'(2) : RingAw'(1));
  end

  sluice_lane_ring #(.RingAw(RingAw)) u_ring (
    .clk_i,
    .wr_en_i,
    .wr_addr_i,
    .wr_be_i,
    .wr_data_i,
    .rd_en_i,
    .rd_addr_i,
    .rd_data_o,
    .origin_i         (origin),
    .fields_i         (fields_access),
    .fields_we_i      (fields_write),
    .fields_gnt_o     (fields_gnt),
    .fields_word_i    (fields_word),
    .fields_be_i      (fields_be),
    .fields_data_i    (fields_data),
    .cbc_write_i      (cbc_write),
    .cbc_write_gnt_o  (cbc_write_gnt),
    .cbc_write_word_i (cbc_write_word),
    .cbc_write_half_i (cbc_write_half),
    .cbc_write_data_i (cbc_data),
    .cbc_read_i       (cbc_read),
    .cbc_read_gnt_o   (cbc_read_gnt),
    .cbc_read_word_i  (cbc_read_word),
    .hash_read_i      (hash_read),
    .hash_read_gnt_o  (hash_read_gnt),
    .hash_read_word_i (hash_word),
    .own_data_o       (own_data)
  );

  // Nonce: the hash reads it at its beginning, the fields put or get it when the hash does not.
  logic [1:0]   hash_nonce_index, fields_nonce_index;
  logic         nonce_we, nonce_busy, chain_shift;
  logic [31:0]  nonce_word, got_word, chain_word, chain_last;
  logic [127:0] cipher_result;
  logic [63:0]  chain;
  logic [127:0] next_iv;
  logic [63:0]  nonce_counter, counter_q;

  sluice_lane_nonce u_nonce (
    .clk_i,
    .rst_ni,
    .aes_i           (aes),
    .des_i           (des),
    .explicit_i      (explicit_nonce),
    .setup_i         (setup),
    .counter_i       (job.counter),
    .given_i         (job.nonce),
    .made_i          (nonce_made),
    .busy_o          (nonce_busy),
    .word_we_i       (nonce_we),
    .word_i          (got_word),
    .index_i         (fields_busy ? fields_nonce_index : hash_nonce_index),
    .word_o          (nonce_word),
    .shift_o         (chain_shift),
    .shift_word_o    (chain_word),
    .chain_last_i    (chain_last),
    .chain_i         (chain),
    .cipher_result_i (cipher_result),
    .forged_o        (forged),
    .counter_o       (nonce_counter)
  );

  always_ff @(posedge clk_i) begin
    if (setup) counter_q <= seal && !explicit_nonce ? job.counter : 64'd0;
    else if (counter_got) counter_q <= nonce_counter;
  end

  logic [7:0]  type_byte;
  logic        keys_load, keys_run, keys_pop, keys_valid, fields_pop;
  logic [31:0] digest, key_xor;

  sluice_lane_fields #(.RingAw(RingAw)) u_fields (
    .clk_i,
    .rst_ni,
    .start_i        (fields_start),
    .field_i        (field),
    .put_i          (!open),
    .clear_i        (setup),
    .busy_o         (fields_busy),
    .tls_i          (tls),
    .minor_i        (minor),
    .type_byte_i    (job.type_byte),
    .length_field_i (length_field),
    .cid_i          (config_word[127:64]),
    .cipher_len_i   (cipher_len),
    .padding_i      (open ? padding_q : seal_padding),
    .padding_at_i   (open ? open_padding_at : filled),
    .mac_at_i       (etm ? cipher_len : content),
    .mac_len_i      (mac_len),
    .digest_words_i (sha256 ? 4'd8 : md5 ? 4'd4 : 4'd5),
    .nonce_at_i     (nonce_at),
    .nonce_len_i    (nonce_len),
    .digest_pop_o   (fields_pop),
    .digest_i       (md5 ? {digest[7:0], digest[15:8], digest[23:16], digest[31:24]} : digest),
    .nonce_index_o  (fields_nonce_index),
    .nonce_word_i   (nonce_word),
    .nonce_we_o     (nonce_we),
    .nonce_word_o   (got_word),
    .type_byte_o    (type_byte),
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

  // What the MAC of etm covers begins with the IV in TLS.
  logic [14:0] hashed;
  assign mac_early = tls && etm && padded;
  assign hashed    = cipher_len + (mac_early ? {10'd0, nonce_len} : 15'd0);

  assign chain = next_iv[63:0];

  // Cipher and hash work on the same words in place. Who reads first leads, and the other follows word by word: the hash reads
  // plain text in mte, cipher text in etm. In seal, mte, the cipher also waits for the MAC before the word in which it begins.
  logic hash_leads, cbc_allow, hash_allow, hash_passed;

  assign hash_leads  = seal != etm;
  assign hash_passed = !mac || (hash_begun && hash_word != cbc_read_word && hash_word != '1);
  assign cbc_allow   = !hash_leads || mac_put || (hash_passed && (!seal || cbc_read_word != content[14:4]));
  assign hash_allow  = key_job || hash_leads || !cbc_busy || hash_word != cbc_write_word;

  sluice_lane_cbc #(.RingAw(RingAw), .Legacy(Legacy)) u_cbc (
    .clk_i,
    .rst_ni,
    .start_i       (cbc_start),
    .op_i          (cbc_op),
    .open_i        (open),
    .raw_i         (verify),
    .busy_o        (cbc_busy),
    .rounds_i      (rounds),
    .narrow_i      (des),
    .triple_i      (triple),
    .count_i       (des ? cipher_len[14:3] : {1'b0, cipher_len[14:4]}),
    .shift_i       (chain_shift),
    .shift_word_i  (chain_word),
    .hold_i        (nonce_busy),
    .chain_last_o  (chain_last),
    .chain_o       (next_iv),
    .key_index_o   (key_index),
    .key_i         (round_key),
    .des_key_take_o  (des_key_take),
    .des_key_index_o (des_key_index),
    .des_key_valid_i (des_key_valid),
    .des_key_i       (des_key),
    .result_o      (cipher_result),
    .last_byte_o   (last_byte),
    .allow_i       (cbc_allow),
    .read_word_o   (cbc_read_word),
    .write_word_o  (cbc_write_word),
    .read_o        (cbc_read),
    .read_gnt_i    (cbc_read_gnt),
    .read_data_i   (own_data),
    .write_o       (cbc_write),
    .write_gnt_i   (cbc_write_gnt),
    .write_half_o  (cbc_write_half),
    .write_data_o  (cbc_data)
  );

  sluice_lane_hash #(.RingAw(RingAw), .Sha1(Sha1), .Legacy(Legacy)) u_hash (
    .clk_i,
    .rst_ni,
    .sha256_i      (sha256),
    .md5_i         (md5),
    .load_i        (hash_load || keys_load),
    .loading_o     (hash_loading),
    .run_i         (hash_run || keys_run),
    .running_o     (hash_running),
    .key_block_i   (key_job),
    .key_xor_i     (key_xor),
    .data_len_i    (etm ? hashed : content),
    .data_max_i    (etm ? hashed : content_max),
    .early_i       (mac_early),
    .half_i        (!aes),
    .tls_i         (tls),
    .long_nonce_i  (aes),
    .sequence_i    (job.counter),
    .type_byte_i   (type_byte),
    .minor_i       (minor),
    .length_i      (etm && !tls ? length_field : {1'b0, etm ? hashed : content}),
    .cid_i         (config_word[127:64]),
    .nonce_index_o (hash_nonce_index),
    .nonce_word_i  (nonce_word),
    .state_read_o  (state_read),
    .state_index_o (state_index),
    .state_i       (state_word),
    .pop_i         (fields_pop || keys_pop),
    .digest_o      (digest),
    .allow_i       (hash_allow),
    .begun_o       (hash_begun),
    .word_o        (hash_word),
    .read_o        (hash_read),
    .read_gnt_i    (hash_read_gnt),
    .read_data_i   (rd_data_o)
  );

  sluice_lane_keys u_keys (
    .clk_i,
    .rst_ni,
    .start_i     (keys_start),
    .done_o      (keys_done),
    .sha256_i    (sha256),
    .md5_i       (md5),
    .key_xor_o   (key_xor),
    .load_o      (keys_load),
    .loading_i   (hash_loading),
    .run_o       (keys_run),
    .running_i   (hash_running),
    .pop_o       (keys_pop),
    .digest_i    (digest),
    .key_valid_o (keys_valid),
    .key_ready_i (key_ready_i && !result_valid_q),
    .key_data_o
  );
  assign key_valid_o = keys_valid && !result_valid_q;  // the former job's result comes first

  // The result waits here until the writer is done with it.
  sluice_pkg::result_t result, result_q;
  logic                ok, verdict, report_counter;

  assign ok           = status == sluice_regs_pkg::StatusOk;
  assign verdict      = open && (ok || status == sluice_regs_pkg::StatusAuthFailed);
  assign result_ready = !result_valid_q || res_ready_i;
  assign report_counter = tls ? 1'b0 : seal || ok || (aes && verdict);

  always_comb begin
    result.id       = job.id;
    result.status   = status;
    result.word     = seal ? job.base : origin;
    result.first    = !seal ? 4'd0 : tls && nonce_len[3] == 1'b0 ? 4'd11 : 4'd3;
    result.out_len  = 15'd0;
    result.keep_len = 15'd0;
    result.length   = 15'd0;
    result.sure     = 15'd0;
    result.counter  = ok && chained && padded && !verify ? (des ? {64'd0, next_iv[63:0]} : next_iv) : {64'd0, report_counter ? counter_q : 64'd0};
    if (seal && ok) begin
      result.out_len  = record_len;
      result.keep_len = record_len;
      result.length   = record_len;
    end else if (verdict) begin
      result.out_len  = verify ? 15'd0 : content_max > 15'(sluice_regs_pkg::MaxContent) ? 15'(sluice_regs_pkg::MaxContent) : content_max;
      result.keep_len = ok && !verify ? content : 15'd0;
      result.length   = ok ? content : 15'd0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) result_valid_q <= 1'b0;
    else result_valid_q <= result_valid || (result_valid_q && !res_ready_i);
    if (result_valid && result_ready) result_q <= result;
  end

  assign res_valid_o = result_valid_q;
  assign res_o       = result_q;

  assign busy_o    = !control_idle;
  assign starved_o = job_valid && !fetched;
  assign blocked_o = result_valid_q && !res_ready_i;
  assign records_o = finish && !key_job;
  assign idle_o    = jobs_idle && !result_valid_q;

endmodule

`default_nettype wire
