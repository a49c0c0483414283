# SPDX-License-Identifier: Apache-2.0
#
# Half of the time with the sanitizers, whose programs a make of its own builds, half without.

SOAK_SECONDS ?= 300
SOAK_HALF = $$(($(SOAK_SECONDS) / 2))
SOAK_BUILD := $(BUILD)-asan

.PHONY: soak
soak: $(SLUICED) $(SLUICE) $(SLUICE_SIM) $(E2E_TOOLS)
	+$(MAKE) BUILD=$(SOAK_BUILD) SAN=address,undefined OPT="-O1 -g" $(SOAK_BUILD)/bin/sluiced $(SOAK_BUILD)/bin/sluice
	PLAIN=$(BUILD) BUILD=$(SOAK_BUILD) tests/e2e/soak.sh $(SOAK_HALF)
	tests/e2e/soak.sh $(SOAK_HALF)
HELP += "soak|client, proxy and card under loss, reloads and card restarts: nothing lost, twice or leaked (SOAK_SECONDS=300)"
