// SPDX-License-Identifier: Apache-2.0
//
// Second half of dispatch: operations that wait for a lane, and their way to it. Each class of lanes (card_pkg) has a line of its
// own, so that operations for lanes that are all busy keep nobody else waiting; a queue pair with 8 of those is not fetched from
// (hold_o), which bounds the lines. Long records have a class too: while there are short ones, they leave them a lane or two, and
// a short one is not put behind a long one, so that neither a queue full of long records nor a single one makes others wait. The
// oldest of a line gets the lane with the fewest jobs that has room for it: the job, the SA's words behind it, and the order to
// read the source. 8 clocks a job, which is the SA's words. Key jobs of the administrator go before everything else in their
// line.
`default_nettype none

module queue_issue #(
  parameter int unsigned Lanes       = 2,  // record lanes, of which the first LegacyLanes do DES, 3DES and MD5
  parameter int unsigned LegacyLanes = 0,
  parameter int unsigned StreamLanes = 0,  // behind the record lanes
  parameter int unsigned Queues      = 3,
  parameter int unsigned RingAw      = sluice_pkg::RingAw,
  localparam int unsigned All        = Lanes + StreamLanes,
  localparam int unsigned IdW        = sluice_pkg::IdW
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // An operation that needs a lane gets its slot.
  output logic                put_ready_o,
  input  logic                put_i,
  input  logic [IdW-1:0]      put_id_i,
  input  card_pkg::work_t     put_work_i,
  input  logic                put_src_turn_i,
  input  logic                put_dst_turn_i,
  // Key job: 32 bytes at src, SA words of slot.
  input  logic                key_valid_i,
  output logic                key_ready_o,
  input  logic [7:0]          key_sa_i,
  input  logic [63:0]         key_src_i,
  input  logic                key_legacy_i,  // MD5
  // Lanes in service. While paused no job, SA word or order to read goes out.
  input  logic [All-1:0]      service_i,
  input  logic                pause_i,
  output logic                paused_o,
  output logic                last_empty_o,  // the last record lane holds no job
  // Page lists: are they there?
  output logic [IdW-1:0]      look_id_o,
  input  logic                src_got_i,
  input  logic                src_err_i,
  input  logic                dst_got_i,
  input  logic                dst_err_i,
  // Lanes; of their oldest jobs: 16 words are free, it is over, given words of it were so free (queue_lane_room).
  output logic [All-1:0]      job_valid_o,
  input  logic [All-1:0]      job_ready_i,
  output sluice_pkg::job_t    job_o,
  output logic [All-1:0]      sa_valid_o,
  input  logic [All-1:0]      some_i,
  input  logic [All-1:0]      give_i,
  input  logic [All-1:0]      give_long_i,
  input  logic [RingAw-1:0]   given_i,
  // SA words, one clock after they are asked for.
  output logic [10:0]         word_addr_o,
  // Source to be read (queue_source).
  output logic                rd_valid_o,
  input  logic                rd_ready_i,
  input  logic                rd_empty_i,    // no other waits to be read
  output logic [IdW-1:0]      rd_id_o,
  output logic                rd_list_o,
  output logic                rd_bad_o,
  output logic [63:0]         rd_addr_o,
  output logic [14:0]         rd_len_o,
  output logic [4:0]          rd_lane_o,
  output logic [14:0]         rd_pos_o,
  output logic [Queues-1:0]   hold_o,
  output logic                stall_o,       // an operation waits for a lane
  output logic                idle_o
);
  localparam int unsigned Slots = 1 << IdW;
  localparam logic [IdW:0] NormalMost = 24;  // so that what waits for normal lanes leaves slots to the others
  localparam logic [6:0]   HoldFrom   = 8;
  localparam int unsigned  Kept       = Lanes >= 16 ? 2 : Lanes > 1 ? 1 : 0;  // lanes that long records do not take

  typedef enum logic [2:0] {Pick, Read, Room, Level, Turn, Choose, Give} state_e;
  state_e state_q;

  // ---- slots; few and wide, so that of a block RAM most would be empty
  card_pkg::slot_t             put_slot, slot;
  (* ram_style = "distributed" *) logic [card_pkg::SlotW-1:0] slot_q [Slots];
  logic [card_pkg::SlotW-1:0]  slot_out_q;
  logic [IdW-1:0]              id_q;
  logic                        key_q, key_put;
  logic [1:0]                  put_class;
  assign key_put     = key_q && state_q == Pick;
  assign key_ready_o = key_put;
  assign put_class   = key_put ? (key_legacy_i ? card_pkg::ClassLegacy : card_pkg::ClassNormal) :
                       put_work_i.lanes;
  always_comb begin
    put_slot.bad       = put_work_i.status != sluice_regs_pkg::StatusOk && !key_put;
    put_slot.lanes     = put_class;
    put_slot.kind      = key_put ? sluice_pkg::KindKeys : put_work_i.kind;
    put_slot.part      = put_work_i.part && !key_put;
    put_slot.first     = put_work_i.first;
    put_slot.last      = put_work_i.last;
    put_slot.pair      = put_work_i.pair;
    put_slot.sa        = key_put ? key_sa_i : put_work_i.sa;
    put_slot.src       = key_put ? key_src_i : put_work_i.src;
    put_slot.src_list  = put_work_i.src_list && !key_put;
    put_slot.src_turn  = put_src_turn_i;
    put_slot.dst_list  = put_work_i.dst_list && !key_put;
    put_slot.dst_turn  = put_dst_turn_i;
    put_slot.src_len   = key_put ? 15'd32 : put_work_i.src_len;
    put_slot.total     = put_work_i.total;
    put_slot.words     = key_put ? 11'd2 : put_work_i.words;
    put_slot.place     = key_put ? 6'd0 : put_work_i.place;
    put_slot.type_byte = put_work_i.type_byte;
    put_slot.pad       = put_work_i.pad;
    put_slot.counter   = put_work_i.counter;
    put_slot.nonce     = put_work_i.nonce;
  end
  logic           add;
  logic [IdW-1:0] add_id;
  assign add    = put_i || key_put;
  assign add_id = key_put ? IdW'(card_pkg::KeysId) : put_id_i;
  always_ff @(posedge clk_i) begin
    if (add) slot_q[add_id] <= put_slot;
    slot_out_q <= slot_q[id_q];
  end
  assign slot = slot_out_q;

  // ---- lines: heads, tails, and for each slot the one behind it
  logic [IdW-1:0]   next_q [Slots];
  logic [IdW-1:0]   next;
  logic [4*IdW-1:0] heads, tails;
  logic [3:0]       any;
  logic [IdW:0]     normal;
  logic [1:0]       class_q;
  logic             pop, link;
  assign next = next_q[id_q];
  assign link = add && any[put_class];
  always_ff @(posedge clk_i) begin
    if (link) next_q[key_put ? IdW'(card_pkg::KeysId) : tails[IdW * put_class +: IdW]] <= key_put ? heads[IdW * put_class +: IdW]
                                                                                                  : put_id_i;
  end
  for (genvar c = 0; c < 4; c++) begin : g_line
    logic           in, out;
    logic [IdW-1:0] head_q, tail_q;
    logic [IdW:0]   count_q;
    assign in                   = add && put_class == 2'(c);
    assign out                  = pop && class_q == 2'(c);
    assign heads[IdW*c +: IdW]  = head_q;
    assign tails[IdW*c +: IdW]  = tail_q;
    assign any[c]               = count_q != '0;
    if (c == 0) begin : g_normal
      assign normal = count_q;
    end
    always_ff @(posedge clk_i) begin
      if (in && (key_put || !any[c] || (out && count_q == (IdW+1)'(1)))) head_q <= add_id;
      else if (out) head_q <= next;
      if (in && (!key_put || !any[c])) tail_q <= add_id;
      if (!rst_ni) count_q <= '0;
      else count_q <= count_q + {{IdW{1'b0}}, in} - {{IdW{1'b0}}, out};
    end
  end
  assign put_ready_o = !key_put && (put_class != card_pkg::ClassNormal || normal < NormalMost);

  // ---- queue pairs with too many in the lines that may take long
  for (genvar q = 0; q < Queues; q++) begin : g_hold
    logic       in, out, in_q, out_q;
    logic [6:0] parked_q;
    assign in  = put_i && put_class != card_pkg::ClassNormal && put_work_i.pair == 4'(q);
    assign out = pop && id_q != IdW'(card_pkg::KeysId) && slot.lanes != card_pkg::ClassNormal && slot.pair == 4'(q);
    always_ff @(posedge clk_i) begin
      hold_o[q] <= parked_q >= HoldFrom;
      if (!rst_ni) begin
        in_q     <= 1'b0;
        out_q    <= 1'b0;
        parked_q <= 7'd0;
      end else begin
        in_q     <= in;
        out_q    <= out;
        parked_q <= parked_q + {6'd0, in_q} - {6'd0, out_q};
      end
    end
  end

  // ---- whose turn it is: line after line. Sources are read in order, so a long one is not put behind others that wait: those of
  // short records would stand behind one for each lane. But after 16 others it has waited long enough.
  logic [1:0] class_next;
  logic [3:0] may;
  logic [4:0] others_q;
  assign may = {any[3] && (rd_empty_i || others_q[4]), any[2:0]};
  always_comb begin
    unique case (class_q)
      2'd0:    class_next = may[1] ? 2'd1 : may[2] ? 2'd2 : may[3] ? 2'd3 : 2'd0;
      2'd1:    class_next = may[2] ? 2'd2 : may[3] ? 2'd3 : may[0] ? 2'd0 : 2'd1;
      2'd2:    class_next = may[3] ? 2'd3 : may[0] ? 2'd0 : may[1] ? 2'd1 : 2'd2;
      default: class_next = may[0] ? 2'd0 : may[1] ? 2'd1 : may[2] ? 2'd2 : 2'd3;
    endcase
  end

  // ---- lanes: the fewest jobs first, turn by turn among equals
  localparam logic [31:0] RecordMask = (32'd1 << Lanes) - 32'd1;
  localparam logic [31:0] LongMask   = (32'd1 << (Lanes - Kept)) - 32'd1;
  localparam logic [31:0] LegacyMask = (32'd1 << LegacyLanes) - 32'd1;
  localparam logic [31:0] StreamMask = ((32'd1 << All) - 32'd1) & ~RecordMask;
  logic [All-1:0]        room, take, fit, free, fit_q, able, long, none, one, level_q, above, choice_q;
  logic [RingAw*All-1:0] base;
  logic [4:0]            lane_q, best;
  logic                  found_q, lists_q;
  // Clocks since a short record came or waited: 65536 of them, and long ones take every lane. Longer than a short one takes when
  // all lanes begin long ones at once, else those would get the kept lanes while the short ones wait for the others.
  logic [16:0]           alone_q;
  logic [All-1:0]        class_lanes;
  logic                  long_some_q;   // some of the lanes that long records take first are in service
  always_ff @(posedge clk_i) long_some_q <= (LongMask[All-1:0] & service_i) != '0;
  assign fit         = class_lanes & service_i;
  assign class_lanes = slot.lanes == card_pkg::ClassStream ? StreamMask[All-1:0] :
                       slot.lanes == card_pkg::ClassLegacy ? LegacyMask[All-1:0] :
                       slot.lanes == card_pkg::ClassLong && !alone_q[16] && long_some_q ? LongMask[All-1:0] : RecordMask[All-1:0];
  assign able = room & job_ready_i & fit_q;
  assign free = Kept != 0 && slot.lanes == card_pkg::ClassNormal ? ~long : '1;
  for (genvar l = 0; l < All; l++) begin : g_lane
    logic [2:0] jobs;
    queue_lane_room #(.RingAw(RingAw)) u_room (
      .clk_i, .rst_ni, .want_i(slot.words), .room_o(room[l]), .base_o(base[RingAw*l +: RingAw]), .jobs_o(jobs), .long_o(long[l]),
      .take_i(take[l]), .some_i(some_i[l]), .give_i(give_i[l]), .given_i(give_long_i[l] ? given_i : '0)
    );
    if (l == Lanes - 1) begin : g_last
      assign last_empty_o = jobs == 3'd0;
    end
    assign none[l]  = able[l] && jobs == 3'd0;
    assign one[l]   = able[l] && jobs == 3'd1;
    if (l == 0) begin : g_first
      assign above[l] = 1'b0;
    end else begin : g_other
      assign above[l] = level_q[l] && lane_q < 5'(l);
    end
  end
  always_comb begin
    best = 5'd0;
    for (int unsigned i = 0; i < All; i++) begin
      if (choice_q[All - 1 - i]) best = 5'(All - 1 - i);
    end
  end

  // ---- steps
  logic       leave, load_q, load_last;
  logic [2:0] beat_q;
  logic [4:0] load_lane_q;
  logic [7:0] load_sa_q;
  assign load_last = load_q && beat_q == 3'd7;
  assign leave     = state_q == Give && (!found_q || !lists_q);
  assign pop       = state_q == Give && !leave && rd_ready_i && (!load_q || load_last);
  assign look_id_o = id_q;

  logic [RingAw-1:0] lane_base;
  sluice_mux #(.Width(RingAw), .Count(All)) u_base (.all_i(base), .index_i({1'b0, lane_q}), .one_o(lane_base));
  always_comb begin
    job_o.kind      = slot.kind;
    job_o.part      = slot.part;
    job_o.first     = slot.first;
    job_o.last      = slot.last;
    job_o.sa        = slot.sa;
    job_o.total     = slot.total;
    job_o.id        = id_q;
    job_o.base      = lane_base;
    job_o.words     = slot.words;
    job_o.src_len   = slot.src_len;
    job_o.type_byte = slot.type_byte;
    job_o.pad       = slot.pad;
    job_o.counter   = slot.counter;
    job_o.nonce     = slot.nonce;
  end
  for (genvar l = 0; l < All; l++) begin : g_out
    assign take[l]        = pop && lane_q == 5'(l);
    assign job_valid_o[l] = take[l];
    assign sa_valid_o[l]  = load_q && load_lane_q == 5'(l);
  end

  // A part that cannot be written ends its record, as one that cannot be read.
  logic list_err_q;
  assign rd_valid_o  = pop;
  assign rd_id_o     = id_q;
  assign rd_list_o   = slot.src_list;
  assign rd_bad_o    = slot.bad || list_err_q;
  assign rd_addr_o   = slot.src;
  assign rd_len_o    = slot.src_len;
  assign rd_lane_o   = lane_q;
  assign rd_pos_o    = {lane_base + RingAw'(slot.place[5:4]), slot.place[3:0]};
  assign word_addr_o = pop ? {slot.sa, 3'd0} : {load_sa_q, beat_q + 3'd1};
  assign paused_o    = pause_i && state_q == Pick && !load_q;
  assign idle_o      = any == 4'b0000 && state_q == Pick && !load_q;

  always_ff @(posedge clk_i) begin
    if (state_q == Pick) begin
      class_q <= class_next;
      id_q    <= heads[IdW * class_next +: IdW];
    end
    fit_q   <= fit & free;
    if (state_q == Turn) choice_q <= above != '0 ? above : level_q;
    if (state_q == Level) begin
      level_q    <= none != '0 ? none : one != '0 ? one : able;
      found_q    <= able != '0;
      lists_q    <= (!slot.src_list || src_got_i == slot.src_turn) && (!slot.dst_list || dst_got_i == slot.dst_turn);
      list_err_q <= (slot.src_list && src_err_i) || (slot.part && slot.dst_list && dst_err_i);
    end
    if (pop) begin
      load_lane_q <= lane_q;
      load_sa_q   <= slot.sa;
    end
    beat_q <= pop ? 3'd0 : beat_q + 3'd1;
    if (!rst_ni) begin
      state_q <= Pick;
      class_q <= 2'd0;
      others_q <= 5'd0;
      key_q   <= 1'b0;
      lane_q  <= 5'd0;
      alone_q <= 17'h10000;
      load_q  <= 1'b0;
      stall_o <= 1'b0;
    end else begin
      load_q <= pop || (load_q && !load_last);
      key_q  <= key_valid_i && !key_put;
      if ((put_i && put_class == card_pkg::ClassNormal) || any[card_pkg::ClassNormal]) alone_q <= 17'd0;
      else if (!alone_q[16]) alone_q <= alone_q + 17'd1;
      if (pop) others_q <= class_q == card_pkg::ClassLong ? 5'd0 : others_q[4] ? others_q : others_q + 5'd1;
      if (state_q == Choose && found_q) lane_q <= best;
      if (state_q == Give) stall_o <= !found_q;
      else if (any == 4'b0000) stall_o <= 1'b0;
      unique case (state_q)
        Pick:    if (may != 4'b0000 && !key_put && !pause_i) state_q <= Read;
        Read:    state_q <= Room;
        Room:    state_q <= Level;
        Level:   state_q <= Turn;
        Turn:    state_q <= Choose;
        Choose:  state_q <= Give;
        default: if (pop || leave) state_q <= Pick;
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, put_work_i};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!pop || ((job_ready_i & take) != '0 && any[class_q]));
      assert (!put_i || put_ready_o);
    end
  end
`endif
endmodule
`default_nettype wire
