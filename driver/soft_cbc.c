/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_cbc.h"

#include <errno.h>
#include <string.h>

static const EVP_CIPHER *evp_cipher(enum sluice_cipher cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_AES128:
        return EVP_aes_128_cbc();
    case SLUICE_CIPHER_AES192:
        return EVP_aes_192_cbc();
    case SLUICE_CIPHER_AES256:
        return EVP_aes_256_cbc();
    case SLUICE_CIPHER_NULL:
    case SLUICE_CIPHER_DES:
    case SLUICE_CIPHER_DES3:
    default:
        return NULL;
    }
}

int cbc_init(struct cbc *cbc, enum sluice_cipher cipher, enum sluice_direction direction, const uint8_t *key)
{
    const EVP_CIPHER *evp = evp_cipher(cipher);

    *cbc = (struct cbc){.direction = direction};
    if (cipher == SLUICE_CIPHER_NULL) {
        return 0;
    }
    if (!evp) {
        return -EOPNOTSUPP;
    }
    cbc->ctx = EVP_CIPHER_CTX_new();
    if (!cbc->ctx || !EVP_CipherInit_ex(cbc->ctx, evp, NULL, key, cbc->chain, direction == SLUICE_DIRECTION_SEAL) ||
        !EVP_CIPHER_CTX_set_padding(cbc->ctx, 0)) {
        cbc_fini(cbc);
        return -ENOMEM;
    }
    return 0;
}

void cbc_fini(struct cbc *cbc)
{
    EVP_CIPHER_CTX_free(cbc->ctx); /* which wipes the key */
    cbc->ctx = NULL;
}

static void xor_block(uint8_t *out, const uint8_t *a, const uint8_t *b)
{
    for (unsigned i = 0; i < CBC_BLOCK_BYTES; i++) {
        out[i] = a[i] ^ b[i];
    }
}

static int update(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    int done = 0;

    return EVP_CipherUpdate(cbc->ctx, out, &done, in, (int)len) && done == (int)len ? 0 : -EIO;
}

int cbc_block(struct cbc *cbc, const uint8_t in[CBC_BLOCK_BYTES], uint8_t out[CBC_BLOCK_BYTES])
{
    uint8_t block[CBC_BLOCK_BYTES];
    int err;

    if (cbc->direction == SLUICE_DIRECTION_SEAL) {
        xor_block(block, in, cbc->chain);
        err = update(cbc, block, cbc->chain, sizeof block);
        memcpy(out, cbc->chain, sizeof block);
    } else {
        err = update(cbc, in, block, sizeof block);
        xor_block(block, block, cbc->chain);
        memcpy(cbc->chain, in, sizeof block);
        memcpy(out, block, sizeof block);
    }
    return err;
}

int cbc_start(struct cbc *cbc, const uint8_t iv[CBC_BLOCK_BYTES])
{
    memcpy(cbc->chain, iv, CBC_BLOCK_BYTES);
    return EVP_CipherInit_ex(cbc->ctx, NULL, NULL, NULL, iv, -1) ? 0 : -EIO;
}

int cbc_run(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    int err;

    if (len == 0) {
        return 0;
    }
    if (cbc->direction == SLUICE_DIRECTION_OPEN) {
        memcpy(cbc->chain, in + len - CBC_BLOCK_BYTES, CBC_BLOCK_BYTES);
        return update(cbc, in, out, len);
    }
    err = update(cbc, in, out, len);
    memcpy(cbc->chain, out + len - CBC_BLOCK_BYTES, CBC_BLOCK_BYTES);
    return err;
}
