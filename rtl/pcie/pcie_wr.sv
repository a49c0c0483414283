// SPDX-License-Identifier: Apache-2.0
//
// Posted writes of the lanes' results: takes commands of any length with their bytes as 16-byte words aligned to the DMA
// address, and makes memory writes of them, at most the maximum payload size, never across 4 KiB, byte-exact at both ends. Cuts
// are at 16-byte addresses, so no word belongs to two TLPs. Commands up to the one with last are one job. With bus mastering off
// words are thrown away, and the job ends with an error. A TLP of n words takes n + 1 clocks (n with a 3-DW header where they
// fit), without a bubble between TLPs or commands; where to cut is found out beforehand, 2 clocks a TLP.
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
  // Commands: address, length in bytes (1 and up), id, the last command of its job.
  input  logic           cmd_valid_i,
  output logic           cmd_ready_o,
  input  logic [63:0]    cmd_addr_i,
  input  logic [14:0]    cmd_len_i,
  input  logic [IdW-1:0] cmd_id_i,
  input  logic           cmd_last_i,
  // Their words, in order; byte n of a word goes to an address that is n modulo 16.
  input  logic           word_valid_i,
  output logic           word_ready_o,
  input  logic [127:0]   word_i,
  // A job is over: its last beat was given to the arbiter a clock ago.
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
  // ---- cutting, on 16-byte units: a command is so many units from addr on, the first and the last perhaps not whole
  typedef enum logic [1:0] {Idle, Size, Give} cut_e;
  cut_e           cut_q;
  logic [59:0]    unit_q;         // address of the next unit
  logic [3:0]     low_q, high_q;  // bytes before the first byte of the next TLP and after the last one of the command
  logic [10:0]    units_q;        // units that are left
  logic           last_q;
  logic [IdW-1:0] id_q;
  logic [5:0]     n_q;            // units of the next TLP, at most 32
  logic           end_q;          // it is the command's last
  logic [14:0]    span;
  logic [8:0]     to_page;
  logic [5:0]     most, n;
  assign span    = {11'd0, cmd_addr_i[3:0]} + cmd_len_i + 15'd15;
  assign most    = cfg_mps_i == 3'd0 ? 6'd8 : cfg_mps_i == 3'd1 ? 6'd16 : 6'd32;
  assign to_page = 9'd256 - {1'b0, unit_q[7:0]};
  assign n       = to_page < {3'd0, most} ? to_page[5:0] : most;

  logic t_room;
  assign cmd_ready_o = cut_q == Idle || (cut_q == Give && t_room && end_q);
  always_ff @(posedge clk_i) begin
    if (cmd_ready_o) begin
      unit_q  <= cmd_addr_i[63:4];
      low_q   <= cmd_addr_i[3:0];
      high_q  <= ~span[3:0];
      units_q <= span[14:4];
      last_q  <= cmd_last_i;
      id_q    <= cmd_id_i;
    end else if (cut_q == Give && t_room) begin
      unit_q  <= unit_q + {54'd0, n_q};
      units_q <= units_q - {5'd0, n_q};
      low_q   <= 4'd0;
    end
    n_q   <= units_q <= {5'd0, n} ? units_q[5:0] : n;
    end_q <= units_q <= {5'd0, n};
    if (!rst_ni) cut_q <= Idle;
    else if (cmd_ready_o) cut_q <= cmd_valid_i ? Size : Idle;
    else if (cut_q == Size) cut_q <= Give;
    else if (t_room) cut_q <= Size;
  end

  // The next TLP: byte enables and DWs, from the bytes that its first and last units lack.
  logic [3:0] high;
  logic [9:0] dws;
  logic [3:0] be_first, be_last;
  logic       four;
  assign high = end_q ? high_q : 4'd0;
  assign four = unit_q[59:28] != 32'h0;
  assign dws  = {2'd0, n_q, 2'b00} - {8'd0, low_q[3:2]} - {8'd0, high[3:2]};
  always_comb begin
    be_first = 4'hf << low_q[1:0];
    be_last  = 4'hf >> high[1:0];
    if (dws == 10'd1) begin
      be_first = be_first & be_last;
      be_last  = 4'h0;
    end
  end

  localparam int unsigned TW = 62 + 1 + 10 + 6 + 8 + 1 + IdW;
  logic           t_valid, t_ready, t_four, t_end;
  logic [61:0]    t_addr;
  logic [9:0]     t_dws;
  logic [5:0]     t_words;
  logic [7:0]     t_be;
  logic [IdW-1:0] t_id;
  sluice_skid #(.Width(TW)) u_tlp (
    .clk_i, .rst_ni, .in_valid_i(cut_q == Give), .in_ready_o(t_room),
    .in_data_i({unit_q, low_q[3:2], four, dws, n_q, be_last, be_first, end_q && last_q, id_q}),
    .out_valid_o(t_valid), .out_ready_i(t_ready),
    .out_data_o({t_addr, t_four, t_dws, t_words, t_be, t_end, t_id})
  );

  // ---- frames
  function automatic logic [127:0] swap4(input logic [127:0] d);
    for (int unsigned w = 0; w < 4; w++) begin
      for (int unsigned b = 0; b < 4; b++) swap4[32 * w + 8 * b +: 8] = d[32 * w + 24 - 8 * b +: 8];
    end
  endfunction

  typedef enum logic [1:0] {Head, Body, Discard} state_e;
  state_e         state_q;
  logic [127:0]   word_be, prev_q, head;  // as the stream wants it
  logic [31:0]    payload0;
  logic [9:0]     dws_q, head_dws;        // DWs and words of the TLP that are still to come
  logic [5:0]     words_q;
  logic           need_q;                 // words_q is not 0
  logic [2:0]     shift_q;                // how far words are moved down
  logic           err_q, stop, end_q2;
  logic [IdW-1:0] id_q2;
  assign word_be  = swap4(word_i);
  assign payload0 = word_be[{t_addr[1:0], 5'd0} +: 32];
  assign head     = {t_four ? {t_addr[29:0], 2'b00, t_addr[61:30]} : {payload0, t_addr[29:0], 2'b00},
                     cfg_id_i, 8'h00, t_be, 2'b01, t_four, 5'b00000, 14'h0, t_dws};
  assign head_dws = t_four ? t_dws : t_dws - 10'd1;

  logic [127:0] picked, moved;
  logic         beat_last, sent, over, job_over, drop_end;
  // A beat begins with DW shift of prev and ends with the DWs of the next word before that: picked in place, then turned.
  always_comb begin
    for (int unsigned d = 0; d < 4; d++) picked[32*d +: 32] = 3'(d) >= shift_q ? prev_q[32*d +: 32] : word_be[32*d +: 32];
    for (int unsigned d = 0; d < 4; d++) moved[32*d +: 32] = picked[{2'(d) + shift_q[1:0], 5'd0} +: 32];
  end
  assign beat_last  = state_q == Head ? head_dws == 10'd0 : dws_q <= 10'd4;
  assign stop       = state_q == Head && t_valid && !hold_i && (!cfg_bus_master_i || err_q);
  assign tx_valid_o = (state_q == Head && t_valid && word_valid_i && cfg_bus_master_i && !hold_i && !err_q) ||
                      (state_q == Body && (!need_q || word_valid_i));
  assign tx_data_o  = state_q == Head ? head : moved;
  assign tx_keep_o  = state_q == Head || dws_q >= 10'd4 ? 16'hffff :
                      dws_q == 10'd3 ? 16'h0fff : dws_q == 10'd2 ? 16'h00ff : 16'h000f;
  assign tx_last_o  = beat_last;
  assign sent       = tx_valid_o && tx_ready_i;

  assign word_ready_o = (state_q == Head && sent) || (state_q == Body && sent && need_q) || state_q == Discard;
  assign drop_end     = state_q == Discard && word_valid_i && words_q == 6'd1;
  assign over         = (sent && beat_last) || drop_end;
  assign t_ready      = state_q == Head && (sent || stop);
  assign job_over     = over && (state_q == Head ? t_end : end_q2);
  assign idle_o       = cut_q == Idle && !t_valid && state_q == Head;

  always_ff @(posedge clk_i) begin
    if (state_q == Head) begin
      dws_q   <= head_dws;
      words_q <= stop ? t_words : t_words - 6'd1;
      need_q  <= stop || t_words != 6'd1;
      shift_q <= {1'b0, t_addr[1:0]} + (t_four ? 3'd0 : 3'd1);
      end_q2  <= t_end;
      id_q2   <= t_id;
    end else begin
      if (sent) dws_q <= dws_q - 10'd4;
      if (word_valid_i && word_ready_o) begin
        words_q <= words_q - 6'd1;
        need_q  <= words_q != 6'd1;
      end
    end
    if (word_valid_i && word_ready_o) prev_q <= word_be;
    done_valid_o <= rst_ni && job_over;
    done_id_o    <= state_q == Head ? t_id : id_q2;
    done_err_o   <= err_q;
    if (!rst_ni || job_over) err_q <= 1'b0;
    else if (stop) err_q <= 1'b1;
    if (!rst_ni) state_q <= Head;
    else if (over) state_q <= Head;
    else if (stop) state_q <= Discard;
    else if (sent) state_q <= Body;
  end

  logic unused;
  assign unused = &{1'b0, to_page[8:6]};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && cmd_valid_i) assert (cmd_len_i != 15'd0);
    if (rst_ni && state_q == Body) assert (dws_q != 10'd0 && need_q == (words_q != 6'd0));
  end
`endif
endmodule
`default_nettype wire
