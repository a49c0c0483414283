// SPDX-License-Identifier: Apache-2.0
//
// What word 0 of an SA (sluice_pkg) means for a job. Combinational.
`default_nettype none

module sluice_lane_decode #(
  parameter bit Legacy = 1'b0,
  parameter bit Sha1   = 1'b1,
  parameter bit Null   = 1'b1
) (
  input  logic [1:0]           kind_i,
  input  logic [127:0]         word_i,
  output sluice_lane_pkg::sa_t sa_o
);

  logic       unused, tls_etm;
  logic [2:0] cipher, form;
  logic [1:0] mac;

  assign unused  = &{1'b0, word_i[63:58], word_i[55:41], word_i[39:38], word_i[31:19], word_i[15:10], word_i[7:3]};
  assign cipher  = word_i[2:0];
  assign mac     = word_i[9:8];
  assign form    = word_i[18:16];
  assign tls_etm = form == sluice_regs_pkg::FormTlsEtm[2:0];

  always_comb begin
    sa_o.seal    = kind_i == sluice_pkg::KindSeal;
    sa_o.verify  = kind_i == sluice_pkg::KindVerify;
    sa_o.open    = kind_i == sluice_pkg::KindOpen || sa_o.verify;
    sa_o.key_job = kind_i == sluice_pkg::KindKeys;
    sa_o.aes     = (!Null && !Legacy) || cipher >= sluice_regs_pkg::CipherAes128[2:0];
    sa_o.des     = Legacy && (cipher == sluice_regs_pkg::CipherDes[2:0] || cipher == sluice_regs_pkg::CipherDes3[2:0]);
    sa_o.triple  = cipher == sluice_regs_pkg::CipherDes3[2:0];
    unique case (cipher)
      sluice_regs_pkg::CipherAes256[2:0]: sa_o.rounds = 4'd14;
      sluice_regs_pkg::CipherAes192[2:0]: sa_o.rounds = 4'd12;
      default:                            sa_o.rounds = 4'd10;
    endcase
    sa_o.padded  = sa_o.aes || sa_o.des;
    sa_o.cipher  = sa_o.padded && !sa_o.verify && !sa_o.key_job;
    sa_o.md5     = Legacy && mac == sluice_regs_pkg::MacMd5[1:0];
    sa_o.sha256  = (!Sha1 && !Legacy) || mac == sluice_regs_pkg::MacSha256[1:0];
    sa_o.mac     = !Null || mac != sluice_regs_pkg::MacNone[1:0];
    sa_o.tls     = form >= sluice_regs_pkg::FormTlsMte[2:0];
    sa_o.chained = form == sluice_regs_pkg::FormTls10[2:0];
    sa_o.etm     = form == sluice_regs_pkg::FormUdpEtm[2:0] || tls_etm;
    sa_o.sequence_nonce = !word_i[40];
    sa_o.leads   = sa_o.seal == sa_o.etm;
    sa_o.mac_len = word_i[37:32];
    sa_o.minor   = !sa_o.tls ? 8'd3 : sa_o.chained ? 8'd1 : {6'd0, word_i[57:56]};
    sa_o.cid     = word_i[127:64];
  end

endmodule

`default_nettype wire
