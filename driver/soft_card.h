/* SPDX-License-Identifier: Apache-2.0 */
/* The software engine's card, as its parts share it: soft.c has SAs, queue pairs and the data path, soft_manage.c the rest. */
#ifndef SLUICE_SOFT_CARD_H
#define SLUICE_SOFT_CARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "line.h"
#include "sluice_regs.h"
#include "soft_record.h"

#define SOFT_SLOTS    65536u
#define SOFT_STATUSES 16u

/* Written by the thread of one queue pair, read by whoever asks for statistics. */
struct soft_counts {
    _Atomic uint64_t record_bytes, content_bytes;
    _Atomic uint64_t status[2][SOFT_STATUSES]; /* by direction */
};

struct soft_qp {
    _Alignas(LINE_BYTES) struct sluice_qp qp;
    struct sluice_done *ring; /* qp.depth completions */
    unsigned head, tail;      /* free running; head: next to poll */
    bool armed;
    struct soft_counts counts;
    struct soft_scratch scratch;
    _Alignas(LINE_BYTES) struct soft_qp *next; /* the card's lock */
};
_Static_assert(offsetof(struct soft_qp, next) % LINE_BYTES == 0 && sizeof(struct soft_qp) % LINE_BYTES == 0,
               "what other threads write is on lines that the data path does not touch");

struct soft_card {
    struct sluice_card card;
    bool recover;                                         /* options.recover */
    _Alignas(LINE_BYTES) _Atomic(struct soft_sa *) *slot; /* changes under the lock; submit reads without it */
    _Alignas(LINE_BYTES) pthread_mutex_t lock;            /* of everything below */
    uint8_t *gen;                                         /* generation that the slot's next SA gets */
    unsigned slot_hint;
    struct soft_qp *qps;
    unsigned qp_count;
    struct soft_counts gone; /* counts of queue pairs destroyed */
    unsigned resets;
    int64_t opened_us;
    struct sluice_card_event events[SLUICE_LOG_MOST];
    unsigned logged; /* free running */
    unsigned kept;   /* of those, the newest that have not been cleared */
};

static inline struct soft_card *soft_card(struct sluice_card *card)
{
    return (struct soft_card *)card;
}

void soft_log_begin(struct soft_card *soft);

int soft_sa_query(struct sluice_sa *sa, struct sluice_sa_state *state);
int soft_sa_modify(struct sluice_sa *sa, uint64_t counter, uint64_t limit);
void soft_sa_reserve(struct sluice_sa *sa, uint64_t counter);
int soft_health(struct sluice_card *card, struct sluice_card_health *health);
int soft_selftest(struct sluice_card *card, struct sluice_selftest *result);
int soft_log(struct sluice_card *card, struct sluice_card_event *events, unsigned max, bool clear);
int soft_zeroise(struct sluice_card *card);
int soft_reset(struct sluice_card *card);
int soft_random(struct sluice_card *card, void *to, size_t bytes);
int soft_keep_alive(struct sluice_card *card, unsigned milliseconds);

/* Known answers of every cipher and MAC (soft_answers.c). Returns how many; *first: the first that was wrong, from 1, else 0. */
unsigned soft_answers(uint32_t *first);

#endif
