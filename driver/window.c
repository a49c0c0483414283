/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"

#include <errno.h>
#include <string.h>

#define SEQUENCE_BITS 48

static uint64_t sequence(uint64_t counter)
{
    return counter & ((UINT64_C(1) << SEQUENCE_BITS) - 1);
}

static uint64_t incarnation(uint64_t counter)
{
    return counter >> SEQUENCE_BITS;
}

void window_init(struct window *window, uint64_t floor)
{
    memset(window, 0, sizeof *window);
    window->floor = floor;
    window->current.incarnation = incarnation(floor);
}

/* Makes seq the highest: words that come into the window anew are cleared. */
static void advance(struct window_era *era, uint64_t seq)
{
    uint64_t fresh = seq / 64 + 1;
    uint64_t known = (era->next + 63) / 64;

    if (fresh > known + WINDOW_WORDS) {
        known = fresh - WINDOW_WORDS;
    }
    for (; known < fresh; known++) {
        era->seen[known % WINDOW_WORDS] = 0;
    }
    era->next = seq + 1;
}

static bool era_take(struct window_era *era, uint64_t seq)
{
    uint64_t bit = UINT64_C(1) << (seq % 64);
    uint64_t *word = &era->seen[seq / 64 % WINDOW_WORDS];

    if (seq >= era->next) {
        advance(era, seq);
    } else if (era->next - seq > SLUICE_REPLAY_WINDOW || *word & bit) {
        return false;
    }
    *word |= bit;
    return true;
}

static void begin_era(struct window *window, uint64_t which)
{
    window->former = window->current;
    window->has_former = true;
    window->current = (struct window_era){.incarnation = which};
}

bool window_take(struct window *window, uint64_t counter)
{
    uint64_t which = incarnation(counter);

    if (counter < window->floor) {
        return false;
    }
    if (which > window->current.incarnation) {
        begin_era(window, which);
    }
    if (which == window->current.incarnation) {
        return era_take(&window->current, sequence(counter));
    }
    return window->has_former && which == window->former.incarnation && era_take(&window->former, sequence(counter));
}

/* ---------------------------------------------------------------- export and import */

/* The least sequence that the window below `next` has. */
static uint64_t least_of(uint64_t next)
{
    return next > SLUICE_REPLAY_WINDOW ? next - SLUICE_REPLAY_WINDOW : 0;
}

static uint8_t *byte_of(uint8_t *bits, uint64_t seq)
{
    return &bits[seq % SLUICE_WINDOW_BITS / 8];
}

static uint64_t put_era(const struct window_era *era, uint8_t *bits)
{
    for (uint64_t seq = least_of(era->next); seq < era->next; seq++) {
        if (era->seen[seq / 64 % WINDOW_WORDS] >> (seq % 64) & 1) {
            *byte_of(bits, seq) |= (uint8_t)(1u << (seq % 8));
        }
    }
    return era->incarnation << SEQUENCE_BITS | (era->next ? era->next - 1 : 0);
}

void window_export(const struct window *window, struct sluice_window *out)
{
    *out = (struct sluice_window){.floor = window->floor};
    out->current = put_era(&window->current, out->current_bits);
    out->state = window->current.next ? SLUICE_WINDOW_CURRENT : 0;
    if (window->has_former) {
        out->former = put_era(&window->former, out->former_bits);
        out->state |= SLUICE_WINDOW_FORMER | (window->former.next ? SLUICE_WINDOW_FORMER_ANY : 0);
    }
}

static void get_era(struct window_era *era, uint64_t top, bool any, const uint8_t *bits)
{
    *era = (struct window_era){.incarnation = incarnation(top), .next = any ? sequence(top) + 1 : 0};
    for (uint64_t seq = least_of(era->next); seq < era->next; seq++) {
        era->seen[seq / 64 % WINDOW_WORDS] |= (uint64_t)(bits[seq % SLUICE_WINDOW_BITS / 8] >> (seq % 8) & 1) << (seq % 64);
    }
}

void window_import(struct window *window, const struct sluice_window *in)
{
    window_init(window, in->floor);
    get_era(&window->current, in->current, in->state & SLUICE_WINDOW_CURRENT, in->current_bits);
    window->has_former = in->state & SLUICE_WINDOW_FORMER;
    get_era(&window->former, in->former, in->state & SLUICE_WINDOW_FORMER_ANY, in->former_bits);
}

/* Leaves the bits up to *top alone; without one, no bit and no sequence. */
static void clean_era(uint64_t *top, bool any, uint8_t *bits)
{
    uint8_t kept[SLUICE_WINDOW_BITS / 8] = {0};

    if (!any) {
        *top -= sequence(*top);
    }
    for (uint64_t next = any ? sequence(*top) + 1 : 0, seq = least_of(next); seq < next; seq++) {
        *byte_of(kept, seq) = (uint8_t)(*byte_of(kept, seq) | (*byte_of(bits, seq) & 1u << (seq % 8)));
    }
    memcpy(bits, kept, sizeof kept);
}

int window_clean(struct sluice_window *window)
{
    window->state &= SLUICE_WINDOW_CURRENT | SLUICE_WINDOW_FORMER | SLUICE_WINDOW_FORMER_ANY;
    if (!(window->state & SLUICE_WINDOW_FORMER)) {
        window->state &= SLUICE_WINDOW_CURRENT;
        window->former = 0;
    }
    clean_era(&window->current, window->state & SLUICE_WINDOW_CURRENT, window->current_bits);
    clean_era(&window->former, window->state & SLUICE_WINDOW_FORMER_ANY, window->former_bits);
    return incarnation(window->current) < incarnation(window->former) ? -EINVAL : 0;
}
