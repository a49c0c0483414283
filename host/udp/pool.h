/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA memory of one thread in chunks of 64 KiB. A datagram is received into a chunk and the engine's result is written into
 * another; neither is copied. What lies in a chunk holds a reference to it.
 *
 * pool_* are for the owning thread. chunk_ref and chunk_unref are for any thread: a chunk that another worker was given goes home
 * by a lock-free stack.
 */
#ifndef HOST_UDP_POOL_H
#define HOST_UDP_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sluice.h"

#define CHUNK_BYTES 65536u

struct pool;

struct chunk {
    uint8_t *mem; /* CHUNK_BYTES */
    struct sluice_card *card;
    struct pool *pool;
    struct chunk *next;
    uint32_t used; /* by pool_reserve */
    atomic_uint refs;
};

/* DMA memory that a pool of so many chunks needs. */
size_t pool_bytes(unsigned chunks);
int pool_new(struct sluice_card *card, unsigned chunks, struct pool **pool);
/* No chunk may be out. NULL is allowed. */
void pool_free(struct pool *pool);

/* An empty chunk with one reference; NULL: all are out. */
struct chunk *pool_get(struct pool *pool);
/* Room for `bytes` (at most CHUNK_BYTES) beside earlier ones, aligned to 64, with a reference to its chunk; NULL: all are out. */
uint8_t *pool_reserve(struct pool *pool, uint32_t bytes, struct chunk **chunk);
unsigned pool_available(struct pool *pool); /* chunks */
/* Nothing is out. What pool_reserve would go on with is given back. */
bool pool_is_idle(struct pool *pool);

static inline void chunk_ref(struct chunk *chunk)
{
    atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
}
void chunk_unref(struct chunk *chunk);

#endif
