/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread of each card, which does what submit may not wait for: it brings in the SAs whose operations wait, and ends those that
 * were destroyed before their operations could begin. It also pings the firmware, between commands, and says that it hangs when
 * PONGS_MISSED pings in a row were not answered. What happens then is the next admin call's to decide (card_enter). With each
 * ping it finds out whether somebody else has reset the card.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "card.h"
#include "deadline.h"
#include "thread.h"

#define PONGS_MISSED  3u
#define RETRY_MS      2u /* while no slot can be had */
#define NS_PER_MS     1000000
#define NS_PER_SECOND 1000000000

/* ---------------------------------------------------------------- requests */

void keeper_ask(struct card *card, struct card_sa *sa, unsigned number)
{
    struct keeper *k = &card->keeper;

    pthread_mutex_lock(&k->lock);
    sa->number = number ? number : sa->number;
    if (!sa->requested) {
        sa->requested = true;
        atomic_fetch_add(&sa->refs, 1);
        TAILQ_INSERT_TAIL(&k->requests, sa, request);
        pthread_cond_signal(&k->wake);
    }
    pthread_mutex_unlock(&k->lock);
}

void keeper_feed(struct card *card)
{
    struct keeper *k = &card->keeper;

    if (atomic_load(&k->starved)) {
        pthread_mutex_lock(&k->lock);
        pthread_cond_signal(&k->wake);
        pthread_mutex_unlock(&k->lock);
    }
}

/* Lets the request go; the last to have the SA ends it. The admin lock is held. */
static void done_with(struct card *card, struct card_sa *sa)
{
    if (atomic_fetch_sub(&sa->refs, 1) == 1) {
        if (sa->listed) {
            card_sa_remove(card, sa);
        }
        card_sa_free(sa);
    }
}

/* 0, or that it has to be tried again. */
static int serve(struct card *card, struct card_sa *sa, unsigned number)
{
    int err = card_enter(card);

    if (err == -ETIMEDOUT && card->recover) {
        return err;
    }
    if (err) {
        pthread_mutex_lock(&card->admin.lock);
    } else if (atomic_load(&sa->refs) > 1) {
        err = card_bring_in(card, sa);
    }
    if (err == -ETIMEDOUT && !card->recover && atomic_load(&sa->place) != PLACE_IN) {
        card_sa_dead(sa, SLUICE_STATUS_HARDWARE_FAULT);
    }
    if (err != -EBUSY && err != -EAGAIN && !(err == -ETIMEDOUT && card->recover)) {
        (void)eventfd_write(card->event[number], 1);
        done_with(card, sa);
        err = 0;
    }
    card_leave(card);
    return err;
}

/* While none can be had those come first that want no slot: their requests hold SAs that may then make room. */
static struct card_sa *next_request(struct keeper *k)
{
    struct card_sa *first = TAILQ_FIRST(&k->requests), *sa = atomic_load(&k->starved) ? first : NULL;

    for (; sa; sa = TAILQ_NEXT(sa, request)) {
        int place = atomic_load(&sa->place);

        if (place == PLACE_IN || place == PLACE_DEAD) {
            return sa;
        }
    }
    return first;
}

/* The lock is held, but not while it serves. Whether it is worth going on at once. */
static bool serve_first(struct card *card)
{
    struct keeper *k = &card->keeper;
    struct card_sa *sa = next_request(k);
    unsigned number = sa->number;
    int again;

    atomic_store(&k->starved, true);
    TAILQ_REMOVE(&k->requests, sa, request);
    sa->requested = false;
    pthread_mutex_unlock(&k->lock);
    again = serve(card, sa, number);
    pthread_mutex_lock(&k->lock);
    if (!again) {
        atomic_store(&k->starved, false);
        return true;
    }
    if (sa->requested) {
        pthread_mutex_unlock(&k->lock);
        card_sa_unref(card, sa); /* somebody asked in the meantime, with a reference of its own */
        pthread_mutex_lock(&k->lock);
    } else {
        sa->requested = true;
        TAILQ_INSERT_HEAD(&k->requests, sa, request);
    }
    return false;
}

/* ---------------------------------------------------------------- pings */

void keeper_period(struct card *card, unsigned ping_ms)
{
    struct keeper *k = &card->keeper;

    pthread_mutex_lock(&k->lock);
    atomic_store(&k->ping_ms, ping_ms ? ping_ms : 1);
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
}

