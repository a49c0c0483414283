/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery under faults: threads, each with a queue pair and SAs of its own, on a simulated card that loses doorbells and
 * interrupts, whose lanes stop or wait for ever, that resets itself, and is reset by another thread at random points. What must
 * hold:
 *   - every operation that was submitted ends once: no completion is lost, none comes twice;
 *   - what ended `ok` is right: records are opened, or made again, by the software engine;
 *   - no counter is used twice under a key, records found in the destination of aborted operations counted too;
 *   - no record is accepted twice, and one is called replayed only if a counter as high had been accepted.
 *
 * SEED= repeats the choices, SECONDS= is the time for all of it (18).
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "deadline.h"
#include "kit.h"
#include "sim_child.h"

#define SECONDS     18
#define WORKERS     8u
#define SLOTS       24u
#define BURST       6u
#define SIZE_MOST   1500u
#define ROOM        2304u
#define TIMEOUT_MS  20000u
#define PING_MS     200u
#define PATIENCE_MS 120000
#define SET_ROOM    (1u << 13)
#define TRIES       50u

enum role { SEALS, SEALS_TLS, OPENS, ROLES };

/* Counters that were seen under one key. */
struct set {
    uint64_t at[SET_ROOM]; /* counter + 1; 0: free */
    unsigned count;
};

/* An SA of the card, and its peer in software: for one that seals, the one that opens; for TLS one that seals the same. */
struct pair {
    struct sluice_sa_config config;
    struct sluice_sa *card, *soft;
    unsigned in_flight;
    bool dead;
    uint64_t top; /* highest counter accepted, + 1; 0: none */
    struct set seen;
};

struct slot {
    bool in_flight, again;
    enum role role; /* ROLES: a nop */
    uint64_t cookie, counter;
    struct sluice_op op;
    uint32_t size, record;
    uint8_t content[SIZE_MOST + 1];
    uint8_t *src, *dst; /* DMA memory of the card */
};

struct worker {
    pthread_t thread;
    unsigned number;
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct kit soft;
    struct pair pair[ROLES];
    struct slot slot[SLOTS];
    uint64_t cookies;
    unsigned statuses[16], submitted, ended, hidden;
    bool good;
};

struct phase {
    const char *what;
    bool resubmit, resets;
    unsigned operation_ms; /* what is lost is made good after half of it */
    const char *arguments[12];
};

#define ALL_OF_IT                                                                                                                \
    {                                                                                                                            \
        "--drop-doorbells", "80", "--lose-interrupts", "20", "--hang-reads", "20000", "--hang-lanes", "2000",                    \
            "--reset-doorbells", "1500", NULL                                                                                    \
    }

static const struct phase phases[] = {
    {"doorbells are lost", true, false, 200, {"--drop-doorbells", "25", NULL}},
    {"interrupts are lost", true, false, 200, {"--lose-interrupts", "8", NULL}},
    {"lanes wait for ever", true, false, 400, {"--hang-reads", "5000", NULL}},
    {"lanes stop", true, false, 400, {"--hang-lanes", "400", NULL}},
    {"the card is reset, and resets itself", true, true, 400, {"--reset-doorbells", "600", NULL}},
    {"all of it, and operations in flight are aborted", false, true, 400, ALL_OF_IT},
    {"all of it, and operations in flight are done again", true, true, 400, ALL_OF_IT},
};

static struct worker worker[WORKERS];
static atomic_bool stop;

static bool fail(struct worker *w, const char *what, uint64_t value)
{
    if (w->good) {
        tap_note("worker %u: %s (%#llx)", w->number, what, (unsigned long long)value);
    }
    w->good = false;
    atomic_store(&stop, true);
    return false;
}

/* False: it was there. */
static bool add(struct set *s, uint64_t counter)
{
    uint64_t i = (counter * UINT64_C(0x9e3779b97f4a7c15)) >> 32;

    for (;; i++) {
        uint64_t *at = &s->at[i % SET_ROOM];

        if (*at == counter + 1) {
            return false;
        }
        if (*at == 0) {
            *at = counter + 1;
            s->count++;
            return true;
        }
    }
}

