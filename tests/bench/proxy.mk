# SPDX-License-Identifier: Apache-2.0
#
# The proxy beside other programs that carry UDP securely, which scripts/setup installs for it.

.PHONY: bench-proxy
bench-proxy: $(SLUICED) $(SLUICE) $(E2E_TOOLS)
	scripts/setup --bench
	tests/bench/proxy.py $(ROUNDS)
HELP += "bench-proxy|datagrams a CPU second through sluiced, beside OpenVPN, shadowsocks-libev, wireguard-go and socat (ROUNDS=3)"
