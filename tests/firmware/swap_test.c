/* SPDX-License-Identifier: Apache-2.0 */
/* SAs that go out and come back: as they were, once, and only what this card wrote. */
#include <string.h>

#include "buffer.h"
#include "fake_hw.h"
#include "firmware.h"
#include "tap.h"

#define OUT_AT 0x1000u
#define IN_AT  0x2000u
#define BYTES  SLUICE_SA_BLOB_BYTES

static struct sluice_cqe export(uint32_t slot, uint32_t id)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_SA_EXPORT,
                             .cookie = 1,
                             .sa = (uint16_t)slot,
                             .sa_gen = (uint8_t)(fake.slot[slot].sa.meta >> HW_META_GEN),
                             .dst = FAKE_HOST + OUT_AT,
                             .seq = id};
    uint32_t room = BYTES;

    memcpy(sqe.dst_len, &room, 3);
    return fake_command(&sqe);
}

static struct sluice_cqe import(uint32_t slot, uint32_t id)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_SA_IMPORT, .cookie = 2, .sa = (uint16_t)slot, .src = FAKE_HOST + IN_AT, .seq = id};
    uint32_t bytes = BYTES;

    memcpy(sqe.src_len, &bytes, 3);
    return fake_command(&sqe);
}

/* An SA of any kind; `busy` as long as some looks take. */
static void make_sa(uint32_t slot)
{
    struct fake_slot *s = &fake.slot[slot];

    tap_fill(s->words, sizeof s->words);
    tap_fill(s->window, sizeof s->window);
    tap_fill(&s->sa, sizeof s->sa);
    s->sa.meta &= (1u << (HW_META_GEN + 8)) - 1;
    s->in_use = true;
    s->scrubbed = false;
    s->busy = tap_below(20);
}

static const uint8_t *blob(void)
{
    return fake.host + OUT_AT;
}

static void bring(const uint8_t *bytes)
{
    memcpy(fake.host + IN_AT, bytes, BYTES);
}

static bool contains(const uint8_t *where, uint32_t bytes, const uint8_t *what, uint32_t count)
{
    for (uint32_t i = 0; i + count <= bytes; i++) {
        if (memcmp(where + i, what, count) == 0) {
            return true;
        }
    }
    return false;
}

static bool same_sa(const struct fake_slot *a, const struct fake_slot *b)
{
    return memcmp(a->words, b->words, sizeof a->words) == 0 && memcmp(a->window, b->window, sizeof a->window) == 0 &&
           a->sa.next == b->sa.next && a->sa.limit == b->sa.limit && ((a->sa.meta ^ b->sa.meta) & ((1u << HW_META_GEN) - 1)) == 0;
}

static void test_round_trips(void)
{
    bool good = true, secret = true;

    fake_reset();
    fake_boot();
    for (unsigned round = 0; good && round < 50; round++) {
        uint32_t from = tap_below(8), to = 8 + tap_below(8), id = tap_below(SLUICE_VIRTUAL_SAS);
        struct fake_slot was;
        uint8_t gen;

        make_sa(from);
        was = fake.slot[from];
        good &= export(from, id).status == SLUICE_STATUS_OK && fake.cqe.length == BYTES && !fake.slot[from].in_use &&
                fake.slot[from].scrubbed && !fake.slot[from].busy;
        secret &= !contains(blob(), BYTES, was.words + 32, 16) && !contains(fake.buffer + HW_SECRET, 0x300, was.words + 32, 16);
        gen = (uint8_t)(fake.slot[to].sa.meta >> HW_META_GEN);
        bring(blob());
        good &= import(to, id).status == SLUICE_STATUS_OK && fake.cqe.length == (uint8_t)(gen + 1) && fake.slot[to].in_use;
        good &= same_sa(&was, &fake.slot[to]) && (uint8_t)(fake.slot[to].sa.meta >> HW_META_GEN) == (uint8_t)(gen + 1);
        secret &= !contains(fake.buffer + HW_SECRET, 0x300, was.words + 32, 16);
        fake.slot[to].in_use = false;
        fake.slot[to].busy = 0;
    }
    tap_ok(good, "an SA comes back as it was, in another slot, under a new generation");
    tap_ok(secret, "its keys are neither in the blob nor left in the buffer");
}

