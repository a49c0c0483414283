# SPDX-License-Identifier: Apache-2.0
FUZZ += proxy_header

$(BUILD)/fuzz/proxy_header: tests/fuzz/proxy_header.c host/net/proxy_header.c host/net/addr.c \
		host/net/proxy_header.h | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@
