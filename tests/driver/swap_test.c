/* SPDX-License-Identifier: Apache-2.0 */
/*
 * More SAs than a card has room for, on a model of a managed card (fake_card.h): what is swapped, when, and that a caller sees
 * nothing of it but counters. SWAP_SAS=, SWAP_OPS= for other sizes of the first test.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fake_card.h"
#include "kit.h"

#define DEPTH   64u
#define SAS     10000u
#define SLOTS   256u
#define OPS     30000u
#define CONTENT 24u
#define RECORD  (CONTENT + 16u)
#define ROOM    64u /* of a source or destination */

static const struct sluice_options quick = {.dma_bytes = 2u << 20, .timeout_ms = 5000};

struct bench {
    struct fake_card *fake;
    struct sluice_card *card;
    struct sluice_qp *qp;
    uint8_t *mem; /* DEPTH times a source and a destination */
};

/* An SA, and what its next record must be. */
struct party {
    struct sluice_sa *sa;
    uint8_t cid[8];
    uint64_t counter;
    unsigned in_flight;
    uint64_t last_cookie;
};

static bool begin_qp(struct bench *b)
{
    b->mem = sluice_mem_alloc(b->card, (size_t)DEPTH * 2 * ROOM);
    return sluice_qp_create(b->card, DEPTH, &b->qp) == 0 && b->mem;
}

static bool begin(struct bench *b, unsigned slots)
{
    *b = (struct bench){.fake = fake_card_managed(slots)};
    return tap_ok(sluice_open(fake_card_uri(b->fake), &quick, &b->card) == 0 && begin_qp(b), "a managed card with %u slots",
                  slots);
}

static void end(struct bench *b)
{
    struct fake_seen seen = fake_card_seen(b->fake);

    tap_ok(seen.wrong == 0, "the driver did nothing that a driver must not do (%u)", seen.wrong);
    sluice_qp_destroy(b->qp);
    sluice_close(b->card);
    fake_card_stop(b->fake);
}

static struct sluice_sa_config config_of(struct party *p, enum sluice_direction direction)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, direction, 20);

    c.counter = p->counter = 1000 + tap_below(1000);
    memcpy(p->cid, c.cid, sizeof p->cid);
    return c;
}

static int make(struct bench *b, struct party *p)
{
    struct sluice_sa_config c = config_of(p, SLUICE_DIRECTION_SEAL);

    return sluice_sa_create(b->card, &c, &p->sa);
}

static bool make_all(struct bench *b, struct party *parties, unsigned count)
{
    bool good = true;

    memset(parties, 0, count * sizeof *parties);
    for (unsigned i = 0; i < count && good; i++) {
        good = make(b, &parties[i]) == 0;
    }
    return good;
}

static void end_all(struct party *parties, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        sluice_sa_destroy(parties[i].sa);
    }
}

static struct sluice_op seal_op(const struct bench *b, const struct party *p, unsigned place, uint64_t cookie)
{
    uint8_t *src = b->mem + (size_t)place * 2 * ROOM;
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .sa = p->sa, .src = src, .dst = src + ROOM, .cookie = cookie};

    op.src_len = CONTENT;
    op.dst_len = ROOM;
    return op;
}

static int submit_one(const struct bench *b, const struct party *p, unsigned place)
{
    struct sluice_op op = seal_op(b, p, place, place);

    return sluice_qp_submit(b->qp, &op, 1);
}

static bool is_record(const struct bench *b, const struct party *p, unsigned place, const struct sluice_done *done)
{
    const uint8_t *dst = b->mem + (size_t)place * 2 * ROOM + ROOM;

    return done->status == SLUICE_STATUS_OK && done->length == RECORD && done->counter == p->counter &&
           memcmp(dst, p->cid, sizeof p->cid) == 0;
}

/* ---------------------------------------------------------------- ten thousand */

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text && *text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

struct crowd {
    struct bench *b;
    struct party *parties;
    unsigned count, submitted, done;
    unsigned free[DEPTH], free_count; /* places */
    unsigned who[DEPTH];
    uint64_t cookies;
    bool good;
};

/* Some SAs are much more in demand than others. */
static unsigned choose(const struct crowd *c)
{
    return tap_below(tap_below(4) ? (c->count < 300 ? c->count : 300) : c->count);
}

