/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL 3 marks the DES functions as deprecated; its EVP_CIPHER has DES in the legacy provider alone. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "reference.h"

#include <assert.h>
#include <string.h>

#include <openssl/des.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_CIPHER *evp_cipher(enum sluice_cipher cipher, bool cbc)
{
    switch (cipher) {
    case SLUICE_CIPHER_AES128:
        return cbc ? EVP_aes_128_cbc() : EVP_aes_128_ecb();
    case SLUICE_CIPHER_AES192:
        return cbc ? EVP_aes_192_cbc() : EVP_aes_192_ecb();
    case SLUICE_CIPHER_AES256:
        return cbc ? EVP_aes_256_cbc() : EVP_aes_256_ecb();
    default:
        return NULL;
    }
}

static const EVP_MD *evp_md(enum sluice_mac mac)
{
    switch (mac) {
    case SLUICE_MAC_MD5:
        return EVP_md5();
    case SLUICE_MAC_SHA1:
        return EVP_sha1();
    case SLUICE_MAC_SHA256:
        return EVP_sha256();
    default:
        return NULL;
    }
}

static void encrypt_aes(const EVP_CIPHER *evp, const uint8_t *key, const uint8_t *iv, uint8_t *data, uint32_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0, rest = 0;

    assert(ctx && EVP_EncryptInit_ex(ctx, evp, NULL, key, iv) && EVP_CIPHER_CTX_set_padding(ctx, 0));
    assert(EVP_EncryptUpdate(ctx, data, &done, data, (int)len) && EVP_EncryptFinal_ex(ctx, data + done, &rest));
    EVP_CIPHER_CTX_free(ctx);
}

static void encrypt_des(const struct sluice_sa_config *c, const uint8_t *iv, uint8_t *data, uint32_t len)
{
    DES_key_schedule k[3];
    DES_cblock key, chain;

    for (unsigned i = 0; i < (c->cipher == SLUICE_CIPHER_DES ? 1 : 3); i++) {
        memcpy(key, c->cipher_key + 8 * i, sizeof key);
        DES_set_key_unchecked(&key, &k[i]);
    }
    memcpy(chain, iv, sizeof chain);
    if (c->cipher == SLUICE_CIPHER_DES) {
        DES_ncbc_encrypt(data, data, len, &k[0], &chain, DES_ENCRYPT);
    } else {
        DES_ede3_cbc_encrypt(data, data, len, &k[0], &k[1], &k[2], &chain, DES_ENCRYPT);
    }
}

/* CBC, or the block cipher alone when there is no IV. */
static void encrypt(const struct sluice_sa_config *c, const uint8_t *iv, uint8_t *data, uint32_t len)
{
    static const uint8_t zero[8];

    if (c->cipher == SLUICE_CIPHER_NULL) {
        return;
    }
    if (reference_block(c) == 8) {
        encrypt_des(c, iv ? iv : zero, data, len);
    } else {
        encrypt_aes(evp_cipher(c->cipher, iv != NULL), c->cipher_key, iv, data, len);
    }
}

bool reference_tls(const struct sluice_sa_config *c)
{
    return c->form == SLUICE_FORM_TLS_MTE || c->form == SLUICE_FORM_TLS_ETM || c->form == SLUICE_FORM_TLS10;
}

bool reference_etm(const struct sluice_sa_config *c)
{
    return c->form == SLUICE_FORM_UDP_ETM || c->form == SLUICE_FORM_TLS_ETM;
}

uint32_t reference_block(const struct sluice_sa_config *c)
{
    if (c->cipher == SLUICE_CIPHER_NULL) {
        return 1;
    }
    return c->cipher == SLUICE_CIPHER_DES || c->cipher == SLUICE_CIPHER_DES3 ? 8 : 16;
}

uint32_t reference_header(const struct sluice_sa_config *c)
{
    return reference_tls(c) ? 5 : 13;
}

uint32_t reference_wire_nonce(const struct sluice_sa_config *c)
{
    if (c->cipher == SLUICE_CIPHER_NULL) {
        return reference_tls(c) ? 0 : 8;
    }
    return c->form == SLUICE_FORM_TLS10 ? 0 : reference_block(c);
}

