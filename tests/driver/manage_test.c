/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a card's management is asked, on the software engine and on a model of a managed card (fake_card.h); a firmware that
 * hangs, and what is left of SAs after a recovery.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "deadline.h"
#include "fake_card.h"
#include "kit.h"
#include "sluice_regs.h"

#define PING_MS     100u
#define TIMEOUT_MS  2000u /* a busy machine may let the model wait for some of it */
#define PATIENCE_MS 20000
#define DEPTH       16u
#define CONTENT     24u
#define RECORD      (CONTENT + 16u)
#define TAKE_OVER   (UINT64_C(0x100) << 48)

struct bench {
    struct fake_card *fake;
    struct sluice_card *card;
    struct sluice_qp *qp;
    uint8_t *src, *dst;
};

static bool begin(struct bench *b, unsigned slots, bool recover)
{
    const struct sluice_options with = {.dma_bytes = 2u << 20, .timeout_ms = TIMEOUT_MS, .ping_ms = PING_MS, .recover = recover};

    *b = (struct bench){.fake = slots ? fake_card_managed(slots) : NULL};
    if (sluice_open(slots ? fake_card_uri(b->fake) : "soft:", &with, &b->card) || sluice_qp_create(b->card, DEPTH, &b->qp)) {
        return tap_ok(false, "an engine opens");
    }
    b->src = sluice_mem_alloc(b->card, 4096);
    b->dst = sluice_mem_alloc(b->card, 4096);
    return true;
}

static void end(struct bench *b)
{
    if (b->fake) {
        tap_ok(fake_card_seen(b->fake).wrong == 0, "the driver did nothing that a driver must not do");
    }
    sluice_qp_destroy(b->qp);
    sluice_close(b->card);
    if (b->fake) {
        fake_card_stop(b->fake);
    }
}

static struct sluice_sa *make(struct bench *b, enum sluice_direction direction, uint64_t counter, uint64_t limit)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, direction, 20);
    struct sluice_sa *sa = NULL;

    memset(c.cid, 0x77, sizeof c.cid);
    memset(c.cipher_key, 1, sizeof c.cipher_key);
    memset(c.mac_key, 2, sizeof c.mac_key);
    c.counter = counter;
    c.limit = limit;
    return sluice_sa_create(b->card, &c, &sa) ? NULL : sa;
}

static int submit(struct bench *b, struct sluice_sa *sa, enum sluice_op_type type, uint64_t cookie)
{
    struct sluice_op op = {.type = type, .sa = sa, .src = b->src, .dst = b->dst, .dst_len = 200, .cookie = cookie};

    op.src_len = type == SLUICE_OP_TYPE_SEAL ? CONTENT : RECORD;
    return sluice_qp_submit(b->qp, &op, 1);
}

static struct sluice_done run(struct bench *b, struct sluice_sa *sa, enum sluice_op_type type)
{
    struct sluice_done done = {.status = SLUICE_STATUS_INVALID_FIELD};

    if (submit(b, sa, type, 0) == 1) {
        (void)kit_take(b->qp, &done, 1);
    }
    return done;
}

static struct sluice_done seal(struct bench *b, struct sluice_sa *sa)
{
    return run(b, sa, SLUICE_OP_TYPE_SEAL);
}

/* Opens a record of the model. */
static enum sluice_status open_counter(struct bench *b, struct sluice_sa *sa, uint64_t counter)
{
    memset(b->src, 0x77, 8);
    memcpy(b->src + 8, &counter, sizeof counter);
    return run(b, sa, SLUICE_OP_TYPE_OPEN).status;
}

/* Milliseconds until the card has been pinged so often. */
static unsigned pinged(struct bench *b, unsigned times)
{
    unsigned until = fake_card_seen(b->fake).pings + times;
    int64_t began = deadline_in(0);

    while ((int)(fake_card_seen(b->fake).pings - until) < 0 && deadline_in(0) - began < PATIENCE_MS) {
        poll(NULL, 0, 1);
    }
    return (unsigned)(deadline_in(0) - began);
}

/* Until the driver knows that the firmware hangs. */
static bool found_hung(struct bench *b)
{
    struct sluice_card_health health = {0};

    for (unsigned i = 0; i < PATIENCE_MS && health.state != SLUICE_FW_STATE_HUNG; i++) {
        if (sluice_card_health(b->card, &health)) {
            return false;
        }
        poll(NULL, 0, 1);
    }
    return health.state == SLUICE_FW_STATE_HUNG;
}

