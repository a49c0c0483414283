/* SPDX-License-Identifier: Apache-2.0 */
/* The generator against NIST's CAVP vectors and OpenSSL, the source's health tests, and seeding. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "cipher.h"
#include "drbg.h"
#include "fake_hw.h"
#include "health.h"
#include "tap.h"

#define SEED_BYTES   48u /* entropy and nonce */
#define OUTPUT_BYTES 64u
#define HOST_AT      0x2000u
#define WINDOW       32u

static void unhex(const char *text, uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        static const char digits[] = "0123456789abcdef";

        bytes[i] = (uint8_t)((strchr(digits, text[2 * i]) - digits) << 4 | (strchr(digits, text[2 * i + 1]) - digits));
    }
}

static bool is(const void *bytes, const char *text)
{
    uint8_t wanted[64];

    unhex(text, wanted, (unsigned)strlen(text) / 2);
    return memcmp(bytes, wanted, strlen(text) / 2) == 0;
}

/* CAVP DRBG vectors, CTR_DRBG.rsp, [AES-256 use df], no prediction resistance, no reseed: COUNT 0, with the states between. */
static void test_cavp(void)
{
    uint32_t seed[SEED_BYTES / 4];
    struct drbg drbg;

    fake_reset();
    unhex("36401940fa8b1fba91a1661f211d78a0b9389a74e5bccfece8d766af1a6d3b14496f25b0f1301b4f501be30380a137eb", (uint8_t *)seed,
          SEED_BYTES);
    cipher_take();
    drbg_instantiate(&drbg, seed, SEED_BYTES / 4);
    tap_ok(is(drbg.key, "3363d9000e6db47c16d3fc65f2872c08a35f99b2d174afa537a66ec153052d98") &&
               is(drbg.v, "9ee8d2e9c618ccbb8e66b5eb5333dce1"),
           "CAVP: state after instantiation");
    drbg_generate(&drbg, HW_DATA, OUTPUT_BYTES);
    tap_ok(is(drbg.key, "b1dff09c816af6d4b2111fe63c4507cb196154f8c59957a94a2b641a7c16cc01") &&
               is(drbg.v, "69eec01b2dd4ff3aab5fac9467f54485"),
           "CAVP: state after the first request");
    drbg_generate(&drbg, HW_DATA, OUTPUT_BYTES);
    tap_ok(is(fake.buffer + HW_DATA, "5862eb38bd558dd978a696e6df164782ddd887e7e9a6c9f3f1fbafb78941b535"
                                     "a64912dfd224c6dc7454e5250b3d97165e16260c2faf1cc7735cb75fb4f07e1d"),
           "CAVP: returned bits");
    tap_ok(is(drbg.key, "33a1f160b0bde1dd55fc314c3d1620c0581ace8b32f062fb1ed54cdecdc17694") &&
               is(drbg.v, "f537c07f36573a26b3f55c8b9f7246d1"),
           "CAVP: state after the second request");
    tap_ok(cipher_give(), "the lane did it all");
}

/* ---------------------------------------------------------------- OpenSSL */

static EVP_RAND_CTX *make_rand(const char *name, EVP_RAND_CTX *parent)
{
    EVP_RAND *rand = EVP_RAND_fetch(NULL, name, NULL);
    EVP_RAND_CTX *ctx = rand ? EVP_RAND_CTX_new(rand, parent) : NULL;

    EVP_RAND_free(rand);
    return ctx;
}

/* OpenSSL's CTR_DRBG over a source that gives what it is told. */
static EVP_RAND_CTX *start_openssl(EVP_RAND_CTX *source, uint8_t *seed, unsigned entropy)
{
    unsigned strength = 256;
    OSSL_PARAM given[] = {OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY, seed, entropy),
                          OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_NONCE, seed + entropy, SEED_BYTES - entropy),
                          OSSL_PARAM_construct_uint(OSSL_RAND_PARAM_STRENGTH, &strength), OSSL_PARAM_END};
    int use_df = 1;
    char cipher[] = "AES-256-CTR";
    OSSL_PARAM drbg[] = {OSSL_PARAM_construct_utf8_string(OSSL_DRBG_PARAM_CIPHER, cipher, 0),
                         OSSL_PARAM_construct_int(OSSL_DRBG_PARAM_USE_DF, &use_df), OSSL_PARAM_END};
    EVP_RAND_CTX *ctx = make_rand("CTR-DRBG", source);

    return EVP_RAND_CTX_set_params(source, given) && EVP_RAND_instantiate(source, strength, 0, NULL, 0, NULL) &&
                   EVP_RAND_CTX_set_params(ctx, drbg) && EVP_RAND_instantiate(ctx, strength, 0, (const uint8_t *)"", 0, NULL)
               ? ctx
               : NULL;
}

