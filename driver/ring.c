/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include <errno.h>
#include <string.h>

#include "barrier.h"

#define PHASE_BIT 1u

int ring_init(struct ring *ring, struct transport *transport, struct dma *mem, unsigned number, unsigned entries)
{
    *ring = (struct ring){.transport = transport, .mem = mem, .number = number, .entries = entries, .phase = PHASE_BIT};
    ring->sq = dma_alloc(mem, entries * sizeof *ring->sq, SLUICE_PAGE_BYTES);
    ring->cq = dma_alloc(mem, entries * sizeof *ring->cq, SLUICE_PAGE_BYTES);
    if (!ring->sq || !ring->cq) {
        ring_fini(ring);
        return -ENOMEM;
    }
    return 0;
}

void ring_fini(struct ring *ring)
{
    dma_free(ring->mem, ring->sq);
    dma_free(ring->mem, ring->cq);
    ring->sq = NULL;
    ring->cq = NULL;
}

void ring_restart(struct ring *ring)
{
    memset(ring->sq, 0, ring->entries * sizeof *ring->sq);
    memset(ring->cq, 0, ring->entries * sizeof *ring->cq);
    ring->tail = 0;
    ring->head = 0;
    ring->unacked = 0;
    ring->phase = PHASE_BIT;
}

void ring_put(struct ring *ring, const struct sluice_sqe *sqe)
{
    ring->sq[ring->tail] = *sqe;
    ring->tail = (ring->tail + 1) & (ring->entries - 1);
}

int ring_submit(struct ring *ring)
{
    barrier_publish(); /* the entries, and what they point to, before the doorbell */
    return ring->transport->ops->write32(ring->transport, SLUICE_REG_SQ_DOORBELL(ring->number), ring->tail);
}

/* The card writes an entry's last 8 bytes last: once the phase is seen, all of it, and all of the result, is there. */
bool ring_ready(const struct ring *ring)
{
    bool ready = (__atomic_load_n(&ring->cq[ring->head].phase, __ATOMIC_ACQUIRE) & PHASE_BIT) == ring->phase;

    barrier_observe();
    return ready;
}

bool ring_holds(const struct ring *ring, uint64_t cookie)
{
    struct ring at = *ring;
    struct sluice_cqe cqe = {0};

    for (unsigned n = 0; n < ring->entries && ring_get(&at, &cqe); n++) {
        if (cqe.cookie == cookie) {
            return true;
        }
    }
    return false;
}

bool ring_get(struct ring *ring, struct sluice_cqe *cqe)
{
    if (!ring_ready(ring)) {
        return false;
    }
    *cqe = ring->cq[ring->head];
    ring->head = (ring->head + 1) & (ring->entries - 1);
    if (ring->head == 0) {
        ring->phase ^= PHASE_BIT;
    }
    ring->unacked++;
    return true;
}

int ring_ack(struct ring *ring, bool arm)
{
    uint32_t value = ring->head << SLUICE_CQ_DOORBELL_HEAD_SHIFT | (arm ? 1u << SLUICE_CQ_DOORBELL_ARM_SHIFT : 0);

    ring->unacked = 0;
    barrier_publish(); /* what was read of them before they are given back */
    return ring->transport->ops->write32(ring->transport, SLUICE_REG_CQ_DOORBELL(ring->number), value);
}
