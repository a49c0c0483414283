# SPDX-License-Identifier: Apache-2.0
#
# The card under full load at the level of TLPs: `make card-load` prints clocks a record of the full configuration.
LOAD_CXX := $(addprefix tests/rtl/card/,host.cpp device.cpp traffic.cpp) $(wildcard tests/rtl/load/*.cpp)
HELP += "card-load|clocks a record of the full configuration under full load, by a bench of TLPs"

$(CARD_BUILD)/card_load: $(RTL_SV) $(LOAD_CXX) $(wildcard tests/rtl/card/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(VERILATE) -GCplTimeoutLog2=14 -GLanes=16 -GIoQueues=8 \
	  --Mdir $(CARD_BUILD)/load.obj --top-module sluice_card -o $(abspath $@) \
	  $(RTL_SV) $(abspath $(LOAD_CXX)) >$@.log 2>&1 || { cat $@.log; false; }

.PHONY: card-load
card-load: $(CARD_BUILD)/card_load
	$<
