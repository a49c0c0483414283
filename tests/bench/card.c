/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of the card come from its own counters. A ring is filled and its doorbell rung once, and the simulation's clock stands
 * still while the card is idle, so that they are the same on every machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "table.h"
#include "tests/driver/kit.h"
#include "tests/driver/sim_child.h"

#define CONTENT      1400u
#define ROOM         1536u
#define RECORDS      256u
#define GOAL_BYTES   1.4
#define GOAL_LATENCY 2600
#define POLL_US      200

struct bench {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *seal, *open;
    uint8_t *clear, *sealed, *other; /* RECORDS of ROOM each */
    uint32_t record_len;
};

static void *need(void *mem)
{
    if (!mem) {
        fprintf(stderr, "bench: no DMA memory\n");
        exit(2);
    }
    return mem;
}

static void need_ok(int err, const char *what)
{
    if (err < 0) {
        fprintf(stderr, "bench: %s: %s\n", what, strerror(-err));
        exit(2);
    }
}

static void begin(struct bench *b, const char *uri)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);

    c.replay = 0; /* the same records are opened several times */
    need_ok(sluice_open(uri, NULL, &b->card), uri);
    need_ok(sluice_qp_create(b->card, 2 * RECORDS, &b->qp), "queue pair");
    need_ok(sluice_sa_create(b->card, &c, &b->seal), "SA");
    b->record_len = sluice_record_size(&c, CONTENT, 0);
    c.direction = SLUICE_DIRECTION_OPEN;
    need_ok(sluice_sa_create(b->card, &c, &b->open), "SA");
    b->clear = need(sluice_mem_alloc(b->card, (size_t)RECORDS * ROOM));
    b->sealed = need(sluice_mem_alloc(b->card, (size_t)RECORDS * ROOM));
    b->other = need(sluice_mem_alloc(b->card, (size_t)RECORDS * ROOM));
    tap_fill(b->clear, (size_t)RECORDS * ROOM);
}

static void end(struct bench *b)
{
    sluice_sa_destroy(b->seal);
    sluice_sa_destroy(b->open);
    sluice_qp_destroy(b->qp);
    sluice_close(b->card);
}

static struct sluice_op seal_op(const struct bench *b, unsigned i, uint8_t *to)
{
    return (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL,
                              .sa = b->seal,
                              .content_type = 0x97,
                              .src = b->clear + i * ROOM,
                              .src_len = CONTENT,
                              .dst = to + i * ROOM,
                              .dst_len = ROOM};
}

static struct sluice_op open_op(const struct bench *b, unsigned i)
{
    return (struct sluice_op){.type = SLUICE_OP_TYPE_OPEN,
                              .sa = b->open,
                              .src = b->sealed + i * ROOM,
                              .src_len = b->record_len,
                              .dst = b->clear + i * ROOM,
                              .dst_len = ROOM};
}

/* Submits all at once and waits without touching the card; what the counters moved. */
static struct sluice_stats run(struct bench *b, const struct sluice_op *ops, unsigned count)
{
    struct sluice_stats before, after;
    struct sluice_done done[64];
    unsigned left = count;

    need_ok(sluice_card_stats(b->card, &before), "counters");
    if (sluice_qp_submit(b->qp, ops, count) != (int)count) {
        need_ok(-1, "submit");
    }
    while (left > 0) {
        int n = sluice_qp_poll(b->qp, done, 64);

        need_ok(n, "poll");
        for (int i = 0; i < n; i++) {
            need_ok(done[i].status == SLUICE_STATUS_OK ? 0 : -5, sluice_status_name(done[i].status));
        }
        left -= (unsigned)n;
        usleep(n ? 0 : POLL_US);
    }
    need_ok(sluice_card_stats(b->card, &after), "counters");
    after.cycles -= before.cycles;
    after.busy_cycles -= before.busy_cycles;
    after.content_bytes -= before.content_bytes;
    for (unsigned i = 0; i < after.lanes; i++) {
        after.lane[i].busy -= before.lane[i].busy;
    }
    return after;
}

static void throughput(const char *what, const struct sluice_stats *s)
{
    char figure[80];
    double busy = 0;

    snprintf(figure, sizeof figure, "%s, %u lanes, AES-128-CBC + HMAC-SHA-256, %u bytes", what, s->lanes, CONTENT);
    table_row(figure, GOAL_AT_LEAST, GOAL_BYTES, (double)s->content_bytes / (double)s->busy_cycles, "B/cycle");
    for (unsigned i = 0; i < s->lanes; i++) {
        busy += (double)s->lane[i].busy;
    }
    snprintf(figure, sizeof figure, "    lanes at work meanwhile");
    table_row(figure, GOAL_NONE, 0, 100 * busy / (double)s->busy_cycles / s->lanes, "%");
}

/* Clocks from the doorbell to the card's being idle again; what reading the counters takes is measured and taken off. */
static void latency(struct bench *b)
{
    struct sluice_op op = seal_op(b, 0, b->other), none = {.type = SLUICE_OP_TYPE_NOP};
    uint64_t idle = run(b, &none, 0).cycles;

    table_row("seal of one record alone, doorbell to idle", GOAL_BELOW, GOAL_LATENCY, (double)(run(b, &op, 1).cycles - idle),
              "cycles");
    op = open_op(b, 0);
    table_row("open of one record alone, doorbell to idle", GOAL_BELOW, GOAL_LATENCY, (double)(run(b, &op, 1).cycles - idle),
              "cycles");
}

void bench_card(void)
{
    static const char *const none[] = {NULL};
    static struct sluice_op ops[2 * RECORDS];
    struct sim_child *sim = sim_start(none);
    struct sluice_stats s;
    struct bench b;

    table_head("The simulated card");
    begin(&b, sim_uri(sim));
    for (unsigned i = 0; i < RECORDS; i++) {
        ops[i] = seal_op(&b, i, b.sealed);
    }
    s = run(&b, ops, RECORDS);
    throughput("seal", &s);
    for (unsigned i = 0; i < RECORDS; i++) {
        ops[i] = open_op(&b, i);
    }
    s = run(&b, ops, RECORDS);
    throughput("open", &s);
    for (unsigned i = 0; i < RECORDS; i++) {
        ops[2 * i] = seal_op(&b, i, b.other);
        ops[2 * i + 1] = open_op(&b, i);
    }
    s = run(&b, ops, 2 * RECORDS);
    throughput("half seal, half open", &s);
    latency(&b);
    end(&b);
    sim_stop(sim);
}
