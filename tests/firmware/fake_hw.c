/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_hw_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware.h"
#include "known.h"
#include "tap.h"

#define TICK       7u /* clocks that every look at the card takes */
#define MANY_TURNS 100000u

struct fake fake;

const volatile uint32_t firmware_ids[2] = {0x010203, 0xb01dfaceu};

void rule(bool kept, const char *what)
{
    if (!kept) {
        printf("Bail out! the firmware %s\n", what);
        abort();
    }
}

bool in_buffer(uint32_t at, uint32_t bytes)
{
    return at <= HW_BUFFER_BYTES && bytes <= HW_BUFFER_BYTES - at;
}

/* ---------------------------------------------------------------- buffer */

uint32_t hw_get(uint32_t at)
{
    uint32_t word;

    rule(at < HW_SECRET && at % 4 == 0, "reads where it must not");
    memcpy(&word, fake.buffer + at, 4);
    return word;
}

void hw_put(uint32_t at, uint32_t word)
{
    rule(in_buffer(at, 4) && at % 4 == 0, "writes outside the buffer");
    memcpy(fake.buffer + at, &word, 4);
}

static uint8_t *host_at(uint64_t address, uint32_t length)
{
    uint64_t offset = address - FAKE_HOST;

    return offset < FAKE_HOST_BYTES && length <= FAKE_HOST_BYTES - offset ? fake.host + offset : NULL;
}

bool hw_dma_in(uint64_t address, uint32_t at, uint32_t length)
{
    const uint8_t *from = host_at(address, length);

    rule(in_buffer(at, length) && at % 16 == 0 && length % 16 == 0 && length, "reads the host's memory to where it cannot");
    fake.nonzero = 0;
    fake.time += 250;
    if (!from) {
        return false;
    }
    memcpy(fake.buffer + at, from, length);
    for (uint32_t i = at; i < at + length; i++) {
        if (i >= HW_SECRET && fake.buffer[i]) {
            fake.nonzero |= (i - HW_SECRET) / 4 < 32 ? 1u << (i - HW_SECRET) / 4 : 0;
        }
    }
    return true;
}

void hw_dma_out(uint64_t address, uint32_t at, uint32_t length)
{
    uint8_t *to = host_at(address, length);

    rule(at % 32 == 0 && length % 32 == 0 && length && in_buffer(at, length) && at + length <= HW_SECRET,
         "sends what it must not");
    rule(address % 32 == 0, "sends to an odd address");
    if (to) {
        memcpy(to, fake.buffer + at, length);
    }
}

uint32_t hw_dma_nonzero(void)
{
    return fake.nonzero;
}

void hw_clear(uint32_t at, uint32_t length)
{
    rule(in_buffer(at, length) && at % 16 == 0 && length % 16 == 0 && length, "clears what it cannot");
    memset(fake.buffer + at, 0, length);
}

/* ---------------------------------------------------------------- the card */

uint32_t hw_cause(void)
{
    return fake.cause;
}

uint32_t hw_bar(uint32_t offset)
{
    switch (offset) {
    case SLUICE_REG_MAGIC:
        return SLUICE_MAGIC;
    case SLUICE_REG_VERSION:
        return SLUICE_MAJOR << SLUICE_VERSION_MAJOR_SHIFT;
    case SLUICE_REG_FEATURES:
        return fake.features;
    case SLUICE_REG_PARAMS0:
        return fake.lanes | fake.queues << SLUICE_PARAMS0_IO_QUEUES_SHIFT;
    case SLUICE_REG_PARAMS1:
        return fake.slots;
    case SLUICE_REG_PARAMS2:
        return fake.legacy | fake.streams << SLUICE_PARAMS2_STREAM_LANES_SHIFT;
    case SLUICE_REG_CLOCK_KHZ:
        return fake.clock_khz;
    case SLUICE_REG_BUILD_ID:
        return 0x12345678;
    default:
        rule(offset >= SLUICE_CNT_CYCLES && offset < SLUICE_BAR_BYTES && offset % 4 == 0,
             "reads a register that tells it nothing");
        return offset | fake.snapshots << 16;
    }
}

void hw_snapshot(void)
{
    fake.snapshots++;
}

void hw_set_version(uint32_t version, uint32_t build)
{
    fake.version = version;
    fake.build = build;
}

void hw_set_state(uint32_t state)
{
    fake.state = state;
    fake.ready = state == SLUICE_FW_STATE_READY;
}

void hw_set_health(uint32_t bits)
{
    fake.health = bits;
}

void hw_set_lanes(uint32_t mask)
{
    fake.lanes_ok = mask;
}

uint64_t hw_time(void)
{
    return fake.time += TICK;
}

