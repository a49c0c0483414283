/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O queue pairs of a card. The rings have twice the entries of the operations that may be in flight, so that neither is ever
 * full, and completion entries are given back many at a time. What the card gets as a cookie is the number of a tracker, counted
 * from 1; the tracker keeps the caller's cookie. A number that is not in flight ends the card's use.
 *
 * Cookie 0 with a DMA error stands for an entry that the card could not read, so that nobody knows which operation it was.
 * Nothing more is submitted then until all others in flight have ended: what is left is what was lost.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>

#include "card.h"

#define LENGTH_MOST 0xffffffu /* a field of 3 bytes */
#define STATUS_MOST SLUICE_STATUS_ABORTED

/* One operation in flight, in the list of those in flight by age; else in the list of free ones. */
struct tracker {
    TAILQ_ENTRY(tracker) entry;
    uint64_t cookie;  /* the caller's */
    uint32_t dst_len; /* the result cannot be longer */
    bool busy;
    bool next_iv; /* what comes back is not a counter */
};

TAILQ_HEAD(trackers, tracker);

struct card_qp {
    struct sluice_qp qp;
    struct ring ring;
    unsigned number;
    unsigned lost; /* operations in flight whose entry the card could not read */
    struct trackers free, busy;
    struct tracker tracker[]; /* qp.depth */
};

/* ---------------------------------------------------------------- making and ending */

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
    err = ring_init(&q->ring, card->transport, &card->card.mem, q->number, 2 * depth);
    if (!err) {
        err = start(card, q);
        if (err) {
            ring_fini(&q->ring);
        }
    }
    if (err) {
        card->queue_taken[q->number] = false;
    }
    return err;
}

int card_qp_create(struct sluice_card *base, unsigned depth, struct sluice_qp **out)
{
    struct card *card = card_of(base);
    struct card_qp *q = calloc(1, sizeof *q + depth * sizeof q->tracker[0]);
    int err;

    if (!q) {
        return -ENOMEM;
    }
    TAILQ_INIT(&q->free);
    TAILQ_INIT(&q->busy);
    for (unsigned i = 0; i < depth; i++) {
        TAILQ_INSERT_TAIL(&q->free, &q->tracker[i], entry);
    }
    pthread_mutex_lock(&card->admin.lock);
    err = card_gone(card) ? -ENODEV : begin(card, q, depth);
    pthread_mutex_unlock(&card->admin.lock);
    if (err) {
        free(q);
        return err;
    }
    *out = &q->qp;
    return 0;
}

/* Rings that the card would not give up stay where they are, since it may still write there; the number stays taken. */
void card_qp_destroy(struct sluice_qp *qp)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    struct sluice_sqe sqe = {.op = SLUICE_OP_QUEUE_DESTROY, .sa = htole16((uint16_t)q->number)};

    pthread_mutex_lock(&card->admin.lock);
    if (!card_gone(card) && admin_command(&card->admin, &sqe, NULL) == 0) {
        ring_fini(&q->ring);
        card->queue_taken[q->number] = false;
    }
    pthread_mutex_unlock(&card->admin.lock);
    free(q);
}

/* ---------------------------------------------------------------- data path */

static void store_len24(uint8_t field[3], uint32_t len)
{
    len = len < LENGTH_MOST ? len : LENGTH_MOST; /* more than any record has, so that the card's answer is the same */
    field[0] = (uint8_t)len;
    field[1] = (uint8_t)(len >> 8);
    field[2] = (uint8_t)(len >> 16);
}

static void encode(const struct dma *mem, const struct sluice_op *op, uint64_t cookie, struct sluice_sqe *sqe)
{
    *sqe = (struct sluice_sqe){.op = SLUICE_OP_NOP, .cookie = htole64(cookie)};
    if (op->type == SLUICE_OP_TYPE_NOP) {
        return;
    }
    sqe->op = SLUICE_OP_OPEN;
    sqe->sa = htole16(op->sa->slot);
    sqe->sa_gen = op->sa->gen;
    sqe->src = htole64(dma_iova(mem, op->src));
    sqe->dst = htole64(dma_iova(mem, op->dst));
    store_len24(sqe->src_len, op->src_len);
    store_len24(sqe->dst_len, op->dst_len);
    if (op->type == SLUICE_OP_TYPE_SEAL) {
        sqe->op = SLUICE_OP_SEAL;
        sqe->content_type = op->content_type;
        sqe->pad = op->pad;
    }
    if (op->sa->chained || (op->sa->explicit_nonce && op->type == SLUICE_OP_TYPE_SEAL)) {
        memcpy(sqe->nonce, op->nonce, sizeof sqe->nonce);
    }
    if (op->sa->tls) {
        sqe->seq = htole64(op->seq);
    }
}

