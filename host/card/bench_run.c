/* SPDX-License-Identifier: Apache-2.0 */
/* One row of the bench: a thread for each queue pair, which keeps `depth` operations in flight until the time is over. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "card/bench.h"

#define BURST        64u
#define LINE         64u  /* bytes of a cache line, and of the allocator's alignment */
#define WAIT_MS      1000 /* a card that dies wakes the eventfd: this is only for what nobody thought of */
#define SILENCE_NS   30000000000ull
#define TICK_MS      100
#define CONTENT_TYPE 23u

/* What a thread has, on cache lines of its own. */
struct lane {
    const struct bench_plan *plan;
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa;
    uint8_t *memory;     /* source and destination of each operation in flight */
    size_t room;         /* bytes of each of them */
    struct sluice_op op; /* of which each one is a copy, with buffers of its own */
    uint64_t *began;     /* by cookie */
    unsigned *spare;     /* cookies that no operation has */
    unsigned spares;
    uint64_t begin_ns, end_ns; /* of the row, as this thread saw it */
    _Atomic bool *stop;
    uint64_t failed;
    int err;
    struct latency latency;
    pthread_t thread;
    bool running;
} __attribute__((aligned(LINE)));

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---------------------------------------------------------------- the thread */

static int submit(struct lane *lane)
{
    struct sluice_op ops[BURST];
    unsigned n = lane->spares < BURST ? lane->spares : BURST;
    uint64_t began;
    int taken;

    for (unsigned i = 0; i < n; i++) {
        unsigned cookie = lane->spare[lane->spares - 1 - i];
        uint8_t *at = lane->memory + 2 * (size_t)cookie * lane->room;

        ops[i] = lane->op;
        ops[i].src = at;
        ops[i].dst = at + lane->room;
        ops[i].cookie = cookie;
    }
    began = now_ns();
    taken = n ? sluice_qp_submit(lane->qp, ops, n) : 0;
    for (int i = 0; i < taken; i++) {
        lane->began[ops[i].cookie] = began;
        lane->spares--;
    }
    return taken;
}

static int collect(struct lane *lane)
{
    struct sluice_done done[BURST];
    int n = sluice_qp_poll(lane->qp, done, BURST);
    uint64_t now = n > 0 ? now_ns() : 0;

    for (int i = 0; i < n; i++) {
        unsigned cookie = (unsigned)done[i].cookie;

        latency_note(&lane->latency, now - lane->began[cookie]);
        lane->failed += done[i].status != SLUICE_STATUS_OK;
        lane->spare[lane->spares++] = cookie;
    }
    return n;
}

/* Until something is there; -ETIMEDOUT after a long time without anything. */
static int pause_lane(struct lane *lane, uint64_t since)
{
    struct pollfd fd = {.fd = sluice_qp_fd(lane->qp), .events = POLLIN};

    if (now_ns() - since > SILENCE_NS) {
        return -ETIMEDOUT;
    }
    if (!lane->plan->spin && sluice_qp_arm(lane->qp) == 0) {
        (void)poll(&fd, 1, WAIT_MS);
    }
    return 0;
}

static int drive(struct lane *lane)
{
    uint64_t last = now_ns(), end = last + (uint64_t)(lane->plan->seconds * 1e9);
    int err = 0;

    lane->begin_ns = last;
    while (err >= 0) {
        bool over = last >= end || atomic_load_explicit(lane->stop, memory_order_relaxed);

        if (over && sluice_qp_in_flight(lane->qp) == 0) {
            lane->end_ns = last;
            return 0;
        }
        err = over ? 0 : submit(lane);
        if (err >= 0) {
            err = collect(lane);
        }
        if (err == 0) {
            err = pause_lane(lane, last);
        } else {
            last = now_ns();
        }
    }
    return err;
}

static void *lane_main(void *arg)
{
    struct lane *lane = arg;

    lane->err = drive(lane);
    if (lane->err) {
        atomic_store(lane->stop, true);
    }
    return NULL;
}

/* ---------------------------------------------------------------- before and after */

static struct sluice_sa_config keyed(const struct bench_suite *suite, enum sluice_direction direction, unsigned number)
{
    struct sluice_sa_config c = suite->config;

    c.direction = direction;
    for (unsigned i = 0; i < sizeof c.cipher_key; i++) {
        c.cipher_key[i] = (uint8_t)(i * 37 + number + 1);
        c.mac_key[i] = (uint8_t)(i * 59 + number + 2);
    }
    if (c.form == SLUICE_FORM_UDP_MTE || c.form == SLUICE_FORM_UDP_ETM) {
        memset(c.cid, (int)number + 1, sizeof c.cid);
    }
    return c;
}

/* Does one operation to its end. 0, -errno, or -EIO when it did not end ok. */
static int do_one(struct lane *lane, const struct sluice_op *op, uint32_t *length)
{
    uint64_t since = now_ns();
    struct sluice_done done = {0};
    int n = sluice_qp_submit(lane->qp, op, 1);

    if (n > 0) {
        do {
            n = sluice_qp_poll(lane->qp, &done, 1);
            n = n ? n : pause_lane(lane, since);
        } while (n == 0);
    }
    if (n > 0) {
        *length = done.length;
        n = done.status == SLUICE_STATUS_OK ? 0 : -EIO;
    }
    return n;
}