static bool same_bytes(EVP_RAND_CTX *openssl, struct drbg *drbg, unsigned bytes)
{
    uint8_t wanted[DRBG_MOST];

    drbg_generate(drbg, HW_DATA, bytes);
    return EVP_RAND_generate(openssl, wanted, bytes, 256, 0, NULL, 0) && memcmp(wanted, fake.buffer + HW_DATA, bytes) == 0;
}

static bool reseed_both(EVP_RAND_CTX *source, EVP_RAND_CTX *openssl, struct drbg *drbg)
{
    uint32_t fresh[8];
    OSSL_PARAM given[] = {OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY, fresh, sizeof fresh), OSSL_PARAM_END};

    tap_fill(fresh, sizeof fresh);
    drbg_reseed(drbg, fresh, 8);
    return EVP_RAND_CTX_set_params(source, given) && EVP_RAND_reseed(openssl, 0, NULL, 0, NULL, 0);
}

static void test_openssl(void)
{
    bool good = true;

    fake_reset();
    cipher_take();
    for (unsigned round = 0; round < 20; round++) {
        EVP_RAND_CTX *source = make_rand("TEST-RAND", NULL), *openssl;
        uint32_t seed[SEED_BYTES / 4];
        struct drbg drbg;

        tap_fill(seed, sizeof seed);
        openssl = start_openssl(source, (uint8_t *)seed, 32);
        drbg_instantiate(&drbg, seed, SEED_BYTES / 4);
        good &= openssl != NULL;
        for (unsigned request = 0; good && request < 4; request++) {
            good &= same_bytes(openssl, &drbg, 16 * (1 + tap_below(DRBG_MOST / 16)));
            good &= request != 1 || reseed_both(source, openssl, &drbg);
        }
        EVP_RAND_CTX_free(openssl);
        EVP_RAND_CTX_free(source);
    }
    tap_ok(good, "the same bytes as OpenSSL's CTR_DRBG, reseeding too");
    cipher_give();
}

/* ---------------------------------------------------------------- health tests */

/* The longest run of SP 800-90B 4.4, and its count of either value, bit by bit. */
struct slow {
    unsigned run, last, seen, count[2];
};

static enum health_verdict slow_take(struct slow *s, uint32_t bits)
{
    bool long_run = false, proportion = false;

    for (unsigned i = 0; i < 32; i++) {
        unsigned bit = bits >> i & 1;

        s->run = s->run && bit == s->last ? s->run + 1 : 1;
        s->last = bit;
        long_run |= s->run >= 61;
        if (s->seen == 0) {
            s->count[0] = s->count[1] = 0;
        }
        s->seen = (s->seen + 1) % 1024;
        proportion |= ++s->count[bit] >= 810;
    }
    return long_run ? HEALTH_REPETITION : proportion ? HEALTH_PROPORTION : HEALTH_GOOD;
}

/* Bits that are 1 with probability ones / 256, in runs of about the same length. */
static uint32_t biased(unsigned ones, unsigned stick)
{
    static unsigned bit;
    uint32_t word = 0;

    for (unsigned i = 0; i < 32; i++) {
        if (tap_below(stick) == 0) {
            bit = tap_below(256) < ones;
        }
        word = word >> 1 | (uint32_t)bit << 31;
    }
    return word;
}

static void test_against_slow(void)
{
    unsigned verdicts[3] = {0};
    bool same = true;

    for (unsigned round = 0; round < 4000; round++) {
        unsigned ones = 128 + tap_below(96), stick = 1 + tap_below(6);
        struct health fast = {0};
        struct slow slow = {0};
        enum health_verdict a = HEALTH_GOOD, b = HEALTH_GOOD;

        for (unsigned n = 0; n < 2 * WINDOW && a == HEALTH_GOOD && b == HEALTH_GOOD; n++) {
            uint32_t bits = biased(ones, stick);

            a = health_take(&fast, bits);
            b = slow_take(&slow, bits);
        }
        same &= a == b;
        verdicts[b]++;
    }
    tap_ok(same && verdicts[0] > 100 && verdicts[1] > 100 && verdicts[2] > 100,
           "as bit by bit: %u good, %u repetition, %u proportion", verdicts[0], verdicts[1], verdicts[2]);
}

