/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL 3 marks these functions as deprecated in favour of EVP_MD, which can neither copy a state without an allocation (the
 * cost of two compressions, measured) nor compress one block; nothing in the library replaces them.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "soft_hash.h"

#include <assert.h>
#include <stddef.h>

static_assert(offsetof(MD5_CTX, A) == 0 && offsetof(MD5_CTX, D) == 12, "chaining words come first");
static_assert(offsetof(SHA_CTX, h0) == 0 && offsetof(SHA_CTX, h4) == 16, "chaining words come first");
static_assert(offsetof(SHA256_CTX, h) == 0 && sizeof(union hash_state) >= 4 * HASH_WORDS, "chaining words come first");

static void store_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void store_le32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static void md5_digest(const uint32_t words[HASH_WORDS], uint8_t *digest)
{
    for (unsigned i = 0; i < 4; i++) {
        store_le32(digest + 4 * i, words[i]);
    }
}

static void md5_init(union hash_state *s)
{
    MD5_Init(&s->md5);
}

static void md5_update(union hash_state *s, const uint8_t *data, size_t len)
{
    MD5_Update(&s->md5, data, len);
}

static void md5_final(union hash_state *s, uint8_t *digest)
{
    MD5_Final(digest, &s->md5);
}

static void md5_compress(union hash_state *s, const uint8_t *block)
{
    MD5_Transform(&s->md5, block);
}

static void sha1_digest(const uint32_t words[HASH_WORDS], uint8_t *digest)
{
    for (unsigned i = 0; i < 5; i++) {
        store_be32(digest + 4 * i, words[i]);
    }
}

static void sha1_init(union hash_state *s)
{
    SHA1_Init(&s->sha1);
}

static void sha1_update(union hash_state *s, const uint8_t *data, size_t len)
{
    SHA1_Update(&s->sha1, data, len);
}

static void sha1_final(union hash_state *s, uint8_t *digest)
{
    SHA1_Final(digest, &s->sha1);
}

static void sha1_compress(union hash_state *s, const uint8_t *block)
{
    SHA1_Transform(&s->sha1, block);
}

static void sha256_digest(const uint32_t words[HASH_WORDS], uint8_t *digest)
{
    for (unsigned i = 0; i < 8; i++) {
        store_be32(digest + 4 * i, words[i]);
    }
}

static void sha256_init(union hash_state *s)
{
    SHA256_Init(&s->sha256);
}

static void sha256_update(union hash_state *s, const uint8_t *data, size_t len)
{
    SHA256_Update(&s->sha256, data, len);
}

static void sha256_final(union hash_state *s, uint8_t *digest)
{
    SHA256_Final(digest, &s->sha256);
}

static void sha256_compress(union hash_state *s, const uint8_t *block)
{
    SHA256_Transform(&s->sha256, block);
}

static const struct hash hashes[] = {
    [SLUICE_MAC_MD5] = {16, true, md5_init, md5_update, md5_final, md5_compress, md5_digest},
    [SLUICE_MAC_SHA1] = {20, false, sha1_init, sha1_update, sha1_final, sha1_compress, sha1_digest},
    [SLUICE_MAC_SHA256] = {32, false, sha256_init, sha256_update, sha256_final, sha256_compress, sha256_digest},
};

const struct hash *hash_of(enum sluice_mac mac)
{
    switch (mac) {
    case SLUICE_MAC_MD5:
    case SLUICE_MAC_SHA1:
    case SLUICE_MAC_SHA256:
        return &hashes[mac];
    case SLUICE_MAC_NONE:
    default:
        return NULL;
    }
}
