// SPDX-License-Identifier: Apache-2.0
//
// A stream lane: cut-through of TLS records, which come as parts of any size. README.md has the picture.
//
// One byte of a part is taken a clock; it goes to the cipher, to the hash, or to both, and they work on whole blocks beside it.
// What comes out is put in the ring from the job's first word on, always behind what has been taken.
`default_nettype none

module sluice_stream #(
  parameter int unsigned RingAw = sluice_pkg::RingAw,
  parameter int unsigned SaW    = sluice_pkg::SaW
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

  // Overwrites what is kept of an SA's record. Both stay until wipe_ready_o; there is no job of that SA meanwhile.
  input  logic                wipe_i,
  input  logic [SaW-1:0]      wipe_sa_i,
  output logic                wipe_ready_o,

  // March test of what is kept (sluice_stream_store).
  input  logic                march_i,
  input  logic                march_we_i,
  input  logic [SaW+1:0]      march_addr_i,
  input  logic                march_bit_i,
  output logic                march_bad_o,

  // For counters: at work on a part; a job whose data has not come; a result that is not taken; one clock a part done.
  output logic                busy_o,
  output logic                starved_o,
  output logic                blocked_o,
  output logic                records_o,
  output logic                idle_o           // nothing held
);

  // The job at work and its SA.
  sluice_pkg::job_t job;
  logic             open_jobs, job_valid, fetched, fetch_err, finish, take_job, loaded, jobs_idle, control_idle, unused;
  logic [127:0]     config_word;
  logic             seal, aes, des, triple, null_cipher, mac, md5, etm, tls10;
  logic [3:0]       rounds, hash_words;
  logic [5:0]       mac_len;
  logic [7:0]       minor;

  // They are there before the job begins, and stay.
  always_ff @(posedge clk_i) begin
    seal        <= job.kind == sluice_pkg::KindSeal;
    aes         <= config_word[2:0] >= sluice_regs_pkg::CipherAes128[2:0];
    triple      <= config_word[2:0] == sluice_regs_pkg::CipherDes3[2:0];
    des         <= config_word[2:0] == sluice_regs_pkg::CipherDes3[2:0] ||
                   config_word[2:0] == sluice_regs_pkg::CipherDes[2:0];
    null_cipher <= config_word[2:0] == sluice_regs_pkg::CipherNull[2:0];
    mac         <= config_word[9:8] != sluice_regs_pkg::MacNone[1:0];
    md5         <= config_word[9:8] == sluice_regs_pkg::MacMd5[1:0];
    etm         <= config_word[18:16] == sluice_regs_pkg::FormTlsEtm[2:0];
    tls10       <= config_word[18:16] == sluice_regs_pkg::FormTls10[2:0];
    mac_len     <= config_word[37:32];
    minor       <= config_word[18:16] == sluice_regs_pkg::FormTls10[2:0] ? 8'd1 : {6'd0, config_word[57:56]};
    unique case (config_word[2:0])
      sluice_regs_pkg::CipherAes256[2:0]: rounds <= 4'd14;
      sluice_regs_pkg::CipherAes192[2:0]: rounds <= 4'd12;
      default:                            rounds <= 4'd10;
    endcase
    unique case (config_word[9:8])
      sluice_regs_pkg::MacSha256[1:0]: hash_words <= 4'd8;
      sluice_regs_pkg::MacSha1[1:0]:   hash_words <= 4'd5;
      default:                         hash_words <= 4'd4;
    endcase
  end

  assign unused = &{1'b0, job.part, job.words, config_word[127:58], config_word[55:38], config_word[31:19], config_word[15:10],
                    config_word[7:3]};

  sluice_stream_jobs u_jobs (
    .clk_i, .rst_ni,
    .open_i      (open_jobs),
    .job_valid_i, .job_ready_o, .job_i, .fetch_done_i, .fetch_err_i,
    .loaded_i    (loaded),
    .take_o      (take_job),
    .job_valid_o (job_valid),
    .job_o       (job),
    .fetched_o   (fetched),
    .fetch_err_o (fetch_err),
    .finish_i    (finish),
    .idle_o      (jobs_idle)
  );

  // What the control says.
  logic       begin_record, make_header, header_byte, header_end, header_sent, take, prefix_done, finish_mac, compare;
  logic [2:0] what;
  logic [7:0] index, status;
  logic       valid, to_hash, to_cipher, to_out, iv, message_end, message_length, outer, taken, use_hash, walking, start;
  logic       hash_init, swap, des_key, store_read, store_write, store_clear, load, replay;
  logic       save_chain, save_words, save_cipher, save_gather;
  logic [5:0] store_index, load_index;
  logic       result, result_ready, clear, wipe, wipe_step, wipe_other, wipe_ready;

  // What the record and the units say.
  logic        active, prefixed, finished, differs, header_done, header_bad, length_bad, seal_bad;
  logic        over_q, short_q, iv_pending_q, body_pending_q, verdict_bad;
  logic [39:0] header;
  logic [63:0] seq;
  logic [14:0] total, left, out_total, sure;
  logic [8:0]  run;
  logic [7:0]  run_byte, padding;
  logic [5:0]  after, hash_count, hash_now;
  logic [4:0]  iv_len;
  logic [3:0]  cipher_count, cipher_now;
  logic [15:0] seal_length, body_left, mac_field;
  logic [16:0] room;
  logic        cipher_idle, hash_quiet;

  sluice_stream_control u_control (
    .clk_i, .rst_ni,
    .fetched_i        (fetched),
    .fetch_err_i      (fetch_err),
    .first_i          (job.first),
    .last_i           (job.last),
    .seal_i           (seal),
    .etm_i            (etm),
    .mac_i            (mac),
    .des_i            (des),
    .null_i           (null_cipher),
    .hash_words_i     (hash_words),
    .mac_len_i        (mac_len),
    .finish_o         (finish),
    .active_i         (active),
    .prefixed_i       (prefixed),
    .finished_i       (finished),
    .header_done_i    (header_done),
    .header_bad_i     (header_bad),
    .length_bad_i     (length_bad),
    .seal_bad_i       (seal_bad),
    .over_i           (over_q),
    .short_i          (short_q),
    .iv_pending_i     (iv_pending_q),
    .body_pending_i   (body_pending_q),
    .body_end_i       (body_end_q),
    .iv_end_i         (iv_end_q),
    .left_i           (left_q),
    .iv_len_i         (iv_len),
    .padding_i        (padding),
    .cipher_count_i   (cipher_count),
    .hash_words_left_i (hash_count[5:2]),
    .hash_now_i       (hash_at_q),
    .source_i         (some_q),
    .verdict_bad_i    (verdict_bad),
    .begin_o          (begin_record),
    .make_header_o    (make_header),
    .header_byte_o    (header_byte),
    .header_end_o     (header_end),
    .header_sent_o    (header_sent),
    .take_o           (take),
    .prefix_done_o    (prefix_done),
    .finish_mac_o     (finish_mac),
    .compare_o        (compare),
    .what_o           (what),
    .index_o          (index),
    .valid_o          (valid),
    .to_hash_o        (to_hash),
    .to_cipher_o      (to_cipher),
    .to_out_o         (to_out),
    .iv_o             (iv),
    .message_end_o    (message_end),
    .message_length_o (message_length),
    .outer_o          (outer),
    .byte_taken_i     (taken),
    .use_hash_o       (use_hash),
    .walking_o        (walking),
    .start_o          (start),
    .cipher_idle_i    (cipher_idle && !byte_q),
    .hash_quiet_i     (hash_quiet && !byte_q),
    .hash_init_o      (hash_init),
    .swap_read_o      (swap_read),
    .swap_o           (swap),
    .des_read_o       (des_read),
    .des_key_o        (des_key),
    .load_read_o      (load_read),
    .store_read_o     (store_read),
    .store_write_o    (store_write),
    .store_clear_o    (store_clear),
    .store_index_o    (store_index),
    .load_o           (load),
    .load_index_o     (load_index),
    .replay_o         (replay),
    .save_chain_o     (save_chain),
    .save_words_o     (save_words),
    .save_cipher_o    (save_cipher),
    .save_gather_o    (save_gather),
    .result_o         (result),
    .status_o         (status),
    .result_ready_i   (result_ready),
    .clear_o          (clear),
    .wipe_o           (wipe),
    .wipe_step_o      (wipe_step),
    .wipe_other_o     (wipe_other),
    .wipe_ready_i     (wipe_ready),
    .open_o           (open_jobs),
    .idle_o           (control_idle)
  );

  // What is kept between parts. Nothing is before the first one.
  logic [31:0] store_word, stored, save_word, record_word;

  assign store_word = job.first ? 32'd0 : stored;

  sluice_stream_store #(.SaW(SaW)) u_store (
    .clk_i, .rst_ni,
    .read_i    (store_read),
    .write_i   (store_write),
    .clear_i   (store_clear),
    .sa_i      (job.sa),
    .index_i   (store_index),
    .data_i    (save_word),
    .data_o    (stored),
    .wipe_i,
    .wipe_sa_i,
    .wipe_ready_o,
    .march_i,
    .march_we_i,
    .march_addr_i,
    .march_bit_i,
    .march_bad_o
  );

  sluice_stream_record u_record (
    .clk_i, .rst_ni,
    .clear_i         (clear),
    .load_i          (load && load_index[5:3] == 3'd0),
    .load_index_i    (load_index[2:0]),
    .load_word_i     (store_word),
    .save_index_i    (store_index[2:0]),
    .save_word_o     (record_word),
    .cipher_count_i  (cipher_now),
    .hash_count_i    (hash_now),
    .cipher_count_o  (cipher_count),
    .hash_count_o    (hash_count),
    .begin_i         (begin_record),
    .seq_i           (job.counter),
    .total_i         (job.total),
    .make_header_i   (make_header),
    .type_i          (job.type_byte),
    .minor_i         (minor),
    .seal_length_i   (seal_length),
    .header_byte_i   (header_byte),
    .header_end_i    (header_end),
    .header_done_i   (header_sent),
    .byte_i          (ring_byte),
    .take_i          (take),
    .prefixed_i      (prefix_done),
    .finished_i      (finish_mac),
    .differ_i        (compare_q && walked_q != digest_byte_q),
    .out_i           (put && put_gnt),
    .out_byte_i      (put_byte),
    .active_o        (active),
    .prefixed_o      (prefixed),
    .finished_o      (finished),
    .differs_o       (differs),
    .header_o        (header),
    .header_o_done_o (header_done),
    .header_bad_o    (header_bad),
    .seq_o           (seq),
    .total_o         (total),
    .left_o          (left),
    .out_o           (out_total),
    .run_byte_o      (run_byte),
    .run_o           (run)
  );

  sluice_stream_plan u_plan (
    .clk_i,
    .aes_i         (aes),
    .null_i        (null_cipher),
    .etm_i         (etm),
    .tls10_i       (tls10),
    .mac_len_i     (mac_len),
    .total_i       (total),
    .pad_i         (job.pad),
    .seal_bad_o    (seal_bad),
    .seal_length_o (seal_length),
    .length_i      (header[15:0]),
    .length_bad_o  (length_bad),
    .iv_len_o      (iv_len),
    .after_o       (after),
    .body_left_o   (body_left),
    .mac_field_o   (mac_field),
    .room_o        (room),
    .sure_o        (sure),
    .padding_o     (padding)
  );

  // How far the record is. What is registered is looked at a clock after the bytes have stopped.
  logic [14:0] source_q;  // bytes of the part to be taken
  logic        some_q, left_q, iv_end_q, body_end_q;
  logic [6:0]  after_q, after_one_q;
  logic [15:0] iv_one_q;
  always_ff @(posedge clk_i) begin
    over_q         <= source_q > left;
    short_q        <= source_q != left;
    iv_pending_q   <= !seal && {1'b0, left} > body_left;
    body_pending_q <= left > {8'd0, after_q};
    after_q        <= seal ? 7'd0 : {1'b0, after};
    after_one_q    <= after_q + 7'd1;
    iv_one_q       <= body_left + 16'd1;
  end

  // These are right in the next clock.
  always_ff @(posedge clk_i) begin
    left_q     <= take ? left != 15'd1 : left != 15'd0;
    iv_end_q   <= take ? {1'b0, left} == iv_one_q : {1'b0, left} == body_left;
    body_end_q <= take ? left == {8'd0, after_one_q} : left == {8'd0, after_q};
  end

  // Bytes of the source. When the last one of a word is next, the next word is read, and that byte waits in a register.
  logic              have_q, ahead_q, read, read_gnt, put, put_gnt, ring_take, from_ring;
  logic [RingAw-1:0] read_word_q, put_word;
  logic [3:0]        place_q;
  logic [127:0]      read_data;
  logic [7:0]        ring_byte, last_byte_q, put_byte, digest_byte, cipher_byte;
  logic [14:0]       put_q;
  logic              hash_ready, cipher_out, tap, tapped;
  logic [5:0]        hash_at_q;

  assign from_ring = what == 3'd0;
  assign ring_byte = ahead_q ? last_byte_q : read_data[8 * place_q +: 8];
  assign ring_take = taken && from_ring;
  assign read      = walking && some_q && (!have_q || (place_q == 4'd15 && !ahead_q));

  always_ff @(posedge clk_i) begin
    if (!rst_ni || start) begin
      have_q      <= 1'b0;
      ahead_q     <= 1'b0;
      place_q     <= 4'd0;
      source_q    <= job.src_len;
      some_q      <= job.src_len != 15'd0;
      read_word_q <= job.base + RingAw'(3);
      put_q       <= 15'd0;
    end else begin
      have_q  <= (read && read_gnt) || (have_q && !(ring_take && place_q == 4'd15 && !ahead_q));
      ahead_q <= !ring_take && (ahead_q || (read && read_gnt && have_q));
      if (read && read_gnt) read_word_q <= read_word_q + RingAw'(1);
      if (ring_take) begin
        place_q  <= place_q + 4'd1;
        source_q <= source_q - 15'd1;
        some_q   <= source_q != 15'd1;
      end
      if (put && put_gnt) put_q <= put_q + 15'd1;
    end
    if (!ahead_q) last_byte_q <= read_data[127:120];
  end

  // The other bytes.
  logic [7:0]  walk_byte;
  logic [31:0] digest_word;
  logic [4:0]  digest_index;
  logic [1:0]  digest_lane;

  assign digest_index = walking ? mac_len[4:0] - left[4:0] : index[4:0];
  assign digest_lane  = md5 ? digest_index[1:0] : ~digest_index[1:0];
  assign digest_byte  = digest_word[8 * digest_lane +: 8];

  sluice_stream_bytes u_bytes (
    .what_i           (what),
    .index_i          (index),
    .ring_i           (ring_byte),
    .digest_i         (digest_byte),
    .padding_i        (padding),
    .header_i         (header),
    .nonce_i          (job.nonce),
    .seq_i            (seq),
    .mac_field_i      (mac_field),
    .md5_i            (md5),
    .outer_i          (outer),
    .hash_words_i     (hash_words),
    .hash_at_i        (hash_at_q[2:0]),
    .message_end_i    (message_end),
    .message_length_i (message_length),
    .byte_o           (walk_byte)
  );

  // Who takes them, from a register. Sealing etm, the hash takes what the cipher gives.
  logic       walk, byte_q, byte_hash_q, byte_cipher_q, byte_out_q, byte_iv_q, byte_go, cipher_in_valid, cipher_ready, hash_valid;
  logic       compare_q;
  logic [7:0] walked_q, digest_byte_q;
  assign tap     = seal && etm && use_hash;
  assign walk    = valid && (!from_ring || have_q);
  assign byte_go = (!byte_hash_q || hash_ready) && (!byte_cipher_q || cipher_ready) && (!byte_out_q || put_gnt);
  assign taken   = walk && (!byte_q || byte_go);

  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear) byte_q <= 1'b0;
    else byte_q <= (taken && (to_hash || to_cipher || to_out)) || (byte_q && !byte_go);
    if (!rst_ni || clear) walked_q <= 8'd0;
    else if (taken) walked_q <= walk_byte;
    if (taken) begin
      byte_hash_q   <= to_hash;
      byte_cipher_q <= to_cipher;
      byte_out_q    <= to_out;
      byte_iv_q     <= iv;
    end
    compare_q     <= compare;
    digest_byte_q <= digest_byte;
  end

  // How much of its block the hash has or will have with the byte in the register.
  assign tapped = tap && cipher_out && !(byte_q && byte_out_q) && put_gnt && hash_ready;
  always_ff @(posedge clk_i) begin
    if (!rst_ni || clear) hash_at_q <= 6'd0;
    else if (load && load_index == 6'd0) hash_at_q <= store_word[19:14];
    else if ((taken && to_hash) || tapped) hash_at_q <= hash_at_q + 6'd1;
  end

  assign cipher_in_valid = replay || (byte_q && byte_cipher_q && (!byte_hash_q || hash_ready));
  assign put             = byte_q && byte_out_q ? !byte_hash_q || hash_ready : cipher_out && (!tap || hash_ready);
  assign put_byte        = byte_q && byte_out_q ? walked_q : cipher_byte;
  assign hash_valid      = (byte_q && byte_go && byte_hash_q) || tapped;
  assign put_word        = job.base + put_q[14:4];

  sluice_stream_ring #(.RingAw(RingAw)) u_ring (
    .clk_i, .wr_en_i, .wr_addr_i, .wr_be_i, .wr_data_i, .rd_en_i, .rd_addr_i, .rd_data_o,
    .read_i      (read),
    .read_gnt_o  (read_gnt),
    .read_word_i (read_word_q),
    .read_data_o (read_data),
    .put_i       (put),
    .put_gnt_o   (put_gnt),
    .put_word_i  (put_word),
    .put_byte_i  (put_q[3:0]),
    .put_data_i  (put_byte)
  );

  // SA words, cipher, hash.
  logic [31:0]  sa_word, gather, tail, whole_word, bytes;
  logic [63:0]  sa_des_key;
  logic [127:0] round_key, chain;
  logic [3:0]   round_index, sa_index;
  logic         swap_read, load_read, des_read, load_chain, load_hash;

  assign load_chain = load && load_index[5:2] == 4'd2 && (!job.first || aes || !load_index[1]);
  assign load_hash  = load && load_index[5:3] == 3'd2 && {1'b0, load_index[2:0]} < hash_words;
  assign sa_index   = swap_read ? {1'b1, index[2:0] - 3'd1} : {1'b0, hash_words[2:0] - 3'd1 - store_index[2:0]};

  sluice_stream_sa u_sa (
    .clk_i, .rst_ni,
    .sa_valid_i, .sa_data_i,
    .loaded_o      (loaded),
    .take_i        (take_job),
    .clear_i       (wipe && wipe_step),
    .clear_other_i (wipe_other),
    .clear_index_i (index[3:0]),
    .clear_ready_o (wipe_ready),
    .config_o      (config_word),
    .read_i        (swap_read || load_read),
    .state_index_i (sa_index),
    .state_o       (sa_word),
    .des_i         (des_read),
    .des_index_i   (triple && !seal ? 2'd2 - index[1:0] : index[1:0]),
    .des_key_o     (sa_des_key),
    .key_index_i   (round_index),
    .key_o         (round_key)
  );

  sluice_stream_cbc u_cbc (
    .clk_i, .rst_ni,
    .clear_i         (clear),
    .aes_i           (aes),
    .null_i          (null_cipher),
    .triple_i        (triple),
    .decrypt_i       (!seal),
    .rounds_i        (rounds),
    .key_index_o     (round_index),
    .key_i           (round_key),
    .des_key_valid_i (des_key || (clear && wipe_step && des && index < 8'd3)),
    .des_key_i       (clear ? 64'd0 : sa_des_key),
    .in_valid_i      (cipher_in_valid),
    .in_ready_o      (cipher_ready),
    .in_i            (replay ? store_word[8 * load_index[1:0] +: 8] : walked_q),
    .pass_i          (walked_q),
    .in_iv_i         (replay ? iv : byte_iv_q),
    .out_valid_o     (cipher_out),
    .out_ready_i     (put_gnt && (!tap || hash_ready)),
    .out_o           (cipher_byte),
    .chain_shift_i   (load_chain || save_cipher),
    .chain_word_i    (job.first ? job.nonce[32 * load_index[1:0] +: 32] : store_word),
    .chain_o         (chain),
    .gather_shift_i  (save_gather),
    .gather_o        (gather),
    .count_o         (cipher_now),
    .idle_o          (cipher_idle)
  );

  sluice_stream_hash u_hash (
    .clk_i, .rst_ni,
    .clear_i      (clear),
    .mac_i        (config_word[9:8]),
    .byte_valid_i (hash_valid),
    .byte_ready_o (hash_ready),
    .byte_i       (tapped ? cipher_byte : walked_q),
    .count_o      (hash_now),
    .quiet_o      (hash_quiet),
    .shift_i      (load_hash || swap || save_chain || (clear && wipe_step && !index[3])),
    .shift_word_i (swap ? (outer ? 32'd0 : sa_word) : load_hash ? (job.first ? sa_word : store_word) : 32'd0),
    .tail_o       (tail),
    .init_i       (hash_init),
    .put_i        (load && load_index[5] && load_index[3:0] != hash_count[5:2]),
    .put_bytes_i  (load && load_index[5] && load_index[3:0] == hash_count[5:2]),
    .put_word_i   (store_word),
    .put_count_i  (hash_count[1:0]),
    .take_i       (save_words),
    .take_word_o  (whole_word),
    .bytes_o      (bytes),
    .wipe_i       (wipe),
    .wipe_index_i (index[3:0])
  );

  // The digest.
  logic [31:0] digest [8];
  logic [2:0]  digest_address;
  logic        digest_write;
  assign digest_write   = swap || wipe || (load && load_index[5:3] == 3'd3);
  assign digest_address = swap || wipe ? index[2:0] : load_index[2:0];
  assign digest_word    = digest[store_write ? store_index[2:0] : digest_index[4:2]];
  always_ff @(posedge clk_i) begin
    if (digest_write) digest[digest_address] <= swap ? tail : wipe ? 32'd0 : store_word;
  end

  always_comb begin
    unique case (store_index[5:3])
      3'd0:    save_word = record_word;
      3'd1:    save_word = store_index[2] ? gather : chain[31:0];
      3'd2:    save_word = tail;
      3'd3:    save_word = digest_word;
      default: save_word = store_index[3:0] == hash_now[5:2] ? bytes : whole_word;
    endcase
  end

  // The verdict on an etm open, and the result, which waits here until the writer is done with it.
  sluice_pkg::result_t made, made_q;
  logic                made_valid_q, ok;
  logic [16:0]         content;
  logic [14:0]         known;

  assign content     = room - {9'd0, null_cipher ? 8'd0 : run_byte};
  assign verdict_bad = differs || (!null_cipher && run <= {1'b0, run_byte}) || content > 17'(sluice_regs_pkg::MaxContent);
  assign known       = out_total < sure ? out_total : sure;
  assign ok          = status == sluice_regs_pkg::StatusOk;

  always_comb begin
    made.id       = job.id;
    made.status   = status;
    made.word     = job.base;
    made.first    = 4'd0;
    made.out_len  = ok ? put_q : 15'd0;
    made.length   = ok ? put_q : 15'd0;
    made.sure     = !ok || seal ? 15'd0 : etm && job.last ? content[14:0] : known;
    made.counter  = 128'd0;
    if (ok && job.last && tls10 && !null_cipher) made.counter = aes ? chain : {64'd0, chain[127:64]};
  end

  assign result_ready = !made_valid_q || res_ready_i;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) made_valid_q <= 1'b0;
    else made_valid_q <= result || (made_valid_q && !res_ready_i);
    if (result) made_q <= made;
  end

  assign res_valid_o = made_valid_q;
  assign res_o       = made_q;

  assign busy_o    = !control_idle && open_jobs;
  assign starved_o = job_valid && !fetched;
  assign blocked_o = made_valid_q && !res_ready_i;
  assign records_o = finish;
  assign idle_o    = jobs_idle && !made_valid_q && open_jobs;

endmodule

`default_nettype wire
