/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_mac.h"

#include <errno.h>
#include <string.h>

#include "soft_ct.h"

/* The end mark 0x80 and the 64-bit length, which every message is followed by. */
#define TRAILER_BYTES  9u
#define LENGTH_BYTES   8u
#define SECRET_SPAN    255u
/* Blocks that the end of a message may fall in when its length varies by SECRET_SPAN, and the part block before them. */
#define MAX_TAIL_BYTES ((HASH_BLOCK_BYTES - 1 + SECRET_SPAN + TRAILER_BYTES + HASH_BLOCK_BYTES - 1) & ~(HASH_BLOCK_BYTES - 1))

static void absorb_key(const struct hash *hash, union hash_state *s, const uint8_t *raw, uint8_t pad)
{
    uint8_t block[HASH_BLOCK_BYTES];

    memset(block, pad, sizeof block);
    for (unsigned i = 0; i < hash->bytes; i++) {
        block[i] ^= raw[i];
    }
    hash->init(s);
    hash->update(s, block, sizeof block);
    explicit_bzero(block, sizeof block);
}

int mac_key_init(struct mac_key *key, enum sluice_mac mac, const uint8_t *raw)
{
    key->hash = hash_of(mac);
    if (!key->hash) {
        return -EOPNOTSUPP;
    }
    absorb_key(key->hash, &key->inner, raw, 0x36);
    absorb_key(key->hash, &key->outer, raw, 0x5c);
    return 0;
}

static void finish(const struct mac_key *key, const uint8_t *inner_digest, uint8_t *out)
{
    union hash_state s = key->outer;

    key->hash->update(&s, inner_digest, key->hash->bytes);
    key->hash->final(&s, out);
}

void mac_end(const struct mac_key *key, union hash_state *s, uint8_t *out)
{
    uint8_t digest[HASH_MAX_BYTES];

    key->hash->final(s, digest);
    finish(key, digest, out);
}

void mac_compute(const struct mac_key *key, const uint8_t *prefix, size_t prefix_len, const uint8_t *data, size_t len,
                 uint8_t *out)
{
    union hash_state s = key->inner;

    key->hash->update(&s, prefix, prefix_len);
    key->hash->update(&s, data, len);
    mac_end(key, &s, out);
}

/* Writes the padding of a message that ends at byte `end` (secret) of tail, in its place, wherever that is. */
static void pad_tail(uint8_t *tail, uint32_t tail_len, uint32_t end, const uint8_t length[LENGTH_BYTES])
{
    uint32_t last = (end + LENGTH_BYTES) / HASH_BLOCK_BYTES;

    ct_end_mark(tail, tail_len, end);
    for (uint32_t block = 0; block < tail_len / HASH_BLOCK_BYTES; block++) {
        uint8_t mask = (uint8_t)ct_hide(ct_eq(block, last));
        uint8_t *at = tail + (block + 1) * HASH_BLOCK_BYTES - LENGTH_BYTES;

        for (uint32_t i = 0; i < LENGTH_BYTES; i++) {
            at[i] |= length[i] & mask;
        }
    }
}

/* Compresses every block of the tail and keeps the chaining value of the one in which the message ends. */
static void hash_tail(const struct hash *hash, union hash_state *s, const uint8_t *tail, uint32_t tail_len, uint32_t end,
                      uint8_t *out)
{
    uint32_t last = (end + LENGTH_BYTES) / HASH_BLOCK_BYTES;
    uint32_t kept[HASH_WORDS] = {0}, now[HASH_WORDS];

    for (uint32_t block = 0; block < tail_len / HASH_BLOCK_BYTES; block++) {
        uint32_t mask = ct_hide(ct_eq(block, last));

        hash->compress(s, tail + (size_t)block * HASH_BLOCK_BYTES);
        memcpy(now, s, sizeof now);
        for (uint32_t i = 0; i < HASH_WORDS; i++) {
            kept[i] |= now[i] & mask;
        }
    }
    hash->digest(kept, out);
}

static void length_field(const struct hash *hash, uint32_t message_len, uint8_t length[LENGTH_BYTES])
{
    uint64_t bits = 8 * ((uint64_t)message_len + HASH_BLOCK_BYTES); /* the key's block counts too */

    for (unsigned i = 0; i < LENGTH_BYTES; i++) {
        length[hash->little_endian ? i : LENGTH_BYTES - 1 - i] = (uint8_t)(bits >> (8 * i));
    }
}

void mac_compute_ct(const struct mac_key *key, const uint8_t *msg, uint32_t most, uint32_t len, uint8_t *out)
{
    const struct hash *hash = key->hash;
    uint32_t least = most > SECRET_SPAN ? most - SECRET_SPAN : 0;
    uint32_t head = least & ~(HASH_BLOCK_BYTES - 1); /* blocks that are message whatever the length is */
    uint32_t tail_len = (most - head + TRAILER_BYTES + HASH_BLOCK_BYTES - 1) & ~(HASH_BLOCK_BYTES - 1);
    union hash_state s = key->inner;
    uint8_t tail[MAX_TAIL_BYTES];
    uint8_t length[LENGTH_BYTES], digest[HASH_MAX_BYTES];

    hash->update(&s, msg, head);
    memcpy(tail, msg + head, most - head);
    memset(tail + (most - head), 0, tail_len - (most - head));
    length_field(hash, len, length);
    pad_tail(tail, tail_len, len - head, length);
    hash_tail(hash, &s, tail, tail_len, len - head, digest);
    finish(key, digest, out);
    explicit_bzero(tail, tail_len);
}
