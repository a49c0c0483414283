// SPDX-License-Identifier: Apache-2.0
//
// What a lane knows about a job beside the job itself: what its SA says, and where things lie in its record.
package sluice_lane_pkg;

  typedef struct packed {
    logic        seal;
    logic        open;         // open or verify
    logic        verify;
    logic        key_job;
    logic        aes;
    logic        des;          // DES or 3DES
    logic        triple;
    logic [3:0]  rounds;
    logic        padded;       // AES, DES or 3DES: what is encrypted has padding
    logic        cipher;       // and there is something to encrypt or decrypt
    logic        sha256;
    logic        md5;
    logic        mac;          // there is one; neither SHA-256 nor MD5: SHA-1
    logic        tls;
    logic        chained;      // tls10
    logic        etm;
    logic        sequence_nonce; // the nonce is made of a counter
    logic        leads;        // the cipher reads before the hash: etm seal, mte open
    logic [5:0]  mac_len;
    logic [7:0]  minor;        // second byte of version
    logic [63:0] cid;
  } sa_t;

  // Positions count bytes of the body, from the first after header and IV.
  typedef struct packed {
    logic [14:0] cipher_len;   // E
    logic [14:0] content_max;  // largest possible content; seal: the content
    logic [14:0] filled;       // seal: what is encrypted, before padding
    logic [7:0]  padding;      // seal: padding_length
    logic [14:0] body_end;     // secure UDP: position of the nonce
    logic [4:0]  nonce_len;    // 0: there is none on the wire
    logic [15:0] length_field; // the header's length field
    logic [14:0] out_len;      // what goes out: seal: the record; open: the largest possible content
  } plan_t;

endpackage
