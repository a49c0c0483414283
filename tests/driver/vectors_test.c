/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published vectors, through the software engine and the simulated card: CBC as records without MAC, whole and in parts, both
 * ways; HMAC in the software engine, which is what the card's records are compared with.
 */
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "sim_child.h"
#include "soft_mac.h"

#define HEADER 5u
#define BYTES  128u

/* ---------------------------------------------------------------- CBC */

struct vector {
    const char *source;
    enum sluice_cipher cipher;
    const char *key, *iv, *plain, *secret; /* hexadecimal */
};

#define SP_800_38A_IV "000102030405060708090a0b0c0d0e0f"
#define SP_800_38A_PLAIN                                                                                                         \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be6" \
    "6c3710"
#define TDEA_KEYS "0123456789abcdef23456789abcdef01456789abcdef0123"

/* What is of a block cipher alone has an IV of zeros. */
static const struct vector vectors[] = {
    {"FIPS 81, table C1", SLUICE_CIPHER_DES, "0123456789abcdef", "1234567890abcdef",
     "4e6f77206973207468652074696d6520666f7220616c6c20", "e5c7cdde872bf27c43e934008c389c0f683788499a7c05f6"},
    {"SP 800-67, B.1, first block", SLUICE_CIPHER_DES3, TDEA_KEYS, "0000000000000000", "5468652071756663", "a826fd8ce53b855f"},
    {"SP 800-67, B.1, second block", SLUICE_CIPHER_DES3, TDEA_KEYS, "0000000000000000", "6b2062726f776e20", "cce21c8112256fe6"},
    {"SP 800-67, B.1, third block", SLUICE_CIPHER_DES3, TDEA_KEYS, "0000000000000000", "666f78206a756d70", "68d5c05dd9b6b900"},
    {"FIPS 197, C.1", SLUICE_CIPHER_AES128, "000102030405060708090a0b0c0d0e0f", "00000000000000000000000000000000",
     "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"},
    {"FIPS 197, C.2", SLUICE_CIPHER_AES192, "000102030405060708090a0b0c0d0e0f1011121314151617",
     "00000000000000000000000000000000", "00112233445566778899aabbccddeeff", "dda97ca4864cdfe06eaf70a0ec0d7191"},
    {"FIPS 197, C.3", SLUICE_CIPHER_AES256, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00000000000000000000000000000000", "00112233445566778899aabbccddeeff", "8ea2b7ca516745bfeafc49904b496089"},
    {"SP 800-38A, F.2.1 and F.2.2", SLUICE_CIPHER_AES128, "2b7e151628aed2a6abf7158809cf4f3c", SP_800_38A_IV, SP_800_38A_PLAIN,
     "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b273bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca30"
     "7586e1a7"},
    {"SP 800-38A, F.2.3 and F.2.4", SLUICE_CIPHER_AES192, "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", SP_800_38A_IV,
     SP_800_38A_PLAIN,
     "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e6"
     "4f5615cd"},
    {"SP 800-38A, F.2.5 and F.2.6", SLUICE_CIPHER_AES256, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     SP_800_38A_IV, SP_800_38A_PLAIN,
     "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c1907"
     "8c6a9d1b"},
};

static struct kit kit;

static uint32_t from_hex(const char *hex, uint8_t *out)
{
    uint32_t len = (uint32_t)strlen(hex) / 2;

    for (uint32_t i = 0; i < len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return len;
}

static struct sluice_done run(struct sluice_op *op, enum sluice_op_type type, struct sluice_sa *sa, uint32_t src_len)
{
    op->type = type;
    op->sa = sa;
    op->src_len = src_len;
    op->total = (uint16_t)(op->part && type == SLUICE_OP_TYPE_SEAL ? src_len : 0);
    return kit_run(&kit, op);
}

/* In a TLS 1.0 record without MAC, what follows the header is nothing but CBC; a block of padding comes last. */
static bool vector_holds(const struct vector *v, unsigned part)
{
    struct sluice_sa_config c = kit_config(v->cipher, SLUICE_MAC_NONE, SLUICE_FORM_TLS10, SLUICE_DIRECTION_SEAL, 0);
    struct sluice_op op = {.src = kit.src, .dst = kit.dst, .dst_len = KIT_ROOM, .part = (uint8_t)part};
    uint8_t plain[BYTES], secret[BYTES];
    uint32_t len = from_hex(v->plain, plain);
    struct sluice_sa *seal, *open;
    struct sluice_done done;
    bool good;

    from_hex(v->secret, secret);
    from_hex(v->key, c.cipher_key);
    from_hex(v->iv, op.nonce);
    seal = kit_sa(&kit, &c);
    c.direction = SLUICE_DIRECTION_OPEN;
    open = kit_sa(&kit, &c);
    memcpy(kit.src, plain, len);
    done = run(&op, SLUICE_OP_TYPE_SEAL, seal, len);
    good = done.status == SLUICE_STATUS_OK && memcmp(kit.dst + HEADER, secret, len) == 0;
    memcpy(kit.src, kit.dst, done.length);
    memcpy(kit.src + HEADER, secret, len);
    memset(kit.dst, 0, BYTES);
    good =
        run(&op, SLUICE_OP_TYPE_OPEN, open, done.length).status == SLUICE_STATUS_OK && memcmp(kit.dst, plain, len) == 0 && good;
    sluice_sa_destroy(seal);
    sluice_sa_destroy(open);
    return good;
}

static void test_cbc(const char *engine, const char *uri)
{
    const unsigned alone = SLUICE_PART | SLUICE_PART_FIRST | SLUICE_PART_LAST;
    struct sluice_info info = {0};

    if (!tap_ok(kit_open(&kit, uri) == 0 && sluice_card_info(kit.card, &info) == 0, "%s opens", engine)) {
        return;
    }
    for (unsigned i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        tap_ok(vector_holds(&vectors[i], 0), "%s: %s", engine, vectors[i].source);
        tap_ok(vector_holds(&vectors[i], alone), "%s: %s, as a part", engine, vectors[i].source);
    }
    kit_close(&kit);
}

/* ---------------------------------------------------------------- HMAC */

struct answer {
    const char *source;
    enum sluice_mac mac;
    const char *key, *data, *mac_bytes; /* hexadecimal; keys of at most the hash output, which zeros make longer */
};

#define JEFE     "4a656665"
#define WHAT     "7768617420646f2079612077616e7420666f72206e6f7468696e673f"
#define HI_THERE "4869205468657265"
#define X10(x)   x x x x x x x x x x
#define X16(x)   X10(x) x x x x x x
#define X20(x)   X10(x) X10(x)
#define X50(x)   X20(x) X20(x) X10(x)
#define TRUNCATE "546573742057697468205472756e636174696f6e"

static const struct answer answers[] = {
    {"RFC 2202, HMAC-MD5 1", SLUICE_MAC_MD5, X16("0b"), HI_THERE, "9294727a3638bb1c13f48ef8158bfc9d"},
    {"RFC 2202, HMAC-MD5 2", SLUICE_MAC_MD5, JEFE, WHAT, "750c783e6ab0b503eaa86e310a5db738"},
    {"RFC 2202, HMAC-MD5 3", SLUICE_MAC_MD5, X16("aa"), X50("dd"), "56be34521d144c88dbb8c733f0e8b3f6"},
    {"RFC 2202, HMAC-MD5 5", SLUICE_MAC_MD5, X16("0c"), TRUNCATE, "56461ef2342edc00f9bab995690efd4c"},
    {"RFC 2202, HMAC-SHA-1 1", SLUICE_MAC_SHA1, X20("0b"), HI_THERE, "b617318655057264e28bc0b6fb378c8ef146be00"},
    {"RFC 2202, HMAC-SHA-1 2", SLUICE_MAC_SHA1, JEFE, WHAT, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
    {"RFC 2202, HMAC-SHA-1 3", SLUICE_MAC_SHA1, X20("aa"), X50("dd"), "125d7342b9ac11cd91a39af48aa17b4f63f175d3"},
    {"RFC 2202, HMAC-SHA-1 5", SLUICE_MAC_SHA1, X20("0c"), TRUNCATE, "4c1a03424b55e07fe7f27be1d58bb9324a9a5a04"},
    {"RFC 4231, HMAC-SHA-256 1", SLUICE_MAC_SHA256, X20("0b"), HI_THERE,
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"RFC 4231, HMAC-SHA-256 2", SLUICE_MAC_SHA256, JEFE, WHAT,
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"RFC 4231, HMAC-SHA-256 3", SLUICE_MAC_SHA256, X20("aa"), X50("dd"),
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"RFC 4231, HMAC-SHA-256 4", SLUICE_MAC_SHA256, "0102030405060708090a0b0c0d0e0f10111213141516171819", X50("cd"),
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    {"RFC 4231, HMAC-SHA-256 5", SLUICE_MAC_SHA256, X20("0c"), TRUNCATE, "a3b6167473100ee06e0c796c2955552b"},
};

static bool answer_holds(const struct answer *a)
{
    uint8_t raw[MAC_MAX_BYTES] = {0}, data[BYTES], expected[MAC_MAX_BYTES], out[MAC_MAX_BYTES], ct[MAC_MAX_BYTES];
    uint32_t len = from_hex(a->data, data), size = from_hex(a->mac_bytes, expected);
    struct mac_key key;

    from_hex(a->key, raw);
    if (mac_key_init(&key, a->mac, raw) != 0) {
        return false;
    }
    mac_compute(&key, data, len / 3, data + len / 3, len - len / 3, out);
    mac_compute_ct(&key, data, len, len, ct);
    return memcmp(out, expected, size) == 0 && memcmp(ct, expected, size) == 0;
}

int main(void)
{
    static const char *const plain[] = {NULL};

    tap_begin();
    for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++) {
        tap_ok(answer_holds(&answers[i]), "%s", answers[i].source);
    }
    test_cbc("soft", "soft:");
    if (sim_built()) {
        struct sim_child *sim = sim_start(plain);

        test_cbc("sim", sim_uri(sim));
        tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
    }
    return tap_end();
}
