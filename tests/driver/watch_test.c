/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The watchdog over the oldest operation of a queue pair, on a model of a managed card (fake_card.h) that loses doorbells and
 * interrupts; which operations in flight are done again after a recovery, and what comes of them.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "fake_card.h"
#include "kit.h"

#define OPERATION_MS 200u
#define PING_MS      1000u
#define DEPTH        16u
#define CONTENT      24u
#define RECORD       (CONTENT + 16u) /* of the model */
#define FOR_EVER     0xffffffffu
#define TAKE_OVER    (UINT64_C(0x100) << 48)

enum choice { GIVES_UP, ABORTS, RESUBMITS };

struct bench {
    struct fake_card *fake;
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *seal, *open;
    uint8_t *src, *dst;
};

static struct sluice_sa *make(struct bench *b, enum sluice_direction direction)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, direction, 20);
    struct sluice_sa *sa = NULL;

    c.counter = 100;
    memset(c.cid, 0, sizeof c.cid);
    return sluice_sa_create(b->card, &c, &sa) ? NULL : sa;
}

static bool begin_with(struct bench *b, enum choice choice, unsigned operation_ms)
{
    const struct sluice_options with = {.dma_bytes = 2u << 20,
                                        .ping_ms = PING_MS,
                                        .operation_ms = operation_ms,
                                        .recover = choice != GIVES_UP,
                                        .resubmit = choice == RESUBMITS};

    *b = (struct bench){.fake = fake_card_managed(4)};
    if (sluice_open(fake_card_uri(b->fake), &with, &b->card) || sluice_qp_create(b->card, DEPTH, &b->qp)) {
        return tap_ok(false, "an engine opens");
    }
    b->src = sluice_mem_alloc(b->card, 4096);
    b->dst = sluice_mem_alloc(b->card, 4096);
    b->seal = make(b, SLUICE_DIRECTION_SEAL);
    b->open = make(b, SLUICE_DIRECTION_OPEN);
    return b->seal && b->open;
}

static bool begin(struct bench *b, enum choice choice)
{
    return begin_with(b, choice, OPERATION_MS);
}

static void end(struct bench *b)
{
    tap_ok(fake_card_seen(b->fake).wrong == 0, "the driver did nothing that a driver must not do");
    sluice_sa_destroy(b->seal);
    sluice_sa_destroy(b->open);
    sluice_qp_destroy(b->qp);
    sluice_close(b->card);
    fake_card_stop(b->fake);
}

static unsigned resets(struct bench *b)
{
    struct sluice_card_health health = {0};

    (void)sluice_card_health(b->card, &health);
    return health.resets;
}

static struct sluice_op seal_op(struct bench *b, uint64_t cookie)
{
    return (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL,
                              .sa = b->seal,
                              .src = b->src,
                              .dst = b->dst,
                              .src_len = CONTENT,
                              .dst_len = 200,
                              .cookie = cookie};
}

/* A record of the model, which `src` is given. */
static struct sluice_op open_op(struct bench *b, uint64_t counter)
{
    struct sluice_op op = seal_op(b, counter);

    op.type = SLUICE_OP_TYPE_OPEN;
    op.sa = b->open;
    op.src_len = RECORD;
    memset(b->src, 0, RECORD);
    memcpy(b->src + 8, &counter, sizeof counter);
    return op;
}

static bool run(struct bench *b, const struct sluice_op *op, struct sluice_done *done)
{
    return sluice_qp_submit(b->qp, op, 1) == 1 && kit_take(b->qp, done, 1) && done->cookie == op->cookie;
}

/* ---------------------------------------------------------------- what is lost on the way */

static void lost(enum choice choice)
{
    struct sluice_done done;
    struct sluice_op op;
    struct bench b;

    if (!begin(&b, choice)) {
        return;
    }
    op = seal_op(&b, 1);
    fake_card_lose(b.fake, 1, 0);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_OK && done.counter == 100 && resets(&b) == 0,
           "a doorbell that was lost is rung again");
    fake_card_lose(b.fake, 0, 1);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_OK && done.counter == 101 && resets(&b) == 0,
           "an interrupt that was lost is made good");
    (void)sluice_qp_submit(b.qp, &op, 1);
    poll(NULL, 0, 3 * OPERATION_MS);
    tap_ok(resets(&b) == 0 && sluice_card_ping(b.card) == 0 && kit_take(b.qp, &done, 1) && done.counter == 102,
           "what waits for its caller is not too old");
    end(&b);
}

/* ---------------------------------------------------------------- a card that does nothing any more */

static void given_up(void)
{
    struct sluice_done done;
    struct sluice_op op;
    struct bench b;

    if (!begin(&b, GIVES_UP)) {
        return;
    }
    op = seal_op(&b, 1);
    fake_card_lose(b.fake, FOR_EVER, 0);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_ABORTED && sluice_qp_poll(b.qp, &done, 1) == -ENODEV,
           "without recovery an operation that does not end is the end of the card");
    end(&b);
}

