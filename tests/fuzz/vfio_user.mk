# SPDX-License-Identifier: Apache-2.0
FUZZ += vfio_user

$(BUILD)/fuzz/vfio_user: tests/fuzz/vfio_user.c tests/sim/fake_card.c $(filter-out sim/main.c,$(wildcard sim/*.c)) \
		$(wildcard sim/*.h tests/sim/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_CFLAGS) $(CPPFLAGS) -Isim -Itests/sim $(filter %.c,$^) -ljansson -o $@
