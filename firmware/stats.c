/* SPDX-License-Identifier: Apache-2.0 */
/* What the card tells of itself. */
#include "admin.h"
#include "buffer.h"
#include "hw.h"
#include "log.h"
#include "sluice_regs.h"

#define LOG_BYTES (SLUICE_LOG_ENTRIES * SLUICE_LOG_ENTRY_BYTES)

struct run {
    uint16_t offset, count, stride;
};

/* The counters of regs.toml in its order. */
static const struct run runs[] = {
    {SLUICE_CNT_CYCLES, 12, 8},
    {SLUICE_CNT_SEAL_STATUS(0), 16, 8},
    {SLUICE_CNT_OPEN_STATUS(0), 16, 8},
    {SLUICE_CNT_LANE_BUSY(0), SLUICE_MAX_LANES, 32},
    {SLUICE_CNT_LANE_STARVED(0), SLUICE_MAX_LANES, 32},
    {SLUICE_CNT_LANE_BLOCKED(0), SLUICE_MAX_LANES, 32},
    {SLUICE_CNT_LANE_RECORDS(0), SLUICE_MAX_LANES, 32},
    {SLUICE_CNT_QUEUE_TAKEN(0), SLUICE_MAX_IO_QUEUES + 1, 16},
    {SLUICE_CNT_QUEUE_DONE(0), SLUICE_MAX_IO_QUEUES + 1, 16},
};

#define COUNTERS (12 + 2 * 16 + 4 * SLUICE_MAX_LANES + 2 * (SLUICE_MAX_IO_QUEUES + 1))

static_assert((8 * COUNTERS + 31) / 32 * 32 == SLUICE_STATISTICS_BYTES, "every counter, in pieces of 32 bytes");
static_assert(SLUICE_CNT_INTERRUPTS == SLUICE_CNT_CYCLES + 8 * 11, "the first twelve");
static_assert(HW_DATA + SLUICE_STATISTICS_BYTES <= AT_LOG, "room");

/* What every command that writes so many bytes asks of its entry. */
static uint32_t room_status(const struct command *c, uint32_t bytes, uint32_t *length)
{
    if (c->dst_len < bytes) {
        return SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    return admin_aligned(c->dst) ? SLUICE_STATUS_OK : admin_invalid(SLUICE_SQE_DST_OFFSET, length);
}

uint32_t identify(const struct command *c, uint32_t *length)
{
    static const uint16_t registers[] = {SLUICE_REG_MAGIC,   SLUICE_REG_VERSION,  SLUICE_REG_FEATURES,  SLUICE_REG_PARAMS0,
                                         SLUICE_REG_PARAMS1, SLUICE_REG_BUILD_ID, SLUICE_REG_CLOCK_KHZ, SLUICE_REG_PARAMS2};
    uint32_t status = room_status(c, SLUICE_IDENTIFY_BYTES, length);

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    hw_clear(HW_DATA, SLUICE_IDENTIFY_BYTES);
    for (uint32_t i = 0; i < sizeof registers / sizeof *registers; i++) {
        hw_put(HW_DATA + 4 * i, hw_bar(registers[i]));
    }
    hw_dma_out(c->dst, HW_DATA, SLUICE_IDENTIFY_BYTES);
    return SLUICE_STATUS_OK;
}

static void put_counters(void)
{
    uint32_t at = HW_DATA;

    hw_snapshot();
    for (const struct run *run = runs; run < runs + sizeof runs / sizeof *runs; run++) {
        uint32_t offset = run->offset;

        for (uint32_t n = run->count; n--; offset += run->stride, at += 8) {
            hw_put(at, hw_bar(offset));
            hw_put(at + 4, hw_bar(offset + 4));
        }
    }
    hw_clear(at, SLUICE_STATISTICS_BYTES - 8 * COUNTERS);
}

uint32_t statistics(const struct command *c, uint32_t *length)
{
    uint32_t status = room_status(c, SLUICE_STATISTICS_BYTES, length);

    if (status == SLUICE_STATUS_OK) {
        put_counters();
        hw_dma_out(c->dst, HW_DATA, SLUICE_STATISTICS_BYTES);
        *length = SLUICE_STATISTICS_BYTES;
    }
    return status;
}

uint32_t log_read(const struct command *c, uint32_t *length)
{
    uint32_t status;

    if (c->pad > 1) {
        return admin_invalid(SLUICE_SQE_PAD_OFFSET, length);
    }
    status = room_status(c, LOG_BYTES, length);
    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    hw_clear(HW_DATA, LOG_BYTES);
    *length = log_put(HW_DATA);
    hw_dma_out(c->dst, HW_DATA, LOG_BYTES);
    if (c->pad) {
        log_clear();
    }
    return status;
}