/* ---------------------------------------------------------------- SAs */

static int make(struct worker *w, struct sluice_card *card, const struct sluice_sa_config *c, struct sluice_sa **sa)
{
    int err = -EAGAIN;

    for (unsigned i = 0; i < TRIES && err && err != -ENODEV; i++) {
        err = sluice_sa_create(card, c, sa);
        if (err) {
            poll(NULL, 0, 10);
        }
    }
    if (err) {
        (void)fail(w, "an SA cannot be made", (uint64_t)-err);
    }
    return err;
}

static void begin_pair(struct worker *w, enum role role)
{
    enum sluice_direction card = role == OPENS ? SLUICE_DIRECTION_OPEN : SLUICE_DIRECTION_SEAL;
    struct pair *p = &w->pair[role];
    bool etm = tap_below(2);

    memset(p, 0, sizeof *p);
    p->config = role == SEALS_TLS
                    ? kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, etm ? SLUICE_FORM_TLS_ETM : SLUICE_FORM_TLS_MTE, card, 20)
                    : kit_config(SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, etm ? SLUICE_FORM_UDP_ETM : SLUICE_FORM_UDP_MTE, card,
                                 etm ? 16 : 32);
    p->config.replay = role == OPENS;
    if (make(w, w->card, &p->config, &p->card)) {
        return;
    }
    p->config.replay = 0;
    p->config.direction = role == SEALS ? SLUICE_DIRECTION_OPEN : SLUICE_DIRECTION_SEAL;
    (void)make(w, w->soft.card, &p->config, &p->soft);
}

static void end_pair(struct pair *p)
{
    sluice_sa_destroy(p->card);
    sluice_sa_destroy(p->soft);
    p->card = p->soft = NULL;
}

/* One that has come to its end, or has seen much, makes room for another. */
static void renew(struct worker *w)
{
    for (enum role r = 0; r < ROLES && w->good; r++) {
        struct pair *p = &w->pair[r];

        p->dead = p->dead || p->seen.count > SET_ROOM / 2;
        if (p->dead && p->in_flight == 0) {
            end_pair(p);
            begin_pair(w, r);
        }
    }
}

/* ---------------------------------------------------------------- operations */

static struct sluice_done in_software(struct worker *w, enum role role, const struct sluice_op *like, const void *source,
                                      uint32_t len)
{
    struct sluice_op op = {.type = role == SEALS ? SLUICE_OP_TYPE_OPEN : SLUICE_OP_TYPE_SEAL,
                           .sa = w->pair[role].soft,
                           .src = w->soft.src,
                           .dst = w->soft.dst,
                           .src_len = len,
                           .dst_len = ROOM,
                           .content_type = like->content_type,
                           .seq = like->seq};

    memcpy(op.nonce, like->nonce, sizeof op.nonce);
    memcpy(w->soft.src, source, len);
    return kit_run(&w->soft, &op);
}

static void plan_seal(struct worker *w, struct slot *s, struct sluice_op *op)
{
    op->type = SLUICE_OP_TYPE_SEAL;
    op->src_len = s->size;
    op->content_type = 0x17;
    tap_fill(op->nonce, sizeof op->nonce);
    op->seq = tap_random();
    memcpy(s->src, s->content, s->size);
    memset(s->dst, 0, ROOM);
    if (s->role == SEALS_TLS && tap_below(8) == 0) {
        op->part = SLUICE_PART | SLUICE_PART_FIRST | SLUICE_PART_LAST;
        op->total = (uint16_t)s->size;
    } else if (tap_below(6) == 0) {
        op->dst = op->src;
    }
    s->record = sluice_record_size(&w->pair[s->role].config, s->size, 0);
}

