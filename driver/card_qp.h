/* SPDX-License-Identifier: Apache-2.0 */
/* A card's I/O queue pair, as its making (card_qp.c) and its data path (card_io.c) share it. */
#ifndef SLUICE_CARD_QP_H
#define SLUICE_CARD_QP_H

#include "card.h"

/* One operation in flight, in the list of those on the card by age, or in its SA's queue; else in the list of free ones. */
struct tracker {
    union {
        TAILQ_ENTRY(tracker) entry;
        STAILQ_ENTRY(tracker) next; /* in an SA's queue */
    };
    struct card_sa *sa; /* NULL: a nop */
    uint64_t cookie;    /* the caller's */
    uint32_t most;      /* the result cannot be longer */
    uint64_t serial;    /* on the card: since when, in the queue pair's operations */
    bool busy;
    bool once;             /* it cannot be done again: its source is overwritten, or its SA is in the middle of a record */
    uint8_t repeats;       /* how often it was */
    bool next_iv;          /* what comes back is not a counter */
    bool content;          /* a length of sure content may come back */
    uint8_t part;          /* of the operation */
    struct sluice_sqe sqe; /* in an SA's queue: all but slot and generation */
};

/* In DMA memory, for the card to read: the page lists of one tracker's operation. A power of two, so that none crosses a page. */
struct lists {
    uint64_t src[SLUICE_MAX_PAGES], dst[SLUICE_MAX_PAGES];
};
_Static_assert(SLUICE_PAGE_BYTES % sizeof(struct lists) == 0, "lists lie within a page");

TAILQ_HEAD(trackers, tracker);

struct card_qp {
    struct sluice_qp qp;
    pthread_mutex_t lock; /* of what follows; coalesce and the rings' making are admin's */
    struct ring ring;
    struct lists *lists; /* qp.depth of them; NULL: the card has no page lists */
    unsigned number;
    unsigned count, clocks;   /* of coalescing */
    unsigned lost;            /* operations in flight whose entry the card could not read */
    unsigned waiting;         /* operations in their SA's queue */
    struct card_sas waits;    /* SAs with operations of this queue pair in theirs */
    uint64_t serial;          /* of the last operation that went to the card */
    atomic_ulong oldest;      /* serial of the oldest that the card has, 0: none; the keeper reads it */
    struct sluice_done *held; /* qp.depth: completions from before a reset, to be polled */
    unsigned held_count, held_at;
    struct trackers free, busy;
    struct tracker tracker[]; /* qp.depth */
};

/* Both with the locks of the admin and the queue pair. After a reset: what was in flight has ended; new rings on the card. */
void card_qp_abort(struct card *card, struct card_qp *q);
int card_qp_restart(struct card *card, struct card_qp *q);

/* In card_io.c. Puts an operation into its SA's queue, first or last. */
void card_qp_wait(struct card *card, struct card_qp *q, struct tracker *t, bool first);
/* An operation goes into the ring; the doorbell is still to be rung. */
void card_qp_launch(struct card_qp *q, struct tracker *t);
/* Says for the keeper which is the oldest. */
void card_qp_note_oldest(struct card_qp *q);
/* Ends operations that wait for their SA, with no card; how many of `max`. */
unsigned card_qp_end_waiting(struct card *card, struct card_qp *q, struct sluice_done *done, unsigned max);
/* Takes a completion. false: it cannot be true. */
bool card_qp_decode(struct card *card, struct card_qp *q, const struct sluice_cqe *cqe, struct sluice_done *done);
/* Ends the oldest operation in flight, with no help of the card. */
bool card_qp_end_oldest(struct card *card, struct card_qp *q, enum sluice_status status, struct sluice_done *done);

#endif
