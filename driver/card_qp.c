/* SPDX-License-Identifier: Apache-2.0 */
/* I/O queue pairs of a card: making, ending, and what a reset does to them. The data path is card_io.c. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "card_qp.h"

#define US_PER_MS    1000u
#define REPEATS_MOST 3u /* so that an operation which is what hangs the card has an end */

/* ---------------------------------------------------------------- commands */

static unsigned take_number(struct card *card)
{
    for (unsigned n = 1; n <= card->info.io_queues; n++) {
        if (!card->queue_taken[n]) {
            card->queue_taken[n] = true;
            return n;
        }
    }
    return 0;
}

static int start(struct card *card, struct card_qp *q)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_QUEUE_CREATE,
                             .sa = htole16((uint16_t)q->number),
                             .pad = (uint8_t)__builtin_ctz(q->ring.entries),
                             .src = htole64(dma_iova(q->ring.mem, q->ring.sq)),
                             .dst = htole64(dma_iova(q->ring.mem, q->ring.cq))};

    return admin_command(&card->admin, &sqe, NULL);
}

static int coalesce(struct card *card, struct card_qp *q)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_QUEUE_COALESCE, .sa = htole16((uint16_t)q->number), .pad = (uint8_t)q->count};

    card_store_len(sqe.src_len, q->clocks);
    return admin_command(&card->admin, &sqe, NULL);
}

/* ---------------------------------------------------------------- making and ending */

static int make_memory(struct card *card, struct card_qp *q, unsigned depth)
{
    int err = ring_init(&q->ring, card->transport, &card->card.mem, q->number, 2 * depth);

    if (!err && card->card.features & FEATURE(PAGE_LIST)) {
        q->lists = dma_alloc(&card->card.mem, depth * sizeof *q->lists, SLUICE_PAGE_BYTES);
        err = q->lists ? 0 : -ENOMEM;
    }
    return err;
}

static void free_memory(struct card_qp *q)
{
    dma_free(q->ring.mem, q->lists);
    ring_fini(&q->ring);
}

static void free_qp(struct card_qp *q)
{
    pthread_mutex_destroy(&q->lock);
    free(q->held);
    free(q);
}

/* The keeper looks at queue pairs without the admin lock. */
static void set_qp(struct card *card, unsigned n, struct card_qp *q)
{
    pthread_mutex_lock(&card->watch.lock);
    card->qp[n] = q;
    card->watch.queue[n].serial = 0;
    pthread_mutex_unlock(&card->watch.lock);
}

/* The admin lock is held. */
static int begin(struct card *card, struct card_qp *q, unsigned depth)
{
    eventfd_t drained;
    int err;

    q->number = take_number(card);
    if (q->number == 0) {
        return -ENOSPC;
    }
    (void)eventfd_read(card->event[q->number], &drained);
    q->qp.fd = card->event[q->number];
    err = make_memory(card, q, depth);
    err = err ? err : start(card, q);
    if (err) {
        free_memory(q);
        card->queue_taken[q->number] = false;
    } else {
        set_qp(card, q->number, q);
    }
    return err;
}

static struct card_qp *new_qp(unsigned depth)
{
    struct card_qp *q = line_alloc(sizeof *q + depth * sizeof q->tracker[0]);

    if (!q) {
        return NULL;
    }
    q->held = line_alloc(depth * sizeof *q->held);
    if (!q->held) {
        free(q);
        return NULL;
    }
    pthread_mutex_init(&q->lock, NULL);
    TAILQ_INIT(&q->free);
    TAILQ_INIT(&q->busy);
    TAILQ_INIT(&q->waits);
    for (unsigned i = 0; i < depth; i++) {
        TAILQ_INSERT_TAIL(&q->free, &q->tracker[i], entry);
    }
    /* A recovery may come before sluice.c fills them in. */
    q->qp.depth = depth;
    return q;
}

