# SPDX-License-Identifier: Apache-2.0
BENCH := $(BUILD)/tests/bench/bench
BENCH_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)) \
	$(patsubst %,$(BUILD)/tests/driver/%.o,kit sim_child tap)

$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)): CPPFLAGS += -I.
TIDY_CPPFLAGS += -I.

$(BENCH): $(BENCH_OBJS) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

# The full configuration, beside which the goals are set.
FULL_SIM := $(SLUICE_SIM)-16-8
ifneq ($(FULL_SIM),$(SLUICE_SIM)-$(SIM_KIND))
.PHONY: $(FULL_SIM)
$(FULL_SIM): | $(GENERATED)
	+$(MAKE) LANES=16 IO_QUEUES=8 $@
endif

.PHONY: bench bench-card
bench: bench-card $(BENCH) $(SLUICE_SIM)
	SLUICE_SIM=$(abspath $(SLUICE_SIM)) $(BENCH)
bench-card: $(BENCH) $(FULL_SIM)
	SLUICE_SIM=$(abspath $(FULL_SIM)) $(BENCH) --card $(ROWS)
HELP += "bench|measures the card in its own clocks, and the software engine beside OpenSSL alone"
HELP += "bench-card|its table of the full card alone (ROWS=\"-v seal SHA-1 1400\": with details, rows with these words)"
