# SPDX-License-Identifier: Apache-2.0
#
# Test of the card's counters, alone in Verilator.
COUNTERS_TEST := $(BUILD)/tests/rtl/counters_test
COUNTERS_SV := $(GEN)/sluice_regs_pkg.sv rtl/common/sluice_mux.sv rtl/mgmt/mgmt_counter_bank.sv \
               rtl/mgmt/mgmt_counters.sv

TESTS += $(COUNTERS_TEST)

$(COUNTERS_TEST): $(COUNTERS_SV) tests/rtl/counters/counters_test.cpp $(GEN)/sluice_defs.h
	@mkdir -p $(@D)
	$(VERILATE) --top-module mgmt_counters -GLanes=17 -GIoQueues=8 --Mdir $@.obj -o $(abspath $@) $(COUNTERS_SV) \
	  $(abspath tests/rtl/counters/counters_test.cpp) >$@.log 2>&1 || { tail -n 40 $@.log; false; }