int card_qp_create(struct sluice_card *base, unsigned depth, struct sluice_qp **out)
{
    struct card *card = card_of(base);
    struct card_qp *q = new_qp(depth);
    unsigned tries = 0;
    int err;

    if (!q) {
        return -ENOMEM;
    }
    do {
        err = card_enter(card);
        if (!err) {
            err = begin(card, q, depth);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    if (err) {
        free_qp(q);
        return err;
    }
    *out = &q->qp;
    return 0;
}

static void drop_operations(struct card *card, struct card_qp *q)
{
    struct sluice_done done;
    struct card_sa *sa;

    while (card_qp_end_oldest(card, q, SLUICE_STATUS_ABORTED, &done)) {
    }
    while ((sa = TAILQ_FIRST(&q->waits))) {
        TAILQ_REMOVE(&q->waits, sa, waits);
        for (unsigned n = atomic_exchange(&sa->waiting, 0); n > 0; n--) {
            STAILQ_REMOVE_HEAD(&sa->queue, next);
            card_sa_unref(card, sa);
        }
    }
}

/* Rings that the card would not give up stay where they are, since it may still write there; the number stays taken. */
void card_qp_destroy(struct sluice_qp *qp)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    struct sluice_sqe sqe = {.op = SLUICE_OP_QUEUE_DESTROY, .sa = htole16((uint16_t)q->number)};
    unsigned tries = 0;
    int err;

    do {
        err = card_enter(card);
        if (!err) {
            err = admin_command(&card->admin, &sqe, NULL);
            if (!err) {
                set_qp(card, q->number, NULL);
                free_memory(q);
                card->queue_taken[q->number] = false;
            }
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    if (err) {
        pthread_mutex_lock(&card->admin.lock);
        set_qp(card, q->number, NULL);
        pthread_mutex_unlock(&card->admin.lock);
    }
    drop_operations(card, q);
    free_qp(q);
}

int card_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    uint64_t clocks = ((uint64_t)microseconds * card->info.clock_khz + US_PER_MS - 1) / US_PER_MS;
    unsigned tries = 0;
    int err;

    if (clocks > CARD_LENGTH_MOST) {
        return -EINVAL;
    }
    do {
        err = card_enter(card);
        if (!err) {
            q->count = count;
            q->clocks = (unsigned)clocks;
            err = coalesce(card, q);
            card_leave(card);
        }
    } while (card_again(card, err, &tries));
    return err;
}

/* ---------------------------------------------------------------- operations of an SA */

/* Its thread may have found the lock taken, and is told to look again. */
static bool works_on(struct card *card, struct card_qp *q, const struct card_sa *sa)
{
    const struct tracker *t;
    bool works = false;

    pthread_mutex_lock(&q->lock);
    TAILQ_FOREACH(t, &q->busy, entry)
    {
        works = works || (t->sa == sa && !q->lost && !ring_holds(&q->ring, htole64((uint64_t)(t - q->tracker) + 1)));
    }
    pthread_mutex_unlock(&q->lock);
    (void)eventfd_write(card->event[q->number], 1);
    return works;
}

bool card_qp_works_on(struct card *card, const struct card_sa *sa)
{
    bool works = false;

    pthread_mutex_lock(&card->watch.lock);
    for (unsigned n = 1; n < CARD_QUEUES && !works; n++) {
        works = card->qp[n] && works_on(card, card->qp[n], sa);
    }
    pthread_mutex_unlock(&card->watch.lock);
    return works;
}

/* ---------------------------------------------------------------- reset */

/* The admin lock is held. An SA without kept parameters cannot be installed again. */
static bool may_repeat(const struct card *card, const struct tracker *t)
{
    const struct card_sa *sa = t->sa;

    return card->resubmit && !t->once && t->repeats < REPEATS_MOST &&
           (!sa || (sa->listed && sa->kept && atomic_load(&sa->place) == PLACE_IN));
}

/* The youngest first, so that an SA's queue begins with the oldest. A nop has no SA to wait for. */
static void keep_repeatable(struct card *card, struct card_qp *q, struct trackers *nops)
{
    struct tracker *t = TAILQ_LAST(&q->busy, trackers), *before;

    for (; t; t = before) {
        before = TAILQ_PREV(t, trackers, entry);
        if (!may_repeat(card, t)) {
            continue;
        }
        t->repeats++;
        TAILQ_REMOVE(&q->busy, t, entry);
        if (t->sa) {
            card_qp_wait(card, q, t, true);
        } else {
            TAILQ_INSERT_HEAD(nops, t, entry);
        }
    }
}

void card_qp_abort(struct card *card, struct card_qp *q)
{
    struct trackers nops = TAILQ_HEAD_INITIALIZER(nops);
    struct sluice_done *to;
    struct sluice_cqe cqe;

    memmove(q->held, q->held + q->held_at, q->held_count * sizeof *q->held);
    q->held_at = 0;
    to = q->held;
    while (ring_get(&q->ring, &cqe)) {
        q->held_count += card_qp_decode(card, q, &cqe, &to[q->held_count]);
    }
    keep_repeatable(card, q, &nops);
    while (card_qp_end_oldest(card, q, SLUICE_STATUS_ABORTED, &to[q->held_count])) {
        q->held_count++;
    }
    TAILQ_CONCAT(&q->busy, &nops, entry);
    q->lost = 0;
    card_qp_note_oldest(q);
}

int card_qp_restart(struct card *card, struct card_qp *q)
{
    struct trackers nops = TAILQ_HEAD_INITIALIZER(nops);
    struct tracker *t;
    int err;

    ring_restart(&q->ring);
    err = start(card, q);
    err = !err && (q->count || q->clocks) ? coalesce(card, q) : err;
    TAILQ_CONCAT(&nops, &q->busy, entry);
    while ((t = TAILQ_FIRST(&nops))) {
        TAILQ_REMOVE(&nops, t, entry);
        card_qp_launch(q, t);
    }
    card_qp_note_oldest(q);
    return err ? err : ring_submit(&q->ring);
}
