/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of an engine share. */
#ifndef HOST_UDP_ENGINE_INTERNAL_H
#define HOST_UDP_ENGINE_INTERNAL_H

#include "udp/engine.h"

/* A queue pair on a card, with a reference to it, and memory of its own. */
struct engine_qp {
    struct engine *engine;
    struct sluice_card *card;
    struct sluice_qp *qp; /* NULL: the card has died; chunks of its pool may still be about */
    struct pool *pool;
    struct event *event; /* on the queue pair's eventfd */
    bool can_die, armed;
    bool fired; /* the eventfd is readable until it is armed again */
    struct engine_job *staged, **staged_end;
    unsigned jobs; /* staged and submitted */
    struct engine_qp *next;
};

/* A job and what only the engine knows of it. */
struct engine_slot {
    struct engine_job job; /* first: a job's address is its slot's */
    struct engine_qp *on;  /* NULL: it is free */
    uint64_t turn;         /* order of submission */
    bool submitted;
};

struct engine {
    struct event_base *base;
    struct cards *cards;
    struct engine_qp *qps;     /* one, but after a death or a return for a while */
    struct engine_qp *current; /* of them: that of datagrams to come and of SAs that are made */
    struct engine_options options;
    struct engine_callbacks callbacks;
    struct engine_slot *slots;
    struct engine_job *free;
    unsigned free_count;
    struct sas *sas_list;
    uint64_t next_turn;
    uint8_t random[256]; /* nonces to come, which getrandom gives whole or not at all */
    unsigned random_left;
};

static inline struct engine_slot *engine_slot_of(struct engine_job *job)
{
    return (struct engine_slot *)job;
}

/* ---- engine_qp.c */

/* NULL: there is none on this card. */
struct engine_qp *engine_qp_find(const struct engine *engine, const struct sluice_card *card);
/* The card is one that the caller has a reference to. */
int engine_qp_open(struct engine *engine, struct sluice_card *card, struct engine_qp **qp);
/* No job or sas may be on it. */
void engine_qp_close(struct engine_qp *qp);
/* Its card has died: nothing comes of it any more. */
void engine_qp_silence(struct engine_qp *qp);
/* False: there are completions, or the card has died. */
bool engine_qp_arm(struct engine_qp *qp);
/* Makes SAs on another card, without a counter that may have been used. */
int engine_move_sas(struct engine_qp *to, struct sas *sas);

/* ---- engine.c */

int engine_prepare(struct engine_qp *qp, struct engine_job *job);
void engine_stage(struct engine_qp *qp, struct engine_job *job);
void engine_finish_unsubmitted(struct engine_job *job, enum sluice_status status);
/* Takes completions: how many, or -errno. Those of a dying card's that were aborted stay in flight, to be done again. */
int engine_poll(struct engine_qp *qp);

/* ---- engine_redo.c */

/* The card has died: everything on it goes over to the software engine. False: there is none. */
bool engine_replace(struct engine_qp *dead);

#endif
