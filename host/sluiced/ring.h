/* SPDX-License-Identifier: Apache-2.0 */
/* A ring from one worker to another, for records that reached the wrong socket. One thread puts, one takes, nothing is locked. */
#ifndef SLUICED_RING_H
#define SLUICED_RING_H

#include <stdatomic.h>
#include <stdbool.h>

#include "net/addr.h"
#include "udp/pool.h"

#define RING_ENTRIES 1024u /* a power of two */

struct ring_entry {
    struct chunk *chunk; /* with a reference */
    uint8_t *data;
    uint32_t len;
    struct net_addr peer;
};

struct ring {
    _Alignas(64) atomic_uint head; /* taken */
    _Alignas(64) atomic_uint tail; /* put */
    struct ring_entry entries[RING_ENTRIES];
};

/* False: it is full. */
static inline bool ring_put(struct ring *ring, const struct ring_entry *entry)
{
    unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail - atomic_load_explicit(&ring->head, memory_order_acquire) == RING_ENTRIES)
        return false;
    ring->entries[tail % RING_ENTRIES] = *entry;
    atomic_store_explicit(&ring->tail, tail + 1, memory_order_release);
    return true;
}

/* Entries in it; for the one who takes. */
static inline unsigned ring_count(const struct ring *ring)
{
    return atomic_load_explicit(&ring->tail, memory_order_relaxed) - atomic_load_explicit(&ring->head, memory_order_relaxed);
}

/* False: it is empty. */
static inline bool ring_take(struct ring *ring, struct ring_entry *entry)
{
    unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (head == atomic_load_explicit(&ring->tail, memory_order_acquire))
        return false;
    *entry = ring->entries[head % RING_ENTRIES];
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    return true;
}

#endif