/* A record for every operation that opens: one is sealed, the others are its copies. */
static int seal_sources(struct lane *lane, const struct bench_suite *suite, uint32_t size, unsigned number)
{
    struct sluice_sa_config c = keyed(suite, SLUICE_DIRECTION_SEAL, number);
    struct sluice_op op = lane->op;
    uint32_t length = 0;
    int err = sluice_sa_create(lane->card, &c, &op.sa);

    if (err) {
        return err;
    }
    op.type = SLUICE_OP_TYPE_SEAL;
    op.src = lane->memory + lane->room;
    op.dst = lane->memory;
    op.src_len = size;
    op.dst_len = (uint32_t)lane->room;
    err = do_one(lane, &op, &length);
    for (unsigned i = 1; i < lane->plan->depth && !err; i++) {
        memcpy(lane->memory + 2 * (size_t)i * lane->room, lane->memory, length);
    }
    lane->op.src_len = length;
    sluice_sa_destroy(op.sa);
    return err;
}

static int lane_init(struct lane *lane, const struct bench_suite *suite, enum sluice_direction direction, uint32_t size,
                     unsigned number)
{
    struct sluice_sa_config c = keyed(suite, direction, number);
    size_t record = sluice_record_size(&c, size, 0);
    unsigned depth = lane->plan->depth;
    int err = sluice_qp_create(lane->card, depth, &lane->qp);

    err = err ? err : sluice_sa_create(lane->card, &c, &lane->sa);
    if (err) {
        return err;
    }
    lane->room = (record + LINE - 1) / LINE * LINE;
    lane->memory = sluice_mem_alloc(lane->card, 2 * lane->room * depth);
    lane->began = calloc(depth, sizeof *lane->began);
    lane->spare = calloc(depth, sizeof *lane->spare);
    if (!lane->memory || !lane->began || !lane->spare) {
        return -ENOMEM;
    }
    for (lane->spares = 0; lane->spares < depth; lane->spares++) {
        lane->spare[lane->spares] = lane->spares;
    }
    lane->op = (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL, .sa = lane->sa, .src_len = size, .content_type = CONTENT_TYPE};
    lane->op.dst_len = (uint32_t)lane->room;
    if (direction == SLUICE_DIRECTION_OPEN) {
        lane->op.type = SLUICE_OP_TYPE_OPEN;
        return seal_sources(lane, suite, size, number);
    }
    return 0;
}

static void lane_fini(struct lane *lane)
{
    sluice_sa_destroy(lane->sa);
    sluice_qp_destroy(lane->qp);
    if (lane->memory) {
        sluice_mem_free(lane->card, lane->memory);
    }
    free(lane->began);
    free(lane->spare);
}

static int start(struct lane *lanes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int err = pthread_create(&lanes[i].thread, NULL, lane_main, &lanes[i]);

        if (err) {
            atomic_store(lanes[i].stop, true);
            return -err;
        }
        lanes[i].running = true;
    }
    return 0;
}

static void tell(const struct lane *lane, void (*wait)(void *arg, double seconds), void *arg)
{
    const struct timespec tick = {.tv_nsec = TICK_MS * 1000000L};
    uint64_t begin = now_ns();
    double seconds = 0;

    while (wait && seconds < lane->plan->seconds && !atomic_load(lane->stop)) {
        (void)nanosleep(&tick, NULL);
        seconds = (double)(now_ns() - begin) / 1e9;
        wait(arg, seconds);
    }
}

/* The row's time is from the first thread's beginning to the last completion. */
static int finish(struct lane *lanes, unsigned count, struct bench_row *row)
{
    uint64_t begin = UINT64_MAX, end = 0;
    int err = 0;

    for (unsigned i = 0; i < count; i++) {
        if (lanes[i].running) {
            (void)pthread_join(lanes[i].thread, NULL);
        }
        err = err ? err : lanes[i].err;
        begin = lanes[i].begin_ns < begin ? lanes[i].begin_ns : begin;
        end = lanes[i].end_ns > end ? lanes[i].end_ns : end;
        latency_add(&row->latency, &lanes[i].latency);
        row->failed += lanes[i].failed;
    }
    row->records = row->latency.total;
    row->seconds = (double)(end - begin) / 1e9;
    return err;
}

static int measure(struct lane *lanes, const struct bench_plan *plan, void (*wait)(void *arg, double seconds), void *arg,
                   struct bench_row *row)
{
    struct sluice_stats before, after;
    int err = sluice_card_stats(lanes[0].card, &before), ended;

    if (err) {
        return err;
    }
    err = start(lanes, plan->queues);
    tell(&lanes[0], wait, arg);
    ended = finish(lanes, plan->queues, row);
    err = err ? err : ended ? ended : sluice_card_stats(lanes[0].card, &after);
    if (!err) {
        row->cycles = after.cycles - before.cycles;
    }
    return err;
}

int bench_run(struct sluice_card *card, const struct bench_plan *plan, const struct bench_suite *suite,
              enum sluice_direction direction, uint32_t size, void (*wait)(void *arg, double seconds), void *arg,
              struct bench_row *row)
{
    struct lane *lanes = aligned_alloc(LINE, plan->queues * sizeof *lanes);
    _Atomic bool stop = false;
    int err = 0;

    memset(row, 0, sizeof *row);
    if (!lanes) {
        return -ENOMEM;
    }
    memset(lanes, 0, plan->queues * sizeof *lanes);
    for (unsigned i = 0; i < plan->queues; i++) {
        lanes[i].plan = plan;
        lanes[i].card = card;
        lanes[i].stop = &stop;
        err = err ? err : lane_init(&lanes[i], suite, direction, size, i);
    }
    err = err ? err : measure(lanes, plan, wait, arg, row);
    for (unsigned i = plan->queues; i-- > 0;) {
        lane_fini(&lanes[i]);
    }
    free(lanes);
    return err;
}
