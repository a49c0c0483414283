/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/driver/tap.h"

#define DEPTH       1024u
#define MEMORY      (768u * 1024)
#define TYPE        0x97
#define POLL_US     1000
#define PATIENCE_US 600000000u

static _Noreturn void give_up(const char *what, const char *why)
{
    fprintf(stderr, "bench: %s: %s\n", what, why);
    exit(2);
}

static void need_ok(int err, const char *what)
{
    if (err < 0) {
        give_up(what, strerror(-err));
    }
}

static uint8_t *memory(struct load *l)
{
    uint8_t *mem = sluice_mem_alloc(l->card, MEMORY);

    if (!mem) {
        give_up("buffers", "no DMA memory");
    }
    tap_fill(mem, MEMORY);
    return mem;
}

void load_begin(struct load *l, const char *const arguments[])
{
    memset(l, 0, sizeof *l);
    l->sim = sim_start(arguments);
    need_ok(sluice_open(sim_uri(l->sim), NULL, &l->card), "the card");
    need_ok(sluice_card_info(l->card, &l->info), "the card");
    l->queues = l->info.io_queues < LOAD_QUEUES ? l->info.io_queues : LOAD_QUEUES;
    for (unsigned i = 0; i < l->queues; i++) {
        struct load_queue *q = &l->queue[i];

        need_ok(sluice_qp_create(l->card, DEPTH, &q->qp), "queue pair");
        q->clear = memory(l);
        q->sealed = memory(l);
        q->out = memory(l);
    }
}

static void drop(struct sluice_sa **sa)
{
    if (*sa) {
        sluice_sa_destroy(*sa);
    }
    *sa = NULL;
}

void load_end(struct load *l)
{
    for (unsigned i = 0; i < l->queues; i++) {
        drop(&l->queue[i].seal);
        drop(&l->queue[i].open);
        sluice_qp_destroy(l->queue[i].qp);
    }
    sluice_close(l->card);
    sim_stop(l->sim);
}

static void renew(struct load *l, struct sluice_sa **sa, enum sluice_direction direction)
{
    struct sluice_sa_config c = l->config;

    c.direction = direction;
    c.replay = direction == SLUICE_DIRECTION_OPEN;
    drop(sa);
    need_ok(sluice_sa_create(l->card, &c, sa), "SA");
}

void load_reopen(struct load *l)
{
    for (unsigned i = 0; i < l->queues; i++) {
        renew(l, &l->queue[i].open, SLUICE_DIRECTION_OPEN);
    }
}

void load_suite(struct load *l, const struct sluice_sa_config *config, uint32_t content)
{
    l->config = *config;
    l->content = content;
    l->record = sluice_record_size(config, content, 0);
    for (unsigned i = 0; i < l->queues; i++) {
        renew(l, &l->queue[i].seal, SLUICE_DIRECTION_SEAL);
    }
    load_reopen(l);
}

