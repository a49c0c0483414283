/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and cids. Keys: a handshake in memory; what keys_derive gives is compared with the exporter computed from the connection's
 * secrets by OpenSSL's KDFs: RFC 8446 section 7.5 from the key log's EXPORTER_SECRET, RFC 5705 from master secret and randoms.
 */
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "tls/tls.h"
#include "udp/cid.h"
#include "udp/keys.h"

/* ---- a handshake in memory */

struct pair {
    SSL_CTX *server_ctx, *client_ctx;
    SSL *server, *client;
    uint8_t exporter_secret[EVP_MAX_MD_SIZE];
    size_t exporter_secret_len;
};

static struct pair pair;

static void on_key_log(const SSL *ssl, const char *line)
{
    (void)ssl;
    const char *hex = strrchr(line, ' ');
    if (strncmp(line, "EXPORTER_SECRET ", 16) != 0 || !hex)
        return;
    pair.exporter_secret_len = 0;
    OPENSSL_hexstr2buf_ex(pair.exporter_secret, sizeof pair.exporter_secret, &pair.exporter_secret_len, hex + 1, '\0');
}

static void use_certificate(SSL_CTX *ctx)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    SSL_CTX_use_certificate(ctx, x);
    SSL_CTX_use_PrivateKey(ctx, key);
    X509_free(x);
    EVP_PKEY_free(key);
}

static bool shake(int version)
{
    BIO *a, *b;
    memset(&pair, 0, sizeof pair);
    pair.server_ctx = SSL_CTX_new(TLS_server_method());
    pair.client_ctx = SSL_CTX_new(TLS_client_method());
    use_certificate(pair.server_ctx);
    SSL_CTX_set_max_proto_version(pair.server_ctx, version);
    SSL_CTX_set_keylog_callback(pair.server_ctx, on_key_log);
    pair.server = SSL_new(pair.server_ctx);
    pair.client = SSL_new(pair.client_ctx);
    BIO_new_bio_pair(&a, 0, &b, 0);
    SSL_set_bio(pair.server, a, a);
    SSL_set_bio(pair.client, b, b);
    SSL_set_accept_state(pair.server);
    SSL_set_connect_state(pair.client);
    for (int i = 0; i < 10 && !(SSL_is_init_finished(pair.server) && SSL_is_init_finished(pair.client)); i++) {
        SSL_do_handshake(pair.client);
        SSL_do_handshake(pair.server);
    }
    return SSL_is_init_finished(pair.server) && SSL_is_init_finished(pair.client);
}

static void part(void)
{
    SSL_free(pair.server);
    SSL_free(pair.client);
    SSL_CTX_free(pair.server_ctx);
    SSL_CTX_free(pair.client_ctx);
}

/* ---- the exporter by other means */

static const char *digest_name(void)
{
    return EVP_MD_get0_name(SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(pair.server)));
}

static size_t append(uint8_t *out, const void *data, size_t len)
{
    memcpy(out, data, len);
    return len;
}

/* HKDF-Expand-Label of RFC 8446, section 7.1. */
static void expand_label(const uint8_t *secret, size_t secret_len, const char *label, const uint8_t *context, size_t context_len,
                         uint8_t *out, size_t len)
{
    uint8_t info[512];
    size_t n = 0, label_len = strlen(label);
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    info[n++] = (uint8_t)(len >> 8);
    info[n++] = (uint8_t)len;
    info[n++] = (uint8_t)(6 + label_len);
    n += append(info + n, "tls13 ", 6);
    n += append(info + n, label, label_len);
    info[n++] = (uint8_t)context_len;
    memcpy(info + n, context, context_len);
    n += context_len;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {OSSL_PARAM_int("mode", &mode), OSSL_PARAM_utf8_string("digest", (char *)(uintptr_t)digest_name(), 0),
                           OSSL_PARAM_octet_string("key", (void *)(uintptr_t)secret, secret_len),
                           OSSL_PARAM_octet_string("info", info, n), OSSL_PARAM_END};
    EVP_KDF_derive(ctx, out, len, params);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void exporter13(const uint8_t context[24], uint8_t *out, size_t len)
{
    const EVP_MD *md = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(pair.server));
    uint8_t empty[EVP_MAX_MD_SIZE], hash[EVP_MAX_MD_SIZE], derived[EVP_MAX_MD_SIZE];
    unsigned n;
    EVP_Digest("", 0, empty, &n, md, NULL);
    EVP_Digest(context, 24, hash, &n, md, NULL);
    expand_label(pair.exporter_secret, pair.exporter_secret_len, "EXPERIMENTAL-sluice-udp", empty, n, derived, n);
    expand_label(derived, n, "exporter", hash, n, out, len);
}

