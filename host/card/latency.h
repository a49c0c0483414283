/* SPDX-License-Identifier: Apache-2.0 */
/* Times from submit to poll: counts in steps of about 3 %, so that nothing is allocated or forgotten however many there are. */
#ifndef HOST_CARD_LATENCY_H
#define HOST_CARD_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS   32u /* in each power of two */
#define LATENCY_BUCKETS ((64u - 4u) * LATENCY_STEPS)

struct latency {
    uint64_t total, most; /* times noted; the longest, in nanoseconds */
    uint64_t count[LATENCY_BUCKETS];
};

void latency_note(struct latency *l, uint64_t nanoseconds);
void latency_add(struct latency *to, const struct latency *from);
/* The least time, rounded up to its step, within which per_100000 of 100,000 ended; 0 when there are none. */
uint64_t latency_within(const struct latency *l, uint32_t per_100000);

#endif
