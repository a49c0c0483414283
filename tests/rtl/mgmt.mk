# SPDX-License-Identifier: Apache-2.0
#
# The management's devices in the card, small configuration, with the test in the place of the processor's core.
MGMT_CXX := $(wildcard tests/rtl/mgmt/*.cpp) $(addprefix tests/rtl/card/,device.cpp host.cpp)
MGMT_SV = $(patsubst rtl/mgmt/cpu/cpu_core.sv,tests/rtl/mgmt/cpu_core.sv,$(RTL_SV))

TESTS += $(CARD_BUILD)/mgmt_test

$(CARD_BUILD)/mgmt_test: $(MGMT_SV) $(MGMT_CXX) tests/rtl/mgmt/public.vlt \
		$(wildcard tests/rtl/card/*.h tests/rtl/mgmt/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(VERILATE) -Wno-UNUSEDPARAM -GCplTimeoutLog2=14 $(call size_flags,2-2-256-32) $(call size_macros,2-2-256-32) \
	  --Mdir $@.obj --top-module sluice_card -o $(abspath $@) \
	  tests/rtl/mgmt/public.vlt $(MGMT_SV) $(abspath $(MGMT_CXX)) >$@.log 2>&1 || { cat $@.log; false; }
