# SPDX-License-Identifier: Apache-2.0
#
# Every task of a developer's day; `make help` lists them. Each folder brings its own fragment (rtl/rtl.mk, ...), which may use:
#   BUILD     where everything is built                  GEN    generated headers and packages
#   CC CFLAGS CPPFLAGS LDFLAGS                           SAN    sanitizers, as in SAN=address,undefined
# and adds to:
#   ALL       what `make` builds                         TESTS  programs that `make test` runs, each printing TAP
#   HELP      lines of `make help`, "target|what"         LINT   targets that `make lint` needs

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
TEST_NEEDS :=
LINT :=
HELP :=

# As many jobs as there are processors, unless this make was started by another.
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif

# Quiet unless V=1.
V ?=
ifeq ($(V),)
MAKEFLAGS += --silent
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:

GENERATED := $(GEN)/sluice_defs.h $(GEN)/sluice_regs.h $(GEN)/sluice_regs_pkg.sv $(GEN)/registers.md
# The third of these is for the simulator and synthesis, the last for readers.
$(GENERATED) &: rtl/regs.toml scripts/regs.py
	python3 scripts/regs.py rtl/regs.toml --out $(GEN)

# Objects keep the path of their source: driver/soft.c is $(BUILD)/driver/soft.o.
$(BUILD)/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC $<"
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

DEVICES := $(GEN)/mgmt_devices.h $(GEN)/mgmt_devices_pkg.sv
$(DEVICES) &: rtl/mgmt/devices.toml scripts/regs.py
	@mkdir -p $(GEN)
	python3 scripts/regs.py rtl/mgmt/devices.toml --devices $(GEN)

include $(wildcard rtl/rtl.mk sim/sim.mk driver/driver.mk firmware/firmware.mk host/host.mk)
include $(sort $(wildcard tests/*/*.mk scripts/scripts.mk))
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

.PHONY: all help run test asan lint format docs setup clean
all: $(ALL)

HELP += "run|sets up, builds and runs the whole path: client, proxy, simulated card (ENGINE=soft: without the card)"
HELP += "test|sets up, builds and runs every test"
HELP += "asan|the same tests with the address and undefined-behaviour sanitizers, in $(BUILD)-asan"
HELP += "lint|formats, static analysis, RTL lint; changes nothing"
HELP += "format|formats the C sources in place"
HELP += "docs|renews the register tables of rtl/README.md"
HELP += "setup|installs the Debian packages that all of it needs"
HELP += "clean|removes $(BUILD)"

help:
	@echo "targets (BUILD=dir, SAN=sanitizers, OPT=flags, V=1 shows commands):"
	@echo "  all          builds everything"
	@printf '%s\n' $(HELP) | awk -F'|' '{printf "  %-12s %s\n", $$1, $$2}'

setup:
	scripts/setup

# The packages come first, and only then is the tree read again, so that a machine with nothing but git and make can do this.
run: setup
	+$(MAKE) run-now

test: setup
	+$(MAKE) test-now

export BUILD SAN SEED
.PHONY: run-now test-now
run-now: all
	scripts/run


.SECONDEXPANSION:
test-now: all $$(filter $$(BUILD)/%,$$(TESTS)) $(TEST_NEEDS)
	scripts/run-tests $(BUILD)/test-logs $(TESTS)

asan:
	+$(MAKE) BUILD=$(BUILD)-asan SAN=address,undefined OPT="-O1 -g" test

C_FILES = $(shell git ls-files '*.c' '*.h' '*.cpp')
SHELL_FILES = $(shell git grep -lE '^\#!/bin/(ba)?sh')

format:
	clang-format -i $(C_FILES)

docs: $(GENERATED)
	python3 scripts/regs.py rtl/regs.toml --readme rtl/README.md

LINT += lint-format lint-spdx lint-docs lint-shell lint-cppcheck lint-tidy
.PHONY: lint-format lint-spdx lint-docs lint-shell lint-cppcheck lint-tidy
lint: $(LINT)
	@echo "lint: clean"

lint-format:
	clang-format --dry-run -Werror $(C_FILES)

lint-spdx:
	@! git ls-files | grep -vE '^(LICENSE|\.gitignore)$$|\.md$$|/corpus/' | \
		xargs grep -L 'SPDX-License-Identifier: Apache-2.0' | grep . || { echo "lint: these files have no SPDX line"; exit 1; }

lint-docs:
	python3 scripts/regs.py rtl/regs.toml --check rtl/README.md

lint-shell:
# Sourced files are looked at too; SC2119 and SC2120: functions whose arguments most callers leave out.
	shellcheck --external-sources --source-path=SCRIPTDIR --exclude=SC2119,SC2120 $(SHELL_FILES)

lint-cppcheck: $(GENERATED) $(DEVICES)
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
		--suppress=missingIncludeSystem -D__linux__ -I$(GEN) -Idriver -Ihost $(filter-out tests/%,$(filter %.c,$(C_FILES)))

LINT_PATHS := -I. -Isim -Itests/sim -Itests/driver -Ifirmware -Itests/firmware
lint-tidy: $(GENERATED) $(DEVICES)
	printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P 2 -n 4 sh -c \
		'clang-tidy --quiet "$$@" -- $(CPPFLAGS) $(LINT_PATHS) $(CSTD) 2>/dev/null' tidy

clean:
	rm -rf $(BUILD)
