/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLS forms against a real TLS peer: an OpenSSL client and server talk through memory, keys are derived from their master
 * secret (RFC 5246 section 6.3), the engine opens every encrypted record that either sent, Finished included, and then takes the
 * client's place: what it seals, the server must take. Every other record goes through in parts, cut at random.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "kit.h"

#define LOG_BYTES   (1u << 18)
#define HEADER      5u
#define TYPE_CCS    20
#define TYPE_DATA   23
#define KEY_BLOCK   (2 * (32 + 32 + 16))
#define RANDOM      32u
#define MESSAGES    30u
#define SEAL_ROUNDS 30u

struct connection {
    const char *suite; /* OpenSSL's name */
    int version;
    bool etm;
    enum sluice_cipher cipher;
    enum sluice_mac mac;
};

static const struct connection connections[] = {
    {"ECDHE-RSA-AES128-SHA", TLS1_2_VERSION, false, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1},
    {"ECDHE-RSA-AES128-SHA", TLS1_2_VERSION, true, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1},
    {"AES256-SHA256", TLS1_2_VERSION, false, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256},
    {"AES256-SHA256", TLS1_2_VERSION, true, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256},
    {"NULL-SHA256", TLS1_2_VERSION, false, SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256},
    {"ECDHE-RSA-AES256-SHA", TLS1_1_VERSION, false, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1},
    {"ECDHE-RSA-AES128-SHA", TLS1_1_VERSION, true, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1},
    {"ECDHE-RSA-AES128-SHA", TLS1_VERSION, false, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1},
    {"AES256-SHA", TLS1_VERSION, false, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1},
};

/* One end, and all that it has sent. */
struct end {
    SSL *ssl;
    uint8_t *sent;
    size_t sent_len;
    uint8_t *said; /* what the application wrote */
    size_t said_len;
};

static struct kit kit;
static EVP_PKEY *key;
static X509 *certificate;

static bool make_certificate(void)
{
    key = EVP_RSA_gen(2048);
    certificate = X509_new();
    return key && certificate && X509_set_version(certificate, 2) && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -60) && X509_gmtime_adj(X509_getm_notAfter(certificate), 3600) &&
           X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256());
}

/* ---------------------------------------------------------------- the peers */

static SSL *make_peer(const struct connection *c, bool server)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    SSL *ssl = NULL;
    char suites[64];

    snprintf(suites, sizeof suites, "%s:@SECLEVEL=0", c->suite);
    if (ctx && SSL_CTX_set_cipher_list(ctx, suites) && SSL_CTX_set_min_proto_version(ctx, c->version) &&
        SSL_CTX_set_max_proto_version(ctx, c->version) &&
        (!server || (SSL_CTX_use_certificate(ctx, certificate) && SSL_CTX_use_PrivateKey(ctx, key)))) {
        SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | (c->etm ? 0 : SSL_OP_NO_ENCRYPT_THEN_MAC));
        ssl = SSL_new(ctx);
    }
    SSL_CTX_free(ctx);
    if (ssl) {
        SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
        if (server) {
            SSL_set_accept_state(ssl);
        } else {
            SSL_set_connect_state(ssl);
        }
    }
    return ssl;
}

/* Takes what one end sent to the other, and keeps a copy. */
static void carry(struct end *from, struct end *to)
{
    int n = BIO_read(SSL_get_wbio(from->ssl), from->sent + from->sent_len, (int)(LOG_BYTES - from->sent_len));

    if (n > 0) {
        BIO_write(SSL_get_rbio(to->ssl), from->sent + from->sent_len, n);
        from->sent_len += (size_t)n;
    }
}

static bool shake_hands(struct end end[2])
{
    for (unsigned i = 0; i < 10; i++) {
        SSL_do_handshake(end[0].ssl);
        carry(&end[0], &end[1]);
        SSL_do_handshake(end[1].ssl);
        carry(&end[1], &end[0]);
    }
    return SSL_is_init_finished(end[0].ssl) && SSL_is_init_finished(end[1].ssl);
}

/* One end says something, the other hears it. */
static bool say(struct end *from, struct end *to, uint32_t len)
{
    static uint8_t heard[SLUICE_MAX_CONTENT];
    uint8_t *text = from->said + from->said_len;

    tap_fill(text, len);
    from->said_len += len;
    if (SSL_write(from->ssl, text, (int)len) != (int)len) {
        return false;
    }
    carry(from, to);
    return SSL_read(to->ssl, heard, sizeof heard) == (int)len && memcmp(heard, text, len) == 0;
}

/* ---------------------------------------------------------------- keys */

