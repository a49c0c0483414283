/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that make and end SAs and queue pairs while others, and they themselves, have operations in flight: every record that
 * is sealed opens again to what it was, no operation is lost or ends twice, and nothing races (`make tsan`). On the software
 * engine and on the simulated card. STRESS_SECONDS=n: so long on each.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit.h"
#include "sim_child.h"

#define WORKERS   4u
#define PAIRS     5u  /* associations of a worker */
#define BUFFERS   24u /* records of a worker */
#define SIZE_MOST 1500u
#define ROOM      2048u
#define LIVES     40u /* rounds of a queue pair, at most */
#define BURST     8u
#define GIVE_UP_S 60
#define MORE_S    120 /* on a busy machine, until all have done something */

struct pair {
    struct sluice_sa *seal, *open;
    unsigned life; /* counts the pairs that were here */
};

struct buffer {
    enum { FREE, SEALING, SEALED, OPENING } state;
    unsigned pair, life;
    uint32_t size, record;
    uint64_t counter;
    uint8_t *plain, *sealed, *back;
};

struct stress {
    struct sluice_card *card;
    time_t end;
    atomic_uint failures;
    atomic_ulong sealed, opened, pairs, queues, calls;
};

struct worker {
    struct stress *stress;
    unsigned number;
    pthread_t thread;
    struct sluice_qp *qp;
    struct pair pair[PAIRS];
    struct buffer buffer[BUFFERS];
};

static time_t seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static bool all_did_something(struct stress *s)
{
    return atomic_load(&s->opened) > WORKERS && atomic_load(&s->queues) > WORKERS && atomic_load(&s->pairs) > WORKERS &&
           atomic_load(&s->calls) > 0;
}

static bool goes_on(struct stress *s)
{
    time_t now = seconds();

    return now < s->end || (now < s->end + MORE_S && atomic_load(&s->failures) == 0 && !all_did_something(s));
}

static void must(struct stress *s, bool good, const char *what, int value)
{
    if (!good && atomic_fetch_add(&s->failures, 1) < 10) {
        tap_note("not so: %s (%d)", what, value);
    }
}

/* ---------------------------------------------------------------- associations */

static void make_pair(struct worker *w, struct pair *p)
{
    static const enum sluice_mac macs[] = {SLUICE_MAC_SHA256, SLUICE_MAC_SHA1};
    static const enum sluice_cipher ciphers[] = {SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES256};
    bool etm = tap_below(2);
    enum sluice_mac mac = macs[tap_below(2)];
    struct sluice_sa_config c = kit_config(ciphers[tap_below(2)], mac, etm ? SLUICE_FORM_UDP_ETM : SLUICE_FORM_UDP_MTE,
                                           SLUICE_DIRECTION_SEAL, etm ? 16 : sluice_mac_size(mac));
    int err = sluice_sa_create(w->stress->card, &c, &p->seal);

    must(w->stress, err == 0, "an SA can be made", err);
    if (err) {
        p->seal = NULL;
        return;
    }
    c.direction = SLUICE_DIRECTION_OPEN;
    c.replay = 1;
    err = sluice_sa_create(w->stress->card, &c, &p->open);
    must(w->stress, err == 0, "its other direction too", err);
    if (err) {
        sluice_sa_destroy(p->seal);
        p->seal = NULL;
        return;
    }
    p->life++;
    atomic_fetch_add(&w->stress->pairs, 1);
}

static void end_pair(struct pair *p)
{
    if (p->seal) {
        sluice_sa_destroy(p->seal);
        sluice_sa_destroy(p->open);
        p->seal = p->open = NULL;
    }
}

/* ---------------------------------------------------------------- records */

static struct sluice_op seal_op(struct worker *w, unsigned i)
{
    struct buffer *b = &w->buffer[i];

    b->pair = tap_below(PAIRS);
    b->life = w->pair[b->pair].life;
    b->size = tap_below(SIZE_MOST + 1);
    tap_fill(b->plain, b->size < 16 ? b->size : 16);
    return (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL,
                              .sa = w->pair[b->pair].seal,
                              .src = b->plain,
                              .src_len = b->size,
                              .dst = b->sealed,
                              .dst_len = ROOM,
                              .cookie = i};
}

static struct sluice_op open_op(const struct worker *w, unsigned i)
{
    const struct buffer *b = &w->buffer[i];

    return (struct sluice_op){.type = SLUICE_OP_TYPE_OPEN,
                              .sa = w->pair[b->pair].open,
                              .src = b->sealed,
                              .src_len = b->record,
                              .dst = b->back,
                              .dst_len = ROOM,
                              .cookie = i};
}

