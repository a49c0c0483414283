/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data path of a card's queue pair. The rings have twice the entries of the operations that may be in flight, so that neither is
 * ever full, and completion entries are given back many at a time. What the card gets as a cookie is the number of a tracker,
 * counted from 1; the tracker keeps the caller's cookie. A number that is not in flight ends the card's use.
 *
 * Cookie 0 with a DMA error stands for an entry that the card could not read, so that nobody knows which operation it was.
 * Nothing more is submitted then until all others in flight have ended: what is left is what was lost.
 *
 * An operation has a reference to its SA from submit to poll. One whose SA is not on the card, or has operations that wait, waits
 * in the SA's queue; poll puts it into the ring once the keeper has brought the SA in. Whoever swaps out first says that the SA
 * is leaving and then looks at its references, and submit takes a reference first and then looks at the SA's place: one of them
 * sees the other.
 */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>

#include "card_qp.h"
#include "pages.h"

#define STATUS_MOST   SLUICE_STATUS_ABORTED
#define LENGTH_MASK   0xffffu
#define CONTENT_SHIFT 16u

_Static_assert(SLUICE_PART == SLUICE_SQE_FLAG_PART && SLUICE_PART_FIRST == SLUICE_SQE_FLAG_FIRST &&
                   SLUICE_PART_LAST == SLUICE_SQE_FLAG_LAST,
               "the bits of sluice_op.part are flags of the submission entry");

/* ---------------------------------------------------------------- submission entries */

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
    card_store_len(sqe->src_len, op->src_len);
    sqe->flags |= op->src_list ? SLUICE_SQE_FLAG_SRC_LIST : 0;
    if (op->type == SLUICE_OP_TYPE_VERIFY) {
        return;
    }
    dst = op->dst_list ? put_list(mem, op->dst_list, op->dst_len, lists->dst) : dma_iova(mem, op->dst);
    sqe->dst = htole64(dst);
    card_store_len(sqe->dst_len, op->dst_len);
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

/* All but the SA's slot and generation. */
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

/* ---------------------------------------------------------------- submission */

void card_qp_note_oldest(struct card_qp *q)
{
    const struct tracker *t = TAILQ_FIRST(&q->busy);

    atomic_store_explicit(&q->oldest, t ? t->serial : 0, memory_order_relaxed);
}

void card_qp_launch(struct card_qp *q, struct tracker *t)
{
    t->serial = ++q->serial;
    TAILQ_INSERT_TAIL(&q->busy, t, entry);
    if (t->sa) {
        t->sqe.sa = htole16(t->sa->sa.slot);
        t->sqe.sa_gen = t->sa->sa.gen;
    }
    ring_put(&q->ring, &t->sqe);
}

void card_qp_wait(struct card *card, struct card_qp *q, struct tracker *t, bool first)
{
    struct card_sa *sa = t->sa;

    if (first) {
        STAILQ_INSERT_HEAD(&sa->queue, t, next);
    } else {
        STAILQ_INSERT_TAIL(&sa->queue, t, next);
    }
    q->waiting++;
    if (atomic_fetch_add(&sa->waiting, 1) == 0) {
        TAILQ_INSERT_TAIL(&q->waits, sa, waits);
        keeper_ask(card, sa, q->number);
    }
}

/* Source and destination are identical or disjoint, so that their first bytes tell. */
static bool in_place(const struct sluice_op *op)
{
    const void *src = op->src_list ? op->src_list[0] : op->src, *dst = op->dst_list ? op->dst_list[0] : op->dst;

    return op->type != SLUICE_OP_TYPE_VERIFY && op->src_len && op->dst_len && src == dst;
}

/* Whether it went into the ring. */
static bool submit_one(struct card *card, struct card_qp *q, const struct sluice_op *op, int64_t now)
{
    struct tracker *t = TAILQ_FIRST(&q->free);
    size_t index = (size_t)(t - q->tracker);

    TAILQ_REMOVE(&q->free, t, entry);
    *t = (struct tracker){.cookie = op->cookie, .most = result_most(op), .busy = true};
    encode(&card->card.mem, op, q->lists ? &q->lists[index] : NULL, &t->sqe);
    t->sqe.cookie = htole64(index + 1);
    if (op->type == SLUICE_OP_TYPE_NOP) {
        card_qp_launch(q, t);
        return true;
    }
    t->sa = card_sa_of(op->sa);
    t->next_iv = op->sa->chained;
    t->content = op->part && op->type == SLUICE_OP_TYPE_OPEN;
    t->part = op->part;
    t->once = op->part || in_place(op);
    atomic_fetch_add(&t->sa->refs, 1);
    atomic_store_explicit(&t->sa->used, now, memory_order_relaxed);
    if (atomic_load(&t->sa->place) != PLACE_IN || atomic_load_explicit(&t->sa->waiting, memory_order_relaxed)) {
        card_qp_wait(card, q, t, false);
        return false;
    }
    card_qp_launch(q, t);
    return true;
}

