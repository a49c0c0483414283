# SPDX-License-Identifier: Apache-2.0
#
# End-to-end tests: the built programs, driven from outside. The tools are test programs of their own and share nothing with
# host/.

E2E_TOOLS := $(addprefix $(BUILD)/tests/e2e/tools/,peer socks-udp socks-tcp impair udp-near udp-far udp-ping no-offload)
E2E_COMMON := $(BUILD)/tests/e2e/tools/net.o

$(BUILD)/tests/e2e/tools/socks-udp $(BUILD)/tests/e2e/tools/socks-tcp: $(BUILD)/tests/e2e/tools/socks.o
$(E2E_TOOLS): %: %.o $(E2E_COMMON)
	$(CC) $(LDFLAGS) -o $@ $^

ALL += $(E2E_TOOLS)
E2E_TESTS := roundtrip.sh network.sh rekey.sh paths.sh takeup.sh blocked.sh access.sh failure.sh card.sh return.sh upgrade_card.sh options.sh
E2E_TESTS += rules.py requests.py
E2E_TESTS += users.py
E2E_TESTS += operation.py offload.py limits.py admin.py badinput.py balancer.py upgrade.py pam.py mtu.py
E2E_TESTS += client.py move.py programs.py tls_peers.py run.sh
TESTS += $(addprefix tests/e2e/,$(E2E_TESTS))
TEST_NEEDS += $(E2E_TOOLS) $(SLUICED) $(SLUICE) $(SLUICE_SIM)
