/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health tests of the noise source, NIST SP 800-90B 4.4: repetition count and adaptive proportion over a window of 1024 bits,
 * both for at least half a bit of entropy in a bit and one false alarm in 2^30. The proportion is that of zeros as well as that
 * of ones, where the standard looks at the window's first bit alone: a source that is mostly ones begins with a zero now and
 * then.
 */
#ifndef SLUICE_FW_HEALTH_H
#define SLUICE_FW_HEALTH_H

#include <stdint.h>

enum health_verdict { HEALTH_GOOD, HEALTH_REPETITION, HEALTH_PROPORTION };

/* All zeros before the first sample. */
struct health {
    uint32_t last; /* the newest bit, in every bit */
    uint32_t run;  /* bits like it, one after the other */
    uint32_t seen; /* words of the window */
    uint32_t ones; /* of them */
};

/* 32 bits, the oldest in bit 0. What comes after a bad verdict is not looked at well. */
enum health_verdict health_take(struct health *health, uint32_t bits);

#endif