/* ---------------------------------------------------------------- software */

static void soft_questions(void)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    struct sluice_card_health health;
    struct sluice_selftest test;
    uint8_t random[5000] = {0};
    struct bench b;

    if (!begin(&b, 0, false)) {
        return;
    }
    tap_ok(sluice_card_health(b.card, &health) == 0 && health.state == SLUICE_FW_STATE_READY && health.lanes_ok == 1 &&
               health.fw_version == 0 && health.flags == SLUICE_HEALTH_ENTROPY_SEEDED,
           "soft: is ready");
    tap_ok(sluice_card_selftest(b.card, &test) == 0 && test.failed == 0 && test.first_failure == 0 && test.vectors == 13 &&
               test.in_service == 1,
           "soft: gives the known answers");
    tap_ok(sluice_card_log(b.card, events, SLUICE_LOG_MOST, false) == 3 && events[0].event == SLUICE_LOG_EVENT_BOOT &&
               events[2].event == SLUICE_LOG_EVENT_SELF_TEST && events[2].data[1] == 13 && events[2].clocks >= events[0].clocks,
           "soft: keeps a log");
    tap_ok(sluice_card_log(b.card, events, 1, true) == 1 && events[0].event == SLUICE_LOG_EVENT_SELF_TEST &&
               sluice_card_log(b.card, events, SLUICE_LOG_MOST, false) == 0,
           "soft: gives the newest events, and forgets them");
    for (unsigned i = 0; i < SLUICE_LOG_MOST; i++) {
        (void)sluice_card_selftest(b.card, &test);
    }
    tap_ok(sluice_card_log(b.card, events, SLUICE_LOG_MOST, false) == SLUICE_LOG_MOST, "soft: the log is bounded");
    tap_ok(sluice_card_random(b.card, random, sizeof random) == 0 && !kit_all(random + sizeof random - 32, 32, 0),
           "soft: random bytes");
    tap_ok(sluice_card_keep_alive(b.card, 0) == 0 && sluice_card_keep_alive(b.card, 100) == -EOPNOTSUPP &&
               sluice_card_keep_alive(b.card, 9) == -EINVAL && sluice_card_keep_alive(b.card, 1u << 24) == -EINVAL,
           "soft: keeps nothing alive");
    end(&b);
}

static void soft_sas(void)
{
    struct sluice_sa_state state;
    struct sluice_sa *sa, *other;
    struct bench b;

    if (!begin(&b, 0, false)) {
        return;
    }
    sa = make(&b, SLUICE_DIRECTION_SEAL, 10, 20);
    tap_ok(sluice_sa_query(sa, &state) == 0 && state.counter == 10 && state.limit == 20 && !state.busy,
           "soft: an SA tells its counters");
    tap_ok(sluice_sa_modify(sa, 9, 0) == -EINVAL && sluice_sa_modify(sa, 21, 0) == -EINVAL &&
               sluice_sa_modify(sa, 0, 19) == -EINVAL && sluice_sa_modify(sa, 0, UINT64_C(1) << 49) == -EINVAL,
           "soft: and does not take what goes back or too far");
    tap_ok(sluice_sa_modify(sa, 19, 0) == 0 && seal(&b, sa).counter == 19 &&
               seal(&b, sa).status == SLUICE_STATUS_COUNTER_EXHAUSTED && sluice_sa_modify(sa, 0, 21) == 0 &&
               seal(&b, sa).counter == 20 && sluice_sa_modify(sa, 0, UINT64_C(1) << 48) == 0,
           "soft: but what goes on");
    sluice_sa_destroy(sa);
    sa = make(&b, SLUICE_DIRECTION_OPEN, 0, 0);
    tap_ok(sluice_sa_modify(sa, 1, 0) == -EINVAL && sluice_sa_query(sa, &state) == 0 && state.counter == 0,
           "soft: one that opens has none");
    tap_ok(sluice_card_zeroise(b.card) == 0 && run(&b, sa, SLUICE_OP_TYPE_OPEN).status == SLUICE_STATUS_NO_SUCH_SA &&
               sluice_sa_query(sa, &state) == -ENOENT,
           "soft: zeroise is the end of SAs");
    other = make(&b, SLUICE_DIRECTION_SEAL, 5, 0);
    sluice_sa_destroy(sa);
    tap_ok(other && seal(&b, other).status == SLUICE_STATUS_OK, "soft: others can be made");
    tap_ok(sluice_card_reset(b.card) == 0 && seal(&b, other).status == SLUICE_STATUS_NO_SUCH_SA, "soft: and so is a reset");
    sluice_sa_destroy(other);
    end(&b);
}