static void test_tampered(void)
{
    uint8_t good[BYTES];
    uint32_t wrong = 0;

    fake_reset();
    fake_boot();
    make_sa(1);
    export(1, 77);
    memcpy(good, blob(), BYTES);
    for (uint32_t bit = 0; bit < 8 * BYTES; bit++) {
        bring(good);
        fake.host[IN_AT + bit / 8] ^= (uint8_t)(1u << bit % 8);
        wrong += import(2, 77).status != SLUICE_STATUS_AUTH_FAILED || fake.slot[2].in_use;
    }
    tap_ok(!wrong, "not one of %u bits may be another", 8 * BYTES);
    bring(good);
    tap_ok(import(2, 78).status == SLUICE_STATUS_AUTH_FAILED, "nor may it come under another id");
    tap_fill(fake.host + IN_AT, BYTES);
    tap_ok(import(2, 77).status == SLUICE_STATUS_AUTH_FAILED, "nor may it be anything");
    bring(good);
    tap_ok(import(2, 77).status == SLUICE_STATUS_OK, "as it was written it is taken");
}

static void test_replayed(void)
{
    uint8_t first[BYTES], second[BYTES];

    fake_reset();
    fake_boot();
    make_sa(1);
    export(1, 5);
    memcpy(first, blob(), BYTES);
    bring(first);
    import(1, 5);
    tap_ok(import(2, 5).status == SLUICE_STATUS_REPLAYED && !fake.slot[2].in_use, "a blob is taken once");
    export(1, 5);
    memcpy(second, blob(), BYTES);
    tap_ok(memcmp(first, second, BYTES) != 0, "the same SA is another blob each time");
    bring(first);
    tap_ok(import(2, 5).status == SLUICE_STATUS_REPLAYED, "an old blob is refused when there is a new one");
    make_sa(3);
    export(3, 5);
    bring(second);
    tap_ok(import(2, 5).status == SLUICE_STATUS_REPLAYED, "a blob is refused when another was written under its id");
    bring(blob());
    tap_ok(import(2, 5).status == SLUICE_STATUS_OK, "the newest is taken");
}

static void test_used_up(void)
{
    uint32_t trips = 0;

    fake_reset();
    fake_boot();
    make_sa(1);
    fake.blobs[9] = UINT16_MAX - 9;
    for (bool good = true; good && trips < 100; trips += good) {
        good = export(1, 9).status == SLUICE_STATUS_OK;
        if (good) {
            bring(blob());
            good = import(1, 9).status == SLUICE_STATUS_OK;
        }
    }
    tap_ok(trips == 4 && fake.cqe.status == SLUICE_STATUS_COUNTER_EXHAUSTED && fake.slot[1].in_use,
           "generations end after %u more trips, and the SA stays", (unsigned)trips);
    tap_ok(export(1, 10).status == SLUICE_STATUS_OK, "another id goes on");
}

