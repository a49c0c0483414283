# SPDX-License-Identifier: Apache-2.0
FUZZ += hosts

$(BUILD)/fuzz/hosts: tests/fuzz/hosts.c host/net/hosts.c host/net/addr.c | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -o $@
