/* SPDX-License-Identifier: Apache-2.0 */
#include "mix.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "shape.h"

#define PATIENCE_MS 120000
#define DEPTH       64u

/* ---------------------------------------------------------------- memory */

/* Where the source, and where the destination of an operation lies. */
static uint8_t *src_arena(const struct mix_engine *e, const struct mix_plan *p, unsigned index)
{
    return p->bad ? e->bad[index] : e->arena[index];
}

/* The pages that the operation may touch, or that lie around what it may touch. */
static uint32_t pages_of(const struct mix_plan *p)
{
    return layout_mask(&p->dst, p->dst_bytes) | (p->bad ? 0 : layout_mask(&p->src, p->src_bytes));
}

/* Fills both engines' pages the same: noise, and the source. */
static void fill(struct mix *m, const struct mix_plan *p, unsigned index)
{
    uint8_t noise = (uint8_t)tap_random();
    uint32_t pages = pages_of(p);

    for (unsigned e = 0; e < ENGINES; e++) {
        struct mix_engine *engine = &m->engine[e];

        for (unsigned i = 0; i < MIX_SLOT; i++) {
            if (pages >> i & 1) {
                memset(engine->arena[index] + i * LAYOUT_PAGE, noise, LAYOUT_PAGE);
            }
        }
        layout_put(&p->src, src_arena(engine, p, index), m->source, p->src_bytes);
        if (p->hit && p->op.type == SLUICE_OP_TYPE_OPEN && p->src_bytes > 1) { /* so that it changes nothing in software either */
            *layout_at(&p->src, src_arena(engine, p, index), 1) ^= 0xff;
        }
    }
    if (p->hit) {
        memcpy(m->saved[index], m->engine[CARD].arena[index], MIX_SLOT * LAYOUT_PAGE);
    }
}

static bool same_memory(struct mix *m, const struct mix_plan *p, unsigned index)
{
    const uint8_t *x = m->engine[SOFT].arena[index], *y = m->engine[CARD].arena[index];
    uint32_t pages = m->rounds % 64 ? pages_of(p) : (1u << MIX_SLOT) - 1;

    if (p->hit) { /* in software it was done */
        memcpy(m->engine[SOFT].arena[index], m->saved[index], MIX_SLOT * LAYOUT_PAGE);
    }
    for (unsigned i = 0; i < MIX_SLOT; i++) {
        if (pages >> i & 1 && memcmp(x + i * LAYOUT_PAGE, y + i * LAYOUT_PAGE, LAYOUT_PAGE) != 0) {
            return false;
        }
    }
    return true;
}

static void note_memory(struct mix *m, const struct mix_plan *p, unsigned index)
{
    uint8_t *x = m->engine[SOFT].arena[index], *y = m->engine[CARD].arena[index];

    for (uint32_t i = 0; i < p->dst_bytes; i++) {
        if (*layout_at(&p->dst, x, i) != *layout_at(&p->dst, y, i)) {
            tap_note("first difference at destination byte %u: %02x, %02x", i, *layout_at(&p->dst, x, i),
                     *layout_at(&p->dst, y, i));
            return;
        }
    }
    for (uint32_t i = 0; i < MIX_SLOT * LAYOUT_PAGE; i++) {
        if (x[i] != y[i]) {
            tap_note("difference at byte %u of the slot, outside the destination: %02x, %02x", i, x[i], y[i]);
            return;
        }
    }
}

/* ---------------------------------------------------------------- running */

static struct sluice_op op_for(struct mix_engine *e, const struct mix_plan *p, unsigned index, void *lists[2][LAYOUT_LIST])
{
    struct sluice_op op = p->op;

    if (op.type == SLUICE_OP_TYPE_NOP) {
        return op;
    }
    op.sa = p->odd ? &e->odd[p->pair][p->direction].sa : e->sa[p->pair][p->direction];
    layout_src(&p->src, src_arena(e, p, index), &op, lists[0]);
    layout_dst(&p->dst, e->arena[index], &op, lists[1]);
    return op;
}

