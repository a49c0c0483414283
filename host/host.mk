# SPDX-License-Identifier: Apache-2.0
#
# libhost.a: the modules that proxy and client share. sluiced: the proxy.

LIBHOST := $(BUILD)/host/libhost.a
LIBHOST_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(addprefix host/,log/*.c config/*.c net/*.c socks/*.c udp/*.c tls/*.c)))
LIBHOST_LIBS := -levent_core -levent_extra -lconfig -lssl -lcrypto -lpthread

$(LIBHOST): $(LIBHOST_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^
