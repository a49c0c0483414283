/* SPDX-License-Identifier: Apache-2.0 */
#include "selftest.h"

#include "admin.h"
#include "buffer.h"
#include "card.h"
#include "hw.h"
#include "log.h"
#include "secure.h"
#include "sluice_regs.h"
#include "vectors.h"

/* Buffer, open half. */
#define AT_SA             0x100u
#define AT_PATTERN        0x180u /* content */
#define AT_MAC_KEY        0x1c0u
#define AT_RING           0x200u /* what the ring has of a record */
#define AT_INSIDE         0x300u
#define AT_STATES         0x400u /* what a key job made; the next one has the 64 bytes behind it */
#define AT_PART           0x480u /* what a part of a record makes; the next one has what lies behind it */
#define PART_ROOM         0xa0u
#define STREAM_IN         48u /* byte of the ring where a part comes to; what it makes begins with byte 0 */
#define KEYS_IN           0u
#define MAC_KEY           32u
#define BLOCK             16u
#define SPLIT_OF          2u  /* vector whose record comes in two parts, too */
#define RECORD_LANES_ONLY 8u  /* other vectors with parts have its cipher, MAC and form */
#define SPLIT             20u /* bytes of content in the first of them */

static struct {
    uint32_t record_lanes, legacy_lanes, stream_lanes; /* bits as the lane port has them */
    uint32_t failed, number, first_failure;
    uint32_t config;     /* the first word of the SA's, as a seal has it */
    uint32_t states_of;  /* the MAC whose HMAC states are in place */
    uint64_t counter;    /* of a result that is ok */
    uint32_t keys, part; /* where key words, where the words of a part go */

    /* The job under way: the next one is made ready while lanes are at work. */
    uint32_t lanes, keys_of; /* lanes it was given to; of a key job: its MAC */
    struct hw_expected expected;
} test;

static uint32_t lowest(uint32_t mask)
{
    uint32_t bit = 0;

    while (!(mask >> bit & 1)) {
        bit++;
    }
    return bit;
}

static uint32_t round_up(uint32_t bytes)
{
    return (bytes + 15) & ~15u;
}

/* ---------------------------------------------------------------- what is asked and answered */

/* bytes: a multiple of 16. */
static void put_words(uint32_t at, const uint32_t *words, uint32_t bytes)
{
    for (uint32_t end = at + bytes; at < end; at += 16, words += 4) {
        hw_put(at, words[0]);
        hw_put(at + 4, words[1]);
        hw_put(at + 8, words[2]);
        hw_put(at + 12, words[3]);
    }
}

static void put_pattern(uint32_t at, uint32_t first, uint32_t bytes)
{
    uint32_t word = first | (first + 1) << 8 | (first + 2) << 16 | (first + 3) << 24;

    for (uint32_t i = 0; i < bytes; i += 4, word += 0x04040404) {
        hw_put(at + i, word);
    }
}

static uint32_t key_bytes(uint32_t cipher)
{
    static const uint8_t bytes[] = {0, 8, 24, 16, 24, 32};

    return bytes[cipher];
}

static bool is_tls(const struct vector *v)
{
    return v->form >= SLUICE_FORM_TLS_MTE;
}

static bool is_legacy(const struct vector *v)
{
    return v->cipher == SLUICE_CIPHER_DES || v->cipher == SLUICE_CIPHER_DES3 || v->mac == SLUICE_MAC_MD5;
}

static uint64_t wide(uint32_t at)
{
    return (uint64_t)hw_get(at + 4) << 32 | hw_get(at);
}

/* The record's, or of tls10 the next IV, whose first half is the last block's. */
static uint64_t counter_of(const struct vector *v)
{
    if (v->form == SLUICE_FORM_TLS10 && v->cipher != SLUICE_CIPHER_NULL) {
        uint32_t block = v->cipher >= SLUICE_CIPHER_AES128 ? 16 : 8;

        return wide(AT_RING + v->first + v->record - block);
    }
    return v->explicit_nonce ? 0 : VECTOR_COUNTER;
}

