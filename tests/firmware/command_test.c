/* SPDX-License-Identifier: Apache-2.0 */
/* The other commands: what each wrong field gives, and what a right one does. */
#include <string.h>

#include "commands.h"
#include "log.h"
#include "tap.h"

/* ---------------------------------------------------------------- SAs that there are */

static struct sluice_sqe on_sa(uint8_t op, uint32_t slot, uint8_t gen)
{
    struct sluice_sqe sqe = entry(op);

    sqe.sa = (uint16_t)slot;
    sqe.sa_gen = gen;
    return sqe;
}

static void make_sa(uint32_t slot, bool open, bool explicit_nonce)
{
    begin();
    good_params();
    params()->nonce_mode = explicit_nonce;
    params()->direction = open;
    params()->replay = open;
    params()->limit = open ? 0 : params()->limit;
    params()->counter = UINT64_C(5) << 48 | 9;
    gives(create(slot), SLUICE_STATUS_OK, 1);
}

/* What every command that names an SA says first. */
static void test_names(void)
{
    static const uint8_t ops[] = {SLUICE_OP_SA_DESTROY, SLUICE_OP_SA_QUERY,      SLUICE_OP_SA_MODIFY,
                                  SLUICE_OP_SA_EXPORT,  SLUICE_OP_WINDOW_EXPORT, SLUICE_OP_WINDOW_IMPORT};

    for (unsigned i = 0; i < COUNT(ops); i++) {
        make_sa(3, true, false);
        tap_ok(gives(on_sa(ops[i], 4, 0), SLUICE_STATUS_NO_SUCH_SA, 0) &&
                   gives(on_sa(ops[i], 300, 1), SLUICE_STATUS_NO_SUCH_SA, 0) &&
                   gives(on_sa(ops[i], 3, 2), SLUICE_STATUS_SA_MISMATCH, 0) && fake.slot[3].in_use,
               "op %#x: no such SA, another generation", (unsigned)ops[i]);
    }
}

static void test_destroy(void)
{
    make_sa(3, false, false);
    fake.slot[3].busy = 25;
    tap_ok(gives(on_sa(SLUICE_OP_SA_DESTROY, 3, 1), SLUICE_STATUS_OK, 0) && !fake.slot[3].in_use && fake.slot[3].scrubbed &&
               !fake.slot[3].busy,
           "sa_destroy waits, then overwrites");
    good_params();
    tap_ok(gives(create(3), SLUICE_STATUS_OK, 2), "the next SA there has another generation");
}

static void test_query(void)
{
    struct sluice_sqe sqe = on_sa(SLUICE_OP_SA_QUERY, 3, 1);
    struct sluice_sa_query q;

    make_sa(3, false, false);
    fake.slot[3].busy = 1;
    sqe.dst = ADDRESS + 256;
    tap_ok(gives(sqe, SLUICE_STATUS_OUTPUT_TOO_SMALL, 0), "sa_query: room");
    put24(sqe.dst_len, SLUICE_SA_QUERY_BYTES);
    sqe.dst += 32;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_OFFSET), "sa_query: alignment");
    sqe.dst -= 32;
    gives(sqe, SLUICE_STATUS_OK, SLUICE_SA_QUERY_BYTES);
    memcpy(&q, fake.host + AT + 256, sizeof q);
    tap_ok(q.cipher == SLUICE_CIPHER_AES128 && q.mac == SLUICE_MAC_SHA1 && q.form == SLUICE_FORM_UDP_MTE && q.direction == 0 &&
               q.mac_len == 20 && q.nonce_mode == 0 && q.replay == 0 && q.generation == 1 && q.counter == params()->counter &&
               q.limit == params()->limit && q.busy == 1,
           "sa_query tells what there is");
    make_sa(3, true, false);
    gives(sqe, SLUICE_STATUS_OK, SLUICE_SA_QUERY_BYTES);
    memcpy(&q, fake.host + AT + 256, sizeof q);
    tap_ok(q.direction == 1 && q.replay == 1 && q.counter == 0 && q.limit == 0 && q.busy == 0,
           "and no counter where none is used");
}

