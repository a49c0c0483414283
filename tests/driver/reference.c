/* SPDX-License-Identifier: Apache-2.0 */
#include "reference.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

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

static void encrypt(const EVP_CIPHER *evp, const uint8_t *key, const uint8_t *iv, uint8_t *data, uint32_t len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int done = 0, rest = 0;

    assert(ctx && EVP_EncryptInit_ex(ctx, evp, NULL, key, iv) && EVP_CIPHER_CTX_set_padding(ctx, 0));
    assert(EVP_EncryptUpdate(ctx, data, &done, data, (int)len) && EVP_EncryptFinal_ex(ctx, data + done, &rest));
    EVP_CIPHER_CTX_free(ctx);
}

static uint32_t nonce_len(const struct sluice_sa_config *config)
{
    return config->cipher == SLUICE_CIPHER_NULL ? 8 : 16;
}

void reference_nonce(const struct sluice_sa_config *config, uint64_t counter, uint8_t nonce[16])
{
    uint32_t len = nonce_len(config);

    memset(nonce, 0, 16);
    for (unsigned i = 0; i < 8; i++) {
        nonce[len - 1 - i] = (uint8_t)(counter >> (8 * i));
    }
    if (len == 16) {
        encrypt(evp_cipher(config->cipher, false), config->cipher_key, NULL, nonce, 16);
    }
}

uint32_t reference_padding(const struct sluice_sa_config *config, uint32_t content_len, unsigned pad)
{
    uint32_t len = content_len + (config->form == SLUICE_FORM_UDP_MTE ? config->mac_len : 0);

    return config->cipher == SLUICE_CIPHER_NULL ? 0 : 15 - len % 16 + 16 * pad;
}

/* MAC over nonce | type | version | length | cid | data, truncated, with its fault. */
static uint32_t put_mac(const struct reference *r, uint32_t length, const uint8_t *data, uint32_t len, uint8_t *out)
{
    uint8_t message[REFERENCE_ROOM + 32], mac[EVP_MAX_MD_SIZE];
    const EVP_MD *md = evp_md(r->config->mac);
    uint32_t at = nonce_len(r->config);

    if (!md) {
        return 0;
    }
    memcpy(message, r->nonce, at);
    message[at++] = r->type;
    message[at++] = 3;
    message[at++] = 3;
    message[at++] = (uint8_t)(length >> 8);
    message[at++] = (uint8_t)length;
    memcpy(message + at, r->config->cid, 8);
    memcpy(message + at + 8, data, len);
    assert(HMAC(md, r->config->mac_key, EVP_MD_get_size(md), message, at + 8 + len, mac, NULL));
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

uint32_t reference_record(const struct reference *r, uint8_t *record)
{
    const struct sluice_sa_config *c = r->config;
    bool etm = c->form == SLUICE_FORM_UDP_ETM;
    uint8_t *body = record + 13;
    uint32_t inside = r->content_len, total;

    memcpy(body, r->content, r->content_len);
    if (!etm) {
        inside += put_mac(r, r->content_len, body, r->content_len, body + inside);
    }
    inside += put_padding(r, body + inside);
    if (c->cipher != SLUICE_CIPHER_NULL) {
        encrypt(evp_cipher(c->cipher, true), c->cipher_key, r->nonce, body, inside);
    }
    total = 13 + inside + (etm ? c->mac_len : 0) + nonce_len(c);
    if (etm) {
        inside += put_mac(r, total - 5, body, inside, body + inside);
    }
    memcpy(body + inside, r->nonce, nonce_len(c));
    record[0] = r->type;
    record[1] = 3;
    record[2] = 3;
    record[3] = (uint8_t)((total - 5) >> 8);
    record[4] = (uint8_t)(total - 5);
    memcpy(record + 5, c->cid, 8);
    return total;
}
