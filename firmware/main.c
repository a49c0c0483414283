/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware.h"

#include "admin.h"
#include "card.h"
#include "hw.h"
#include "log.h"
#include "secure.h"
#include "selftest.h"
#include "sluice_regs.h"

#define NEEDED_BY_ALL 0x3u /* memories: SA words and windows */
#define STREAM_STATE  0x4u
#define RING_0        16u /* of the log: ring of lane 0 */

static void log_march(uint32_t mask, uint32_t first)
{
    for (uint32_t n = 0; mask >> n; n++) {
        if (mask >> n & 1) {
            log_event(SLUICE_LOG_EVENT_MARCH_FAILED, first + n, 0, 0);
        }
        if (n == 31) {
            break;
        }
    }
}

/* False: a memory is bad that every lane needs. */
static bool test_memories(void)
{
    hw_set_state(SLUICE_FW_STATE_MARCH);
    card.march = hw_march(&card.march_rings);
    if (card.march | card.march_rings) {
        log_march(card.march, 0);
        log_march(card.march_rings, RING_0);
        card_set_health(SLUICE_HEALTH_MEMORY_FAILED);
        card_lose_lanes(card.march_rings | (card.march & STREAM_STATE ? card.stream_lanes : 0));
    }
    return !(card.march & NEEDED_BY_ALL) && card.in_service & card.record_lanes;
}

/* False: no lane is right. */
static bool test_lanes(void)
{
    struct selftest result;

    hw_set_state(SLUICE_FW_STATE_SELF_TEST);
    selftest_all(&result);
    log_event(SLUICE_LOG_EVENT_SELF_TEST, 0, result.failed, result.vectors);
    card_lose_lanes(result.failed);
    return card.in_service & card.record_lanes;
}

void firmware_begin(void)
{
    const uint32_t tests = HW_CAUSE_POWER_ON | HW_CAUSE_SELF_TEST;
    uint32_t cause = hw_cause();

    hw_kick();
    hw_set_version(firmware_ids[0], firmware_ids[1]);
    hw_set_state(SLUICE_FW_STATE_BOOT);
    card_init();
    secure_init();
    log_event(SLUICE_LOG_EVENT_BOOT, 0, cause, firmware_ids[0]);
    log_kept();
    if ((cause & tests) == tests && !(test_memories() && test_lanes())) {
        hw_set_state(SLUICE_FW_STATE_FAILED);
        return;
    }
    hw_set_state(SLUICE_FW_STATE_READY);
    log_event(SLUICE_LOG_EVENT_READY, 0, card.in_service, (uint32_t)hw_time());
    secure_begin();
}

static bool answer_ping(void)
{
    uint32_t value;

    if (!hw_pinged(&value)) {
        return false;
    }
    hw_pong(value);
    secure_alive();
    return true;
}

bool firmware_step(void)
{
    hw_kick();
    hw_look();
    if (answer_ping() || admin_serve() || secure_step()) {
        return true;
    }
    hw_alarm(secure_alarm());
    return false;
}
