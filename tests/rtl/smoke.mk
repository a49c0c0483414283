# SPDX-License-Identifier: Apache-2.0
#
# Sizes other than the small configuration and the full one: lint of several, and a part of the card's test with an odd one.
SIZES := 1-1-256-32 3-5-16-8 5-3-100-16 8-4-256-32 31-8-256-32
ODD_SIZE := 3-5-16-8
ODD_GROUPS := registers admin records
# Numbers of SAs and tags keep their width when there are few.
SIZE_WARN := -Wno-WIDTH -Wno-UNUSED

LINT += lint-sizes
HELP += "lint-sizes|Verilator -Wall over the card in sizes other than small and full"
.PHONY: lint-sizes
lint-sizes: $(RTL_SV)
	for size in $(foreach size,$(SIZES),"$(call size_flags,$(size))"); do \
	  verilator --lint-only -Wall $(SIZE_WARN) --top-module sluice_card $$size $(RTL_SV) || { echo "lint: with $$size"; exit 1; }; \
	done
	verilator --lint-only -Wall $(SIZE_WARN) --top-module sluice_card -GLanes=32 -GStreamLanes=0 -GIoQueues=8 $(RTL_SV)
	verilator --lint-only --top-module sluice_card -GLanes=32 $(RTL_SV) 2>&1 | grep -q 'USERERROR.* 1 to 32 lanes'

TESTS += $(CARD_BUILD)/card_smoke
$(CARD_BUILD)/card_test_odd: CARD_SIZE := $(ODD_SIZE)
$(CARD_BUILD)/card_test_odd: CARD_WARN := $(SIZE_WARN)
$(CARD_BUILD)/card_smoke: $(CARD_BUILD)/card_test_odd
	printf '#!/bin/sh\nexec %s "$${SEED:-0}" $(ODD_GROUPS)\n' $(abspath $<) >$@
	chmod +x $@
