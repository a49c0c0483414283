/* SPDX-License-Identifier: Apache-2.0 */
/*
 * I/O queue pairs of a card. The rings have twice the entries of the operations that may be in flight, so that neither is ever
 * full, and completion entries are given back many at a time. What the card gets as a cookie is the number of a tracker, counted
 * from 1; the tracker keeps the caller's cookie. A number that is not in flight ends the card's use.
 *
 * Cookie 0 with a DMA error stands for an entry that the card could not read, so that nobody knows which operation it was.
 * Nothing more is submitted then until all others in flight have ended: what is left is what was lost.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>

#include "card.h"
#include "pages.h"

#define LENGTH_MOST   0xffffffu /* a field of 3 bytes */
#define STATUS_MOST   SLUICE_STATUS_ABORTED
#define US_PER_MS     1000u
#define LENGTH_MASK   0xffffu
#define CONTENT_SHIFT 16u

_Static_assert(SLUICE_PART == SLUICE_SQE_FLAG_PART && SLUICE_PART_FIRST == SLUICE_SQE_FLAG_FIRST &&
                   SLUICE_PART_LAST == SLUICE_SQE_FLAG_LAST,
               "the bits of sluice_op.part are flags of the submission entry");

/* One operation in flight, in the list of those in flight by age; else in the list of free ones. */
struct tracker {
    TAILQ_ENTRY(tracker) entry;
    uint64_t cookie; /* the caller's */
    uint32_t most;   /* the result cannot be longer */
    bool busy;
    bool next_iv; /* what comes back is not a counter */
    bool content; /* a length of sure content may come back */
};

/* In DMA memory, for the card to read: the page lists of one tracker's operation. A power of two, so that none crosses a page. */
struct lists {
    uint64_t src[SLUICE_MAX_PAGES], dst[SLUICE_MAX_PAGES];
};
_Static_assert(SLUICE_PAGE_BYTES % sizeof(struct lists) == 0, "lists lie within a page");

TAILQ_HEAD(trackers, tracker);

struct card_qp {
    struct sluice_qp qp;
    struct ring ring;
    struct lists *lists; /* qp.depth of them; NULL: the card has no page lists */
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
        free_memory(q);
        card->queue_taken[q->number] = false;
    }
    pthread_mutex_unlock(&card->admin.lock);
    free(q);
}

static void store_len24(uint8_t field[3], uint32_t len)
{
    len = len < LENGTH_MOST ? len : LENGTH_MOST; /* more than any record has, so that the card's answer is the same */
    field[0] = (uint8_t)len;
    field[1] = (uint8_t)(len >> 8);
    field[2] = (uint8_t)(len >> 16);
}

int card_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    uint64_t clocks = ((uint64_t)microseconds * card->info.clock_khz + US_PER_MS - 1) / US_PER_MS;
    struct sluice_sqe sqe = {.op = SLUICE_OP_QUEUE_COALESCE, .sa = htole16((uint16_t)q->number), .pad = (uint8_t)count};
    int err;

    if (clocks > LENGTH_MOST) {
        return -EINVAL;
    }
    store_len24(sqe.src_len, (uint32_t)clocks);
    pthread_mutex_lock(&card->admin.lock);
    err = card_gone(card) ? -ENODEV : admin_command(&card->admin, &sqe, NULL);
    pthread_mutex_unlock(&card->admin.lock);
    return err;
}

/* ---------------------------------------------------------------- data path */

/* DMA address of the copied list. */
static uint64_t put_list(const struct dma *mem, void *const *list, uint32_t len, uint64_t *copy)
{
    unsigned n = pages_count(list, len);

    for (unsigned i = 0; i < n; i++) {
        copy[i] = htole64(dma_iova(mem, list[i]));
    }
    return dma_iova(mem, copy);
}