void hw_alarm(uint64_t time)
{
    fake.alarm = time;
}

bool hw_pinged(uint32_t *value)
{
    *value = fake.ping;
    return fake.ping != fake.pong;
}

void hw_pong(uint32_t value)
{
    fake.pong = value;
}

void hw_kick(void)
{
}

void hw_look(void)
{
}

uint32_t hw_march(uint32_t *rings)
{
    rule(!fake.ready, "tests memories that are in use");
    *rings = fake.march_rings;
    return fake.march;
}

/* ---------------------------------------------------------------- queues */

bool hw_entry(bool *failed)
{
    if (!fake.entry_count || !fake.ready) {
        return false;
    }
    *failed = fake.unreadable;
    fake.unreadable = false;
    if (!*failed) {
        memcpy(fake.buffer + HW_ENTRY, &fake.entries[fake.entry_first], SLUICE_SQE_BYTES);
    }
    fake.entry_first = (fake.entry_first + 1) % FAKE_ENTRIES;
    fake.entry_count--;
    fake.completed = false;
    return true;
}

void hw_complete(uint32_t cookie_lo, uint32_t cookie_hi, uint32_t status, uint32_t length)
{
    rule(!fake.completed, "completes twice");
    rule(fake.owner == HW_LANES_NONE, "keeps a lane");
    fake.completed = true;
    fake.cqe = (struct sluice_cqe){.cookie = (uint64_t)cookie_hi << 32 | cookie_lo, .length = length, .status = (uint8_t)status};
}

uint32_t hw_queues_on(void)
{
    return fake.queues_on;
}

uint32_t hw_queues_empty(void)
{
    if (fake.queue_drain) {
        fake.queue_drain--;
        return ~fake.queues_busy;
    }
    fake.queues_busy = 0;
    return UINT32_MAX;
}

void hw_queue_create(uint32_t pair, uint32_t depth_log2, uint64_t sq, uint64_t cq)
{
    rule(pair && pair <= fake.queues && !(fake.queues_on >> pair & 1), "creates a queue pair that there is");
    fake.queues_on |= 1u << pair;
    fake.queue_depth[pair] = depth_log2;
    fake.queue_sq[pair] = sq;
    fake.queue_cq[pair] = cq;
}

void hw_queue_stop(uint32_t pair)
{
    fake.queues_on &= ~(1u << pair);
    fake.queues_busy = 1u << pair;
    fake.queue_drain = tap_below(5);
}

void hw_queue_coalesce(uint32_t pair, uint32_t count, uint32_t clocks)
{
    fake.queue_coalesce[pair] = count << 24 | clocks;
}

/* ---------------------------------------------------------------- SA slots */

static struct fake_slot *slot_at(uint32_t slot)
{
    rule(slot < fake.slots, "speaks of a slot that there is not");
    return &fake.slot[slot];
}

bool hw_sa_in_use(uint32_t slot)
{
    return slot_at(slot)->in_use;
}

bool hw_sa_busy(uint32_t slot)
{
    struct fake_slot *s = slot_at(slot);

    return s->busy && s->busy--;
}

void hw_sa_read(uint32_t slot, struct hw_sa *sa)
{
    *sa = slot_at(slot)->sa;
}

static void put64(uint8_t *to, uint64_t value)
{
    memcpy(to, &value, 8);
}

void hw_sa_write(uint32_t slot, const struct hw_sa *sa)
{
    struct fake_slot *s = slot_at(slot);

    rule(!s->in_use && !s->busy, "writes what an SA at work is like");
    s->sa = *sa;
    memset(s->window, 0, sizeof s->window);
    put64(s->window + SLUICE_SA_WINDOW_FLOOR_OFFSET, sa->next);
    put64(s->window + SLUICE_SA_WINDOW_CURRENT_OFFSET, sa->next >> 48 << 48);
}

bool hw_sa_raise(uint32_t slot, uint64_t next, uint64_t limit)
{
    struct fake_slot *s = slot_at(slot);

    if (fake.raises_lost) {
        fake.raises_lost--;
        s->sa.next++;
    }
    if (next < s->sa.next) {
        return false;
    }
    s->sa.next = next;
    s->sa.limit = limit;
    return true;
}

void hw_sa_words_in(uint32_t slot, uint32_t at)
{
    struct fake_slot *s = slot_at(slot);

    rule(!s->in_use && at % 16 == 0 && in_buffer(at, 128), "writes the keys of an SA at work");
    memcpy(s->words, fake.buffer + at, sizeof s->words);
    s->scrubbed = false;
}

