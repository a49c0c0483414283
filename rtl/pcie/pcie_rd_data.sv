// SPDX-License-Identifier: Apache-2.0
//
// Read data: takes completion frames, asks the tags where they belong, turns their bytes to the alignment of the client's
// memory and writes them there, 16 bytes a clock, with byte enables. What no tag waits for, or does not fit what it waits for,
// is dropped and reported. Three clocks from beat to write; a beat a clock, but one more where the rest of a frame and the
// beginning of the next need the write port at once, and after a frame of one beat, whose tag may be asked for again.
`default_nettype none

module pcie_rd_data (
  input  logic         clk_i,
  input  logic         rst_ni,
  input  logic         wipe_i,            // zeros to one word of the memories after another; nothing is under way
  input  logic [15:0]  cfg_id_i,
  // Completion frames, aligned.
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [127:0] in_data_i,
  input  logic         in_sof_i,
  input  logic         in_eof_i,
  input  logic [1:0]   in_end_i,
  input  logic         in_bad_i,
  // Tags (pcie_tags): a header asks, and has its answer a clock later, until the next one asks.
  output logic         look_valid_o,
  output logic         look_take_o,
  output logic [4:0]   look_tag_o,
  input  logic         look_known_i,
  input  logic         look_live_i,
  input  logic [1:0]   look_client_i,
  input  logic [4:0]   look_lane_i,
  input  logic [14:0]  look_pos_i,
  input  logic [9:0]   look_left_i,
  input  logic [6:0]   look_low_i,
  output logic         prog_wait_o,    // a header is here with its answer
  output logic         prog_valid_o,
  output logic [9:0]   prog_bytes_o,
  output logic         prog_fail_o,
  output logic         prog_last_o,    // nothing is left
  output logic         event_valid_o,
  output logic [4:0]   event_tag_o,
  output logic         event_done_o,
  output logic         event_err_o,
  // Writes into the clients' memories, never refused.
  output logic         wr_valid_o,
  output logic [1:0]   wr_client_o,
  output logic [4:0]   wr_lane_o,
  output logic [10:0]  wr_addr_o,
  output logic [15:0]  wr_be_o,
  output logic [127:0] wr_data_o,
  output logic         err_unexpected_o,
  output logic [127:0] err_header_o,
  output logic         err_poisoned_o,
  output logic         idle_o
);
  // ---- a beat waits for what its tag says
  logic         valid_q, sof_q, eof_q, bad_q;
  logic [1:0]   end_q;
  logic [127:0] data_q;
  logic         take, stall;
  assign in_ready_o   = !stall && !(valid_q && sof_q && eof_q);
  assign look_valid_o = in_valid_i && in_sof_i;
  assign look_take_o  = look_valid_o && in_ready_o;
  assign look_tag_o   = in_data_i[76:72];
  assign take         = valid_q && !stall;
  always_ff @(posedge clk_i) begin
    if (!stall) begin
      sof_q  <= in_sof_i;
      eof_q  <= in_eof_i;
      bad_q  <= in_bad_i;
      end_q  <= in_end_i;
      data_q <= in_data_i;
    end
    if (!rst_ni) valid_q <= 1'b0;
    else if (!stall) valid_q <= in_valid_i && in_ready_o;
  end

  // ---- header: is it the completion that the tag waits for?
  logic [9:0]  length;
  logic [12:0] count;
  logic [11:0] payload;
  logic [4:0]  tag;
  logic        has_data, fail, fits, expected, poisoned;
  assign length   = data_q[9:0];
  assign has_data = data_q[30];
  assign count    = data_q[43:32] == 12'd0 ? 13'd4096 : {1'b0, data_q[43:32]};
  assign fail     = data_q[47:45] != 3'b000;
  assign poisoned = data_q[14] || bad_q;
  assign tag      = data_q[76:72];
  assign payload  = {length, 2'b00} - {10'd0, look_low_i[1:0]};  // bytes that came, from the first that was asked for

  logic [9:0] bytes;
  logic       ends;
  // payload >= left, without the subtraction: length, in DWs, against what left and the DW's bytes before it take.
  logic [3:0] odd;
  logic [7:0] whole;
  assign odd   = {2'b00, look_left_i[1:0]} + {2'b00, look_low_i[1:0]};
  assign whole = look_left_i[9:2];
  assign ends  = odd == 4'd0 ? length >= {2'b00, whole} : odd <= 4'd4 ? length > {2'b00, whole} : length > {2'b00, whole} + 10'd1;
  assign bytes = ends ? look_left_i : payload[9:0];
  // The last completion has no DW too many; none has no data or reaches beyond what was asked for.
  assign fits  = has_data && length != 10'd0 && length <= 10'd129 && count == {3'b000, look_left_i} &&
                 data_q[70:64] == look_low_i && payload < {2'b00, look_left_i} + 12'd4;
  assign expected = data_q[95:80] == cfg_id_i && data_q[79:77] == 3'b000 && look_known_i &&
                    (fail ? !has_data && look_left_i != 10'd0 : fits);

  assign prog_wait_o      = valid_q && sof_q;
  assign prog_valid_o     = take && sof_q && expected;
  assign prog_bytes_o     = fail ? 10'd0 : bytes;
  assign prog_fail_o      = fail;
  assign prog_last_o      = fail || ends;

  // ---- stage A: which bytes of this beat are wanted
  logic        live_q, ends_q, known_q, err_q;
  logic [9:0]  rest_q;       // wanted bytes from the next beat on
  logic [10:0] word_q;
  logic [3:0]  turn_q;
  logic [1:0]  client_q;
  logic [4:0]  lane_q, tag_q;
  logic [7:0]  dws_q;        // DWs of the frame from the next beat on

  logic [3:0]  first;        // first wanted byte of the header's beat: 12 to 15
  logic [14:0] start;        // place of byte 0 of the frame in the client's memory
  logic [15:0] mask;
  logic [9:0]  in_beat, header_rest;
  logic        live, truncated;
  logic [7:0]  dws;
  assign first = {2'b11, look_low_i[1:0]};
  assign start = look_pos_i - {11'd0, first};
  assign live  = sof_q ? expected && !fail && !poisoned && look_live_i : live_q;
  assign dws   = sof_q ? (fail ? 8'd3 : length[7:0] + 8'd3) : dws_q;
  assign truncated = eof_q && dws > {6'd0, end_q} + 8'd1;
  // A header's beat has the first DW of data, and a completion that is expected has all of it.
  assign in_beat     = 10'd16 - {6'd0, first};
  assign header_rest = !ends ? {length[7:0] - 8'd1, 2'b00} :
                       look_left_i > in_beat ? look_left_i - in_beat : 10'd0;
  always_comb begin
    for (int unsigned j = 0; j < 16; j++) begin
      mask[j] = sof_q ? 4'(j) >= first && {6'd0, 4'(j) - first} < look_left_i : 10'(j) < rest_q;
    end
  end

  function automatic logic [127:0] swap4(input logic [127:0] d);
    for (int unsigned w = 0; w < 4; w++) begin
      for (int unsigned b = 0; b < 4; b++) swap4[32 * w + 8 * b +: 8] = d[32 * w + 24 - 8 * b +: 8];
    end
  endfunction

  logic         b_valid_q, b_sof_q, b_eof_q, b_known_q, b_done_q, b_err_q;
  logic         b_low_q;  // a header's bytes go into the first of its two words
  logic [127:0] b_data_q;
  logic [15:0]  b_mask_q;
  logic [3:0]   b_turn_q;
  logic [10:0]  b_word_q;
  logic [1:0]   b_client_q;
  logic [4:0]   b_lane_q, b_tag_q;

  always_ff @(posedge clk_i) begin
    if (take) begin
      b_data_q <= swap4(data_q);
      b_mask_q <= live ? mask : 16'h0;
      b_sof_q  <= sof_q;
      b_eof_q  <= eof_q;
      b_low_q  <= live && look_pos_i[3:0] >= first;
      rest_q   <= sof_q ? header_rest : rest_q > 10'd16 ? rest_q - 10'd16 : 10'd0;
      dws_q    <= dws > 8'd4 ? dws - 8'd4 : 8'd0;
      live_q   <= live;
      if (sof_q) begin
        turn_q     <= start[3:0];
        word_q     <= start[14:4] + 11'd1;
        client_q   <= look_client_i;
        lane_q     <= look_lane_i;
        tag_q      <= tag;
        known_q    <= expected && look_live_i;
        ends_q     <= fail || ends;
        err_q      <= fail || poisoned;
        b_turn_q   <= start[3:0];
        b_word_q   <= start[14:4];
        b_client_q <= look_client_i;
        b_lane_q   <= look_lane_i;
        b_tag_q    <= tag;
        b_known_q  <= expected && look_live_i;
        b_done_q   <= fail || ends;
        b_err_q    <= fail || poisoned || truncated;
      end else begin
        word_q     <= word_q + 11'd1;
        b_turn_q   <= turn_q;
        b_word_q   <= word_q;
        b_client_q <= client_q;
        b_lane_q   <= lane_q;
        b_tag_q    <= tag_q;
        b_known_q  <= known_q;
        b_done_q   <= ends_q;
        b_err_q    <= err_q || truncated;
      end
    end
    err_unexpected_o <= rst_ni && take && sof_q && !expected;
    err_poisoned_o   <= rst_ni && prog_valid_o && poisoned && !fail;
    if (!rst_ni) b_valid_q <= 1'b0;
    else if (!stall) b_valid_q <= take;
  end

  assign err_header_o = swap4(b_data_q);

  // ---- stage B: turn, and join with the rest of the beat before
  logic [127:0] turned, low_bits, acc_bits;
  logic [15:0]  turned_mask, low_lanes, low_mask, high_mask;
  assign turned = card_pkg::turn(b_data_q, 4'd0 - b_turn_q);
  always_comb begin
    for (int unsigned l = 0; l < 16; l++) begin
      turned_mask[l]     = b_mask_q[4'(l) - b_turn_q];
      low_lanes[l]       = 4'(l) >= b_turn_q;
    end
  end
  assign low_mask  = turned_mask & low_lanes;
  assign high_mask = turned_mask & ~low_lanes;

  logic [127:0] acc_q;
  logic [15:0]  acc_mask_q;
  logic [10:0]  acc_word_q;
  logic [1:0]   acc_client_q;
  logic [4:0]   acc_lane_q, acc_tag_q;
  logic         flush_q, acc_known_q, acc_done_q, acc_err_q;  // flush: the frame is over, acc is its rest

  assign stall = b_valid_q && b_sof_q && flush_q && (b_low_q || b_eof_q);

  logic step, leave;  // leave: the beat ends the frame and leaves nothing behind
  assign step  = b_valid_q && !stall;
  assign leave = step && b_eof_q && high_mask == 16'h0;
  always_comb begin
    for (int unsigned l = 0; l < 16; l++) begin
      low_bits[8 * l +: 8] = {8{low_mask[l]}};
      acc_bits[8 * l +: 8] = {8{acc_mask_q[l]}};
    end
  end

  always_ff @(posedge clk_i) begin
    if (flush_q) begin
      wr_be_o     <= acc_mask_q;
      wr_data_o   <= acc_q;
      wr_addr_o   <= acc_word_q;
      wr_client_o <= acc_client_q;
      wr_lane_o   <= acc_lane_q;
    end else begin
      wr_be_o     <= low_mask | (b_sof_q ? 16'h0 : acc_mask_q);
      wr_data_o   <= (turned & low_bits) | (b_sof_q ? 128'h0 : acc_q & acc_bits);
      wr_addr_o   <= b_word_q;
      wr_client_o <= b_client_q;
      wr_lane_o   <= b_lane_q;
    end
    if (wipe_i) begin
      wr_be_o   <= 16'hffff;
      wr_data_o <= 128'd0;
      wr_addr_o <= wr_addr_o + 11'd1;
    end
    event_tag_o  <= flush_q ? acc_tag_q : b_tag_q;
    event_done_o <= flush_q ? acc_done_q : b_done_q;
    event_err_o  <= flush_q ? acc_err_q : b_err_q;
    if (step) begin
      acc_q        <= turned;
      acc_word_q   <= b_word_q + 11'd1;
      acc_client_q <= b_client_q;
      acc_lane_q   <= b_lane_q;
      acc_tag_q    <= b_tag_q;
      acc_known_q  <= b_known_q;
      acc_done_q   <= b_done_q;
      acc_err_q    <= b_err_q;
    end
    if (!rst_ni) begin
      wr_valid_o    <= 1'b0;
      event_valid_o <= 1'b0;
      flush_q       <= 1'b0;
      acc_mask_q    <= 16'h0;
    end else begin
      wr_valid_o    <= flush_q || (step && (low_mask | (b_sof_q ? 16'h0 : acc_mask_q)) != 16'h0);
      event_valid_o <= flush_q ? acc_known_q : leave && b_known_q;
      if (step) begin
        acc_mask_q <= high_mask;
        flush_q    <= b_eof_q && !leave;
      end else if (flush_q) begin
        acc_mask_q <= 16'h0;
        flush_q    <= 1'b0;
      end
    end
  end

  assign idle_o = !valid_q && !b_valid_q && !flush_q && !wr_valid_o && !event_valid_o;

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni && b_valid_q && b_sof_q) assert (b_low_q == (low_mask != 16'h0));
  end
`endif
endmodule
`default_nettype wire
