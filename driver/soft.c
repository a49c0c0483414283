/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software engine: every operation is done inside submit, by the caller's thread, and its completion kept until it is polled.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "pages.h"
#include "soft_card.h"

#define QP_MOST   256u
#define DEPTH_MAX (1u << SLUICE_MAX_QUEUE_DEPTH_LOG2)

/* ---------------------------------------------------------------- card */

static void soft_close(struct sluice_card *card)
{
    struct soft_card *soft = soft_card(card);

    free(soft->slot);
    free(soft->gen);
    pthread_mutex_destroy(&soft->lock);
    dma_fini(&card->mem);
    free(soft);
}

static int soft_info(struct sluice_card *card, struct sluice_info *info)
{
    *info = (struct sluice_info){.engine = "soft",
                                 .major = SLUICE_MAJOR,
                                 .minor = SLUICE_MINOR,
                                 .features = card->features,
                                 .lanes = 1,
                                 .legacy_lanes = 1,
                                 .stream_lanes = 1,
                                 .io_queues = QP_MOST,
                                 .max_depth = DEPTH_MAX,
                                 .sa_count = SOFT_SLOTS,
                                 .sa_slots = SOFT_SLOTS,
                                 .window = SLUICE_REPLAY_WINDOW};
    return 0;
}

static int soft_ping(struct sluice_card *card)
{
    (void)card;
    return 0;
}

static void add_counts(struct sluice_stats *stats, struct soft_counts *counts)
{
    stats->record_bytes += atomic_load_explicit(&counts->record_bytes, memory_order_relaxed);
    stats->content_bytes += atomic_load_explicit(&counts->content_bytes, memory_order_relaxed);
    for (unsigned i = 0; i < SOFT_STATUSES; i++) {
        stats->seal_status[i] += atomic_load_explicit(&counts->status[SLUICE_DIRECTION_SEAL][i], memory_order_relaxed);
        stats->open_status[i] += atomic_load_explicit(&counts->status[SLUICE_DIRECTION_OPEN][i], memory_order_relaxed);
    }
}

static int soft_stats(struct sluice_card *card, struct sluice_stats *stats)
{
    struct soft_card *soft = soft_card(card);

    memset(stats, 0, sizeof *stats);
    pthread_mutex_lock(&soft->lock);
    add_counts(stats, &soft->gone);
    for (struct soft_qp *q = soft->qps; q; q = q->next) {
        add_counts(stats, &q->counts);
    }
    pthread_mutex_unlock(&soft->lock);
    return 0;
}

/* ---------------------------------------------------------------- SAs */

/* Puts the SA in a free slot; -ENOSPC. The lock is held. */
static int take_slot(struct soft_card *soft, struct soft_sa *sa)
{
    for (unsigned i = 0; i < SOFT_SLOTS; i++) {
        unsigned slot = (soft->slot_hint + i) % SOFT_SLOTS;

        if (!atomic_load_explicit(&soft->slot[slot], memory_order_relaxed)) {
            soft->slot_hint = slot + 1;
            sa->sa.slot = (uint16_t)slot;
            sa->sa.gen = soft->gen[slot]++;
            atomic_store_explicit(&soft->slot[slot], sa, memory_order_release);
            return 0;
        }
    }
    return -ENOSPC;
}

static int soft_sa_create(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **out)
{
    struct soft_card *soft = soft_card(card);
    struct soft_sa *sa = line_alloc(sizeof *sa);
    int err;

    if (!sa) {
        return -ENOMEM;
    }
    err = soft_sa_init(sa, config);
    if (!err) {
        pthread_mutex_lock(&soft->lock);
        err = take_slot(soft, sa);
        pthread_mutex_unlock(&soft->lock);
    }
    if (err) {
        soft_sa_fini(sa);
        free(sa);
        return err;
    }
    *out = &sa->sa;
    return 0;
}

static void soft_sa_destroy(struct sluice_sa *base)
{
    struct soft_card *soft = soft_card(base->card);
    struct soft_sa *sa = (struct soft_sa *)base;

    pthread_mutex_lock(&soft->lock);
    if (atomic_load_explicit(&soft->slot[base->slot], memory_order_relaxed) == sa) { /* not after zeroise */
        atomic_store_explicit(&soft->slot[base->slot], NULL, memory_order_release);
    }
    pthread_mutex_unlock(&soft->lock);
    soft_sa_fini(sa);
    free(sa);
}