/* What can be done with this buffer next, if anything. */
static bool next_op(struct worker *w, unsigned i, struct sluice_op *op)
{
    struct buffer *b = &w->buffer[i];

    if (b->state == SEALED && (b->life != w->pair[b->pair].life || !w->pair[b->pair].open)) {
        b->state = FREE; /* its association is no more */
    }
    if (b->state == FREE) {
        *op = seal_op(w, i);
        return op->sa;
    }
    if (b->state == SEALED) {
        *op = open_op(w, i);
        return true;
    }
    return false;
}

static void submit(struct worker *w)
{
    struct sluice_op ops[BURST];
    unsigned n = 0, from = tap_below(BUFFERS);
    int taken;

    for (unsigned k = 0; k < BUFFERS && n < BURST; k++) {
        n += next_op(w, (from + k) % BUFFERS, &ops[n]);
    }
    taken = sluice_qp_submit(w->qp, ops, n);
    must(w->stress, taken >= 0, "operations can be submitted", taken);
    for (int k = 0; k < taken; k++) {
        w->buffer[ops[k].cookie].state = ops[k].type == SLUICE_OP_TYPE_SEAL ? SEALING : OPENING;
    }
}

static void ended(struct worker *w, const struct sluice_done *done)
{
    struct stress *s = w->stress;
    struct buffer *b = &w->buffer[done->cookie];

    must(s, done->status == SLUICE_STATUS_OK, "an operation ends ok", (int)done->status);
    must(s, b->state == SEALING || b->state == OPENING, "it was in flight", (int)b->state);
    if (b->state == SEALING) {
        b->state = done->status == SLUICE_STATUS_OK ? SEALED : FREE;
        b->record = done->length;
        b->counter = done->counter;
        atomic_fetch_add(&s->sealed, 1);
        return;
    }
    must(s, done->length == b->size && memcmp(b->plain, b->back, b->size) == 0, "a record opens to what it was", (int)b->size);
    must(s, done->counter == b->counter, "by the counter that it was sealed with", (int)done->counter);
    b->state = FREE;
    atomic_fetch_add(&s->opened, 1);
}

static int collect(struct worker *w)
{
    struct sluice_done done[BURST];
    int n = sluice_qp_poll(w->qp, done, BURST);

    must(w->stress, n >= 0, "completions can be polled", n);
    for (int i = 0; i < n; i++) {
        ended(w, &done[i]);
    }
    return n;
}

static void drain(struct worker *w)
{
    time_t until = seconds() + GIVE_UP_S;

    while (sluice_qp_in_flight(w->qp) > 0 && seconds() < until) {
        struct pollfd fd = {.fd = sluice_qp_fd(w->qp), .events = POLLIN};

        if (collect(w) == 0 && sluice_qp_arm(w->qp) == 0) {
            (void)poll(&fd, 1, 1000);
        }
    }
    must(w->stress, sluice_qp_in_flight(w->qp) == 0, "every operation ends", (int)sluice_qp_in_flight(w->qp));
}

/* ---------------------------------------------------------------- a worker */

/* One association is made or ended, whatever is in flight on it. */
static void change_pairs(struct worker *w)
{
    struct pair *p = &w->pair[tap_below(PAIRS)];

    if (!p->seal) {
        make_pair(w, p);
    } else if (tap_below(4) == 0) {
        end_pair(p);
    }
}

/* Records in flight are lost with their queue pair, or waited for. */
static void end_queue(struct worker *w)
{
    if (tap_below(2)) {
        drain(w);
    }
    sluice_qp_destroy(w->qp);
    for (unsigned i = 0; i < BUFFERS; i++) {
        if (w->buffer[i].state != SEALED) {
            w->buffer[i].state = FREE;
        }
    }
}

static void live(struct worker *w)
{
    for (unsigned rounds = 1 + tap_below(LIVES); rounds > 0 && goes_on(w->stress); rounds--) {
        change_pairs(w);
        submit(w);
        (void)collect(w);
        if (tap_below(8) == 0) {
            drain(w);
        }
    }
}

static bool take_memory(struct worker *w)
{
    bool good = true;

    for (unsigned i = 0; i < BUFFERS; i++) {
        struct buffer *b = &w->buffer[i];

        b->plain = sluice_mem_alloc(w->stress->card, ROOM);
        b->sealed = sluice_mem_alloc(w->stress->card, ROOM);
        b->back = sluice_mem_alloc(w->stress->card, ROOM);
        good &= b->plain && b->sealed && b->back;
    }
    return good;
}

static void give_memory(struct worker *w)
{
    for (unsigned i = 0; i < BUFFERS; i++) {
        sluice_mem_free(w->stress->card, w->buffer[i].plain);
        sluice_mem_free(w->stress->card, w->buffer[i].sealed);
        sluice_mem_free(w->stress->card, w->buffer[i].back);
    }
}

