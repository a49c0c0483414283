/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <string.h>

#define SEQUENCE_BITS 48

static uint64_t sequence(uint64_t counter)
{
    return counter & ((UINT64_C(1) << SEQUENCE_BITS) - 1);
}

void window_init(struct window *window, uint64_t floor)
{
    memset(window, 0, sizeof *window);
    window->floor = floor;
    window->next = sequence(floor);
}

/* Makes seq the highest: words that come into the window anew are cleared. */
static void advance(struct window *window, uint64_t seq)
{
    uint64_t fresh = seq / 64 + 1;
    uint64_t known = (window->next + 63) / 64;

    if (fresh > known + WINDOW_WORDS) {
        known = fresh - WINDOW_WORDS;
    }
    for (; known < fresh; known++) {
        window->seen[known % WINDOW_WORDS] = 0;
    }
    window->next = seq + 1;
}

bool window_take(struct window *window, uint64_t counter)
{
    uint64_t seq = sequence(counter);
    uint64_t bit = UINT64_C(1) << (seq % 64);
    uint64_t *word = &window->seen[seq / 64 % WINDOW_WORDS];

    if (counter < window->floor || counter >> SEQUENCE_BITS != window->floor >> SEQUENCE_BITS) {
        return false;
    }
    if (seq >= window->next) {
        advance(window, seq);
    } else if (window->next - seq > SLUICE_REPLAY_WINDOW || *word & bit) {
        return false;
    }
    *word |= bit;
    return true;
}