static enum health_verdict feed(struct health *h, uint32_t bits, unsigned words)
{
    enum health_verdict verdict = HEALTH_GOOD;

    while (words-- && verdict == HEALTH_GOOD) {
        verdict = health_take(h, bits);
    }
    return verdict;
}

static void test_edges(void)
{
    struct health h = {0};

    h = (struct health){0};
    tap_ok(feed(&h, 0, 1) == HEALTH_GOOD && feed(&h, 0x10000000, 1) == HEALTH_GOOD, "60 equal bits are not too many");
    h = (struct health){0};
    tap_ok(feed(&h, 0, 1) == HEALTH_GOOD && feed(&h, 0x20000000, 1) == HEALTH_REPETITION, "61 are");
    h = (struct health){0};
    tap_ok(feed(&h, UINT32_MAX, 2) == HEALTH_REPETITION, "a source that is stuck at 1 is noticed");
    h = (struct health){0};
    tap_ok(feed(&h, 0x55555555, 3 * WINDOW) == HEALTH_GOOD, "the tests see bits, not patterns");
}

/* ---------------------------------------------------------------- seeding */

static uint32_t stuck(void)
{
    return 0;
}

static uint32_t mostly_ones(void)
{
    return biased(235, 1);
}

static struct sluice_cqe ask(unsigned bytes)
{
    struct sluice_sqe sqe = {.op = SLUICE_OP_RANDOM, .cookie = 9, .dst = FAKE_HOST + HOST_AT};

    memcpy(sqe.dst_len, &bytes, 3);
    return fake_command(&sqe);
}

static void test_bad_source(uint32_t (*source)(void), uint32_t left, const char *what)
{
    fake_reset();
    fake.entropy = source;
    fake.entropy_left = left;
    fake_boot();
    if (fake.entropy_on) {
        tap_ok(fake.alarm != UINT64_MAX, "%s: waited for, but not for ever", what);
        fake.time = fake.alarm;
        fake_run();
    }
    tap_ok(fake.health == SLUICE_HEALTH_ENTROPY_FAILED && !fake.entropy_on && fake.alarm == UINT64_MAX &&
               ask(64).status == SLUICE_STATUS_NOT_READY && fake.state == SLUICE_FW_STATE_READY,
           "%s: no random numbers, but everything else", what);
}

static void test_seeding(void)
{
    uint8_t first[64];

    fake_reset();
    fake_boot();
    tap_ok(fake.health == SLUICE_HEALTH_ENTROPY_SEEDED && !fake.entropy_on && fake.alarm == UINT64_MAX,
           "seeded, and then the source is off and nothing is waited for");
    tap_ok(ask(64).status == SLUICE_STATUS_OK && fake.cqe.length == 64, "random numbers");
    memcpy(first, fake.host + HOST_AT, sizeof first);
    ask(64);
    tap_ok(memcmp(first, fake.host + HOST_AT, sizeof first) != 0, "other ones each time");
    test_bad_source(stuck, UINT32_MAX, "stuck source");
    test_bad_source(mostly_ones, UINT32_MAX, "biased source");
    test_bad_source(fake_good_entropy, 20, "source that stops");
}

static void test_lane(void)
{
    fake_reset();
    fake.fault[3] = FAKE_LANE_SILENT;
    fake_boot();
    tap_ok(fake.lanes_ok == 0x17 && ask(32).status == SLUICE_STATUS_HARDWARE_FAULT && !fake.entropy_on,
           "without the service lane: hardware_fault");
    fake_reset();
    fake_boot();
    fake.fault[3] = FAKE_LANE_STATUS;
    fake.fault_at = fake.jobs + 2;
    tap_fill(fake.host, sizeof fake.host);
    tap_ok(ask(32).status == SLUICE_STATUS_HARDWARE_FAULT && fake.lanes_ok == 0x17 &&
               ask(32).status == SLUICE_STATUS_HARDWARE_FAULT,
           "a service lane that fails later goes out of service");
}

int main(void)
{
    tap_begin();
    test_cavp();
    test_openssl();
    test_against_slow();
    test_edges();
    test_seeding();
    test_lane();
    return tap_end();
}
