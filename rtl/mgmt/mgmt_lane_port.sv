// SPDX-License-Identifier: Apache-2.0
//
// Device LANE: jobs that the firmware gives to lanes by itself, their sources and results in the buffer, and the march test of
// the rings. Registers are in devices.toml. Before the card is ready all lanes are its own, and get the same job; later it
// borrows the last record lane, once that is idle. What goes over buses that the lanes share (jobs, SA words, ring writes)
// takes clocks that the dispatcher and the link leave.
//
//   write    2 clocks a word       start     11 clocks and the dispatcher's pause
//   copy     1 clock a word        compare   1 clock a word and 8 for each lane
//   march    4,100 clocks for a lane of each four
`default_nettype none

module mgmt_lane_port #(
  parameter int unsigned Lanes  = 2,   // record lanes
  parameter int unsigned All    = 3,
  parameter int unsigned RingAw = sluice_pkg::RingAw
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // Register bus.
  input  logic                wr_i,
  input  logic [5:0]          addr_i,
  input  logic [31:0]         wdata_i,
  output logic [31:0]         rdata_o,
  input  logic                free_i,        // no other device uses the buffer
  output logic                busy_o,
  output logic                end_o,
  output logic                results_o,     // one clock: all lanes have their result now
  // March test of all rings.
  input  logic                march_i,
  output logic                marching_o,
  output logic [All-1:0]      bad_o,         // lanes: of the last march or compare
  // Buffer.
  output logic                get_o,
  output logic [7:0]          get_addr_o,
  input  logic [127:0]        word_i,
  output logic                put_o,
  output logic [7:0]          put_addr_o,
  output logic [127:0]        put_data_o,
  // Whose the lanes are.
  input  logic                ready_i,       // the card takes records
  output logic [All-1:0]      mine_o,
  output logic                show_o,        // results and ring words of all lanes are looked at
  output logic                borrow_o,      // the last record lane is to leave service
  output logic                pause_o,
  input  logic                paused_i,
  input  logic                last_empty_i,  // the dispatcher has no job there
  input  logic [All-1:0]      idle_i,
  input  logic [All-1:0]      service_i,     // lanes in service: those that are not need not be idle to be given back
  // Lanes: job, SA words (of the buffer), ring writes, which wait for room, word that the source is there, results.
  output logic [All-1:0]      to_o,          // to these
  output logic                job_o,
  output sluice_pkg::job_t    job_data_o,
  output logic                sa_o,
  output logic                ring_we_o,
  input  logic                ring_room_i,
  output logic [RingAw-1:0]   ring_waddr_o,
  output logic                ring_bit_o,    // march: 128 of it; else the buffer's word
  output logic                fetched_o,
  input  logic [All-1:0]      res_valid_i,   // of ours
  output logic                release_o,
  output logic [4:0]          lane_o,        // all: whose ring word is shown, two clocks later, and result, three
  input  sluice_pkg::result_t res_i,
  output logic                ring_en_o,
  output logic [RingAw-1:0]   ring_raddr_o,
  input  logic [127:0]        ring_data_i,   // two clocks later
  output logic                show_bit_o,    // march: in each four lanes, the word of the one with lane_o modulo 4
  input  logic [(All+3)/4-1:0] differ_i,     // is not 128 of it, two clocks later
  input  logic                key_valid_i,
  input  logic [127:0]        key_i
);
  typedef enum logic [3:0] {Idle, Write, WriteWait, Pause, Start, Seek, Settle, Compare, Copy, Release, Up, Down} state_e;
  state_e state_q;

  // ---- registers
  logic [1:0]     own_q;
  logic [All-1:0] lanes_q, bad_q, cur, quarter, differs;
  assign bad_o = bad_q;
  assign cur   = All'(1) << cur_q;
  for (genvar l = 0; l < All; l++) begin : g_lane
    assign quarter[l] = cur_q[1:0] == 2'(l);
    assign differs[l] = quarter[l] && differ_i[l / 4];
  end
  logic [23:0]    job_q;
  logic [14:0]    src_len_q, total_q, ring_q, expect_length_q;
  logic [63:0]    counter_q;
  logic [7:0]     words_at_q, nonce_at_q, expect_status_q;
  logic [11:0]    offset_q, count_q;
  logic [5:0]     keys_at_q;
  logic [4:0]     select_q, cur_q;
  logic [1:0]     key_q;
  logic           err_q, clean_q;   // clean: what the rings hold may go to the open half
  logic [7:0]     at;
  logic [3:0]     command;
  logic           go;
  assign at      = {addr_i, 2'd0};
  assign command = wdata_i[3:0];
  assign go      = wr_i && at == mgmt_devices_pkg::LaneCommand && free_i && state_q == Idle && granted_q && !leave_q;
  assign busy_o  = state_q != Idle;

  // ---- whose the lanes are
  typedef enum logic [1:0] {None, Ask, Drain, Have} own_e;
  own_e           own_state_q;
  logic           granted_q, service, marching, leave_q, all_lanes;
  logic [All-1:0] lost_q;   // given back while not idle: what they still say is for nobody
  logic [All-1:0] last;
  assign marching   = state_q == Up || state_q == Down;
  assign marching_o = marching;
  assign service    = own_q == mgmt_devices_pkg::LaneOwnService[1:0];  // stays until the lanes are given back
  assign granted_q  = own_state_q == Have;
  assign last       = All'(1) << (Lanes - 1);
  assign all_lanes  = !service;
  assign show_o     = marching || (granted_q && all_lanes);
  assign mine_o     = show_o ? '1 : granted_q ? last | lost_q : lost_q;
  assign to_o       = marching ? quarter : all_lanes ? lanes_q : last;
  assign borrow_o   = service && own_state_q != None;
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      own_q       <= 2'd0;
      own_state_q <= None;
      leave_q     <= 1'b0;
      lost_q      <= '0;
    end else begin
      unique case (own_state_q)
        None: if (wr_i && at == mgmt_devices_pkg::LaneOwn) begin
          if (wdata_i[1:0] == mgmt_devices_pkg::LaneOwnService[1:0]) begin
            own_q       <= wdata_i[1:0];
            own_state_q <= Ask;
          end
          if (wdata_i[1:0] == mgmt_devices_pkg::LaneOwnAll[1:0] && !ready_i) begin
            own_q       <= wdata_i[1:0];
            own_state_q <= Have;
          end
        end
        Ask:   if (paused_i) own_state_q <= Drain;
        Drain: if (last_empty_i && (idle_i & last) != '0) own_state_q <= Have;
        default: begin
          if (leave_q && state_q == Idle && ((idle_i | ~service_i) & mine_o) == mine_o) begin
            own_q       <= 2'd0;
            own_state_q <= None;
            lost_q      <= mine_o & ~idle_i;
          end
        end
      endcase
      leave_q <= own_state_q != None && (leave_q || (wr_i && at == mgmt_devices_pkg::LaneOwn && wdata_i[1:0] == 2'd0));
    end
  end

  // ---- results
  logic                all_done, done_q, differ_q;
  sluice_pkg::result_t res_q;
  assign all_done = granted_q && (res_valid_i & to_o) == to_o;
  always_ff @(posedge clk_i) begin
    res_q     <= res_i;
    differ_q  <= res_q.status != expect_status_q || res_q.length != expect_length_q || res_q.counter[63:0] != counter_q;
    done_q    <= all_done;
    results_o <= all_done && !done_q;
  end

  always_comb begin
    unique case (at)
      mgmt_devices_pkg::LaneOwn:        rdata_o = {granted_q && !leave_q, 29'd0, own_q};
      mgmt_devices_pkg::LaneCommand:    rdata_o = {busy_o, 30'd0, err_q};
      mgmt_devices_pkg::LaneDone:       rdata_o = all_lanes ? 32'(res_valid_i) : 32'(all_done);
      mgmt_devices_pkg::LaneBad:        rdata_o = all_lanes ? 32'(bad_q) : {31'd0, bad_q[Lanes - 1]};
      mgmt_devices_pkg::LaneResult:     rdata_o = {16'(res_q.word), 4'd0, res_q.first, res_q.status};
      mgmt_devices_pkg::LaneLengthsOut: rdata_o = {17'd0, res_q.length};
      default:                          rdata_o = 32'd0;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (wr_i && !busy_o) begin
      unique case (at)
        mgmt_devices_pkg::LaneLanes:     lanes_q          <= wdata_i[All-1:0];
        mgmt_devices_pkg::LaneJob:       job_q            <= wdata_i[23:0];
        mgmt_devices_pkg::LaneLengths:   {total_q, src_len_q} <= {wdata_i[30:16], wdata_i[14:0]};
        mgmt_devices_pkg::LaneCounterLo: counter_q[31:0]  <= wdata_i;
        mgmt_devices_pkg::LaneCounterHi: counter_q[63:32] <= wdata_i;
        mgmt_devices_pkg::LaneBlocks:    {nonce_at_q, words_at_q} <= {wdata_i[27:20], wdata_i[11:4]};
        mgmt_devices_pkg::LaneSource:    {ring_q, offset_q} <= {wdata_i[30:16], wdata_i[11:0]};
        mgmt_devices_pkg::LaneCount:     count_q          <= wdata_i[11:0];
        mgmt_devices_pkg::LaneExpect:    {expect_length_q, expect_status_q} <= {wdata_i[30:16], wdata_i[7:0]};
        mgmt_devices_pkg::LaneSelect:    select_q         <= wdata_i[4:0];
        mgmt_devices_pkg::LaneKeys:      keys_at_q        <= wdata_i[11:6];
        default: ;
      endcase
    end
  end

  // ---- steps: word `step` of the ring is asked for, word `past` of the buffer; word `here` of both is there
  logic [RingAw:0]   step_q, past_q, here_q;
  logic              got_q, there_q, down;
  logic [3:0]        last_byte;
  logic [12:0] span;    // of the registers, which were written before the command
  always_ff @(posedge clk_i) span <= {9'd0, offset_q[3:0]} + {1'b0, count_q} - 13'd1;
  assign last_byte = span[3:0];
  assign down      = state_q == Down;

  // Bytes that differ, of those that are compared.
  logic [15:0]  mask, differ, wrong_q;
  logic         wrong;
  always_comb begin
    for (int unsigned b = 0; b < 16; b++) begin
      mask[b]   = (here_q != '0 || 4'(b) >= offset_q[3:0]) && (here_q[8:0] != span[12:4] || 4'(b) <= last_byte);
      differ[b] = there_q && mask[b] && ring_data_i[8*b +: 8] != word_i[8*b +: 8];
    end
  end
  assign wrong      = wrong_q != '0;
  assign show_bit_o = down;

  logic reading;
  assign reading      = (state_q == Compare || state_q == Copy) ? step_q[8:0] <= span[12:4] : marching && !step_q[RingAw];
  assign ring_en_o    = reading;
  assign ring_raddr_o = marching ? (down ? ~step_q[RingAw-1:0] : step_q[RingAw-1:0]) : ring_q[14:4] + step_q[RingAw-1:0];
  assign ring_waddr_o = marching ? (down ? ~here_q[RingAw-1:0] : here_q[RingAw-1:0]) : ring_q[14:4] + step_q[RingAw-1:0];
  assign ring_we_o    = marching ? there_q : state_q == WriteWait;
  assign ring_bit_o   = !down;
  assign lane_o       = cur_q;

  // ---- buffer
  logic keys;
  assign keys = key_valid_i && granted_q && all_lanes && clean_q;
  assign get_o = state_q == Write || state_q == WriteWait || state_q == Start || state_q == Compare;
  logic [7:0] from, index, place;   // one adder for all
  assign from  = state_q == Start ? words_at_q : offset_q[11:4];
  assign index = state_q == Copy ? here_q[7:0] : state_q == Start || state_q == Compare ? past_q[7:0] : step_q[7:0];
  assign place = from + index;
  assign get_addr_o = !get_o ? 8'd0 : state_q == Start && step_q[3:0] == 4'd0 ? nonce_at_q : place;
  assign put_o      = (state_q == Copy && there_q) || keys;
  assign put_addr_o = !put_o ? 8'd0 : keys ? {keys_at_q, key_q} : place;
  assign put_data_o = ({128{keys}} & key_i) | ({128{state_q == Copy && there_q}} & ring_data_i);

  // ---- job: its nonce, then the SA words
  assign pause_o   = own_state_q == Ask || state_q == Pause || state_q == Start;
  assign job_o     = state_q == Start && step_q[3:0] == 4'd1;
  assign sa_o      = state_q == Start && step_q[3:0] >= 4'd2 && step_q[3:0] <= 4'd9;
  assign fetched_o = state_q == Start && step_q[3:0] == 4'd10;
  assign release_o = state_q == Release;
  always_comb begin
    job_data_o.kind      = job_q[1:0];
    job_data_o.part      = job_q[2];
    job_data_o.first     = job_q[3];
    job_data_o.last      = job_q[4];
    job_data_o.sa        = '0;
    job_data_o.id        = '0;
    job_data_o.base      = '0;
    job_data_o.words     = '0;
    job_data_o.src_len   = src_len_q;
    job_data_o.total     = total_q;
    job_data_o.type_byte = job_q[15:8];
    job_data_o.pad       = job_q[23:16];
    job_data_o.counter   = counter_q;
    job_data_o.nonce     = word_i;
  end

  logic open_words, may_copy;
  assign open_words = words_at_q < 8'hc0 - 8'd7;
  assign may_copy   = clean_q || offset_q >= 12'hc00;

  always_ff @(posedge clk_i) begin
    past_q  <= step_q;
    here_q  <= past_q;
    wrong_q <= differ;
    if (state_q == Idle) cur_q <= march_i ? 5'd0 : select_q;
    if (fetched_o) key_q <= 2'd0;
    else if (key_valid_i) key_q <= key_q + 2'd1;
    end_o <= 1'b0;
    if (!rst_ni) begin
      state_q <= Idle;
      step_q  <= '0;
      got_q   <= 1'b0;
      there_q <= 1'b0;
      err_q   <= 1'b0;
      clean_q <= 1'b0;
      bad_q   <= '0;
    end else begin
      got_q   <= reading;
      there_q <= got_q;
      unique case (state_q)
        Idle: begin
          step_q <= '0;
          if (march_i && !ready_i) begin
            state_q <= Up;
            bad_q   <= '0;
          end else if (go) begin
            err_q <= 1'b0;
            unique case (command)
              mgmt_devices_pkg::LaneCommandWrite:   state_q <= Write;
              mgmt_devices_pkg::LaneCommandStart:   state_q <= Pause;
              mgmt_devices_pkg::LaneCommandRelease: state_q <= Release;
              mgmt_devices_pkg::LaneCommandCompare: begin
                state_q <= Seek;
                bad_q   <= '0;
                cur_q   <= service ? 5'(Lanes - 1) : 5'd0;
              end
              mgmt_devices_pkg::LaneCommandCopy: begin
                if (may_copy) state_q <= Copy;
                else {err_q, end_o} <= 2'b11;
              end
              default: {err_q, end_o} <= 2'b11;
            endcase
          end
        end
        Write: state_q <= WriteWait;
        WriteWait: if (ring_room_i) begin
          if (get_addr_o[7:6] == 2'b11) clean_q <= 1'b0;
          step_q  <= step_q + 1'b1;
          state_q <= Write;
          if (step_q[8:0] == span[12:4]) begin
            state_q <= Idle;
            end_o   <= 1'b1;
          end
        end
        Pause: if (paused_i) state_q <= Start;
        Start: begin
          step_q <= step_q + 1'b1;
          if (fetched_o) begin
            state_q <= Idle;
            end_o   <= 1'b1;
            clean_q <= open_words || job_q[1:0] == sluice_pkg::KindSeal;
          end
        end
        // One lane after the other; its result takes some clocks to come.
        Seek: begin
          step_q <= '0;
          if ((to_o & cur) != '0) state_q <= Settle;
          else cur_q <= cur_q + 5'd1;
          if (32'(cur_q) >= All) begin
            state_q <= Idle;
            end_o   <= 1'b1;
          end
        end
        Settle: begin
          step_q <= step_q[2:0] == 3'd4 ? '0 : step_q + 1'b1;
          if (step_q[2:0] == 3'd4) begin
            state_q <= count_q == 12'd0 ? Seek : Compare;
            if (count_q == 12'd0) cur_q <= cur_q + 5'd1;
            if (differ_q) bad_q <= bad_q | cur;
          end
        end
        Compare: begin
          step_q <= step_q + 1'b1;
          if (wrong) bad_q <= bad_q | cur;
          if (!reading && !got_q && !there_q) begin
            state_q <= Seek;
            cur_q   <= service ? 5'(All) : cur_q + 5'd1;
          end
        end
        Copy: begin
          step_q <= step_q + 1'b1;
          if (!reading && !got_q) begin
            state_q <= Idle;
            end_o   <= 1'b1;
          end
        end
        Release: begin
          state_q <= Idle;
          end_o   <= 1'b1;
        end
        Up, Down: begin
          step_q <= step_q + 1'b1;
          if (there_q) bad_q <= bad_q | differs;
          if (step_q == {1'b1, RingAw'(4)}) begin
            step_q  <= '0;
            state_q <= down ? Up : Down;
            if (down) begin
              cur_q <= cur_q + 5'd1;
              if (32'(cur_q) == (All < 4 ? All : 4) - 1) begin
                state_q <= Idle;
                end_o   <= 1'b1;
              end
            end
          end
        end
        default: state_q <= Idle;
      endcase
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) if (rst_ni) assert (!(ready_i && granted_q && own_q == mgmt_devices_pkg::LaneOwnAll[1:0]));
`endif

  logic unused;
  assign unused = &{1'b0, job_q[7:5], ring_q[3:0], res_q};
endmodule
`default_nettype wire
