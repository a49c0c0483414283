# SPDX-License-Identifier: Apache-2.0
#
# Test of the whole card at the level of TLPs, in Verilator, against OpenSSL.
CARD_BUILD := $(BUILD)/tests/rtl
CARD_CXX := $(wildcard tests/rtl/card/*.cpp)
CARD_VLT := tests/rtl/card/public.vlt

TESTS += $(CARD_BUILD)/card_test

$(CARD_BUILD)/card_test: $(RTL_SV) $(CARD_CXX) $(CARD_VLT) $(wildcard tests/rtl/card/*.h tests/rtl/lane/reference.*) | $(GENERATED)
	@mkdir -p $(@D)
	verilator --cc --exe --build -Wall --assert -O3 --x-initial unique --x-assign unique -GCplTimeoutLog2=14 \
	  -CFLAGS "-std=c++17 -O2 -Wall -Wextra -Wno-deprecated-declarations -I$(abspath $(GEN))" -LDFLAGS -lcrypto \
	  -MAKEFLAGS "OPT_FAST=-O2 OPT_SLOW=-O0" --Mdir $(CARD_BUILD)/card.obj --top-module sluice_card -o $(abspath $@) \
	  $(CARD_VLT) $(RTL_SV) $(abspath $(CARD_CXX)) >$@.log 2>&1 || { cat $@.log; false; }
