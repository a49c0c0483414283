// SPDX-License-Identifier: Apache-2.0
//
// SA table: the words that a lane gets (keys and HMAC states, write-only but for the lanes), what the dispatcher needs to know,
// and the counters of sealing. Which slots are in use is told by rows of 16 bits, and of each row a bit whether it has been
// written since all slots were dropped, so that one clock makes every key unusable. Reads answer one clock later.
`default_nettype none

module sa_store #(
  parameter int unsigned SaCount = 256  // at most 256
) (
  input  logic              clk_i,
  input  logic              rst_ni,       // clears valid
  // Administrator: words, then meta and counters, then valid. A counter is written one clock later, behind the dispatcher's, so
  // its value and its slot stay; there is time for the next when it is ready.
  input  logic              word_we_i,
  input  logic [10:0]       word_waddr_i,
  input  logic [127:0]      word_wdata_i,
  input  logic [7:0]        adm_sa_i,
  input  logic              meta_we_i,
  input  card_pkg::meta_t   meta_i,
  input  logic              count_we_i,
  output logic              count_ready_o,
  input  logic [63:0]       count_next_i,
  input  logic [63:0]       count_limit_i,
  input  logic              valid_we_i,
  input  logic              valid_i,
  input  logic              drop_all_i,
  output logic              adm_in_use_o,
  // Dispatcher: what slot is like, one clock after it is asked for; then its counter may be raised.
  input  logic [7:0]        look_sa_i,
  output logic              look_in_use_o,
  output card_pkg::meta_t   look_meta_o,
  output logic [63:0]       look_next_o,
  output logic [63:0]       look_limit_o,
  input  logic              raise_i,
  input  logic [7:0]        raise_sa_i,
  input  logic [63:0]       raise_next_i,
  // Words for a lane.
  input  logic [10:0]       word_raddr_i,
  output logic [127:0]      word_rdata_o
);
  (* ram_style = "block" *) logic [127:0] word_q [SaCount * 8];
  (* ram_style = "block" *) logic [card_pkg::MetaW-1:0] meta_q [SaCount];
  (* ram_style = "block" *) logic [63:0] next_q [SaCount];
  (* ram_style = "block" *) logic [63:0] limit_q [SaCount];
  (* ram_style = "distributed" *) logic [15:0] row_q [16];
  logic [15:0] written_q, adm_row, look_row, adm_bit;
  assign adm_row  = row_q[adm_sa_i[7:4]] & {16{written_q[adm_sa_i[7:4]]}};
  assign look_row = row_q[look_sa_i[7:4]] & {16{written_q[look_sa_i[7:4]]}};
  assign adm_bit  = 16'd1 << adm_sa_i[3:0];

  // What the dispatcher does with its counter comes late in its clock; no write of the administrator's depends on it.
  logic count_q;
  assign count_ready_o = !count_q;
  always_ff @(posedge clk_i) count_q <= rst_ni && (count_we_i || (count_q && raise_i));

  logic        next_we;
  logic [7:0]  next_addr;
  logic [63:0] next_data;
  assign next_we   = raise_i || count_q;
  assign next_addr = raise_i ? raise_sa_i : adm_sa_i;
  assign next_data = raise_i ? raise_next_i : count_next_i;

  always_ff @(posedge clk_i) begin
    if (word_we_i) word_q[word_waddr_i] <= word_wdata_i;
    word_rdata_o <= word_q[word_raddr_i];
  end
  always_ff @(posedge clk_i) begin
    if (meta_we_i) meta_q[adm_sa_i] <= meta_i;
    look_meta_o <= meta_q[look_sa_i];
  end
  always_ff @(posedge clk_i) begin
    if (next_we) next_q[next_addr] <= next_data;
    look_next_o <= next_q[look_sa_i];
  end
  always_ff @(posedge clk_i) begin
    if (count_we_i) limit_q[adm_sa_i] <= count_limit_i;
    look_limit_o <= limit_q[look_sa_i];
  end
  always_ff @(posedge clk_i) begin
    adm_in_use_o  <= adm_row[adm_sa_i[3:0]];
    look_in_use_o <= look_row[look_sa_i[3:0]] && !drop_all_i && !(valid_we_i && !valid_i && adm_sa_i == look_sa_i);
    if (valid_we_i) row_q[adm_sa_i[7:4]] <= valid_i ? adm_row | adm_bit : adm_row & ~adm_bit;
    if (!rst_ni || drop_all_i) written_q <= '0;
    else if (valid_we_i) written_q[adm_sa_i[7:4]] <= 1'b1;
  end
endmodule
`default_nettype wire
