/* SPDX-License-Identifier: Apache-2.0 */
/* Every status of rtl/README.md from the software engine: faults, lengths, slots, counters, parameters. pairs_test has the right
 * records. */
#include <errno.h>
#include <string.h>

#include "engine.h"
#include "kit.h"
#include "reference.h"
#include "sa_config.h"
#include "sluice_regs.h"

static struct kit kit;
static uint8_t content[SLUICE_MAX_CONTENT + 1024], expected[REFERENCE_ROOM];

static const enum sluice_cipher ciphers[] = {SLUICE_CIPHER_NULL,   SLUICE_CIPHER_DES,    SLUICE_CIPHER_DES3,
                                             SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES192, SLUICE_CIPHER_AES256};
static const enum sluice_mac macs[] = {SLUICE_MAC_MD5, SLUICE_MAC_SHA1, SLUICE_MAC_SHA256};
static const enum sluice_form forms[] = {SLUICE_FORM_UDP_MTE, SLUICE_FORM_UDP_ETM, SLUICE_FORM_TLS_MTE, SLUICE_FORM_TLS_ETM,
                                         SLUICE_FORM_TLS10};
static uint8_t tls10_iv[16];

#define SEQ          UINT64_C(0x0123456789abcdef)
#define COUNT(array) ((unsigned)(sizeof(array) / sizeof *(array)))

static struct sluice_done open_record(struct sluice_sa *sa, const uint8_t *record, uint32_t len, uint32_t room, uint8_t fill)
{
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_OPEN, .sa = sa, .src = kit.src, .dst = kit.dst, .src_len = len, .dst_len = room, .seq = SEQ};

    memcpy(op.nonce, tls10_iv, sizeof op.nonce);
    memcpy(kit.src, record, len);
    memset(kit.dst, fill, KIT_ROOM);
    return kit_run(&kit, &op);
}

static void in_place(void)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL, 32);
    struct sluice_sa *seal = kit_sa(&kit, &c), *open;
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_SEAL, .sa = seal, .src = kit.src, .dst = kit.src, .src_len = 1400, .dst_len = KIT_ROOM};
    struct sluice_done done;

    c.direction = SLUICE_DIRECTION_OPEN;
    open = kit_sa(&kit, &c);
    tap_fill(content, 1400);
    memcpy(kit.src, content, 1400);
    done = kit_run(&kit, &op);
    op.type = SLUICE_OP_TYPE_OPEN;
    op.sa = open;
    op.src_len = done.length;
    done = kit_run(&kit, &op);
    tap_ok(done.status == SLUICE_STATUS_OK && done.length == 1400 && !memcmp(kit.src, content, 1400),
           "a record sealed and opened in place gives its content back");
    sluice_sa_destroy(seal);
    sluice_sa_destroy(open);
}

/* ---------------------------------------------------------------- faults */

static uint32_t build(const struct sluice_sa_config *c, uint64_t counter, uint32_t len, uint32_t padding, int bad_padding,
                      int bad_mac)
{
    struct reference r = {.config = c, .seq = SEQ, .content = content, .content_len = len, .padding = padding};

    r.type = reference_tls(c) ? 0x17 : 0x97;
    r.bad_padding = bad_padding;
    r.bad_mac = bad_mac;
    reference_nonce(c, counter, r.nonce);
    memcpy(tls10_iv, r.nonce, sizeof tls10_iv);
    return reference_record(&r, expected);
}

/* What a flipped bit in byte `at` of a right record must give. */
static enum sluice_status flip_status(const struct sluice_sa_config *c, uint32_t at, uint32_t size, uint8_t bit)
{
    if (at == 0) {
        return bit == 0x80 ? SLUICE_STATUS_BAD_FORMAT : SLUICE_STATUS_AUTH_FAILED;
    }
    if (at < reference_header(c)) {
        return at == 3 || at == 4 ? SLUICE_STATUS_BAD_LENGTH : SLUICE_STATUS_BAD_FORMAT;
    }
    return at >= size - 16 && reference_block(c) == 16 && !reference_tls(c) ? SLUICE_STATUS_FORGED_NONCE
                                                                            : SLUICE_STATUS_AUTH_FAILED;
}

