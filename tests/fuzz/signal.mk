# SPDX-License-Identifier: Apache-2.0
FUZZ += signal

$(BUILD)/fuzz/signal: tests/fuzz/signal.c host/udp/signal.c host/udp/control.c host/udp/signal.h host/udp/control.h
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -levent_core -o $@