/* A record of software, new or the one that another slot had. */
static void plan_open(struct worker *w, struct slot *s, struct sluice_op *op)
{
    const struct slot *other = &w->slot[tap_below(SLOTS)];

    op->type = SLUICE_OP_TYPE_OPEN;
    if (other != s && other->role == OPENS && other->record && tap_below(5) == 0 && other->op.sa == op->sa) {
        memcpy(s->content, other->content, other->size);
        memcpy(s->src, other->src, other->record);
        s->size = other->size;
        s->record = other->record;
        s->counter = other->counter;
    } else {
        struct sluice_done done = in_software(w, OPENS, op, s->content, s->size);

        memcpy(s->src, w->soft.dst, done.length);
        s->record = done.length;
        s->counter = done.counter;
    }
    op->src_len = s->record;
}

static bool plan(struct worker *w, struct slot *s, uint64_t cookie)
{
    struct sluice_op op = {.src = s->src, .dst = s->dst, .dst_len = ROOM};

    if (s->again) { /* an open that was aborted: may it be accepted now? */
        op = s->op;
    } else {
        s->role = (enum role)tap_below(ROLES + 1);
        s->size = 1 + tap_below(SIZE_MOST);
        s->record = 0;
        op.type = SLUICE_OP_TYPE_NOP;
        tap_fill(s->content, s->size);
    }
    if (s->role != ROLES && w->pair[s->role].dead) {
        s->again = false;
        return false;
    }
    if (s->role != ROLES && !s->again) {
        op.sa = w->pair[s->role].card;
        (s->role == OPENS ? plan_open : plan_seal)(w, s, &op);
    }
    op.cookie = s->cookie = cookie;
    s->op = op;
    s->again = false;
    return true;
}

static void submit(struct worker *w)
{
    struct slot *of[BURST];
    struct sluice_op ops[BURST];
    unsigned n = 0, from = tap_below(SLOTS);
    int taken;

    for (unsigned i = 0; i < SLOTS && n < BURST; i++) {
        struct slot *s = &w->slot[(from + i) % SLOTS];

        if (!s->in_flight && plan(w, s, (++w->cookies << 8) | (from + i) % SLOTS)) {
            of[n] = s;
            ops[n++] = s->op;
            s->in_flight = true; /* so that it is no other's pattern while it is planned */
        }
    }
    taken = sluice_qp_submit(w->qp, ops, n);
    if (taken < 0) {
        (void)fail(w, "submit", (uint64_t)-taken);
        taken = 0;
    }
    for (unsigned i = 0; i < n; i++) {
        of[i]->in_flight = i < (unsigned)taken;
        if (of[i]->in_flight) {
            w->submitted++;
            if (of[i]->role != ROLES) {
                w->pair[of[i]->role].in_flight++;
            }
        }
    }
}

/* ---------------------------------------------------------------- judgement */

static bool judge_sealed(struct worker *w, struct slot *s, const struct sluice_done *done)
{
    const uint8_t *record = s->op.dst;
    struct sluice_done other;

    if (s->role == SEALS_TLS) {
        if (done->status != SLUICE_STATUS_OK) {
            return true;
        }
        other = in_software(w, SEALS_TLS, &s->op, s->content, s->size);
        return (done->length == other.length && memcmp(record, w->soft.dst, other.length) == 0) ||
               fail(w, "a TLS record is not what software makes", s->cookie);
    }
    other = in_software(w, SEALS, &s->op, record, s->record);
    if (other.status != SLUICE_STATUS_OK) {
        return done->status != SLUICE_STATUS_OK || fail(w, "software does not open what was sealed", s->cookie);
    }
    w->hidden += done->status != SLUICE_STATUS_OK;
    if (other.length != s->size || memcmp(w->soft.dst, s->content, s->size) != 0) {
        return fail(w, "what was sealed is not the content", s->cookie);
    }
    if (done->status == SLUICE_STATUS_OK && (other.counter != done->counter || done->length != s->record)) {
        return fail(w, "another counter or length than was told", s->cookie);
    }
    return add(&w->pair[SEALS].seen, other.counter) || fail(w, "a counter twice", other.counter);
}

