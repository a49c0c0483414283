/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of the software engine, for a second of this thread's CPU time, beside what OpenSSL's EVP takes for the cipher and for
 * the HMAC alone in the same run: the bound is the time of both together.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "bench.h"
#include "table.h"
#include "tests/driver/kit.h"

#define SECONDS    0.4
#define BATCH      64u
#define ROOM       2048u
#define GOAL_RATIO 0.9

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* CPU time of one call of batch(arg), which does BATCH records, divided by BATCH. */
static double time_of(void (*batch)(void *arg), void *arg)
{
    double start = cpu_seconds(), now;
    unsigned batches = 0;

    do {
        batch(arg);
        batches++;
        now = cpu_seconds();
    } while (now - start < SECONDS);
    return (now - start) / batches / BATCH;
}

/* ---------------------------------------------------------------- OpenSSL alone */

struct evp {
    EVP_CIPHER_CTX *encrypt, *decrypt;
    EVP_MAC_CTX *mac;
    uint8_t data[ROOM];
    size_t len, mac_len; /* what the record's form puts through each */
};

static void evp_encrypt(void *arg)
{
    struct evp *e = arg;
    int n;

    for (unsigned i = 0; i < BATCH; i++) {
        EVP_EncryptUpdate(e->encrypt, e->data, &n, e->data, (int)e->len);
    }
}

static void evp_decrypt(void *arg)
{
    struct evp *e = arg;
    int n;

    for (unsigned i = 0; i < BATCH; i++) {
        EVP_DecryptUpdate(e->decrypt, e->data, &n, e->data, (int)e->len);
    }
}

static void evp_mac(void *arg)
{
    struct evp *e = arg;
    uint8_t mac[32];
    size_t n;

    for (unsigned i = 0; i < BATCH; i++) {
        EVP_MAC_init(e->mac, NULL, 0, NULL);
        EVP_MAC_update(e->mac, e->data, e->mac_len);
        EVP_MAC_final(e->mac, mac, &n, sizeof mac);
    }
}

static void evp_begin(struct evp *e)
{
    static const uint8_t key[32];
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char[]){"SHA256"}, 0), OSSL_PARAM_END};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    memset(e, 0, sizeof *e);
    e->encrypt = EVP_CIPHER_CTX_new();
    e->decrypt = EVP_CIPHER_CTX_new();
    e->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    if (!EVP_EncryptInit_ex(e->encrypt, EVP_aes_128_cbc(), NULL, key, key) ||
        !EVP_DecryptInit_ex(e->decrypt, EVP_aes_128_cbc(), NULL, key, key) || !EVP_MAC_init(e->mac, key, sizeof key, params)) {
        fprintf(stderr, "bench: OpenSSL refuses\n");
        exit(2);
    }
    EVP_CIPHER_CTX_set_padding(e->encrypt, 0);
    EVP_CIPHER_CTX_set_padding(e->decrypt, 0);
}

static void evp_end(struct evp *e)
{
    EVP_CIPHER_CTX_free(e->encrypt);
    EVP_CIPHER_CTX_free(e->decrypt);
    EVP_MAC_CTX_free(e->mac);
}

/* ---------------------------------------------------------------- the engine */

struct soft {
    struct kit kit;
    struct sluice_op ops[BATCH];
};

static void soft_batch(void *arg)
{
    struct soft *s = arg;
    struct sluice_done done[BATCH];

    sluice_qp_submit(s->kit.qp, s->ops, BATCH);
    if (sluice_qp_poll(s->kit.qp, done, BATCH) != (int)BATCH || done[0].status != SLUICE_STATUS_OK) {
        fprintf(stderr, "bench: the software engine: %s\n", sluice_status_name(done[0].status));
        exit(2);
    }
}

/* Constant time has its price in mte, and short records in what is done once for each: the goal is for what proxies carry most.
 */
static void rows(const char *form, const char *what, uint32_t content, double took, double bound)
{
    bool judged = content == 1400 && strcmp(form, "etm") == 0;
    char figure[80];

    snprintf(figure, sizeof figure, "%s, %s, %u bytes", what, form, content);
    table_row(figure, GOAL_NONE, 0, 1 / took, "record/s");
    table_row("    content", GOAL_NONE, 0, content / took / 1e6, "MB/s");
    table_row("    of the bound: OpenSSL's cipher and HMAC, one after the other", judged ? GOAL_AT_LEAST : GOAL_NONE, GOAL_RATIO,
              bound / took, "");
}

static void measure(struct soft *s, struct evp *e, enum sluice_form form, uint32_t content)
{
    bool etm = form == SLUICE_FORM_UDP_ETM;
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, form, SLUICE_DIRECTION_SEAL, etm ? 16 : 32);
    struct sluice_sa *seal = kit_sa(&s->kit, &c), *open;
    uint32_t record = sluice_record_size(&c, content, 0);
    double mac, took;

    c.direction = SLUICE_DIRECTION_OPEN;
    c.replay = 0;
    open = kit_sa(&s->kit, &c);
    e->len = record - SLUICE_UDP_HEADER_BYTES - 16 - (etm ? 16 : 0);
    e->mac_len = SLUICE_UDP_HEADER_BYTES + 16 + (etm ? e->len : content);
    mac = time_of(evp_mac, e);
    for (unsigned i = 0; i < BATCH; i++) {
        s->ops[i] =
            (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL, .sa = seal, .src = s->kit.src, .dst = s->kit.dst, .src_len = content};
        s->ops[i].dst_len = ROOM;
    }
    took = time_of(soft_batch, s);
    rows(etm ? "etm" : "mte", "seal", content, took, mac + time_of(evp_encrypt, e));
    for (unsigned i = 0; i < BATCH; i++) {
        s->ops[i] =
            (struct sluice_op){.type = SLUICE_OP_TYPE_OPEN, .sa = open, .src = s->kit.dst, .dst = s->kit.src, .src_len = record};
        s->ops[i].dst_len = ROOM;
    }
    took = time_of(soft_batch, s);
    rows(etm ? "etm" : "mte", "open", content, took, mac + time_of(evp_decrypt, e));
    sluice_sa_destroy(seal);
    sluice_sa_destroy(open);
}

void bench_soft(void)
{
    static const uint32_t sizes[] = {64, 512, 1400};
    static struct soft s;
    static struct evp e;

    if (kit_open(&s.kit, "soft:")) {
        fprintf(stderr, "bench: the software engine does not open\n");
        exit(2);
    }
    evp_begin(&e);
    table_head("The software engine, AES-128-CBC + HMAC-SHA-256, a CPU-second of one thread");
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        measure(&s, &e, SLUICE_FORM_UDP_ETM, sizes[i]);
        measure(&s, &e, SLUICE_FORM_UDP_MTE, sizes[i]);
    }
    evp_end(&e);
    kit_close(&s.kit);
}
