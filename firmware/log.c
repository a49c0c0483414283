/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include "hw.h"
#include "sluice_regs.h"

#define TIME_SHIFT 10 /* entries count 1024 clocks */
#define WORDS      (SLUICE_LOG_ENTRY_BYTES / 4)
#define NEWEST     (SLUICE_LOG_ENTRIES - 1)

static_assert((SLUICE_LOG_ENTRIES & NEWEST) == 0, "a ring");

static uint32_t entries[SLUICE_LOG_ENTRIES][WORDS];
static uint32_t first, count;

void log_event(uint32_t code, uint32_t where, uint32_t data0, uint32_t data1)
{
    uint32_t *entry = entries[(first + count) & NEWEST];

    entry[0] = (uint32_t)(hw_time() >> TIME_SHIFT);
    entry[1] = code | where << 16;
    entry[2] = data0;
    entry[3] = data1;
    if (count < SLUICE_LOG_ENTRIES) {
        count++;
    } else {
        first++;
    }
}

uint32_t log_put(uint32_t at)
{
    for (uint32_t n = 0; n < count; n++) {
        for (uint32_t w = 0; w < WORDS; w++, at += 4) {
            hw_put(at, entries[(first + n) & NEWEST][w]);
        }
    }
    return count * SLUICE_LOG_ENTRY_BYTES;
}

void log_clear(void)
{
    first = count = 0;
}