/* Seals one record, then has the SA that opens it judge it. */
static enum sluice_status there_and_back(struct bench *b, struct sluice_sa *from, struct sluice_sa *to,
                                         struct sluice_done *sealed)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .sa = to, .src = b->dst, .dst = b->src, .dst_len = 200};
    struct sluice_done done = {.status = SLUICE_STATUS_INVALID_FIELD};

    *sealed = seal(b, from);
    op.src_len = sealed->length;
    return sluice_qp_submit(b->qp, &op, 1) == 1 && kit_take(b->qp, &done, 1) ? done.status : SLUICE_STATUS_INVALID_FIELD;
}

static void soft_recovery(void)
{
    uint8_t old[200];
    struct sluice_sa *from, *to;
    struct sluice_stats stats;
    struct sluice_done done;
    struct bench b;
    uint32_t old_len;
    bool good;

    if (!begin(&b, 0, true)) {
        return;
    }
    from = make(&b, SLUICE_DIRECTION_SEAL, 100, 0);
    to = make(&b, SLUICE_DIRECTION_OPEN, 100, 0);
    good = there_and_back(&b, from, to, &done) == SLUICE_STATUS_OK && done.counter == 100;
    done = seal(&b, from); /* a record that has not arrived yet */
    old_len = done.length;
    memcpy(old, b.dst, old_len);
    good = good && sluice_sa_reserve(to, 101) == 0 && sluice_card_reset(b.card) == 0;
    tap_ok(good && there_and_back(&b, from, to, &done) == SLUICE_STATUS_OK && done.counter == TAKE_OVER + 102,
           "soft: after a reset an SA seals under a raised incarnation, and its peer takes that");
    memcpy(b.dst, old, old_len);
    {
        struct sluice_op op = {
            .type = SLUICE_OP_TYPE_OPEN, .sa = to, .src = b.dst, .dst = b.src, .dst_len = 200, .src_len = old_len};

        good = sluice_qp_submit(b.qp, &op, 1) == 1 && kit_take(b.qp, &done, 1);
    }
    tap_ok(good && done.status == SLUICE_STATUS_REPLAYED, "soft: what its reservation covers is refused");
    tap_ok(sluice_card_stats(b.card, &stats) == 0 && stats.open_status[0] == 1, "soft: counters begin anew");
    sluice_sa_destroy(from);
    sluice_sa_destroy(to);
    end(&b);
}

/* ---------------------------------------------------------------- card */

