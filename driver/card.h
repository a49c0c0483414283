/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine that is a card, over any transport: what its parts share.
 *
 * Locks, in the order in which they are taken: admin.lock (one admin call at a time; slots, table of SAs), watch.lock (which
 * queue pairs there are), the locks of the queue pairs by number (each held by its thread in submit, poll and arm, which give up
 * rather than wait), keeper.lock (requests).
 */
#ifndef SLUICE_CARD_H
#define SLUICE_CARD_H

#include <errno.h>
#include <sys/queue.h>
#include <time.h>

#include "card_admin.h"
#include "engine.h"
#include "line.h"
#include "ring.h"

#define CARD_QUEUES (SLUICE_MAX_IO_QUEUES + 1)

struct card_qp;
struct tracker;
STAILQ_HEAD(tracker_queue, tracker);

enum place {
    PLACE_NOWHERE, /* to be made of `kept` when it is needed */
    PLACE_OUT,     /* in `blob` */
    PLACE_IN,
    PLACE_LEAVING, /* is being exported */
    PLACE_DEAD,    /* operations end with `verdict` */
};

struct card_sa {
    struct sluice_sa sa; /* slot and gen have a meaning while it is in */
    _Atomic int place;   /* changes under admin.lock */
    /* One for the caller's handle, one for each operation not yet polled, one for a request. With one, it may be swapped out. */
    atomic_uint refs;
    /* A record in parts is under way, whose state an export would lose. The last operation's completion tells. */
    atomic_bool amid;
    _Atomic int64_t used; /* when an operation was last submitted, in nanoseconds */

    /* The thread that submits on it; a recovery, which has that thread's lock. */
    struct tracker_queue queue; /* operations that wait until it is in */
    atomic_uint waiting;        /* how many */
    TAILQ_ENTRY(card_sa) waits; /* in the queue pair's list of those that have some */
    uint64_t top;               /* highest counter that a completion told, if any did */
    bool any;
    uint64_t reserved; /* sluice_sa_reserve */

    /* admin.lock */
    uint16_t id; /* virtual id, and place in card.sas */
    bool listed; /* it is in card.sas */
    bool fixed;  /* it has no blob generation left: it stays in */
    _Atomic int verdict;
    uint8_t *blob;                 /* SLUICE_SA_BLOB_BYTES, once it was exported */
    struct sluice_sa_config *kept; /* to install it again; NULL without options.recover */

    /* keeper.lock */
    TAILQ_ENTRY(card_sa) request;
    bool requested;
    unsigned number; /* of the queue pair to wake */
};

TAILQ_HEAD(card_sas, card_sa);

/* The thread that brings SAs in and watches the firmware. */
struct keeper {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool running, stop;
    struct card_sas requests;
    /* No slot could be had: whoever ends an operation wakes it. All threads read this, and it is seldom written. */
    _Alignas(LINE_BYTES) atomic_bool starved;
    _Alignas(LINE_BYTES) atomic_uint ping_ms;
    uint32_t ping;      /* last value written */
    atomic_uint missed; /* pings in a row */
};

/* How long the oldest operation of each queue pair has been that (card_watch.c). */
struct watch {
    pthread_mutex_t lock; /* card.qp is changed under this and admin.lock */
    unsigned limit_ms;    /* 0: nothing is watched */
    int64_t looked;       /* milliseconds */
    struct {
        uint64_t serial;
        unsigned age_ms, helped_ms; /* its age, and at what age it was helped last */
    } queue[CARD_QUEUES];
};

struct card {
    struct sluice_card card;
    struct transport *transport;
    struct sluice_info info;
    bool managed; /* FEATURES.managed */
    bool recover; /* options.recover */
    bool resubmit;
    unsigned timeout_ms;
    _Alignas(LINE_BYTES) struct admin admin;
    struct keeper keeper;
    struct watch watch;
    int event[CARD_QUEUES]; /* eventfd of each queue pair, from open to close; the watcher writes to them */

    /* Under admin.lock. */
    struct card_qp *qp[CARD_QUEUES];
    bool queue_taken[CARD_QUEUES];
    bool *slot_taken;
    struct card_sa **slot; /* who is in it; NULL: nobody, or an SA that could not be destroyed */
    struct card_sa **sas;  /* info.sa_count, by virtual id */
    unsigned next_id;
    struct sluice_sa_config *kept; /* info.sa_count, by virtual id; NULL without options.recover */
    uint64_t swaps_out, swaps_in;
    atomic_uint resets;
};

static inline struct card *card_of(struct sluice_card *card)
{
    return (struct card *)card;
}

static inline struct card_sa *card_sa_of(struct sluice_sa *sa)
{
    return (struct card_sa *)sa;
}

static inline int64_t card_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline bool card_gone(const struct card *card)
{
    return atomic_load_explicit(&card->transport->gone, memory_order_acquire);
}

#define FIELD(value, name) ((value) >> SLUICE_##name##_SHIFT & SLUICE_##name##_MASK)

