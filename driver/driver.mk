# SPDX-License-Identifier: Apache-2.0
#
# libsluice. For others: LIBSLUICE (what to depend on and link) and LIBSLUICE_LIBS (what it needs, after it).
LIBSLUICE := $(BUILD)/driver/libsluice.a
LIBSLUICE_SO := $(BUILD)/driver/libsluice.so.1
LIBSLUICE_LIBS := -lcrypto -ljansson -lpci -pthread

DRIVER_OBJS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard driver/*.c))

# One set of objects serves both libraries; -fPIC comes last and wins.
$(DRIVER_OBJS): CFLAGS += -fPIC
# Masked loops over a record's bytes: without vectors they cost as much as its cipher.
$(patsubst %,$(BUILD)/driver/%.o,soft_ct soft_record soft_mac): CFLAGS += -ftree-vectorize -fvect-cost-model=dynamic

$(LIBSLUICE): $(DRIVER_OBJS)
	rm -f $@
	$(AR) rcs $@ $^

$(LIBSLUICE_SO): $(DRIVER_OBJS) driver/libsluice.map
	$(CC) -shared $(filter-out -pie,$(LDFLAGS)) -Wl,-soname,$(notdir $@) -Wl,--version-script=driver/libsluice.map \
		$(DRIVER_OBJS) $(LIBSLUICE_LIBS) -o $@

ALL += $(LIBSLUICE) $(LIBSLUICE_SO)