/* SA words and record of a vector. */
static void load(const struct vector *v)
{
    test.config = (uint32_t)v->cipher | (uint32_t)v->mac << 8 | (uint32_t)v->form << 16;
    hw_put(AT_SA + 4, (uint32_t)v->mac_len | (uint32_t)v->explicit_nonce << 8 | (uint32_t)v->tls_minor << 24);
    if (is_tls(v)) {
        hw_put(AT_SA + 8, 0);
        hw_put(AT_SA + 12, 0);
    } else {
        put_pattern(AT_SA + 8, VECTOR_CID, 8);
    }
    hw_clear(AT_SA + AT_SA_KEY, 32);
    put_pattern(AT_SA + AT_SA_KEY, VECTOR_CIPHER_KEY, key_bytes(v->cipher));
    if (v->mac != test.states_of) {
        put_words(AT_SA + AT_SA_STATES, vector_states[v->mac], 64);
        test.states_of = v->mac;
    }
    put_words(AT_RING, v->ring, round_up(v->first + v->record));
    test.counter = counter_of(v);
}

static void set_direction(bool open)
{
    hw_put(AT_SA, test.config | (uint32_t)open << 24);
}

static struct hw_job job_of(const struct vector *v, enum hw_kind kind, uint32_t src_len)
{
    return (struct hw_job){.what = kind | (is_tls(v) ? VECTOR_TYPE & 0x7f : VECTOR_TYPE) << HW_JOB_TYPE_SHIFT,
                           .src_len = (uint16_t)src_len,
                           .words = AT_SA,
                           .nonce = AT_NONCE,
                           .counter = VECTOR_COUNTER};
}

/* ---------------------------------------------------------------- one known answer */

static void note(uint32_t bad, uint32_t reported)
{
    if (!bad) {
        return;
    }
    if (!test.first_failure) {
        test.first_failure = test.number;
    }
    for (uint32_t left = bad & ~test.failed; left; left &= left - 1) {
        log_event(SLUICE_LOG_EVENT_LANE_FAILED, lowest(left), test.number, reported);
    }
    test.failed |= bad;
}

static bool right_states(void)
{
    const uint32_t *states = vector_states[test.keys_of];
    uint32_t wrong = 0;

#pragma GCC unroll 4
    for (uint32_t i = 0; i < 16; i++) {
        wrong |= hw_get(test.keys + 4 * i) ^ states[i];
    }
    return !wrong;
}

/* Waits for the job under way and judges it. */
static void finish(void)
{
    uint32_t lanes = test.lanes, done, bad;
    struct hw_result result = {0};

    if (!lanes) {
        return;
    }
    test.lanes = 0;
    done = hw_lanes_wait(lanes);
    note(lanes & ~done, UINT32_MAX);
    if (!done) {
        return;
    }
    bad = hw_lanes_differ(done, &test.expected);
    if (bad) {
        hw_lane_result(lowest(bad), &result);
        note(bad, result.status);
    } else if (test.keys_of && !right_states()) {
        note(done, SLUICE_STATUS_OK);
    }
    hw_lanes_release(done);
}

/* Buffer to rings, which must not be at work. */
static void write_rings(uint32_t lanes, uint32_t at, uint32_t ring, uint32_t bytes)
{
    finish();
    hw_lanes_write(lanes, at, ring, bytes);
}

/* Begins the job in all of `lanes` that have not failed yet; their source is in their rings. */
static void run(uint32_t lanes, const struct hw_job *job, const struct hw_expected *expected)
{
    finish();
    lanes &= ~test.failed;
    if (lanes) {
        test.number++;
        test.lanes = lanes;
        test.expected = *expected;
        hw_lanes_start(lanes, job);
    }
}

static void seal_record(uint32_t lanes, const struct vector *v)
{
    struct hw_job job = job_of(v, HW_SEAL, v->content);
    struct hw_expected expected = {
        .length = v->record, .counter = test.counter, .ring = v->first, .at = AT_RING + v->first, .bytes = v->record};

    set_direction(false);
    write_rings(lanes, AT_PATTERN, v->body, VECTOR_CONTENT_AT_MOST);
    run(lanes, &job, &expected);
}

