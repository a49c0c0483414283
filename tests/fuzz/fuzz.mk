# SPDX-License-Identifier: Apache-2.0
#
# Every tests/fuzz/NAME.mk adds `FUZZ += NAME` and a rule for $(BUILD)/fuzz/NAME, built with $(FUZZ_CC) $(FUZZ_CFLAGS).
# Finds stay outside the tree in $(BUILD)/fuzz; worthy inputs are added to tests/fuzz/corpus/NAME by hand.

FUZZ_CC := clang
FUZZ_CFLAGS := $(CSTD) -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS ?= 60

TESTS += tests/fuzz/run
TEST_NEEDS += $$(addprefix $$(BUILD)/fuzz/,$$(FUZZ))
HELP += "fuzz|runs each fuzz target for FUZZ_SECONDS (60)"

.PHONY: fuzz
.SECONDEXPANSION:
fuzz: $$(addprefix $$(BUILD)/fuzz/,$$(FUZZ))
	FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/run