static bool judge_opened(struct worker *w, struct slot *s, const struct sluice_done *done)
{
    struct pair *p = &w->pair[OPENS];

    if (done->status == SLUICE_STATUS_REPLAYED) {
        return s->counter < p->top || fail(w, "replayed, and nothing so high was accepted", s->counter);
    }
    if (done->status != SLUICE_STATUS_OK) {
        s->again = done->status == SLUICE_STATUS_ABORTED;
        return true;
    }
    p->top = s->counter >= p->top ? s->counter + 1 : p->top;
    if (done->length != s->size || done->counter != s->counter || memcmp(s->dst, s->content, s->size) != 0) {
        return fail(w, "what was opened is not the content", s->cookie);
    }
    return add(&p->seen, s->counter) || fail(w, "accepted twice", s->counter);
}

static bool expected(enum sluice_status status)
{
    return status == SLUICE_STATUS_OK || status == SLUICE_STATUS_ABORTED || status == SLUICE_STATUS_REPLAYED ||
           status == SLUICE_STATUS_DMA_ERROR || status == SLUICE_STATUS_HARDWARE_FAULT;
}

static void judge(struct worker *w, const struct sluice_done *done)
{
    struct slot *s = &w->slot[done->cookie & 0xff];

    if ((done->cookie & 0xff) >= SLOTS || !s->in_flight || s->cookie != done->cookie) {
        (void)fail(w, "a completion twice, or of nothing", done->cookie);
        return;
    }
    s->in_flight = false;
    w->ended++;
    w->statuses[done->status & 15]++;
    if (!expected(done->status)) {
        (void)fail(w, "status", done->status);
    }
    if (s->role == ROLES) {
        return;
    }
    w->pair[s->role].in_flight--;
    w->pair[s->role].dead = w->pair[s->role].dead || done->status == SLUICE_STATUS_HARDWARE_FAULT;
    (void)(s->role == OPENS ? judge_opened : judge_sealed)(w, s, done);
}

/* ---------------------------------------------------------------- workers */

/* Until no more than `left` are in flight. */
static void take(struct worker *w, unsigned left)
{
    struct pollfd fd = {.fd = sluice_qp_fd(w->qp), .events = POLLIN};
    struct sluice_done done[BURST];
    int n;

    while (w->good && sluice_qp_in_flight(w->qp) > left) {
        n = sluice_qp_poll(w->qp, done, 1 + tap_below(BURST));
        for (int i = 0; i < n; i++) {
            judge(w, &done[i]);
        }
        if (n < 0) {
            (void)fail(w, "poll", (uint64_t)-n);
        } else if (n == 0 && !sluice_qp_arm(w->qp) && poll(&fd, 1, PATIENCE_MS) == 0) {
            (void)fail(w, "operations do not end", sluice_qp_in_flight(w->qp));
        }
    }
}

static void *work(void *arg)
{
    struct worker *w = arg;

    tap_thread(w->number + 1);
    while (w->good && !atomic_load(&stop)) {
        renew(w);
        if (w->good) {
            submit(w);
        }
        take(w, tap_below(SLOTS));
    }
    take(w, 0);
    if (w->good && w->submitted != w->ended) {
        (void)fail(w, "operations were lost", w->submitted - w->ended);
    }
    return NULL;
}

static bool open_worker(struct worker *w, unsigned number, struct sluice_card *card)
{
    memset(w, 0, sizeof *w);
    w->number = number;
    w->card = card;
    w->good = true;
    for (unsigned i = 0; i < SLOTS; i++) {
        w->slot[i].role = ROLES;
        w->slot[i].src = sluice_mem_alloc(card, ROOM);
        w->slot[i].dst = sluice_mem_alloc(card, ROOM);
    }
    for (unsigned i = 0; i < TRIES && !w->qp; i++) {
        (void)sluice_qp_create(card, SLOTS, &w->qp);
    }
    if (!w->qp || kit_open(&w->soft, "soft:")) {
        return fail(w, "no queue pair", 0);
    }
    for (enum role r = 0; r < ROLES && w->good; r++) {
        begin_pair(w, r);
    }
    return w->good;
}

