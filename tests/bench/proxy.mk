# SPDX-License-Identifier: Apache-2.0
#
# `make bench` also measures the proxy with the software engine.

.PHONY: bench-proxy
bench: bench-proxy
bench-proxy: $(SLUICED) $(SLUICE) $(E2E_TOOLS)
	tests/bench/proxy-soft.sh
HELP += "bench-proxy|datagrams a CPU second through sluiced with the software engine, a part of bench"