static void aborted(void)
{
    struct sluice_done done;
    struct sluice_op op;
    struct bench b;

    if (!begin(&b, ABORTS)) {
        return;
    }
    op = seal_op(&b, 1);
    fake_card_lose(b.fake, FOR_EVER, 0);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_ABORTED && resets(&b) == 1,
           "an operation that does not end has the card reset, and is aborted");
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_OK && done.counter == TAKE_OVER + 100, "and the card works again");
    end(&b);
}

static void done_again(void)
{
    struct sluice_op op[4];
    struct sluice_done done;
    struct bench b;
    bool good = true;

    if (!begin(&b, RESUBMITS)) {
        return;
    }
    for (unsigned i = 0; i < 4; i++) {
        op[i] = seal_op(&b, i);
    }
    op[1].dst = op[1].src;
    op[2].type = SLUICE_OP_TYPE_NOP;
    fake_card_lose(b.fake, FOR_EVER, 0);
    good = sluice_qp_submit(b.qp, op, 4) == 4 && kit_take(b.qp, &done, 1);
    tap_ok(good && done.cookie == 1 && done.status == SLUICE_STATUS_ABORTED && resets(&b) == 1,
           "an operation in place is not done again");
    for (unsigned i = 0, seals = 0; i < 3; i++) {
        good = good && kit_take(b.qp, &done, 1) && done.status == SLUICE_STATUS_OK &&
               (done.cookie == 2 || (done.counter == TAKE_OVER + 100 + seals && done.cookie == 3 * seals));
        seals += done.cookie != 2;
    }
    tap_ok(good && sluice_qp_in_flight(b.qp) == 0, "others are, once, in order, under a raised incarnation");
    op[0].cookie = 9;
    good = sluice_qp_submit(b.qp, op, 1) == 1;
    tap_ok(good && sluice_card_reset(b.card) == 0 && kit_take(b.qp, &done, 1) && done.cookie == 9 &&
               done.status == SLUICE_STATUS_OK,
           "so they are after a reset that was asked for");
    end(&b);
}

/* Of a card that somebody else has reset nothing in flight will end, and an admin command will not either. */
static void reset_by_others(enum choice choice)
{
    struct sluice_sa_state state;
    struct sluice_done done;
    struct sluice_op op;
    struct bench b;
    bool good;
    int err;

    if (!begin_with(&b, choice, SLUICE_NO_LIMIT)) {
        return;
    }
    op = seal_op(&b, 1);
    fake_card_forget(b.fake);
    good = run(&b, &op, &done);
    if (choice == GIVES_UP) {
        tap_ok(good && done.status == SLUICE_STATUS_ABORTED && sluice_qp_poll(b.qp, &done, 1) == -ENODEV,
               "a card that was reset by others is given up");
    } else {
        tap_ok(good && done.status == SLUICE_STATUS_OK && done.counter == TAKE_OVER + 100 && resets(&b) == 1,
               "a card that was reset by others is recovered at once");
        fake_card_forget(b.fake);
        err = sluice_sa_query(b.seal, &state);
        tap_ok(err == 0 && resets(&b) == 2, "so it is when an admin command waits for it (%d)", err);
    }
    end(&b);
}

/* A card that is hung whenever the operation comes to it. */
static void not_for_ever(void)
{
    struct sluice_done done;
    struct sluice_op op;
    struct bench b;

    if (!begin(&b, RESUBMITS)) {
        return;
    }
    op = seal_op(&b, 1);
    fake_card_deaf(b.fake);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_ABORTED && resets(&b) == 4, "nothing is done again for ever");
    end(&b);
}

static void opened_again(void)
{
    struct sluice_done done;
    struct sluice_op op;
    struct bench b;
    bool good;

    if (!begin(&b, RESUBMITS)) {
        return;
    }
    op = open_op(&b, 200);
    good = run(&b, &op, &done) && done.status == SLUICE_STATUS_OK;
    op = open_op(&b, 201);
    fake_card_lose(b.fake, FOR_EVER, 0);
    tap_ok(good && run(&b, &op, &done) && done.status == SLUICE_STATUS_OK && resets(&b) == 1,
           "an open is done again, and accepted when nothing so high was");
    op = open_op(&b, 201);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_REPLAYED, "once");
    op = open_op(&b, 201);
    fake_card_lose(b.fake, FOR_EVER, 0);
    tap_ok(run(&b, &op, &done) && done.status == SLUICE_STATUS_ABORTED && done.length == 0 && done.counter == 0,
           "one that might have been new is not called replayed");
    op = open_op(&b, 300);
    good = sluice_sa_reserve(b.open, 1000) == 0;
    fake_card_lose(b.fake, FOR_EVER, 0);
    tap_ok(good && run(&b, &op, &done) && done.status == SLUICE_STATUS_ABORTED, "nor is what a reservation covers");
    end(&b);
}

int main(void)
{
    tap_begin();
    lost(GIVES_UP);
    lost(RESUBMITS);
    given_up();
    aborted();
    done_again();
    reset_by_others(GIVES_UP);
    reset_by_others(RESUBMITS);
    not_for_ever();
    opened_again();
    return tap_end();
}