/* Buffers are aligned to 64 bytes, as the reference host's are, and no better. */
static uint32_t stride(uint32_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static struct sluice_op operation(const struct load *l, const struct load_queue *q, bool seal, unsigned place, struct bound *b)
{
    uint32_t most = sluice_content_max(&l->config, l->record);
    size_t clear = (size_t)place * stride(most), sealed = (size_t)place * stride(l->record);
    struct sluice_op op = {.type = seal ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN,
                           .sa = seal ? q->seal : q->open,
                           .content_type = seal ? TYPE : 0,
                           .src = seal ? q->clear + clear : q->sealed + sealed,
                           .src_len = seal ? l->content : l->record,
                           .dst = seal ? q->sealed + sealed : q->out + clear,
                           .dst_len = seal ? l->record : most};

    if (clear + stride(most) > MEMORY || sealed + l->record > MEMORY) {
        give_up("buffers", "more records than there is room for");
    }
    most = seal || most < SLUICE_MAX_CONTENT ? op.dst_len : SLUICE_MAX_CONTENT;
    bound_add(b, (uintptr_t)op.src, op.src_len, (uintptr_t)op.dst, most);
    return op;
}

/* In mixed mode seals are written where nothing is opened: behind the places of the opens. */
static void submit(struct load *l, struct load_queue *q, enum load_mode mode, unsigned from, unsigned count, struct bound *b)
{
    static struct sluice_op ops[DEPTH];
    unsigned pairs = count / 2;
    int n;

    for (unsigned i = 0; i < count; i++) {
        if (mode != LOAD_MIXED) {
            ops[i] = operation(l, q, mode == LOAD_SEAL, from + i, b);
        } else {
            ops[i] = operation(l, q, i % 2 == 0, i % 2 == 0 ? from + pairs + i / 2 : from + i / 2, b);
        }
    }
    n = sluice_qp_submit(q->qp, ops, count);
    need_ok(n, "submit");
    if ((unsigned)n != count) {
        give_up("submit", "no room");
    }
}

/* Looks into the rings alone, which the card does not notice. */
static void collect(struct load_queue *q, unsigned left)
{
    struct sluice_done done[64];

    for (unsigned waited = 0; left > 0; waited += POLL_US) {
        int n = sluice_qp_poll(q->qp, done, left < 64 ? left : 64);

        need_ok(n, "poll");
        for (int i = 0; i < n; i++) {
            if (done[i].status != SLUICE_STATUS_OK) {
                give_up("a record", sluice_status_name(done[i].status));
            }
        }
        left -= (unsigned)n;
        if (waited > PATIENCE_US) {
            give_up("a record", "its completion does not come");
        }
        usleep(n ? 0 : POLL_US);
    }
}

static void subtract(struct sluice_stats *a, const struct sluice_stats *b)
{
    a->cycles -= b->cycles;
    a->busy_cycles -= b->busy_cycles;
    a->content_bytes -= b->content_bytes;
    a->rx_beats -= b->rx_beats;
    a->tx_beats -= b->tx_beats;
    a->tx_stall -= b->tx_stall;
    a->tag_stall -= b->tag_stall;
    a->lane_stall -= b->lane_stall;
    for (unsigned i = 0; i < sizeof a->lane / sizeof *a->lane; i++) {
        a->lane[i].busy -= b->lane[i].busy;
        a->lane[i].starved -= b->lane[i].starved;
        a->lane[i].blocked -= b->lane[i].blocked;
    }
}

/* Gives the ring back to the card, with an interrupt to come, so that nothing need be said to it in the next run. */
static void acknowledge(struct load *l)
{
    for (unsigned i = 0; i < l->queues; i++) {
        need_ok(sluice_qp_arm(l->queue[i].qp), "arm");
    }
}

void load_run(struct load *l, enum load_mode mode, unsigned from, unsigned records, struct load_figures *f)
{
    struct sluice_stats before;
    unsigned each = records / l->queues;

    memset(f, 0, sizeof *f);
    acknowledge(l);
    need_ok(sluice_card_stats(l->card, &before), "counters");
    sim_signal(l->sim, SIGSTOP);
    for (unsigned i = 0; i < l->queues; i++) {
        submit(l, &l->queue[i], mode, from, each, &f->bound);
    }
    sim_signal(l->sim, SIGCONT);
    for (unsigned i = 0; i < l->queues; i++) {
        collect(&l->queue[i], each);
    }
    need_ok(sluice_card_stats(l->card, &f->stats), "counters");
    subtract(&f->stats, &before);
}

/* What reading the counters takes is measured and taken off. */
uint64_t load_alone(struct load *l, enum load_mode mode)
{
    struct sluice_stats before, between, after;
    struct bound b = {0};

    acknowledge(l);
    need_ok(sluice_card_stats(l->card, &before), "counters");
    need_ok(sluice_card_stats(l->card, &between), "counters");
    submit(l, &l->queue[0], mode, 0, 1, &b);
    collect(&l->queue[0], 1);
    need_ok(sluice_card_stats(l->card, &after), "counters");
    return (after.cycles - between.cycles) - (between.cycles - before.cycles);
}