static bool change(uint64_t counter, uint64_t limit, uint32_t status, uint32_t length)
{
    struct sluice_sqe sqe = on_sa(SLUICE_OP_SA_MODIFY, 3, 1);
    struct sluice_sa_change c = {counter, limit};

    sqe.src = ADDRESS;
    put24(sqe.src_len, SLUICE_SA_CHANGE_BYTES);
    memcpy(fake.host + AT, &c, sizeof c);
    return gives(sqe, status, length);
}

static void test_modify(void)
{
    const uint64_t five = UINT64_C(5) << 48, six = UINT64_C(6) << 48;
    struct sluice_sqe sqe = on_sa(SLUICE_OP_SA_MODIFY, 3, 1);

    make_sa(3, true, false);
    tap_ok(change(five + 9, 0, SLUICE_STATUS_SA_MISMATCH, 0), "sa_modify: not of an open");
    make_sa(3, false, true);
    tap_ok(change(five + 9, 0, SLUICE_STATUS_SA_MISMATCH, 0), "sa_modify: not with explicit nonces");
    make_sa(3, false, false);
    sqe.src = ADDRESS + 16;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_OFFSET), "sa_modify: alignment");
    sqe.src = ADDRESS;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_LEN_OFFSET), "sa_modify: src_len");
    put24(sqe.src_len, SLUICE_SA_CHANGE_BYTES);
    sqe.src = NOWHERE;
    tap_ok(gives(sqe, SLUICE_STATUS_DMA_ERROR, 0), "sa_modify: what cannot be read");
    fake.slot[3].sa.limit = five + 100;
    tap_ok(change(five + 8, 0, SLUICE_STATUS_INVALID_FIELD, BLOCK), "a counter is not lowered");
    tap_ok(change(five + 101, 0, SLUICE_STATUS_INVALID_FIELD, BLOCK), "nor raised past the limit");
    tap_ok(change(0, five + 99, SLUICE_STATUS_INVALID_FIELD, BLOCK + 8), "a limit is not lowered");
    tap_ok(change(0, six + 1, SLUICE_STATUS_INVALID_FIELD, BLOCK + 8), "nor put into another incarnation");
    tap_ok(change(0, 0, SLUICE_STATUS_OK, 0) && fake.slot[3].sa.next == five + 9 && fake.slot[3].sa.limit == five + 100,
           "0: as it is");
    tap_ok(change(five + 101, five + 101, SLUICE_STATUS_OK, 0) && fake.slot[3].sa.next == five + 101 &&
               fake.slot[3].sa.limit == five + 101,
           "both at once");
    fake.raises_lost = 2;
    tap_ok(change(0, six, SLUICE_STATUS_OK, 0) && fake.slot[3].sa.next == five + 103 && fake.slot[3].sa.limit == six,
           "seals that go on meanwhile are not turned back");
    fake.raises_lost = 1;
    tap_ok(change(five + 103, 0, SLUICE_STATUS_INVALID_FIELD, BLOCK) && fake.slot[3].sa.next == five + 104,
           "nor when a counter was named that is past by then");
}

