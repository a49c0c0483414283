/* SPDX-License-Identifier: Apache-2.0 */
#include "reinstall.h"

#define INCARNATION_SHIFT 48
#define TAKE_OVER         (UINT64_C(0x100) << INCARNATION_SHIFT) /* the low 8 bits of an incarnation name who took over */

bool reinstall_seal(uint64_t *counter, uint64_t *limit)
{
    if (*counter > UINT64_MAX - TAKE_OVER) {
        return false;
    }
    *counter += TAKE_OVER;
    /* The end of the last incarnation does not fit in 64 bits. */
    *limit = *limit > UINT64_MAX - TAKE_OVER ? UINT64_MAX : *limit + TAKE_OVER;
    return true;
}

static uint64_t beyond(uint64_t floor, uint64_t counter)
{
    uint64_t next = counter == UINT64_MAX ? counter : counter + 1;

    return next > floor ? next : floor;
}

uint64_t reinstall_floor(uint64_t floor, bool any, uint64_t top, uint64_t reserved)
{
    floor = any ? beyond(floor, top) : floor;
    return reserved ? beyond(floor, reserved) : floor;
}