static void submit_some(struct crowd *c)
{
    struct sluice_op ops[DEPTH];
    unsigned n = tap_below(c->free_count + 1);

    for (unsigned i = 0; i < n; i++) {
        unsigned place = c->free[--c->free_count], who = choose(c);

        c->who[place] = who;
        ops[i] = seal_op(c->b, &c->parties[who], place, c->cookies++ << 16 | place);
    }
    c->good = c->good && sluice_qp_submit(c->b->qp, ops, n) == (int)n;
    c->submitted += n;
}

static void take_some(struct crowd *c, unsigned least)
{
    struct sluice_done done[DEPTH];
    unsigned n = least + tap_below(c->submitted - c->done - least + 1);

    c->good = c->good && kit_take(c->b->qp, done, n);
    for (unsigned i = 0; i < n && c->good; i++) {
        unsigned place = done[i].cookie & 0xffff;
        struct party *p = &c->parties[c->who[place]];

        c->good = is_record(c->b, p, place, &done[i]) && done[i].cookie >= p->last_cookie;
        if (!c->good) {
            tap_note("SA %u: status %u, counter %llu, not %llu", c->who[place], done[i].status,
                     (unsigned long long)done[i].counter, (unsigned long long)p->counter);
        }
        p->last_cookie = done[i].cookie;
        p->counter++;
        c->free[c->free_count++] = place;
    }
    c->done += n;
}

static void ten_thousand(void)
{
    unsigned count = from_environment("SWAP_SAS", SAS), ops = from_environment("SWAP_OPS", OPS);
    struct party *parties = calloc(count, sizeof *parties);
    struct crowd c = {.count = count, .parties = parties, .good = true, .free_count = DEPTH};
    struct sluice_stats stats = {0};
    struct fake_seen seen;
    struct bench b;

    for (unsigned i = 0; i < DEPTH; i++) {
        c.free[i] = i;
    }
    if (!parties || !begin(&b, SLOTS)) {
        return;
    }
    c.b = &b;
    tap_ok(make_all(&b, parties, count), "%u SAs can be had", count);
    while (c.good && c.submitted < ops) {
        submit_some(&c);
        take_some(&c, 0);
    }
    take_some(&c, c.submitted - c.done);
    tap_ok(c.good && c.done == c.submitted, "%u records of %u SAs on %u slots: each the next of its SA, in order", c.done, count,
           SLOTS);
    seen = fake_card_seen(b.fake);
    sluice_card_stats(b.card, &stats);
    tap_ok(stats.sa_swaps_out == seen.exports && stats.sa_swaps_in == seen.imports && seen.imports > 1000,
           "the counters of swaps are the card's (%u out, %u in)", seen.exports, seen.imports);
    end_all(parties, count);
    end(&b);
    free(parties);
}

/* ---------------------------------------------------------------- which one goes */

static void least_recent(void)
{
    static const unsigned use[] = {2, 0, 3, 1}, leave[] = {2, 0, 3, 1};
    struct party parties[8];
    struct sluice_done done[4];
    struct bench b;
    bool good;

    if (!begin(&b, 4)) {
        return;
    }
    good = make_all(&b, parties, 4);
    for (unsigned i = 0; i < 4 && good; i++) {
        good = submit_one(&b, &parties[use[i]], i) == 1 && kit_take(b.qp, done, 1);
    }
    for (unsigned i = 0; i < 4 && good; i++) {
        good = make(&b, &parties[4 + i]) == 0 && fake_card_seen(b.fake).last_exported == (int)leave[i];
    }
    tap_ok(good, "the least recently used goes first");
    good = submit_one(&b, &parties[2], 0) == 1 && kit_take(b.qp, done, 1);
    tap_ok(good && fake_card_seen(b.fake).last_exported == 4, "and one that comes back is the most recently used");
    end_all(parties, 8);
    end(&b);
}