static bool flips_refused(const struct sluice_sa_config *c, struct sluice_sa *sa, uint32_t len)
{
    uint32_t size = build(c, 5, len, reference_padding(c, len, 1), NO_FAULT, NO_FAULT);
    uint32_t most = sluice_content_max(c, size);

    for (uint32_t flip = 0; flip < 8 * size; flip++) {
        uint32_t at = flip / 8;
        uint8_t bit = (uint8_t)(1u << flip % 8);
        enum sluice_status status = flip_status(c, at, size, bit);
        struct sluice_done done;
        bool zeroed = status == SLUICE_STATUS_AUTH_FAILED;

        expected[at] ^= bit;
        done = open_record(sa, expected, size, most, 0x5a);
        expected[at] ^= bit;
        if (done.status != status || done.length || !kit_all(kit.dst, most, zeroed ? 0 : 0x5a)) {
            tap_note("byte %u of %u, bit %02x: %s", at, size, bit, sluice_status_name(done.status));
            return false;
        }
        if (done.counter && (!zeroed || reference_block(c) != 16 || done.counter != 5)) {
            return false;
        }
    }
    return open_record(sa, expected, size, most, 0).status == SLUICE_STATUS_OK;
}

static void flips(void)
{
    for (unsigned i = 0; i < COUNT(ciphers) * COUNT(forms); i++) {
        struct sluice_sa_config c =
            kit_config(ciphers[i / COUNT(forms)], SLUICE_MAC_SHA256, forms[i % COUNT(forms)], SLUICE_DIRECTION_OPEN, 16);
        struct sluice_sa *sa = kit_sa(&kit, &c);

        tap_fill(content, 400);
        tap_ok(flips_refused(&c, sa, 70), "any flipped bit is refused with its status, and the window untouched: %s",
               kit_name(&c));
        sluice_sa_destroy(sa);
    }
}

/*
 * Every padding_length, right, and wrong in each of its bytes. No length here turns padding_length into 0 by its fault, which etm
 * would have to take.
 */
static bool paddings(const struct sluice_sa_config *c, struct sluice_sa *sa, uint32_t len)
{
    uint64_t counter = 1;

    for (uint32_t padding = reference_padding(c, len, 0); padding <= SLUICE_MAX_PADDING; padding += reference_block(c)) {
        for (int bad = NO_FAULT; bad <= (int)padding; bad++) {
            uint32_t size = build(c, counter++, len, padding, bad, NO_FAULT);
            uint32_t most = sluice_content_max(c, size);
            struct sluice_done done = open_record(sa, expected, size, most, 0x77);
            bool right = bad == NO_FAULT;

            if (done.status != (right ? SLUICE_STATUS_OK : SLUICE_STATUS_AUTH_FAILED) || done.length != (right ? len : 0) ||
                !kit_all(kit.dst + done.length, most - done.length, 0)) {
                tap_note("padding %u, bad byte %d: %s", padding, bad, sluice_status_name(done.status));
                return false;
            }
        }
    }
    return true;
}

static bool bad_macs(const struct sluice_sa_config *c, struct sluice_sa *sa, uint32_t len)
{
    for (int bad = 0; bad < c->mac_len; bad++) {
        uint32_t size = build(c, UINT64_C(1) << 40, len, reference_padding(c, len, tap_below(15)), NO_FAULT, bad);

        if (open_record(sa, expected, size, KIT_ROOM, 0).status != SLUICE_STATUS_AUTH_FAILED) {
            return false;
        }
    }
    return true;
}

