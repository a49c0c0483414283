/* SPDX-License-Identifier: Apache-2.0 */
/* Queue pairs of the driver's. */
#include "admin.h"
#include "card.h"
#include "hw.h"
#include "sluice_regs.h"

static bool in_range(uint32_t pair)
{
    return pair && pair <= card.io_queues;
}

static bool is_on(uint32_t pair)
{
    return in_range(pair) && hw_queues_on() >> pair & 1;
}

uint32_t queue_create(const struct command *c, uint32_t *length)
{
    if (!in_range(c->number) || is_on(c->number) || !(hw_queues_empty() >> c->number & 1)) {
        return admin_invalid(SLUICE_SQE_SA_OFFSET, length);
    }
    if (c->pad < SLUICE_MIN_QUEUE_DEPTH_LOG2 || c->pad > SLUICE_MAX_QUEUE_DEPTH_LOG2) {
        return admin_invalid(SLUICE_SQE_PAD_OFFSET, length);
    }
    if (!admin_aligned(c->src)) {
        return admin_invalid(SLUICE_SQE_SRC_OFFSET, length);
    }
    if (!admin_aligned(c->dst)) {
        return admin_invalid(SLUICE_SQE_DST_OFFSET, length);
    }
    hw_queue_create(c->number, c->pad, c->src, c->dst);
    return SLUICE_STATUS_OK;
}

uint32_t queue_destroy(const struct command *c, uint32_t *length)
{
    uint32_t bit = 1u << (c->number & 31);

    if (!is_on(c->number)) {
        return admin_invalid(SLUICE_SQE_SA_OFFSET, length);
    }
    hw_queue_stop(c->number);
    while (hw_queues_on() & bit || !(hw_queues_empty() & bit)) {
    }
    return SLUICE_STATUS_OK;
}

uint32_t queue_coalesce(const struct command *c, uint32_t *length)
{
    if (!is_on(c->number)) {
        return admin_invalid(SLUICE_SQE_SA_OFFSET, length);
    }
    hw_queue_coalesce(c->number, c->pad, c->src_len);
    return SLUICE_STATUS_OK;
}
