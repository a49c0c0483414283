/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every pairing of cipher and MAC in every form: the software engine's records against OpenSSL used by hand, content of 0 to 300
 * bytes each and random to 16 KiB, and the ciphers against published vectors. PAIRS_RANDOM= random records of each for more.
 */
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "reference.h"

#define EACH_LENGTH   300u
#define RANDOM        20u
#define CIPHERS       6u
#define MACS          4u
#define FORMS         5u
#define VARIANTS      2u /* of nonce mode, TLS version, truncation */
#define BLOCKS_OF_PAD 40u
#define FIRST_COUNTER 1000u

static struct kit kit;
static uint8_t content[SLUICE_MAX_CONTENT], expected[REFERENCE_ROOM];

/* Two SAs with the same keys, and what the next record has. */
struct both {
    struct sluice_sa_config config;
    struct sluice_sa *seal, *open;
    struct reference next;
    uint64_t counter;
    unsigned pad;
};

static struct both begin(unsigned cipher, unsigned mac, unsigned form, unsigned variant)
{
    unsigned full = sluice_mac_size((enum sluice_mac)mac);
    struct both b = {.counter = FIRST_COUNTER};
    struct sluice_sa_config c = kit_config((enum sluice_cipher)cipher, (enum sluice_mac)mac, (enum sluice_form)form,
                                           SLUICE_DIRECTION_SEAL, variant && full > 16 ? 16 : full);

    c.nonce_mode = reference_tls(&c) || variant ? SLUICE_NONCE_MODE_EXPLICIT : SLUICE_NONCE_MODE_SEQUENCE;
    c.tls_minor = (uint8_t)(c.tls_minor ? 3 - variant : 0);
    c.counter = reference_tls(&c) ? 0 : FIRST_COUNTER;
    b.config = c;
    b.seal = kit_sa(&kit, &c);
    c.direction = SLUICE_DIRECTION_OPEN;
    b.open = kit_sa(&kit, &c);
    b.next = (struct reference){.bad_padding = NO_FAULT, .bad_mac = NO_FAULT, .seq = tap_random()};
    tap_fill(b.next.nonce, sizeof b.next.nonce);
    return b;
}

static void end(struct both *b)
{
    sluice_sa_destroy(b->seal);
    sluice_sa_destroy(b->open);
}

/* What the next record is to be. */
static uint32_t expect(struct both *b, uint32_t len)
{
    struct reference *r = &b->next;

    r->config = &b->config;
    r->type = (uint8_t)(reference_tls(&b->config) ? 0x17 : 0x97);
    r->content = content + tap_below(SLUICE_MAX_CONTENT - len + 1);
    r->content_len = len;
    b->pad = tap_below(3) ? 0 : tap_below(BLOCKS_OF_PAD);
    r->padding = reference_padding(&b->config, len, b->pad);
    if (r->padding > SLUICE_MAX_PADDING) {
        b->pad = 0;
        r->padding = reference_padding(&b->config, len, 0);
    }
    if (b->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        reference_nonce(&b->config, b->counter, r->nonce);
    } else if (b->config.form != SLUICE_FORM_TLS10) {
        tap_fill(r->nonce, sizeof r->nonce);
    }
    return reference_record(r, expected);
}

static struct sluice_op operation(struct both *b, bool seal, bool in_place)
{
    struct sluice_op op = {.src = kit.src, .dst = in_place ? kit.src : kit.dst, .seq = b->next.seq};

    op.type = seal ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN;
    op.sa = seal ? b->seal : b->open;
    if (seal || b->config.form == SLUICE_FORM_TLS10) {
        memcpy(op.nonce, b->next.nonce, sizeof op.nonce);
    }
    return op;
}

static bool right(const struct both *b, const struct sluice_done *done, uint32_t length, const uint8_t *next_iv)
{
    uint64_t counter = b->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE ? b->counter : 0;

    return done->status == SLUICE_STATUS_OK && done->length == length && done->counter == counter &&
           memcmp(done->next_iv, next_iv, 16) == 0;
}

/* Seals and opens one record. */
static bool one(struct both *b, uint32_t len)
{
    uint32_t size = expect(b, len), most = sluice_content_max(&b->config, size), block = reference_block(&b->config);
    struct sluice_op seal = operation(b, true, len & 1), open = operation(b, false, len & 2);
    uint8_t next_iv[16] = {0};
    struct sluice_done done;
    bool good;

    if (b->config.form == SLUICE_FORM_TLS10 && block > 1) {
        memcpy(next_iv, expected + size - block, block);
    }
    memcpy(kit.src, b->next.content, len);
    seal.src_len = len;
    seal.dst_len = size;
    seal.content_type = (uint8_t)(b->next.type ^ 0x80); /* the engine puts bit 7 right */
    seal.pad = (uint8_t)b->pad;
    done = kit_run(&kit, &seal);
    good = right(b, &done, size, next_iv) && size == sluice_record_size(&b->config, len, b->pad) &&
           !memcmp(seal.dst, expected, size);
    memcpy(kit.src, expected, size);
    open.src_len = size;
    open.dst_len = most;
    memset(kit.dst, 0xa5, most + 64);
    done = kit_run(&kit, &open);
    good = good && right(b, &done, len, next_iv) && most >= len && !memcmp(open.dst, b->next.content, len) &&
           kit_all((uint8_t *)open.dst + len, most - len, 0) && (open.dst == kit.src || kit_all(kit.dst + most, 64, 0xa5));
    memcpy(b->next.nonce, next_iv, sizeof next_iv);
    b->next.seq++;
    b->counter++;
    return good;
}

