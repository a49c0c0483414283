# SPDX-License-Identifier: Apache-2.0
#
# sluice: the tool, with its sub-commands client, card and stat. Included by host/host.mk.

SLUICE := $(BUILD)/bin/sluice
SLUICE_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard host/client/*.c host/card/*.c host/stat/*.c))

$(SLUICE): $(SLUICE_OBJECTS) $(LIBHOST) $(LIBSLUICE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(LIBHOST_LIBS) -ljansson $(LIBSLUICE_LIBS) -o $@

ALL += $(SLUICE)
