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

.PHONY: bench bench-card bench-speed bench-soft
bench: $(BENCH) $(SLUICE_SIM) $(FULL_SIM) bench-firmware
# Every part is run, whichever falls short.
	rc=0; SLUICE_SIM=$(abspath $(SLUICE_SIM)) $(BENCH) || rc=1; \
	SLUICE_SIM=$(abspath $(FULL_SIM)) $(BENCH) --speed || rc=1; \
	SLUICE_SIM=$(abspath $(FULL_SIM)) $(BENCH) --card || rc=1; exit $$rc
bench-card: $(BENCH) $(FULL_SIM)
	SLUICE_SIM=$(abspath $(FULL_SIM)) $(BENCH) --card $(ROWS)
bench-speed: $(BENCH) $(FULL_SIM)
	SLUICE_SIM=$(abspath $(FULL_SIM)) $(BENCH) --speed
bench-soft: $(BENCH)
	$(BENCH) --soft $(ROWS)
HELP += "bench-soft|the software engine alone, beside OpenSSL's cipher and HMAC (ROWS='SHA-1 mte': rows with these words)"
HELP += "bench|measures the card in its own clocks, and the software engine beside OpenSSL alone"
HELP += "bench-card|the table of the full card alone (ROWS='-v seal SHA-1 1400': details, and rows with these words)"
HELP += "bench-speed|cycles a second of the full card's simulation"
