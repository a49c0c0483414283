/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_cbc.h"

#include <errno.h>
#include <string.h>

#include "sluice.h"

#define KEY_MOST 32u

static const EVP_CIPHER *evp_cipher(enum sluice_cipher cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_AES128:
        return EVP_aes_128_cbc();
    case SLUICE_CIPHER_AES192:
        return EVP_aes_192_cbc();
    case SLUICE_CIPHER_AES256:
        return EVP_aes_256_cbc();
    case SLUICE_CIPHER_DES:
    case SLUICE_CIPHER_DES3:
        return EVP_des_ede3_cbc();
    case SLUICE_CIPHER_NULL:
    default:
        return NULL;
    }
}

/* Single DES is 3DES with three times the same key, so that OpenSSL's legacy provider is not needed. */
static void expand_key(enum sluice_cipher cipher, const uint8_t *key, uint8_t expanded[KEY_MOST])
{
    size_t len = sluice_cipher_key_len(cipher);

    memcpy(expanded, key, len);
    if (cipher == SLUICE_CIPHER_DES) {
        memcpy(expanded + len, key, len);
        memcpy(expanded + 2 * len, key, len);
    }
}

static const EVP_CIPHER *evp_blocks(enum sluice_cipher cipher)
{
    switch (cipher) {
    case SLUICE_CIPHER_AES128:
        return EVP_aes_128_ecb();
    case SLUICE_CIPHER_AES192:
        return EVP_aes_192_ecb();
    case SLUICE_CIPHER_AES256:
        return EVP_aes_256_ecb();
    default:
        return NULL;
    }
}

static EVP_CIPHER_CTX *context(const EVP_CIPHER *evp, const uint8_t *key, const uint8_t *iv, enum sluice_direction direction)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx && EVP_CipherInit_ex(ctx, evp, NULL, key, iv, direction == SLUICE_DIRECTION_SEAL) &&
        EVP_CIPHER_CTX_set_padding(ctx, 0)) {
        return ctx;
    }
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

int cbc_init(struct cbc *cbc, enum sluice_cipher cipher, enum sluice_direction direction, const uint8_t *key)
{
    const EVP_CIPHER *evp = evp_cipher(cipher);

    uint8_t expanded[KEY_MOST] = {0};
    bool good;

    *cbc = (struct cbc){.direction = direction, .block = (uint8_t)sluice_cipher_block(cipher)};
    if (cipher == SLUICE_CIPHER_NULL) {
        return 0;
    }
    if (!evp) {
        return -EOPNOTSUPP;
    }
    expand_key(cipher, key, expanded);
    cbc->ctx = context(evp, expanded, cbc->chain, direction);
    good = cbc->ctx;
    if (good && direction == SLUICE_DIRECTION_SEAL && evp_blocks(cipher)) {
        cbc->blocks = context(evp_blocks(cipher), expanded, NULL, direction);
        good = cbc->blocks;
    }
    explicit_bzero(expanded, sizeof expanded);
    if (!good) {
        cbc_fini(cbc);
        return -ENOMEM;
    }
    return 0;
}

void cbc_fini(struct cbc *cbc)
{
    EVP_CIPHER_CTX_free(cbc->ctx); /* which wipes the key */
    EVP_CIPHER_CTX_free(cbc->blocks);
    cbc->ctx = cbc->blocks = NULL;
}

static void xor_block(uint8_t *out, const uint8_t *a, const uint8_t *b, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        out[i] = a[i] ^ b[i];
    }
}

static int update(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    int done = 0;

    return EVP_CipherUpdate(cbc->ctx, out, &done, in, (int)len) && done == (int)len ? 0 : -EIO;
}

/* What ctx has for a chain is the record's own again, when its next block has gone through. */
static void forget_mix(struct cbc *cbc)
{
    memset(cbc->mix, 0, sizeof cbc->mix);
    cbc->mixed = false;
}

int cbc_block(struct cbc *cbc, const uint8_t *in, uint8_t *out)
{
    uint8_t block[CBC_BLOCK_BYTES];
    int err;

    xor_block(cbc->chain, cbc->chain, cbc->mix, cbc->block);
    if (cbc->direction == SLUICE_DIRECTION_SEAL) {
        xor_block(block, in, cbc->chain, cbc->block);
        err = update(cbc, block, cbc->chain, cbc->block);
        memcpy(out, cbc->chain, cbc->block);
    } else {
        err = update(cbc, in, block, cbc->block);
        xor_block(block, block, cbc->chain, cbc->block);
        memcpy(cbc->chain, in, cbc->block);
        memcpy(out, block, cbc->block);
    }
    forget_mix(cbc);
    return err;
}

