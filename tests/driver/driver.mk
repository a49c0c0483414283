# SPDX-License-Identifier: Apache-2.0
#
# Tests of libsluice. Those that need a card start a sluice-sim of their own.
comma := ,
DRIVER_TESTS := soft_test burst_test pairs_test vectors_test tls_peer_test parts_test window_test cut_test ct_test server_test
DRIVER_TESTS += sim_test diff_test swap_test manage_test watch_test sim_manage_test sim_hang_test
DRIVER_TESTS += pci_test vfio_place_test alloc_test stress_test
DRIVER_KIT := fake_card fake_firmware kit layout mix mix_plan mix_sa reference sim_child tap twins
DRIVER_KIT := $(patsubst %,$(BUILD)/tests/driver/%.o,$(DRIVER_KIT))

DRIVER_PROGRAMS := $(patsubst %,$(BUILD)/tests/driver/%,$(DRIVER_TESTS))

$(DRIVER_PROGRAMS): $(BUILD)/tests/driver/%: $(BUILD)/tests/driver/%.o $(DRIVER_KIT) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

$(BUILD)/tests/driver/alloc_test: LDFLAGS += $(foreach f,malloc calloc realloc,-Wl$(comma)--wrap=$(f))
# It has TLS peers of its own.
$(BUILD)/tests/driver/tls_peer_test: LIBSLUICE_LIBS := -lssl $(LIBSLUICE_LIBS)

# It gives the card an image that hangs.
$(BUILD)/tests/driver/sim_hang_test: | $(BUILD)/tests/firmware/fault.hex

TESTS += $(DRIVER_PROGRAMS) tests/driver/install.sh

# With the simulated card as it was built without sanitizers, if it was. Only tests whose threads are the library's and their own.
TSAN_TESTS := $(addprefix driver/,stress_test manage_test watch_test swap_test pci_test soft_test) campaign/faults
.PHONY: tsan tsan-now
tsan:
	+$(MAKE) BUILD=$(BUILD)-tsan SAN=thread OPT="-O1 -g" TSAN_SIM=$(abspath $(SLUICE_SIM)) tsan-now

tsan-now: $(addprefix $(BUILD)/tests/,$(TSAN_TESTS))
	SLUICE_SIM=$(TSAN_SIM) scripts/run-tests $(BUILD)/test-logs $^
HELP += "tsan|the tests of libsluice's threads under ThreadSanitizer, in $(BUILD)-tsan"
