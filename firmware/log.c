/* SPDX-License-Identifier: Apache-2.0 */
#include "log.h"

#include "buffer.h"
#include "hw.h"
#include "sluice_regs.h"

#define TIME_SHIFT     10 /* entries count 1024 clocks */
#define WORDS          (SLUICE_LOG_ENTRY_BYTES / 4)
#define TRAP_MARK      0x7ab50000u
#define TRAP_MARK_MASK 0xffff0000u
#define NEWEST         (SLUICE_LOG_ENTRIES - 1)

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

/* Words: cause and a mark, pc, value, and their sum, since at power on there may be anything. */
void log_trap(uint32_t cause, uint32_t pc, uint32_t value)
{
    uint32_t first_word = TRAP_MARK | (cause & 0xffff);

    hw_put(AT_TRAP, first_word);
    hw_put(AT_TRAP + 4, pc);
    hw_put(AT_TRAP + 8, value);
    hw_put(AT_TRAP + 12, first_word + pc + value);
}

void log_kept(void)
{
    uint32_t first_word = hw_get(AT_TRAP), pc = hw_get(AT_TRAP + 4), value = hw_get(AT_TRAP + 8);

    if ((first_word & TRAP_MARK_MASK) == TRAP_MARK && hw_get(AT_TRAP + 12) == first_word + pc + value) {
        log_event(SLUICE_LOG_EVENT_TRAP, first_word & 0xffff, pc, value);
    }
    hw_clear(AT_TRAP, 16);
}

void log_clear(void)
{
    first = count = 0;
}