void reference_nonce(const struct sluice_sa_config *config, uint64_t counter, uint8_t nonce[16])
{
    uint32_t len = reference_block(config) == 16 ? 16 : 8;

    memset(nonce, 0, 16);
    for (unsigned i = 0; i < 8; i++) {
        nonce[len - 1 - i] = (uint8_t)(counter >> (8 * i));
    }
    encrypt(config, NULL, nonce, len);
}

uint32_t reference_padding(const struct sluice_sa_config *config, uint32_t content_len, unsigned pad)
{
    uint32_t len = content_len + (reference_etm(config) ? 0 : config->mac_len), block = reference_block(config);

    return config->cipher == SLUICE_CIPHER_NULL ? 0 : block - 1 - len % block + block * pad;
}

/* The header, with `length` in its length field; returns its bytes. */
static uint32_t put_header(const struct reference *r, uint32_t length, uint8_t *out)
{
    const struct sluice_sa_config *c = r->config;

    out[0] = r->type;
    out[1] = 3;
    out[2] = c->form == SLUICE_FORM_TLS10 ? 1 : reference_tls(c) ? c->tls_minor : 3;
    out[3] = (uint8_t)(length >> 8);
    out[4] = (uint8_t)length;
    if (!reference_tls(c)) {
        memcpy(out + 5, c->cid, 8);
    }
    return reference_header(c);
}

/* MAC over nonce or sequence number | header with this length | data, truncated, with its fault. */
static uint32_t put_mac(const struct reference *r, uint32_t length, const uint8_t *data, uint32_t len, uint8_t *out)
{
    uint8_t message[REFERENCE_ROOM + 32], mac[EVP_MAX_MD_SIZE];
    const EVP_MD *md = evp_md(r->config->mac);
    uint32_t at = 0;

    if (!md) {
        return 0;
    }
    if (reference_tls(r->config)) {
        for (; at < 8; at++) {
            message[at] = (uint8_t)(r->seq >> (56 - 8 * at));
        }
    } else {
        at = reference_wire_nonce(r->config);
        memcpy(message, r->nonce, at);
    }
    at += put_header(r, length, message + at);
    memcpy(message + at, data, len);
    assert(HMAC(md, r->config->mac_key, EVP_MD_get_size(md), message, at + len, mac, NULL));
    if (r->bad_mac != NO_FAULT) {
        mac[r->bad_mac] ^= 0x10;
    }
    memcpy(out, mac, r->config->mac_len);
    return r->config->mac_len;
}

static uint32_t put_padding(const struct reference *r, uint8_t *out)
{
    if (r->config->cipher == SLUICE_CIPHER_NULL) {
        return 0;
    }
    memset(out, (int)r->padding, r->padding + 1);
    if (r->bad_padding != NO_FAULT) {
        out[r->bad_padding] ^= 0x55;
    }
    return r->padding + 1;
}

uint32_t reference_inside(const struct reference *r, uint8_t *inside)
{
    uint32_t len = r->content_len;

    memcpy(inside, r->content, len);
    if (!reference_etm(r->config)) {
        len += put_mac(r, len, inside, len, inside + len);
    }
    return len + put_padding(r, inside + len);
}

uint32_t reference_record(const struct reference *r, uint8_t *record)
{
    const struct sluice_sa_config *c = r->config;
    bool etm = reference_etm(c), tls = reference_tls(c);
    uint32_t lead = tls ? reference_wire_nonce(c) : 0, trail = tls ? 0 : reference_wire_nonce(c);
    uint8_t *after_header = record + reference_header(c), *body = after_header + lead;
    uint32_t inside = reference_inside(r, body), total;

    memcpy(after_header, r->nonce, lead);
    encrypt(c, r->nonce, body, inside);
    total = reference_header(c) + lead + inside + (etm ? c->mac_len : 0) + trail;
    if (etm) {
        inside += put_mac(r, tls ? lead + inside : total - 5, after_header, lead + inside, body + inside);
    }
    memcpy(body + inside, r->nonce, trail);
    put_header(r, total - 5, record);
    return total;
}
