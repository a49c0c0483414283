/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define ALIGN 64u

struct pool {
    struct sluice_card *card;
    uint8_t *mem;
    struct chunk *chunks;
    unsigned count, free_count;
    struct chunk *free;               /* the owner's */
    _Atomic(struct chunk *) returned; /* given back, by any thread; taken as a whole, so no ABA */
    struct chunk *current;            /* of pool_reserve, with a reference */
};

size_t pool_bytes(unsigned chunks)
{
    return (size_t)chunks * CHUNK_BYTES;
}

int pool_new(struct sluice_card *card, unsigned chunks, struct pool **out)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->card = card;
    pool->count = chunks;
    pool->chunks = calloc(chunks, sizeof *pool->chunks);
    pool->mem = sluice_mem_alloc(card, pool_bytes(chunks));
    if (!pool->chunks || !pool->mem) {
        pool_free(pool);
        return -ENOMEM;
    }
    for (unsigned i = chunks; i-- > 0;) {
        struct chunk *chunk = &pool->chunks[i];
        chunk->mem = pool->mem + (size_t)i * CHUNK_BYTES;
        chunk->card = card;
        chunk->pool = pool;
        chunk->next = pool->free;
        pool->free = chunk;
    }
    pool->free_count = chunks;
    *out = pool;
    return 0;
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    if (pool->mem)
        sluice_mem_free(pool->card, pool->mem);
    free(pool->chunks);
    free(pool);
}

/* What came back is used first: it is what the caches still hold. */
static void collect(struct pool *pool)
{
    if (!atomic_load_explicit(&pool->returned, memory_order_relaxed))
        return;
    struct chunk *list = atomic_exchange_explicit(&pool->returned, NULL, memory_order_acquire);
    struct chunk *last = list;
    pool->free_count++;
    while (last->next) {
        last = last->next;
        pool->free_count++;
    }
    last->next = pool->free;
    pool->free = list;
}

struct chunk *pool_get(struct pool *pool)
{
    collect(pool);
    struct chunk *chunk = pool->free;
    if (!chunk)
        return NULL;
    pool->free = chunk->next;
    pool->free_count--;
    chunk->used = 0;
    atomic_store_explicit(&chunk->refs, 1, memory_order_relaxed);
    return chunk;
}

uint8_t *pool_reserve(struct pool *pool, uint32_t bytes, struct chunk **out)
{
    struct chunk *chunk = pool->current;
    assert(bytes <= CHUNK_BYTES);
    if (!chunk || CHUNK_BYTES - chunk->used < bytes) {
        if (chunk)
            chunk_unref(chunk);
        pool->current = chunk = pool_get(pool);
        if (!chunk)
            return NULL;
    }
    uint8_t *data = chunk->mem + chunk->used;
    chunk->used += (bytes + ALIGN - 1) & ~(ALIGN - 1);
    if (chunk->used > CHUNK_BYTES)
        chunk->used = CHUNK_BYTES;
    chunk_ref(chunk);
    *out = chunk;
    return data;
}

unsigned pool_available(struct pool *pool)
{
    collect(pool);
    return pool->free_count;
}

bool pool_is_idle(struct pool *pool)
{
    if (pool->current)
        chunk_unref(pool->current);
    pool->current = NULL;
    return pool_available(pool) == pool->count;
}

void chunk_unref(struct chunk *chunk)
{
    if (atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) != 1)
        return;
    struct pool *pool = chunk->pool;
    struct chunk *head = atomic_load_explicit(&pool->returned, memory_order_relaxed);
    do
        chunk->next = head;
    while (!atomic_compare_exchange_weak_explicit(&pool->returned, &head, chunk, memory_order_release, memory_order_relaxed));
}
