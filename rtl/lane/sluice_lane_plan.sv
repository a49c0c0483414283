// SPDX-License-Identifier: Apache-2.0
//
// Where everything in a record lies, as far as it is public: arithmetic on the job and its SA. Positions count bytes of the body,
// from the first after header and IV. The names are those of "Rules of an operation" in rtl/README.md.
// The outputs are right two clocks after job and SA are there.
`default_nettype none

module sluice_lane_plan (
  input  logic        clk_i,

  input  logic        open_i,         // open or verify
  input  logic        verify_i,
  input  logic        wide_i,         // blocks of 16 bytes
  input  logic        narrow_i,       // blocks of 8 bytes; neither: NULL
  input  logic        tls_i,
  input  logic        chained_i,      // tls10
  input  logic        etm_i,
  input  logic [5:0]  mac_len_i,
  input  logic [14:0] src_len_i,
  input  logic [7:0]  pad_i,          // seal: further blocks of padding

  output logic [14:0] cipher_len_o,   // E
  output logic [14:0] content_max_o,  // largest possible content; seal: the content
  output logic [14:0] filled_o,       // seal: what is encrypted, before padding
  output logic [7:0]  padding_o,      // seal: padding_length
  output logic [15:0] nonce_at_o,     // position of the nonce, or of the IV
  output logic [4:0]  nonce_len_o,    // 0: there is none on the wire
  output logic [15:0] length_field_o, // the header's length field
  output logic [14:0] record_len_o
);

  logic        cipher;
  logic [5:0]  cut;                   // header, and nonce or IV
  logic [8:0]  blocks;
  logic [14:0] mac_len, body, filled, grown, cipher_seal, cipher_open, past_padding, body_end;

  assign cipher  = wide_i || narrow_i;
  assign mac_len = {9'd0, mac_len_i};

  always_comb begin
    if (wide_i) nonce_len_o = 5'd16;
    else nonce_len_o = narrow_i || !tls_i ? 5'd8 : 5'd0;
    if (chained_i) nonce_len_o = 5'd0;
  end
  assign cut = verify_i ? 6'd0 : {1'b0, nonce_len_o} + (tls_i ? 6'd5 : 6'(sluice_regs_pkg::UdpHeaderBytes));

  // Seal: padding with its length fills the last block, or is one.
  assign filled = etm_i ? src_len_i : src_len_i + mac_len;
  assign blocks = {1'b0, pad_i} + 9'd1;
  assign grown  = filled + (narrow_i ? {3'd0, blocks, 3'd0} : {2'd0, blocks, 4'd0});
  always_comb begin
    cipher_seal = grown;
    if (cipher) cipher_seal[2:0] = 3'd0;
    if (wide_i) cipher_seal[3] = 1'b0;
    if (!cipher) cipher_seal = filled;
  end

  // Open: header and nonce are not body, the MAC of etm is not encrypted.
  assign body        = src_len_i - {9'd0, cut};
  assign cipher_open = etm_i ? body - mac_len : body;

  assign past_padding = cipher_len_o - (cipher ? 15'd1 : 15'd0);
  assign body_end     = etm_i ? cipher_len_o + mac_len : cipher_len_o;
  assign record_len_o = open_i ? src_len_i : body_end + {9'd0, cut};

  always_ff @(posedge clk_i) begin
    cipher_len_o   <= open_i ? cipher_open : cipher_seal;
    filled_o       <= filled;
    padding_o      <= wide_i ? {pad_i[3:0], ~filled[3:0]} : {pad_i[4:0], ~filled[2:0]};
    content_max_o  <= !open_i ? src_len_i : etm_i ? past_padding : past_padding - mac_len;
    nonce_at_o     <= tls_i ? 16'd0 - {11'd0, nonce_len_o} : {1'b0, body_end};
    length_field_o <= {1'b0, record_len_o - 15'd5};
  end

endmodule

`default_nettype wire
