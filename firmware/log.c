/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include "hw.h"
#include "layout.h"
#include "sluice_regs.h"

#define TIME_SHIFT 10 /* entries count 1024 clocks */
#define WORDS      (SLUICE_LOG_ENTRY_BYTES / 4)
#define NEWEST     (SLUICE_LOG_ENTRIES - 1)

static_assert((SLUICE_LOG_ENTRIES & NEWEST) == 0 && SLUICE_LOG_ENTRIES * SLUICE_LOG_ENTRY_BYTES == 1024, "a ring of 1 KiB");

static uint32_t first, count;

static uint32_t place(uint32_t index)
{
    return AT_LOG + (index & NEWEST) * SLUICE_LOG_ENTRY_BYTES;
}

void log_event(uint32_t code, uint32_t where, uint32_t data0, uint32_t data1)
{
    uint32_t at = place(first + count);

    hw_put(at, (uint32_t)(hw_time() >> TIME_SHIFT));
    hw_put(at + 4, code | where << 16);
    hw_put(at + 8, data0);
    hw_put(at + 12, data1);
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
            hw_put(at, hw_get(place(first + n) + 4 * w));
        }
    }
    return count * SLUICE_LOG_ENTRY_BYTES;
}

void log_clear(void)
{
    first = count = 0;
}
