/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs of lanes, as firmware/hw.h has them. */
#include <string.h>

#include "fake_hw_internal.h"

static uint32_t service_lane(void)
{
    return fake.lanes - 1;
}

static uint32_t ours(uint32_t lanes)
{
    rule(fake.owner != HW_LANES_NONE, "uses lanes that are not its own");
    return fake.owner == HW_LANES_SERVICE ? 1u << service_lane() : lanes;
}

void hw_lanes_own(enum hw_owner owner)
{
    rule(owner != HW_LANES_ALL || !fake.ready, "takes lanes that are at work");
    for (uint32_t l = 0; l < FAKE_LANES; l++) {
        rule(owner != HW_LANES_NONE || !fake.lane[l].has_result || fake.fault[l] != FAKE_LANE_RIGHT, "leaves a result in a lane");
    }
    fake.owner = owner;
}

void hw_lanes_write(uint32_t lanes, uint32_t at, uint32_t ring, uint32_t bytes)
{
    rule(at % 16 == 0 && ring % 16 == 0 && bytes % 16 == 0 && bytes && in_buffer(at, bytes), "writes rings as it cannot");
    rule(!fake.at_work, "writes rings while lanes are at work");
    for (uint32_t l = 0; l < FAKE_LANES; l++) {
        if (ours(lanes) >> l & 1) {
            memcpy(fake.lane[l].ring + ring, fake.buffer + at, bytes);
        }
    }
}

static void spoil(struct fake_lane *lane, enum fake_fault fault)
{
    lane->has_result = fault != FAKE_LANE_SILENT;
    if (fault == FAKE_LANE_BYTE) {
        lane->ring[lane->result.first + lane->result.length / 2] ^= 0x20;
    } else if (fault == FAKE_LANE_STATUS) {
        lane->result.status = lane->result.status == SLUICE_STATUS_OK ? SLUICE_STATUS_AUTH_FAILED : SLUICE_STATUS_OK;
    } else if (fault == FAKE_LANE_LENGTH) {
        lane->result.length++;
    } else if (fault == FAKE_LANE_COUNTER) {
        lane->counter ^= 1;
    } else if (fault == FAKE_LANE_KEY) {
        lane->keys[33] ^= 4;
    }
}

void hw_lanes_start(uint32_t lanes, const struct hw_job *job)
{
    uint32_t mine = ours(lanes);
    uint8_t words[128], nonce[16];
    bool first = true;

    rule(job->words % 16 == 0 && in_buffer(job->words, 128), "has SA words nowhere");
    rule(job->nonce % 16 == 0 && job->nonce < HW_SECRET, "has a nonce nowhere");
    memcpy(words, fake.buffer + job->words, sizeof words);
    memcpy(nonce, fake.buffer + job->nonce, sizeof nonce);
    fake.secret_words = job->words + 128u > HW_SECRET;
    fake.jobs++;
    for (uint32_t l = 0; l < FAKE_LANES; l++) {
        if (!(mine >> l & 1)) {
            continue;
        }
        rule(!fake.lane[l].has_result, "gives a job to a lane that holds a result");
        rule(l < fake.lanes + fake.streams, "gives a job to a lane that there is not");
        rule(((job->what & HW_JOB_PART) != 0) == (l >= fake.lanes),
             "gives a part to a record lane, or a record to a stream lane");
        fake_lane_run(&fake.lane[l], job, words, nonce);
        if (fake.fault[l] != FAKE_LANE_RIGHT && (!fake.fault_at || fake.fault_at == fake.jobs)) {
            spoil(&fake.lane[l], fake.fault[l]);
        }
        if ((job->what & 3) == HW_KEYS && first) {
            rule(fake.owner == HW_LANES_ALL && !fake.secret_words && fake.keys_at % 64 == 0 && fake.keys_at + 64 <= HW_SECRET,
                 "asks for secret key words");
            fake.keys_of = l + 1;
        }
        first = false;
    }
    fake.at_work = mine;
}

uint32_t hw_lanes_wait(uint32_t lanes)
{
    uint32_t mine = ours(lanes), done = 0;

    rule(fake.at_work == mine, "waits for other lanes than those at work");
    fake.at_work = 0;
    if (fake.keys_of) {
        memcpy(fake.buffer + fake.keys_at, fake.lane[fake.keys_of - 1].keys, 64);
        fake.keys_of = 0;
    }
    for (uint32_t l = 0; l < FAKE_LANES; l++) {
        done |= ((mine >> l) & fake.lane[l].has_result) ? 1u << l : 0;
    }
    fake.time += 300;
    return fake.owner == HW_LANES_SERVICE ? done != 0 : done;
}

uint32_t hw_lanes_run(uint32_t lanes, const struct hw_job *job)
{
    hw_lanes_start(lanes, job);
    return hw_lanes_wait(lanes);
}

uint32_t hw_lanes_differ(uint32_t lanes, const struct hw_expected *e)
{
    uint32_t bad = 0, mine = ours(lanes);

    rule(e->at % 16 == e->ring % 16 && in_buffer(e->at, e->bytes), "compares what does not lie alike");
    for (uint32_t l = 0; l < FAKE_LANES; l++) {
        struct fake_lane *lane = &fake.lane[l];

        if (mine >> l & 1) {
            rule(lane->has_result, "compares without a result");
            if (lane->result.status != e->status || lane->result.length != e->length || lane->counter != e->counter ||
                memcmp(lane->ring + e->ring, fake.buffer + e->at, e->bytes) != 0) {
                bad |= 1u << l;
            }
        }
    }
    return fake.owner == HW_LANES_SERVICE ? bad != 0 : bad;
}

static struct fake_lane *chosen(uint32_t lane)
{
    return &fake.lane[fake.owner == HW_LANES_SERVICE ? service_lane() : lane];
}

void hw_lane_result(uint32_t lane, struct hw_result *result)
{
    *result = chosen(lane)->result;
}

void hw_lane_read(uint32_t ring, uint32_t at, uint32_t bytes)
{
    struct fake_lane *lane = chosen(0);

    rule(at % 16 == 0 && ring % 16 == 0 && bytes % 16 == 0 && bytes && in_buffer(at, bytes), "reads a ring as it cannot");
    rule((at >= HW_SECRET || at + bytes <= HW_SECRET) && (at >= HW_SECRET || lane->sealed || !fake.secret_words),
         "reads what secret words have to do with");
    memcpy(fake.buffer + at, lane->ring + ring, bytes);
}

void hw_lanes_keys(uint32_t at)
{
    fake.keys_at = at;
}

void hw_lanes_release(uint32_t lanes)
{
    for (uint32_t l = 0; l < FAKE_LANES; l++) {
        if (ours(lanes) >> l & 1) {
            fake.lane[l].has_result = false;
        }
    }
}