static void test_windows(void)
{
    struct sluice_sqe out = on_sa(SLUICE_OP_WINDOW_EXPORT, 3, 1), in = on_sa(SLUICE_OP_WINDOW_IMPORT, 3, 1);
    struct sluice_sa_window w;

    make_sa(3, false, false);
    tap_ok(gives(out, SLUICE_STATUS_SA_MISMATCH, 0) && gives(in, SLUICE_STATUS_SA_MISMATCH, 0), "a seal has no window");
    make_sa(3, true, false);
    out.dst = ADDRESS + 32;
    tap_ok(gives(out, SLUICE_STATUS_OUTPUT_TOO_SMALL, 0), "window_export: room");
    put24(out.dst_len, SLUICE_SA_WINDOW_BYTES);
    tap_ok(gives(out, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_OFFSET), "window_export: alignment");
    out.dst = ADDRESS;
    tap_fill(fake.slot[3].window, 576);
    tap_ok(gives(out, SLUICE_STATUS_OK, SLUICE_SA_WINDOW_BYTES) && memcmp(fake.host + AT, fake.slot[3].window, 576) == 0,
           "window_export writes it");
    in.src = ADDRESS + 16;
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_OFFSET), "window_import: alignment");
    in.src = ADDRESS;
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_LEN_OFFSET), "window_import: src_len");
    put24(in.src_len, SLUICE_SA_WINDOW_BYTES);
    tap_fill(&w, sizeof w);
    w.current = UINT64_C(7) << 48;
    w.former = UINT64_C(8) << 48;
    memcpy(fake.host + AT, &w, sizeof w);
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, BLOCK + SLUICE_SA_WINDOW_FORMER_OFFSET), "incarnations the wrong way round");
    w.former = UINT64_C(7) << 48 | 99;
    memcpy(fake.host + AT, &w, sizeof w);
    tap_ok(gives(in, SLUICE_STATUS_OK, 0) && memcmp(&w, fake.slot[3].window, sizeof w) == 0, "window_import takes it");
    in.src = NOWHERE;
    tap_ok(gives(in, SLUICE_STATUS_DMA_ERROR, 0), "window_import: what cannot be read");
}

static void test_swap_entries(void)
{
    struct sluice_sqe out = on_sa(SLUICE_OP_SA_EXPORT, 3, 1), in = on_sa(SLUICE_OP_SA_IMPORT, 3, 0);

    make_sa(3, true, false);
    out.dst = ADDRESS + 32;
    out.seq = SLUICE_VIRTUAL_SAS;
    tap_ok(gives(out, SLUICE_STATUS_OUTPUT_TOO_SMALL, 0), "sa_export: room");
    put24(out.dst_len, SLUICE_SA_BLOB_BYTES);
    tap_ok(gives(out, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_OFFSET), "sa_export: alignment");
    out.dst = ADDRESS;
    tap_ok(gives(out, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SEQ_OFFSET), "sa_export: virtual id");
    out.seq = UINT64_C(1) << 32;
    tap_ok(gives(out, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SEQ_OFFSET), "sa_export: virtual id of more than 32 bits");
    in.src = ADDRESS + 16;
    in.seq = SLUICE_VIRTUAL_SAS;
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "sa_import: a slot in use");
    in.sa = (uint16_t)fake.slots;
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "sa_import: a slot that there is not");
    in.sa = 4;
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_OFFSET), "sa_import: alignment");
    in.src = ADDRESS;
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_LEN_OFFSET), "sa_import: src_len");
    put24(in.src_len, SLUICE_SA_BLOB_BYTES);
    tap_ok(gives(in, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SEQ_OFFSET), "sa_import: virtual id");
    in.seq = 0;
    in.src = NOWHERE;
    tap_ok(gives(in, SLUICE_STATUS_DMA_ERROR, 0), "sa_import: what cannot be read");
}

/* ---------------------------------------------------------------- queue pairs */

static struct sluice_sqe make_pair(uint32_t pair)
{
    struct sluice_sqe sqe = entry(SLUICE_OP_QUEUE_CREATE);

    sqe.sa = (uint16_t)pair;
    sqe.pad = 6;
    sqe.src = ADDRESS;
    sqe.dst = ADDRESS + 64;
    return sqe;
}

