# SPDX-License-Identifier: Apache-2.0
FUZZ += socks

$(BUILD)/fuzz/socks: tests/fuzz/socks.c $(wildcard host/socks/*.c host/socks/*.h) host/net/addr.c | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@
