/* SPDX-License-Identifier: Apache-2.0 */
/* The percentiles of sluice card bench, against the sorted times themselves. */
#include "card/latency.h"

#include <stdlib.h>
#include <string.h>

#include "tap.h"

#define MOST 5000u

static uint64_t times[MOST];
static struct latency l, other;

static uint64_t random_time(void)
{
    return ((uint64_t)random() << 31 | (uint64_t)random()) >> random() % 62;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Never below the right one, and above it by a step at most. */
static int percentile_holds(unsigned n, uint32_t per_100000)
{
    uint64_t rank = ((uint64_t)n * per_100000 + 99999) / 100000;
    uint64_t right = times[rank ? rank - 1 : 0], told = latency_within(&l, per_100000);

    return told >= right && told - right <= right / LATENCY_STEPS;
}

static int round_holds(void)
{
    static const uint32_t asked[] = {1, 50000, 90000, 99000, 99900, 99999, 100000};
    unsigned n = 1 + (unsigned)random() % MOST, good = 0;

    memset(&l, 0, sizeof l);
    memset(&other, 0, sizeof other);
    for (unsigned i = 0; i < n; i++) {
        times[i] = random_time();
        latency_note(random() % 2 ? &l : &other, times[i]);
    }
    latency_add(&l, &other);
    qsort(times, n, sizeof *times, by_size);
    for (unsigned i = 0; i < sizeof asked / sizeof *asked; i++) {
        good += (unsigned)percentile_holds(n, asked[i]);
    }
    return good == sizeof asked / sizeof *asked && l.most == times[n - 1] && l.total == n && latency_within(&l, 100000) == l.most;
}

int main(int argc, char **argv)
{
    unsigned good = 0;

    (void)seed(argc, argv);
    ok(latency_within(&l, 50000) == 0, "no times, no percentile");
    latency_note(&l, UINT64_MAX);
    ok(latency_within(&l, 50000) == UINT64_MAX, "the longest time there can be has its place");
    for (unsigned i = 0; i < 200; i++) {
        good += (unsigned)round_holds();
    }
    ok(good == 200, "percentiles of random times are right within a step");
    return done();
}
