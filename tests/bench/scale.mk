# SPDX-License-Identifier: Apache-2.0
#
# How many associations one sluiced can have, and how many new ones a second.

SCALE := $(BUILD)/tests/bench/scale/scale
SCALE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/scale/*.c) tests/bench/table.c)
SCALE_OBJECTS += $(patsubst %,$(BUILD)/tests/host/%.o,client proxy)
$(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/bench/scale/*.c)): CPPFLAGS += -I.

$(SCALE): $(SCALE_OBJECTS) $(LIBHOST) $(LIBSLUICE)
	$(CC) $(LDFLAGS) $^ $(LIBHOST_LIBS) $(LIBSLUICE_LIBS) -ljansson -o $@

.PHONY: bench-scale
bench-scale: $(SCALE) $(SLUICED)
	$(SCALE) $(SCALE_OPTIONS)
HELP += "bench-scale|10,000 associations at once, and new ones beside OpenSSL (SCALE_OPTIONS='--crowd N' or '--rates SECONDS')"
