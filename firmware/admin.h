/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands of the admin queue ("Admin commands" in rtl/README.md). admin.c takes an entry apart, refuses what no command has, and
 * calls the command's function.
 */
#ifndef SLUICE_FW_ADMIN_H
#define SLUICE_FW_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

struct command {
    uint32_t op, number, gen, pad; /* number: field `sa` */
    uint64_t src, dst, seq;
    uint32_t src_len, dst_len;
};

/* Each returns its status; *length is 0 before and goes into the completion. */
typedef uint32_t command_fn(const struct command *c, uint32_t *length);

/* Serves the entry that waits, if one does. */
bool admin_serve(void);

/* invalid_field at a field of the entry, or of the parameter block: SLUICE_SQE_BYTES + its offset. */
uint32_t admin_invalid(uint32_t offset, uint32_t *length);
/* Aligned as everything is that commands write and most that they read. */
bool admin_aligned(uint64_t address);

/* sa.c */
command_fn sa_create, sa_destroy, sa_modify, sa_query, sa_window_export, sa_window_import;
/* no_such_sa or sa_mismatch, unless slot and generation are those of an SA. */
uint32_t sa_status(const struct command *c);
/* Its lanes are all out of service, so that no operation of it would ever end. */
bool sa_without_lanes(uint32_t cipher, uint32_t mac);
/* Waits for its operations in flight. */
void sa_drain(uint32_t slot);
uint32_t sa_generation(uint32_t slot);

/* queue.c */
command_fn queue_create, queue_destroy, queue_coalesce;

/* swap.c */
command_fn sa_export, sa_import;

/* stats.c */
command_fn identify, statistics, log_read;

/* selftest.c */
command_fn self_test;

/* secure.c */
command_fn zeroise, keep_alive, random_bytes;

#endif