/* sealed: the record is in the rings, where it has just been made. */
static void open_record(uint32_t lanes, const struct vector *v, bool sealed, uint32_t status, uint64_t counter)
{
    struct hw_job job = job_of(v, HW_OPEN, v->record);
    bool good = status == SLUICE_STATUS_OK;
    struct hw_expected expected = {.status = status,
                                   .length = good ? v->content : 0,
                                   .counter = counter,
                                   .ring = v->body,
                                   .at = AT_PATTERN,
                                   .bytes = good ? v->content : 0};

    set_direction(true);
    if (!sealed) {
        write_rings(lanes, AT_RING, 0, round_up(v->first + v->record));
    }
    run(lanes, &job, &expected);
}

/* ---------------------------------------------------------------- records that must be refused */

enum place { VERSION, LENGTH, NONCE, MAC, PADDING };

static const struct {
    uint8_t vector, place, status;
} spoilt[] = {
    {0, VERSION, SLUICE_STATUS_BAD_FORMAT}, {0, LENGTH, SLUICE_STATUS_BAD_LENGTH}, {0, NONCE, SLUICE_STATUS_FORGED_NONCE},
    {0, MAC, SLUICE_STATUS_AUTH_FAILED},    {1, MAC, SLUICE_STATUS_AUTH_FAILED},   {5, PADDING, SLUICE_STATUS_AUTH_FAILED},
};

/* A byte of the record. MAC: in mte the content, whose MAC is another then; PADDING: the block before the last, whose bits CBC
 * turns. */
static uint32_t spoilt_byte(const struct vector *v, enum place place)
{
    switch (place) {
    case VERSION:
        return 2;
    case LENGTH:
        return 4;
    case NONCE:
        return v->record - 16u;
    case MAC:
        return v->form == SLUICE_FORM_UDP_ETM ? v->record - 17u : (uint32_t)v->body - v->first;
    default:
        return v->record - 17u;
    }
}

static void spoil(uint32_t byte)
{
    hw_put(byte & ~3u, hw_get(byte & ~3u) ^ 1u << 8 * (byte & 3));
}

static void test_spoilt(uint32_t lanes, uint32_t index, const struct vector *v)
{
    for (uint32_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        uint32_t byte = AT_RING + v->first + spoilt_byte(v, spoilt[i].place), status = spoilt[i].status;
        bool told = status == SLUICE_STATUS_AUTH_FAILED && v->cipher >= SLUICE_CIPHER_AES128 && !v->explicit_nonce;

        if (spoilt[i].vector == index) {
            spoil(byte);
            open_record(lanes, v, false, status, told ? VECTOR_COUNTER : 0);
            spoil(byte);
        }
    }
}

/* ---------------------------------------------------------------- verify, keys, parts */

static void verify(uint32_t lanes, const struct vector *v, bool good)
{
    struct hw_job job = job_of(v, HW_VERIFY, vector_inside_bytes);
    struct hw_expected expected = {.status = good ? SLUICE_STATUS_OK : SLUICE_STATUS_AUTH_FAILED,
                                   .length = good ? v->content : 0,
                                   .ring = v->body,
                                   .at = AT_INSIDE};

    set_direction(true);
    put_words(AT_INSIDE, vector_inside, round_up(vector_inside_bytes));
    if (!good) {
        spoil(AT_INSIDE);
    }
    write_rings(lanes, AT_INSIDE, v->body, round_up(vector_inside_bytes));
    run(lanes, &job, &expected);
}

/* Lane by lane, since the port has one place for the key words. */
static void test_keys(uint32_t lanes, uint32_t mac)
{
    struct hw_job job = {.what = HW_KEYS, .src_len = MAC_KEY, .words = AT_SA, .nonce = AT_NONCE};
    struct hw_expected expected = {.ring = KEYS_IN, .at = AT_MAC_KEY};
    uint32_t key = mac == SLUICE_MAC_MD5 ? 16 : mac == SLUICE_MAC_SHA1 ? 20 : 32;

    finish();
    hw_put(AT_SA, mac << 8);
    hw_put(AT_SA + 4, 0);
    hw_clear(AT_MAC_KEY, MAC_KEY);
    put_pattern(AT_MAC_KEY, VECTOR_MAC_KEY, key);
    hw_lanes_write(lanes, AT_MAC_KEY, KEYS_IN, MAC_KEY);
    for (uint32_t left = lanes; left; left &= left - 1) {
        uint32_t next = test.keys ^ 64;

        hw_clear(next, 64);
        finish();
        test.keys = next;
        test.keys_of = mac;
        hw_lanes_keys(next);
        run(left & ~(left - 1), &job, &expected);
    }
    finish();
    test.keys_of = SLUICE_MAC_NONE;
}

