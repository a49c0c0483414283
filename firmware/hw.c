/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of rtl/mgmt/devices.toml as hw.h has them. */
#include "hw.h"

#include "mgmt_devices.h"
#include "sluice_regs.h"

#define REG(address)       (*(volatile uint32_t *)(uintptr_t)(address))
#define FIELD(name, value) ((uint32_t)(value) << MGMT_##name##_SHIFT)
#define GET(name, word)    ((word) >> MGMT_##name##_SHIFT & MGMT_##name##_MASK)
#define EVENT(name)        (1u << MGMT_EVENT_PENDING_##name##_SHIFT)
#define WATCHDOG_CLOCKS    (1u << 24)
#define LANE_POLLS         6000u /* some 60,000 clocks: far more than any known answer takes */
#define AWAKE_FOR          (EVENT(ENTRY) | EVENT(PING) | EVENT(ENTROPY))
#define BUSY(word)         ((word) >> 31)
#define MARCH_ALL          0xfu

static uint32_t wait(uint32_t address)
{
    uint32_t word;

    do {
        word = REG(address);
    } while (BUSY(word));
    return word;
}

static void put64(uint32_t low, uint64_t value)
{
    REG(low) = (uint32_t)value;
    REG(low + 4) = (uint32_t)(value >> 32);
}

static uint64_t get64(uint32_t low)
{
    return (uint64_t)REG(low + 4) << 32 | REG(low);
}

/* ---------------------------------------------------------------- buffer */

uint32_t hw_get(uint32_t at)
{
    return REG(MGMT_BUFFER + at);
}

void hw_put(uint32_t at, uint32_t word)
{
    REG(MGMT_BUFFER + at) = word;
}

static bool dma(uint32_t at, uint32_t length, uint32_t command)
{
    REG(MGMT_DMA_PLACE) = FIELD(DMA_PLACE_OFFSET, at) | FIELD(DMA_PLACE_LENGTH, length);
    REG(MGMT_DMA_COMMAND) = command;
    return !GET(DMA_COMMAND_ERROR, wait(MGMT_DMA_COMMAND));
}

bool hw_dma_in(uint64_t address, uint32_t at, uint32_t length)
{
    put64(MGMT_DMA_ADDR_LO, address);
    return dma(at, length, MGMT_DMA_COMMAND_IN);
}

void hw_dma_out(uint64_t address, uint32_t at, uint32_t length)
{
    put64(MGMT_DMA_ADDR_LO, address);
    dma(at, length, MGMT_DMA_COMMAND_OUT);
}

uint32_t hw_dma_nonzero(void)
{
    return REG(MGMT_DMA_NONZERO);
}

void hw_clear(uint32_t at, uint32_t length)
{
    dma(at, length, MGMT_DMA_COMMAND_CLEAR);
}

/* ---------------------------------------------------------------- the card */

uint32_t hw_cause(void)
{
    return REG(MGMT_SYS_CAUSE);
}

uint32_t hw_bar(uint32_t offset)
{
    return REG(MGMT_BAR + offset);
}

void hw_snapshot(void)
{
    REG(MGMT_SYS_SNAPSHOT) = 0;
}

void hw_set_version(uint32_t version, uint32_t build)
{
    REG(MGMT_SYS_VERSION) = version;
    REG(MGMT_SYS_BUILD) = build;
}

void hw_set_state(uint32_t state)
{
    REG(MGMT_SYS_STATE) = state;
    REG(MGMT_SYS_READY) = state == SLUICE_FW_STATE_READY;
}

void hw_set_health(uint32_t bits)
{
    REG(MGMT_SYS_HEALTH) = bits;
}

void hw_set_lanes(uint32_t mask)
{
    REG(MGMT_SYS_LANES) = mask;
}

uint64_t hw_time(void)
{
    uint32_t hi, lo;

    do {
        hi = REG(MGMT_TIMER_TIME_HI);
        lo = REG(MGMT_TIMER_TIME_LO);
    } while (hi != REG(MGMT_TIMER_TIME_HI));
    return (uint64_t)hi << 32 | lo;
}

void hw_alarm(uint64_t time)
{
    REG(MGMT_TIMER_COMPARE_LO) = UINT32_MAX;
    REG(MGMT_TIMER_COMPARE_HI) = (uint32_t)(time >> 32);
    REG(MGMT_TIMER_COMPARE_LO) = (uint32_t)time;
}

