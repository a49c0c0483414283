/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashes whose state can be copied with no allocation and fed block by block: what HMAC with precomputed states, and hashing in
 * constant time, need. All have 64-byte blocks.
 */
#ifndef SLUICE_SOFT_HASH_H
#define SLUICE_SOFT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/md5.h>
#include <openssl/sha.h>

#include "sluice_defs.h"

#define HASH_BLOCK_BYTES 64u
#define HASH_MAX_BYTES   32u

#define HASH_WORDS       8u

/* Each begins with its chaining words, up to HASH_WORDS of them. */
union hash_state {
    MD5_CTX md5;
    SHA_CTX sha1;
    SHA256_CTX sha256;
};

struct hash {
    uint8_t bytes;      /* of the digest */
    bool little_endian; /* the message length in the last block */
    void (*init)(union hash_state *s);
    void (*update)(union hash_state *s, const uint8_t *data, size_t len);
    void (*final)(union hash_state *s, uint8_t *digest);
    void (*compress)(union hash_state *s, const uint8_t *block);       /* one block; only between whole blocks */
    void (*digest)(const uint32_t words[HASH_WORDS], uint8_t *digest); /* of chaining words */
};

/* NULL: none. */
const struct hash *hash_of(enum sluice_mac mac);

#endif
