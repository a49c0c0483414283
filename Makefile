# SPDX-License-Identifier: Apache-2.0
#
# Every task of a developer's day; `make help` lists them. Each folder brings its own fragment (rtl/rtl.mk, ...), which may use:
#   BUILD     where everything is built                  GEN    generated headers and packages
#   CC CFLAGS CPPFLAGS LDFLAGS                           SAN    sanitizers, as in SAN=address,undefined
# and adds to:
#   ALL       what `make` builds                         TESTS  programs that `make test` runs, each printing TAP
#   HELP      lines of `make help`                       LINT   targets that `make lint` needs

BUILD ?= build
SAN ?=
OPT ?= -O2 -g
GEN := $(BUILD)/gen

CC := gcc
CSTD := -std=c11 -D_GNU_SOURCE
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
ifneq ($(SAN),)
SANFLAGS := -fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer
HARDEN := -fPIE
endif
CPPFLAGS := -I$(GEN) -Idriver -Ihost
CFLAGS := $(CSTD) $(OPT) $(WARN) $(HARDEN) $(SANFLAGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now $(SANFLAGS)

ALL :=
TESTS :=
LINT :=
HELP :=

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

GENERATED := $(GEN)/sluice_defs.h $(GEN)/sluice_regs.h $(GEN)/sluice_regs_pkg.sv $(GEN)/registers.md
$(GENERATED) &: rtl/regs.toml scripts/regs.py
	python3 scripts/regs.py rtl/regs.toml --out $(GEN)

# Objects keep the path of their source: driver/soft.c is $(BUILD)/driver/soft.o.
$(BUILD)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

include $(wildcard rtl/rtl.mk sim/sim.mk driver/driver.mk firmware/firmware.mk host/host.mk)
include $(sort $(wildcard tests/*/*.mk scripts/scripts.mk))
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all help test lint clean
all: $(ALL)

clean:
	rm -rf $(BUILD)