/* Bytes of the record from `from` on, to a word of the buffer. */
static void put_record(uint32_t at, const struct vector *v, uint32_t from, uint32_t bytes)
{
    const uint32_t *words = v->ring + (v->first + from) / 4;
    uint32_t shift = (v->first + from) % 4 * 8;

    if (!shift) {
        put_words(at, words, round_up(bytes));
        return;
    }
    for (uint32_t end = at + bytes, low = *words++; at < end; at += 4) {
        uint32_t high = *words++;

        hw_put(at, low >> shift | high << (32 - shift));
        low = high;
    }
}

/* A part of a record: the source's bytes, and what it makes. Of an open the content is compared, not the padding behind it. */
struct part {
    uint32_t from, bytes, makes_from, makes;
    bool first, last;
};

static void run_part(const struct vector *v, bool open, const struct part *p)
{
    struct hw_job job = job_of(v, open ? HW_OPEN : HW_SEAL, p->bytes);
    struct hw_expected expected = {.length = p->makes, .counter = p->last ? test.counter : 0};
    uint32_t left = v->content - p->makes_from, source;

    if (!p->first) {
        job.what = open ? HW_OPEN : HW_SEAL;
        job.counter = 0;
    }
    job.what |= HW_JOB_PART | (p->first ? HW_JOB_FIRST : 0) | (p->last ? HW_JOB_LAST : 0);
    job.total = p->first && !open ? v->content : 0;
    if (!open || !(p->first && p->last)) { /* else the record is still there: it has just been sealed */
        test.part = test.part == AT_PART ? AT_PART + PART_ROOM : AT_PART;
        put_record(test.part, v, open ? p->from : p->makes_from, open ? p->bytes : p->makes);
    }
    source = open ? test.part : p->from ? AT_INSIDE : AT_PATTERN;
    if (source == AT_INSIDE) {
        put_pattern(AT_INSIDE, VECTOR_CONTENT + p->from, p->bytes);
    }
    expected.at = open ? AT_PATTERN + p->makes_from : test.part;
    expected.bytes = open && left < p->makes ? left : p->makes;
    set_direction(open);
    write_rings(test.stream_lanes, source, STREAM_IN, round_up(p->bytes));
    run(test.stream_lanes, &job, &expected);
}

/* A record in one part, and one in two, whose first makes one block. */
static void test_parts(uint32_t index, const struct vector *v)
{
    uint32_t lead = v->body - v->first, mac = v->form == SLUICE_FORM_TLS_ETM ? v->mac_len : 0;
    struct part seals = {.bytes = v->content, .makes = v->record, .first = true, .last = true};
    struct part opens = {.bytes = v->record, .makes = v->record - lead - mac, .first = true, .last = true};

    run_part(v, false, &seals);
    run_part(v, true, &opens);
    if (index == SPLIT_OF) {
        run_part(v, false, &(struct part){.bytes = SPLIT, .makes = lead + BLOCK, .first = true});
        run_part(v, false, &(struct part){SPLIT, v->content - SPLIT, lead + BLOCK, v->record - lead - BLOCK, false, true});
        run_part(v, true, &(struct part){.bytes = lead + BLOCK, .makes = BLOCK, .first = true});
        run_part(v, true, &(struct part){lead + BLOCK, v->record - lead - BLOCK, BLOCK, opens.makes - BLOCK, false, true});
    }
}

/* ---------------------------------------------------------------- all of them */

static bool in_build(const struct vector *v)
{
    return v->cipher != SLUICE_CIPHER_AES192 || card.features >> SLUICE_FEATURES_AES192_SHIFT & 1;
}

