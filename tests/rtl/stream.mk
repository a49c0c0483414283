# SPDX-License-Identifier: Apache-2.0
#
# Test of the stream lane, alone in Verilator.
include rtl/stream/files.mk

STREAM_BUILD := $(BUILD)/tests/rtl
STREAM_CRYPTO := $(patsubst %,rtl/crypto/sluice_%.sv,aes_pkg aes_rom aes aes_key sha256 sha1 des_pkg des md5)
STREAM_ALL := $(GEN)/sluice_regs_pkg.sv rtl/pkg/sluice_pkg.sv $(STREAM_CRYPTO) $(STREAM_SV)

TESTS += $(STREAM_BUILD)/stream_test

$(STREAM_BUILD)/stream_test: $(STREAM_ALL) $(wildcard tests/rtl/stream/*) $(GEN)/sluice_defs.h
	@mkdir -p $(@D)
	$(VERILATE) --top-module sluice_stream --Mdir $(STREAM_BUILD)/stream.obj -o $(abspath $@) tests/rtl/stream/public.vlt \
	  $(STREAM_ALL) $(abspath $(wildcard tests/rtl/stream/*.cpp)) >$@.log 2>&1 || { tail -n 40 $@.log; false; }
