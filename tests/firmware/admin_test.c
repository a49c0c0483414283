/* SPDX-License-Identifier: Apache-2.0 */
/* Every command of the admin queue: what its entry may have, what each wrong field gives, and what a right one does. */
#include <string.h>

#include "fake_hw.h"
#include "firmware.h"
#include "known.h"
#include "log.h"
#include "sa_rules.h"
#include "tap.h"

#define AT       0x1000u
#define ADDRESS  (FAKE_HOST + AT)
#define NOWHERE  UINT64_C(0x40)
#define BLOCK    SLUICE_SQE_BYTES
#define COUNT(x) (sizeof(x) / sizeof *(x))

static void put24(uint8_t to[3], uint32_t value)
{
    memcpy(to, &value, 3);
}

static struct sluice_sqe entry(uint8_t op)
{
    return (struct sluice_sqe){.op = op, .cookie = tap_random()};
}

static bool gives(struct sluice_sqe sqe, uint32_t status, uint32_t length)
{
    struct sluice_cqe cqe = fake_command(&sqe);

    if (cqe.status != status || cqe.length != length || cqe.cookie != sqe.cookie) {
        tap_note("op %#x: status %u, length %u", (unsigned)sqe.op, (unsigned)cqe.status, (unsigned)cqe.length);
        return false;
    }
    return true;
}

static void begin(void)
{
    fake_reset();
    fake_boot();
}

/* ---------------------------------------------------------------- entries */

enum {
    SA = 1,
    GEN = 2,
    PAD = 4,
    SRC = 8,
    DST = 16,
    SRC_LEN = 32,
    DST_LEN = 64,
    SEQ = 128,
    TYPE = 256,
    FLAGS = 512,
    TOTAL = 1024,
    NONCE = 2048
};

static const struct {
    uint8_t op;
    unsigned fields;
} commands[] = {
    {SLUICE_OP_IDENTIFY, DST | DST_LEN},
    {SLUICE_OP_SA_CREATE, SA | SRC | SRC_LEN},
    {SLUICE_OP_SA_DESTROY, SA | GEN},
    {SLUICE_OP_QUEUE_CREATE, SA | PAD | SRC | DST},
    {SLUICE_OP_QUEUE_DESTROY, SA},
    {SLUICE_OP_QUEUE_COALESCE, SA | PAD | SRC_LEN},
    {SLUICE_OP_WINDOW_EXPORT, SA | GEN | DST | DST_LEN},
    {SLUICE_OP_WINDOW_IMPORT, SA | GEN | SRC | SRC_LEN},
    {SLUICE_OP_SA_MODIFY, SA | GEN | SRC | SRC_LEN},
    {SLUICE_OP_SA_QUERY, SA | GEN | DST | DST_LEN},
    {SLUICE_OP_SA_EXPORT, SA | GEN | DST | DST_LEN | SEQ},
    {SLUICE_OP_SA_IMPORT, SA | SRC | SRC_LEN | SEQ},
    {SLUICE_OP_STATISTICS, DST | DST_LEN},
    {SLUICE_OP_SELF_TEST, DST | DST_LEN},
    {SLUICE_OP_LOG_READ, PAD | DST | DST_LEN},
    {SLUICE_OP_ZEROISE, 0},
    {SLUICE_OP_KEEP_ALIVE, SRC_LEN},
    {SLUICE_OP_RANDOM, DST | DST_LEN},
};

/* One bit of the entry; the field that it is of. */
static unsigned set_bit(struct sluice_sqe *sqe, unsigned bit)
{
    static const struct {
        unsigned end, field;
    } places[] = {{1, 0},    {2, TYPE}, {4, FLAGS},    {6, SA},       {7, GEN},    {8, PAD},    {16, 0},
                  {24, SRC}, {32, DST}, {35, SRC_LEN}, {38, DST_LEN}, {40, TOTAL}, {56, NONCE}, {64, SEQ}};
    unsigned n = 0;

    while (bit / 8 >= places[n].end) {
        n++;
    }
    ((uint8_t *)sqe)[bit / 8] ^= (uint8_t)(places[n].field ? 1u << bit % 8 : 0);
    return places[n].field;
}

