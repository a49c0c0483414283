/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of one source or destination lie in an arena of pages: in one piece, or by a page list. A layout has no
 * addresses, so that the same one can be used in arenas of several engines.
 */
#ifndef TESTS_DRIVER_LAYOUT_H
#define TESTS_DRIVER_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "sluice.h"

#define LAYOUT_PAGE  4096u
#define LAYOUT_PAGES 12u /* of an arena */
#define LAYOUT_ARENA (LAYOUT_PAGES * LAYOUT_PAGE)
#define LAYOUT_MOST  40000u /* bytes that a layout can have */

struct layout {
    bool listed;
    uint32_t offset;            /* of the first byte, in the arena or in its page */
    uint8_t page[LAYOUT_PAGES]; /* of the arena, in order of the list */
};

/* An arena in DMA memory, on a page boundary; it is freed with the card. NULL: no room. */
uint8_t *layout_arena(struct sluice_card *card);
/* A random layout for `len` bytes; `lists`: how many in a hundred are page lists. */
struct layout layout_pick(uint32_t len, unsigned lists);
/* Byte i. */
uint8_t *layout_at(const struct layout *l, uint8_t *arena, uint32_t i);
void layout_put(const struct layout *l, uint8_t *arena, const uint8_t *bytes, uint32_t len);
void layout_get(const struct layout *l, uint8_t *arena, uint8_t *bytes, uint32_t len);
/* Sets src or dst of an operation; `list` must live until it has been submitted. */
void layout_src(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_PAGES]);
void layout_dst(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_PAGES]);

#endif
