/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact set of nonces that were accepted under one key, for the random nonce mode (PROTOCOL.md): NONCES_MOST at most, then
 * the sender must have rekeyed. Grows with what is in it; 16 bytes a nonce, the table at most half full. Belongs to one thread.
 */
#ifndef HOST_UDP_NONCES_H
#define HOST_UDP_NONCES_H

#include <stdbool.h>
#include <stdint.h>

#define NONCES_BYTES 16
#define NONCES_MOST  65536u

struct nonces;

struct nonces *nonces_new(void); /* NULL: no memory */
void nonces_free(struct nonces *nonces);
/* 0: it was not there and is now; -EEXIST: it was; -ENOSPC: the set is full; -ENOMEM. */
int nonces_take(struct nonces *nonces, const uint8_t nonce[NONCES_BYTES]);
/* Up to `most` of them from place `*at` on, which is 0 at first and moved on; 0: there are no more. */
uint32_t nonces_list(const struct nonces *nonces, uint32_t *at, uint8_t *out, uint32_t most);

#endif
