# SPDX-License-Identifier: Apache-2.0
#
# The management processor's image. For the RTL: $(GEN)/fw.vh, which names it.
FW_BUILD := $(BUILD)/firmware
FW_CC := riscv64-unknown-elf-gcc
FW_FLAGS := -std=c11 -march=rv32i -mabi=ilp32 -O2 -g -flto -ffreestanding -nostdlib -fno-tree-loop-distribute-patterns \
            -ffunction-sections -fdata-sections -fno-common -fno-stack-protector -isystem firmware/freestanding \
            $(filter-out -Wmissing-prototypes,$(WARN)) -Wmissing-prototypes -Wstack-usage=400 -I$(GEN) -Ifirmware -Idriver
# What the host's tests build too; the others know the processor.
FW_LOGIC := $(filter-out firmware/hw.c firmware/lib.c firmware/start.c,$(wildcard firmware/*.c)) driver/sa_rules.c
FW_SOURCES := $(FW_LOGIC) firmware/hw.c firmware/lib.c firmware/start.c firmware/start.S

$(FW_BUILD)/sluice.elf: $(FW_SOURCES) firmware/link.ld firmware/firmware.mk \
  $(wildcard firmware/*.h firmware/freestanding/*.h driver/sa_rules.h) $(GENERATED) $(DEVICES)
	@mkdir -p $(@D)
	@echo "  FW $@"
	$(FW_CC) $(FW_FLAGS) -T firmware/link.ld -Wl,--gc-sections,--no-warn-rwx-segments -Wl,-Map,$(@:.elf=.map) \
	  $(filter %.c %.S,$^) -lgcc -o $@

$(FW_BUILD)/sluice.hex: $(FW_BUILD)/sluice.elf scripts/fwhex.py
	riscv64-unknown-elf-objcopy -O binary $< $(FW_BUILD)/sluice.bin
	python3 scripts/fwhex.py $(FW_BUILD)/sluice.bin --id-at 0x3c --hex $@

# A model reads the image when it starts, so it need not be made anew for another one.
$(GEN)/fw.vh: scripts/fwhex.py | $(FW_BUILD)/sluice.hex
	python3 scripts/fwhex.py --names $(FW_BUILD)/sluice.hex --header $@

ALL += $(FW_BUILD)/sluice.hex
