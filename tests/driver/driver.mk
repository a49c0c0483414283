# SPDX-License-Identifier: Apache-2.0
#
# Tests of libsluice. Those that need a card start a sluice-sim of their own.
DRIVER_TESTS := soft_test pairs_test vectors_test tls_peer_test parts_test window_test cut_test ct_test server_test sim_test diff_test swap_test manage_test sim_manage_test sim_hang_test
DRIVER_KIT := $(patsubst %,$(BUILD)/tests/driver/%.o,fake_card fake_firmware kit layout mix mix_plan mix_sa reference sim_child tap twins)

DRIVER_PROGRAMS := $(patsubst %,$(BUILD)/tests/driver/%,$(DRIVER_TESTS))

$(DRIVER_PROGRAMS): $(BUILD)/tests/driver/%: $(BUILD)/tests/driver/%.o $(DRIVER_KIT) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

# It has TLS peers of its own.
$(BUILD)/tests/driver/tls_peer_test: LIBSLUICE_LIBS := -lssl $(LIBSLUICE_LIBS)

# It gives the card an image that hangs.
$(BUILD)/tests/driver/sim_hang_test: | $(BUILD)/tests/firmware/fault.hex

TESTS += $(DRIVER_PROGRAMS)