int card_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count)
{
    struct card *card = card_of(qp->card);
    struct card_qp *q = (struct card_qp *)qp;
    bool rung = false;
    int64_t now;

    if (card_gone(card)) {
        return -ENODEV;
    }
    if (pthread_mutex_trylock(&q->lock)) {
        return 0; /* the card is being reset */
    }
    if (q->lost) {
        count = 0;
    }
    now = count ? card_now_ns() : 0;
    for (unsigned i = 0; i < count; i++) {
        rung |= submit_one(card, q, &ops[i], now);
    }
    if (rung) {
        card_qp_note_oldest(q);
        (void)ring_submit(&q->ring); /* when it fails, the card is gone and what was taken will be aborted */
    }
    pthread_mutex_unlock(&q->lock);
    return (int)count;
}

/* ---------------------------------------------------------------- SAs that were waited for */

static struct tracker *leave_queue(struct card_qp *q, struct card_sa *sa)
{
    struct tracker *t = STAILQ_FIRST(&sa->queue);

    STAILQ_REMOVE_HEAD(&sa->queue, next);
    q->waiting--;
    if (atomic_fetch_sub(&sa->waiting, 1) == 1) {
        TAILQ_REMOVE(&q->waits, sa, waits);
    }
    return t;
}

static void launch_waiting(struct card_qp *q)
{
    struct card_sa *sa = TAILQ_FIRST(&q->waits), *after;
    bool rung = false;

    for (; sa; sa = after) {
        after = TAILQ_NEXT(sa, waits);
        while (atomic_load(&sa->place) == PLACE_IN && !STAILQ_EMPTY(&sa->queue)) {
            struct tracker *t = leave_queue(q, sa);

            card_qp_launch(q, t);
            rung = true;
        }
    }
    if (rung) {
        (void)ring_submit(&q->ring);
    }
}

/* Whether poll could do something for one of them. */
static bool waited_enough(const struct card_qp *q)
{
    const struct card_sa *sa;

    TAILQ_FOREACH(sa, &q->waits, waits)
    {
        int place = atomic_load(&sa->place);

        if (place == PLACE_IN || place == PLACE_DEAD) {
            return true;
        }
    }
    return false;
}

static void release(struct card *card, struct card_qp *q, struct tracker *t)
{
    struct card_sa *sa = t->sa;

    t->busy = false;
    TAILQ_INSERT_HEAD(&q->free, t, entry);
    if (sa) {
        card_sa_unref(card, sa);
    }
}

/* The operations of SAs that are dead, or of all when the card is gone. */
unsigned card_qp_end_waiting(struct card *card, struct card_qp *q, struct sluice_done *done, unsigned max)
{
    struct card_sa *sa = TAILQ_FIRST(&q->waits), *after;
    unsigned taken = 0;

    for (; sa; sa = after) {
        bool dead = atomic_load(&sa->place) == PLACE_DEAD;

        after = TAILQ_NEXT(sa, waits);
        while ((dead || card_gone(card)) && taken < max && atomic_load_explicit(&sa->waiting, memory_order_relaxed)) {
            struct tracker *t = leave_queue(q, sa);
            bool last = STAILQ_EMPTY(&sa->queue);

            done[taken++] = (struct sluice_done){
                .cookie = t->cookie, .status = dead ? (enum sluice_status)atomic_load(&sa->verdict) : SLUICE_STATUS_ABORTED};
            release(card, q, t); /* which may be the end of the SA */
            if (last) {
                break;
            }
        }
    }
    return taken;
}

/* ---------------------------------------------------------------- completion */

static uint64_t load_le64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

/* What a recovery must know of counters: those told as used or accepted. */
static void note_counter(struct card_sa *sa, const struct sluice_done *done)
{
    if ((sa->sa.counts ? done->counter != 0 : sa->sa.window && done->status == SLUICE_STATUS_OK) &&
        (!sa->any || done->counter > sa->top)) {
        sa->top = done->counter;
        sa->any = true;
    }
}

