/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Figures of the software engine, for a second of this thread's CPU time, beside what OpenSSL's EVP takes in the same run for the
 * cipher and for the HMAC alone, in loops like those of `openssl speed`, over the bytes that the record puts through each: the
 * bound is the time of both, one after the other (of the rates, half their harmonic mean). The three are measured in turn, many
 * times, and the best turn of each counts, since what else the machine does only ever adds.
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

#define TURNS        12u
#define TURN_SECONDS 0.02
#define BATCH        64u
#define ROOM         2048u
#define JUDGED       1400u /* content of the rows that have goals: what proxies carry most */
#define GOAL_SEAL    0.90
#define GOAL_ETM     0.85
#define GOAL_MTE     0.70 /* open in constant time compresses every block that the padding could have hidden */

static double cpu_seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* What is measured: `batch` does BATCH records; `best` is the CPU time of one of them, in the best turn so far. */
struct loop {
    void (*batch)(void *arg);
    void *arg;
    double best;
};

static double turn(const struct loop *loop)
{
    double start = cpu_seconds(), now;
    unsigned batches = 0;

    do {
        loop->batch(loop->arg);
        batches++;
        now = cpu_seconds();
    } while (now - start < TURN_SECONDS);
    return (now - start) / batches / BATCH;
}

static void time_all(struct loop *loops, unsigned count)
{
    for (unsigned t = 0; t < TURNS; t++) {
        for (unsigned i = 0; i < count; i++) {
            double took = turn(&loops[i]);

            loops[i].best = t == 0 || took < loops[i].best ? took : loops[i].best;
        }
    }
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

static void evp_begin(struct evp *e, enum sluice_cipher cipher, enum sluice_mac hash)
{
    static const uint8_t key[32];
    char digest[] = "SHA256", sha1[] = "SHA1";
    char *name = hash == SLUICE_MAC_SHA1 ? sha1 : digest;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_END};
    const EVP_CIPHER *cbc = cipher == SLUICE_CIPHER_AES128 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

    memset(e, 0, sizeof *e);
    e->encrypt = EVP_CIPHER_CTX_new();
    e->decrypt = EVP_CIPHER_CTX_new();
    e->mac = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    if (!EVP_EncryptInit_ex(e->encrypt, cbc, NULL, key, key) || !EVP_DecryptInit_ex(e->decrypt, cbc, NULL, key, key) ||
        !EVP_MAC_init(e->mac, key, sluice_mac_size(hash), params)) {
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

struct row {
    enum sluice_cipher cipher;
    enum sluice_mac mac;
    enum sluice_form form;
    const char *name;
};

static const struct row all[] = {
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, "AES-128 SHA-256 etm"},
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, "AES-128 SHA-256 mte"},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, "AES-256 SHA-256 etm"},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, "AES-256 SHA-256 mte"},
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, "AES-128 SHA-1 mte"},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, "AES-256 SHA-1 mte"},
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM, "AES-128 SHA-256 TLS etm"},
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_MTE, "AES-128 SHA-256 TLS mte"},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE, "AES-256 SHA-1 TLS mte"},
};

static bool is_etm(enum sluice_form form)
{
    return form == SLUICE_FORM_UDP_ETM || form == SLUICE_FORM_TLS_ETM;
}

static bool is_tls(enum sluice_form form)
{
    return form >= SLUICE_FORM_TLS_MTE;
}

/* Bytes through cipher and MAC: the header, nonce or IV, and MAC are what is left of the record. */
static void measure_bytes(struct evp *e, const struct sluice_sa_config *c, uint32_t content)
{
    uint32_t record = sluice_record_size(c, content, 0);
    uint32_t header = is_tls(c->form) ? 5 : SLUICE_UDP_HEADER_BYTES, first = is_tls(c->form) ? 8 : 16;

    e->len = record - header - 16 - (is_etm(c->form) ? c->mac_len : 0u);
    e->mac_len = header + first + (is_etm(c->form) ? e->len + (is_tls(c->form) ? 16 : 0) : content);
}

static void show(const struct row *row, bool seal, uint32_t content, const struct evp *e, const struct loop loops[3])
{
    double cipher = loops[0].best, mac = loops[1].best, took = loops[2].best;
    double goal = seal ? GOAL_SEAL : is_etm(row->form) ? GOAL_ETM : GOAL_MTE;
    char figure[80];

    snprintf(figure, sizeof figure, "%s, %s, %u bytes", row->name, seal ? "seal" : "open", content);
    table_row(figure, GOAL_NONE, 0, content / took / 1e6, "MB/s");
    table_row("    records", GOAL_NONE, 0, 1 / took, "a second");
    table_row("    OpenSSL's cipher alone", GOAL_NONE, 0, (double)e->len / cipher / 1e6, "MB/s");
    table_row("    OpenSSL's HMAC alone", GOAL_NONE, 0, (double)e->mac_len / mac / 1e6, "MB/s");
    table_row("    of the bound, one after the other", content == JUDGED ? GOAL_AT_LEAST : GOAL_NONE, goal, (cipher + mac) / took,
              "");
}

static void measure(struct soft *s, struct evp *e, const struct row *row, struct sluice_sa_config *c, bool seal, uint32_t content)
{
    uint32_t record = sluice_record_size(c, content, 0);
    struct sluice_sa *sa;
    struct loop loops[] = {{seal ? evp_encrypt : evp_decrypt, e, 0}, {evp_mac, e, 0}, {soft_batch, s, 0}};

    c->direction = seal ? SLUICE_DIRECTION_SEAL : SLUICE_DIRECTION_OPEN;
    c->replay = 0;
    sa = kit_sa(&s->kit, c);
    for (unsigned i = 0; i < BATCH; i++) {
        s->ops[i] = (struct sluice_op){.type = seal ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN, .sa = sa};
        s->ops[i].src = seal ? s->kit.src : s->kit.dst;
        s->ops[i].dst = seal ? s->kit.dst : s->kit.src;
        s->ops[i].src_len = seal ? content : record;
        s->ops[i].dst_len = ROOM;
    }
    time_all(loops, sizeof loops / sizeof *loops);
    show(row, seal, content, e, loops);
    sluice_sa_destroy(sa);
}

static void measure_row(struct soft *s, const struct row *row, uint32_t content)
{
    unsigned mac_len = row->form == SLUICE_FORM_UDP_ETM ? 16 : sluice_mac_size(row->mac);
    struct sluice_sa_config c = kit_config(row->cipher, row->mac, row->form, SLUICE_DIRECTION_SEAL, mac_len);
    static struct evp e;

    evp_begin(&e, row->cipher, row->mac);
    measure_bytes(&e, &c, content);
    measure(s, &e, row, &c, true, content);
    measure(s, &e, row, &c, false, content);
    evp_end(&e);
}

void bench_soft(const struct bench_options *o)
{
    static const uint32_t sizes[] = {64, 512, JUDGED};
    static struct soft s;

    if (kit_open(&s.kit, "soft:")) {
        fprintf(stderr, "bench: the software engine does not open\n");
        exit(2);
    }
    table_head("The software engine, a CPU-second of one thread");
    for (unsigned r = 0; r < sizeof all / sizeof *all; r++) {
        /* Short records by the first two: there, what is done once for each counts most. */
        for (unsigned i = r < 2 ? 0 : 2; i < sizeof sizes / sizeof *sizes; i++) {
            if (bench_asked(o, all[r].name)) {
                measure_row(&s, &all[r], sizes[i]);
            }
        }
    }
    kit_close(&s.kit);
}