static void test_queues(void)
{
    struct sluice_sqe sqe;

    begin();
    tap_ok(gives(make_pair(0), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET) &&
               gives(make_pair(3), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET) &&
               gives(make_pair(65535), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET),
           "queue_create: numbers out of range");
    sqe = make_pair(1);
    sqe.pad = 1;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_PAD_OFFSET), "queue_create: too small a ring");
    sqe.pad = 13;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_PAD_OFFSET), "queue_create: too large a ring");
    sqe = make_pair(1);
    sqe.src += 32;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_OFFSET), "queue_create: submission ring's alignment");
    sqe = make_pair(1);
    sqe.dst += 32;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_OFFSET), "queue_create: completion ring's alignment");
    tap_ok(gives(make_pair(1), SLUICE_STATUS_OK, 0) && fake.queues_on == 2 && fake.queue_depth[1] == 6 &&
               fake.queue_sq[1] == ADDRESS && fake.queue_cq[1] == ADDRESS + 64,
           "queue_create");
    tap_ok(gives(make_pair(1), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "queue_create: one that there is");
    sqe = entry(SLUICE_OP_QUEUE_COALESCE);
    sqe.sa = 2;
    sqe.pad = 7;
    put24(sqe.src_len, 1000);
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "queue_coalesce: one that there is not");
    sqe.sa = 1;
    tap_ok(gives(sqe, SLUICE_STATUS_OK, 0) && fake.queue_coalesce[1] == (7u << 24 | 1000), "queue_coalesce");
    sqe = entry(SLUICE_OP_QUEUE_DESTROY);
    sqe.sa = 2;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "queue_destroy: one that there is not");
    sqe.sa = 1;
    tap_ok(gives(sqe, SLUICE_STATUS_OK, 0) && !fake.queues_on && !fake.queue_drain, "queue_destroy waits for what is in flight");
}

/* ---------------------------------------------------------------- what the card tells */

static bool room(uint8_t op, uint32_t bytes)
{
    struct sluice_sqe sqe = entry(op);
    bool good;

    begin();
    sqe.dst = ADDRESS + 32;
    put24(sqe.dst_len, bytes - 1);
    good = gives(sqe, SLUICE_STATUS_OUTPUT_TOO_SMALL, 0);
    put24(sqe.dst_len, bytes);
    return good && gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_OFFSET);
}

static struct sluice_sqe tell(uint8_t op, uint32_t bytes)
{
    struct sluice_sqe sqe = entry(op);

    sqe.dst = ADDRESS;
    put24(sqe.dst_len, bytes);
    return sqe;
}

static void test_identify(void)
{
    struct sluice_identify id;

    tap_ok(room(SLUICE_OP_IDENTIFY, 64), "identify: room and alignment");
    gives(tell(SLUICE_OP_IDENTIFY, 64), SLUICE_STATUS_OK, 0);
    memcpy(&id, fake.host + AT, sizeof id);
    tap_ok(id.magic == SLUICE_MAGIC && id.features == fake.features && (id.params0 & 0xff) == 4 && (id.params1 & 0xffff) == 16 &&
               id.clock_khz == 125000 && id.build_id == 0x12345678 && id.reserved[0] == 0 && id.reserved[31] == 0,
           "identify tells the registers");
}

static void test_statistics(void)
{
    const uint32_t *words;

    tap_ok(room(SLUICE_OP_STATISTICS, SLUICE_STATISTICS_BYTES), "statistics: room and alignment");
    gives(tell(SLUICE_OP_STATISTICS, SLUICE_STATISTICS_BYTES), SLUICE_STATUS_OK, SLUICE_STATISTICS_BYTES);
    words = (const uint32_t *)(void *)(fake.host + AT);
    tap_ok(fake.snapshots == 1 && words[0] == (SLUICE_CNT_CYCLES | 1u << 16) &&
               words[2 * 11] == (SLUICE_CNT_INTERRUPTS | 1u << 16) && words[2 * 12] == (SLUICE_CNT_SEAL_STATUS(0) | 1u << 16) &&
               words[2 * 44 + 1] == ((SLUICE_CNT_LANE_BUSY(0) + 4) | 1u << 16) &&
               words[2 * 45] == (SLUICE_CNT_LANE_BUSY(1) | 1u << 16) && words[2 * 189] == (SLUICE_CNT_QUEUE_DONE(8) | 1u << 16) &&
               words[2 * 190] == 0,
           "statistics are the counters of one snapshot, in order");
}

