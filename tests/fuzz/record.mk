# SPDX-License-Identifier: Apache-2.0
FUZZ += record

$(BUILD)/fuzz/record: tests/fuzz/record.c host/udp/record.c host/udp/suite.c host/udp/control.c \
		$(wildcard driver/*.c driver/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -levent_core $(LIBSLUICE_LIBS) -o $@
