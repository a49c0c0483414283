# SPDX-License-Identifier: Apache-2.0
#
# Tests of the AES and SHA cores (as RTL and as Yosys netlist) and of the record lane, each alone in Verilator.
include rtl/lane/files.mk

LANE_BUILD := $(BUILD)/tests/rtl
LANE_PACKAGES := $(GEN)/sluice_regs_pkg.sv rtl/pkg/sluice_pkg.sv
LANE_VERILATE = $(VERILATE) --top-module lane_top --prefix Vsluice_lane
CRYPTO_BENCH := $(wildcard tests/rtl/crypto/*.cpp)
CRYPTO_SV := $(filter rtl/crypto/%,$(LANE_SV)) tests/rtl/crypto/crypto_top.sv

TESTS += $(LANE_BUILD)/crypto/crypto_test $(LANE_BUILD)/lane_test $(LANE_BUILD)/lane_legacy_test

LANE_TEST_DEPS := $(LANE_PACKAGES) $(LANE_SV) $(wildcard $(patsubst %,tests/rtl/lane/*.%,sv cpp h)) $(GEN)/sluice_defs.h
LANE_TEST_SOURCES := $(LANE_PACKAGES) $(LANE_SV) tests/rtl/lane/lane_top.sv $(abspath $(wildcard tests/rtl/lane/*.cpp))

$(LANE_BUILD)/lane_test: $(LANE_TEST_DEPS)
	@mkdir -p $(@D)
	$(LANE_VERILATE) --Mdir $(LANE_BUILD)/lane.obj -o $(abspath $@) $(LANE_TEST_SOURCES) >$@.log 2>&1 \
	  || { tail -n 40 $@.log; false; }

# The lane with DES, 3DES and MD5.
$(LANE_BUILD)/lane_legacy_test: $(LANE_TEST_DEPS)
	@mkdir -p $(@D)
	$(LANE_VERILATE) "-GLegacy=1'b1" -CFLAGS -DLEGACY=1 --Mdir $(LANE_BUILD)/lane-legacy.obj -o $(abspath $@) \
	  $(LANE_TEST_SOURCES) >$@.log 2>&1 || { tail -n 40 $@.log; false; }

$(LANE_BUILD)/crypto/crypto_top-rtl $(LANE_BUILD)/crypto/crypto_top-netlist &: $(CRYPTO_SV) $(CRYPTO_BENCH) \
  tests/rtl/crypto/cores.h tests/rtl/netlist/build
	@mkdir -p $(@D)
	tests/rtl/netlist/build $(@D) crypto_top $(CRYPTO_SV) -- $(CRYPTO_BENCH) >$(@D)/build.log 2>&1 \
	  || { tail -n 40 $(@D)/build.log; false; }

$(LANE_BUILD)/crypto/crypto_test: $(LANE_BUILD)/crypto/crypto_top-rtl $(LANE_BUILD)/crypto/crypto_top-netlist
	printf '#!/bin/sh\nexec tests/rtl/netlist/check %s crypto_top\n' $(@D) >$@
	chmod +x $@