void hw_sa_words_out(uint32_t slot, uint32_t at)
{
    rule(at >= HW_SECRET && at % 16 == 0 && in_buffer(at, 128), "puts keys where they can be read");
    memcpy(fake.buffer + at, slot_at(slot)->words, 128);
}

void hw_sa_unpack(uint32_t at, struct hw_sa *sa)
{
    memcpy(&sa->next, fake.buffer + at, 8);
    memcpy(&sa->limit, fake.buffer + at + 8, 8);
    memcpy(&sa->meta, fake.buffer + at + 16, 4);
}

uint32_t hw_sa_keys(uint32_t slot, uint64_t address, bool md5)
{
    static const uint8_t sizes[] = {0, 16, 20, 32};
    struct fake_slot *s = slot_at(slot);
    const uint8_t *key = host_at(address, 32);
    uint32_t mac = s->words[1], states[16];

    rule(md5 == (mac == SLUICE_MAC_MD5) && !s->in_use, "has the wrong lane compute a key");
    if (fake.key_status || !key) {
        return fake.key_status ? fake.key_status : SLUICE_STATUS_DMA_ERROR;
    }
    known_states_of(mac, key, sizes[mac], states);
    memcpy(s->words + 64, states, 64);
    return SLUICE_STATUS_OK;
}

void hw_sa_enable(uint32_t slot)
{
    slot_at(slot)->in_use = true;
}

void hw_sa_drop(uint32_t slot)
{
    slot_at(slot)->in_use = false;
}

void hw_sa_drop_all(void)
{
    for (uint32_t slot = 0; slot < fake.slots; slot++) {
        fake.slot[slot].in_use = false;
    }
}

void hw_sa_scrub(uint32_t slot)
{
    struct fake_slot *s = slot_at(slot);

    rule(!s->in_use && !s->busy, "overwrites an SA at work");
    memset(s->words, 0, sizeof s->words);
    s->scrubbed = true;
    s->parts = false;
}

void hw_window_out(uint32_t slot, uint32_t at)
{
    rule(at % 16 == 0 && in_buffer(at, 576), "puts a window where it cannot");
    memcpy(fake.buffer + at, slot_at(slot)->window, 576);
}

void hw_window_in(uint32_t slot, uint32_t at)
{
    rule(at % 16 == 0 && in_buffer(at, 576), "takes a window from where it cannot");
    memcpy(slot_at(slot)->window, fake.buffer + at, 576);
}

uint32_t hw_blob_get(uint32_t id)
{
    rule(id < SLUICE_VIRTUAL_SAS, "asks for a blob that there is not");
    return fake.blobs[id];
}

void hw_blob_set(uint32_t id, uint32_t generation)
{
    rule(id < SLUICE_VIRTUAL_SAS && generation > fake.blobs[id] && generation <= UINT16_MAX, "turns a blob's generation back");
    fake.blobs[id] = (uint16_t)generation;
}

void hw_blobs_forget(void)
{
    memset(fake.blobs, 0, sizeof fake.blobs);
}

/* ---------------------------------------------------------------- entropy */

void hw_entropy_on(bool on)
{
    fake.entropy_on = on;
}

bool hw_entropy(uint32_t *bits)
{
    if (!fake.entropy_on || !fake.entropy_left) {
        return false;
    }
    fake.entropy_left--;
    *bits = fake.entropy();
    return true;
}

uint32_t fake_good_entropy(void)
{
    return (uint32_t)(tap_random() >> 20);
}

/* ---------------------------------------------------------------- the test's side */

void fake_reset(void)
{
    memset(&fake, 0, sizeof fake);
    tap_fill(fake.buffer, sizeof fake.buffer);
    tap_fill(fake.host, sizeof fake.host);
    fake.cause = HW_CAUSE_POWER_ON;
    fake.features = 0xfff;
    fake.lanes = 4;
    fake.legacy = 1;
    fake.streams = 1;
    fake.queues = 2;
    fake.slots = 16;
    fake.clock_khz = 125000;
    fake.lanes_ok = (1u << (fake.lanes + fake.streams)) - 1;
    fake.alarm = UINT64_MAX;
    fake.entropy = fake_good_entropy;
    fake.entropy_left = UINT32_MAX;
}

void fake_run(void)
{
    uint32_t turns = 0;

    while (firmware_step()) {
        rule(++turns < MANY_TURNS, "does not come to rest");
    }
}

void fake_boot(void)
{
    firmware_begin();
    fake_run();
}

struct sluice_cqe fake_command(const struct sluice_sqe *sqe)
{
    fake.entries[(fake.entry_first + fake.entry_count++) % FAKE_ENTRIES] = *sqe;
    fake_run();
    rule(fake.completed && !fake.entry_count, "does not answer");
    return fake.cqe;
}