static bool pairing(unsigned cipher, unsigned mac, unsigned form, unsigned randoms)
{
    for (unsigned variant = 0; variant < VARIANTS; variant++) {
        struct both b = begin(cipher, mac, form, variant);
        bool good = true;

        for (uint32_t i = 0; good && i <= EACH_LENGTH + 1 + randoms; i++) {
            uint32_t len = i <= EACH_LENGTH ? i : i == EACH_LENGTH + 1 ? SLUICE_MAX_CONTENT : tap_below(SLUICE_MAX_CONTENT + 1);

            good = one(&b, len);
            if (!good) {
                tap_note("%s: content of %u bytes, %u blocks of padding", kit_name(&b.config), len, b.pad);
            }
        }
        end(&b);
        if (!good) {
            return false;
        }
    }
    return true;
}

static void pairings(unsigned randoms)
{
    for (unsigned i = 0; i < CIPHERS * MACS * FORMS; i++) {
        unsigned cipher = i / MACS / FORMS, mac = i / FORMS % MACS, form = i % FORMS;
        struct sluice_sa_config c = {.cipher = (enum sluice_cipher)cipher, .mac = (enum sluice_mac)mac};

        c.form = (enum sluice_form)form;
        c.mac_len = (uint8_t)sluice_mac_size(c.mac);
        tap_ok(pairing(cipher, mac, form, randoms), "records are what OpenSSL gives by hand, sealed and opened: %s",
               kit_name(&c));
    }
}

/* ---------------------------------------------------------------- published vectors */

struct vector {
    const char *source;
    enum sluice_cipher cipher;
    const char *key, *iv, *plain, *secret; /* hexadecimal */
};

/* SP 800-67's and FIPS 46-3's are of the block cipher alone: an IV of zeros. */
static const struct vector vectors[] = {
    {"FIPS 81, table C1", SLUICE_CIPHER_DES, "0123456789abcdef", "1234567890abcdef",
     "4e6f77206973207468652074696d6520666f7220616c6c20", "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    {"SP 800-67, B.1, first block", SLUICE_CIPHER_DES3, "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000",
     "5468652071756663", "a826fd8ce53b855f"},
    {"SP 800-67, B.1, second block", SLUICE_CIPHER_DES3, "0123456789abcdef23456789abcdef01456789abcdef0123", "0000000000000000",
     "6b2062726f776e20", "cce21c8112256fe6"},
    {"SP 800-38A, F.2.1", SLUICE_CIPHER_AES128, "2b7e151628aed2a6abf7158809cf4f3c", "000102030405060708090a0b0c0d0e0f",
     "6bc1bee22e409f96e93d7e117393172a", "7649abac8119b246cee98e9b12e9197d"},
    {"SP 800-38A, F.2.3", SLUICE_CIPHER_AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
     "000102030405060708090a0b0c0d0e0f", "6bc1bee22e409f96e93d7e117393172a", "4f021db243bc633d7178183a9fa071e8"},
    {"SP 800-38A, F.2.5", SLUICE_CIPHER_AES256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "000102030405060708090a0b0c0d0e0f", "6bc1bee22e409f96e93d7e117393172a", "f58c4c04d6e5f1ba779eabfb5f7bfbd6"},
};

static uint32_t from_hex(const char *hex, uint8_t *out)
{
    uint32_t len = (uint32_t)strlen(hex) / 2;

    for (uint32_t i = 0; i < len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}

/* In a TLS 1.0 record without MAC, what follows the header is nothing but CBC. */
static bool vector_holds(const struct vector *v)
{
    struct sluice_sa_config c = kit_config(v->cipher, SLUICE_MAC_NONE, SLUICE_FORM_TLS10, SLUICE_DIRECTION_SEAL, 0);
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src = kit.src, .dst = kit.dst, .dst_len = KIT_ROOM};
    uint8_t secret[64];
    uint32_t len = from_hex(v->secret, secret);
    bool good;

    from_hex(v->key, c.cipher_key);
    from_hex(v->iv, op.nonce);
    op.src_len = from_hex(v->plain, kit.src);
    op.sa = kit_sa(&kit, &c);
    good = kit_run(&kit, &op).status == SLUICE_STATUS_OK && memcmp(kit.dst + 5, secret, len) == 0;
    sluice_sa_destroy(op.sa);
    return good;
}

int main(void)
{
    const char *given = getenv("PAIRS_RANDOM");
    unsigned randoms = given ? (unsigned)strtoul(given, NULL, 10) : RANDOM;

    tap_begin();
    if (!tap_ok(kit_open(&kit, "soft:") == 0, "soft: opens")) {
        return tap_end();
    }
    for (unsigned i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        tap_ok(vector_holds(&vectors[i]), "%s", vectors[i].source);
    }
    tap_fill(content, sizeof content);
    pairings(randoms);
    kit_close(&kit);
    return tap_end();
}
