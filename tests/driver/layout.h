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
#define LAYOUT_PAGES 12u /* of an arena, at most 16 */
#define LAYOUT_ARENA (LAYOUT_PAGES * LAYOUT_PAGE)
#define LAYOUT_LIST  16u /* entries of a page list */

struct layout {
    bool listed;
    uint32_t offset;           /* of the first byte, from the beginning of the first page */
    uint8_t page[LAYOUT_LIST]; /* of the arena, in order; those beyond the layout's pages are the same again */
    uint32_t room;             /* bytes that fit */
};

/* An arena in DMA memory, on a page boundary; it is freed with the card. NULL: no room. */
uint8_t *layout_arena(struct sluice_card *card, unsigned pages);
/* A random layout for `len` bytes in `pages` pages from `first` on; `lists`: how many in a hundred are page lists. */
struct layout layout_pick(uint32_t len, unsigned first, unsigned pages, unsigned lists);
/* A bit for each page of the arena that the first `len` bytes touch. */
uint32_t layout_mask(const struct layout *l, uint32_t len);
/* Byte i. */
uint8_t *layout_at(const struct layout *l, uint8_t *arena, uint32_t i);
void layout_put(const struct layout *l, uint8_t *arena, const uint8_t *bytes, uint32_t len);
void layout_get(const struct layout *l, uint8_t *arena, uint8_t *bytes, uint32_t len);
/* Sets src or dst of an operation; `list` must live until it has been submitted. */
void layout_src(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_LIST]);
void layout_dst(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_LIST]);

#endif
