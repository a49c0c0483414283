# SPDX-License-Identifier: Apache-2.0
FUZZ += users

$(BUILD)/fuzz/users: tests/fuzz/users.c host/sluiced/users.c host/log/log.c | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -lcrypt -lcrypto -o $@