static void test_log(void)
{
    struct sluice_sqe sqe = tell(SLUICE_OP_LOG_READ, 1024);
    struct sluice_log_entry e[64];

    log_clear();
    tap_ok(room(SLUICE_OP_LOG_READ, 1024), "log_read: room and alignment");
    sqe.pad = 2;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_PAD_OFFSET), "log_read: pad");
    sqe.pad = 1;
    log_clear();
    for (uint32_t i = 0; i < 70; i++) {
        log_event(200, i, i * 3, ~i);
    }
    gives(sqe, SLUICE_STATUS_OK, 1024);
    memcpy(e, fake.host + AT, sizeof e);
    tap_ok(e[0].where == 6 && e[0].data0 == 18 && e[63].where == 69 && e[63].code == 200 && e[63].data1 == ~69u &&
               e[63].time >= e[0].time,
           "the log keeps the newest 64, the oldest first");
    tap_ok(gives(sqe, SLUICE_STATUS_OK, 0), "and is empty when it was cleared");
    tap_fill(fake.host + AT, 1024);
    log_event(201, 1, 2, 3);
    sqe.pad = 0;
    gives(sqe, SLUICE_STATUS_OK, 16);
    memcpy(e, fake.host + AT, sizeof e);
    tap_ok(e[0].code == 201 && e[1].code == 0 && e[63].data1 == 0 && gives(sqe, SLUICE_STATUS_OK, 16), "zeros behind its end");
}

static void test_random(void)
{
    struct sluice_sqe sqe = tell(SLUICE_OP_RANDOM, 64);

    begin();
    sqe.dst += 32;
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_OFFSET), "random: alignment");
    tap_ok(gives(tell(SLUICE_OP_RANDOM, 0), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_LEN_OFFSET) &&
               gives(tell(SLUICE_OP_RANDOM, 48), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_LEN_OFFSET) &&
               gives(tell(SLUICE_OP_RANDOM, 1056), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_DST_LEN_OFFSET),
           "random: lengths that it does not do");
    memset(fake.host, 0, sizeof fake.host);
    tap_ok(gives(tell(SLUICE_OP_RANDOM, 1024), SLUICE_STATUS_OK, 1024) && fake.host[AT + 1024] == 0 &&
               memcmp(fake.host + AT, fake.host + AT + 512, 512) != 0 && fake.buffer[0] == 0 && fake.buffer[1000] == 0,
           "random writes what was asked for and keeps no copy");
}

/* ---------------------------------------------------------------- pings */

static void test_alive(void)
{
    struct sluice_sqe sqe = entry(SLUICE_OP_KEEP_ALIVE);

    begin();
    fake.ping = 77;
    fake_run();
    tap_ok(fake.pong == 77, "PING is answered");
    put24(sqe.src_len, 10);
    gives(sqe, SLUICE_STATUS_OK, 0);
    tap_ok(fake.alarm > fake.time + 1000000 && fake.alarm < fake.time + 1250100,
           "keep_alive arms a timer: 10 ms are 1,250,000 clocks");
    fake.slot[2].in_use = true;
    fake.time = fake.alarm - 1000;
    fake.ping = 78;
    fake_run();
    tap_ok(fake.slot[2].in_use && fake.alarm > fake.time + 1000000, "PING puts it off");
    fake.time = fake.alarm + 1;
    fake_run();
    tap_ok(!fake.slot[2].in_use && fake.slot[2].scrubbed && fake.alarm == UINT64_MAX, "a host that is silent: zeroise, once");
    fake.ping = 79;
    fake_run();
    tap_ok(fake.alarm != UINT64_MAX, "a host that speaks again is watched again");
    put24(sqe.src_len, 0);
    gives(sqe, SLUICE_STATUS_OK, 0);
    tap_ok(fake.alarm == UINT64_MAX, "0 ends it");
}

int main(void)
{
    tap_begin();
    test_names();
    test_destroy();
    test_query();
    test_modify();
    test_windows();
    test_swap_entries();
    test_queues();
    test_identify();
    test_statistics();
    test_log();
    test_random();
    test_alive();
    return tap_end();
}
