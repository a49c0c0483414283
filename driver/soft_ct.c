/* SPDX-License-Identifier: Apache-2.0 */
/* Loops over a record's bytes by masks alone. Without vectors they cost as much as the record's cipher: see driver.mk. */
#include "soft_ct.h"

#include <string.h>

/*
 * Twice as wide where the machine can; which copy runs is settled once, by what the machine is. Not under sanitizers, whose
 * instruments are not up yet when that is settled.
 */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__has_attribute) && !defined(__SANITIZE_ADDRESS__) &&                   \
    !defined(__SANITIZE_THREAD__) && !defined(__clang__)
#if __has_attribute(target_clones)
#define WIDE __attribute__((target_clones("avx2", "default")))
#endif
#endif
#ifndef WIDE
#define WIDE
#endif

/* Bytes below 2^15: vectors take twice as many of these as of whole words. */
static inline uint8_t lt16(uint16_t a, uint16_t b)
{
    return (uint8_t) - ((uint16_t)(a - b) >> 15);
}

static inline uint8_t eq16(uint16_t a, uint16_t b)
{
    return lt16(a ^ b, 1);
}

WIDE void ct_copy_keep(uint8_t *restrict dst, const uint8_t *restrict src, uint32_t len, uint32_t least, uint32_t keep)
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
        dst[i] = src[i] & lt16((uint16_t)i, rest);
    }
}

WIDE uint8_t ct_differ_at_end(const uint8_t *bytes, uint32_t len, uint32_t count, uint8_t value)
{
    uint16_t from = (uint16_t)ct_hide(len - count);
    uint8_t differ = 0;

    for (uint32_t i = 0; i < len; i++) {
        differ |= (uint8_t)((bytes[i] ^ value) & ~lt16((uint16_t)i, from));
    }
    return differ;
}

WIDE void ct_end_mark(uint8_t *bytes, uint32_t len, uint32_t end)
{
    uint16_t at_end = (uint16_t)ct_hide(end);

    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)((bytes[i] & lt16((uint16_t)i, at_end)) | (0x80 & eq16((uint16_t)i, at_end)));
    }
}

/* In registers: what is read back soon after it was written, at another place, costs more than all the rest. */
typedef uint8_t vector __attribute__((vector_size(CT_STEP)));

static inline vector load(const uint8_t *from)
{
    vector v;

    memcpy(&v, from, sizeof v);
    return v;
}

static inline vector spread(uint32_t mask)
{
    return (vector){0} + (uint8_t)ct_hide(mask);
}

void ct_pick(uint8_t to[CT_PICK_BYTES], const uint8_t from[CT_PICK_SPAN], uint32_t shift)
{
    uint8_t near[3 * CT_STEP];
    vector a = {0}, b = {0}, c = {0};

    for (uint32_t i = 0; i < CT_SHIFTS / CT_STEP; i++) {
        vector mask = spread(ct_eq(i, shift / CT_STEP));

        a |= load(from + CT_STEP * i) & mask;
        b |= load(from + CT_STEP * (i + 1)) & mask;
        c |= load(from + CT_STEP * (i + 2)) & mask;
    }
    memcpy(near, &a, sizeof a);
    memcpy(near + CT_STEP, &b, sizeof b);
    memcpy(near + 2 * CT_STEP, &c, sizeof c);
    a = b = (vector){0};
    for (uint32_t i = 0; i < CT_STEP; i++) {
        vector mask = spread(ct_eq(i, shift % CT_STEP));

        a |= load(near + i) & mask;
        b |= load(near + CT_STEP + i) & mask;
    }
    memcpy(to, &a, sizeof a);
    memcpy(to + CT_STEP, &b, sizeof b);
    explicit_bzero(near, sizeof near);
}
