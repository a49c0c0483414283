/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <string.h>

#include "tap.h"

uint8_t *layout_arena(struct sluice_card *card)
{
    uintptr_t at = (uintptr_t)sluice_mem_alloc(card, LAYOUT_ARENA + LAYOUT_PAGE);

    return at ? (uint8_t *)((at + LAYOUT_PAGE - 1) & ~(uintptr_t)(LAYOUT_PAGE - 1)) : NULL;
}

struct layout layout_pick(uint32_t len, unsigned lists)
{
    struct layout l = {.listed = tap_below(100) < lists};

    l.offset = tap_below(4) ? tap_below(200) : l.listed ? LAYOUT_PAGE - 1 - tap_below(40) : tap_below(4500);
    if (!l.listed && l.offset + len > LAYOUT_ARENA) {
        l.offset = 0;
    }
    for (unsigned i = 0; i < LAYOUT_PAGES; i++) {
        unsigned other = tap_below(i + 1);

        l.page[i] = l.page[other];
        l.page[other] = (uint8_t)i;
    }
    return l;
}

uint8_t *layout_at(const struct layout *l, uint8_t *arena, uint32_t i)
{
    uint32_t at = l->offset + i;

    return arena + (l->listed ? l->page[at / LAYOUT_PAGE % LAYOUT_PAGES] * LAYOUT_PAGE + at % LAYOUT_PAGE : at);
}

void layout_put(const struct layout *l, uint8_t *arena, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        *layout_at(l, arena, i) = bytes[i];
    }
}

void layout_get(const struct layout *l, uint8_t *arena, uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = *layout_at(l, arena, i);
    }
}

static void *const *make_list(const struct layout *l, uint8_t *arena, void *list[LAYOUT_PAGES])
{
    for (unsigned i = 0; i < LAYOUT_PAGES; i++) {
        list[i] = arena + l->page[i] * LAYOUT_PAGE + (i ? 0 : l->offset);
    }
    return l->listed ? list : NULL;
}

void layout_src(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_PAGES])
{
    op->src = l->listed ? NULL : arena + l->offset;
    op->src_list = make_list(l, arena, list);
}

void layout_dst(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_PAGES])
{
    op->dst = l->listed ? NULL : arena + l->offset;
    op->dst_list = make_list(l, arena, list);
}
