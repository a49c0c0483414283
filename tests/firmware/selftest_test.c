/* SPDX-License-Identifier: Apache-2.0 */
/* Power on: march and known answers; every failure is reported and takes its lane out of service. */
#include <string.h>

#include "buffer.h"
#include "card.h"
#include "fake_hw.h"
#include "firmware.h"
#include "known.h"
#include "log.h"
#include "tap.h"

#define HOST_AT 0x1000u

static void power_on(void)
{
    fake.cause = HW_CAUSE_POWER_ON | HW_CAUSE_SELF_TEST;
    log_clear();
    fake_boot();
}

/* The newest entry of the log with this code; false: there is none. */
static bool logged(uint32_t code, struct sluice_log_entry *entry)
{
    uint32_t bytes = log_put(HW_DATA);
    bool found = false;

    for (uint32_t at = 0; at < bytes; at += SLUICE_LOG_ENTRY_BYTES) {
        struct sluice_log_entry e = {0};

        memcpy(&e, fake.buffer + HW_DATA + at, sizeof e);
        if (e.code == code) {
            *entry = e;
            found = true;
        }
    }
    return found;
}

static void test_vectors(void)
{
    uint32_t ciphers = 0, macs = 0, forms = 0, inside[KNOWN_RING_WORDS], states[16];
    bool right = true;

    for (uint32_t n = 0; n < vector_count; n++) {
        struct vector v = vectors[n];
        uint32_t ring[KNOWN_RING_WORDS];

        known_ring(&v, ring);
        right &= tap_ok(v.record == vectors[n].record && v.first == vectors[n].first && v.body == vectors[n].body &&
                            memcmp(ring, vectors[n].ring, (v.first + v.record + 15u) / 16 * 16) == 0,
                        "vector %u is what OpenSSL makes", (unsigned)n);
        ciphers |= 1u << v.cipher;
        macs |= 1u << v.mac;
        forms |= 1u << v.form;
    }
    tap_ok(right && ciphers == 0x3f && macs == 0xf && forms == 0x1f, "every cipher, MAC and form is there");
    for (unsigned mac = SLUICE_MAC_MD5; mac <= SLUICE_MAC_SHA256; mac++) {
        known_states(mac, states);
        tap_ok(memcmp(states, vector_states[mac], sizeof states) == 0, "HMAC states of MAC %u are OpenSSL's", mac);
    }
    tap_ok(known_inside(&vectors[vector_inside_of], inside) == vector_inside_bytes &&
               memcmp(inside, vector_inside, vector_inside_bytes) == 0,
           "what verify is given is OpenSSL's");
}

static void test_good(void)
{
    struct sluice_log_entry e = {0};

    fake_reset();
    power_on();
    tap_ok(fake.state == SLUICE_FW_STATE_READY && fake.lanes_ok == 0x1f && !(fake.health & SLUICE_HEALTH_LANE_FAILED),
           "lanes that are right stay in service");
    tap_ok(logged(SLUICE_LOG_EVENT_SELF_TEST, &e) && e.data0 == 0 && e.data1 > 40, "the log tells of %u answers",
           (unsigned)e.data1);
    tap_ok(fake.version == firmware_ids[0] && fake.build == firmware_ids[1], "version and build id are told");
}

static void test_fault(uint32_t lane, enum fake_fault fault, const char *what)
{
    struct sluice_log_entry e = {0};

    fake_reset();
    fake.fault[lane] = fault;
    power_on();
    tap_ok(fake.state == SLUICE_FW_STATE_READY && fake.lanes_ok == (0x1fu & ~(1u << lane)) &&
               fake.health & SLUICE_HEALTH_LANE_FAILED && logged(SLUICE_LOG_EVENT_LANE_FAILED, &e) && e.where == lane,
           "lane %u: %s", (unsigned)lane, what);
}

static void test_faults(void)
{
    for (uint32_t lane = 0; lane < 5; lane++) {
        test_fault(lane, FAKE_LANE_SILENT, "no answer is noticed");
        test_fault(lane, FAKE_LANE_BYTE, "a wrong byte is noticed");
        test_fault(lane, FAKE_LANE_STATUS, "a wrong status is noticed");
        test_fault(lane, FAKE_LANE_LENGTH, "a wrong length is noticed");
        test_fault(lane, FAKE_LANE_COUNTER, "a wrong counter is noticed");
        if (lane < 4) {
            test_fault(lane, FAKE_LANE_KEY, "a wrong word of a key job is noticed");
        }
    }
}

/* Whichever job of the boot goes wrong, it is seen. */
static void test_each_job(void)
{
    uint32_t jobs, missed = 0;

    fake_reset();
    fake.entropy_left = 0;
    power_on();
    jobs = fake.jobs;
    for (uint32_t at = 1; at <= jobs; at++) {
        fake_reset();
        fake.entropy_left = 0;
        fake.fault_at = at;
        for (uint32_t lane = 0; lane < 5; lane++) {
            fake.fault[lane] = FAKE_LANE_STATUS;
        }
        power_on();
        missed += !(fake.health & SLUICE_HEALTH_LANE_FAILED);
    }
    tap_ok(!missed, "a wrong answer to any of the %u jobs is noticed", (unsigned)jobs);
}