static void authentication(void)
{
    static const uint32_t lengths[] = {0, 3, 63, 200, 517};

    for (unsigned i = 0; i < (1 + COUNT(macs)) * COUNT(forms); i++) {
        bool aes = i < COUNT(macs) * COUNT(forms);
        struct sluice_sa_config c =
            kit_config(aes ? SLUICE_CIPHER_AES128 : SLUICE_CIPHER_DES3, macs[i / COUNT(forms) % COUNT(macs)],
                       forms[i % COUNT(forms)], SLUICE_DIRECTION_OPEN, 16);
        struct sluice_sa *sa;
        bool good = true, mac_good = true;

        c.replay = 0;
        sa = kit_sa(&kit, &c);
        for (unsigned k = 0; k < COUNT(lengths); k++) {
            tap_fill(content, lengths[k]);
            good = good && paddings(&c, sa, lengths[k]);
            mac_good = mac_good && bad_macs(&c, sa, lengths[k]);
        }
        tap_ok(good, "every padding_length is taken, and refused when any padding byte is wrong: %s", kit_name(&c));
        tap_ok(mac_good, "a wrong byte anywhere in the MAC is refused: %s", kit_name(&c));
        sluice_sa_destroy(sa);
    }
}

/* A record with more content than may be, sealed right: only its padding shows it. */
static void too_much_content(void)
{
    static const uint32_t lengths[] = {SLUICE_MAX_CONTENT, SLUICE_MAX_CONTENT + 1, SLUICE_MAX_CONTENT + 100};
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 20);
    struct sluice_sa *sa = kit_sa(&kit, &c);

    tap_fill(content, sizeof content);
    for (unsigned i = 0; i < COUNT(lengths); i++) {
        uint32_t size = build(&c, 9 + i, lengths[i], reference_padding(&c, lengths[i], 0), NO_FAULT, NO_FAULT);
        struct sluice_done done = open_record(sa, expected, size, SLUICE_MAX_CONTENT, 0x11);
        bool right = lengths[i] <= SLUICE_MAX_CONTENT;

        tap_ok(done.status == (right ? SLUICE_STATUS_OK : SLUICE_STATUS_AUTH_FAILED) &&
                   (right || kit_all(kit.dst, SLUICE_MAX_CONTENT, 0)),
               "a record with %u bytes of content is %s", lengths[i], right ? "opened" : "refused");
    }
    sluice_sa_destroy(sa);
}

/* ---------------------------------------------------------------- lengths, slots, counters */

/* Whether seal can make, or padding hide, a record of this length: by trying every content length. */
static bool length_possible(const struct sluice_sa_config *c, uint32_t record, uint32_t *most)
{
    bool padded = c->cipher != SLUICE_CIPHER_NULL, etm = reference_etm(c), found = false;
    uint32_t outside = reference_header(c) + reference_wire_nonce(c) + (etm ? c->mac_len : 0);

    for (uint32_t len = 0; len <= SLUICE_MAX_CONTENT + SLUICE_MAX_PADDING; len++) {
        uint32_t inside = len + (etm ? 0 : c->mac_len) + (padded ? 1 : 0);

        if (outside + inside == record && inside % reference_block(c) == 0) {
            *most = len < SLUICE_MAX_CONTENT ? len : SLUICE_MAX_CONTENT;
            found = true;
        }
    }
    return found;
}

static bool length_checked(const struct sluice_sa_config *c, struct sluice_sa *sa, uint32_t record)
{
    uint32_t most = 0;
    bool possible = length_possible(c, record, &most);
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_OPEN, .sa = sa, .src = kit.src, .dst = kit.dst, .src_len = record, .dst_len = most};

    /* The zeros at src have no right version. */
    if (kit_run(&kit, &op).status != (possible ? SLUICE_STATUS_BAD_FORMAT : SLUICE_STATUS_BAD_LENGTH)) {
        return false;
    }
    if (possible && most) {
        op.dst_len = most - 1;
        return kit_run(&kit, &op).status == SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    return true;
}

static void lengths_of_open(void)
{
    memset(kit.src, 0, KIT_ROOM);
    for (unsigned i = 0; i < COUNT(ciphers) * COUNT(forms); i++) {
        struct sluice_sa_config c =
            kit_config(ciphers[i / COUNT(forms)], SLUICE_MAC_SHA1, forms[i % COUNT(forms)], SLUICE_DIRECTION_OPEN, 20);
        struct sluice_sa *sa = kit_sa(&kit, &c);
        bool good = true;

        for (uint32_t record = 0; record < 150; record++) {
            good = good && length_checked(&c, sa, record);
        }
        for (uint32_t record = SLUICE_MAX_CONTENT; record < SLUICE_MAX_CONTENT + 400; record++) {
            good = good && length_checked(&c, sa, record);
        }
        tap_ok(good, "only lengths that a record can have are opened: %s", kit_name(&c));
        sluice_sa_destroy(sa);
    }
}