static void encode_places(const struct dma *mem, const struct sluice_op *op, struct lists *lists, struct sluice_sqe *sqe)
{
    uint64_t src, dst;

    assert(lists || (!op->src_list && !op->dst_list)); /* the common layer asks for FEATURES */
    src = op->src_list ? put_list(mem, op->src_list, op->src_len, lists->src) : dma_iova(mem, op->src);
    sqe->src = htole64(src);
    store_len24(sqe->src_len, op->src_len);
    sqe->flags |= op->src_list ? SLUICE_SQE_FLAG_SRC_LIST : 0;
    if (op->type == SLUICE_OP_TYPE_VERIFY) {
        return;
    }
    dst = op->dst_list ? put_list(mem, op->dst_list, op->dst_len, lists->dst) : dma_iova(mem, op->dst);
    sqe->dst = htole64(dst);
    store_len24(sqe->dst_len, op->dst_len);
    sqe->flags |= op->dst_list ? SLUICE_SQE_FLAG_DST_LIST : 0;
}

/* What a record as a whole has: given with all of it, or with its first part. */
static void encode_record(const struct sluice_op *op, struct sluice_sqe *sqe)
{
    bool seal = op->type == SLUICE_OP_TYPE_SEAL, verify = op->type == SLUICE_OP_TYPE_VERIFY;

    sqe->content_type = seal || verify ? op->content_type : 0;
    if (seal) {
        sqe->pad = op->pad;
        sqe->total = htole16(op->part ? op->total : 0);
    }
    if (seal ? op->sa->explicit_nonce : op->sa->chained && !verify) {
        memcpy(sqe->nonce, op->nonce, sizeof sqe->nonce);
    }
    if (op->sa->tls) {
        sqe->seq = htole64(op->seq);
    }
}

static void encode(const struct dma *mem, const struct sluice_op *op, struct lists *lists, struct sluice_sqe *sqe)
{
    static const uint8_t codes[] = {[SLUICE_OP_TYPE_NOP] = SLUICE_OP_NOP,
                                    [SLUICE_OP_TYPE_SEAL] = SLUICE_OP_SEAL,
                                    [SLUICE_OP_TYPE_OPEN] = SLUICE_OP_OPEN,
                                    [SLUICE_OP_TYPE_VERIFY] = SLUICE_OP_VERIFY};

    *sqe = (struct sluice_sqe){.op = codes[op->type]};
    if (op->type == SLUICE_OP_TYPE_NOP) {
        return;
    }
    sqe->sa = htole16(op->sa->slot);
    sqe->sa_gen = op->sa->gen;
    sqe->flags = op->part;
    encode_places(mem, op, lists, sqe);
    sqe->flags = htole16(sqe->flags);
    if (!(op->part & SLUICE_PART) || op->part & SLUICE_PART_FIRST) {
        encode_record(op, sqe);
    }
}

/* The most bytes that the completion may speak of. */
static uint32_t result_most(const struct sluice_op *op)
{
    return op->type == SLUICE_OP_TYPE_NOP ? 0 : op->type == SLUICE_OP_TYPE_VERIFY ? op->src_len : op->dst_len;
}

static void submit_one(struct card *card, struct card_qp *q, const struct sluice_op *op)
{
    struct tracker *t = TAILQ_FIRST(&q->free);
    size_t index = (size_t)(t - q->tracker);
    struct sluice_sqe sqe;

    TAILQ_REMOVE(&q->free, t, entry);
    TAILQ_INSERT_TAIL(&q->busy, t, entry);
    *t = (struct tracker){.entry = t->entry, .cookie = op->cookie, .most = result_most(op), .busy = true};
    t->next_iv = op->type != SLUICE_OP_TYPE_NOP && op->sa->chained;
    t->content = op->part && op->type == SLUICE_OP_TYPE_OPEN;
    encode(&card->card.mem, op, q->lists ? &q->lists[index] : NULL, &sqe);
    sqe.cookie = htole64(index + 1);
    ring_put(&q->ring, &sqe);
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
        submit_one(card, q, &ops[i]);
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
    uint32_t length = le32toh(cqe->length) & LENGTH_MASK, content = le32toh(cqe->length) >> CONTENT_SHIFT;
    struct tracker *t;

    if (number == 0 || number > q->qp.depth) {
        return false;
    }
    t = &q->tracker[number - 1];
    if (!t->busy || cqe->status > STATUS_MOST || length > t->most || (content && !t->content)) {
        return false;
    }
    *done = (struct sluice_done){
        .cookie = t->cookie, .length = length, .content = content, .status = (enum sluice_status)cqe->status};
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
