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

/* dst[i] = src[i] for i < keep, 0 from there to len. keep is secret, but 0 or in [least, least + 2^15), where least is public. */
void ct_copy_keep(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t len, uint32_t least, uint32_t keep);
/* Any difference from `value` (secret) in the last `count` bytes (secret, at most len) of `len`, below 2^15; else 0. */
uint8_t ct_differ_at_end(const uint8_t *bytes, uint32_t len, uint32_t count, uint8_t value);
/* Byte `end` (secret) becomes 0x80, those beyond it 0; len is below 2^15. */
void ct_end_mark(uint8_t *bytes, uint32_t len, uint32_t end);

#define CT_STEP       16u
#define CT_SHIFTS     256u
#define CT_PICK_BYTES (2 * CT_STEP)
#define CT_PICK_SPAN  (CT_SHIFTS + 2 * CT_STEP)

/* to = from[shift..shift + CT_PICK_BYTES); shift is secret, below CT_SHIFTS. All of `from` is read. */
void ct_pick(uint8_t to[CT_PICK_BYTES], const uint8_t from[CT_PICK_SPAN], uint32_t shift);

#endif
