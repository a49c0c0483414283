# SPDX-License-Identifier: Apache-2.0
FUZZ += mux

$(BUILD)/fuzz/mux: tests/fuzz/mux.c host/net/mux.c host/net/mux.h
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -levent_core -lcrypto -o $@
