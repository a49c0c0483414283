// SPDX-License-Identifier: Apache-2.0
//
// Small posted writes: completion entries (32 bytes), admin data (32 bytes), interrupts (4 bytes). They leave in the order in
// which they are taken, so an interrupt never passes the completion entry it tells of. Addresses are aligned to the size.
//
// Entries that follow one another in memory leave in one TLP, up to four of them: the last one is kept for `Lone` clocks, or
// `Busy` while the lanes' results wait for the link, unless something else has to leave. With bus mastering off all is thrown
// away. An entry is taken in 4 clocks; a TLP of n words of 16 bytes takes n + 1.
`default_nettype none

module pcie_wr_small #(
  parameter int unsigned Lone = 8,
  parameter int unsigned Busy = 48
) (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic [15:0]  cfg_id_i,
  input  logic         cfg_bus_master_i,
  input  logic         hold_i,           // begin no TLP
  input  logic         busy_i,           // the link has other writes to carry
  input  logic         cqe_valid_i,
  output logic         cqe_ready_o,
  input  logic [63:0]  cqe_addr_i,
  input  logic [255:0] cqe_data_i,
  input  logic         adm_valid_i,
  output logic         adm_ready_o,
  input  logic [63:0]  adm_addr_i,
  input  logic [255:0] adm_data_i,
  input  logic         msi_valid_i,
  output logic         msi_ready_o,
  input  logic [63:0]  msi_addr_i,
  input  logic [31:0]  msi_data_i,
  // Frames.
  output logic         tx_valid_o,
  input  logic         tx_ready_i,
  output logic [127:0] tx_data_o,
  output logic [15:0]  tx_keep_o,
  output logic         tx_last_o,
  output logic         idle_o
);
  // ---- taking: words into a FIFO; the address and the number of words follow when a write is complete
  localparam logic [1:0] Cqe = 2'd0, Adm = 2'd1, Msi = 2'd2;
  logic         open_q, full_q, msi_q;  // open: a write is being put together; full: nothing can be added to it
  logic [63:0]  addr_q, next_q;
  logic [3:0]   count_q;                // its words
  logic [5:0]   age_q;                  // clocks since anything was added
  logic         here_q, seen_q, fits_q; // something is there, and looked at; it may be added
  logic         part_q;                 // its second word is being taken
  logic [1:0]   sel_q, sel;             // and from whom

  logic         any, put, last, old, close, word_any, cmd_room;
  logic [4:0]   level;
  logic [63:0]  in_addr;
  logic [127:0] in_word, word;
  assign any   = cqe_valid_i || adm_valid_i || msi_valid_i;
  assign sel   = here_q ? sel_q : cqe_valid_i ? Cqe : adm_valid_i ? Adm : Msi;
  assign put   = seen_q && (part_q || ((!open_q || fits_q) && level <= 5'd14));
  assign last  = sel_q == Msi || part_q;
  assign old   = age_q >= 6'(Lone) && (!busy_i || age_q >= 6'(Busy));
  assign close = open_q && !put && (full_q || old || seen_q) && cmd_room;
  assign cqe_ready_o = put && last && sel_q == Cqe;
  assign adm_ready_o = put && last && sel_q == Adm;
  assign msi_ready_o = put && sel_q == Msi;
  always_comb begin
    unique case (sel_q)
      Cqe:     in_addr = cqe_addr_i;
      Adm:     in_addr = adm_addr_i;
      default: in_addr = msi_addr_i;
    endcase
    unique case ({sel_q, part_q})
      {Cqe, 1'b0}: in_word = cqe_data_i[127:0];
      {Cqe, 1'b1}: in_word = cqe_data_i[255:128];
      {Adm, 1'b0}: in_word = adm_data_i[127:0];
      {Adm, 1'b1}: in_word = adm_data_i[255:128];
      default:     in_word = {96'h0, msi_data_i};
    endcase
  end

  always_ff @(posedge clk_i) begin
    sel_q  <= sel;
    fits_q <= sel_q != Msi && !full_q && in_addr == next_q;
    if (put && !open_q) begin
      addr_q <= in_addr;
      msi_q  <= sel_q == Msi;
    end
    if (put && last) next_q <= in_addr + 64'd32;
    if (!rst_ni) begin
      open_q  <= 1'b0;
      full_q  <= 1'b0;
      count_q <= 4'd0;
      age_q   <= 6'd0;
      part_q  <= 1'b0;
      here_q  <= 1'b0;
      seen_q  <= 1'b0;
    end else begin
      here_q <= here_q ? !(put && last) : any;
      seen_q <= here_q && !(put && last);
      if (put) begin
        part_q  <= !last;
        open_q  <= 1'b1;
        count_q <= count_q + 4'd1;
        // Nothing is added behind the end of a page.
        if (last) full_q <= sel_q == Msi || count_q == 4'd7 || in_addr[11:5] == 7'h7f;
      end else if (close) begin
        open_q  <= 1'b0;
        full_q  <= 1'b0;
        count_q <= 4'd0;
      end
      age_q <= put || close ? 6'd0 : age_q == 6'h3f ? age_q : age_q + 6'd1;
    end
  end

  logic word_room, word_pop;
  sluice_fifo #(
    .Width(128), .DepthLog2(4)
  ) u_words (
    .clk_i, .rst_ni, .in_valid_i(put), .in_ready_o(word_room), .in_data_i(in_word),
    .out_valid_o(word_any), .out_ready_i(word_pop), .out_data_o(word), .level_o(level)
  );

  logic        cmd_valid, cmd_pop, msi;
  logic [63:0] addr;
  logic [3:0]  count;
  logic [2:0]  cmd_level;
  sluice_fifo #(
    .Width(1 + 4 + 64), .DepthLog2(2)
  ) u_cmd (
    .clk_i, .rst_ni, .in_valid_i(close), .in_ready_o(cmd_room), .in_data_i({msi_q, count_q, addr_q}),
    .out_valid_o(cmd_valid), .out_ready_i(cmd_pop), .out_data_o({msi, count, addr}), .level_o(cmd_level)
  );

  // ---- frames; the words of a write are all there when its command is
  function automatic logic [127:0] swap4(input logic [127:0] d);
    for (int unsigned w = 0; w < 4; w++) begin
      for (int unsigned b = 0; b < 4; b++) swap4[32 * w + 8 * b +: 8] = d[32 * w + 24 - 8 * b +: 8];
    end
  endfunction

  typedef enum logic [1:0] {Head, Body, Discard} state_e;
  state_e       state_q;
  logic         four_q, short_q, four, sent;
  logic [3:0]   left_q;      // words that have not left the FIFO
  logic [127:0] word_be, prev_q;
  logic [31:0]  dw0, dw1;
  assign word_be = swap4(word);
  assign four    = addr[63:32] != 32'h0;
  assign dw0     = {1'b0, 1'b1, four, 5'b00000, 14'h0, msi ? 10'd1 : {4'd0, count, 2'b00}};
  assign dw1     = {cfg_id_i, 8'h00, msi ? 8'h0f : 8'hff};

  // With a header of 3 DWs each beat ends with the first DW of the next word.
  assign tx_valid_o = state_q == Body || (state_q == Head && cmd_valid && cfg_bus_master_i && !hold_i);
  assign tx_data_o  = state_q == Head ? {four ? {addr[31:2], 2'b00, addr[63:32]} : {word_be[31:0], addr[31:2], 2'b00}, dw1, dw0} :
                      four_q ? prev_q : {word_be[31:0], prev_q[127:32]};
  assign tx_last_o  = state_q == Head ? msi && !four : left_q == 4'd0;
  assign tx_keep_o  = state_q == Head || (left_q != 4'd0) || (four_q && !short_q) ? 16'hffff : short_q ? 16'h000f : 16'h0fff;
  assign sent       = tx_valid_o && tx_ready_i;
  assign word_pop   = (state_q == Head && sent) || (left_q != 4'd0 && (state_q == Discard || (state_q == Body && sent)));
  assign cmd_pop    = state_q == Head && (sent || (cmd_valid && !cfg_bus_master_i && !hold_i));
  assign idle_o     = !here_q && !open_q && !cmd_valid && state_q == Head;

  always_ff @(posedge clk_i) begin
    if (word_pop) prev_q <= word_be;
    if (state_q == Head) begin
      four_q  <= four;
      short_q <= msi;
    end
    if (!rst_ni) begin
      state_q <= Head;
      left_q  <= 4'd0;
    end else begin
      unique case (state_q)
        Head: if (sent) begin
          left_q  <= count - 4'd1;
          state_q <= tx_last_o ? Head : Body;
        end else if (cmd_pop) begin
          left_q  <= count;
          state_q <= Discard;
        end
        Body: if (sent) begin
          if (left_q != 4'd0) left_q <= left_q - 4'd1;
          else state_q <= Head;
        end
        default: begin
          left_q <= left_q - 4'd1;
          if (left_q == 4'd1) state_q <= Head;
        end
      endcase
    end
  end

  logic unused;
  assign unused = &{1'b0, word_any, word_room, cmd_level, addr[1:0]};

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!cqe_valid_i || cqe_addr_i[4:0] == 5'd0);
      assert (!adm_valid_i || adm_addr_i[4:0] == 5'd0);
      assert (!put || word_room);
      assert (!word_pop || word_any);
    end
  end
`endif
endmodule
`default_nettype wire
