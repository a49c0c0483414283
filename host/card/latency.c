/* SPDX-License-Identifier: Apache-2.0 */
#include "card/latency.h"

#define STEP_BITS 5u

_Static_assert(1u << STEP_BITS == LATENCY_STEPS, "steps are a power of two");

static unsigned log2_of(uint64_t n)
{
    return 63u - (unsigned)__builtin_clzll(n);
}

/* The first two powers' worth are exact; then LATENCY_STEPS buckets for each power of two. */
static unsigned bucket_of(uint64_t n)
{
    unsigned shift = n < 2 * LATENCY_STEPS ? 0 : log2_of(n) - STEP_BITS;

    return shift * LATENCY_STEPS + (unsigned)(n >> shift);
}

/* The largest time of a bucket. */
static uint64_t edge_of(unsigned bucket)
{
    unsigned shift = bucket < 2 * LATENCY_STEPS ? 0 : bucket / LATENCY_STEPS - 1;

    return (((uint64_t)bucket - shift * LATENCY_STEPS + 1) << shift) - 1;
}

void latency_note(struct latency *l, uint64_t nanoseconds)
{
    l->count[bucket_of(nanoseconds)]++;
    l->total++;
    if (nanoseconds > l->most) {
        l->most = nanoseconds;
    }
}

void latency_add(struct latency *to, const struct latency *from)
{
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        to->count[i] += from->count[i];
    }
    to->total += from->total;
    if (from->most > to->most) {
        to->most = from->most;
    }
}

uint64_t latency_within(const struct latency *l, uint32_t per_100000)
{
    uint64_t rank = l->total / 100000 * per_100000 + (l->total % 100000 * per_100000 + 99999) / 100000, seen = 0;

    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        seen += l->count[i];
        if (l->count[i] && seen >= rank) {
            return edge_of(i) < l->most ? edge_of(i) : l->most;
        }
    }
    return 0;
}