/* TLS 1.2: by its hash; before: MD5 and SHA-1. */
static bool derive(const struct connection *c, SSL *ssl, uint8_t *block, size_t len)
{
    static const char label[] = "key expansion";
    uint8_t master[48], seed[sizeof label - 1 + 2 * RANDOM];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    char digest_12[] = "SHA256", digest_10[] = "MD5-SHA1";
    size_t master_len = SSL_SESSION_get_master_key(SSL_get_session(ssl), master, sizeof master);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, c->version == TLS1_2_VERSION ? digest_12 : digest_10, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, master_len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed), OSSL_PARAM_construct_end()};
    bool good;

    memcpy(seed, label, sizeof label - 1);
    SSL_get_server_random(ssl, seed + sizeof label - 1, RANDOM);
    SSL_get_client_random(ssl, seed + sizeof label - 1 + RANDOM, RANDOM);
    good = EVP_KDF_derive(ctx, block, len, params) > 0;
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return good;
}

/* Parameters of one direction, and TLS 1.0's first IV: the key block is MAC keys, cipher keys, IVs, the client's first. */
static struct sluice_sa_config direction_config(const struct connection *c, const uint8_t *block, unsigned side, uint8_t iv[16])
{
    unsigned mac = sluice_mac_size(c->mac), len = sluice_cipher_key_len(c->cipher);
    struct sluice_sa_config config = {.cipher = c->cipher, .mac = c->mac, .nonce_mode = SLUICE_NONCE_MODE_EXPLICIT};

    config.mac_len = (uint8_t)mac;
    config.form = c->etm ? SLUICE_FORM_TLS_ETM : SLUICE_FORM_TLS_MTE;
    config.tls_minor = (uint8_t)(c->version & 0xff);
    if (c->version == TLS1_VERSION) {
        config.form = SLUICE_FORM_TLS10;
        config.tls_minor = 0;
    }
    memcpy(config.mac_key, block + side * mac, mac);
    memcpy(config.cipher_key, block + 2 * mac + side * len, len);
    memcpy(iv, block + 2 * mac + 2 * len + side * 16, 16);
    return config;
}

/* ---------------------------------------------------------------- the engine in their place */

/* A direction of the connection, as the engine follows it. */
struct stream {
    struct sluice_sa_config config;
    uint8_t iv[16];
    uint64_t seq;
};

static void prepare(struct stream *s, struct sluice_op *op)
{
    op->seq = s->seq++;
    if (op->type == SLUICE_OP_TYPE_OPEN && s->config.form != SLUICE_FORM_TLS10) {
        memset(op->nonce, 0, sizeof op->nonce);
    } else if (s->config.form == SLUICE_FORM_TLS10) {
        memcpy(op->nonce, s->iv, sizeof op->nonce);
    } else {
        tap_fill(op->nonce, sizeof op->nonce);
    }
}

static struct sluice_done whole(struct stream *s, struct sluice_op op)
{
    struct sluice_done done;

    op.src = kit.src;
    op.dst = kit.dst;
    op.dst_len = KIT_ROOM;
    done = kit_run(&kit, &op);
    memcpy(s->iv, done.next_iv, sizeof s->iv);
    return done;
}

/* The verdict on what the parts of an open wrote, `len` bytes at kit.dst. */
static struct sluice_done verify(const struct sluice_op *op, uint32_t len)
{
    struct sluice_op check = {
        .type = SLUICE_OP_TYPE_VERIFY, .sa = op->sa, .src = kit.dst, .src_len = len, .content_type = kit.src[0], .seq = op->seq};

    return kit_run(&kit, &check);
}

/* The same operation in parts; its length is that of what they made together, or of the content. */
static struct sluice_done in_parts(struct stream *s, struct sluice_op op)
{
    uint32_t left = op.src_len, made = 0;
    struct sluice_done done;

    op.src = kit.src;
    op.total = (uint16_t)op.src_len;
    op.part = SLUICE_PART | SLUICE_PART_FIRST;
    do {
        op.src_len = tap_below(4) ? tap_below(left + 1) : left < 20 ? left : tap_below(20);
        left -= op.src_len;
        op.part |= left ? 0 : SLUICE_PART_LAST;
        op.dst = kit.dst + made;
        op.dst_len = KIT_ROOM - made;
        done = kit_run(&kit, &op);
        made += done.length;
        op.src = (uint8_t *)op.src + op.src_len;
        op.part = SLUICE_PART;
    } while (left && done.status == SLUICE_STATUS_OK);
    memcpy(s->iv, done.next_iv, sizeof s->iv);
    done.length = op.type == SLUICE_OP_TYPE_SEAL ? made : done.content;
    if (done.status == SLUICE_STATUS_OK && op.type == SLUICE_OP_TYPE_OPEN && s->config.form != SLUICE_FORM_TLS_ETM) {
        done = verify(&op, made);
    }
    return done;
}