static void *work(void *arg)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    struct worker *w = arg;
    bool ready;

    tap_thread(w->number + 1);
    ready = take_memory(w);
    must(w->stress, ready, "there is memory", 0);
    while (ready && goes_on(w->stress)) {
        int err = sluice_qp_create(w->stress->card, 1 + tap_below(32), &w->qp);

        must(w->stress, err == 0 || err == -ENOSPC, "a queue pair can be made, or all are in use", err);
        if (err) {
            (void)nanosleep(&pause, NULL);
            continue;
        }
        atomic_fetch_add(&w->stress->queues, 1);
        live(w);
        end_queue(w);
    }
    for (unsigned i = 0; i < PAIRS; i++) {
        end_pair(&w->pair[i]);
    }
    give_memory(w);
    return NULL;
}

/* ---------------------------------------------------------------- who looks after the card meanwhile */

static void look(struct stress *s, struct sluice_sa *own)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    struct sluice_card_health health;
    struct sluice_sa_state state;
    struct sluice_stats stats;
    struct sluice_info info;
    uint8_t random[16];
    void *mem;
    int err = 0;

    switch (tap_below(8)) {
    case 0:
        err = sluice_card_stats(s->card, &stats);
        break;
    case 1:
        err = sluice_card_health(s->card, &health);
        break;
    case 2:
        err = sluice_card_info(s->card, &info);
        break;
    case 3:
        err = sluice_card_ping(s->card);
        break;
    case 4:
        err = sluice_card_log(s->card, events, SLUICE_LOG_MOST, tap_below(2)) < 0;
        break;
    case 5:
        err = sluice_card_random(s->card, random, sizeof random);
        err = err == -EAGAIN ? 0 : err;
        break;
    case 6:
        mem = sluice_mem_alloc(s->card, 1 + tap_below(20000));
        err = mem ? 0 : -ENOMEM;
        sluice_mem_free(s->card, mem);
        break;
    default:
        err = sluice_sa_query(own, &state);
        break;
    }
    must(s, err == 0 || err == -EOPNOTSUPP, "an admin call is answered", err);
    atomic_fetch_add(&s->calls, 1);
}

static void *look_after(void *arg)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct stress *s = arg;
    struct sluice_sa_config c;
    struct sluice_sa *own;

    tap_thread(0);
    c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL, 20);
    if (sluice_sa_create(s->card, &c, &own) != 0) {
        must(s, false, "an SA can be made", 0);
        return NULL;
    }
    while (goes_on(s)) {
        look(s, own);
        (void)nanosleep(&pause, NULL);
    }
    sluice_sa_destroy(own);
    return NULL;
}

/* ---------------------------------------------------------------- all of them */

static void run(struct stress *s, struct worker *workers)
{
    pthread_t admin;
    bool looked = pthread_create(&admin, NULL, look_after, s) == 0;
    unsigned started = 0;

    while (started < WORKERS && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0) {
        started++;
    }
    must(s, looked && started == WORKERS, "threads can be made", (int)started);
    for (unsigned i = 0; i < started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
    if (looked) {
        (void)pthread_join(admin, NULL);
    }
}

static void test(const char *uri, unsigned for_seconds)
{
    struct worker *workers = calloc(WORKERS, sizeof *workers);
    struct stress s = {.end = 0};
    struct sluice_stats stats;
    int err = sluice_open(uri, NULL, &s.card);

    if (!tap_ok(err == 0 && workers, "%.5s opens", uri) || !workers) {
        free(workers);
        return;
    }
    s.end = seconds() + (time_t)for_seconds;
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i].stress = &s;
        workers[i].number = i;
    }
    run(&s, workers);
    tap_note("%lu sealed, %lu opened, %lu pairs of SAs, %lu queue pairs, %lu admin calls", atomic_load(&s.sealed),
             atomic_load(&s.opened), atomic_load(&s.pairs), atomic_load(&s.queues), atomic_load(&s.calls));
    tap_ok(atomic_load(&s.failures) == 0, "%.5s every record opens to what it was, while SAs and queue pairs come and go", uri);
    tap_ok(all_did_something(&s), "%.5s all of them did something", uri);
    err = sluice_card_stats(s.card, &stats);
    tap_ok(err == 0 && stats.seal_status[SLUICE_STATUS_OK] >= s.sealed && stats.open_status[SLUICE_STATUS_OK] >= s.opened,
           "%.5s has counted them all", uri);
    sluice_close(s.card);
    free(workers);
}

int main(void)
{
    const char *asked = getenv("STRESS_SECONDS");
    unsigned for_seconds = asked ? (unsigned)strtoul(asked, NULL, 10) : 0;
    static const char *const plain[] = {NULL};
    struct sim_child *sim;

    tap_begin();
    test("soft:", for_seconds ? for_seconds : 3);
    if (sim_built()) {
        sim = sim_start(plain);
        test(sim_uri(sim), for_seconds ? for_seconds : 20);
        tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
    } else {
        tap_ok(true, "the same on a card # SKIP sluice-sim is not built");
    }
    return tap_end();
}
