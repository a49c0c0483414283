/* SPDX-License-Identifier: Apache-2.0 */
/* The engine that is a card, over any transport: what its parts share. */
#ifndef SLUICE_CARD_H
#define SLUICE_CARD_H

#include "card_admin.h"
#include "engine.h"
#include "ring.h"

#define CARD_QUEUES (SLUICE_MAX_IO_QUEUES + 1)

struct card {
    struct sluice_card card;
    struct transport *transport;
    struct sluice_info info;
    struct admin admin;
    int event[CARD_QUEUES];        /* eventfd of each queue pair, from open to close; the watcher writes to them */
    bool queue_taken[CARD_QUEUES]; /* under admin.lock, as is sa_taken */
    uint8_t *sa_taken;             /* a byte for each slot */
};

static inline struct card *card_of(struct sluice_card *card)
{
    return (struct card *)card;
}

static inline bool card_gone(const struct card *card)
{
    return atomic_load_explicit(&card->transport->gone, memory_order_acquire);
}

/* An engine on `transport`, which it owns from now on, also when it fails. `name`: of the engine. */
int card_open(const char *name, struct transport *transport, const struct sluice_options *options, struct sluice_card **card);

int card_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp);
void card_qp_destroy(struct sluice_qp *qp);
int card_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds);
int card_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count);
int card_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max);
int card_qp_arm(struct sluice_qp *qp);

int card_sa_window_export(struct sluice_sa *sa, struct sluice_window *window);
int card_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window);

int card_stats(struct sluice_card *card, struct sluice_stats *stats);

#endif
