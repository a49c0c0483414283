/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masks for code whose time and addresses must not depend on secrets. A mask is 0 or all ones. Arguments are below 2^31.
 */
#ifndef SLUICE_SOFT_CT_H
#define SLUICE_SOFT_CT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* The same for loops over bytes, below 2^15: vectors take twice as many of these. */
static inline uint8_t ct_lt16(uint16_t a, uint16_t b)
{
    return (uint8_t) - ((uint16_t)(a - b) >> 15);
}

static inline uint8_t ct_eq16(uint16_t a, uint16_t b)
{
    return ct_lt16(a ^ b, 1);
}

/* dst[i] = src[i] for i < keep, 0 from there to len. keep is secret, but 0 or in [least, least + 2^15), where least is public. */
static inline void ct_copy_keep(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t len, uint32_t least, uint32_t keep)
{
    uint8_t any = (uint8_t)ct_hide(~ct_eq(keep, 0));
    uint32_t sure = least < len ? least : len;
    uint16_t rest = (uint16_t)ct_hide((keep - least) & ~ct_eq(keep, 0));

    for (uint32_t i = 0; i < sure; i++) {
        dst[i] = src[i] & any;
    }
    dst += sure;
    src += sure;
    for (uint32_t i = 0; i < len - sure; i++) {
        dst[i] = src[i] & ct_lt16((uint16_t)i, rest);
    }
}

#define CT_WINDOW_BITS 8u
#define CT_WINDOW_MOST (1u << CT_WINDOW_BITS)
#define CT_WANT_MOST   64u

/* buf[shift..shift + want) to the beginning of buf; shift is secret, below CT_WINDOW_MOST; want is at most CT_WANT_MOST. */
static inline void ct_shift_down(uint8_t buf[CT_WINDOW_MOST - 1 + CT_WANT_MOST], uint32_t shift, uint32_t want)
{
    uint8_t moved[CT_WINDOW_MOST / 2 + CT_WANT_MOST];

    for (unsigned bit = CT_WINDOW_BITS; bit-- > 0;) {
        uint32_t step = 1u << bit;
        uint8_t mask = (uint8_t)ct_hide((uint32_t)0 - (shift >> bit & 1));
        uint32_t kept = step - 1 + want;

        memcpy(moved, buf + step, kept);
        for (uint32_t i = 0; i < kept; i++) {
            buf[i] ^= (uint8_t)((buf[i] ^ moved[i]) & mask);
        }
    }
}

#endif
