// SPDX-License-Identifier: Apache-2.0
//
// Checks the parameter block of sa_create, 16 bytes at a time (struct sa_params in rtl/README.md): which field is wrong first,
// and whether this build lacks what it asks for. Combinational.
`default_nettype none

module mgmt_params (
  input  logic [31:0]  features_i,
  input  logic [2:0]   index_i,       // of the word
  input  logic [127:0] word_i,
  input  logic [2:0]   cipher_i,      // of word 0, kept
  input  logic [1:0]   mac_i,
  input  logic         open_i,
  input  logic         tls_i,
  output logic         bad_o,
  output logic [7:0]   offset_o,      // of the bad field, in the block
  output logic         unsupported_o  // word 0
);
  logic [7:0]  cipher, mac, form, direction, mac_len, nonce_mode, replay, tls_minor;
  logic [63:0] cid;
  assign {cid, tls_minor, replay, nonce_mode, mac_len, direction, form, mac, cipher} = word_i;

  logic [7:0] mac_most, mac_least;
  logic       mac_len_ok, tls, etm, tls_minor_ok;
  assign tls = form >= sluice_regs_pkg::FormTlsMte;
  assign etm = form == sluice_regs_pkg::FormUdpEtm || form == sluice_regs_pkg::FormTlsEtm;
  always_comb begin
    unique case (mac[1:0])
      sluice_regs_pkg::MacMd5[1:0]:    mac_most = 8'd16;
      sluice_regs_pkg::MacSha1[1:0]:   mac_most = 8'd20;
      sluice_regs_pkg::MacSha256[1:0]: mac_most = 8'd32;
      default:                         mac_most = 8'd0;
    endcase
    // In the mte forms a MAC is not shorter than a block of AES; 10 is more than the other blocks.
    mac_least  = !etm && cipher >= sluice_regs_pkg::CipherAes128 ? 8'd16 : 8'd10;
    mac_len_ok = mac_most == 8'd0 ? mac_len == 8'd0 : mac_len >= mac_least && mac_len <= mac_most;
    // TLS 1.1 and 1.2 have the forms with an explicit IV.
    tls_minor_ok = tls && form != sluice_regs_pkg::FormTls10 ? tls_minor == 8'd2 || tls_minor == 8'd3 : tls_minor == 8'd0;
  end

  // What word 0 asks of the build.
  logic [31:0] needs;
  always_comb begin
    needs = 32'd0;
    unique case (cipher[2:0])
      sluice_regs_pkg::CipherDes[2:0],
      sluice_regs_pkg::CipherDes3[2:0]:   needs[sluice_regs_pkg::FeaturesDesLsb] = 1'b1;
      sluice_regs_pkg::CipherAes192[2:0]: needs[sluice_regs_pkg::FeaturesAes192Lsb] = 1'b1;
      sluice_regs_pkg::CipherAes128[2:0],
      sluice_regs_pkg::CipherAes256[2:0]: needs[sluice_regs_pkg::FeaturesAesLsb] = 1'b1;
      default:                            needs[sluice_regs_pkg::FeaturesNullLsb] = 1'b1;
    endcase
    unique case (mac[1:0])
      sluice_regs_pkg::MacMd5[1:0]:    needs[sluice_regs_pkg::FeaturesMd5Lsb] = 1'b1;
      sluice_regs_pkg::MacSha1[1:0]:   needs[sluice_regs_pkg::FeaturesSha1Lsb] = 1'b1;
      sluice_regs_pkg::MacSha256[1:0]: needs[sluice_regs_pkg::FeaturesSha256Lsb] = 1'b1;
      default:                         needs[sluice_regs_pkg::FeaturesNullLsb] = 1'b1;
    endcase
    if (tls) needs[sluice_regs_pkg::FeaturesTlsLsb] = 1'b1;
    else needs[sluice_regs_pkg::FeaturesUdpLsb] = 1'b1;
  end
  assign unsupported_o = (needs & ~features_i) != 32'd0;

  logic [63:0] counter, limit;
  logic        limit_ok;
  assign counter = word_i[63:0];
  assign limit   = word_i[127:64];
  assign limit_ok = open_i || tls_i ? limit == 64'd0
                                    : limit[63:48] == counter[63:48] ||
                                      (limit[63:48] == counter[63:48] + 16'd1 && limit[47:0] == 48'd0);

  // Bytes of key that the cipher and the MAC have, in each half.
  logic [15:0] key_bytes;   // that may be other than 0 in this word
  always_comb begin
    key_bytes = 16'h0000;
    unique case (index_i)
      3'd4: key_bytes = cipher_i == sluice_regs_pkg::CipherNull[2:0] ? 16'h0000 :
                        cipher_i == sluice_regs_pkg::CipherDes[2:0] ? 16'h00ff : 16'hffff;
      3'd5: key_bytes = cipher_i == sluice_regs_pkg::CipherAes256[2:0] ? 16'hffff :
                        cipher_i == sluice_regs_pkg::CipherAes192[2:0] || cipher_i == sluice_regs_pkg::CipherDes3[2:0] ? 16'h00ff
                                                                                                                  : 16'h0000;
      3'd6: key_bytes = mac_i == sluice_regs_pkg::MacNone[1:0] ? 16'h0000 : 16'hffff;
      3'd7: key_bytes = mac_i == sluice_regs_pkg::MacSha256[1:0] ? 16'hffff :
                        mac_i == sluice_regs_pkg::MacSha1[1:0] ? 16'h000f : 16'h0000;
      default: key_bytes = 16'h0000;
    endcase
  end
  logic stray;
  always_comb begin
    stray = 1'b0;
    for (int unsigned b = 0; b < 16; b++) begin
      if (word_i[8*b +: 8] != 8'd0 && !key_bytes[b]) stray = 1'b1;
    end
  end

  always_comb begin
    bad_o    = 1'b0;
    offset_o = 8'd0;
    unique case (index_i)
      3'd0: begin
        bad_o = 1'b1;
        if (cipher > sluice_regs_pkg::CipherAes256)          offset_o = 8'(sluice_regs_pkg::SaParamsCipherLsb / 8);
        else if (mac > sluice_regs_pkg::MacSha256)           offset_o = 8'(sluice_regs_pkg::SaParamsMacLsb / 8);
        else if (form > sluice_regs_pkg::FormTls10)          offset_o = 8'(sluice_regs_pkg::SaParamsFormLsb / 8);
        else if (direction > sluice_regs_pkg::DirectionOpen) offset_o = 8'(sluice_regs_pkg::SaParamsDirectionLsb / 8);
        else if (!mac_len_ok)                                offset_o = 8'(sluice_regs_pkg::SaParamsMacLenLsb / 8);
        else if (nonce_mode > sluice_regs_pkg::NonceModeExplicit || (tls && nonce_mode != sluice_regs_pkg::NonceModeExplicit))
          offset_o = 8'(sluice_regs_pkg::SaParamsNonceModeLsb / 8);
        else if (replay > 8'd1 || (tls && replay != 8'd0))   offset_o = 8'(sluice_regs_pkg::SaParamsReplayLsb / 8);
        else if (!tls_minor_ok)                              offset_o = 8'(sluice_regs_pkg::SaParamsTlsMinorLsb / 8);
        else if (tls && cid != 64'd0)                        offset_o = 8'(sluice_regs_pkg::SaParamsCidLsb / 8);
        else bad_o = 1'b0;
      end
      3'd1: begin
        bad_o    = (tls_i && counter != 64'd0) || !limit_ok;
        offset_o = tls_i && counter != 64'd0 ? 8'(sluice_regs_pkg::SaParamsCounterLsb / 8)
                                             : 8'(sluice_regs_pkg::SaParamsLimitLsb / 8);
      end
      3'd2, 3'd3: begin
        bad_o    = stray;
        offset_o = 8'(sluice_regs_pkg::SaParamsReserved1Lsb / 8);
      end
      3'd4, 3'd5: begin
        bad_o    = stray;
        offset_o = 8'(sluice_regs_pkg::SaParamsCipherKeyLsb / 8);
      end
      default: begin
        bad_o    = stray;
        offset_o = 8'(sluice_regs_pkg::SaParamsMacKeyLsb / 8);
      end
    endcase
  end
endmodule
`default_nettype wire