static uint32_t ponged; /* what PONG says, which cannot be read */

bool hw_pinged(uint32_t *value)
{
    *value = REG(MGMT_SYS_PING);
    return *value != ponged;
}

void hw_pong(uint32_t value)
{
    REG(MGMT_SYS_PONG) = value;
    ponged = value;
}

void hw_kick(void)
{
    REG(MGMT_SYS_WATCHDOG) = WATCHDOG_CLOCKS;
}

void hw_look(void)
{
    REG(MGMT_EVENT_PENDING) = UINT32_MAX;
}

void hw_sleep(void)
{
    REG(MGMT_SYS_WATCHDOG) = 0;
    REG(MGMT_EVENT_ENABLE) = AWAKE_FOR;
    __asm__ volatile("wfi" ::: "memory");
}

_Noreturn void hw_stop(void)
{
    REG(MGMT_SYS_STATE) = SLUICE_FW_STATE_HUNG;
    REG(MGMT_EVENT_ENABLE) = 0;
    hw_alarm(UINT64_MAX);
    for (;;) {
        REG(MGMT_SYS_WATCHDOG) = 0;
        __asm__ volatile("wfi" ::: "memory");
    }
}

uint32_t hw_march(uint32_t *rings)
{
    uint32_t bad;

    REG(MGMT_SYS_MARCH) = MARCH_ALL;
    bad = wait(MGMT_SYS_MARCH);
    *rings = REG(MGMT_SYS_MARCH_RINGS);
    return bad & (MARCH_ALL >> 1); /* the rings' bit says no more than *rings */
}

/* ---------------------------------------------------------------- queues */

bool hw_entry(bool *failed)
{
    if (!REG(MGMT_DMA_WAITING)) {
        return false;
    }
    *failed = !dma(HW_ENTRY, SLUICE_SQE_BYTES, MGMT_DMA_COMMAND_TAKE);
    return true;
}

void hw_complete(uint32_t cookie_lo, uint32_t cookie_hi, uint32_t status, uint32_t length)
{
    REG(MGMT_QUEUE_COOKIE_LO) = cookie_lo;
    REG(MGMT_QUEUE_COOKIE_HI) = cookie_hi;
    REG(MGMT_QUEUE_LENGTH) = length;
    REG(MGMT_QUEUE_COMPLETE) = status;
    wait(MGMT_QUEUE_COMPLETE);
}

uint32_t hw_queues_on(void)
{
    return GET(QUEUE_STATE_ENABLE, REG(MGMT_QUEUE_STATE));
}

uint32_t hw_queues_empty(void)
{
    return GET(QUEUE_STATE_EMPTY, REG(MGMT_QUEUE_STATE));
}

static void queue(uint32_t pair, uint32_t command)
{
    REG(MGMT_QUEUE_NUMBER) = pair;
    REG(MGMT_QUEUE_COMMAND) = command;
    wait(MGMT_QUEUE_COMMAND);
}

void hw_queue_create(uint32_t pair, uint32_t depth_log2, uint64_t sq, uint64_t cq)
{
    REG(MGMT_QUEUE_DEPTH) = depth_log2;
    put64(MGMT_QUEUE_SQ_LO, sq);
    put64(MGMT_QUEUE_CQ_LO, cq);
    queue(pair, MGMT_QUEUE_COMMAND_CREATE);
}

void hw_queue_stop(uint32_t pair)
{
    queue(pair, MGMT_QUEUE_COMMAND_STOP);
}

void hw_queue_coalesce(uint32_t pair, uint32_t count, uint32_t clocks)
{
    REG(MGMT_QUEUE_COALESCE) = FIELD(QUEUE_COALESCE_CLOCKS, clocks) | FIELD(QUEUE_COALESCE_COUNT, count);
    queue(pair, MGMT_QUEUE_COMMAND_COALESCE);
}

/* ---------------------------------------------------------------- SA slots */

static uint32_t sa(uint32_t slot, uint32_t command)
{
    REG(MGMT_SA_SLOT) = slot;
    REG(MGMT_SA_COMMAND) = command;
    return GET(SA_COMMAND_ERROR, wait(MGMT_SA_COMMAND));
}

static void sa_at(uint32_t slot, uint32_t command, uint32_t at)
{
    REG(MGMT_SA_OFFSET) = at;
    sa(slot, command);
}

