# SPDX-License-Identifier: Apache-2.0
BENCH := $(BUILD)/tests/bench/bench
BENCH_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)) \
	$(patsubst %,$(BUILD)/tests/driver/%.o,kit sim_child tap)

$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/*.c)): CPPFLAGS += -I.
TIDY_CPPFLAGS += -I.

$(BENCH): $(BENCH_OBJS) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBSLUICE_LIBS) -o $@

.PHONY: bench
bench: $(BENCH) $(SLUICE_SIM)
	SLUICE_SIM=$(abspath $(SLUICE_SIM)) $(BENCH)
HELP += "bench|measures the card in its own clocks, and the software engine beside OpenSSL alone"
