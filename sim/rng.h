/* SPDX-License-Identifier: Apache-2.0 */
/* The model's own random numbers (splitmix64, Steele et al. 2014): one seed fixes every choice that the model makes. */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_next(struct rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* 0 to n - 1; n > 0. */
static inline unsigned rng_below(struct rng *r, unsigned n)
{
    return (unsigned)(((rng_next(r) >> 32) * n) >> 32);
}

static inline bool rng_percent(struct rng *r, unsigned percent)
{
    return percent != 0 && rng_below(r, 100) < percent;
}

#endif
