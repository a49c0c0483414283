/* SPDX-License-Identifier: Apache-2.0 */
/* Anti-replay window of one SA, 1024 counters (rtl/README.md, "Replay window"; a ring of words as in RFC 6479). */
#ifndef SLUICE_WINDOW_H
#define SLUICE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "sluice_defs.h"

/* One word more than the window, so that moving on clears whole words. */
#define WINDOW_WORDS (SLUICE_REPLAY_WINDOW / 64 + 1)

struct window {
    uint64_t floor; /* counters below are replayed; its incarnation is the only one accepted */
    uint64_t next;  /* sequence after the highest accepted, incarnation left out: at most 2^48 */
    uint64_t seen[WINDOW_WORDS];
};

void window_init(struct window *window, uint64_t floor);
/* True the first time that `counter` comes while it is inside the window or ahead of it. */
bool window_take(struct window *window, uint64_t counter);

#endif
