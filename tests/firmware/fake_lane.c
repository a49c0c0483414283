/* SPDX-License-Identifier: Apache-2.0 */
/* DES and chaining values are to be had of OpenSSL's old interface alone. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "fake_lane.h"

#include <assert.h>
#include <string.h>

#include <openssl/des.h>
#include <openssl/evp.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "known.h"

#define RECORD_MOST 2048u
#define BLOCK_BITS  512u
#define PART_IN     48u

static enum hw_kind kind_of(const struct hw_job *job)
{
    return job->what & 3;
}

static uint8_t type_of(const struct hw_job *job)
{
    return (uint8_t)(job->what >> HW_JOB_TYPE_SHIFT);
}

/* What the SA words say (sluice_pkg.sv). */
struct sa {
    uint32_t cipher, mac, form, mac_len, minor;
    bool opens, explicit_nonce, tls, etm, aes;
    uint32_t block, header, lead, trail, nonce;
    const uint8_t *cid, *key;
    uint32_t states[16];
};

static void decode(const uint8_t *words, struct sa *sa)
{
    *sa = (struct sa){.cipher = words[0] & 7,
                      .mac = words[1] & 3,
                      .form = words[2] & 7,
                      .opens = words[3] & 1,
                      .mac_len = words[4] & 63,
                      .explicit_nonce = words[5] & 1,
                      .minor = words[7] & 3,
                      .cid = words + 8,
                      .key = words + 32};
    memcpy(sa->states, words + 64, sizeof sa->states);
    sa->aes = sa->cipher >= SLUICE_CIPHER_AES128;
    sa->tls = sa->form >= SLUICE_FORM_TLS_MTE;
    sa->etm = sa->form == SLUICE_FORM_UDP_ETM || sa->form == SLUICE_FORM_TLS_ETM;
    sa->block = sa->cipher == SLUICE_CIPHER_NULL ? 1 : sa->aes ? 16 : 8;
    sa->nonce = sa->tls ? (sa->form == SLUICE_FORM_TLS10 || sa->block == 1 ? 0 : sa->block) : sa->aes ? 16 : 8;
    sa->header = sa->tls ? 5 : 13;
    sa->lead = sa->tls ? sa->nonce : 0;
    sa->trail = sa->tls ? 0 : sa->nonce;
    if (sa->form == SLUICE_FORM_TLS10) {
        sa->minor = 1;
    } else if (!sa->tls) {
        sa->minor = 3;
    }
}

static uint32_t body_at(const struct sa *sa)
{
    return sa->header + sa->lead > 16 ? 32 : 16;
}

/* ---------------------------------------------------------------- cipher and MAC */

static void des(const struct sa *sa, bool encrypt, const uint8_t *iv, uint8_t *data, uint32_t len)
{
    DES_key_schedule k[3];
    DES_cblock key, chain;

    for (unsigned i = 0; i < 3; i++) {
        memcpy(key, sa->key + (sa->cipher == SLUICE_CIPHER_DES ? 0 : 8 * i), sizeof key);
        DES_set_key_unchecked(&key, &k[i]);
    }
    memcpy(chain, iv, sizeof chain);
    DES_ede3_cbc_encrypt(data, data, len, &k[0], &k[1], &k[2], &chain, encrypt ? DES_ENCRYPT : DES_DECRYPT);
}

static void cbc(const struct sa *sa, bool encrypt, const uint8_t *iv, uint8_t *data, uint32_t len)
{
    const EVP_CIPHER *const aes[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc()};
    EVP_CIPHER_CTX *ctx;
    int done = 0;

    if (sa->block == 1) {
        return;
    }
    if (!sa->aes) {
        des(sa, encrypt, iv, data, len);
        return;
    }
    ctx = EVP_CIPHER_CTX_new();
    assert(ctx && EVP_CipherInit_ex(ctx, aes[sa->cipher - SLUICE_CIPHER_AES128], NULL, sa->key, iv, encrypt));
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    assert(EVP_CipherUpdate(ctx, data, &done, data, (int)len));
    EVP_CIPHER_CTX_free(ctx);
}