static void test_strays(void)
{
    for (unsigned i = 0; i < COUNT(commands); i++) {
        unsigned wrong = 0;

        for (unsigned bit = 0; bit < 512; bit++) {
            struct sluice_sqe sqe = entry(commands[i].op);
            unsigned field = set_bit(&sqe, bit);

            if (!field || commands[i].fields & field) {
                continue;
            }
            begin();
            wrong += !gives(sqe, SLUICE_STATUS_UNSUPPORTED, 0);
        }
        tap_ok(!wrong, "op %#x: a bit of any field that it has not is unsupported", (unsigned)commands[i].op);
    }
}

static void test_unknown(void)
{
    unsigned wrong = 0;

    begin();
    for (unsigned op = 0; op < 256; op++) {
        bool known = false;

        for (unsigned i = 0; i < COUNT(commands); i++) {
            known |= commands[i].op == op;
        }
        wrong += !known && !gives(entry((uint8_t)op), SLUICE_STATUS_UNSUPPORTED, 0);
    }
    tap_ok(!wrong, "operations that there are not");
    fake.unreadable = true;
    fake.cqe.cookie = 1;
    fake_command(&(struct sluice_sqe){.op = SLUICE_OP_IDENTIFY, .cookie = 7});
    tap_ok(fake.cqe.status == SLUICE_STATUS_DMA_ERROR && fake.cqe.cookie == 0, "an entry that cannot be read");
}

/* ---------------------------------------------------------------- sa_create */

static struct sluice_sa_params *params(void)
{
    return (struct sluice_sa_params *)(void *)(fake.host + AT);
}

static struct sluice_sqe create(uint32_t slot)
{
    struct sluice_sqe sqe = entry(SLUICE_OP_SA_CREATE);

    sqe.sa = (uint16_t)slot;
    sqe.src = ADDRESS;
    put24(sqe.src_len, SLUICE_SA_PARAMS_BYTES);
    return sqe;
}

static void good_params(void)
{
    *params() = (struct sluice_sa_params){.cipher = SLUICE_CIPHER_AES128,
                                          .mac = SLUICE_MAC_SHA1,
                                          .form = SLUICE_FORM_UDP_MTE,
                                          .direction = SLUICE_DIRECTION_SEAL,
                                          .mac_len = 20,
                                          .counter = UINT64_C(5) << 48 | 9,
                                          .limit = UINT64_C(6) << 48};
    tap_fill(params()->cid, 8);
    tap_fill(params()->cipher_key, 16);
    tap_fill(params()->mac_key, 20);
}

static bool installed(uint32_t slot)
{
    const struct fake_slot *s = &fake.slot[slot];
    const struct sluice_sa_params *p = params();
    uint8_t words[128] = {p->cipher, p->mac, p->form, p->direction, p->mac_len, p->nonce_mode, 0, p->tls_minor};
    uint32_t states[16], meta;

    memcpy(words + 8, p->cid, 8);
    memcpy(words + 32, p->cipher_key, 32);
    known_states_of(p->mac, p->mac_key, sa_rules_mac_key(p->mac), states);
    memcpy(words + 64, states, 64);
    meta = (uint32_t)p->replay | (uint32_t)p->nonce_mode << 1 | (uint32_t)p->mac_len << 2 | (uint32_t)p->form << 8 |
           (uint32_t)p->mac << 11 | (uint32_t)p->cipher << 13 | (uint32_t)p->direction << 16 | fake.cqe.length << 17;
    return s->in_use && memcmp(s->words, words, sizeof words) == 0 && s->sa.meta == meta && s->sa.next == p->counter &&
           s->sa.limit == p->limit;
}

static bool empty_secret(void)
{
    uint32_t used = 0;

    for (uint32_t i = HW_SECRET; i < HW_SECRET + 64; i++) {
        used |= fake.buffer[i];
    }
    return !used;
}

