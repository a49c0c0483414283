// SPDX-License-Identifier: Apache-2.0
//
// What travels between the blocks of the card: the job that the dispatcher gives to a lane, the result that a lane gives to the
// writer, and the SA words that reach a lane. Numbers shared with the driver are in sluice_regs_pkg (generated from regs.toml).
// verilator lint_off UNUSEDPARAM
package sluice_pkg;

  localparam int unsigned IdW    = 7;   // operations in flight: 128
  localparam int unsigned SaW    = 8;   // SA slots: 256
  localparam int unsigned RingAw = 11;  // lane ring: 2048 words of 16 bytes

  // What a lane is asked to do.
  localparam logic [1:0] KindSeal   = 2'd0;  // content in the ring becomes a record
  localparam logic [1:0] KindOpen   = 2'd1;  // record in the ring becomes content
  localparam logic [1:0] KindKeys   = 2'd2;  // 32-byte HMAC key in the ring becomes inner and outer state: SA words 4 to 7
  localparam logic [1:0] KindVerify = 2'd3;  // decrypted body in the ring: padding and MAC are checked (tls_mte, tls10)

  // Where a job's bytes are in the ring, from word `base` on. A record's body begins at byte 0 of word base + 1, in the TLS forms
  // with an explicit IV of 16 bytes of word base + 2; what is before it on the wire lies directly before it: a record begins at
  // byte 3 of word base (secure UDP; TLS with an IV of 8 bytes) or at byte 11 (TLS: IV of 16 bytes, or none). Content of a seal
  // and the body of a verify come to the place of the body, keys to byte 0 of word base. A part comes to byte 0 of word base + 3.
  //
  // A job: one operation with everything public about it. Bytes are numbered from the first on the wire; byte n of a
  // 128-bit word is bits [8n+7:8n].
  typedef struct packed {
    logic [1:0]        kind;
    logic              part;      // a part of a cut-through record, for a stream lane
    logic              first;     // part: the first
    logic              last;      // part: the last
    logic [SaW-1:0]    sa;        // slot, for the state of parts
    logic [IdW-1:0]    id;        // in-flight slot, returned with the result
    logic [RingAw-1:0] base;      // first ring word of this job
    logic [RingAw-1:0] words;     // ring words that the job owns from base on (modulo the ring)
    logic [14:0]       src_len;   // bytes of the source
    logic [14:0]       total;     // seal, first part: content bytes of the record
    logic [7:0]        type_byte; // seal, verify: type byte of the header, bit 7 as it goes on the wire
    logic [7:0]        pad;       // seal: further cipher blocks of padding
    logic [63:0]       counter;   // seal, sequence mode: the counter; TLS forms: the sequence number
    logic [127:0]      nonce;     // seal, explicit mode: the nonce; TLS forms: the IV, tls10 for open too
  } job_t;
  localparam int unsigned JobW = 2 + 3 + SaW + IdW + RingAw + RingAw + 15 + 15 + 8 + 8 + 64 + 128;

  // SA words (128 bits each), loaded before each job in this order.
  //   0    [2:0] cipher, [9:8] mac, [18:16] form, [24] direction, [37:32] mac_len, [40] nonce_mode (1 explicit),
  //        [57:56] tls_minor, [127:64] cid
  //   1    reserved, 0
  //   2,3  cipher key, byte 0 in [7:0] of word 2
  //   4,5  HMAC inner state, 6,7 outer state: state word H0 in bits [31:0], H1 in [63:32], ... (numbers, not byte strings)
  localparam int unsigned SaWords = 8;

  // What a lane answers. Status is of sluice_regs_pkg; replay is judged later, by whoever commits.
  typedef struct packed {
    logic [IdW-1:0]    id;
    logic [7:0]        status;
    logic [RingAw-1:0] word;      // ring word in which the output begins
    logic [3:0]        first;     // byte of that word in which it begins
    logic [14:0]       out_len;   // bytes to be written to dst, public; 0: nothing
    logic [14:0]       length;    // bytes that the completion reports; what is written comes from the ring so far, then zeros
    logic [14:0]       sure;      // parts of an open: bytes of the record so far that are surely content; else 0
    logic [127:0]      counter;   // [63:0] seal: used, open: recovered; tls10, ok: the next IV
  } result_t;
  localparam int unsigned ResultW = IdW + 8 + RingAw + 4 + 15 + 15 + 15 + 128;

endpackage
// verilator lint_on UNUSEDPARAM