static void exporter12(const uint8_t context[24], uint8_t *out, size_t len)
{
    uint8_t master[64], seed_bytes[128];
    static const char label[] = "EXPERIMENTAL-sluice-udp";
    size_t master_len = SSL_SESSION_get_master_key(SSL_get_session(pair.server), master, sizeof master), n = sizeof label - 1;
    memcpy(seed_bytes, label, n);
    n += SSL_get_client_random(pair.server, seed_bytes + n, 32);
    n += SSL_get_server_random(pair.server, seed_bytes + n, 32);
    seed_bytes[n++] = 0;
    seed_bytes[n++] = 24;
    memcpy(seed_bytes + n, context, 24);
    n += 24;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("digest", (char *)(uintptr_t)digest_name(), 0),
                           OSSL_PARAM_octet_string("secret", master, master_len), OSSL_PARAM_octet_string("seed", seed_bytes, n),
                           OSSL_PARAM_END};
    EVP_KDF_derive(ctx, out, len, params);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

/* ---- comparing */

static bool same_cut(const struct suite *suite, const struct keys *keys, const uint8_t *material)
{
    size_t mac = suite->mac == SLUICE_MAC_SHA256 ? 32 : 20, key = suite->cipher == SLUICE_CIPHER_AES256 ? 32 : 16;
    return !memcmp(keys->client_mac, material, mac) && !memcmp(keys->server_mac, material + mac, mac) &&
           !memcmp(keys->client_key, material + 2 * mac, key) && !memcmp(keys->server_key, material + 2 * mac + key, key) &&
           !memcmp(keys->take_up, material + 2 * mac + 2 * key, 32);
}

static void test_keys(int version)
{
    bool same = shake(version), both = same;
    for (uint8_t id = 1; id <= SUITE_COUNT; id++) {
        const struct suite *suite = suite_by_id(id);
        struct keys_agreement agreement = {.version = 1,
                                           .nonce_mode = 1,
                                           .suite = suite,
                                           .client_cid = "clientci",
                                           .proxy_cid = "proxycid",
                                           .epoch = 0x01020304};
        uint8_t context[24] = {1, id, 1, suite->mac_len}, material[KEYS_MATERIAL_MAX];
        struct keys server, client;
        append(context + 4, "clientciproxycid\x01\x02\x03\x04", 20);
        if (version == TLS1_3_VERSION)
            exporter13(context, material, keys_material_len(suite));
        else
            exporter12(context, material, keys_material_len(suite));
        both &= !keys_derive(pair.server, &agreement, &server) && !keys_derive(pair.client, &agreement, &client) &&
                !memcmp(&server, &client, sizeof server);
        same &= same_cut(suite, &server, material);
    }
    ok(both, "TLS 1.%d: both ends derive the same keys, for every suite", version == TLS1_3_VERSION ? 3 : 2);
    ok(same, "TLS 1.%d: and they are what OpenSSL's KDFs make of the connection's secrets", version == TLS1_3_VERSION ? 3 : 2);
    part();
}

static void test_context(void)
{
    struct keys_agreement a = {.version = 1, .nonce_mode = 1, .suite = suite_by_id(1)}, b = a;
    struct keys x, y;
    shake(TLS1_3_VERSION);
    b.epoch = 1;
    keys_derive(pair.server, &a, &x);
    keys_derive(pair.server, &b, &y);
    ok(memcmp(&x, &y, sizeof x) != 0, "another epoch gives other keys");
    b = a;
    b.proxy_cid[7] = 1;
    keys_derive(pair.server, &b, &y);
    ok(memcmp(&x, &y, sizeof x) != 0, "so does another cid");
    part();
}

/* ---- cids */

static void test_cids(void)
{
    uint8_t secret[16], cid[8], noise[8];
    struct cid_place read;
    bool all = true;
    unsigned forged = 0;
    RAND_bytes(secret, sizeof secret);
    struct cid_key *key = cid_key_new(secret);
    secret[0] ^= 1;
    struct cid_key *other = cid_key_new(secret);
    for (unsigned i = 0; i < 20000; i++) {
        struct cid_place place = {
            .member = (uint8_t)random(), .worker = (uint8_t)random(), .random = (uint32_t)random() * 2u + 1u};
        all &= !cid_make(key, &place, cid) && !cid_read(key, cid, &read) && read.member == place.member &&
               read.worker == place.worker && read.random == place.random;
        RAND_bytes(noise, sizeof noise);
        forged += !cid_read(key, noise, &read);
        forged += !cid_read(other, cid, &read);
    }
    ok(all, "member, worker and random number come back out of a cid");
    /* 40,000 trials with probability 2^-16: 6 or more come with a chance of 1 in 15,000 */
    ok(forged < 6, "noise and cids under another key are told apart (%u of 40000 taken)", forged);
    struct cid_place place = {0};
    unsigned bits = 0;
    uint8_t next[8];
    for (unsigned i = 0; i < 1000; i++) {
        place.random = i;
        cid_make(key, &place, cid);
        place.random = i + 1;
        cid_make(key, &place, next);
        for (unsigned j = 0; j < 8; j++)
            bits += (unsigned)__builtin_popcount(cid[j] ^ next[j]);
    }
    ok(bits > 31000 && bits < 33000, "neighbours differ in half of their bits (%u of 64000)", bits);
    cid_key_free(key);
    cid_key_free(other);
}

int main(int argc, char **argv)
{
    seed(argc, argv);
    test_keys(TLS1_2_VERSION);
    test_keys(TLS1_3_VERSION);
    test_context();
    test_cids();
    return done();
}
