/* SPDX-License-Identifier: Apache-2.0 */
#include "card.h"

#include "hw.h"
#include "sluice_regs.h"

#define FIELD(reg, name, word) ((word) >> SLUICE_##reg##_##name##_SHIFT & SLUICE_##reg##_##name##_MASK)

struct card card;

static uint32_t ones(uint32_t count)
{
    return count >= 32 ? UINT32_MAX : (1u << count) - 1;
}

void card_init(void)
{
    uint32_t params0 = hw_bar(SLUICE_REG_PARAMS0), params2 = hw_bar(SLUICE_REG_PARAMS2);
    uint32_t lanes = FIELD(PARAMS0, LANES, params0);

    card = (struct card){.features = hw_bar(SLUICE_REG_FEATURES),
                         .sa_count = FIELD(PARAMS1, SA_COUNT, hw_bar(SLUICE_REG_PARAMS1)),
                         .io_queues = FIELD(PARAMS0, IO_QUEUES, params0),
                         .record_lanes = ones(lanes),
                         .legacy_lanes = ones(FIELD(PARAMS2, LEGACY_LANES, params2)),
                         .service_lane = 1u << (lanes - 1)};
    card.stream_lanes = ones(lanes + FIELD(PARAMS2, STREAM_LANES, params2)) & ~card.record_lanes;
    card.in_service = card.record_lanes | card.stream_lanes;
}

bool card_lose_lanes(uint32_t mask)
{
    if (mask & card.in_service) {
        card.in_service &= ~mask;
        hw_set_lanes(card.in_service);
        card_set_health(SLUICE_HEALTH_LANE_FAILED);
    }
    return card.in_service & card.record_lanes;
}

void card_set_health(uint32_t bits)
{
    card.health |= bits;
    hw_set_health(card.health);
}

void card_clear_health(uint32_t bits)
{
    card.health &= ~bits;
    hw_set_health(card.health);
}

bool card_has_service(void)
{
    return card.in_service & card.service_lane;
}
