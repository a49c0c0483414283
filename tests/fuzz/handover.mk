# SPDX-License-Identifier: Apache-2.0
FUZZ += handover

$(BUILD)/fuzz/handover: tests/fuzz/handover.c host/sluiced/handover.c host/net/addr.c host/sluiced/handover.h host/net/addr.h
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@
