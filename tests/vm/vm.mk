# SPDX-License-Identifier: Apache-2.0
#
# A real kernel: virtual machines with the simulated card as PCI function. What they are made of is fetched once
# (scripts/vm-cache).
VM_TEST := $(BUILD)/tests/vm/vfio_test
VM_PROGRAMS := $(BUILD)/bin/sluice $(BUILD)/bin/sluiced $(addprefix $(BUILD)/tests/,\
	$(addprefix driver/,diff_test sim_test sim_manage_test pairs_test cut_test window_test vectors_test) \
	$(addprefix e2e/tools/,peer socks-udp))

$(BUILD)/tests/vm/%.o: CPPFLAGS += -Itests/driver

$(VM_TEST): $(VM_TEST).o $(patsubst %,$(BUILD)/tests/driver/%.o,kit tap) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

.PHONY: vm-test
vm-test: $(VM_TEST) $(VM_PROGRAMS) $(SLUICE_SIM)
	tests/vm/run $(VM_TEST) $(VM_PROGRAMS)

HELP += "vm-test|a Debian kernel in QEMU with the simulated card: VFIO, interrupts, removal while busy (fetches 200 MB once)"
