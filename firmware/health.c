/* SPDX-License-Identifier: Apache-2.0 */
#include "health.h"

#include <stdbool.h>

#define RUN_BAD   61u  /* 1 + 30 / 0.5 */
#define COUNT_BAD 810u /* 1 + critbinom(1024, 2^-0.5, 1 - 2^-30) */
#define WINDOW    32u  /* words */
#define BITS      32u

static uint32_t spread(uint32_t bit)
{
    return 0u - (bit & 1);
}

static uint32_t ones(uint32_t word)
{
    word -= word >> 1 & 0x55555555;
    word = (word & 0x33333333) + (word >> 2 & 0x33333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f;
    word += word >> 8;
    return (word + (word >> 16)) & 0x3f;
}

/* Runs inside a word are shorter than RUN_BAD: only one that goes on over its edges can be that long. */
static enum health_verdict repetition(struct health *h, uint32_t bits)
{
    uint32_t same = ~(bits ^ h->last), run = h->run;
    bool through = same == UINT32_MAX;

    for (; same & 1; same >>= 1) {
        run++;
    }
    h->last = spread(bits >> (BITS - 1));
    h->run = through ? run : 0;
    for (same = through ? 0 : ~(bits ^ h->last); same >> (BITS - 1); same <<= 1) {
        h->run++;
    }
    return run >= RUN_BAD ? HEALTH_REPETITION : HEALTH_GOOD;
}

static enum health_verdict proportion(struct health *h, uint32_t bits)
{
    if (h->seen == WINDOW) {
        h->seen = h->ones = 0;
    }
    h->seen++;
    h->ones += ones(bits);
    return h->ones >= COUNT_BAD || BITS * h->seen - h->ones >= COUNT_BAD ? HEALTH_PROPORTION : HEALTH_GOOD;
}

enum health_verdict health_take(struct health *h, uint32_t bits)
{
    enum health_verdict first = repetition(h, bits), second = proportion(h, bits);

    return first != HEALTH_GOOD ? first : second;
}