static uint32_t sa_state(uint32_t slot)
{
    REG(MGMT_SA_SLOT) = slot;
    return REG(MGMT_SA_STATE);
}

bool hw_sa_in_use(uint32_t slot)
{
    return GET(SA_STATE_IN_USE, sa_state(slot));
}

bool hw_sa_busy(uint32_t slot)
{
    return GET(SA_STATE_BUSY, sa_state(slot));
}

static void sa_registers(struct hw_sa *to)
{
    to->meta = REG(MGMT_SA_META);
    to->next = get64(MGMT_SA_NEXT_LO);
    to->limit = get64(MGMT_SA_LIMIT_LO);
}

void hw_sa_read(uint32_t slot, struct hw_sa *to)
{
    sa(slot, MGMT_SA_COMMAND_GET);
    sa_registers(to);
}

void hw_sa_write(uint32_t slot, const struct hw_sa *from)
{
    REG(MGMT_SA_META) = from->meta;
    put64(MGMT_SA_NEXT_LO, from->next);
    put64(MGMT_SA_LIMIT_LO, from->limit);
    sa(slot, MGMT_SA_COMMAND_SET);
}

bool hw_sa_raise(uint32_t slot, uint64_t next, uint64_t limit)
{
    put64(MGMT_SA_NEXT_LO, next);
    put64(MGMT_SA_LIMIT_LO, limit);
    return !sa(slot, MGMT_SA_COMMAND_RAISE);
}

void hw_sa_words_in(uint32_t slot, uint32_t at)
{
    sa_at(slot, MGMT_SA_COMMAND_WORDS_IN, at);
}

void hw_sa_words_out(uint32_t slot, uint32_t at)
{
    sa_at(slot, MGMT_SA_COMMAND_WORDS_OUT, at);
}

void hw_sa_unpack(uint32_t at, struct hw_sa *to)
{
    sa_at(0, MGMT_SA_COMMAND_LOAD, at);
    sa_registers(to);
}

uint32_t hw_sa_keys(uint32_t slot, uint64_t address, bool md5)
{
    put64(MGMT_DMA_ADDR_LO, address);
    return sa(slot, MGMT_SA_COMMAND_KEYS | FIELD(SA_COMMAND_LEGACY, md5));
}

void hw_sa_enable(uint32_t slot)
{
    sa(slot, MGMT_SA_COMMAND_VALID);
}

void hw_sa_drop(uint32_t slot)
{
    sa(slot, MGMT_SA_COMMAND_DROP);
}

void hw_sa_drop_all(void)
{
    sa(0, MGMT_SA_COMMAND_DROP_ALL);
}

void hw_sa_scrub(uint32_t slot)
{
    sa(slot, MGMT_SA_COMMAND_SCRUB);
}

void hw_window_out(uint32_t slot, uint32_t at)
{
    sa_at(slot, MGMT_SA_COMMAND_WINDOW_OUT, at);
}

void hw_window_in(uint32_t slot, uint32_t at)
{
    sa_at(slot, MGMT_SA_COMMAND_WINDOW_IN, at);
}

uint32_t hw_blob_get(uint32_t id)
{
    REG(MGMT_SA_BLOB) = id;
    return wait(MGMT_SA_VALUE);
}

void hw_blob_set(uint32_t id, uint32_t generation)
{
    hw_blob_get(id);
    REG(MGMT_SA_VALUE) = generation;
}

void hw_blobs_forget(void)
{
    REG(MGMT_SA_VALUE) = FIELD(SA_VALUE_FORGET, 1);
}

/* ---------------------------------------------------------------- lanes */

static_assert(HW_JOB_PART == 1u << MGMT_LANE_JOB_PART_SHIFT && HW_JOB_FIRST == 1u << MGMT_LANE_JOB_FIRST_SHIFT &&
                  HW_JOB_LAST == 1u << MGMT_LANE_JOB_LAST_SHIFT && HW_JOB_TYPE_SHIFT == MGMT_LANE_JOB_TYPE_SHIFT,
              "hw_job.what is LANE.job");

/* In service mode the one lane shows as lane 0. */
static uint32_t ours(uint32_t lanes)
{
    return REG(MGMT_LANE_OWN) & MGMT_LANE_OWN_SERVICE ? 1 : lanes;
}

static void lane(uint32_t command)
{
    REG(MGMT_LANE_COMMAND) = command;
    wait(MGMT_LANE_COMMAND);
}