void cbc_start(struct cbc *cbc, const uint8_t *iv)
{
    xor_block(cbc->mix, cbc->mix, cbc->chain, cbc->block);
    xor_block(cbc->mix, cbc->mix, iv, cbc->block);
    memcpy(cbc->chain, iv, cbc->block);
    cbc->mixed = true;
}

/* in ^ mix | rest, to out. */
static int encrypt_mixed(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    uint8_t first[CBC_BLOCK_BYTES];
    int err;

    xor_block(first, in, cbc->mix, cbc->block);
    if (in == out) {
        memcpy(out, first, cbc->block);
        return update(cbc, out, out, len);
    }
    err = update(cbc, first, out, cbc->block);
    return err || len == cbc->block ? err : update(cbc, in + cbc->block, out + cbc->block, len - cbc->block);
}

static int encrypt(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    int err = cbc->mixed ? encrypt_mixed(cbc, in, out, len) : update(cbc, in, out, len);

    memcpy(cbc->chain, out + len - cbc->block, cbc->block);
    return err;
}

static int decrypt(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    int err;

    memcpy(cbc->chain, in + len - cbc->block, cbc->block);
    err = update(cbc, in, out, len);
    if (cbc->mixed) {
        xor_block(out, out, cbc->mix, cbc->block);
    }
    return err;
}

int cbc_run(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len)
{
    int err;

    if (len == 0) {
        return 0;
    }
    err = cbc->direction == SLUICE_DIRECTION_OPEN ? decrypt(cbc, in, out, len) : encrypt(cbc, in, out, len);
    if (cbc->mixed) {
        forget_mix(cbc);
    }
    return err;
}

/* ---------------------------------------------------------------- lanes */

/* The blocks that come next, one of each lane. */
struct row {
    uint8_t blocks[CBC_LANES][CBC_BLOCK_BYTES];
};

static void xor_aes_block(uint8_t *to, const uint8_t *with)
{
    uint64_t a[2], b[2];

    memcpy(a, to, sizeof a);
    memcpy(b, with, sizeof b);
    a[0] ^= b[0];
    a[1] ^= b[1];
    memcpy(to, a, sizeof a);
}

static int encrypt_row(struct cbc *cbc, struct row *row, unsigned count)
{
    int done = 0, len = (int)(count * CBC_BLOCK_BYTES);

    return EVP_EncryptUpdate(cbc->blocks, row->blocks[0], &done, row->blocks[0], len) && done == len ? 0 : -EIO;
}

int cbc_lane_ivs(struct cbc *cbc, struct cbc_lane *lanes, unsigned count)
{
    struct row row = {0};
    int err;

    for (unsigned i = 0; i < count; i++) {
        memcpy(row.blocks[i], lanes[i].iv, CBC_BLOCK_BYTES);
    }
    err = encrypt_row(cbc, &row, count);
    for (unsigned i = 0; i < count; i++) {
        memcpy(lanes[i].iv, row.blocks[i], CBC_BLOCK_BYTES);
    }
    return err;
}

/* One block of each lane; row has the one before, and then this. */
static int step_lanes(struct cbc *cbc, struct cbc_lane *lanes, unsigned count, struct row *row)
{
    int err;

    for (unsigned i = 0; i < count; i++) {
        xor_aes_block(row->blocks[i], lanes[i].data);
    }
    err = encrypt_row(cbc, row, count);
    for (unsigned i = 0; i < count; i++) {
        memcpy(lanes[i].data, row->blocks[i], CBC_BLOCK_BYTES);
        lanes[i].data += CBC_BLOCK_BYTES;
        lanes[i].len -= CBC_BLOCK_BYTES;
    }
    return err;
}

/* Puts the last of the lanes where one is through; how many are left. */
static unsigned drop_lanes(struct cbc_lane *lanes, unsigned count, struct row *row)
{
    for (unsigned i = 0; i < count;) {
        if (lanes[i].len > 0) {
            i++;
        } else if (i < --count) {
            lanes[i] = lanes[count];
            memcpy(row->blocks[i], row->blocks[count], CBC_BLOCK_BYTES);
        }
    }
    return count;
}

int cbc_run_lanes(struct cbc *cbc, struct cbc_lane *lanes, unsigned count)
{
    struct row row = {0};
    int err = 0;

    for (unsigned i = 0; i < count; i++) {
        memcpy(row.blocks[i], lanes[i].iv, CBC_BLOCK_BYTES);
    }
    while (!err && count >= CBC_LANES_LEAST) {
        err = step_lanes(cbc, lanes, count, &row);
        count = drop_lanes(lanes, count, &row);
    }
    for (unsigned i = 0; !err && i < count; i++) {
        cbc_start(cbc, row.blocks[i]);
        err = cbc_run(cbc, lanes[i].data, lanes[i].data, lanes[i].len);
    }
    return err;
}