static bool submit(struct mix *m, unsigned which, unsigned count)
{
    struct mix_engine *e = &m->engine[which];
    struct sluice_op ops[MIX_BURST];
    void *lists[MIX_BURST][2][LAYOUT_LIST];
    int taken;

    for (unsigned i = 0; i < count; i++) {
        const struct mix_plan *p = &m->plan[i];

        ops[i] = op_for(e, p, i, lists[i]);
        if (which == SOFT && p->hit && p->op.part) {
            ops[i].dst_len = 0; /* which ends the record as the fault does on the card */
        }
    }
    taken = sluice_qp_submit(e->qp, ops, count);
    if (taken != (int)count) {
        tap_note("engine %u took %d of %u operations", which, taken, count);
    }
    return taken == (int)count;
}

static bool collect(struct mix_engine *e, unsigned left)
{
    struct pollfd fd = {.fd = sluice_qp_fd(e->qp), .events = POLLIN};
    struct sluice_done done[MIX_BURST];

    while (left > 0) {
        int n = sluice_qp_poll(e->qp, done, MIX_BURST);

        for (int i = 0; i < n; i++) {
            e->done[done[i].cookie] = done[i];
            left--;
        }
        if (n < 0 || (n == 0 && !sluice_qp_arm(e->qp) && poll(&fd, 1, PATIENCE_MS) != 1)) {
            tap_note("%u operations do not end: %s", left, n < 0 ? strerror(-n) : "nothing comes");
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- comparing */

/* What the card must say of an operation whose source cannot be read, from what software said of it. */
static struct sluice_done after_hit(const struct mix *m, const struct mix_plan *p, struct sluice_done done)
{
    enum sluice_direction direction = p->op.type == SLUICE_OP_TYPE_SEAL ? SLUICE_DIRECTION_SEAL : SLUICE_DIRECTION_OPEN;
    bool early = done.status == SLUICE_STATUS_UNSUPPORTED || done.status == SLUICE_STATUS_NO_SUCH_SA ||
                 done.status == SLUICE_STATUS_SA_MISMATCH || done.status == SLUICE_STATUS_BAD_LENGTH ||
                 done.status == SLUICE_STATUS_COUNTER_EXHAUSTED;

    if (done.status == SLUICE_STATUS_OUTPUT_TOO_SMALL) {
        early = !p->op.part || p->op.dst_len < shape_part_room(direction, m->config[p->pair].mac_len, p->op.src_len, p->op.part);
    }
    if (early) {
        return done;
    }
    return (struct sluice_done){.cookie = done.cookie,
                                .counter = direction == SLUICE_DIRECTION_SEAL ? done.counter : 0,
                                .status = SLUICE_STATUS_DMA_ERROR};
}

static void note_done(const char *who, const struct sluice_done *d)
{
    tap_note("%s %s, length %u, content %u, counter %#llx, next IV %02x%02x%02x%02x...", who, sluice_status_name(d->status),
             d->length, d->content, (unsigned long long)d->counter, d->next_iv[0], d->next_iv[1], d->next_iv[2], d->next_iv[3]);
}

static bool same(struct mix *m, unsigned index)
{
    static const char *const names[] = {"nop", "seal", "open", "verify"};
    const struct mix_plan *p = &m->plan[index];
    struct sluice_done a = m->engine[SOFT].done[index], b = m->engine[CARD].done[index];

    if (p->hit) {
        a = after_hit(m, p, a);
    }
    m->statuses[a.status]++;
    m->hits += p->hit;
    m->parts += p->op.part != 0;
    m->lists += p->op.type != SLUICE_OP_TYPE_NOP && (p->src.listed || p->dst.listed);
    if (a.status == b.status && a.length == b.length && a.counter == b.counter && a.content == b.content &&
        memcmp(a.next_iv, b.next_iv, sizeof a.next_iv) == 0 && same_memory(m, p, index)) {
        return true;
    }
    tap_note("worker %u, operation %llu: %s on %s, part %#x, src_len %u%s, dst_len %u%s, total %u, pad %u%s%s%s", m->number,
             (unsigned long long)m->operations + index, names[p->op.type], kit_name(&m->config[p->pair]), p->op.part,
             p->op.src_len, p->src.listed ? " listed" : "", p->op.dst_len, p->dst.listed ? " listed" : "", p->op.total, p->op.pad,
             p->odd ? ", wrong handle" : "", p->in_place ? ", in place" : "", p->hit ? ", source cannot be read" : "");
    note_done("soft:", &a);
    note_done("card:", &b);
    note_memory(m, p, index);
    return false;
}

static void keep_record(struct mix *m, unsigned index)
{
    const struct mix_plan *p = &m->plan[index];
    const struct sluice_done *d = &m->engine[CARD].done[index];

    if (p->op.type == SLUICE_OP_TYPE_SEAL && !p->op.part && d->status == SLUICE_STATUS_OK) {
        struct mix_record *r = &m->record[m->records < MIX_RECORDS ? m->records++ : tap_below(MIX_RECORDS)];

        r->pair = p->pair;
        r->len = d->length;
        r->seq = p->op.seq;
        memcpy(r->iv, p->op.nonce, sizeof r->iv);
        layout_get(&p->dst, m->engine[CARD].arena[index], r->bytes, d->length);
    }
}

static bool burst(struct mix *m)
{
    unsigned count = 1 + tap_below(MIX_BURST);

    for (unsigned i = 0; i < count; i++) {
        mix_choose(m, &m->plan[i], i);
        fill(m, &m->plan[i], i);
    }
    if (!submit(m, CARD, count) || !submit(m, SOFT, count) || !collect(&m->engine[SOFT], count) ||
        !collect(&m->engine[CARD], count)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!same(m, i)) {
            return false;
        }
        keep_record(m, i);
    }
    m->operations += count;
    return true;
}

/* ---------------------------------------------------------------- all of it */

static bool new_queue(struct mix *m)
{
    for (unsigned e = 0; e < ENGINES; e++) {
        int err;

        sluice_qp_destroy(m->engine[e].qp);
        m->engine[e].qp = NULL;
        err = sluice_qp_create(m->engine[e].card, DEPTH, &m->engine[e].qp);
        if (err) {
            tap_note("engine %u: queue pair: %s", e, strerror(-err));
            return false;
        }
    }
    /* Fewer interrupts, never none at all. A card that cannot does without. */
    (void)sluice_qp_coalesce(m->engine[CARD].qp, tap_below(20), 1 + tap_below(50));
    return true;
}

bool mix_open(struct mix *m, unsigned number)
{
    struct sluice_info info;

    m->number = number;
    if (sluice_card_info(m->engine[CARD].card, &info)) {
        return false;
    }
    m->features = info.features;
    m->windows = mix_has_windows(m);
    for (unsigned e = 0; e < ENGINES; e++) {
        for (unsigned i = 0; i < MIX_BURST; i++) {
            m->engine[e].arena[i] = layout_arena(m->engine[e].card, MIX_SLOT);
            if (!m->engine[e].arena[i]) {
                tap_note("no DMA memory");
                return false;
            }
        }
    }
    for (unsigned i = 0; i < MIX_PAIRS; i++) {
        if (!mix_make_pair(m, i)) {
            return false;
        }
    }
    return new_queue(m);
}

bool mix_round(struct mix *m)
{
    unsigned pair = tap_below(MIX_PAIRS);

    m->rounds++;
    if (!burst(m)) {
        return false;
    }
    if (tap_below(8) == 0) {
        mix_end_pair(m, pair);
        return mix_make_pair(m, pair);
    }
    if (tap_below(100) == 0) {
        return new_queue(m);
    }
    return tap_below(8) || mix_windows(m, pair);
}

void mix_close(struct mix *m)
{
    for (unsigned i = 0; i < MIX_PAIRS; i++) {
        mix_end_pair(m, i);
    }
    for (unsigned e = 0; e < ENGINES; e++) {
        sluice_qp_destroy(m->engine[e].qp);
    }
}
