# SPDX-License-Identifier: Apache-2.0
FUZZ += params

$(BUILD)/fuzz/params: tests/fuzz/params.c host/socks/params.c host/socks/params.h
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@