static int soft_sa_window_export(struct sluice_sa *sa, struct sluice_window *window)
{
    window_export(&((struct soft_sa *)sa)->window, window);
    return 0;
}

static int soft_sa_window_import(struct sluice_sa *sa, const struct sluice_window *window)
{
    window_import(&((struct soft_sa *)sa)->window, window);
    return 0;
}

/* ---------------------------------------------------------------- queue pairs */

static int soft_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **out)
{
    struct soft_card *soft = soft_card(card);
    struct soft_qp *q = line_alloc(sizeof *q);
    int err = 0;

    if (!q) {
        return -ENOMEM;
    }
    q->ring = line_alloc(depth * sizeof *q->ring);
    q->qp.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!q->ring || q->qp.fd < 0) {
        err = q->ring ? -errno : -ENOMEM;
    }
    pthread_mutex_lock(&soft->lock);
    if (!err && soft->qp_count == QP_MOST) {
        err = -ENOSPC;
    }
    if (!err) {
        soft->qp_count++;
        q->next = soft->qps;
        soft->qps = q;
    }
    pthread_mutex_unlock(&soft->lock);
    if (err) {
        if (q->qp.fd >= 0) {
            close(q->qp.fd);
        }
        free(q->ring);
        free(q);
        return err;
    }
    *out = &q->qp;
    return 0;
}

static void move_count(_Atomic uint64_t *to, _Atomic uint64_t *from)
{
    atomic_fetch_add_explicit(to, atomic_load_explicit(from, memory_order_relaxed), memory_order_relaxed);
}

static void keep_counts(struct soft_counts *gone, struct soft_counts *counts)
{
    move_count(&gone->record_bytes, &counts->record_bytes);
    move_count(&gone->content_bytes, &counts->content_bytes);
    for (unsigned i = 0; i < SOFT_STATUSES; i++) {
        move_count(&gone->status[SLUICE_DIRECTION_SEAL][i], &counts->status[SLUICE_DIRECTION_SEAL][i]);
        move_count(&gone->status[SLUICE_DIRECTION_OPEN][i], &counts->status[SLUICE_DIRECTION_OPEN][i]);
    }
}

static void soft_qp_destroy(struct sluice_qp *qp)
{
    struct soft_card *soft = soft_card(qp->card);
    struct soft_qp *q = (struct soft_qp *)qp;
    struct soft_qp **at = &soft->qps;

    pthread_mutex_lock(&soft->lock);
    while (*at != q) {
        at = &(*at)->next;
    }
    *at = q->next;
    soft->qp_count--;
    keep_counts(&soft->gone, &q->counts);
    pthread_mutex_unlock(&soft->lock);
    close(qp->fd);
    free(q->ring);
    explicit_bzero(q, sizeof *q);
    free(q);
}

/* Completions are there at the end of submit: there is nothing to wait for. */
static int soft_qp_coalesce(struct sluice_qp *qp, unsigned count, unsigned microseconds)
{
    (void)qp;
    (void)count;
    (void)microseconds;
    return 0;
}

/* ---------------------------------------------------------------- data path */