int card_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;

    if (card_gone(card)) {
        return -ENODEV;
    }
    if (q->lost) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        struct tracker *t = TAILQ_FIRST(&q->free);
        struct sluice_sqe sqe;

        TAILQ_REMOVE(&q->free, t, entry);
        TAILQ_INSERT_TAIL(&q->busy, t, entry);
        *t = (struct tracker){.entry = t->entry, .cookie = ops[i].cookie, .dst_len = ops[i].dst_len, .busy = true};
        t->next_iv = ops[i].type != SLUICE_OP_TYPE_NOP && ops[i].sa->chained;
        encode(&card->card.mem, &ops[i], (uint64_t)(t - q->tracker) + 1, &sqe);
        ring_put(&q->ring, &sqe);
    }
    if (count) {
        (void)ring_submit(&q->ring); /* when it fails, the card is gone and what was taken will be aborted */
    }
    return (int)count;
}

static void release(struct card_qp *q, struct tracker *t)
{
    t->busy = false;
    TAILQ_REMOVE(&q->busy, t, entry);
    TAILQ_INSERT_HEAD(&q->free, t, entry);
}

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

/* What comes from the card is believed as far as it is possible. false: it is not. */
static bool decode(struct card_qp *q, const struct sluice_cqe *cqe, struct sluice_done *done)
{
    uint64_t number = le64toh(cqe->cookie);
    struct tracker *t;

    if (number == 0 || number > q->qp.depth) {
        return false;
    }
    t = &q->tracker[number - 1];
    if (!t->busy || cqe->status > STATUS_MOST || le32toh(cqe->length) > t->dst_len) {
        return false;
    }
    *done = (struct sluice_done){.cookie = t->cookie, .length = le32toh(cqe->length), .status = (enum sluice_status)cqe->status};
    if (t->next_iv) {
        memcpy(done->next_iv, cqe->counter, sizeof done->next_iv);
    } else {
        done->counter = load_le64(cqe->counter);
    }
    release(q, t);
    return true;
}

/* Ends the oldest operation in flight, with no help of the card. */
static bool end_oldest(struct card_qp *q, enum sluice_status status, struct sluice_done *done)
{
    struct tracker *t = TAILQ_FIRST(&q->busy);

    if (!t) {
        return false;
    }
    *done = (struct sluice_done){.cookie = t->cookie, .status = status};
    release(q, t);
    return true;
}

/* Completions that came before the card went are taken as they are. */
static int poll_gone(struct card_qp *q, struct sluice_done *done, unsigned taken, unsigned max)
{
    while (taken < max && end_oldest(q, SLUICE_STATUS_ABORTED, &done[taken])) {
        taken++;
    }
    return taken || max == 0 ? (int)taken : -ENODEV;
}

int card_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    bool gone = card_gone(card); /* looked at first, so that nothing that came before is passed over */
    struct sluice_cqe cqe;
    unsigned taken = 0;

    while (taken < max && ring_get(&q->ring, &cqe)) {
        if (cqe.cookie == 0 && cqe.status == SLUICE_STATUS_DMA_ERROR && q->lost < qp->in_flight) {
            q->lost++;
            continue;
        }
        if (!decode(q, &cqe, &done[taken])) {
            card->transport->ops->give_up(card->transport);
            gone = true;
            break;
        }
        taken++;
    }
    if (gone) {
        return poll_gone(q, done, taken, max);
    }
    while (q->lost && q->lost == qp->in_flight - taken && taken < max) {
        (void)end_oldest(q, SLUICE_STATUS_DMA_ERROR, &done[taken++]);
        q->lost--;
    }
    if (q->ring.unacked >= qp->depth / 2) {
        (void)ring_ack(&q->ring, false);
    }
    return (int)taken;
}

int card_qp_arm(struct sluice_qp *qp)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    eventfd_t drained;

    (void)eventfd_read(qp->fd, &drained);
    if (ring_ready(&q->ring)) {
        return 1;
    }
    (void)ring_ack(&q->ring, true);
    if (card_gone(card)) {
        (void)eventfd_write(qp->fd, 1); /* the one that the watcher wrote may just have been drained */
        return 1;
    }
    return 0;
}
