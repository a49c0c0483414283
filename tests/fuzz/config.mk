# SPDX-License-Identifier: Apache-2.0
FUZZ += config

$(BUILD)/fuzz/config: tests/fuzz/config.c $(patsubst %,host/sluiced/%.c,options rules limits match users) \
		host/config/config.c host/log/log.c \
		host/net/addr.c host/udp/suite.c | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -lconfig -lcrypt -lcrypto -o $@