static void card_questions(void)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    struct sluice_card_health health;
    struct sluice_selftest test;
    uint8_t random[2500] = {0};
    struct sluice_info info;
    struct sluice_sa *sa;
    struct bench b;

    if (!begin(&b, 4, false)) {
        return;
    }
    sluice_card_info(b.card, &info);
    tap_ok(info.sa_slots == 4 && info.sa_count == SLUICE_VIRTUAL_SAS, "a managed card has room for 10,240 SAs");
    tap_ok(sluice_card_health(b.card, &health) == 0 && health.state == SLUICE_FW_STATE_READY && health.fw_version == 0x010203 &&
               health.fw_build == 0x1234abcd && health.lanes_ok == 3 && health.flags == SLUICE_HEALTH_ENTROPY_SEEDED &&
               health.resets == 0,
           "its health");
    sa = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    tap_ok(sluice_card_selftest(b.card, &test) == 0 && test.tested == 3 && test.failed == 2 && test.in_service == 1 &&
               test.vectors == 24 && test.first_failure == 7,
           "what its self-test found");
    tap_ok(seal(&b, sa).status == SLUICE_STATUS_NO_SUCH_SA, "which, being a failure, is the end of its SAs");
    sluice_sa_destroy(sa);
    tap_ok(sluice_card_log(b.card, events, SLUICE_LOG_MOST, true) == 3 && events[2].event == SLUICE_LOG_EVENT_MARCH_FAILED &&
               events[2].where == 2 && events[2].clocks == 20 * 1024 && events[2].data[0] == 102,
           "its log");
    tap_ok(sluice_card_log(b.card, events, 1, false) == 1 && events[0].event == SLUICE_LOG_EVENT_MARCH_FAILED,
           "the newest of it");
    tap_ok(sluice_card_random(b.card, random, sizeof random) == 0 && kit_all(random, sizeof random, 0x5a), "its random bytes");
    fake_card_refuse(b.fake, 1, SLUICE_STATUS_NOT_READY);
    tap_ok(sluice_card_random(b.card, random, 10) == -EAGAIN, "which it has not before it is seeded");
    tap_ok(sluice_card_random(b.card, random, 10) == 0, "and then has");
    tap_ok(pinged(&b, 3) < PATIENCE_MS, "it is pinged");
    tap_ok(sluice_card_keep_alive(b.card, 10) == 0 && pinged(&b, 50) < 50 * PING_MS, "and more often when it must hear so");
    sa = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    tap_ok(seal(&b, sa).status == SLUICE_STATUS_OK && sluice_card_zeroise(b.card) == 0 &&
               seal(&b, sa).status == SLUICE_STATUS_NO_SUCH_SA && fake_card_seen(b.fake).zeroised == 1,
           "zeroise is the end of its SAs");
    sluice_sa_destroy(sa);
    sa = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    tap_ok(sa && seal(&b, sa).status == SLUICE_STATUS_OK, "and others can be made");
    tap_ok(sluice_card_reset(b.card) == 0 && seal(&b, sa).status == SLUICE_STATUS_NO_SUCH_SA,
           "a reset is that too, when no keys are kept");
    sluice_sa_destroy(sa);
    sa = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    tap_ok(sa && seal(&b, sa).status == SLUICE_STATUS_OK && sluice_card_health(b.card, &health) == 0 && health.resets == 1,
           "and the queue pair goes on");
    sluice_sa_destroy(sa);
    end(&b);
}

static void plain_card(void)
{
    struct fake_card *fake = fake_card_start(FAULT_NONE, 0);
    const struct sluice_options with = {.dma_bytes = 2u << 20}; /* nothing here waits for a time-out */
    struct sluice_card_health health;
    struct sluice_card *card;
    uint8_t byte;

    if (tap_ok(sluice_open(fake_card_uri(fake), &with, &card) == 0, "a card without a management processor opens")) {
        tap_ok(sluice_card_random(card, &byte, 1) == -EOPNOTSUPP && sluice_card_zeroise(card) == -EOPNOTSUPP &&
                   sluice_card_health(card, &health) == 0 && health.fw_version == 0 && health.state == SLUICE_FW_STATE_READY,
               "and says what it has not");
        sluice_close(card);
    }
    fake_card_stop(fake);
}

/* ---------------------------------------------------------------- a firmware that hangs */

static void hangs(bool told)
{
    struct sluice_sa *sa[3];
    struct bench b;
    bool good = true;

    if (!begin(&b, 2, false)) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        sa[i] = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
        good = good && sa[i];
    }
    fake_card_hang(b.fake, told);
    tap_ok(good && found_hung(&b), "a firmware that hangs is seen (%s)", told ? "it says so" : "it answers no ping");
    tap_ok(seal(&b, sa[1]).status == SLUICE_STATUS_OK && seal(&b, sa[2]).status == SLUICE_STATUS_OK, "operations go on");
    tap_ok(!make(&b, SLUICE_DIRECTION_SEAL, 1, 0) && seal(&b, sa[0]).status == SLUICE_STATUS_HARDWARE_FAULT &&
               seal(&b, sa[1]).status == SLUICE_STATUS_OK && sluice_card_ping(b.card) == 0,
           "admin calls fail, as do operations whose SA is not on the card, and that is all");
    for (unsigned i = 0; i < 3; i++) {
        sluice_sa_destroy(sa[i]);
    }
    tap_ok(sluice_card_reset(b.card) == 0, "a reset helps");
    sa[0] = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    tap_ok(sa[0] && seal(&b, sa[0]).status == SLUICE_STATUS_OK, "and the card works again");
    sluice_sa_destroy(sa[0]);
    end(&b);
}

