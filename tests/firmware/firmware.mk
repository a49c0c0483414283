# SPDX-License-Identifier: Apache-2.0
#
# The firmware's sources on the host, with a card made of OpenSSL behind them.
FWT_BUILD := $(BUILD)/tests/firmware
FWT_KIT := $(patsubst %,$(FWT_BUILD)/%.o,known fake_hw fake_hw_lanes fake_lane commands)
FWT_KIT += $(patsubst %,$(BUILD)/tests/driver/%.o,reference tap)
FWT_LOGIC := $(patsubst %.c,$(FWT_BUILD)/fw/%.o,$(notdir $(FW_LOGIC)))
FWT_TESTS := $(patsubst tests/firmware/%.c,$(FWT_BUILD)/%,$(wildcard tests/firmware/*_test.c))

$(FWT_BUILD)/%.o $(FWT_BUILD)/fw/%.o: CPPFLAGS += -Ifirmware -Itests/firmware -Itests/driver

vpath %.c firmware driver
$(FWT_BUILD)/fw/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC $< (host)"
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(FWT_TESTS): $(FWT_BUILD)/%: $(FWT_BUILD)/%.o $(FWT_KIT) $(FWT_LOGIC) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

TESTS += $(FWT_TESTS)

$(FWT_BUILD)/make_vectors: $(FWT_BUILD)/make_vectors.o $(FWT_BUILD)/known.o $(BUILD)/tests/driver/reference.o $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

HELP += "vectors|renews firmware/vectors.c, the self-test's known answers, with OpenSSL"
.PHONY: vectors
vectors: $(FWT_BUILD)/make_vectors
	$< >firmware/vectors.c
	clang-format -i firmware/vectors.c

# The processor's image with faults in it, for tests of what comes then: not optimised as a whole, since functions are wrapped.
FWT_FAULT := $(FWT_BUILD)/fault

$(FWT_FAULT).hex: $(FW_SOURCES) tests/firmware/fault.c tests/firmware/fault.h $(FW_BUILD)/sluice.elf
	@mkdir -p $(@D)
	@echo "  FW $@"
	$(FW_CC) $(filter-out -O2 -flto,$(FW_FLAGS)) -Os -Itests/firmware -T firmware/link.ld -Wl,--gc-sections,--no-warn-rwx-segments \
	  -Wl,--wrap=random_bytes,--wrap=firmware_step $(filter %.c %.S,$^) -lgcc -o $(FWT_FAULT).elf
	riscv64-unknown-elf-objcopy -O binary $(FWT_FAULT).elf $(FWT_FAULT).bin
	python3 scripts/fwhex.py $(FWT_FAULT).bin --id-at 0x3c --hex $@

ALL += $(FWT_FAULT).hex
