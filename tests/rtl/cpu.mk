# SPDX-License-Identifier: Apache-2.0
#
# The management processor alone, as RTL and as Yosys netlist, against QEMU.
CPU_BUILD := $(BUILD)/tests/rtl/cpu
CPU_BENCH := $(wildcard tests/rtl/cpu/*.cpp)
RISCV := riscv64-unknown-elf-
RISCV_FLAGS := -march=rv32i_zicsr -mabi=ilp32 -O2 -Wall -Wextra -Werror -ffreestanding -nostdlib

TESTS += $(CPU_BUILD)/cpu_test

$(CPU_BUILD)/programs.bin: $(addprefix tests/rtl/cpu/,start.S trap.c layout.h programs.ld)
	@mkdir -p $(@D)
	$(RISCV)gcc $(RISCV_FLAGS) -T tests/rtl/cpu/programs.ld $(filter %.S %.c,$^) -o $(CPU_BUILD)/programs.elf
	$(RISCV)objcopy -O binary $(CPU_BUILD)/programs.elf $@

$(CPU_BUILD)/cpu_top-rtl $(CPU_BUILD)/cpu_top-netlist &: $(CPU_SV) tests/rtl/cpu/cpu_top.sv $(CPU_BENCH) \
  $(wildcard tests/rtl/cpu/*.h) tests/rtl/netlist/build
	@mkdir -p $(@D)
	tests/rtl/netlist/build $(@D) cpu_top $(CPU_SV) tests/rtl/cpu/cpu_top.sv -- $(CPU_BENCH) >$(@D)/build.log 2>&1 \
	  || { tail -n 40 $(@D)/build.log; false; }

$(CPU_BUILD)/cpu_test: $(CPU_BUILD)/cpu_top-rtl $(CPU_BUILD)/cpu_top-netlist $(CPU_BUILD)/programs.bin
	printf '#!/bin/sh\nexec tests/rtl/netlist/check %s cpu_top\n' $(@D) >$@
	chmod +x $@

HELP += "cpu-campaign|random programs on the management processor's core and on QEMU, many (IMAGES=200 SEED=)"
.PHONY: cpu-campaign
cpu-campaign: $(CPU_BUILD)/cpu_top-rtl $(CPU_BUILD)/programs.bin
	IMAGES=$(or $(IMAGES),200) $<