static void pinned(void)
{
    struct party parties[6];
    struct sluice_done done[8];
    struct bench b;
    bool good;

    if (!begin(&b, 4)) {
        return;
    }
    good = make_all(&b, parties, 4);
    for (unsigned i = 0; i < 4; i++) {
        good = good && submit_one(&b, &parties[i], i) == 1;
    }
    tap_ok(good && make(&b, &parties[4]) == -EBUSY, "SAs with operations that were not polled stay: -EBUSY");
    tap_ok(kit_take(b.qp, done, 4) && make(&b, &parties[4]) == 0 && make(&b, &parties[5]) == 0, "and go after that");
    /* Two are out. Theirs wait, what is in goes on, and when everything is polled theirs come. */
    good = submit_one(&b, &parties[0], 0) == 1 && submit_one(&b, &parties[4], 4) == 1 && submit_one(&b, &parties[1], 1) == 1 &&
           submit_one(&b, &parties[5], 5) == 1 && submit_one(&b, &parties[0], 6) == 1;
    good = good && kit_take(b.qp, done, 5);
    tap_ok(good && sluice_qp_in_flight(b.qp) == 0, "operations whose SA is out come after those whose SA is in, and all come");
    end_all(parties, 6);
    end(&b);
}

/* Sends one part of a record. */
static bool part(const struct bench *b, const struct party *p, unsigned bits)
{
    struct sluice_op op = seal_op(b, p, 0, 0);
    struct sluice_done done;

    op.part = (uint8_t)(SLUICE_PART | bits);
    return sluice_qp_submit(b->qp, &op, 1) == 1 && kit_take(b->qp, &done, 1) && done.status == SLUICE_STATUS_OK;
}

static void in_parts(void)
{
    struct party parties[3];
    struct bench b;
    bool good;

    if (!begin(&b, 2)) {
        return;
    }
    good = make_all(&b, parties, 2) && part(&b, &parties[0], SLUICE_PART_FIRST) && part(&b, &parties[1], 0);
    tap_ok(good && make(&b, &parties[2]) == -EBUSY, "an SA stays while a record in parts is under way");
    good = part(&b, &parties[0], SLUICE_PART_LAST) && make(&b, &parties[2]) == 0;
    tap_ok(good && fake_card_seen(b.fake).last_exported == 0, "and may go after the last");
    end_all(parties, 3);
    end(&b);
}

static void questions(void)
{
    struct sluice_sa_state state = {0};
    struct party parties[3];
    struct sluice_done done;
    struct bench b;
    bool good;

    if (!begin(&b, 2)) {
        return;
    }
    good = make_all(&b, parties, 3);
    tap_ok(good && sluice_sa_query(parties[0].sa, &state) == 0 && state.counter == parties[0].counter && !state.busy,
           "an SA that is out is brought in to be asked");
    tap_ok(sluice_sa_modify(parties[1].sa, parties[1].counter + 50, 0) == 0 && make(&b, &parties[2]) == 0 &&
               sluice_sa_query(parties[1].sa, &state) == 0 && state.counter == parties[1].counter + 50,
           "what was changed is still changed after a swap");
    tap_ok(sluice_sa_modify(parties[1].sa, parties[1].counter, 0) == -EINVAL, "a counter does not go back");
    parties[1].counter += 50;
    tap_ok(submit_one(&b, &parties[1], 0) == 1 && kit_take(b.qp, &done, 1) && is_record(&b, &parties[1], 0, &done),
           "and the next record has it");
    tap_ok(sluice_sa_reserve(parties[1].sa, 1) == -EINVAL, "a reservation is for an SA that opens");
    end_all(parties, 3);
    end(&b);
}

/* ---------------------------------------------------------------- ends */

static void destroyed_while_out(void)
{
    struct party parties[3];
    struct sluice_done done[4];
    struct bench b;
    bool good;

    if (!begin(&b, 2)) {
        return;
    }
    good = make_all(&b, parties, 3);
    for (unsigned i = 0; i < 3; i++) {
        good = good && submit_one(&b, &parties[0], i) == 1;
    }
    sluice_sa_destroy(parties[0].sa);
    good = good && kit_take(b.qp, done, 3);
    for (unsigned i = 0; i < 3 && good; i++) {
        good = is_record(&b, &parties[0], i, &done[i]);
        parties[0].counter++;
    }
    tap_ok(good, "operations that waited for their SA are done although it was destroyed");
    sluice_sa_destroy(parties[2].sa);
    good = make(&b, &parties[2]) == 0 && make(&b, &parties[0]) == 0;
    tap_ok(good, "and then it is gone");
    end_all(parties, 3);
    end(&b);
}