/* One writer, so that no locked instruction is needed. */
static void count(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

static void count_done(struct soft_counts *counts, const struct sluice_op *op, const struct sluice_done *done)
{
    bool seal = op->type == SLUICE_OP_TYPE_SEAL;

    count(&counts->status[seal ? SLUICE_DIRECTION_SEAL : SLUICE_DIRECTION_OPEN][done->status], 1);
    if (done->status == SLUICE_STATUS_OK && op->type != SLUICE_OP_TYPE_VERIFY) {
        count(&counts->record_bytes, seal ? done->length : op->src_len);
        count(&counts->content_bytes, seal ? op->src_len : done->length);
    }
}

/* Checks 2 and 3. */
static struct soft_sa *find_sa(struct soft_card *soft, const struct sluice_sa *named, enum sluice_direction direction,
                               enum sluice_status *status)
{
    struct soft_sa *sa = atomic_load_explicit(&soft->slot[named->slot], memory_order_acquire);

    if (!sa) {
        *status = SLUICE_STATUS_NO_SUCH_SA;
    } else if (sa->sa.gen != named->gen || sa->direction != direction) {
        *status = SLUICE_STATUS_SA_MISMATCH;
        sa = NULL;
    }
    return sa;
}

/* The record work, on a source and a destination that lie in one piece each. Returns how many bytes were written. */
static uint32_t work(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done)
{
    if (op->type == SLUICE_OP_TYPE_VERIFY) {
        soft_verify(sa, scratch, op, done);
        return 0;
    }
    if (op->part) {
        if (!sa->shape.tls) {
            done->status = SLUICE_STATUS_UNSUPPORTED;
            return 0;
        }
        return op->type == SLUICE_OP_TYPE_SEAL ? soft_seal_part(sa, scratch, op, done) : soft_unseal_part(sa, scratch, op, done);
    }
    return op->type == SLUICE_OP_TYPE_SEAL ? soft_seal(sa, op, done) : soft_unseal(sa, scratch, op, done);
}

/* Page lists go through bounce buffers. A source that does not fit has no right length, and nobody looks at it. */
static void work_in_pages(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done)
{
    struct sluice_op flat = *op;
    uint32_t written, gathered = 0;

    if (op->src_list) {
        flat.src = scratch->src;
        gathered = op->src_len <= sizeof scratch->src ? op->src_len : 0;
        pages_gather(op->src_list, scratch->src, gathered);
    }
    if (op->dst_list) {
        flat.dst = scratch->dst;
    }
    written = work(sa, scratch, &flat, done);
    if (op->dst_list) {
        pages_scatter(op->dst_list, scratch->dst, written);
        explicit_bzero(scratch->dst, written);
    }
    explicit_bzero(scratch->src, gathered);
}

/* Check 1, as far as this engine is asked what there could be to refuse. */
static bool known_parts(const struct sluice_op *op)
{
    return op->part == 0 || (op->part & SLUICE_PART && op->type != SLUICE_OP_TYPE_VERIFY);
}

static void run(struct soft_card *soft, struct soft_qp *q, const struct sluice_op *op, struct sluice_done *done)
{
    struct soft_sa *sa;

    *done = (struct sluice_done){.cookie = op->cookie, .status = SLUICE_STATUS_OK};
    if (op->type == SLUICE_OP_TYPE_NOP) {
        return;
    }
    if (!known_parts(op)) {
        done->status = SLUICE_STATUS_UNSUPPORTED;
    } else {
        sa =
            find_sa(soft, op->sa, op->type == SLUICE_OP_TYPE_SEAL ? SLUICE_DIRECTION_SEAL : SLUICE_DIRECTION_OPEN, &done->status);
        if (sa && (op->src_list || op->dst_list)) {
            work_in_pages(sa, &q->scratch, op, done);
        } else if (sa) {
            (void)work(sa, &q->scratch, op, done);
        }
    }
    count_done(&q->counts, op, done);
}

static struct sluice_done *next_done(struct soft_qp *q)
{
    return &q->ring[q->tail++ & (q->qp.depth - 1)];
}

/* One of those that may be sealed together. */
static bool is_plain_seal(const struct sluice_op *op)
{
    return op->type == SLUICE_OP_TYPE_SEAL && op->part == 0 && !op->src_list && !op->dst_list;
}

/* How many of these seal whole records of one SA. */
static unsigned seals_alike(const struct sluice_op *ops, unsigned count_ops)
{
    unsigned n = 0;

    while (n < count_ops && n < CBC_LANES && is_plain_seal(&ops[n]) && ops[n].sa == ops[0].sa) {
        n++;
    }
    return n;
}

/* Seals the first of these together, if there are some: how many. */
static unsigned run_seals(struct soft_card *soft, struct soft_qp *q, const struct sluice_op *ops, unsigned count_ops)
{
    struct sluice_done *done[CBC_LANES];
    enum sluice_status status = SLUICE_STATUS_OK;
    unsigned n = seals_alike(ops, count_ops);
    struct soft_sa *sa = n < CBC_LANES_LEAST ? NULL : find_sa(soft, ops[0].sa, SLUICE_DIRECTION_SEAL, &status);

    if (!sa || !soft_seals_many(sa)) {
        return 0;
    }
    for (unsigned i = 0; i < n; i++) {
        done[i] = next_done(q);
        *done[i] = (struct sluice_done){.cookie = ops[i].cookie};
    }
    soft_seal_many(sa, ops, done, n);
    for (unsigned i = 0; i < n; i++) {
        count_done(&q->counts, &ops[i], done[i]);
    }
    return n;
}

static int soft_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count_ops)
{
    struct soft_qp *q = (struct soft_qp *)qp;
    struct soft_card *soft = soft_card(qp->card);

    for (unsigned i = 0; i < count_ops;) {
        unsigned together = is_plain_seal(&ops[i]) ? run_seals(soft, q, ops + i, count_ops - i) : 0;

        if (together > 0) {
            i += together;
        } else {
            run(soft, q, &ops[i++], next_done(q));
        }
    }
    if (q->armed && count_ops) {
        q->armed = false;
        (void)eventfd_write(qp->fd, 1);
    }
    return (int)count_ops;
}

