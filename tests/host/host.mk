# SPDX-License-Identifier: Apache-2.0
#
# Tests of host/: the modules by themselves, and sluiced from outside.

HOST_TESTS := codec_test mux_test keys_test config_test rules_test engine_test proxy_test path_test latency_test
HOST_TESTS += guard_test confine_test abuse_test batch_test starve_test
HOST_TEST_KIT := $(patsubst %,$(BUILD)/tests/host/%.o,tap client proxy)

$(patsubst %,$(BUILD)/tests/host/%,$(HOST_TESTS)): $(BUILD)/tests/host/%: $(BUILD)/tests/host/%.o $(HOST_TEST_KIT) \
		$(patsubst %,$(BUILD)/host/sluiced/%.o,options rules limits match users guard accounts confine) \
		$(BUILD)/host/card/latency.o $(LIBHOST) $(LIBSLUICE) | $(SLUICED)
	$(CC) $(LDFLAGS) $(TEST_LDFLAGS) $^ $(LIBHOST_LIBS) $(LIBSLUICE_LIBS) -lcrypt -ljansson -lseccomp -lcap-ng -o $@

comma := ,
# Functions of libsluice that this test stands before, to let a card die.
$(BUILD)/tests/host/engine_test: TEST_LDFLAGS := $(patsubst %,-Wl$(comma)--wrap=sluice_%, \
	open card_info qp_create qp_submit qp_poll)

# The kernel's calls that this one stands before.
$(BUILD)/tests/host/batch_test: TEST_LDFLAGS := $(patsubst %,-Wl$(comma)--wrap=%,getsockopt sendmmsg)

TESTS += $(patsubst %,$(BUILD)/tests/host/%,$(HOST_TESTS))
TESTS += tests/host/manual.sh tests/host/cli.sh tests/host/card.sh tests/host/pci.sh
