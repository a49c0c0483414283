// SPDX-License-Identifier: Apache-2.0
//
// Where everything in a record lies, as far as it is public: arithmetic on the job and its SA. Positions count bytes of the body,
// from the first after header and IV. The names are those of "Rules of an operation" in rtl/README.md.
// The outputs are right two clocks after job and SA are there.
`default_nettype none

module sluice_lane_plan (
  input  logic                   clk_i,

  input  sluice_lane_pkg::sa_t   sa_i,
  input  logic [14:0]            src_len_i,
  input  logic [7:0]             pad_i,      // seal: further blocks of padding
  output sluice_lane_pkg::plan_t plan_o
);

  logic        unused;
  logic [4:0]  nonce_len;
  logic [15:0] nonce_at, length_field;
  logic [5:0]  cut;                   // header, and nonce or IV
  logic [8:0]  blocks;
  logic [14:0] mac_len, body, filled, grown, cipher_seal, cipher_open, past_padding, body_end;

  assign unused  = &{1'b0, sa_i};
  assign mac_len = {9'd0, sa_i.mac_len};

  always_comb begin
    if (sa_i.aes) nonce_len = 5'd16;
    else nonce_len = sa_i.des || !sa_i.tls ? 5'd8 : 5'd0;
    if (sa_i.chained) nonce_len = 5'd0;
  end
  assign cut = sa_i.verify ? 6'd0 : {1'b0, nonce_len} + (sa_i.tls ? 6'd5 : 6'(sluice_regs_pkg::UdpHeaderBytes));

  // Seal: padding with its length fills the last block, or is one.
  assign filled = sa_i.etm ? src_len_i : src_len_i + mac_len;
  assign blocks = {1'b0, pad_i} + 9'd1;
  assign grown  = filled + (sa_i.des ? {3'd0, blocks, 3'd0} : {2'd0, blocks, 4'd0});
  always_comb begin
    cipher_seal = grown;
    if (sa_i.padded) cipher_seal[2:0] = 3'd0;
    if (sa_i.aes) cipher_seal[3] = 1'b0;
    if (!sa_i.padded) cipher_seal = filled;
  end

  // Open: header and nonce are not body, the MAC of etm is not encrypted.
  assign body        = src_len_i - {9'd0, cut};
  assign cipher_open = sa_i.etm ? body - mac_len : body;

  logic [14:0] cipher_len_q, content_max_q, filled_q, record_len, record_len_q;
  logic [7:0]  padding_q;
  logic [15:0] nonce_at_q, length_field_q;

  assign past_padding = cipher_len_q - (sa_i.padded ? 15'd1 : 15'd0);
  assign body_end     = sa_i.etm ? cipher_len_q + mac_len : cipher_len_q;
  assign record_len   = sa_i.open ? src_len_i : body_end + {9'd0, cut};
  assign nonce_at     = sa_i.tls ? 16'd0 - {11'd0, nonce_len} : {1'b0, body_end};
  assign length_field = {1'b0, record_len - 15'd5};

  always_ff @(posedge clk_i) begin
    cipher_len_q   <= sa_i.open ? cipher_open : cipher_seal;
    filled_q       <= filled;
    padding_q      <= sa_i.aes ? {pad_i[3:0], ~filled[3:0]} : {pad_i[4:0], ~filled[2:0]};
    content_max_q  <= !sa_i.open ? src_len_i : sa_i.etm ? past_padding : past_padding - mac_len;
    nonce_at_q     <= nonce_at;
    length_field_q <= length_field;
    record_len_q   <= record_len;
  end

  assign plan_o = {cipher_len_q, content_max_q, filled_q, padding_q, nonce_at_q, nonce_len, length_field_q, record_len_q};

endmodule

`default_nettype wire
