# SPDX-License-Identifier: Apache-2.0
#
# Tests of host/: the modules by themselves, and sluiced from outside.

HOST_TESTS := proxy_test
HOST_TEST_KIT := $(patsubst %,$(BUILD)/tests/host/%.o,tap client proxy)

$(patsubst %,$(BUILD)/tests/host/%,$(HOST_TESTS)): $(BUILD)/tests/host/%: $(BUILD)/tests/host/%.o $(HOST_TEST_KIT) \
		$(BUILD)/host/sluiced/options.o $(LIBHOST) $(LIBSLUICE) | $(SLUICED)
	$(CC) $(LDFLAGS) $^ $(LIBHOST_LIBS) $(LIBSLUICE_LIBS) -ljansson -o $@

TESTS += $(patsubst %,$(BUILD)/tests/host/%,$(HOST_TESTS))