static void given_up(void)
{
    struct sluice_sa *sa;
    struct bench b;

    if (!begin(&b, 2, false)) {
        return;
    }
    sa = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    fake_card_hang(b.fake, false);
    tap_ok(!make(&b, SLUICE_DIRECTION_SEAL, 1, 0) && (sluice_card_ping(b.card) == -ENODEV || found_hung(&b)),
           "a command without an answer is the end of a card, unless it is known to hang");
    sluice_sa_destroy(sa);
    end(&b);
}

static void recovers(bool told, bool wait)
{
    struct sluice_sa *from[3], *to, *fresh;
    struct sluice_card_health health;
    struct sluice_sa_state state;
    struct sluice_done done;
    struct bench b;
    bool good = true;

    if (!begin(&b, 2, true)) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        from[i] = make(&b, SLUICE_DIRECTION_SEAL, 100 * (i + 1), i == 2 ? 305 : 0);
        good = good && from[i] && seal(&b, from[i]).counter == 100 * (i + 1);
    }
    to = make(&b, SLUICE_DIRECTION_OPEN, 50, 0);
    good = good && open_counter(&b, to, 60) == SLUICE_STATUS_OK && sluice_sa_reserve(to, 1000) == 0;
    fake_card_hang(b.fake, told);
    good = good && (!wait || found_hung(&b));
    fresh = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    tap_ok(good && fresh && sluice_card_health(b.card, &health) == 0 && health.state == SLUICE_FW_STATE_READY &&
               health.resets == 1,
           "an admin call recovers a card that hangs (%s, %s)", told ? "it says so" : "silent", wait ? "known" : "not known yet");
    for (unsigned i = 0; i < 3; i++) {
        done = seal(&b, from[i]);
        good = good && done.status == SLUICE_STATUS_OK && done.counter == TAKE_OVER + 100 * (i + 1) + 1;
    }
    tap_ok(good, "SAs go on with their sequence under a raised incarnation, those that were out as well");
    tap_ok(sluice_sa_query(from[2], &state) == 0 && state.counter == TAKE_OVER + 302 && state.limit == TAKE_OVER + 305,
           "and so does a limit");
    tap_ok(open_counter(&b, to, 61) == SLUICE_STATUS_REPLAYED && open_counter(&b, to, 1000) == SLUICE_STATUS_REPLAYED &&
               open_counter(&b, to, 1001) == SLUICE_STATUS_OK,
           "what a reservation covers is refused");
    good = sluice_card_reset(b.card) == 0 && sluice_sa_reserve(to, 0) == 0;
    tap_ok(good && open_counter(&b, to, 1001) == SLUICE_STATUS_REPLAYED && open_counter(&b, to, 1002) == SLUICE_STATUS_OK,
           "and after a reset what was accepted");
    tap_ok(seal(&b, from[0]).counter == 2 * TAKE_OVER + 102, "each reset raises the incarnation again");
    for (unsigned i = 0; i < 3; i++) {
        sluice_sa_destroy(from[i]);
    }
    sluice_sa_destroy(to);
    sluice_sa_destroy(fresh);
    end(&b);
}

static void incarnations_end(void)
{
    struct sluice_sa *sa[2];
    struct bench b;

    if (!begin(&b, 2, true)) {
        return;
    }
    sa[0] = make(&b, SLUICE_DIRECTION_SEAL, (UINT64_C(0xfe42) << 48) + 7, 0);
    sa[1] = make(&b, SLUICE_DIRECTION_SEAL, (UINT64_C(0xfeff) << 48) + 7, 0);
    tap_ok(sluice_card_reset(b.card) == 0 && seal(&b, sa[0]).counter == (UINT64_C(0xff42) << 48) + 7 &&
               seal(&b, sa[1]).counter == (UINT64_C(0xffff) << 48) + 7,
           "the last take-over but one");
    tap_ok(sluice_card_reset(b.card) == 0 && seal(&b, sa[0]).status == SLUICE_STATUS_COUNTER_EXHAUSTED &&
               seal(&b, sa[1]).status == SLUICE_STATUS_COUNTER_EXHAUSTED,
           "an SA without an incarnation left is exhausted");
    sluice_sa_destroy(sa[0]);
    sluice_sa_destroy(sa[1]);
    end(&b);
}

