# SPDX-License-Identifier: Apache-2.0
FUZZ += vfio_reply

$(BUILD)/fuzz/vfio_reply: tests/fuzz/vfio_reply.c driver/vfio_user.c driver/vfio_user_msg.c driver/thread.c $(wildcard driver/*.h) | $(GENERATED)
	@mkdir -p $(@D)
	$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_CFLAGS) $(filter %.c,$^) -ljansson -pthread -o $@
