# SPDX-License-Identifier: Apache-2.0
#
# Sources of a record lane in the order in which they must be read, behind sluice_regs_pkg and sluice_pkg.
ifndef LANE_SV
LANE_SV := $(addprefix rtl/crypto/,sluice_aes_pkg.sv sluice_aes_rom.sv sluice_aes.sv sluice_aes_key.sv sluice_sha256.sv \
             sluice_sha1.sv \
             sluice_des_pkg.sv sluice_des.sv sluice_md5.sv) \
           $(addprefix rtl/lane/sluice_lane,_pkg.sv _ring.sv _sa.sv _jobs.sv _decode.sv _plan.sv _content.sv _fields.sv \
             _nonce.sv _des.sv _cbc.sv _starter.sv _feeder.sv _hash.sv _keys.sv _prepare.sv _control.sv .sv)
endif
