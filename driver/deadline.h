/* SPDX-License-Identifier: Apache-2.0 */
/* Time-outs: a point in monotonic time, in milliseconds. */
#ifndef SLUICE_DEADLINE_H
#define SLUICE_DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

static inline int64_t deadline_in(unsigned ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 + ms;
}

/* Milliseconds left, for poll(2); 0 when it has passed. */
static inline int deadline_left(int64_t deadline)
{
    int64_t left = deadline - deadline_in(0);

    return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

#endif