static int soft_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max)
{
    struct soft_qp *q = (struct soft_qp *)qp;
    unsigned n = 0;

    while (n < max && q->head != q->tail) {
        done[n++] = q->ring[q->head++ & (qp->depth - 1)];
    }
    return (int)n;
}

static int soft_arm(struct sluice_qp *qp)
{
    struct soft_qp *q = (struct soft_qp *)qp;
    eventfd_t drained;

    (void)eventfd_read(qp->fd, &drained);
    q->armed = q->head == q->tail;
    return !q->armed;
}

static const struct engine_ops soft_ops = {
    .close = soft_close,
    .info = soft_info,
    .ping = soft_ping,
    .stats = soft_stats,
    .sa_create = soft_sa_create,
    .sa_destroy = soft_sa_destroy,
    .sa_window_export = soft_sa_window_export,
    .sa_window_import = soft_sa_window_import,
    .sa_query = soft_sa_query,
    .sa_modify = soft_sa_modify,
    .sa_reserve = soft_sa_reserve,
    .health = soft_health,
    .selftest = soft_selftest,
    .log = soft_log,
    .zeroise = soft_zeroise,
    .reset = soft_reset,
    .random = soft_random,
    .keep_alive = soft_keep_alive,
    .qp_create = soft_qp_create,
    .qp_destroy = soft_qp_destroy,
    .qp_coalesce = soft_qp_coalesce,
    .submit = soft_submit,
    .poll = soft_poll,
    .arm = soft_arm,
};

int soft_open(const char *where, const struct sluice_options *options, struct sluice_card **out)
{
    struct soft_card *soft;
    int err;

    if (*where != '\0') {
        return -EINVAL;
    }
    soft = line_alloc(sizeof *soft);
    if (!soft) {
        return -ENOMEM;
    }
    soft->slot = calloc(SOFT_SLOTS, sizeof *soft->slot);
    soft->gen = calloc(SOFT_SLOTS, sizeof *soft->gen);
    err = dma_init(&soft->card.mem, options->dma_bytes);
    if (!err && (!soft->slot || !soft->gen)) {
        dma_fini(&soft->card.mem);
        err = -ENOMEM;
    }
    if (err) {
        free(soft->slot);
        free(soft->gen);
        free(soft);
        return err;
    }
    pthread_mutex_init(&soft->lock, NULL);
    soft->card.ops = &soft_ops;
    soft->card.features = FEATURE(AES) | FEATURE(AES192) | FEATURE(DES) | FEATURE(SHA1) | FEATURE(SHA256) | FEATURE(MD5) |
                          FEATURE(UDP) | FEATURE(TLS) | FEATURE(CUT_THROUGH) | FEATURE(PAGE_LIST) | FEATURE(NULL) |
                          FEATURE(MANAGED);
    soft->card.max_depth = DEPTH_MAX;
    soft->recover = options->recover;
    soft_log_begin(soft);
    *out = &soft->card;
    return 0;
}
