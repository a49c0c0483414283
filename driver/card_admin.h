/* SPDX-License-Identifier: Apache-2.0 */
/* The admin queue: one command at a time, waited for. */
#ifndef SLUICE_CARD_ADMIN_H
#define SLUICE_CARD_ADMIN_H

#include <pthread.h>

#include "ring.h"

struct admin {
    pthread_mutex_t lock; /* held by the caller of every function below but init and fini */
    struct ring ring;
    int event;
    unsigned timeout_ms;
    bool managed;     /* it has firmware, whose state a register tells */
    bool patient;     /* a card that does not answer hangs; else it is given up */
    atomic_bool hung; /* no command is begun until admin_restart */
    void *page;       /* DMA memory, SLUICE_PAGE_BYTES, for what a command reads or writes; the caller wipes it */
    uint64_t next_cookie;
};

/* Makes the rings and starts them on the card. `event`: eventfd of the card's vector 0, not owned. */
int admin_init(struct admin *admin, struct transport *transport, struct dma *mem, int event, unsigned timeout_ms);
void admin_fini(struct admin *admin);
/* Starts the rings anew after a reset of the card. */
int admin_restart(struct admin *admin);

/*
 * Does *sqe, whose cookie is filled in, and stores the completion's length in *result, which may be NULL. A card that does not
 * answer within the time-out is given up, or `hung`, as is at once one that was reset by somebody else; one whose firmware is
 * known to hang is `hung`. -ENODEV: it is gone; -ETIMEDOUT: it hangs; otherwise the status as -errno.
 */
int admin_command(struct admin *admin, struct sluice_sqe *sqe, uint32_t *result);

/* The card does not know of its rings any more: it was reset by somebody else. */
bool admin_stopped(struct admin *admin);

/* DMA address of `page`. */
uint64_t admin_page(const struct admin *admin);

#endif
