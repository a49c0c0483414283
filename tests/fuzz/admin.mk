# SPDX-License-Identifier: Apache-2.0
FUZZ += admin

$(BUILD)/fuzz/admin: tests/fuzz/admin.c $(patsubst %,tests/firmware/%.c,fake_hw fake_hw_lanes fake_lane known) $(FW_LOGIC) \
		$(patsubst %,tests/driver/%.c,reference tap) $(wildcard driver/*.c driver/*.h firmware/*.h tests/firmware/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) -Ifirmware -Itests/firmware -Itests/driver $(FUZZ_CFLAGS) $(sort $(filter %.c,$^)) $(LIBSLUICE_LIBS) -o $@
