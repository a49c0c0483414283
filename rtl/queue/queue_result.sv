// SPDX-License-Identifier: Apache-2.0
//
// First half of the writer: takes the lanes' results in turn, finds where each goes to, page by page where the destination is a
// list, and hands it to the second half (queue_writer) with its write commands on their way. 9 clocks a result, while the one
// before it is written out; a page of a list takes 6 more, the first none. What writes nothing is done here.
`default_nettype none

module queue_result #(
  parameter int unsigned Lanes  = 2,
  localparam int unsigned IdW   = sluice_pkg::IdW
) (
  input  logic                               clk_i,
  input  logic                               rst_ni,
  // Lanes. free: the result is over here; the others are over when they have been written.
  input  logic [Lanes-1:0]                   res_valid_i,
  input  logic [sluice_pkg::ResultW*Lanes-1:0] res_i,
  input  logic [Lanes-1:0]                   busy_i,       // results that are being written
  output logic [Lanes-1:0]                   free_o,
  // In-flight table: where to, one clock after it is asked for; the result, and the end of what writes nothing.
  output logic [IdW-1:0]                     dst_id_o,
  input  logic [63:0]                        dst_i,
  input  logic                               dst_list_i,
  output logic                               res_valid_o,
  output sluice_pkg::result_t                res_o,
  output logic                               done_valid_o,
  input  logic                               done_ready_i,
  output logic                               done_err_o,
  // Page lists (queue_lists).
  output logic [IdW+1:0]                     list_addr_o,
  input  logic [127:0]                       list_data_i,
  input  logic                               list_err_i,
  // The key job's end.
  output logic                               key_done_o,
  output logic [7:0]                         key_status_o,
  // To be written out.
  output logic                               out_valid_o,
  input  logic                               out_ready_i,
  output logic [4:0]                         out_lane_o,
  output logic [3:0]                         out_low_o,    // of the address of the first byte
  // Commands (pcie_wr).
  output logic                               cmd_valid_o,
  input  logic                               cmd_ready_i,
  output logic [63:0]                        cmd_addr_o,
  output logic [14:0]                        cmd_len_o,
  output logic [IdW-1:0]                     cmd_id_o,
  output logic                               cmd_last_o,
  // While shown, no lane has a result for this module, and shown_o is that lane's, two clocks later.
  input  logic                               show_i,
  input  logic [4:0]                         show_lane_i,
  output logic [sluice_pkg::ResultW-1:0]     shown_o,
  output logic                               idle_o
);
  localparam int unsigned OutLenLsb = 128 + 15 + 15;  // of out_len in result_t

  typedef enum logic [3:0] {Pick, Choose, Turn, Take, Find, Aim, Span, Check, CheckEntry, Judge, Command, Next, NextEntry, Hand,
                            Refuse} state_e;
  state_e state_q;

  // ---- which lane: turn by turn, but up to 7 short results go before a long one, so that they do not wait for one of each lane
  logic [Lanes-1:0] mine, long_q, waiting_q, short, these, above, choice_q;
  logic [2:0]       ahead_q;
  logic [4:0]       lane_q, best;
  for (genvar l = 0; l < Lanes; l++) begin : g_lane
    assign mine[l]  = state_q != Pick && lane_q == 5'(l);
    always_ff @(posedge clk_i) long_q[l] <= res_i[sluice_pkg::ResultW * l + OutLenLsb + 12 +: 3] != 3'd0;  // 4 KiB and up
    if (l == 0) begin : g_first
      assign above[l] = 1'b0;
    end else begin : g_other
      assign above[l] = these[l] && lane_q < 5'(l);
    end
  end
  assign short = waiting_q & ~long_q;
  assign these = short != '0 && ahead_q != 3'd7 ? short : waiting_q;
  always_comb begin
    best = 5'd0;
    for (int unsigned i = 0; i < Lanes; i++) begin
      if (choice_q[Lanes - 1 - i]) best = 5'(Lanes - 1 - i);
    end
  end

  // ---- its result
  // Each lane's goes through a register that is 0 when it is not its turn, so that the choice is a sum: 4 LUTs a bit for 17
  // lanes.
  logic [sluice_pkg::ResultW*Lanes-1:0] turns_q;
  logic [sluice_pkg::ResultW-1:0]       one;
  sluice_pkg::result_t                  res_q;
  always_ff @(posedge clk_i) begin
    for (int unsigned l = 0; l < Lanes; l++) begin
      if (lane_q != 5'(l)) turns_q[sluice_pkg::ResultW*l +: sluice_pkg::ResultW] <= '0;
      else turns_q[sluice_pkg::ResultW*l +: sluice_pkg::ResultW] <= res_i[sluice_pkg::ResultW*l +: sluice_pkg::ResultW];
    end
  end
  always_comb begin
    one = '0;
    for (int unsigned l = 0; l < Lanes; l++) one = one | turns_q[sluice_pkg::ResultW*l +: sluice_pkg::ResultW];
  end

  assign shown_o = one;

  // ---- where to
  logic        is_key, is_empty, list_q;
  logic [63:0] dst, addr_q;
  logic [3:0]  low_q;
  logic [2:0]  index_q, last_q;       // of the list's entries: this one, the last one that is needed
  logic [14:0] left_q, to_page, len;
  logic [2:0]  end_page;
  logic [63:0] entry;
  logic        only, stray_q;
  assign is_key   = res_q.id == IdW'(card_pkg::KeysId);
  assign is_empty = res_q.out_len == 15'd0;
  assign entry    = index_q[0] ? list_data_i[127:64] : list_data_i[63:0];
  assign dst      = dst_list_i ? entry : dst_i;
  assign end_page = 3'(({3'd0, addr_q[11:0]} + left_q - 15'd1) >> 12);
  assign only     = !list_q || last_q == index_q;
  assign to_page  = 15'd4096 - {3'd0, addr_q[11:0]};
  assign len      = only ? left_q : to_page;

  assign dst_id_o     = res_q.id;
  assign list_addr_o  = {res_q.id, index_q[2:1]};
  assign cmd_valid_o  = state_q == Command;
  assign cmd_addr_o   = addr_q;
  assign cmd_len_o    = len;
  assign cmd_id_o     = res_q.id;
  assign cmd_last_o   = only;
  assign out_valid_o  = state_q == Hand;
  assign out_lane_o   = lane_q;
  assign out_low_o    = low_q;
  assign res_o        = res_q;
  assign res_valid_o  = (state_q == Hand && out_ready_i) || (state_q == Refuse && done_ready_i);
  assign done_valid_o = state_q == Refuse;
  assign done_err_o   = !is_empty || (list_q && list_err_i);
  assign key_done_o   = state_q == Aim && is_key;
  assign key_status_o = res_q.status;
  for (genvar l = 0; l < Lanes; l++) begin : g_free
    assign free_o[l] = lane_q == 5'(l) && (key_done_o || (state_q == Refuse && done_ready_i));
  end
  assign idle_o = state_q == Pick && waiting_q == '0 && (res_valid_i & ~busy_i) == '0;

  always_ff @(posedge clk_i) begin
    waiting_q <= rst_ni ? res_valid_i & ~busy_i & ~mine : '0;
    if (state_q == Take) begin
      res_q   <= one;
      index_q <= 3'd0;
    end
    if (state_q == Pick) choice_q <= above != '0 ? above : these;
    if (state_q == Aim) begin
      list_q <= dst_list_i;
      addr_q <= dst;
      low_q  <= dst[3:0];
      left_q <= res_q.out_len;
    end
    if (state_q == Span) begin
      last_q  <= end_page;
      index_q <= list_q && end_page != 3'd0 ? 3'd1 : 3'd0;
    end
    if (state_q == CheckEntry) stray_q <= entry[11:0] != 12'd0;
    if (state_q == Judge) index_q <= only ? 3'd0 : index_q + 3'd1;
    if (state_q == Command && cmd_ready_i) begin
      left_q  <= left_q - len;
      index_q <= index_q + 3'd1;
    end
    if (state_q == NextEntry) addr_q <= entry;
    if (!rst_ni) begin
      state_q <= Pick;
      lane_q  <= 5'd0;
      ahead_q <= 3'd0;
    end else begin
      if (state_q == Aim) ahead_q <= res_q.out_len[14:12] != 3'd0 || ahead_q == 3'd7 ? 3'd0 : ahead_q + 3'd1;
      unique case (state_q)
        Pick: begin
          if (waiting_q != '0) state_q <= Choose;
          if (show_i) lane_q <= show_lane_i;
        end
        Choose: begin
          state_q <= Turn;
          lane_q  <= best;
        end
        Turn:       state_q <= Take;
        Take:       state_q <= Find;
        Find:       state_q <= Aim;
        Aim:        state_q <= is_key ? Pick : Span;
        Span:       if (is_empty || (list_q && list_err_i)) state_q <= Refuse;
                    else state_q <= list_q && end_page != 3'd0 ? Check : Command;
        Check:      state_q <= CheckEntry;
        CheckEntry: state_q <= Judge;
        Judge:      state_q <= stray_q ? Refuse : only ? Command : Check;
        Command:    if (cmd_ready_i) state_q <= only ? Hand : Next;
        Next:       state_q <= NextEntry;
        NextEntry:  state_q <= Command;
        Hand:       if (out_ready_i) state_q <= Pick;
        default:    if (done_ready_i) state_q <= Pick;
      endcase
    end
  end
endmodule
`default_nettype wire