void hw_lanes_own(enum hw_owner owner)
{
    static const uint8_t values[] = {MGMT_LANE_OWN_NONE, MGMT_LANE_OWN_ALL, MGMT_LANE_OWN_SERVICE};

    do {
        REG(MGMT_LANE_OWN) = values[owner]; /* not heard while lanes that were given up are not at rest yet */
    } while (owner != HW_LANES_NONE && !GET(LANE_OWN_GRANTED, REG(MGMT_LANE_OWN)));
}

static void lane_move(uint32_t command, uint32_t at, uint32_t ring, uint32_t bytes)
{
    REG(MGMT_LANE_SOURCE) = FIELD(LANE_SOURCE_OFFSET, at) | FIELD(LANE_SOURCE_RING, ring);
    REG(MGMT_LANE_COUNT) = bytes;
    lane(command);
}

void hw_lanes_write(uint32_t lanes, uint32_t at, uint32_t ring, uint32_t bytes)
{
    REG(MGMT_LANE_LANES) = lanes;
    lane_move(MGMT_LANE_COMMAND_WRITE, at, ring, bytes);
}

void hw_lanes_start(uint32_t lanes, const struct hw_job *job)
{
    REG(MGMT_LANE_LANES) = lanes;
    REG(MGMT_LANE_JOB) = job->what;
    REG(MGMT_LANE_LENGTHS) = FIELD(LANE_LENGTHS_SRC_LEN, job->src_len) | FIELD(LANE_LENGTHS_TOTAL, job->total);
    REG(MGMT_LANE_BLOCKS) = FIELD(LANE_BLOCKS_WORDS, job->words) | FIELD(LANE_BLOCKS_NONCE, job->nonce);
    put64(MGMT_LANE_COUNTER_LO, job->counter);
    lane(MGMT_LANE_COMMAND_START);
}

uint32_t hw_lanes_wait(uint32_t lanes)
{
    uint32_t polls = LANE_POLLS, mine = ours(lanes), done;

    do {
        done = REG(MGMT_LANE_DONE) & mine;
    } while (done != mine && --polls);
    return done;
}

uint32_t hw_lanes_run(uint32_t lanes, const struct hw_job *job)
{
    hw_lanes_start(lanes, job);
    return hw_lanes_wait(lanes);
}

uint32_t hw_lanes_differ(uint32_t lanes, const struct hw_expected *e)
{
    REG(MGMT_LANE_LANES) = lanes;
    REG(MGMT_LANE_EXPECT) = FIELD(LANE_EXPECT_STATUS, e->status) | FIELD(LANE_EXPECT_LENGTH, e->length);
    put64(MGMT_LANE_COUNTER_LO, e->counter);
    lane_move(MGMT_LANE_COMMAND_COMPARE, e->at, e->ring, e->bytes);
    return REG(MGMT_LANE_BAD) & ours(lanes);
}

void hw_lane_result(uint32_t number, struct hw_result *result)
{
    uint32_t word;

    REG(MGMT_LANE_SELECT) = number;
    word = REG(MGMT_LANE_RESULT);
    result->status = GET(LANE_RESULT_STATUS, word);
    result->first = GET(LANE_RESULT_WORD, word) << 4 | GET(LANE_RESULT_FIRST, word);
    result->length = GET(LANE_LENGTHS_OUT_LENGTH, REG(MGMT_LANE_LENGTHS_OUT));
}

void hw_lane_read(uint32_t ring, uint32_t at, uint32_t bytes)
{
    lane_move(MGMT_LANE_COMMAND_COPY, at, ring, bytes);
}

void hw_lanes_keys(uint32_t at)
{
    REG(MGMT_LANE_KEYS) = at;
}

void hw_lanes_release(uint32_t lanes)
{
    REG(MGMT_LANE_LANES) = lanes;
    lane(MGMT_LANE_COMMAND_RELEASE);
}

/* ---------------------------------------------------------------- entropy */

void hw_entropy_on(bool on)
{
    REG(MGMT_ENTROPY_CONTROL) = on;
}

bool hw_entropy(uint32_t *bits)
{
    if (!GET(ENTROPY_STATE_HAVE, REG(MGMT_ENTROPY_STATE))) {
        return false;
    }
    *bits = REG(MGMT_ENTROPY_SAMPLE);
    return true;
}
