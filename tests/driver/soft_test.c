/* SPDX-License-Identifier: Apache-2.0 */
/* The software engine's records against OpenSSL used by hand, and every status of rtl/README.md. */
#include <errno.h>
#include <string.h>

#include "engine.h"
#include "kit.h"
#include "reference.h"

static struct kit kit;
static uint8_t content[SLUICE_MAX_CONTENT + 1024], expected[REFERENCE_ROOM];

static const enum sluice_cipher ciphers[] = {SLUICE_CIPHER_NULL, SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES192,
                                             SLUICE_CIPHER_AES256};
static const enum sluice_mac macs[] = {SLUICE_MAC_NONE, SLUICE_MAC_MD5, SLUICE_MAC_SHA1, SLUICE_MAC_SHA256};
static const enum sluice_form forms[] = {SLUICE_FORM_UDP_MTE, SLUICE_FORM_UDP_ETM};

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof *(array)))

/* Calls each(config) for every cipher, MAC, form, nonce mode and two truncations. */
static void for_each_sa(enum sluice_direction direction, bool (*each)(const struct sluice_sa_config *), const char *what)
{
    for (unsigned i = 0; i < COUNT(ciphers) * COUNT(macs) * COUNT(forms) * 4; i++) {
        enum sluice_mac mac = macs[i / 4 % COUNT(macs)];
        unsigned full = sluice_mac_size(mac);
        struct sluice_sa_config c = kit_config(ciphers[i / 4 / COUNT(macs) % COUNT(ciphers)], mac,
                                               forms[i / 4 / COUNT(macs) / COUNT(ciphers)], direction, full);

        c.nonce_mode = i & 1 ? SLUICE_NONCE_MODE_EXPLICIT : SLUICE_NONCE_MODE_SEQUENCE;
        c.mac_len = (uint8_t)(i & 2 && full > 16 ? 16 : full);
        tap_ok(each(&c), what, kit_name(&c));
    }
}

static uint32_t some_length(unsigned i)
{
    static const uint32_t edges[] = {
        0, 1, 15, 16, 17, 31, 32, 47, 48, 63, 64, 65, 1400, SLUICE_MAX_CONTENT - 1, SLUICE_MAX_CONTENT};

    return i < COUNT(edges) ? edges[i] : tap_below(600);
}

/* ---------------------------------------------------------------- right records */

static bool seals_as_openssl(const struct sluice_sa_config *c)
{
    struct sluice_sa *sa = kit_sa(&kit, c);
    bool sequence = c->nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    bool good = true;

    for (unsigned i = 0; i < 40 && good; i++) {
        uint32_t len = some_length(i), pad = tap_below(15), size;
        struct reference r = {.config = c, .type = 0x97, .content_len = len, .bad_padding = NO_FAULT, .bad_mac = NO_FAULT};
        struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .sa = sa, .src = kit.src, .dst = i & 1 ? kit.src : kit.dst};
        struct sluice_done done;

        tap_fill(content, len);
        memcpy(kit.src, content, len);
        r.content = content;
        r.padding = reference_padding(c, len, pad);
        tap_fill(r.nonce, sizeof r.nonce);
        memcpy(op.nonce, r.nonce, sizeof op.nonce);
        if (sequence) {
            reference_nonce(c, i, r.nonce);
        }
        size = reference_record(&r, expected);
        op.src_len = len;
        op.dst_len = size;
        op.content_type = 0x17;
        op.pad = (uint8_t)pad;
        op.cookie = i + 77;
        done = kit_run(&kit, &op);
        good = done.status == SLUICE_STATUS_OK && done.cookie == i + 77 && done.length == size &&
               size == sluice_record_size(c, len, pad) && done.counter == (sequence ? i : 0) && !memcmp(op.dst, expected, size);
    }
    sluice_sa_destroy(sa);
    return good;
}

static struct sluice_done open_record(struct sluice_sa *sa, const uint8_t *record, uint32_t len, uint32_t room, uint8_t fill)
{
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_OPEN, .sa = sa, .src = kit.src, .dst = kit.dst, .src_len = len, .dst_len = room};

    memcpy(kit.src, record, len);
    memset(kit.dst, fill, KIT_ROOM);
    return kit_run(&kit, &op);
}

