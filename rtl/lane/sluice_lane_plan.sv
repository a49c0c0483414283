// SPDX-License-Identifier: Apache-2.0
//
// Where everything in a record lies: arithmetic on the job, its SA and, once known, padding_length. Positions count bytes of the
// body, from the first after the header. The names are those of "Rules of an operation" in rtl/README.md.
// The outputs are right two clocks after job and SA are there, what depends on the content three, and one clock after a change of
// padding_i.
`default_nettype none

module sluice_lane_plan (
  input  logic        clk_i,

  input  logic        open_i,
  input  logic        aes_i,
  input  logic        etm_i,
  input  logic [5:0]  mac_len_i,
  input  logic [14:0] src_len_i,
  input  logic [7:0]  pad_i,          // seal: further blocks of padding
  input  logic [7:0]  padding_i,      // open: padding_length as decrypted; secret until the verdict

  output logic [14:0] cipher_len_o,   // E
  output logic [14:0] content_max_o,  // largest possible content; seal: the content
  output logic [14:0] content_o,      // content; open: secret
  output logic        content_bad_o,  // open: no content can have that padding, or it is too long; secret
  output logic [7:0]  padding_o,      // padding_length; open: padding_i
  output logic [14:0] mac_at_o,       // position of the MAC; open, mte: secret
  output logic [14:0] padding_at_o,   // position of the padding; open: secret
  output logic [14:0] nonce_at_o,     // position of the nonce
  output logic [4:0]  nonce_len_o,
  output logic [15:0] length_field_o, // the header's length field
  output logic [14:0] record_len_o
);

  localparam logic [14:0] HeaderLen = 15'(sluice_regs_pkg::UdpHeaderBytes);

  logic [14:0] mac_len, cut, body, filled, cipher_seal, cipher_open;
  logic [14:0] cipher_len_q, filled_q, content_max, nonce_at, record_len, past_padding;
  logic [15:0] difference;

  assign mac_len     = {9'd0, mac_len_i};
  assign nonce_len_o = aes_i ? 5'd16 : 5'd8;

  // Seal: what is encrypted before padding, then with it.
  assign filled      = etm_i ? src_len_i : src_len_i + mac_len;
  assign cipher_seal = aes_i ? {filled[14:4] + {3'd0, pad_i} + 11'd1, 4'd0} : filled;

  // Open: header and nonce are not body, the MAC of etm is not encrypted.
  assign cut         = HeaderLen + {10'd0, nonce_len_o};
  assign body        = src_len_i - cut;
  assign cipher_open = etm_i ? body - mac_len : body;

  always_ff @(posedge clk_i) begin
    cipher_len_q <= open_i ? cipher_open : cipher_seal;
    filled_q     <= filled;
  end

  // Padding with its length: everything behind content (and MAC, in mte) up to E.
  assign past_padding = cipher_len_q - (aes_i ? 15'd1 : 15'd0);
  assign content_max  = !open_i ? src_len_i : etm_i ? past_padding : past_padding - mac_len;
  assign difference   = {1'b0, content_max_o} - (open_i && aes_i ? {8'd0, padding_i} : 16'd0);
  assign nonce_at     = etm_i ? cipher_len_q + mac_len : cipher_len_q;
  assign record_len   = open_i ? src_len_i : nonce_at + cut;

  logic [14:0] content_q;
  assign cipher_len_o = cipher_len_q;
  assign content_o    = content_q;
  assign mac_at_o     = etm_i ? cipher_len_q : content_q;

  always_ff @(posedge clk_i) begin
    content_max_o  <= content_max;
    content_q      <= difference[15] ? content_max_o : difference[14:0];
    content_bad_o  <= difference[15] || difference[14:0] > 15'(sluice_regs_pkg::MaxContent);
    padding_o      <= open_i ? padding_i : {pad_i[3:0], ~filled_q[3:0]};
    padding_at_o   <= open_i ? past_padding - {7'd0, padding_i} : filled_q;
    nonce_at_o     <= nonce_at;
    record_len_o   <= record_len;
    length_field_o <= {1'b0, record_len - 15'd5};
  end

endmodule

`default_nettype wire
