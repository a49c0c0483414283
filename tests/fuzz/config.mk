# SPDX-License-Identifier: Apache-2.0
FUZZ += config

$(BUILD)/fuzz/config: tests/fuzz/config.c host/sluiced/options.c host/sluiced/rules.c host/sluiced/limits.c host/sluiced/match.c host/sluiced/users.c host/config/config.c host/log/log.c \
		host/net/addr.c host/udp/suite.c | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -lconfig -lcrypt -lcrypto -o $@