static void close_worker(struct worker *w)
{
    for (enum role r = 0; r < ROLES; r++) {
        end_pair(&w->pair[r]);
    }
    kit_close(&w->soft);
    sluice_qp_destroy(w->qp);
}

/* ---------------------------------------------------------------- phases */

static void disturb(struct sluice_card *card, const struct phase *p, int64_t end)
{
    struct sluice_stats stats;

    while (!atomic_load(&stop) && deadline_left(end)) {
        poll(NULL, 0, (int)tap_below(300));
        if (p->resets && tap_below(2)) {
            (void)sluice_card_reset(card);
        } else if (tap_below(4) == 0) {
            (void)sluice_card_stats(card, &stats);
        }
    }
    atomic_store(&stop, true);
}

static void report(const struct phase *p, unsigned workers, unsigned resets)
{
    unsigned statuses[16] = {0}, submitted = 0, hidden = 0;
    bool good = true;

    for (unsigned i = 0; i < workers; i++) {
        good = good && worker[i].good;
        submitted += worker[i].submitted;
        hidden += worker[i].hidden;
        for (unsigned s = 0; s < 16; s++) {
            statuses[s] += worker[i].statuses[s];
        }
    }
    tap_ok(good && submitted > 0,
           "%s: each operation ends once, right, under a counter of its own (%u: %u ok, %u aborted, %u replayed, %u others; %u "
           "records of aborted ones; %u resets)",
           p->what, submitted, statuses[SLUICE_STATUS_OK], statuses[SLUICE_STATUS_ABORTED], statuses[SLUICE_STATUS_REPLAYED],
           submitted - statuses[SLUICE_STATUS_OK] - statuses[SLUICE_STATUS_ABORTED] - statuses[SLUICE_STATUS_REPLAYED], hidden,
           resets);
}

static void run(const struct phase *p, unsigned ms)
{
    const struct sluice_options with = {
        .timeout_ms = TIMEOUT_MS, .ping_ms = PING_MS, .recover = true, .resubmit = p->resubmit, .operation_ms = p->operation_ms};
    struct sim_child *sim = sim_start(p->arguments);
    struct sluice_card_health health = {0};
    struct sluice_info info = {0};
    struct sluice_card *card = NULL;
    bool good = true;
    int err = -EAGAIN;

    for (unsigned i = 0; i < TRIES && err; i++) {
        err = sluice_open(sim_uri(sim), &with, &card);
    }
    if (!tap_ok(err == 0 && sluice_card_info(card, &info) == 0, "the card opens")) {
        return;
    }
    info.io_queues = info.io_queues < WORKERS ? info.io_queues : WORKERS;
    atomic_store(&stop, false);
    for (unsigned i = 0; i < info.io_queues; i++) {
        good = good && open_worker(&worker[i], i, card);
    }
    for (unsigned i = 0; i < info.io_queues && good; i++) {
        pthread_create(&worker[i].thread, NULL, work, &worker[i]);
    }
    if (good) {
        disturb(card, p, deadline_in(ms));
    }
    for (unsigned i = 0; i < info.io_queues && good; i++) {
        pthread_join(worker[i].thread, NULL);
    }
    (void)sluice_card_health(card, &health);
    report(p, info.io_queues, health.resets);
    for (unsigned i = 0; i < info.io_queues && good; i++) {
        close_worker(&worker[i]);
    }
    sluice_close(card);
    tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
}

int main(void)
{
    const unsigned count = sizeof phases / sizeof *phases;
    const char *given = getenv("SECONDS");
    unsigned seconds = given && *given ? (unsigned)strtoul(given, NULL, 10) : SECONDS;

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    if (sim_given()) {
        tap_skip_all("a card that was given has no faults to order");
    }
    for (unsigned i = 0; i < count; i++) {
        run(&phases[i], seconds * 1000 / count);
    }
    return tap_end();
}
