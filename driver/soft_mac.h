/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HMAC (RFC 2104) for the software engine. The keyed inner and outer states are computed once for an SA, so that a record pays
 * for no key block, and no call allocates.
 */
#ifndef SLUICE_SOFT_MAC_H
#define SLUICE_SOFT_MAC_H

#include <stddef.h>
#include <stdint.h>

#include "soft_hash.h"

#define MAC_MAX_BYTES HASH_MAX_BYTES

struct mac_key {
    const struct hash *hash;
    union hash_state inner, outer; /* after the block of key ^ ipad, key ^ opad */
};

/* key: as long as the hash output. -EOPNOTSUPP: no such MAC here. The caller wipes *key. */
int mac_key_init(struct mac_key *key, enum sluice_mac mac, const uint8_t *raw);

/* HMAC of prefix | data; out has room for MAC_MAX_BYTES. */
void mac_compute(const struct mac_key *key, const uint8_t *prefix, size_t prefix_len, const uint8_t *data, size_t len,
                 uint8_t *out);

/* The same in pieces: *s begins as key->inner, takes what is to be authenticated, and is of no use after this. */
void mac_end(const struct mac_key *key, union hash_state *s, uint8_t *out);

/*
 * HMAC of msg[0..len), where `len` is secret but lies in [most - 255, most] (from 0 on, when most is less), and msg[0..most) is
 * readable. Time, addresses and the number of compressions depend on `most` alone.
 */
void mac_compute_ct(const struct mac_key *key, const uint8_t *msg, uint32_t most, uint32_t len, uint8_t *out);

#endif
