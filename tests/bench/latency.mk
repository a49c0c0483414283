# SPDX-License-Identifier: Apache-2.0

.PHONY: bench-latency
bench-latency: $(SLUICED) $(SLUICE) $(E2E_TOOLS)
	tests/bench/latency.sh
HELP += "bench-latency|what client and proxy add to a datagram's time, beside two plain relays of socat"