static struct sluice_done work(struct stream *s, struct sluice_op *op)
{
    prepare(s, op);
    return s->seq % 2 ? in_parts(s, *op) : whole(s, *op);
}

/* Opens all that an end sent after its ChangeCipherSpec, and compares with what it said. */
static bool opens_all(struct stream *s, const struct end *end)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN};
    size_t at = 0, said = 0;
    bool secret = false, good = true;

    s->config.direction = SLUICE_DIRECTION_OPEN;
    op.sa = kit_sa(&kit, &s->config);
    while (good && at + HEADER <= end->sent_len) {
        const uint8_t *record = end->sent + at;
        uint32_t len = HEADER + ((uint32_t)record[3] << 8 | record[4]);

        if (secret) {
            struct sluice_done done;

            memcpy(kit.src, record, len);
            op.src_len = len;
            done = work(s, &op);
            good = done.status == SLUICE_STATUS_OK;
            if (good && record[0] == TYPE_DATA) {
                good = said + done.length <= end->said_len && memcmp(kit.dst, end->said + said, done.length) == 0;
                said += done.length;
            } else {
                good = good && done.length == 16 && kit.dst[0] == 20; /* Finished */
            }
        }
        secret = secret || record[0] == TYPE_CCS;
        at += len;
    }
    sluice_sa_destroy(op.sa);
    return good && at == end->sent_len && said == end->said_len && s->seq > MESSAGES;
}

/* Goes on as the client; the server must hear what the engine seals. */
static bool seals_for(struct stream *s, SSL *server)
{
    static uint8_t text[SLUICE_MAX_CONTENT], heard[SLUICE_MAX_CONTENT];
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .content_type = TYPE_DATA};
    bool good = true;

    s->config.direction = SLUICE_DIRECTION_SEAL;
    op.sa = kit_sa(&kit, &s->config);
    for (unsigned i = 0; i < SEAL_ROUNDS && good; i++) {
        struct sluice_done done;

        op.src_len = i == 0 ? SLUICE_MAX_CONTENT : 1 + tap_below(i < 20 ? 300 : SLUICE_MAX_CONTENT);
        op.pad = (uint8_t)(i ? tap_below(12) : 0);
        tap_fill(text, op.src_len);
        memcpy(kit.src, text, op.src_len);
        done = work(s, &op);
        good = done.status == SLUICE_STATUS_OK && BIO_write(SSL_get_rbio(server), kit.dst, (int)done.length) > 0 &&
               SSL_read(server, heard, sizeof heard) == (int)op.src_len && memcmp(heard, text, op.src_len) == 0;
    }
    sluice_sa_destroy(op.sa);
    return good;
}

static void run(const struct connection *c)
{
    struct end end[2] = {0};
    struct stream stream[2] = {0};
    uint8_t block[KEY_BLOCK];
    const char *etm = c->etm ? ", encrypt-then-MAC" : "";
    bool good = true;

    for (unsigned i = 0; i < 2; i++) {
        end[i].ssl = make_peer(c, i == 1);
        end[i].sent = calloc(1, LOG_BYTES);
        end[i].said = calloc(1, LOG_BYTES);
        good = good && end[i].ssl && end[i].sent && end[i].said;
    }
    good = good && shake_hands(end);
    for (unsigned i = 0; i < MESSAGES && good; i++) {
        uint32_t len = i == 0 ? SLUICE_MAX_CONTENT : 1 + tap_below(i < 25 ? 300 : 4000);

        good = say(&end[0], &end[1], len) && say(&end[1], &end[0], len);
    }
    good = good && derive(c, end[0].ssl, block, sizeof block);
    if (tap_ok(good, "OpenSSL talks to itself: %s %s%s", good ? SSL_get_version(end[0].ssl) : "", c->suite, etm)) {
        for (unsigned i = 0; i < 2; i++) {
            stream[i].config = direction_config(c, block, i, stream[i].iv);
            tap_ok(opens_all(&stream[i], &end[i]), "the engine opens every record of the %s", i ? "server" : "client");
        }
        tap_ok(seals_for(&stream[0], end[1].ssl), "the server takes what the engine seals");
    } else {
        ERR_print_errors_fp(stderr);
    }
    for (unsigned i = 0; i < 2; i++) {
        SSL_free(end[i].ssl);
        free(end[i].sent);
        free(end[i].said);
    }
}

int main(void)
{
    tap_begin();
    if (!tap_ok(kit_open(&kit, "soft:") == 0, "soft: opens")) {
        return tap_end();
    }
    if (tap_ok(make_certificate(), "a certificate is made")) {
        for (unsigned i = 0; i < sizeof connections / sizeof *connections; i++) {
            run(&connections[i]);
        }
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    kit_close(&kit);
    return tap_end();
}
