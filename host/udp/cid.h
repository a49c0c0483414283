/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connection ids given out by a proxy: a keyed permutation of member (8 bits), worker (8), random (32) and zeros (16). Who has
 * the key tells its own, another member's and noise apart without a look-up; who has not sees random numbers. The permutation is
 * a balanced Feistel network of 10 rounds, as many as FF1 has (NIST SP 800-38G), over two halves of 32 bits; its round function
 * is AES-128 of (label, round, half), cut to 32 bits.
 */
#ifndef HOST_UDP_CID_H
#define HOST_UDP_CID_H

#include <stdint.h>

#define CID_BYTES     8
#define CID_KEY_BYTES 16

struct cid_key; /* used by one thread at a time */

struct cid_place {
    uint8_t member;
    uint8_t worker;
    uint32_t random;
};

/* NULL: no memory. cid_key_free wipes it; NULL is allowed. */
struct cid_key *cid_key_new(const uint8_t key[CID_KEY_BYTES]);
void cid_key_free(struct cid_key *key);

/* 0 or -EIO (OpenSSL failed). */
int cid_make(struct cid_key *key, const struct cid_place *place, uint8_t cid[CID_BYTES]);
/* -ENOENT: not a cid that was made under this key. */
int cid_read(struct cid_key *key, const uint8_t cid[CID_BYTES], struct cid_place *place);

#endif