static void test_create_entry(void)
{
    struct sluice_sqe sqe;

    begin();
    good_params();
    tap_ok(gives(create(2), SLUICE_STATUS_OK, 1) && installed(2) && empty_secret(),
           "sa_create installs, and leaves no key behind");
    tap_ok(gives(create(2), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "a slot in use");
    tap_ok(gives(create(fake.slots), SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SA_OFFSET), "a slot that there is not");
    sqe = create(3);
    put24(sqe.src_len, SLUICE_SA_PARAMS_BYTES + 1);
    tap_ok(gives(sqe, SLUICE_STATUS_INVALID_FIELD, SLUICE_SQE_SRC_LEN_OFFSET), "a wrong src_len");
    sqe = create(3);
    sqe.src = NOWHERE;
    tap_ok(gives(sqe, SLUICE_STATUS_DMA_ERROR, 0) && !fake.slot[3].in_use, "a block that cannot be read");
    fake.key_status = SLUICE_STATUS_DMA_ERROR;
    tap_ok(gives(create(3), SLUICE_STATUS_DMA_ERROR, 0) && !fake.slot[3].in_use && fake.slot[3].scrubbed && empty_secret(),
           "a key that cannot be read");
    fake.key_status = 0;
    sqe = create(3);
    sqe.src++;
    memmove(fake.host + AT + 1, fake.host + AT, SLUICE_SA_PARAMS_BYTES);
    tap_ok(gives(sqe, SLUICE_STATUS_OK, 2), "any address will do; the generation goes on");
    fake.slot[7].sa.meta = 0xffu << HW_META_GEN;
    good_params();
    tap_ok(gives(create(7), SLUICE_STATUS_OK, 0), "generations begin again behind 255");
}

static bool bad_block(uint32_t offset)
{
    bool good = gives(create(4), SLUICE_STATUS_INVALID_FIELD, BLOCK + offset) && !fake.slot[4].in_use && empty_secret();

    good_params();
    return good;
}

static void test_create_fields(void)
{
    begin();
    good_params();
    params()->cipher = 6;
    tap_ok(bad_block(0), "cipher");
    params()->mac = 4;
    tap_ok(bad_block(1), "mac");
    params()->form = 5;
    tap_ok(bad_block(2), "form");
    params()->direction = 2;
    tap_ok(bad_block(3), "direction");
    params()->mac_len = 21;
    tap_ok(bad_block(4), "mac_len, too long");
    params()->mac_len = 15;
    tap_ok(bad_block(4), "mac_len, shorter than a block in mte");
    params()->nonce_mode = 2;
    tap_ok(bad_block(5), "nonce_mode");
    params()->replay = 2;
    tap_ok(bad_block(6), "replay");
    params()->tls_minor = 3;
    tap_ok(bad_block(7), "tls_minor");
    params()->form = SLUICE_FORM_TLS_MTE;
    tap_ok(bad_block(5), "TLS: nonce_mode");
    params()->form = SLUICE_FORM_TLS_MTE;
    params()->nonce_mode = 1;
    params()->tls_minor = 3;
    tap_ok(bad_block(8), "TLS: cid");
    params()->form = SLUICE_FORM_TLS10;
    params()->nonce_mode = 1;
    memset(params()->cid, 0, 8);
    tap_ok(bad_block(16), "TLS: counter");
    params()->limit++;
    tap_ok(bad_block(24), "limit, behind the next incarnation's beginning");
    params()->direction = SLUICE_DIRECTION_OPEN;
    tap_ok(bad_block(24), "open: limit");
    for (unsigned at = 32; at < 64; at += 31) {
        fake.host[AT + at] = 1;
        tap_ok(bad_block(32), "reserved1, byte %u", at);
    }
    fake.host[AT + 64 + 16] = 0x80;
    tap_ok(bad_block(64), "behind the cipher key");
    fake.host[AT + 127] = 1;
    tap_ok(bad_block(96), "behind the MAC key");
    params()->mac = SLUICE_MAC_NONE;
    params()->mac_len = 0;
    tap_ok(bad_block(96), "a MAC key without a MAC");
}

/* The first wrong field of any block, by the rules of the driver, whose order is the block's. */
static uint32_t first_wrong(const struct sluice_sa_params *p)
{
    struct sa_rules r = {p->cipher, p->mac,       p->form, p->direction, p->mac_len, p->nonce_mode,
                         p->replay, p->tls_minor, {0},     p->counter,   p->limit};
    uint32_t at;

    memcpy(r.cid, p->cid, 8);
    at = sa_rules_check(&r);
    if (at != SA_RULES_FINE) {
        return at;
    }
    for (uint32_t i = sa_rules_cipher_key(p->cipher); i < 32; i++) {
        if (p->cipher_key[i]) {
            return 64;
        }
    }
    for (uint32_t i = sa_rules_mac_key(p->mac); i < 32; i++) {
        if (p->mac_key[i]) {
            return 96;
        }
    }
    return SA_RULES_FINE;
}

static void random_params(void)
{
    struct sluice_sa_params *p = params();

    memset(p, 0, sizeof *p);
    p->cipher = (uint8_t)tap_below(6);
    p->mac = (uint8_t)tap_below(4);
    p->form = (uint8_t)tap_below(5);
    p->direction = (uint8_t)tap_below(2);
    p->mac_len = (uint8_t)(tap_below(3) ? sa_rules_mac_key(p->mac) : tap_below(40));
    p->nonce_mode = p->form >= SLUICE_FORM_TLS_MTE || tap_below(2);
    p->tls_minor = p->form == SLUICE_FORM_TLS_MTE || p->form == SLUICE_FORM_TLS_ETM ? (uint8_t)(2 + tap_below(2)) : 0;
    if (p->form < SLUICE_FORM_TLS_MTE) {
        tap_fill(p->cid, 8);
        p->counter = tap_random();
        p->limit = p->direction ? 0 : p->counter | 0xffff;
    }
    tap_fill(p->cipher_key, sa_rules_cipher_key(p->cipher));
    tap_fill(p->mac_key, sa_rules_mac_key(p->mac));
    if (tap_below(4) == 0) {
        fake.host[AT + tap_below(128)] ^= (uint8_t)(1u << tap_below(8));
    }
}

static void test_create_random(void)
{
    unsigned good = 0, bad = 0, wrong = 0;

    begin();
    for (unsigned round = 0; round < 3000; round++) {
        uint32_t slot = tap_below(fake.slots), at;

        random_params();
        fake.slot[slot].in_use = false;
        at = first_wrong(params());
        if (at == SA_RULES_FINE && params()->reserved1[0] == 0) {
            uint32_t gen = ((fake.slot[slot].sa.meta >> HW_META_GEN) + 1) & 0xff, reserved = 0;

            for (unsigned i = 0; i < 32; i++) {
                reserved |= params()->reserved1[i];
            }
            wrong += !(reserved ? gives(create(slot), SLUICE_STATUS_INVALID_FIELD, BLOCK + 32)
                                : gives(create(slot), SLUICE_STATUS_OK, gen) && installed(slot));
            good++;
        } else if (at != SA_RULES_FINE && at < 32) {
            wrong += !gives(create(slot), SLUICE_STATUS_INVALID_FIELD, BLOCK + at);
            bad++;
        }
    }
    tap_ok(!wrong && good > 500 && bad > 100, "random blocks: %u good ones, %u wrong ones", good, bad);
}

static void test_create_features(void)
{
    static const struct {
        uint8_t cipher, mac, form;
        uint32_t without;
    } needs[] = {{SLUICE_CIPHER_AES192, SLUICE_MAC_SHA1, 0, SLUICE_FEATURES_AES192_SHIFT},
                 {SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, 0, SLUICE_FEATURES_DES_SHIFT},
                 {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, 0, SLUICE_FEATURES_SHA256_SHIFT},
                 {SLUICE_CIPHER_AES256, SLUICE_MAC_NONE, 0, SLUICE_FEATURES_NULL_SHIFT},
                 {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA1, 0, SLUICE_FEATURES_NULL_SHIFT},
                 {SLUICE_CIPHER_AES128, SLUICE_MAC_MD5, 1, SLUICE_FEATURES_MD5_SHIFT}};

    for (unsigned i = 0; i < COUNT(needs); i++) {
        fake_reset();
        fake.features &= ~(1u << needs[i].without);
        fake_boot();
        good_params();
        params()->cipher = needs[i].cipher;
        params()->mac = needs[i].mac;
        params()->form = needs[i].form;
        params()->mac_len = (uint8_t)sa_rules_mac_key(params()->mac);
        memset(params()->cipher_key, 0, 64);
        tap_ok(gives(create(0), SLUICE_STATUS_UNSUPPORTED, 0), "a build that lacks feature %u", (unsigned)needs[i].without);
    }
    fake_reset();
    fake.cause |= HW_CAUSE_SELF_TEST;
    fake.fault[0] = FAKE_LANE_STATUS;
    fake_boot();
    good_params();
    params()->mac = SLUICE_MAC_MD5;
    params()->mac_len = 16;
    memset(params()->mac_key + 16, 0, 16);
    tap_ok(gives(create(0), SLUICE_STATUS_HARDWARE_FAULT, 0), "no lane in service for it");
}

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
    test_strays();
    test_unknown();
    test_create_entry();
    test_create_fields();
    test_create_random();
    test_create_features();
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
