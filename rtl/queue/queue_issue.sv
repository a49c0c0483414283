// SPDX-License-Identifier: Apache-2.0
//
// Second half of dispatch: gives each checked operation its in-flight slot and its place in the order of its SA, and, unless it
// is over already, the lane with the fewest jobs that has room for it; sends the job, the SA's words behind it, and the order
// to read the source. Key jobs of the administrator go the same way. 11 clocks a job, 2 for what needs no lane.
`default_nettype none

module queue_issue #(
  parameter int unsigned Lanes       = 2,  // record lanes, of which the first LegacyLanes do DES, 3DES and MD5; stream lanes behind them
  parameter int unsigned LegacyLanes = 0,
  parameter int unsigned StreamLanes = 0,
  localparam int unsigned All        = Lanes + StreamLanes,
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  // Checked operations.
  input  logic                          in_valid_i,
  output logic                          in_ready_o,
  input  card_pkg::work_t               in_i,
  // Key job: 32 bytes at src, SA words of slot.
  input  logic                          key_valid_i,
  output logic                          key_ready_o,
  input  logic [7:0]                    key_sa_i,
  input  logic [63:0]                   key_src_i,
  input  logic                          key_legacy_i,  // MD5
  // In-flight table.
  input  logic                          id_valid_i,
  input  logic [sluice_pkg::IdW-1:0]    id_i,
  output logic                          alloc_o,
  output card_pkg::flight_t             flight_o,
  output logic [63:0]                   dst_o,
  output logic                          link_o,
  // Lanes.
  output logic [All-1:0]              job_valid_o,
  input  logic [All-1:0]              job_ready_i,
  output sluice_pkg::job_t              job_o,
  output logic [All-1:0]              sa_valid_o,
  input  logic [All-1:0]              give_i,        // a lane's oldest job is over
  // SA words.
  output logic [10:0]                   word_addr_o,
  // Source to be read.
  output logic                          rd_valid_o,
  input  logic                          rd_ready_i,
  output logic [63:0]                   rd_addr_o,
  output logic [14:0]                   rd_len_o,
  output logic [4:0]                    rd_lane_o,
  output logic [14:0]                   rd_pos_o,
  output logic                          rd_bad_o,      // nothing is read, and the lane is told of an error
  input  logic [7:0]                    query_sa_i,
  output logic                          query_busy_o,
  output logic                          stall_o,       // an operation waits for a lane
  output logic                          idle_o
);
  typedef enum logic [1:0] {Empty, Choose, Give, Load} state_e;
  state_e state_q;

  card_pkg::work_t work_q;
  logic            key_q;
  logic [2:0]      word_q;

  // ---- lanes: the fewest jobs first, turn by turn among equals
  logic [All-1:0]        room, take;
  logic [RingAw*All-1:0] base;
  logic [3*All-1:0]      jobs;
  for (genvar l = 0; l < All; l++) begin : g_lane
    queue_lane_room #(.RingAw(RingAw)) u_room (
      .clk_i, .rst_ni, .want_i(work_q.words), .room_o(room[l]), .base_o(base[RingAw*l +: RingAw]), .jobs_o(jobs[3*l +: 3]),
      .take_i(take[l]), .give_i(give_i[l])
    );
  end

  logic [4:0] last_q, lane_q, best, at;
  logic [31:0] able;
  // Which lanes do what.
  localparam logic [31:0] RecordMask = (32'd1 << Lanes) - 32'd1;
  localparam logic [31:0] LegacyMask = (32'd1 << LegacyLanes) - 32'd1;
  localparam logic [31:0] StreamMask = ((32'd1 << All) - 32'd1) & ~RecordMask;
  logic [31:0] fit;
  assign fit  = work_q.lanes == card_pkg::ClassStream ? StreamMask : work_q.lanes == card_pkg::ClassLegacy ? LegacyMask : RecordMask;
  assign able = 32'(room) & 32'(job_ready_i) & fit;
  logic [3:0] best_jobs;
  logic       found;
  always_comb begin
    best      = 5'd0;
    best_jobs = 4'd8;
    at        = last_q;
    for (int unsigned i = 0; i < All; i++) begin
      at = at == 5'(All - 1) ? 5'd0 : at + 5'd1;
      if (able[at] && {1'b0, jobs[3 * at +: 3]} < best_jobs) begin
        best      = at;
        best_jobs = {1'b0, jobs[3 * at +: 3]};
      end
    end
    found = best_jobs != 4'd8;
  end

  // ---- steps
  assign key_ready_o = state_q == Empty;
  assign in_ready_o  = state_q == Empty && !key_valid_i;
  logic leave_direct, leave_choose;
  assign leave_direct = state_q == Choose && work_q.direct && id_valid_i;
  assign leave_choose = state_q == Choose && !work_q.direct && (id_valid_i || key_q) && rd_ready_i && found;
  assign alloc_o      = (leave_direct || state_q == Give) && !key_q;
  assign link_o       = work_q.link;
  assign dst_o        = work_q.dst;
  assign stall_o      = state_q == Choose && !work_q.direct && !leave_choose;

  always_comb begin
    flight_o.status  = work_q.status;
    flight_o.direct  = work_q.direct;
    flight_o.pair   = work_q.pair;
    flight_o.cookie  = work_q.cookie;
    flight_o.sa      = work_q.sa;
    flight_o.is_seal = work_q.is_seal;
    flight_o.is_open = work_q.is_open;
    flight_o.verify  = work_q.verify;
    flight_o.window  = work_q.window;
    flight_o.tell    = work_q.tell;
    flight_o.says    = work_q.says;
    flight_o.src_len = work_q.src_len;
    flight_o.counter = work_q.counter;
  end

  logic [RingAw-1:0] lane_base;
  assign lane_base = base[RingAw * lane_q +: RingAw];
  always_comb begin
    job_o.kind      = work_q.kind;
    job_o.part      = work_q.part;
    job_o.first     = work_q.first;
    job_o.last      = work_q.last;
    job_o.sa        = work_q.sa;
    job_o.total     = work_q.total;
    job_o.id        = key_q ? sluice_pkg::IdW'(card_pkg::KeysId) : id_i;
    job_o.base      = lane_base;
    job_o.words     = work_q.words;
    job_o.src_len   = work_q.src_len;
    job_o.type_byte = work_q.type_byte;
    job_o.pad       = work_q.pad;
    job_o.counter   = work_q.counter;
    job_o.nonce     = work_q.nonce;
  end
  for (genvar l = 0; l < All; l++) begin : g_out
    assign take[l]        = state_q == Give && lane_q == 5'(l);
    assign job_valid_o[l] = take[l];
    assign sa_valid_o[l]  = state_q == Load && lane_q == 5'(l);
  end

  assign rd_valid_o = state_q == Give;
  assign rd_addr_o  = work_q.src;
  assign rd_len_o   = work_q.src_len;
  assign rd_lane_o  = lane_q;
  assign rd_pos_o   = {lane_base + RingAw'(work_q.place[5:4]), work_q.place[3:0]};
  assign rd_bad_o   = work_q.status != sluice_regs_pkg::StatusOk;

  assign word_addr_o  = {work_q.sa, state_q == Load ? word_q + 3'd1 : 3'd0};
  assign query_busy_o = state_q != Empty && work_q.sa == query_sa_i && !key_q;
  assign idle_o       = state_q == Empty;

  always_ff @(posedge clk_i) begin
    if (state_q == Empty) begin
      work_q <= in_i;
      key_q  <= key_valid_i;
      if (key_valid_i) begin
        work_q.status  <= sluice_regs_pkg::StatusOk;
        work_q.direct  <= 1'b0;
        work_q.lanes   <= key_legacy_i ? card_pkg::ClassLegacy : card_pkg::ClassNormal;
        work_q.part    <= 1'b0;
        work_q.place   <= 6'd0;
        work_q.kind    <= sluice_pkg::KindKeys;
        work_q.sa      <= key_sa_i;
        work_q.src     <= key_src_i;
        work_q.src_len <= 15'd32;
        work_q.words   <= 11'd2;
      end
    end
    if (state_q == Choose) lane_q <= best;
    word_q <= state_q == Load ? word_q + 3'd1 : 3'd0;
    if (!rst_ni) begin
      state_q <= Empty;
      last_q  <= 5'd0;
    end else begin
      unique case (state_q)
        Empty:   if (in_valid_i || key_valid_i) state_q <= Choose;
        Choose:  if (leave_direct) state_q <= Empty;
                 else if (leave_choose) state_q <= Give;
        Give:    begin
          state_q <= Load;
          last_q  <= lane_q;
        end
        default: if (word_q == 3'd7) state_q <= Empty;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni && state_q == Give) assert (able[lane_q] && rd_ready_i);
`endif
endmodule
`default_nettype wire
