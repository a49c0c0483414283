/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anti-replay window of one SA (rtl/README.md, "Replay window"): 1024 counters of the highest incarnation and as many of the one
 * before it, each a ring of words as in RFC 6479.
 */
#ifndef SLUICE_WINDOW_H
#define SLUICE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "sluice.h"

/* One word more than the window, so that moving on clears whole words. */
#define WINDOW_WORDS (SLUICE_REPLAY_WINDOW / 64 + 1)

/* The window within one incarnation. */
struct window_era {
    uint64_t incarnation;
    uint64_t next; /* sequence after the highest accepted, at most 2^48; 0: none was */
    uint64_t seen[WINDOW_WORDS];
};

struct window {
    uint64_t floor; /* counters below are replayed */
    struct window_era current, former;
    bool has_former;
};

void window_init(struct window *window, uint64_t floor);
/* True the first time that `counter` comes while it is inside its incarnation's window or ahead of it. */
bool window_take(struct window *window, uint64_t counter);

void window_export(const struct window *window, struct sluice_window *out);
/* `in` is as window_clean leaves it. */
void window_import(struct window *window, const struct sluice_window *in);

/* Makes 0 what sluice.h says does not count. -EINVAL: the incarnations are the wrong way round. */
int window_clean(struct sluice_window *window);

#endif
