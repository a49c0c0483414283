/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of the admin queue and sa_create: what a field may be, what each wrong one gives, and what a right block makes. */
#include <string.h>

#include "commands.h"
#include "known.h"
#include "sa_rules.h"
#include "tap.h"

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

int main(void)
{
    tap_begin();
    test_strays();
    test_unknown();
    test_create_entry();
    test_create_fields();
    test_create_random();
    test_create_features();
    return tap_end();
}