static void queue_destroyed(void)
{
    struct party parties[3];
    struct sluice_done done;
    struct bench b;
    bool good;

    if (!begin(&b, 2)) {
        return;
    }
    good = make_all(&b, parties, 3) && submit_one(&b, &parties[0], 0) == 1 && submit_one(&b, &parties[0], 1) == 1;
    sluice_qp_destroy(b.qp);
    good = good && begin_qp(&b);
    tap_ok(good && submit_one(&b, &parties[1], 0) == 1 && kit_take(b.qp, &done, 1) && is_record(&b, &parties[1], 0, &done),
           "a queue pair may go with operations that wait, and another takes its place");
    good = submit_one(&b, &parties[0], 1) == 1 && kit_take(b.qp, &done, 1) && done.status == SLUICE_STATUS_OK;
    tap_ok(good, "and their SA works there");
    end_all(parties, 3);
    end(&b);
}

static void card_dies(void)
{
    struct party parties[4];
    struct sluice_done done[8];
    struct bench b;
    bool good;
    int n = 0, all = 0;

    if (!begin(&b, 2)) {
        return;
    }
    good = make_all(&b, parties, 4);
    fake_card_hang(b.fake, false);
    for (unsigned i = 0; i < 4; i++) {
        good = good && submit_one(&b, &parties[i], i) == 1;
    }
    fake_card_kill(b.fake);
    for (unsigned i = 0; i < 200 && n >= 0; i++) {
        n = sluice_qp_poll(b.qp, done, 8);
        for (int k = 0; k < n; k++) {
            all++;
            good =
                good && (done[k].status == SLUICE_STATUS_ABORTED || (done[k].status == SLUICE_STATUS_OK && done[k].cookie >= 2));
        }
        poll(NULL, 0, 5);
    }
    tap_ok(good && n == -ENODEV && all == 4 && sluice_qp_in_flight(b.qp) == 0,
           "when the card dies, operations that wait are aborted as well");
    end_all(parties, 4);
    end(&b);
}

/* ---------------------------------------------------------------- a card that says no */

static void refusals(void)
{
    struct party parties[4];
    struct sluice_done done[3];
    struct bench b;
    bool good;

    if (!begin(&b, 2)) {
        return;
    }
    good = make_all(&b, parties, 3); /* 0 is out */
    fake_card_refuse(b.fake, 5, SLUICE_STATUS_NOT_READY);
    tap_ok(good && make(&b, &parties[3]) == -EAGAIN, "a card that is not seeded yet says so to an admin call");
    tap_ok(submit_one(&b, &parties[0], 0) == 1 && kit_take(b.qp, done, 1) && is_record(&b, &parties[0], 0, &done[0]),
           "and an operation waits until it is");
    /* 0 is in; one of the others is out. */
    good = submit_one(&b, &parties[2], 2) == 1 && kit_take(b.qp, done, 1) && submit_one(&b, &parties[0], 0) == 1 &&
           kit_take(b.qp, done, 1);
    fake_card_refuse(b.fake, 0, 0);
    tap_ok(good, "the others go on");
    end_all(parties, 3);
    end(&b);
}

static void tampered(void)
{
    struct party parties[3];
    struct sluice_done done[3];
    struct bench b;
    bool good;

    if (!begin(&b, 3)) {
        return;
    }
    good = make_all(&b, parties, 3);
    sluice_sa_destroy(parties[2].sa);
    good = good && make(&b, &parties[2]) == 0; /* every slot is taken: the next import needs none */
    end_all(parties, 3);
    end(&b);
    if (!begin(&b, 2)) {
        return;
    }
    good = good && make_all(&b, parties, 3);
    sluice_sa_destroy(parties[2].sa); /* a slot is free */
    fake_card_refuse(b.fake, 1, SLUICE_STATUS_AUTH_FAILED);
    good = good && submit_one(&b, &parties[0], 0) == 1 && submit_one(&b, &parties[0], 1) == 1 && kit_take(b.qp, done, 2);
    tap_ok(good && done[0].status == SLUICE_STATUS_HARDWARE_FAULT && done[1].status == SLUICE_STATUS_HARDWARE_FAULT,
           "operations of an SA that the card does not take back end as hardware faults");
    tap_ok(submit_one(&b, &parties[0], 0) == 1 && kit_take(b.qp, done, 1) && done[0].status == SLUICE_STATUS_HARDWARE_FAULT &&
               submit_one(&b, &parties[1], 1) == 1 && kit_take(b.qp, done, 1) && is_record(&b, &parties[1], 1, &done[0]),
           "now and later, and others go on");
    end_all(parties, 2);
    end(&b);
}