/* Goes on from a state that has taken one block. */
static void hash_from(uint32_t mac, const uint32_t *state, const uint8_t *data, uint32_t len, uint8_t *out)
{
    SHA256_CTX sha256;
    SHA_CTX sha1;
    MD5_CTX md5;

    if (mac == SLUICE_MAC_SHA256) {
        SHA256_Init(&sha256);
        memcpy(sha256.h, state, sizeof sha256.h);
        sha256.Nl = BLOCK_BITS;
        SHA256_Update(&sha256, data, len);
        SHA256_Final(out, &sha256);
    } else if (mac == SLUICE_MAC_SHA1) {
        SHA1_Init(&sha1);
        sha1.h0 = state[0], sha1.h1 = state[1], sha1.h2 = state[2], sha1.h3 = state[3], sha1.h4 = state[4];
        sha1.Nl = BLOCK_BITS;
        SHA1_Update(&sha1, data, len);
        SHA1_Final(out, &sha1);
    } else {
        MD5_Init(&md5);
        md5.A = state[0], md5.B = state[1], md5.C = state[2], md5.D = state[3];
        md5.Nl = BLOCK_BITS;
        MD5_Update(&md5, data, len);
        MD5_Final(out, &md5);
    }
}

static uint32_t put_header(const struct sa *sa, uint8_t type, uint32_t length, uint8_t *out)
{
    out[0] = type;
    out[1] = 3;
    out[2] = (uint8_t)sa->minor;
    out[3] = (uint8_t)(length >> 8);
    out[4] = (uint8_t)length;
    if (!sa->tls) {
        memcpy(out + 5, sa->cid, 8);
    }
    return sa->header;
}

static void put_mac(const struct sa *sa, const uint8_t *nonce, uint64_t seq, uint8_t type, uint32_t length, const uint8_t *data,
                    uint32_t len, uint8_t *out)
{
    static const uint8_t sizes[] = {0, 16, 20, 32};
    uint8_t message[RECORD_MOST + 64], inner[32], outer[32];
    uint32_t at = 0;

    if (sa->mac == SLUICE_MAC_NONE) {
        return;
    }
    for (; sa->tls && at < 8; at++) {
        message[at] = (uint8_t)(seq >> (56 - 8 * at));
    }
    if (!sa->tls) {
        memcpy(message, nonce, sa->nonce);
        at = sa->nonce;
    }
    at += put_header(sa, type, length, message + at);
    memcpy(message + at, data, len);
    hash_from(sa->mac, sa->states, message, at + len, inner);
    hash_from(sa->mac, sa->states + 8, inner, sizes[sa->mac], outer);
    memcpy(out, outer, sa->mac_len);
}

/* ---------------------------------------------------------------- whole records */

