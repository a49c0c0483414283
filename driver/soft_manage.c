/* SPDX-License-Identifier: Apache-2.0 */
/* What a card's management processor does, as far as it has a meaning in software. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/rand.h>

#include "reinstall.h"
#include "soft_card.h"

#define INCARNATION_SHIFT 48
#define ZEROISE_COMMAND   1u /* log_event zeroised, data0 */

/* ---------------------------------------------------------------- SAs */

int soft_sa_query(struct sluice_sa *base, struct sluice_sa_state *state)
{
    const struct soft_sa *sa = (struct soft_sa *)base;
    struct soft_card *soft = soft_card(base->card);
    bool there;

    pthread_mutex_lock(&soft->lock);
    there = atomic_load_explicit(&soft->slot[base->slot], memory_order_relaxed) == sa;
    pthread_mutex_unlock(&soft->lock);
    *state = (struct sluice_sa_state){.counter = base->counts ? sa->next : 0, .limit = base->counts ? sa->limit : 0};
    return there ? 0 : -ENOENT;
}

int soft_sa_modify(struct sluice_sa *base, uint64_t counter, uint64_t limit)
{
    struct soft_sa *sa = (struct soft_sa *)base;
    uint64_t next = counter ? counter : sa->next, end = limit ? limit : sa->limit;

    if (next < sa->next || next > sa->limit || end < sa->limit ||
        (end != sa->limit && (end - 1) >> INCARNATION_SHIFT != sa->next >> INCARNATION_SHIFT)) {
        return -EINVAL;
    }
    sa->next = next;
    sa->limit = end;
    return 0;
}

void soft_sa_reserve(struct sluice_sa *base, uint64_t counter)
{
    ((struct soft_sa *)base)->reserved = counter;
}

/* ---------------------------------------------------------------- log and health */

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The lock is held. */
static void note(struct soft_card *soft, enum sluice_log_event event, uint32_t data0, uint32_t data1)
{
    soft->events[soft->logged++ % SLUICE_LOG_MOST] =
        (struct sluice_card_event){.clocks = (uint64_t)(now_us() - soft->opened_us), .event = event, .data = {data0, data1}};
    soft->kept += soft->kept < SLUICE_LOG_MOST;
}

void soft_log_begin(struct soft_card *soft)
{
    soft->opened_us = now_us();
    note(soft, SLUICE_LOG_EVENT_BOOT, 0, 0);
    note(soft, SLUICE_LOG_EVENT_READY, 1, 0);
}

int soft_log(struct sluice_card *card, struct sluice_card_event *events, unsigned max, bool clear)
{
    struct soft_card *soft = soft_card(card);
    unsigned n;

    pthread_mutex_lock(&soft->lock);
    n = max < soft->kept ? max : soft->kept;
    for (unsigned i = 0; i < n; i++) {
        events[i] = soft->events[(soft->logged - n + i) % SLUICE_LOG_MOST];
    }
    soft->kept = clear ? 0 : soft->kept;
    pthread_mutex_unlock(&soft->lock);
    return (int)n;
}

int soft_health(struct sluice_card *card, struct sluice_card_health *health)
{
    struct soft_card *soft = soft_card(card);

    pthread_mutex_lock(&soft->lock);
    *health = (struct sluice_card_health){
        .state = SLUICE_FW_STATE_READY, .flags = SLUICE_HEALTH_ENTROPY_SEEDED, .lanes_ok = 1, .resets = soft->resets};
    pthread_mutex_unlock(&soft->lock);
    return 0;
}

/* The keys of an SA whose object the caller still has. */
static void drop_sa(struct soft_card *soft, unsigned slot)
{
    struct soft_sa *sa = atomic_exchange(&soft->slot[slot], NULL);
    struct sluice_sa kept;

    if (sa) {
        kept = sa->sa;
        soft_sa_fini(sa);
        explicit_bzero(sa, sizeof *sa);
        sa->sa = kept;
    }
}

static void drop_all(struct soft_card *soft)
{
    for (unsigned i = 0; i < SOFT_SLOTS; i++) {
        drop_sa(soft, i);
    }
}

int soft_selftest(struct sluice_card *card, struct sluice_selftest *result)
{
    struct soft_card *soft = soft_card(card);
    uint32_t first;

    *result = (struct sluice_selftest){.tested = 1, .vectors = soft_answers(&first)};
    result->first_failure = first;
    result->failed = first ? 1 : 0;
    result->in_service = !result->failed;
    pthread_mutex_lock(&soft->lock);
    note(soft, SLUICE_LOG_EVENT_SELF_TEST, result->failed, result->vectors);
    if (result->failed) {
        drop_all(soft);
    }
    pthread_mutex_unlock(&soft->lock);
    return 0;
}

/* ---------------------------------------------------------------- zeroise, reset */

int soft_zeroise(struct sluice_card *card)
{
    struct soft_card *soft = soft_card(card);

    pthread_mutex_lock(&soft->lock);
    drop_all(soft);
    note(soft, SLUICE_LOG_EVENT_ZEROISED, ZEROISE_COMMAND, 0);
    pthread_mutex_unlock(&soft->lock);
    return 0;
}

/* As a card's SA is installed again, though nothing was lost here: the engines do the same. */
static void install_again(struct soft_sa *sa)
{
    const struct window_era *current = &sa->window.current;
    uint64_t top = current->incarnation << INCARNATION_SHIFT | (current->next ? current->next - 1 : 0);

    if (sa->sa.counts && !reinstall_seal(&sa->next, &sa->limit)) {
        sa->next = sa->limit;
    }
    if (sa->sa.window) {
        window_init(&sa->window, reinstall_floor(sa->window.floor, current->next != 0, top, sa->reserved));
    }
    explicit_bzero(&sa->part, sizeof sa->part);
}

static void clear_counts(struct soft_counts *counts)
{
    counts->record_bytes = 0;
    counts->content_bytes = 0;
    for (unsigned i = 0; i < SOFT_STATUSES; i++) {
        counts->status[SLUICE_DIRECTION_SEAL][i] = 0;
        counts->status[SLUICE_DIRECTION_OPEN][i] = 0;
    }
}

int soft_reset(struct sluice_card *card)
{
    struct soft_card *soft = soft_card(card);

    pthread_mutex_lock(&soft->lock);
    if (soft->recover) {
        for (unsigned i = 0; i < SOFT_SLOTS; i++) {
            struct soft_sa *sa = atomic_load_explicit(&soft->slot[i], memory_order_relaxed);

            if (sa) {
                install_again(sa);
            }
        }
    } else {
        drop_all(soft);
    }
    clear_counts(&soft->gone);
    for (struct soft_qp *q = soft->qps; q; q = q->next) {
        clear_counts(&q->counts);
    }
    soft->resets++;
    soft->kept = 0;
    soft_log_begin(soft);
    pthread_mutex_unlock(&soft->lock);
    return 0;
}

/* ---------------------------------------------------------------- random numbers */

int soft_random(struct sluice_card *card, void *to, size_t bytes)
{
    uint8_t *at = to;

    (void)card;
    while (bytes > 0) {
        int n = bytes < INT_MAX ? (int)bytes : INT_MAX;

        if (RAND_bytes(at, n) != 1) {
            return -EIO;
        }
        at += n;
        bytes -= (size_t)n;
    }
    return 0;
}

/* Keys end with this process: there is nobody to be kept alive for. */
int soft_keep_alive(struct sluice_card *card, unsigned milliseconds)
{
    (void)card;
    return milliseconds ? -EOPNOTSUPP : 0;
}
