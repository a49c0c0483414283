/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One direction of one cipher key, in CBC mode, for the software engine.
 *
 * The OpenSSL context is keyed once and its chain is never restarted: setting an IV costs more than a block. Instead cbc_block
 * takes the chain out of a single block's work, which makes it the plain block cipher; and when that block is (encrypt: gives,
 * decrypt: takes) a record's nonce, the chain stands where that record's CBC begins.
 */
#ifndef SLUICE_SOFT_CBC_H
#define SLUICE_SOFT_CBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "sluice_defs.h"

#define CBC_BLOCK_BYTES 16u /* of the largest block */

struct cbc {
    EVP_CIPHER_CTX *ctx;            /* NULL: the NULL cipher */
    uint8_t chain[CBC_BLOCK_BYTES]; /* last block of cipher text, or the IV that cbc_start gave; zeros after it */
    uint8_t mix[CBC_BLOCK_BYTES]; /* chain ^ what stands for it in ctx: an IV is never set, which would cost more than a block */
    bool mixed;                   /* mix is not 0 */
    uint8_t block;                /* bytes */
    enum sluice_direction direction;
};

/* -EOPNOTSUPP: no such cipher here; -ENOMEM. `direction`: seal encrypts, open decrypts. */
int cbc_init(struct cbc *cbc, enum sluice_cipher cipher, enum sluice_direction direction, const uint8_t *key);
void cbc_fini(struct cbc *cbc);

/* The block cipher itself, encrypting or decrypting as `direction` says. in and out may be the same. Returns 0 or -EIO. */
int cbc_block(struct cbc *cbc, const uint8_t *in, uint8_t *out);
/* Begins a record with an IV from elsewhere. */
void cbc_start(struct cbc *cbc, const uint8_t *iv);
/* Goes on with the chain; len is a multiple of the block. in and out are the same or disjoint. */
int cbc_run(struct cbc *cbc, const uint8_t *in, uint8_t *out, size_t len);

#endif