static void test_march(void)
{
    struct sluice_log_entry e = {0};

    fake_reset();
    fake.march_rings = 0x2;
    power_on();
    tap_ok(fake.state == SLUICE_FW_STATE_READY && fake.lanes_ok == 0x1d && fake.health & SLUICE_HEALTH_MEMORY_FAILED &&
               logged(SLUICE_LOG_EVENT_MARCH_FAILED, &e) && e.where == 17,
           "a bad ring takes its lane out of service");
    fake_reset();
    fake.march = 0x4;
    power_on();
    tap_ok(fake.state == SLUICE_FW_STATE_READY && fake.lanes_ok == 0x0f,
           "bad stream state takes the stream lanes out of service");
    for (uint32_t bit = 0; bit < 2; bit++) {
        fake_reset();
        fake.march = 1u << bit;
        power_on();
        tap_ok(fake.state == SLUICE_FW_STATE_FAILED && !fake.ready, "%s: the card stays closed",
               bit ? "bad windows" : "bad SA words");
    }
    fake_reset();
    for (uint32_t lane = 0; lane < 4; lane++) {
        fake.fault[lane] = FAKE_LANE_BYTE;
    }
    power_on();
    tap_ok(fake.state == SLUICE_FW_STATE_FAILED && !fake.ready, "without a lane the card stays closed");
}

static void test_without(void)
{
    static const uint32_t causes[] = {HW_CAUSE_POWER_ON, HW_CAUSE_SOFT | HW_CAUSE_SELF_TEST,
                                      HW_CAUSE_FUNCTION | HW_CAUSE_SELF_TEST, HW_CAUSE_LINK | HW_CAUSE_SELF_TEST};

    for (unsigned i = 0; i < 4; i++) {
        fake_reset();
        fake.cause = causes[i];
        fake.entropy_left = 0;
        fake.march = fake.march_rings = 0x7;
        fake_boot();
        tap_ok(fake.state == SLUICE_FW_STATE_READY && !fake.jobs && fake.lanes_ok == 0x1f, "cause %#x: no tests",
               (unsigned)causes[i]);
    }
}

/* What a trap leaves in the buffer is an event of the next boot, and of no other; at power on there may be anything. */
static void test_trap(void)
{
    struct sluice_log_entry e = {0};

    fake_reset();
    fake_boot();
    log_trap(5, 0x1234, 0x40000001);
    log_clear();
    fake_boot();
    tap_ok(logged(SLUICE_LOG_EVENT_TRAP, &e) && e.where == 5 && e.data0 == 0x1234 && e.data1 == 0x40000001,
           "a trap is told after the reset");
    log_clear();
    fake_boot();
    tap_ok(!logged(SLUICE_LOG_EVENT_TRAP, &e), "once");
    for (uint32_t bit = 0; bit < 128; bit++) {
        log_trap(2, 0x88, 0);
        fake.buffer[AT_TRAP + bit / 8] ^= (uint8_t)(1u << bit % 8);
        log_clear();
        fake_boot();
        if (logged(SLUICE_LOG_EVENT_TRAP, &e)) {
            break;
        }
    }
    tap_ok(!logged(SLUICE_LOG_EVENT_TRAP, &e), "nothing is told of what is not whole");
}

static struct sluice_cqe command(struct sluice_self_test *result)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_SELF_TEST, .cookie = 5, .dst = FAKE_HOST + HOST_AT, .dst_len = {32}};
    struct sluice_cqe cqe = fake_command(&sqe);

    memcpy(result, fake.host + HOST_AT, sizeof *result);
    return cqe;
}

static void test_command(void)
{
    struct sluice_self_test r;
    struct sluice_cqe cqe;

    fake_reset();
    fake_boot();
    fake.slot[3].in_use = true;
    cqe = command(&r);
    tap_ok(cqe.status == SLUICE_STATUS_OK && cqe.length == 0 && r.tested == 0x8 && r.failed == 0 && r.in_service == 0x1f &&
               r.vectors > 20 && r.first_failure == 0 && fake.slot[3].in_use,
           "on demand the service lane is tested, %u answers", (unsigned)r.vectors);
    fake.fault[3] = FAKE_LANE_LENGTH;
    fake.fault_at = fake.jobs + 3;
    cqe = command(&r);
    tap_ok(cqe.status == SLUICE_STATUS_OK && cqe.length == 0x8 && r.failed == 0x8 && r.in_service == 0x17 &&
               r.first_failure == 3 && fake.lanes_ok == 0x17,
           "a failure takes it out of service");
    tap_ok(!fake.slot[3].in_use && fake.slot[3].scrubbed && !(fake.health & SLUICE_HEALTH_ENTROPY_SEEDED),
           "and keys are forgotten");
    cqe = command(&r);
    tap_ok(cqe.status == SLUICE_STATUS_OK && r.tested == 0 && r.vectors == 0, "then there is nothing to test");
}

int main(void)
{
    tap_begin();
    test_vectors();
    test_good();
    test_faults();
    test_each_job();
    test_march();
    test_without();
    test_trap();
    test_command();
    return tap_end();
}