/* Whether the firmware is as it should be, as far as a look tells. */
static bool sound(struct card *card)
{
    struct keeper *k = &card->keeper;
    uint32_t state = SLUICE_FW_STATE_READY, pong = k->ping;

    if (card_read32(card->transport, SLUICE_REG_FW_STATE, &state) || card_read32(card->transport, SLUICE_REG_PONG, &pong)) {
        return true; /* the card is gone: that is another matter */
    }
    if (state == SLUICE_FW_STATE_HUNG || state == SLUICE_FW_STATE_FAILED) {
        return false;
    }
    if (pong == k->ping) {
        atomic_store(&k->missed, 0);
    }
    return pong == k->ping || atomic_fetch_add(&k->missed, 1) + 1 < PONGS_MISSED;
}

/* The firmware answers between two commands, so that it is not judged while there is one. */
static void ping(struct card *card)
{
    struct keeper *k = &card->keeper;
    struct transport *t = card->transport;

    if (pthread_mutex_trylock(&card->admin.lock) == 0) {
        if (!atomic_load(&card->admin.hung) && admin_stopped(&card->admin)) {
            card_start_over(card);
        } else if (!atomic_load(&card->admin.hung) && !sound(card)) {
            atomic_store(&card->admin.hung, true);
        }
        pthread_mutex_unlock(&card->admin.lock);
    } else {
        atomic_store(&k->missed, 0);
    }
    (void)t->ops->write32(t, SLUICE_REG_PING, ++k->ping);
}

/* ---------------------------------------------------------------- the thread */

static void wait_until(struct keeper *k, int64_t when)
{
    struct timespec until;
    int64_t ns;

    clock_gettime(CLOCK_MONOTONIC, &until);
    ns = until.tv_nsec + (int64_t)deadline_left(when) * NS_PER_MS;
    until.tv_sec += ns / NS_PER_SECOND;
    until.tv_nsec = ns % NS_PER_SECOND;
    (void)pthread_cond_timedwait(&k->wake, &k->lock, &until);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t next_watch(const struct card *card)
{
    return watch_period(card) ? deadline_in(watch_period(card)) : INT64_MAX;
}

static void *keep(void *arg)
{
    struct card *card = arg;
    struct keeper *k = &card->keeper;
    int64_t next_ping = deadline_in(atomic_load(&k->ping_ms)), next_look = next_watch(card), next;

    pthread_mutex_lock(&k->lock);
    while (!k->stop) {
        bool more = !TAILQ_EMPTY(&k->requests), served = more && serve_first(card);

        next_ping = earlier(next_ping, deadline_in(atomic_load(&k->ping_ms)));
        if (card->managed && !card_gone(card) && deadline_left(next_ping) == 0) {
            pthread_mutex_unlock(&k->lock);
            ping(card);
            pthread_mutex_lock(&k->lock);
            next_ping = deadline_in(atomic_load(&k->ping_ms));
        }
        if (!card_gone(card) && deadline_left(next_look) == 0) {
            pthread_mutex_unlock(&k->lock);
            watch_look(card);
            pthread_mutex_lock(&k->lock);
            next_look = next_watch(card);
        }
        next = card_gone(card) ? INT64_MAX : card->managed ? earlier(next_ping, next_look) : next_look;
        if (!served && !k->stop && (more || TAILQ_EMPTY(&k->requests))) {
            wait_until(k, more ? deadline_in(RETRY_MS) : next);
        }
    }
    pthread_mutex_unlock(&k->lock);
    return NULL;
}

int keeper_start(struct card *card, unsigned ping_ms)
{
    struct keeper *k = &card->keeper;
    pthread_condattr_t attr;
    int err;

    TAILQ_INIT(&k->requests);
    pthread_mutex_init(&k->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&k->wake, &attr);
    pthread_condattr_destroy(&attr);
    atomic_store(&k->ping_ms, ping_ms);
    err = thread_start(&k->thread, keep, card);
    k->running = err == 0;
    return err;
}

/* Of SAs that are in the card's table it frees none: card_close does. */
static void drop_requests(struct keeper *k)
{
    struct card_sa *sa;

    while ((sa = TAILQ_FIRST(&k->requests))) {
        TAILQ_REMOVE(&k->requests, sa, request);
        if (atomic_fetch_sub(&sa->refs, 1) == 1 && !sa->listed) {
            card_sa_free(sa);
        }
    }
}

void keeper_stop(struct card *card)
{
    struct keeper *k = &card->keeper;

    if (!k->running) {
        return;
    }
    pthread_mutex_lock(&k->lock);
    k->stop = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    pthread_join(k->thread, NULL);
    drop_requests(k);
    pthread_cond_destroy(&k->wake);
    pthread_mutex_destroy(&k->lock);
    k->running = false;
}