static uint64_t low_half(const uint8_t *bytes)
{
    uint64_t value = 0;

    for (unsigned i = 8; i--;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static void make_nonce(const struct sa *sa, uint64_t counter, const uint8_t *given, uint8_t *nonce)
{
    static const uint8_t zero[16];
    uint32_t len = sa->aes ? 16 : 8;

    memcpy(nonce, given, 16);
    if (!sa->explicit_nonce) {
        memset(nonce, 0, 16);
        for (unsigned i = 0; i < 8; i++) {
            nonce[len - 1 - i] = (uint8_t)(counter >> 8 * i);
        }
        cbc(sa, true, zero, nonce, len);
    }
}

/* Makes a record; returns its bytes. */
static uint32_t make_record(const struct sa *sa, const uint8_t *content, uint32_t len, const struct hw_job *job,
                            const uint8_t *given, uint8_t *record)
{
    uint8_t nonce[16], *lead = record + sa->header, *body = lead + sa->lead;
    uint32_t inside = len, padding, total;

    make_nonce(sa, job->counter, given, nonce);
    memcpy(lead, nonce, sa->lead);
    memmove(body, content, len);
    if (!sa->etm) {
        put_mac(sa, nonce, job->counter, type_of(job), len, body, len, body + len);
        inside += sa->mac_len;
    }
    if (sa->block > 1) {
        padding = sa->block - 1 - inside % sa->block;
        memset(body + inside, (int)padding, padding + 1);
        inside += padding + 1;
    }
    cbc(sa, true, nonce, body, inside);
    total = sa->header + sa->lead + inside + (sa->etm ? sa->mac_len : 0) + sa->trail;
    if (sa->etm && sa->tls) {
        put_mac(sa, nonce, job->counter, type_of(job), sa->lead + inside, lead, sa->lead + inside, body + inside);
    } else if (sa->etm) {
        put_mac(sa, nonce, job->counter, type_of(job), total - 5, body, inside, body + inside);
    }
    memcpy(record + total - sa->trail, nonce, sa->trail);
    put_header(sa, type_of(job), total - 5, record);
    return total;
}

/* Content's length of what was encrypted, or -1: padding or, in mte, MAC is wrong. */
static int check_inside(const struct sa *sa, const uint8_t *nonce, uint64_t seq, uint8_t type, const uint8_t *plain, uint32_t len)
{
    uint32_t mac_len = sa->etm ? 0 : sa->mac_len, padding = sa->block > 1 ? plain[len - 1] + 1u : 0;
    uint8_t mac[64];

    if (padding + mac_len > len) {
        return -1;
    }
    for (uint32_t i = len - padding; i < len; i++) {
        if (plain[i] != plain[len - 1]) {
            return -1;
        }
    }
    len -= padding + mac_len;
    if (mac_len) {
        put_mac(sa, nonce, seq, type, len, plain, len, mac);
    }
    return mac_len && memcmp(mac, plain + len, mac_len) != 0 ? -1 : (int)len;
}

static bool check_etm(const struct sa *sa, const uint8_t *nonce, uint64_t seq, const uint8_t *record, uint32_t len,
                      const uint8_t *body, uint32_t inside)
{
    uint8_t mac[64];

    if (!sa->etm || !sa->mac_len) {
        return true;
    }
    put_mac(sa, nonce, seq, record[0], sa->tls ? sa->lead + inside : len - 5, body - sa->lead, sa->lead + inside, mac);
    return memcmp(mac, body + inside, sa->mac_len) == 0;
}

static void finish(struct fake_lane *lane, uint32_t status, uint32_t first, uint32_t length, uint64_t counter)
{
    lane->has_result = true;
    lane->result = (struct hw_result){.status = status, .first = first, .length = length};
    lane->counter = counter;
}

static bool header_right(const struct sa *sa, const uint8_t *record)
{
    return (record[0] & 0x80) == (sa->tls ? 0 : 0x80) && record[1] == 3 && record[2] == sa->minor &&
           (sa->tls || memcmp(record + 5, sa->cid, 8) == 0);
}

static void open_record(struct fake_lane *lane, const struct sa *sa, const struct hw_job *job, const uint8_t *given)
{
    static const uint8_t zero[16];
    uint32_t at = body_at(sa), len = job->src_len, inside = len - sa->header - sa->lead - sa->trail - (sa->etm ? sa->mac_len : 0);
    uint8_t *body = lane->ring + at, *record = body - sa->header - sa->lead, nonce[16], block[16], plain[RECORD_MOST];
    uint64_t counter = 0;
    int content = -1;

    if (!header_right(sa, record)) {
        finish(lane, SLUICE_STATUS_BAD_FORMAT, at, 0, 0);
        return;
    }
    if ((uint32_t)(record[3] << 8 | record[4]) != len - 5) {
        finish(lane, SLUICE_STATUS_BAD_LENGTH, at, 0, 0);
        return;
    }
    memcpy(nonce, given, 16);
    memcpy(nonce, sa->tls ? record + sa->header : record + len - sa->trail, sa->nonce);
    if (!sa->explicit_nonce) {
        uint32_t nonce_len = sa->aes ? 16 : 8;

        memcpy(block, nonce, nonce_len);
        cbc(sa, false, zero, block, nonce_len);
        for (unsigned i = 0; i < 8; i++) {
            counter = counter << 8 | block[nonce_len - 8 + i];
        }
        if (sa->aes && low_half(block)) {
            finish(lane, SLUICE_STATUS_FORGED_NONCE, at, 0, 0);
            return;
        }
    }
    if (sa->form == SLUICE_FORM_TLS10 && sa->block > 1) {
        counter = low_half(body + inside - sa->block);
    }
    memcpy(plain, body, inside);
    cbc(sa, false, nonce, plain, inside);
    if (check_etm(sa, nonce, job->counter, record, len, body, inside)) {
        content = check_inside(sa, nonce, job->counter, record[0], plain, inside);
    }
    memcpy(body, plain, inside);
    if (content < 0) {
        finish(lane, SLUICE_STATUS_AUTH_FAILED, at, 0, sa->aes && !sa->explicit_nonce ? counter : 0);
    } else {
        finish(lane, SLUICE_STATUS_OK, at, (uint32_t)content, counter);
    }
}

/* The counter that a result of a record made of these bytes has. */
static uint64_t sealed_counter(const struct sa *sa, const struct hw_job *job, const uint8_t *record, uint32_t len)
{
    if (sa->form == SLUICE_FORM_TLS10 && sa->block > 1) {
        return low_half(record + len - sa->block);
    }
    return sa->explicit_nonce ? 0 : job->counter;
}

static void seal_record(struct fake_lane *lane, const struct sa *sa, const struct hw_job *job, const uint8_t *given)
{
    uint8_t record[RECORD_MOST];
    uint32_t at = body_at(sa), first = at - sa->header - sa->lead;
    uint32_t len = make_record(sa, lane->ring + at, job->src_len, job, given, record);

    memcpy(lane->ring + first, record, len);
    finish(lane, SLUICE_STATUS_OK, first, len, sealed_counter(sa, job, record, len));
}

static void verify(struct fake_lane *lane, const struct sa *sa, const struct hw_job *job, const uint8_t *given)
{
    int content = check_inside(sa, given, job->counter, type_of(job), lane->ring + body_at(sa), job->src_len);

    finish(lane, content < 0 ? SLUICE_STATUS_AUTH_FAILED : SLUICE_STATUS_OK, body_at(sa), content < 0 ? 0 : (uint32_t)content, 0);
}

static void keys(struct fake_lane *lane, const struct sa *sa)
{
    static const uint8_t sizes[] = {0, 16, 20, 32};
    uint32_t states[16];

    known_states_of(sa->mac, lane->ring, sizes[sa->mac], states);
    memcpy(lane->keys, states, sizeof states);
    finish(lane, SLUICE_STATUS_OK, 0, 0, 0);
}

/* ---------------------------------------------------------------- parts */

/* How much of the record is ready with so much of the source: bytes of what the parts make together, from `made` on. */
static uint32_t make_so_far(struct fake_lane *lane, const struct sa *sa, bool last, uint8_t *out)
{
    uint32_t got = lane->parts_len, before = sa->header + sa->lead, whole;

    if (!sa->opens) {
        memset(lane->parts + got, 0, sizeof lane->parts - got); /* what is to come changes nothing of what is ready */
        whole = make_record(sa, lane->parts, lane->parts_job.total, &lane->parts_job, lane->parts_nonce, out);
        return last ? whole : before + got / sa->block * sa->block;
    }
    whole = (uint32_t)(lane->parts[3] << 8 | lane->parts[4]) + 5 - before - (sa->etm ? sa->mac_len : 0);
    got = got - before < whole ? (got - before) / sa->block * sa->block : whole;
    memcpy(out, lane->parts + before, got);
    cbc(sa, false, sa->lead ? lane->parts + sa->header : lane->parts_nonce, out, got);
    return got;
}

static void run_part(struct fake_lane *lane, const struct sa *sa, const struct hw_job *job, const uint8_t *given)
{
    uint8_t out[RECORD_MOST];
    uint32_t len;

    if (job->what & HW_JOB_FIRST) {
        lane->parts_len = lane->parts_made = 0;
        lane->parts_job = *job;
        memcpy(lane->parts_nonce, given, 16);
    }
    memcpy(lane->parts + lane->parts_len, lane->ring + PART_IN, job->src_len);
    lane->parts_len += job->src_len;
    len = make_so_far(lane, sa, job->what & HW_JOB_LAST, out);
    memcpy(lane->ring, out + lane->parts_made, len - lane->parts_made);
    finish(lane, SLUICE_STATUS_OK, 0, len - lane->parts_made, 0);
    lane->parts_made = len;
    if (job->what & HW_JOB_LAST && sa->form == SLUICE_FORM_TLS10 && sa->block > 1) {
        lane->counter = low_half((sa->opens ? lane->parts + lane->parts_len : out + len) - sa->block);
    }
}

void fake_lane_run(struct fake_lane *lane, const struct hw_job *job, const uint8_t *words, const uint8_t nonce[16])
{
    struct sa sa;

    decode(words, &sa);
    lane->sealed = kind_of(job) == HW_SEAL;
    assert(kind_of(job) == HW_KEYS || sa.opens == (kind_of(job) != HW_SEAL));
    if (job->what & HW_JOB_PART) {
        run_part(lane, &sa, job, nonce);
    } else if (kind_of(job) == HW_SEAL) {
        seal_record(lane, &sa, job, nonce);
    } else if (kind_of(job) == HW_OPEN) {
        open_record(lane, &sa, job, nonce);
    } else if (kind_of(job) == HW_VERIFY) {
        verify(lane, &sa, job, nonce);
    } else {
        keys(lane, &sa);
    }
}