static void test_forgotten(void)
{
    struct sluice_sqe zeroise = {.op = SLUICE_OP_ZEROISE, .cookie = 3};
    uint8_t old[BYTES];

    fake_reset();
    fake_boot();
    make_sa(1);
    make_sa(4);
    export(1, 6);
    memcpy(old, blob(), BYTES);
    tap_ok(fake_command(&zeroise).status == SLUICE_STATUS_OK, "zeroise");
    tap_ok(!fake.slot[4].in_use && fake.slot[4].scrubbed && fake.slot[15].scrubbed, "every slot is overwritten");
    bring(old);
    tap_ok(import(2, 6).status == SLUICE_STATUS_AUTH_FAILED, "what was written before is nothing to the card any more");
    make_sa(1);
    export(1, 6);
    bring(blob());
    tap_ok(import(2, 6).status == SLUICE_STATUS_OK && fake.blobs[6] == 2, "new keys are drawn, and generations begin anew");
    fake.entropy_left = 0;
    fake_command(&zeroise);
    make_sa(1);
    tap_ok(export(1, 6).status == SLUICE_STATUS_NOT_READY && import(2, 6).status == SLUICE_STATUS_NOT_READY &&
               fake.slot[1].in_use,
           "not_ready until they are");
}

/* Nonces are drawn several at a time. */
static void test_nonces(void)
{
    uint8_t seen[20][16];
    uint32_t jobs[20];
    bool fresh = true;

    fake_reset();
    fake_boot();
    make_sa(1);
    for (unsigned i = 0; i < 20; i++) {
        jobs[i] = fake.jobs;
        fresh &= export(1, 8).status == SLUICE_STATUS_OK;
        jobs[i] = fake.jobs - jobs[i];
        memcpy(seen[i], fake.buffer + AT_NONCE, 16);
        for (unsigned k = 0; k < i; k++) {
            fresh &= memcmp(seen[k], seen[i], 16) != 0;
        }
        make_sa(1);
    }
    tap_ok(fresh, "each blob has a nonce of its own");
    tap_ok(jobs[0] == 12 && jobs[7] == 1 && jobs[8] == 12 && jobs[19] == 1, "eight of them are drawn at a time");
}

static void test_faults(void)
{
    static const enum fake_fault faults[] = {FAKE_LANE_SILENT, FAKE_LANE_STATUS, FAKE_LANE_LENGTH};
    struct fake_slot was;

    for (unsigned i = 0; i < 3; i++) {
        fake_reset();
        fake_boot();
        make_sa(1);
        was = fake.slot[1];
        fake.fault[3] = faults[i];
        fake.fault_at = fake.jobs + 12; /* behind the nonces: eight blocks and the generator's new state */
        tap_ok(export(1, 8).status == SLUICE_STATUS_HARDWARE_FAULT && fake.slot[1].in_use && same_sa(&was, &fake.slot[1]) &&
                   !fake.blobs[8],
               "a lane that fails an export leaves the SA as it was (%u)", i);
    }
    fake_reset();
    fake_boot();
    make_sa(1);
    fake.fault[3] = FAKE_LANE_SILENT;
    fake.fault_at = fake.jobs + 1;
    tap_ok(export(1, 8).status == SLUICE_STATUS_HARDWARE_FAULT && fake.slot[1].in_use, "no nonce, no export");
    fake_reset();
    fake_boot();
    make_sa(1);
    export(1, 8);
    bring(blob());
    fake.fault[3] = FAKE_LANE_SILENT;
    fake.fault_at = fake.jobs + 1;
    tap_ok(import(2, 8).status == SLUICE_STATUS_HARDWARE_FAULT && !fake.slot[2].in_use, "a lane that fails an import");
    tap_ok(fake.lanes_ok == 0x17 && import(2, 8).status == SLUICE_STATUS_HARDWARE_FAULT, "goes out of service");
}

static void test_lost_class(void)
{
    fake_reset();
    fake_boot();
    make_sa(1);
    fake.slot[1].sa.meta = SLUICE_CIPHER_DES << HW_META_CIPHER;
    export(1, 8);
    bring(blob());
    fake_reset();
    fake_boot();
    tap_ok(import(2, 8).status == SLUICE_STATUS_AUTH_FAILED, "a blob of before the reset is refused");
}

int main(void)
{
    tap_begin();
    test_round_trips();
    test_tampered();
    test_replayed();
    test_used_up();
    test_forgotten();
    test_nonces();
    test_faults();
    test_lost_class();
    return tap_end();
}
