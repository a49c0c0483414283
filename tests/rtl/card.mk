# SPDX-License-Identifier: Apache-2.0
#
# Test of the whole card at the level of TLPs, in Verilator, against OpenSSL: the small configuration, and on demand the full one.
CARD_BUILD := $(BUILD)/tests/rtl
CARD_CXX := $(wildcard tests/rtl/card/*.cpp)
CARD_VLT := tests/rtl/card/public.vlt

TESTS += $(CARD_BUILD)/card_test
HELP += "card-full|the card's test by TLPs with the full configuration (SEED= GROUP=names)"
HELP += "chaos|faults and resets at random under load, small and full configuration (LIVES=100 SEED=)"

# LANES-IO_QUEUES-SA_COUNT-READ_TAGS as parameters, and for the bench.
size_flags = $(call sizes,$(subst -, ,$(1)))
sizes = -GLanes=$(word 1,$(1)) -GIoQueues=$(word 2,$(1)) -GSaCount=$(word 3,$(1)) -GReadTags=$(word 4,$(1))
size_macros = -CFLAGS "$(join -DLANES= -DIO_QUEUES= -DSA_COUNT= -DREAD_TAGS=,$(subst -, ,$(1)))"

$(CARD_BUILD)/card_test: CARD_SIZE := 2-2-256-32
$(CARD_BUILD)/card_test_full: CARD_SIZE := 16-8-256-32
$(addprefix $(CARD_BUILD)/,card_test card_test_full card_test_odd): $(RTL_SV) $(CARD_CXX) $(CARD_VLT) \
  $(wildcard tests/rtl/card/*.h tests/rtl/lane/reference.*) tests/firmware/fault.h | $(GENERATED) $(FWT_FAULT).hex
	@mkdir -p $(@D)
	$(VERILATE) -GCplTimeoutLog2=14 $(call size_flags,$(CARD_SIZE)) $(call size_macros,$(CARD_SIZE)) $(CARD_WARN) \
	  --Mdir $@.obj --top-module sluice_card -o $(abspath $@) \
	  $(CARD_VLT) $(RTL_SV) $(abspath $(CARD_CXX)) >$@.log 2>&1 || { cat $@.log; false; }

HELP += "bench-firmware|clocks of boot and of commands, small configuration; ends with 1 where one takes too long"
.PHONY: bench-firmware
bench-firmware: $(CARD_BUILD)/card_test
	$< 1 firmware >$(CARD_BUILD)/firmware.log; rc=$$?; sed -n 's/^# \(.*clocks.*\)/\1/p' $(CARD_BUILD)/firmware.log; exit $$rc

.PHONY: card-full chaos
card-full: $(CARD_BUILD)/card_test_full
	$< $(if $(SEED),$(SEED),$$(date +%s)) $(GROUP)

chaos: $(CARD_BUILD)/card_test $(CARD_BUILD)/card_test_full
	for test in $^; do \
	  CHAOS=$(if $(LIVES),$(LIVES),100) CHAOS_VERBOSE=1 $$test $(if $(SEED),$(SEED),$$(date +%s)) chaos || exit 1; done