static void test_vector(uint32_t index)
{
    const struct vector *v = &vectors[index];
    uint32_t lanes = is_legacy(v) ? test.legacy_lanes : test.record_lanes;

    if (!in_build(v)) {
        return;
    }
    load(v);
    seal_record(lanes, v);
    open_record(lanes, v, true, SLUICE_STATUS_OK, test.counter);
    test_spoilt(lanes, index, v);
    if (index == vector_inside_of) {
        verify(lanes, v, true);
        verify(lanes, v, false);
    }
    if (is_tls(v) && test.stream_lanes && index != RECORD_LANES_ONLY) {
        test_parts(index, v);
    }
}

static void test_all(void)
{
    test.failed = test.number = test.first_failure = test.states_of = test.lanes = test.keys_of = 0;
    test.keys = AT_STATES;
    hw_clear(AT_SA, SA_WORDS_BYTES);
    put_pattern(AT_PATTERN, VECTOR_CONTENT, VECTOR_CONTENT_AT_MOST);
    put_pattern(AT_NONCE, VECTOR_NONCE, 16);
    for (uint32_t i = 0; i < vector_count; i++) {
        test_vector(i);
    }
    finish();
}

static void test_key_jobs(void)
{
    hw_clear(AT_SA, SA_WORDS_BYTES);
    test_keys(test.record_lanes, SLUICE_MAC_SHA256);
    test_keys(test.record_lanes & ~(test.record_lanes - 1), SLUICE_MAC_SHA1);
    test_keys(test.legacy_lanes, SLUICE_MAC_MD5);
}

void selftest_all(struct selftest *result)
{
    test.record_lanes = card.record_lanes & card.in_service;
    test.legacy_lanes = card.legacy_lanes & card.in_service;
    test.stream_lanes = card.stream_lanes & card.in_service;
    hw_lanes_own(HW_LANES_ALL);
    test_all();
    test_key_jobs();
    hw_lanes_own(HW_LANES_NONE);
    *result = (struct selftest){.tested = test.record_lanes | test.stream_lanes,
                                .failed = test.failed,
                                .vectors = test.number,
                                .first_failure = test.first_failure};
}

/* The one lane that operations can be kept from shows as lane 0; words of key jobs the port has before `ready` alone. */
static void selftest_service(struct selftest *result)
{
    *result = (struct selftest){0};
    if (!card_has_service()) {
        return;
    }
    test.record_lanes = 1;
    test.legacy_lanes = card.legacy_lanes & card.service_lane ? 1 : 0;
    test.stream_lanes = 0;
    hw_lanes_own(HW_LANES_SERVICE);
    test_all();
    hw_lanes_own(HW_LANES_NONE);
    *result = (struct selftest){.tested = card.service_lane,
                                .failed = test.failed ? card.service_lane : 0,
                                .vectors = test.number,
                                .first_failure = test.first_failure};
}

static void put_result(const struct selftest *r)
{
    const uint32_t words[] = {r->tested,        r->failed,  card.in_service,  r->vectors,
                              r->first_failure, card.march, card.march_rings, 0};

    static_assert(sizeof words == SLUICE_SELF_TEST_BYTES, "self_test");
    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
        hw_put(HW_DATA + 4 * i, words[i]);
    }
}

uint32_t self_test(const struct command *c, uint32_t *length)
{
    struct selftest result;

    if (c->dst_len < SLUICE_SELF_TEST_BYTES) {
        return SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    if (!admin_aligned(c->dst)) {
        return admin_invalid(SLUICE_SQE_DST_OFFSET, length);
    }
    selftest_service(&result);
    log_event(SLUICE_LOG_EVENT_SELF_TEST, 0, result.failed, result.vectors);
    if (result.failed) {
        card_lose_lanes(result.failed);
        secure_forget(SECURE_BY_SELF_TEST);
    }
    put_result(&result);
    hw_dma_out(c->dst, HW_DATA, SLUICE_SELF_TEST_BYTES);
    *length = result.failed;
    return SLUICE_STATUS_OK;
}
