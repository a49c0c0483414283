# SPDX-License-Identifier: Apache-2.0
#
# Tests of the crypto cores and of the record lane, each alone in Verilator; the lane's area by Yosys.
include rtl/lane/files.mk

LANE_BUILD := $(BUILD)/tests/rtl
LANE_CXXFLAGS := -std=c++17 -O2 -Wall -Wextra -Wno-deprecated-declarations
LANE_PACKAGES := $(GEN)/sluice_regs_pkg.sv rtl/pkg/sluice_pkg.sv
LANE_VERILATE := verilator --cc --exe --build -Wall --assert --x-initial unique --x-assign unique -O3 \
                 -CFLAGS "$(LANE_CXXFLAGS) -I$(abspath $(GEN))" -LDFLAGS -lcrypto -MAKEFLAGS "OPT_FAST=-O2 OPT_SLOW=-O0"

TESTS += $(LANE_BUILD)/lane_test
HELP += "synth-lane|area of one record lane by Yosys synth_xilinx"

$(LANE_BUILD)/lane_test: $(LANE_PACKAGES) $(LANE_SV) $(wildcard tests/rtl/lane/*.cpp tests/rtl/lane/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(LANE_VERILATE) --Mdir $(LANE_BUILD)/lane.obj --top-module sluice_lane -o $(abspath $@) \
	  $(LANE_PACKAGES) $(LANE_SV) $(abspath $(wildcard tests/rtl/lane/*.cpp)) >$@.log || { cat $@.log; false; }

.PHONY: synth-lane
synth-lane: $(LANE_PACKAGES)
	@mkdir -p $(LANE_BUILD)
	yosys -q -l $(LANE_BUILD)/synth-lane.log -p 'read_verilog -sv -noautowire $(LANE_PACKAGES) $(LANE_SV); \
	  synth_xilinx -abc9 -flatten -top sluice_lane; tee -o $(LANE_BUILD)/synth-lane.txt stat'
	@cat $(LANE_BUILD)/synth-lane.txt
