# SPDX-License-Identifier: Apache-2.0
#
# Lines and toggles of the RTL that its tests reach, in a build of its own, which COVERAGE=1 tells.
COVERAGE ?=
# Wider signals carry data, which the tests compare byte by byte. All begins at 0, since a random beginning is no toggle.
COVERAGE_FLAGS := $(if $(COVERAGE),--coverage-line --coverage-toggle --coverage-max-width 32 --x-initial 0 --x-assign 0)
COVERAGE_TESTS := lane_test lane_legacy_test stream_test card_test

HELP += "coverage|lines and toggles of the RTL that its tests reach, and what they do not reach, with reasons"
.PHONY: coverage coverage-now
coverage:
	+$(MAKE) BUILD=$(BUILD)-coverage COVERAGE=1 coverage-now

coverage-now: $(addprefix $(BUILD)/tests/rtl/,$(COVERAGE_TESTS))
	for test in $(COVERAGE_TESTS); do \
	  counts=$(BUILD)/counts/$$test; rm -rf $$counts; mkdir -p $$counts; echo "  $$test"; \
	  SEED=$(if $(SEED),$(SEED),1) COVERAGE_COUNTS=$$counts $(BUILD)/tests/rtl/$$test >$$counts.tap || \
	    { grep '^not ok' $$counts.tap; exit 1; }; \
	  verilator_coverage --write $$counts.dat $$counts/*.dat && rm -rf $$counts; done
	tests/coverage/report tests/coverage/gaps $(patsubst %,$(BUILD)/counts/%.dat,$(COVERAGE_TESTS))
