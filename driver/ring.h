/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A queue pair's two rings in DMA memory, as the card sees them (rtl/README.md: sqe, cqe, doorbells). One thread at a time.
 */
#ifndef SLUICE_RING_H
#define SLUICE_RING_H

#include <stdbool.h>

#include "dma.h"
#include "sluice_regs.h"
#include "transport.h"

struct ring {
    struct transport *transport;
    struct dma *mem;
    struct sluice_sqe *sq;
    struct sluice_cqe *cq;
    unsigned number;  /* of the queue pair; 0 is admin */
    unsigned entries; /* of each ring, a power of two */
    unsigned tail;    /* next free submission entry */
    unsigned head;    /* next completion entry to look at */
    unsigned unacked; /* completions taken that the card has not been told of */
    uint8_t phase;    /* that a new completion has */
};

/* -ENOMEM: no room in the DMA memory. The rings are zero. */
int ring_init(struct ring *ring, struct transport *transport, struct dma *mem, unsigned number, unsigned entries);
void ring_fini(struct ring *ring);
/* As ring_init leaves it, in the same memory. */
void ring_restart(struct ring *ring);

/* Adds a submission. The caller keeps fewer than `entries` outstanding. The card learns of it by ring_submit. */
void ring_put(struct ring *ring, const struct sluice_sqe *sqe);
int ring_submit(struct ring *ring);

/* Takes the next completion, if there is one. */
bool ring_get(struct ring *ring, struct sluice_cqe *cqe);
bool ring_ready(const struct ring *ring);
/* Whether one that was not yet taken has this cookie, as it stands in the entry. */
bool ring_holds(const struct ring *ring, uint64_t cookie);
/* Gives completion entries back to the card; `arm`: an interrupt is to come when there is, or will be, a completion. */
int ring_ack(struct ring *ring, bool arm);

#endif