static bool opens_openssls(const struct sluice_sa_config *c)
{
    struct sluice_sa *sa = kit_sa(&kit, c);
    bool sequence = c->nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    bool good = true;

    for (unsigned i = 0; i < 40 && good; i++) {
        uint32_t len = some_length(i), size, most;
        struct reference r = {.config = c, .type = 0x97, .content_len = len, .bad_padding = NO_FAULT, .bad_mac = NO_FAULT};
        struct sluice_done done;

        tap_fill(content, len);
        r.content = content;
        r.padding = reference_padding(c, len, tap_below(15));
        tap_fill(r.nonce, sizeof r.nonce);
        if (sequence) {
            reference_nonce(c, 1000 + i, r.nonce);
        }
        size = reference_record(&r, expected);
        most = sluice_content_max(c, size);
        done = open_record(sa, expected, size, most, 0xa5);
        good = done.status == SLUICE_STATUS_OK && done.length == len && done.counter == (sequence ? 1000 + i : 0) &&
               most >= len && !memcmp(kit.dst, content, len) && kit_all(kit.dst + len, most - len, 0) &&
               kit_all(kit.dst + most, 64, 0xa5);
    }
    sluice_sa_destroy(sa);
    return good;
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
    struct reference r = {.config = c, .type = 0x97, .content = content, .content_len = len, .padding = padding};

    r.bad_padding = bad_padding;
    r.bad_mac = bad_mac;
    reference_nonce(c, counter, r.nonce);
    return reference_record(&r, expected);
}

/* What a flipped bit in byte `at` of a right record must give. */
static enum sluice_status flip_status(const struct sluice_sa_config *c, uint32_t at, uint32_t size, uint8_t bit)
{
    if (at == 0) {
        return bit == 0x80 ? SLUICE_STATUS_BAD_FORMAT : SLUICE_STATUS_AUTH_FAILED;
    }
    if (at < 13) {
        return at == 3 || at == 4 ? SLUICE_STATUS_BAD_LENGTH : SLUICE_STATUS_BAD_FORMAT;
    }
    return at >= size - 16 && c->cipher != SLUICE_CIPHER_NULL ? SLUICE_STATUS_FORGED_NONCE : SLUICE_STATUS_AUTH_FAILED;
}

static bool flips_refused(const struct sluice_sa_config *c, struct sluice_sa *sa, uint32_t len)
{
    uint32_t size = build(c, 5, len, reference_padding(c, len, 1), NO_FAULT, NO_FAULT);
    uint32_t most = sluice_content_max(c, size);

    for (uint32_t at = 0; at < size; at++) {
        uint8_t bit = (uint8_t)(at ? 1u << tap_below(8) : 0x80);
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
        if (done.counter && (!zeroed || c->cipher == SLUICE_CIPHER_NULL || done.counter != 5)) {
            return false;
        }
    }
    return open_record(sa, expected, size, most, 0).status == SLUICE_STATUS_OK;
}

static void flips(void)
{
    for (unsigned i = 0; i < COUNT(ciphers) * COUNT(forms); i++) {
        struct sluice_sa_config c = kit_config(ciphers[i / 2], SLUICE_MAC_SHA256, forms[i % 2], SLUICE_DIRECTION_OPEN, 16);
        struct sluice_sa *sa = kit_sa(&kit, &c);

        tap_fill(content, 400);
        tap_ok(flips_refused(&c, sa, 70), "a flipped bit in any byte is refused with its status, and the window untouched: %s",
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

    for (uint32_t padding = reference_padding(c, len, 0); padding <= SLUICE_MAX_PADDING; padding += 16) {
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

    for (unsigned i = 0; i < 6; i++) {
        struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, macs[1 + i / 2], forms[i % 2], SLUICE_DIRECTION_OPEN, 16);
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
    bool padded = c->cipher != SLUICE_CIPHER_NULL, etm = c->form == SLUICE_FORM_UDP_ETM, found = false;

    for (uint32_t len = 0; len <= SLUICE_MAX_CONTENT + SLUICE_MAX_PADDING; len++) {
        uint32_t inside = len + (etm ? 0 : c->mac_len) + (padded ? 1 : 0);

        if (13 + inside + (etm ? c->mac_len : 0) + (padded ? 16 : 8) == record && (!padded || inside % 16 == 0)) {
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
        struct sluice_sa_config c = kit_config(ciphers[i / 2], SLUICE_MAC_SHA1, forms[i % 2], SLUICE_DIRECTION_OPEN, 20);
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
    c.cipher = SLUICE_CIPHER_DES3;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EOPNOTSUPP, "a cipher that the engine lacks is told apart");
    c = good;
    c.form = SLUICE_FORM_TLS_MTE;
    tap_ok(sluice_sa_create(kit.card, &c, &sa) == -EOPNOTSUPP && sluice_record_size(&c, 1, 0) == 0, "TLS forms are told apart");
}

int main(void)
{
    tap_begin();
    if (!tap_ok(kit_open(&kit, "soft:") == 0, "soft: opens")) {
        return tap_end();
    }
    for_each_sa(SLUICE_DIRECTION_SEAL, seals_as_openssl, "sealed records are what OpenSSL gives by hand: %s");
    for_each_sa(SLUICE_DIRECTION_OPEN, opens_openssls, "records made by hand with OpenSSL are opened: %s");
    in_place();
    flips();
    authentication();
    too_much_content();
    lengths_of_open();
    lengths_of_seal();
    slots();
    counters();
    parameters();
    kit_close(&kit);
    return tap_end();
}
