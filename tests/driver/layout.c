/* SPDX-License-Identifier: Apache-2.0 */
#include "layout.h"

#include <string.h>

#include "tap.h"

uint8_t *layout_arena(struct sluice_card *card, unsigned pages)
{
    uintptr_t at = (uintptr_t)sluice_mem_alloc(card, (size_t)(pages + 1) * LAYOUT_PAGE);

    return at ? (uint8_t *)((at + LAYOUT_PAGE - 1) & ~(uintptr_t)(LAYOUT_PAGE - 1)) : NULL;
}

/* More often near the beginning than elsewhere; with a list near the end of the page, too. */
static uint32_t some_offset(bool listed)
{
    if (tap_below(4)) {
        return tap_below(200);
    }
    return listed ? LAYOUT_PAGE - 1 - tap_below(40) : tap_below(LAYOUT_PAGE + 400);
}

struct layout layout_pick(uint32_t len, unsigned first, unsigned pages, unsigned lists)
{
    struct layout l = {.listed = tap_below(100) < lists};
    uint32_t room = pages * LAYOUT_PAGE;

    l.offset = some_offset(l.listed);
    if (l.offset + len > room) {
        l.offset = len < room ? tap_below(room - len) % LAYOUT_PAGE : 0;
    }
    l.room = room - l.offset;
    for (unsigned i = 0; i < LAYOUT_LIST; i++) {
        l.page[i] = (uint8_t)(first + i % pages);
    }
    for (unsigned i = 0; i < pages && l.listed; i++) {
        unsigned other = tap_below(i + 1);
        uint8_t page = l.page[i];

        l.page[i] = l.page[other];
        l.page[other] = page;
    }
    return l;
}

uint32_t layout_mask(const struct layout *l, uint32_t len)
{
    uint32_t mask = 0;

    for (uint32_t i = 0; i * LAYOUT_PAGE < l->offset + len; i++) {
        mask |= len && (i + 1) * LAYOUT_PAGE > l->offset && i < LAYOUT_LIST ? 1u << l->page[i] : 0;
    }
    return mask;
}

uint8_t *layout_at(const struct layout *l, uint8_t *arena, uint32_t i)
{
    uint32_t at = l->offset + i;

    return arena + l->page[at / LAYOUT_PAGE] * LAYOUT_PAGE + at % LAYOUT_PAGE;
}

void layout_put(const struct layout *l, uint8_t *arena, const uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0, n; i < len; i += n) {
        n = LAYOUT_PAGE - (l->offset + i) % LAYOUT_PAGE;
        n = n < len - i ? n : len - i;
        memcpy(layout_at(l, arena, i), bytes + i, n);
    }
}

void layout_get(const struct layout *l, uint8_t *arena, uint8_t *bytes, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        bytes[i] = *layout_at(l, arena, i);
    }
}

static void *const *make_list(const struct layout *l, uint8_t *arena, void *list[LAYOUT_LIST])
{
    for (unsigned i = 0; i < LAYOUT_LIST; i++) {
        list[i] = arena + l->page[i] * LAYOUT_PAGE + (i ? 0 : l->offset);
    }
    return l->listed ? list : NULL;
}

void layout_src(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_LIST])
{
    op->src = l->listed ? NULL : layout_at(l, arena, 0);
    op->src_list = make_list(l, arena, list);
}

void layout_dst(const struct layout *l, uint8_t *arena, struct sluice_op *op, void *list[LAYOUT_LIST])
{
    op->dst = l->listed ? NULL : layout_at(l, arena, 0);
    op->dst_list = make_list(l, arena, list);
}
