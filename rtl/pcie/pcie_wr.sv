// SPDX-License-Identifier: Apache-2.0
//
// Posted writes: takes write jobs of any length with their bytes as 16-byte words aligned to the DMA address, and makes memory
// writes of them, at most the maximum payload size, never across 4 KiB, byte-exact at both ends. Cuts are at 16-byte addresses,
// so no word belongs to two TLPs. Client 0 is the lanes' results, client 1 everything small (completions, interrupts); commands
// are not interleaved and client 1 goes first. Commands of client 0 up to the one with last are one job. With bus mastering off
// words are thrown away and the job ends with an error. A TLP of n words takes n + 1 clocks (n with a 3-DW header where they fit), without a bubble between TLPs or jobs.
`default_nettype none

module pcie_wr #(
  parameter int unsigned IdW = 6
) (
  input  logic           clk_i,
  input  logic           rst_ni,
  input  logic [15:0]    cfg_id_i,
  input  logic [2:0]     cfg_mps_i,
  input  logic           cfg_bus_master_i,
  input  logic           hold_i,          // begin no TLP
  // Jobs: address, length in bytes (1 and up), id (client 0).
  input  logic [1:0]     cmd_valid_i,
  output logic [1:0]     cmd_ready_o,
  input  logic [127:0]   cmd_addr_i,
  input  logic [29:0]    cmd_len_i,
  input  logic [IdW-1:0] cmd_id_i,
  input  logic           cmd_last_i,      // client 0: the last command of its job
  // Their words, in order; byte n of a word goes to an address that is n modulo 16.
  input  logic [1:0]     word_valid_i,
  output logic [1:0]     word_ready_o,
  input  logic [255:0]   word_i,
  // A job of client 0 is over: its last beat is with the arbiter.
  output logic           done_valid_o,
  output logic [IdW-1:0] done_id_o,
  output logic           done_err_o,
  // Frames.
  output logic           tx_valid_o,
  input  logic           tx_ready_i,
  output logic [127:0]   tx_data_o,
  output logic [15:0]    tx_keep_o,
  output logic           tx_last_o,
  output logic           idle_o
);
  typedef enum logic [1:0] {Idle, Head, Body, Discard} state_e;
  state_e         state_q;
  logic           sel_q;
  logic [63:0]    addr_q;
  logic [14:0]    left_q;
  logic [IdW-1:0] id_q;

  logic         word_valid, word_ready;
  logic [127:0] word;
  assign word_valid   = word_valid_i[sel_q];
  assign word         = sel_q ? word_i[255:128] : word_i[127:0];
  assign word_ready_o = sel_q ? {word_ready, 1'b0} : {1'b0, word_ready};

  // ---- the next TLP, from addr_q and left_q
  logic [12:0] most, to_page, to_cut, chunk;
  logic [10:0] dws;
  logic [10:0] words;
  logic [12:0] span;
  logic        four;
  logic [3:0]  be_first, be_last;
  always_comb begin
    most    = cfg_mps_i == 3'd0 ? 13'd128 : cfg_mps_i == 3'd1 ? 13'd256 : 13'd512;
    to_cut  = most - {9'd0, addr_q[3:0]};
    to_page = 13'd4096 - {1'b0, addr_q[11:0]};
    chunk   = to_page < to_cut ? to_page : to_cut;
    if (left_q < {2'b00, chunk}) chunk = left_q[12:0];
    span     = {11'd0, addr_q[1:0]} + chunk + 13'd3;
    dws      = span[12:2];
    words    = 11'((13'({9'd0, addr_q[3:0]}) + chunk + 13'd15) >> 4);
    be_first = 4'hf << addr_q[1:0];
    be_last  = 4'hf >> (2'd3 - span[1:0]);
    if (dws == 11'd1) begin
      be_first = be_first & be_last;
      be_last  = 4'h0;
    end
    four = addr_q[63:32] != 32'h0;
  end

  function automatic logic [127:0] swap4(input logic [127:0] d);
    for (int unsigned w = 0; w < 4; w++) begin
      for (int unsigned b = 0; b < 4; b++) swap4[32 * w + 8 * b +: 8] = d[32 * w + 24 - 8 * b +: 8];
    end
  endfunction

  logic [127:0] word_be;  // as the stream wants it
  logic [31:0]  dw0, dw1, payload0;
  logic [127:0] head;
  assign word_be  = swap4(word);
  assign payload0 = word_be[{addr_q[3:2], 5'd0} +: 32];
  assign dw0      = {1'b0, 1'b1, four, 5'b00000, 14'h0, dws[9:0]};
  assign dw1      = {cfg_id_i, 8'h00, be_last, be_first};
  assign head     = four ? {addr_q[31:2], 2'b00, addr_q[63:32], dw1, dw0} : {payload0, addr_q[31:2], 2'b00, dw1, dw0};

  // ---- the TLP at work: DWs and words that are still to come, and how far words are moved down
  logic [10:0]  dws_q, head_dws;
  logic [10:0]  words_q;
  logic [2:0]   shift_q;
  logic [127:0] prev_q;
  logic         err_q, last_q;
  assign head_dws = four ? dws : dws - 11'd1;

  logic [127:0] picked, moved;
  logic         head_go, body_need, beat_last;
  // A beat begins with DW shift of prev and ends with the DWs of the next word before that: picked in place, then turned.
  always_comb begin
    for (int unsigned d = 0; d < 4; d++) picked[32*d +: 32] = 3'(d) >= shift_q ? prev_q[32*d +: 32] : word_be[32*d +: 32];
    for (int unsigned d = 0; d < 4; d++) moved[32*d +: 32] = picked[{2'(d) + shift_q[1:0], 5'd0} +: 32];
  end
  assign body_need = words_q != 11'd0;
  assign head_go   = cfg_bus_master_i && !hold_i && word_valid;
  assign beat_last = state_q == Head ? head_dws == 11'd0 : dws_q <= 11'd4;

  assign tx_valid_o = (state_q == Head && head_go) || (state_q == Body && (!body_need || word_valid));
  assign tx_data_o  = state_q == Head ? head : moved;
  assign tx_keep_o  = state_q == Head || dws_q >= 11'd4 ? 16'hffff :
                      dws_q == 11'd3 ? 16'h0fff : dws_q == 11'd2 ? 16'h00ff : 16'h000f;
  assign tx_last_o  = beat_last;

  logic sent, tlp_end, job_end, drop_end;
  logic [14:0] left_after;
  assign sent       = tx_valid_o && tx_ready_i;
  assign left_after = state_q == Head ? left_q - {2'b00, chunk} : left_q;
  assign tlp_end    = sent && beat_last;
  assign drop_end   = state_q == Discard && word_valid && words_q == 11'd1;
  assign job_end    = (tlp_end && left_after == 15'd0) || drop_end;
  assign word_ready = (state_q == Head && sent) || (state_q == Body && sent && body_need) || (state_q == Discard);

  assign done_valid_o = job_end && !sel_q && last_q;
  assign done_id_o    = id_q;
  assign done_err_o   = err_q || drop_end;

  logic free, pick;
  assign free        = state_q == Idle || job_end;
  assign pick        = cmd_valid_i[1];
  assign cmd_ready_o = !free ? 2'b00 : pick ? 2'b10 : 2'b01;
  assign idle_o      = state_q == Idle;

  // Words that a whole job still has, from a TLP's beginning.
  logic [10:0] job_words;
  assign job_words = 11'(({11'd0, addr_q[3:0]} + left_q + 15'd15) >> 4);

  always_ff @(posedge clk_i) begin
    if (state_q == Head && sent) begin
      addr_q  <= addr_q + {51'd0, chunk};
      left_q  <= left_after;
      dws_q   <= head_dws;
      words_q <= words - 11'd1;
      shift_q <= {1'b0, addr_q[3:2]} + (four ? 3'd0 : 3'd1);
    end
    if (state_q == Head && !cfg_bus_master_i && !hold_i) words_q <= job_words;
    if (state_q == Body && sent) begin
      dws_q <= dws_q - 11'd4;
      if (body_need) words_q <= words_q - 11'd1;
    end
    if (state_q == Discard && word_valid) words_q <= words_q - 11'd1;
    if (word_valid && word_ready) prev_q <= word_be;
    if (free) begin
      sel_q  <= pick;
      addr_q <= pick ? cmd_addr_i[127:64] : cmd_addr_i[63:0];
      left_q <= pick ? cmd_len_i[29:15] : cmd_len_i[14:0];
      if (!pick) begin
        id_q   <= cmd_id_i;
        last_q <= cmd_last_i;
      end
    end
    if (!rst_ni || done_valid_o) err_q <= 1'b0;
    else if (drop_end && !sel_q) err_q <= 1'b1;
    if (!rst_ni) state_q <= Idle;
    else if (free) state_q <= cmd_valid_i != 2'b00 ? Head : Idle;
    else if (state_q == Head && !cfg_bus_master_i && !hold_i) state_q <= Discard;
    else if (sent) state_q <= beat_last ? Head : Body;
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && state_q == Head) assert (left_q != 15'd0);
    if (rst_ni && state_q == Body) assert (dws_q != 11'd0);
  end
`endif
endmodule
`default_nettype wire
