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
    EVP_CIPHER_CTX *blocks;         /* the block cipher itself, for cbc_lanes; NULL: it cannot */
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

/*
 * Several records encrypted at a time. In CBC a block waits for the one before, and the processor with it; so the blocks at one
 * place of all of them go through the block cipher together.
 */
#define CBC_LANES       32u /* at most; more gain nothing */
#define CBC_LANES_LEAST 3u  /* fewer are faster one after the other */

struct cbc_lane {
    uint8_t *data; /* encrypted in place */
    size_t len;    /* a multiple of the block, not 0 */
    uint8_t iv[CBC_BLOCK_BYTES];
};

/* Whether that is possible here: AES, for seal. */
static inline bool cbc_has_lanes(const struct cbc *cbc)
{
    return cbc->blocks;
}
/* Takes each lane's iv through the block cipher: 0 or -EIO. */
int cbc_lane_ivs(struct cbc *cbc, struct cbc_lane *lanes, unsigned count);
/* Encrypts each: 0 or -EIO. The chain of cbc_run is another one's afterwards, as after a record. The lanes are used up. */
int cbc_run_lanes(struct cbc *cbc, struct cbc_lane *lanes, unsigned count);

#endif
