// SPDX-License-Identifier: Apache-2.0
//
// Sorts received TLPs: completions pass through, requests become one entry each for the completer, everything else is refused.
// Requests that the card serves: memory reads and writes of 1 or 2 DW in BAR 0. Another non-posted request is passed on to be
// answered as unsupported; another posted one is dropped and reported. Messages are dropped in silence. A beat a clock.
`default_nettype none

module pcie_rx_route (
  input  logic         clk_i,
  input  logic         rst_ni,
  // Aligned frames.
  input  logic         in_valid_i,
  output logic         in_ready_o,
  input  logic [127:0] in_data_i,
  input  logic         in_sof_i,
  input  logic         in_eof_i,
  input  logic [1:0]   in_end_i,
  input  logic         in_bar_i,
  input  logic         in_bad_i,
  // Completions, as they came.
  output logic         cpl_valid_o,
  input  logic         cpl_ready_i,
  // Requests: lock (MRdLk), memory (byte count is by the byte enables), unsupported, write, two DWs.
  output logic         req_valid_o,
  input  logic         req_ready_i,
  output logic         req_lock_o,
  output logic         req_mem_o,
  output logic         req_ur_o,
  output logic         req_write_o,
  output logic         req_two_o,
  output logic [13:0]  req_addr_o,
  output logic [7:0]   req_be_o,
  output logic [63:0]  req_data_o,
  output logic [15:0]  req_id_o,
  output logic [7:0]   req_tag_o,
  output logic [2:0]   req_tc_o,
  output logic [1:0]   req_attr_o,
  // Refused TLPs.
  output logic         bad_o,
  output logic [127:0] bad_header_o,
  output logic         err_ur_o,
  output logic         err_poisoned_o,
  output logic         idle_o
);
  typedef enum logic [1:0] {Head, Cpl, Data, Drop} state_e;
  state_e state_q, state_d;

  logic [127:0] head, head_q;
  logic [1:0]   fmt;
  logic [4:0]   kind;
  logic         four_q, two_q;
  assign head = in_data_i;
  assign fmt  = head[30:29];
  assign kind = head[28:24];

  logic is_cpl, is_mem, is_msg, nonposted, poisoned, shape_ok, served, needs_beat;
  assign is_cpl    = kind == 5'b01010 && !fmt[0];
  assign is_mem    = kind == 5'b00000;
  assign is_msg    = kind[4:3] == 2'b10;
  assign nonposted = (is_mem && !fmt[1]) || kind == 5'b00001 || kind == 5'b00010 || kind[4:1] == 4'b0010 ||
                     (kind[4:2] == 3'b011 && kind[1:0] != 2'b11 && fmt[1]);
  assign poisoned  = head[14] || in_bad_i;
  assign shape_ok  = (head[9:0] == 10'd1 && head[39:36] == 4'h0) || head[9:0] == 10'd2;
  assign served    = is_mem && in_bar_i && shape_ok && !(poisoned && fmt[1]);
  // A write whose data is not all in the header's beat.
  assign needs_beat = served && fmt[1] && (fmt[0] || head[9:0] == 10'd2);

  logic frame_short;  // the frame ends before the header, or before the data
  assign frame_short = in_eof_i && (needs_beat || in_end_i < 2'd2 || (fmt[0] && in_end_i != 2'd3));

  // With the header's beat the entry comes from head; with the data beat from what was kept.
  logic [127:0] entry_head;
  assign entry_head  = state_q == Data ? head_q : head;
  assign req_lock_o  = entry_head[28:24] == 5'b00001;
  assign req_mem_o   = entry_head[28:25] == 4'b0000;
  assign req_write_o = entry_head[30] && !req_ur_o;
  assign req_two_o   = entry_head[9:0] == 10'd2;
  assign req_addr_o  = entry_head[29] ? entry_head[111:98] : entry_head[79:66];
  assign req_be_o    = entry_head[39:32];
  assign req_id_o    = entry_head[63:48];
  assign req_tag_o   = entry_head[47:40];
  assign req_tc_o    = entry_head[22:20];
  assign req_attr_o  = entry_head[13:12];
  assign bad_header_o = entry_head;

  // Register data is little endian, a DW of the stream big endian.
  function automatic logic [31:0] swap(input logic [31:0] d);
    swap = {d[7:0], d[15:8], d[23:16], d[31:24]};
  endfunction
  logic [31:0] dw0, dw1;
  assign dw0        = state_q != Data ? head[127:96] : four_q ? in_data_i[31:0] : head_q[127:96];
  assign dw1        = four_q ? in_data_i[63:32] : in_data_i[31:0];
  assign req_data_o = {swap(dw1), swap(dw0)};

  always_comb begin
    state_d        = state_q;
    in_ready_o     = 1'b1;
    cpl_valid_o    = 1'b0;
    req_valid_o    = 1'b0;
    req_ur_o       = 1'b0;
    bad_o          = 1'b0;
    err_ur_o       = 1'b0;
    err_poisoned_o = 1'b0;
    unique case (state_q)
      Head: if (in_valid_i && in_sof_i) begin
        if (is_cpl) begin
          cpl_valid_o = 1'b1;
          in_ready_o  = cpl_ready_i;
          if (cpl_ready_i && !in_eof_i) state_d = Cpl;
        end else if (frame_short) begin
          bad_o = 1'b1;
        end else if (needs_beat) begin
          state_d = Data;
        end else if (served || nonposted) begin
          req_valid_o    = 1'b1;
          req_ur_o       = !served;
          in_ready_o     = req_ready_i;
          bad_o          = req_ready_i && !served;
          err_ur_o       = bad_o;
          if (req_ready_i && !in_eof_i) state_d = Drop;
        end else begin
          bad_o          = !is_msg;
          err_poisoned_o = is_mem && poisoned;
          err_ur_o       = is_mem && !poisoned;
          if (!in_eof_i) state_d = Drop;
        end
      end
      Cpl: begin
        cpl_valid_o = in_valid_i;
        in_ready_o  = cpl_ready_i;
        if (in_valid_i && cpl_ready_i && in_eof_i) state_d = Head;
      end
      Data: if (in_valid_i) begin
        // The last DW must be there: DW 0 or DW 1 of this beat.
        if (in_eof_i && four_q && two_q && in_end_i == 2'd0) begin
          bad_o   = 1'b1;
          state_d = Head;
        end else begin
          req_valid_o = 1'b1;
          in_ready_o  = req_ready_i;
          if (req_ready_i) state_d = in_eof_i ? Head : Drop;
        end
      end
      default: if (in_valid_i && in_eof_i) state_d = Head;
    endcase
  end

  assign idle_o = state_q == Head && !in_valid_i;

  always_ff @(posedge clk_i) begin
    if (state_q == Head) begin
      head_q <= head;
      four_q <= fmt[0];
      two_q  <= head[9:0] == 10'd2;
    end
    if (!rst_ni) state_q <= Head;
    else state_q <= state_d;
  end
endmodule
`default_nettype wire