static void used_up(void)
{
    struct party parties[3];
    struct sluice_done done;
    struct bench b;
    bool good;

    if (!begin(&b, 2)) {
        return;
    }
    fake_card_use_up(b.fake, 3);
    good = make_all(&b, parties, 3);
    for (unsigned round = 0; round < 10 && good; round++) {
        for (unsigned i = 0; i < 3 && good; i++) {
            good = submit_one(&b, &parties[i], i) == 1 && kit_take(b.qp, &done, 1) && is_record(&b, &parties[i], i, &done);
            parties[i].counter++;
        }
    }
    tap_ok(good, "an SA whose virtual id is used up stays on the card, and the others make room");
    end_all(parties, 3);
    end(&b);
}

/* ---------------------------------------------------------------- threads */

struct worker {
    struct bench b;
    struct party parties[40];
    unsigned number;
    bool good;
    atomic_bool over;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct crowd c = {.b = &w->b, .parties = w->parties, .count = 40, .good = true, .free_count = DEPTH};

    tap_thread(w->number);
    for (unsigned i = 0; i < DEPTH; i++) {
        c.free[i] = i;
    }
    while (c.good && c.submitted < 4000) {
        submit_some(&c);
        take_some(&c, 0);
    }
    take_some(&c, c.submitted - c.done);
    w->good = c.good;
    atomic_store(&w->over, true);
    return NULL;
}

static void threads(void)
{
    static struct worker w[2];
    pthread_t thread[2];
    struct sluice_sa_state state;
    struct bench b;
    bool good = true;

    if (!begin(&b, 16)) {
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        w[i] = (struct worker){.b = b, .number = i + 1};
        good = good && (i == 0 || begin_qp(&w[i].b)) && make_all(&b, w[i].parties, 40);
    }
    for (unsigned i = 0; i < 2 && good; i++) {
        pthread_create(&thread[i], NULL, work, &w[i]);
    }
    for (unsigned i = 0; i < 200 && good; i++) {
        int err = sluice_sa_query(w[i % 2].parties[i % 40].sa, &state);

        good = good && (err == 0 || err == -EBUSY);
    }
    for (unsigned i = 0; i < 2 && good; i++) {
        pthread_join(thread[i], NULL);
        good = good && w[i].good;
        end_all(w[i].parties, 40);
    }
    tap_ok(good, "two threads with 40 SAs each share 16 slots, and a third asks");
    sluice_qp_destroy(w[1].b.qp);
    end(&b);
}

/* SAs that somebody else has brought in, whose requests still stand behind others, do not keep all slots from those. */
static void asked_for(void)
{
    static struct worker w;
    struct sluice_sa_state state;
    pthread_t thread;
    struct bench b;
    unsigned asked = 0;
    int err = 0;

    if (!begin(&b, 2)) {
        return;
    }
    w = (struct worker){.b = b, .number = 1};
    if (tap_ok(make_all(&b, w.parties, 40), "40 SAs") && pthread_create(&thread, NULL, work, &w) == 0) {
        while (!atomic_load(&w.over) && (err == 0 || err == -EBUSY)) {
            err = sluice_sa_query(w.parties[asked++ % 40].sa, &state);
        }
        pthread_join(thread, NULL);
        end_all(w.parties, 40);
    }
    tap_ok(w.good && (err == 0 || err == -EBUSY), "a thread whose 40 SAs share 2 slots, while another asks all the time (%d)",
           err);
    end(&b);
}

int main(void)
{
    tap_begin();
    least_recent();
    pinned();
    in_parts();
    questions();
    destroyed_while_out();
    queue_destroyed();
    card_dies();
    refusals();
    tampered();
    used_up();
    threads();
    asked_for();
    ten_thousand();
    return tap_end();
}
