// SPDX-License-Identifier: Apache-2.0
//
// What travels between the blocks around the lanes.
// verilator lint_off UNUSEDPARAM
package card_pkg;

  localparam int unsigned KeysId = 127;  // in-flight slot of the key job of sa_create; operations use the others

  // What the dispatcher must know of an SA.
  typedef struct packed {
    logic [7:0] gen;
    logic       open;
    logic [2:0] cipher;
    logic [1:0] mac;
    logic [2:0] form;
    logic [5:0] mac_len;
    logic       explicit_nonce;
    logic       replay;
  } meta_t;
  localparam int unsigned MetaW = 8 + 1 + 3 + 2 + 3 + 6 + 1 + 1;

  // Lanes that an operation may go to.
  localparam logic [1:0] ClassNormal = 2'd0;  // any record lane
  localparam logic [1:0] ClassLegacy = 2'd1;  // a record lane with DES, 3DES and MD5
  localparam logic [1:0] ClassStream = 2'd2;  // a stream lane
  localparam logic [1:0] ClassLong   = 2'd3;  // a record lane, but for those that are kept for short records while there are some
  localparam logic [10:0] LongWords  = 256;   // ring words: 4 KiB and up is long
  // What a completion says as its counter.
  localparam logic [1:0] CounterNone = 2'd0;
  localparam logic [1:0] CounterOwn  = 2'd1;  // the one that the seal used up
  localparam logic [1:0] CounterRead = 2'd2;  // the one that the lane recovered
  localparam logic [1:0] CounterIv   = 2'd3;  // tls10: the next IV

  // A checked operation on its way to a lane, or, when it is direct, straight to its completion.
  typedef struct packed {
    logic [7:0]   status;     // other than ok: the completion's, whatever the lane says
    logic         direct;     // no lane
    logic [1:0]   lanes;      // class of lanes
    logic [1:0]   kind;
    logic         part;
    logic         first;
    logic         last;
    logic [3:0]   pair;       // queue pair
    logic [63:0]  cookie;
    logic         link;       // it has its turn in the order of its SA
    logic [7:0]   sa;
    logic         is_seal;
    logic         is_open;    // verify too
    logic         verify;
    logic         window;     // open: the replay window decides
    logic         tell;       // open: auth_failed tells the counter
    logic [1:0]   says;       // Counter...
    logic [63:0]  src;
    logic [63:0]  dst;
    logic         src_list;   // src is the address of a page list, and so many entries are read
    logic         dst_list;
    logic [2:0]   src_pages;
    logic [14:0]  dst_end;    // of the last byte, behind the beginning of the first page, if that is left but for a byte
    logic [14:0]  src_len;
    logic [14:0]  total;
    logic [10:0]  words;
    logic [5:0]   place;      // where the source begins, in bytes from the job's first ring word
    logic [7:0]   type_byte;
    logic [7:0]   pad;
    logic [63:0]  counter;
    logic [127:0] nonce;
  } work_t;
  localparam int unsigned WorkW = 8 + 1 + 2 + 2 + 3 + 4 + 64 + 1 + 8 + 5 + 2 + 64 + 64 + 20 + 15 + 15 + 11 + 6 + 8 + 8 + 64 + 128;

  // What the completion of an operation needs, kept from its dispatch on.
  typedef struct packed {
    logic [7:0]  status;
    logic        direct;
    logic [3:0]  pair;
    logic [63:0] cookie;
    logic        link;
    logic [7:0]  sa;
    logic        is_seal;
    logic        is_open;
    logic        verify;
    logic        window;
    logic        tell;
    logic [1:0]  says;
    logic [14:0] src_len;
    logic [63:0] counter;
  } flight_t;
  localparam int unsigned FlightW = 8 + 1 + 4 + 64 + 1 + 8 + 5 + 2 + 15 + 64;

  // What an operation on its way to a lane keeps in its slot.
  typedef struct packed {
    logic         bad;        // no source is read, and the lane is told of an error
    logic [1:0]   lanes;
    logic [1:0]   kind;
    logic         part;
    logic         first;
    logic         last;
    logic [3:0]   pair;
    logic [7:0]   sa;
    logic [63:0]  src;
    logic         src_list;
    logic         src_turn;   // queue_lists: the list is there when its bit is this
    logic         dst_list;
    logic         dst_turn;
    logic [14:0]  src_len;
    logic [14:0]  total;
    logic [10:0]  words;
    logic [5:0]   place;
    logic [7:0]   type_byte;
    logic [7:0]   pad;
    logic [63:0]  counter;
    logic [127:0] nonce;
  } slot_t;
  localparam int unsigned SlotW = 1 + 2 + 2 + 3 + 4 + 8 + 64 + 4 + 15 + 15 + 11 + 6 + 8 + 8 + 64 + 128;

  // A word turned down by n bytes: byte n comes to byte 0. In stages, since Yosys makes larger multiplexers of an index.
  function automatic logic [127:0] turn(input logic [127:0] word, input logic [3:0] n);
    turn = n[0] ? {word[7:0], word[127:8]} : word;
    turn = n[1] ? {turn[15:0], turn[127:16]} : turn;
    turn = n[2] ? {turn[31:0], turn[127:32]} : turn;
    turn = n[3] ? {turn[63:0], turn[127:64]} : turn;
  endfunction

endpackage
// verilator lint_on UNUSEDPARAM