int card_read32(struct transport *t, uint32_t offset, uint32_t *value);

/* An engine on `transport`, which it owns from now on, also when it fails. `name`: of the engine. */
int card_open(const char *name, struct transport *transport, const struct sluice_options *options, struct sluice_card **card);
/* From reset to where DMA and interrupts work, the card's identity being known and its memory mapped. */
int card_start(struct card *card);

/*
 * Takes the admin lock, after a hung card was recovered where options.recover says so. -ENODEV; -ETIMEDOUT: it hangs. In both
 * cases the lock is not held.
 */
int card_enter(struct card *card);
void card_leave(struct card *card);
/*
 * Whether what gave `err` is worth another try, without the lock: a command that timed out, once, on a card that recovers; -EBUSY
 * for some time, since other threads poll. *tries begins at 0.
 */
bool card_again(const struct card *card, int err, unsigned *tries);

/* ---- card_qp.c, card_io.c */

int card_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp);
void card_qp_destroy(struct sluice_qp *qp);
int card_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds);
int card_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count);
int card_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max);
int card_qp_arm(struct sluice_qp *qp);
/* Whether the card has operations on the SA that it has not completed. */
bool card_qp_works_on(struct card *card, const struct card_sa *sa);

/* ---- card_sa.c, card_window.c */

int card_sa_create(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **sa);
void card_sa_destroy(struct sluice_sa *sa);
int card_sa_query(struct sluice_sa *sa, struct sluice_sa_state *state);
int card_sa_modify(struct sluice_sa *sa, uint64_t counter, uint64_t limit);
void card_sa_reserve(struct sluice_sa *sa, uint64_t counter);
int card_sa_window_export(struct sluice_sa *sa, struct sluice_window *window);
int card_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window);

/* An entry that names the SA, which is in; lengths go into entries by card_store_len. */
struct sluice_sqe card_sa_command(const struct card_sa *sa, uint8_t op);
#define CARD_LENGTH_MOST 0xffffffu /* a field of 3 bytes */
void card_store_len(uint8_t field[3], uint32_t len);

/* Commands on the card, under the admin lock. Makes an SA of parameters in a slot. */
int card_sa_install(struct card *card, const struct sluice_sa_config *config, uint16_t slot, uint8_t *gen);
/* Ends one that is in, if it is, and takes it out of the table. */
void card_sa_remove(struct card *card, struct card_sa *sa);
/* Drops one of its references; any thread, with any lock. */
void card_sa_unref(struct card *card, struct card_sa *sa);
void card_sa_free(struct card_sa *sa);

/* ---- card_swap.c: under the admin lock */

/* A free slot, by swapping out if it must be. -ENOSPC; -EBUSY: all have operations; -EAGAIN: the card is not seeded yet. */
int card_slot(struct card *card, uint16_t *slot);
/* 0: it is in, and stays so while the lock is held. */
int card_bring_in(struct card *card, struct card_sa *sa);
void card_place(struct card *card, struct card_sa *sa, uint16_t slot, uint8_t gen);
/* From now on its operations end with `verdict`. */
void card_sa_dead(struct card_sa *sa, enum sluice_status verdict);

/* ---- card_keeper.c */

int keeper_start(struct card *card, unsigned ping_ms);
void keeper_stop(struct card *card);
/* The period of pings from now on. */
void keeper_period(struct card *card, unsigned ping_ms);
/* Asks for an SA to be brought in, or freed when nobody has it. `number`: queue pair that is woken then. */
void keeper_ask(struct card *card, struct card_sa *sa, unsigned number);
/* An operation ended. */
void keeper_feed(struct card *card);

/* ---- card_watch.c: the keeper's thread, with no lock */

void watch_init(struct card *card, unsigned limit_ms);
/* How often watch_look wants to be called, in milliseconds; 0: never. */
unsigned watch_period(const struct card *card);
/* Helps operations that take long, and ends it with those that take too long, by a recovery or by giving the card up. */
void watch_look(struct card *card);

/* ---- card_recover.c: under the admin lock */

/* Resets the card, queue pairs and SAs. -ENODEV: it did not come back and is given up. */
int card_recover(struct card *card);
/* What is in flight will not end: recovers, or gives the card up, as options.recover says. */
void card_start_over(struct card *card);
/* Every SA is dead, and no slot taken. */
void card_forget_sas(struct card *card);

/* ---- card_manage.c, card_stats.c */

int card_health(struct sluice_card *card, struct sluice_card_health *health);
int card_selftest(struct sluice_card *card, struct sluice_selftest *result);
int card_log(struct sluice_card *card, struct sluice_card_event *events, unsigned max, bool clear);
int card_zeroise(struct sluice_card *card);
int card_reset(struct sluice_card *card);
int card_random(struct sluice_card *card, void *to, size_t bytes);
int card_keep_alive(struct sluice_card *card, unsigned milliseconds);
int card_stats(struct sluice_card *card, struct sluice_stats *stats);

#endif
