/* SPDX-License-Identifier: Apache-2.0 */
/* Known answers in the lanes. */
#ifndef SLUICE_FW_SELFTEST_H
#define SLUICE_FW_SELFTEST_H

#include <stdint.h>

struct selftest {
    uint32_t tested, failed; /* masks of lanes */
    uint32_t vectors;        /* answers compared */
    uint32_t first_failure;  /* counted from 1; 0: none */
};

/* Every lane, at power on, before there is I/O. */
void selftest_all(struct selftest *result);

#endif