static void lengths_of_seal(void)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);
    struct sluice_sa *sa = kit_sa(&kit, &c);
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .sa = sa, .src = kit.src, .dst = kit.dst, .dst_len = KIT_ROOM};

    op.src_len = SLUICE_MAX_CONTENT + 1;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_BAD_LENGTH, "seal refuses more than 16384 bytes");
    op.src_len = 15;
    op.pad = 15;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_OK, "seal makes a padding_length of 240");
    op.pad = 16;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_BAD_LENGTH && !sluice_record_size(&c, 15, 16),
           "seal refuses a padding_length above 255");
    op.pad = 0;
    op.dst_len = sluice_record_size(&c, 15, 0) - 1;
    memset(kit.dst, 0x3c, 100);
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_OUTPUT_TOO_SMALL && kit_all(kit.dst, 100, 0x3c),
           "seal into too small a destination writes nothing");
    op.dst_len++;
    tap_ok(kit_run(&kit, &op).counter == 1, "what was refused before has used up no counter");
    sluice_sa_destroy(sa);
}

static void slots(void)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);
    struct sluice_sa *sa = kit_sa(&kit, &c);
    struct sluice_sa wrong = *sa;
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .sa = sa, .src = kit.src, .dst = kit.dst, .src_len = 1, .dst_len = 0};

    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_SA_MISMATCH,
           "open on an SA for sealing is refused, before its length is looked at");
    op.type = SLUICE_OP_TYPE_SEAL;
    op.sa = &wrong;
    wrong.gen++;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_SA_MISMATCH, "another generation is refused");
    wrong.slot = 60000;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_NO_SUCH_SA, "an empty slot is refused");
    wrong = *sa;
    sluice_sa_destroy(sa);
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_NO_SUCH_SA, "a destroyed SA is refused");
}

static void counters(void)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL, 16);
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src = kit.src, .dst = kit.dst, .dst_len = KIT_ROOM};
    struct sluice_done last;

    c.counter = UINT64_C(0x0007fffffffffffe);
    op.sa = kit_sa(&kit, &c);
    kit_run(&kit, &op);
    last = kit_run(&kit, &op);
    tap_ok(last.status == SLUICE_STATUS_OK && last.counter == UINT64_C(0x0007ffffffffffff) &&
               kit_run(&kit, &op).status == SLUICE_STATUS_COUNTER_EXHAUSTED,
           "a counter never carries into the incarnation");
    sluice_sa_destroy(op.sa);
    c.limit = c.counter;
    op.sa = kit_sa(&kit, &c);
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_COUNTER_EXHAUSTED, "a counter at the limit is refused");
    sluice_sa_destroy(op.sa);
}

static void parameters(void)
{
    struct sluice_sa_config good =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 20);
    struct sluice_sa_config c = good;
    struct sluice_sa *sa;

    c.mac_len = 15;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "mac_len below the block is refused in mte");
    c.mac_len = 21;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "mac_len above the hash is refused");
    c = good;
    c.form = SLUICE_FORM_UDP_ETM;
    c.mac_len = 9;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "mac_len below 10 is refused");
    c = good;
    c.limit = 1;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "a limit on an SA for opening is refused");
    c.direction = SLUICE_DIRECTION_SEAL;
    c.limit = (UINT64_C(1) << 48) + 1;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "a limit inside another incarnation is refused");
    c = good;
    c.cipher = (enum sluice_cipher)6;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "an unknown cipher is refused");
    c = good;
    c.tls_minor = 3;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EINVAL, "a TLS version is refused in a secure-UDP form");
}

