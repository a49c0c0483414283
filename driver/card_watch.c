/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oldest operation of each queue pair, watched by the keeper. A queue pair's thread says which it is, by number, in a line
 * that is its own; how old that is the keeper finds out by looking again, so that operations carry no time. Age counts only while
 * the keeper runs: a process that was stopped finds no operation too old when it goes on.
 */
#include <endian.h>
#include <sys/eventfd.h>

#include "card.h"
#include "card_qp.h"
#include "deadline.h"

#define HELP_MOST_MS 1000u
#define LOOKS        2u /* in the time after which help comes */

void watch_init(struct card *card, unsigned limit_ms)
{
    pthread_mutex_init(&card->watch.lock, NULL);
    card->watch.limit_ms = limit_ms == SLUICE_NO_LIMIT ? 0 : limit_ms;
    card->watch.looked = deadline_in(0);
}

static unsigned help_ms(const struct card *card)
{
    unsigned half = card->watch.limit_ms / 2;

    return half < HELP_MOST_MS ? half : HELP_MOST_MS;
}

unsigned watch_period(const struct card *card)
{
    return help_ms(card) / LOOKS;
}

/* ---------------------------------------------------------------- one queue pair */

/* Whether all that is left are operations whose entries could not be read, which its thread ends by itself. */
static bool all_lost(const struct card_qp *q)
{
    const struct tracker *t;
    unsigned n = 0;

    TAILQ_FOREACH(t, &q->busy, entry)
    {
        n++;
    }
    return n <= q->lost;
}

/* Whether the card has finished the oldest operation, or said that it could not read an entry, and its thread is to poll. */
static bool finished(const struct card_qp *q)
{
    const struct tracker *t = TAILQ_FIRST(&q->busy);

    return !t || ring_holds(&q->ring, 0) || ring_holds(&q->ring, htole64((uint64_t)(t - q->tracker) + 1)) ||
           (q->lost && (ring_ready(&q->ring) || all_lost(q)));
}

/*
 * Signals its thread when there are completions, the oldest's among them or not; else rings the doorbells again: what they say is
 * the same, so that a card that had heard them does nothing. Whether the card has finished the oldest.
 */
static bool help(struct card *card, struct card_qp *q)
{
    bool done;

    pthread_mutex_lock(&q->lock);
    done = finished(q);
    if (!done) {
        (void)ring_submit(&q->ring);
        (void)ring_ack(&q->ring, true);
    }
    pthread_mutex_unlock(&q->lock);
    (void)eventfd_write(card->event[q->number], 1); /* its thread may have found the lock taken */
    return done;
}

/* Whether its oldest operation has had its time. */
static bool overdue(struct card *card, struct card_qp *q, unsigned passed)
{
    uint64_t serial = atomic_load_explicit(&q->oldest, memory_order_relaxed);
    unsigned n = q->number;

    if (serial == 0 || serial != card->watch.queue[n].serial) {
        card->watch.queue[n].serial = serial;
        card->watch.queue[n].age_ms = 0;
        card->watch.queue[n].helped_ms = 0;
        return false;
    }
    card->watch.queue[n].age_ms += passed;
    if (card->watch.queue[n].age_ms - card->watch.queue[n].helped_ms < help_ms(card)) {
        return false;
    }
    if (help(card, q)) {
        card->watch.queue[n].age_ms = 0;
    }
    card->watch.queue[n].helped_ms = card->watch.queue[n].age_ms;
    return card->watch.queue[n].age_ms >= card->watch.limit_ms;
}

/* ---------------------------------------------------------------- all of them */

/* The queue pair's number and its oldest operation; 0: none is overdue. */
static unsigned find_overdue(struct card *card, unsigned passed, uint64_t *serial)
{
    unsigned found = 0;

    pthread_mutex_lock(&card->watch.lock);
    for (unsigned n = 1; n < CARD_QUEUES; n++) {
        if (card->qp[n] && overdue(card, card->qp[n], passed)) {
            found = n;
            *serial = card->watch.queue[n].serial;
        }
    }
    pthread_mutex_unlock(&card->watch.lock);
    return found;
}

/* The admin lock may have been waited for, and somebody else may have reset the card. */
static void end_it(struct card *card, unsigned n, uint64_t serial)
{
    pthread_mutex_lock(&card->admin.lock);
    if (!card_gone(card) && card->qp[n] && atomic_load(&card->qp[n]->oldest) == serial) {
        card_start_over(card);
    }
    pthread_mutex_unlock(&card->admin.lock);
}

void watch_look(struct card *card)
{
    int64_t now = deadline_in(0), passed = now - card->watch.looked;
    unsigned most = 2 * watch_period(card), n;
    uint64_t serial = 0;

    card->watch.looked = now;
    n = find_overdue(card, passed < most ? (unsigned)passed : most, &serial);
    if (n) {
        end_it(card, n, serial);
    }
}
