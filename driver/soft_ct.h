/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masks for code whose time and addresses must not depend on secrets. A mask is 0 or all ones. Arguments are below 2^31.
 */
#ifndef SLUICE_SOFT_CT_H
#define SLUICE_SOFT_CT_H

#include <stddef.h>
#include <stdint.h>

/* Hides from the compiler what is known of v, so that it does not turn masks back into branches. */
static inline uint32_t ct_hide(uint32_t v)
{
    __asm__("" : "+r"(v));
    return v;
}

/* All ones when a < b. */
static inline uint32_t ct_lt(uint32_t a, uint32_t b)
{
    return (uint32_t)0 - ((a - b) >> 31);
}

static inline uint32_t ct_eq(uint32_t a, uint32_t b)
{
    return ct_lt(a ^ b, 1);
}

static inline uint32_t ct_select(uint32_t mask, uint32_t a, uint32_t b)
{
    return (a & mask) | (b & ~mask);
}

/* dst[i] = src[i] for i < keep, 0 from there to len. keep is secret, but 0 or at least `least`, which is public. */
static inline void ct_copy_keep(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t len, uint32_t least, uint32_t keep)
{
    uint8_t any = (uint8_t)~ct_hide(ct_eq(keep, 0));
    uint32_t i = 0;

    keep = ct_hide(keep);
    for (; i < least && i < len; i++) {
        dst[i] = src[i] & any;
    }
    for (; i < len; i++) {
        dst[i] = src[i] & (uint8_t)ct_lt(i, keep);
    }
}

/* Moves buf[shift..] (shift secret, below 2^bits) to its beginning; what comes after the first len - 2^bits bytes is of no use.
 */
static inline void ct_shift_down(uint8_t *buf, uint32_t len, uint32_t shift, unsigned bits)
{
    for (unsigned bit = 0; bit < bits; bit++) {
        uint32_t step = 1u << bit;
        uint8_t mask = (uint8_t)ct_hide((uint32_t)0 - ((shift >> bit) & 1));

        for (uint32_t i = 0; i + step < len; i++) {
            buf[i] = (uint8_t)((buf[i + step] & mask) | (buf[i] & (uint8_t)~mask));
        }
    }
}

#endif