/* sa_config_check is what every engine begins with; a card may lack what the software engine has. */
static void lacking(void)
{
    const uint32_t less = FEATURE(AES) | FEATURE(SHA1) | FEATURE(UDP);
    struct sluice_sa_config good =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 20);
    struct sluice_sa_config c = good, out;

    c.cipher = SLUICE_CIPHER_DES3;
    tap_ok(sa_config_check(&c, less, &out) == -EOPNOTSUPP && sa_config_check(&c, less | FEATURE(DES), &out) == 0,
           "a cipher that the engine lacks is told apart");
    c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_TLS10, SLUICE_DIRECTION_OPEN, 20);
    tap_ok(sa_config_check(&c, less, &out) == -EOPNOTSUPP && sa_config_check(&c, less | FEATURE(TLS), &out) == 0,
           "and a form that it lacks");
}

static bool tls_refused(const struct sluice_sa_config *c)
{
    struct sluice_sa *sa;

    return sluice_sa_create(kit.card, c, &sa) == -EINVAL;
}

static void tls_parameters(void)
{
    for (unsigned i = 2; i < COUNT(forms); i++) {
        const struct sluice_sa_config good =
            kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, forms[i], SLUICE_DIRECTION_SEAL, 20);
        struct sluice_sa_config c = good;
        bool refused = true;

        c.nonce_mode = SLUICE_NONCE_MODE_SEQUENCE;
        refused = refused && tls_refused(&c);
        c = good;
        c.replay = 1;
        refused = refused && tls_refused(&c);
        c = good;
        c.counter = 1;
        refused = refused && tls_refused(&c);
        c = good;
        c.limit = 1;
        refused = refused && tls_refused(&c);
        c = good;
        c.cid[7] = 1;
        tap_ok(refused && tls_refused(&c), "what only the secure-UDP forms have is refused: %s", kit_name(&good));
        refused = true;
        for (unsigned minor = 0; minor < 256; minor++) {
            c = good;
            c.tls_minor = (uint8_t)minor;
            refused = refused && (minor == good.tls_minor || (minor == 2 && good.tls_minor) || tls_refused(&c));
        }
        c = good;
        c.mac_len = 15;
        tap_ok(refused && (reference_etm(&c) || tls_refused(&c)), "versions and mac_len have their bounds: %s", kit_name(&good));
    }
}

/* A record goes with its sequence number, its version and its IV alone. */
static void tls_context(void)
{
    for (unsigned i = 2; i < COUNT(forms); i++) {
        struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, forms[i], SLUICE_DIRECTION_OPEN, 32);
        struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .src = kit.src, .dst = kit.dst, .dst_len = KIT_ROOM};
        bool good;

        tap_fill(content, 100);
        op.src_len = build(&c, 1, 100, reference_padding(&c, 100, 0), NO_FAULT, NO_FAULT);
        memcpy(kit.src, expected, op.src_len);
        memcpy(op.nonce, tls10_iv, sizeof op.nonce);
        op.sa = kit_sa(&kit, &c);
        op.seq = SEQ + 1;
        good = kit_run(&kit, &op).status == SLUICE_STATUS_AUTH_FAILED;
        op.seq = SEQ;
        op.nonce[0] ^= 1;
        good =
            good && kit_run(&kit, &op).status == (forms[i] == SLUICE_FORM_TLS10 ? SLUICE_STATUS_AUTH_FAILED : SLUICE_STATUS_OK);
        op.nonce[0] ^= 1;
        tap_ok(good && kit_run(&kit, &op).status == SLUICE_STATUS_OK && kit_run(&kit, &op).status == SLUICE_STATUS_OK,
               "a record opens with its sequence number alone (1.0: and its IV alone), again too, since TLS has no window: %s",
               kit_name(&c));
        sluice_sa_destroy(op.sa);
        if (c.tls_minor) {
            c.tls_minor = 2;
            op.sa = kit_sa(&kit, &c);
            tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_BAD_FORMAT, "and with its version alone: %s", kit_name(&c));
            sluice_sa_destroy(op.sa);
        }
    }
}

int main(void)
{
    tap_begin();
    if (!tap_ok(kit_open(&kit, "soft:") == 0, "soft: opens")) {
        return tap_end();
    }
    in_place();
    flips();
    authentication();
    too_much_content();
    lengths_of_open();
    lengths_of_seal();
    slots();
    counters();
    parameters();
    lacking();
    tls_parameters();
    tls_context();
    kit_close(&kit);
    return tap_end();
}
