# SPDX-License-Identifier: Apache-2.0
#
# Lines and toggles of the RTL that its tests reach, in a build of its own, which COVERAGE=1 tells.
COVERAGE ?=
# Wider signals carry data, which the tests compare byte by byte. All begins at 0, since a random beginning is no toggle.
COVERAGE_FLAGS := $(if $(COVERAGE),--coverage-line --coverage-toggle --coverage-max-width 32 --x-initial 0 --x-assign 0)
COVERAGE_COUNTS := $(addprefix $(BUILD)/counts/,$(addsuffix .dat,card_test mgmt_test lane_test lane_legacy_test stream_test \
                   counters_test))

HELP += "coverage|lines and toggles of the RTL that its tests reach, and what they do not reach, with reasons"
.PHONY: coverage coverage-now
coverage:
	+$(MAKE) BUILD=$(BUILD)-coverage COVERAGE=1 coverage-now

coverage-now: $(COVERAGE_COUNTS)
	tests/coverage/report tests/coverage/gaps $^

# A test leaves a file for each of its models; they become one.
$(COVERAGE_COUNTS): $(BUILD)/counts/%.dat: $(BUILD)/tests/rtl/%
	@echo "  COUNTS $*"
	rm -rf $(basename $@) && mkdir -p $(basename $@)
	SEED=$(or $(SEED),1) COVERAGE_COUNTS=$(basename $@) $< >$(basename $@).tap || { grep '^not ok' $(basename $@).tap; false; }
	verilator_coverage --write $@ $(basename $@)/*.dat
	rm -rf $(basename $@)
