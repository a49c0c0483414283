# SPDX-License-Identifier: Apache-2.0
#
# libhost.a: the modules that proxy and client share. sluiced: the proxy.

LIBHOST := $(BUILD)/host/libhost.a
LIBHOST_FOLDERS := log config net socks udp tls
LIBHOST_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(LIBHOST_FOLDERS:%=host/%/*.c)))
LIBHOST_LIBS := -levent_extra -levent_core -lconfig -lssl -lcrypto -lpthread

$(LIBHOST): $(LIBHOST_OBJECTS)
	@rm -f $@
	$(AR) rcs $@ $^

# Not beside its objects, which are in $(BUILD)/host/sluiced/.
SLUICED := $(BUILD)/bin/sluiced
SLUICED_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard host/sluiced/*.c))
# A TLS handshake takes hundreds of short-lived blocks, which glibc's malloc is slow with (`make bench-scale`). Nothing names
# mimalloc: it stands for malloc itself; sanitizers have one of their own.
ifndef SAN
SLUICED_MALLOC := -Wl,--push-state,--no-as-needed -lmimalloc -Wl,--pop-state
endif
SLUICED_LIBS := $(SLUICED_MALLOC) $(LIBHOST_LIBS) -lcrypt -lpam -ljansson -lseccomp -lcap-ng

# The status page, as bytes.
STATUS_PAGE := $(GEN)/status_page.h
$(STATUS_PAGE): host/sluiced/status.html scripts/embed.py
	@mkdir -p $(@D)
	python3 scripts/embed.py status_page $< $@
$(BUILD)/host/sluiced/admin.o lint-tidy: $(STATUS_PAGE)

$(SLUICED): $(SLUICED_OBJECTS) $(LIBHOST) $(LIBSLUICE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ $(SLUICED_LIBS) $(LIBSLUICE_LIBS) -o $@

ALL += $(LIBHOST) $(SLUICED)

include host/client/client.mk