/* What comes from the card is believed as far as it is possible. */
bool card_qp_decode(struct card *card, struct card_qp *q, const struct sluice_cqe *cqe, struct sluice_done *done)
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
    if (t->repeats && done->status == SLUICE_STATUS_REPLAYED) {
        *done = (struct sluice_done){.cookie = t->cookie, .status = SLUICE_STATUS_ABORTED};
    }
    if (t->sa) {
        note_counter(t->sa, done);
    }
    if (t->part) {
        atomic_store(&t->sa->amid, done->status == SLUICE_STATUS_OK && !(t->part & SLUICE_PART_LAST));
    }
    TAILQ_REMOVE(&q->busy, t, entry);
    release(card, q, t);
    return true;
}

bool card_qp_end_oldest(struct card *card, struct card_qp *q, enum sluice_status status, struct sluice_done *done)
{
    struct tracker *t = TAILQ_FIRST(&q->busy);

    if (!t) {
        return false;
    }
    *done = (struct sluice_done){.cookie = t->cookie, .status = status};
    TAILQ_REMOVE(&q->busy, t, entry);
    release(card, q, t);
    return true;
}

static unsigned take_held(struct card_qp *q, struct sluice_done *done, unsigned max)
{
    unsigned n = q->held_count < max ? q->held_count : max;

    if (n) {
        memcpy(done, q->held + q->held_at, n * sizeof *done);
        q->held_at += n;
        q->held_count -= n;
    }
    return n;
}

/* Completions that came before the card went are taken as they are. */
static int poll_gone(struct card *card, struct card_qp *q, struct sluice_done *done, unsigned taken, unsigned max)
{
    while (taken < max && card_qp_end_oldest(card, q, SLUICE_STATUS_ABORTED, &done[taken])) {
        taken++;
    }
    taken += card_qp_end_waiting(card, q, done + taken, max - taken);
    return taken || max == 0 ? (int)taken : -ENODEV;
}

static int poll_card(struct card *card, struct card_qp *q, struct sluice_done *done, unsigned max)
{
    bool gone = card_gone(card); /* looked at first, so that nothing that came before is passed over */
    unsigned taken = take_held(q, done, max);
    struct sluice_cqe cqe;

    while (taken < max && ring_get(&q->ring, &cqe)) {
        if (cqe.cookie == 0 && cqe.status == SLUICE_STATUS_DMA_ERROR && q->lost < q->qp.in_flight) {
            q->lost++;
            continue;
        }
        if (!card_qp_decode(card, q, &cqe, &done[taken])) {
            card->transport->ops->give_up(card->transport);
            gone = true;
            break;
        }
        taken++;
    }
    if (gone) {
        return poll_gone(card, q, done, taken, max);
    }
    while (q->lost && q->lost == q->qp.in_flight - taken - q->held_count - q->waiting && taken < max) {
        (void)card_qp_end_oldest(card, q, SLUICE_STATUS_DMA_ERROR, &done[taken++]);
        q->lost--;
    }
    if (q->waiting && !q->lost) {
        launch_waiting(q);
        taken += card_qp_end_waiting(card, q, done + taken, max - taken);
    }
    if (q->ring.unacked >= q->qp.depth / 2) {
        (void)ring_ack(&q->ring, false);
    }
    return (int)taken;
}

int card_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max)
{
    struct card_qp *q = (struct card_qp *)qp;
    int taken;

    if (pthread_mutex_trylock(&q->lock)) {
        return 0;
    }
    taken = poll_card(card_of(qp->card), q, done, max);
    card_qp_note_oldest(q);
    pthread_mutex_unlock(&q->lock);
    return taken;
}

/* The fd is drained before anything is looked at: what is signalled from then on stays. */
static int arm(struct card *card, struct card_qp *q)
{
    eventfd_t drained;

    (void)eventfd_read(q->qp.fd, &drained);
    if (ring_ready(&q->ring) || q->held_count || waited_enough(q)) {
        return 1;
    }
    (void)ring_ack(&q->ring, true);
    if (card_gone(card)) {
        (void)eventfd_write(q->qp.fd, 1); /* the one that the watcher wrote may just have been drained */
        return 1;
    }
    return 0;
}

int card_qp_arm(struct sluice_qp *qp)
{
    struct card_qp *q = (struct card_qp *)qp;
    int ready;

    if (pthread_mutex_trylock(&q->lock)) {
        return 0; /* the fd is signalled when the reset is over */
    }
    ready = arm(card_of(qp->card), q);
    pthread_mutex_unlock(&q->lock);
    return ready;
}
