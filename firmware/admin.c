/* SPDX-License-Identifier: Apache-2.0 */
#include "admin.h"

#include "hw.h"
#include "log.h"
#include "sluice_regs.h"

#define ALIGNMENT 64u

/* Fields that a command may have other than 0; those that are here none of them has: content_type, flags, total, nonce. */
enum { SA = 1, GEN = 2, PAD = 4, SRC = 8, DST = 16, SRC_LEN = 32, DST_LEN = 64, SEQ = 128 };

struct row {
    uint8_t op, fields;
    command_fn *function;
};

static const struct row table[] = {
    {SLUICE_OP_SA_CREATE, SA | SRC | SRC_LEN, sa_create},
    {SLUICE_OP_SA_DESTROY, SA | GEN, sa_destroy},
    {SLUICE_OP_SA_EXPORT, SA | GEN | DST | DST_LEN | SEQ, sa_export},
    {SLUICE_OP_SA_IMPORT, SA | SRC | SRC_LEN | SEQ, sa_import},
    {SLUICE_OP_IDENTIFY, DST | DST_LEN, identify},
    {SLUICE_OP_QUEUE_CREATE, SA | PAD | SRC | DST, queue_create},
    {SLUICE_OP_QUEUE_DESTROY, SA, queue_destroy},
    {SLUICE_OP_QUEUE_COALESCE, SA | PAD | SRC_LEN, queue_coalesce},
    {SLUICE_OP_WINDOW_EXPORT, SA | GEN | DST | DST_LEN, sa_window_export},
    {SLUICE_OP_WINDOW_IMPORT, SA | GEN | SRC | SRC_LEN, sa_window_import},
    {SLUICE_OP_SA_MODIFY, SA | GEN | SRC | SRC_LEN, sa_modify},
    {SLUICE_OP_SA_QUERY, SA | GEN | DST | DST_LEN, sa_query},
    {SLUICE_OP_STATISTICS, DST | DST_LEN, statistics},
    {SLUICE_OP_SELF_TEST, DST | DST_LEN, self_test},
    {SLUICE_OP_LOG_READ, PAD | DST | DST_LEN, log_read},
    {SLUICE_OP_ZEROISE, 0, zeroise},
    {SLUICE_OP_KEEP_ALIVE, SRC_LEN, keep_alive},
    {SLUICE_OP_RANDOM, DST | DST_LEN, random_bytes},
};

uint32_t admin_invalid(uint32_t offset, uint32_t *length)
{
    *length = offset;
    return SLUICE_STATUS_INVALID_FIELD;
}

bool admin_aligned(uint64_t address)
{
    return (uint32_t)address % ALIGNMENT == 0;
}

static uint32_t word(uint32_t index)
{
    return hw_get(HW_ENTRY + 4 * index);
}

static uint64_t words(uint32_t index)
{
    return (uint64_t)word(index + 1) << 32 | word(index);
}

/* Takes the entry apart (struct sluice_sqe); returns the fields that are not 0, or every bit for one that must be. */
static uint32_t parse(struct command *c)
{
    uint32_t first = word(0), second = word(1), lengths = word(8), more = word(9);

    *c = (struct command){.op = first & 0xff,
                          .number = second & 0xffff,
                          .gen = second >> 16 & 0xff,
                          .pad = second >> 24,
                          .src = words(4),
                          .dst = words(6),
                          .seq = words(14),
                          .src_len = lengths & 0xffffff,
                          .dst_len = lengths >> 24 | (more & 0xffff) << 8};
    if (first >> 8 | more >> 16 | word(10) | word(11) | word(12) | word(13)) {
        return UINT32_MAX;
    }
    return (c->number ? SA : 0u) | (c->gen ? GEN : 0u) | (c->pad ? PAD : 0u) | (c->src ? SRC : 0u) | (c->dst ? DST : 0u) |
           (c->src_len ? SRC_LEN : 0u) | (c->dst_len ? DST_LEN : 0u) | (c->seq ? SEQ : 0u);
}

static const struct row *find(uint32_t op)
{
    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].op == op) {
            return &table[i];
        }
    }
    return NULL;
}

static uint32_t obey(uint32_t *length)
{
    struct command c;
    uint32_t fields = parse(&c), status;
    const struct row *row = find(c.op);

    if (!row || fields & ~(uint32_t)row->fields) {
        return SLUICE_STATUS_UNSUPPORTED;
    }
    status = row->function(&c, length);
    if (status == SLUICE_STATUS_HARDWARE_FAULT || status == SLUICE_STATUS_DMA_ERROR) {
        log_event(SLUICE_LOG_EVENT_COMMAND_FAILED, c.op, status, *length);
    }
    return status;
}

bool admin_serve(void)
{
    uint32_t length = 0, status;
    bool failed;

    if (!hw_entry(&failed)) {
        return false;
    }
    if (failed) {
        hw_complete(0, 0, SLUICE_STATUS_DMA_ERROR, 0);
    } else {
        status = obey(&length);
        hw_complete(word(2), word(3), status, length);
    }
    return true;
}
