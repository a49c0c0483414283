# SPDX-License-Identifier: Apache-2.0
#
# make install, in three parts: what a program needs that is linked with libsluice; the programs; the simulated card.
PREFIX ?= /usr/local
DESTDIR ?=
INSTALL ?= install
VERSION := 0.1

AT = $(DESTDIR)$(PREFIX)
SO_NAME := $(notdir $(LIBSLUICE_SO))
# Its ABI, and what was added to it.
SO_FILE := $(SO_NAME).0
MAN3 := $(BUILD)/man
LIB_EXAMPLES := $(wildcard driver/examples/*.c)

$(MAN3)/libsluice.3: scripts/manpages.py driver/sluice.h driver/examples/seal_open.c
	python3 scripts/manpages.py driver/sluice.h driver/examples/seal_open.c $(VERSION) $(MAN3)

ALL += $(MAN3)/libsluice.3

.PHONY: install install-lib install-host install-sim
install: install-lib install-host install-sim

install-lib: $(LIBSLUICE) $(LIBSLUICE_SO) $(MAN3)/libsluice.3
	$(INSTALL) -d $(AT)/lib/pkgconfig $(AT)/include $(AT)/share/man/man3 $(AT)/share/doc/sluice/examples
	$(INSTALL) -m 755 $(LIBSLUICE_SO) $(AT)/lib/$(SO_FILE)
	ln -sf $(SO_FILE) $(AT)/lib/$(SO_NAME)
	ln -sf $(SO_NAME) $(AT)/lib/libsluice.so
	$(INSTALL) -m 644 $(LIBSLUICE) $(AT)/lib/
	$(INSTALL) -m 644 driver/sluice.h $(GEN)/sluice_defs.h $(AT)/include/
	sed -e '1d;s|@PREFIX@|$(PREFIX)|;s|@VERSION@|$(VERSION)|' driver/libsluice.pc.in >$(AT)/lib/pkgconfig/libsluice.pc
	$(INSTALL) -m 644 $(MAN3)/*.3 $(AT)/share/man/man3/
	$(INSTALL) -m 644 $(LIB_EXAMPLES) $(AT)/share/doc/sluice/examples/

install-host: $(SLUICE) $(SLUICED)
	$(INSTALL) -d $(AT)/bin $(AT)/sbin $(AT)/share/man/man1 $(AT)/share/man/man5 $(AT)/share/man/man8 $(AT)/share/doc/sluice \
		$(AT)/lib/systemd/system $(AT)/lib/systemd/user
	$(INSTALL) -m 755 $(SLUICE) $(AT)/bin/
	$(INSTALL) -m 755 $(SLUICED) $(AT)/sbin/
	$(INSTALL) -m 644 host/client/sluice.1 host/client/sluice-client.1 host/card/sluice-card.1 host/stat/sluice-stat.1 \
		$(AT)/share/man/man1/
	sed -e 's|/usr/sbin/|$(PREFIX)/sbin/|' host/systemd/sluiced.service >$(AT)/lib/systemd/system/sluiced.service
	sed -e 's|/usr/bin/|$(PREFIX)/bin/|' host/systemd/sluice-client.service >$(AT)/lib/systemd/user/sluice-client.service
	$(INSTALL) -m 644 host/systemd/sluiced.socket $(AT)/lib/systemd/system/
	$(INSTALL) -m 644 host/sluiced/sluiced.conf.5 $(AT)/share/man/man5/
	$(INSTALL) -m 644 host/sluiced/sluiced.8 $(AT)/share/man/man8/
	$(INSTALL) -m 644 host/sluiced.conf.example host/PROTOCOL.md LICENSE $(AT)/share/doc/sluice/

install-sim: $(SLUICE_SIM)
	$(INSTALL) -d $(AT)/bin $(AT)/share/man/man1
	$(INSTALL) -m 755 $(SLUICE_SIM) $(AT)/bin/sluice-sim
	$(INSTALL) -m 644 sim/sluice-sim.1 $(AT)/share/man/man1/

HELP += "install|programs, library, header, manuals under PREFIX (/usr/local), below DESTDIR; parts: install-lib, -host, -sim"
