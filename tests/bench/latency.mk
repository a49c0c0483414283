# SPDX-License-Identifier: Apache-2.0

.PHONY: bench-latency
bench-latency: $(SLUICED) $(SLUICE) $(E2E_TOOLS)
	tests/bench/latency.sh
HELP += "bench-latency|what client and proxy add to a datagram's time, beside two plain relays of socat"

# A test of make test, at length.
.PHONY: bench-starve
bench-starve: $(BUILD)/tests/host/starve_test $(SLUICED)
	$< '$(SEED)' 5000
HELP += "bench-starve|what a flood on one association does to another: delivered, and how soon"