static void in_flight(void)
{
    struct sluice_sa *sa[3];
    struct sluice_done done;
    unsigned ok = 0, aborted = 0;
    struct bench b;
    bool good = true;

    if (!begin(&b, 2, true)) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        sa[i] = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    }
    for (unsigned i = 0; i < 12; i++) {
        good = good && submit(&b, sa[i % 3], SLUICE_OP_TYPE_SEAL, i) == 1;
    }
    good = good && sluice_card_reset(b.card) == 0 && sluice_qp_in_flight(b.qp) == 12;
    for (unsigned i = 0; i < 12 && good; i++) {
        good = kit_take(b.qp, &done, 1);
        ok += done.status == SLUICE_STATUS_OK;
        aborted += done.status == SLUICE_STATUS_ABORTED;
    }
    tap_ok(good && ok + aborted == 12 && ok >= 4 && sluice_qp_in_flight(b.qp) == 0,
           "what was in flight is done or aborted, what waited is done (%u, %u)", ok, aborted);
    for (unsigned i = 0; i < 3; i++) {
        sluice_sa_destroy(sa[i]);
    }
    end(&b);
}

/* ---------------------------------------------------------------- recovery under load */

#define LOAD_SAS 12u

struct load {
    struct bench *b;
    struct sluice_sa *sa[LOAD_SAS];
    uint64_t last[LOAD_SAS];
    atomic_uint ok;
    unsigned aborted;
    bool good;
    atomic_bool stop;
};

static void judge(struct load *l, const struct sluice_done *done)
{
    uint64_t *last = &l->last[done->cookie];

    atomic_fetch_add(&l->ok, done->status == SLUICE_STATUS_OK);
    l->aborted += done->status == SLUICE_STATUS_ABORTED;
    if (done->status == SLUICE_STATUS_OK) {
        l->good = l->good && done->counter > *last;
        *last = done->counter;
    } else if (done->status != SLUICE_STATUS_ABORTED) {
        tap_note("status %u", done->status);
        l->good = false;
    }
}

static void *load(void *arg)
{
    struct load *l = arg;
    struct sluice_done done;

    tap_thread(1);
    while (l->good && !atomic_load(&l->stop)) {
        for (unsigned i = tap_below(DEPTH); i > 0; i--) {
            unsigned who = tap_below(LOAD_SAS);

            (void)submit(l->b, l->sa[who], SLUICE_OP_TYPE_SEAL, who);
        }
        while (sluice_qp_in_flight(l->b->qp) > tap_below(DEPTH) && l->good) {
            l->good = kit_take(l->b->qp, &done, 1);
            judge(l, &done);
        }
    }
    while (sluice_qp_in_flight(l->b->qp) && l->good) {
        l->good = kit_take(l->b->qp, &done, 1);
        judge(l, &done);
    }
    return NULL;
}

static void under_load(void)
{
    struct load l = {.good = true};
    struct sluice_card_health health = {0};
    struct sluice_sa *sa;
    pthread_t thread;
    struct bench b;

    if (!begin(&b, 5, true)) {
        return;
    }
    l.b = &b;
    for (unsigned i = 0; i < LOAD_SAS; i++) {
        l.sa[i] = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
    }
    pthread_create(&thread, NULL, load, &l);
    for (unsigned i = 0; i < 12 || (atomic_load(&l.ok) <= 100 && i < 600); i++) {
        poll(NULL, 0, (int)tap_below(40));
        if (i % 3 == 0) {
            fake_card_hang(b.fake, i % 2);
        } else if (i % 3 == 1) {
            (void)sluice_card_reset(b.card);
        } else {
            sa = make(&b, SLUICE_DIRECTION_SEAL, 1, 0);
            sluice_sa_destroy(sa);
        }
    }
    atomic_store(&l.stop, true);
    pthread_join(thread, NULL);
    l.good = l.good && sluice_card_health(b.card, &health) == 0;
    tap_ok(l.good && l.ok > 100 && health.resets >= 4,
           "hangs and resets under load: no counter twice, nothing lost (%u ok, %u aborted, %u resets)", l.ok, l.aborted,
           health.resets);
    for (unsigned i = 0; i < LOAD_SAS; i++) {
        sluice_sa_destroy(l.sa[i]);
    }
    end(&b);
}

int main(void)
{
    tap_begin();
    soft_questions();
    soft_sas();
    soft_recovery();
    card_questions();
    plain_card();
    hangs(false);
    hangs(true);
    given_up();
    recovers(false, false);
    recovers(false, true);
    recovers(true, false);
    recovers(true, true);
    incarnations_end();
    in_flight();
    under_load();
    return tap_end();
}
