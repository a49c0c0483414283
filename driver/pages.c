/* SPDX-License-Identifier: Apache-2.0 */
#include "pages.h"

#include <string.h>

static uint32_t offset_of(const void *page)
{
    return (uint32_t)((uintptr_t)page % SLUICE_PAGE_BYTES);
}

/* Bytes of entry i, when `left` are still to come. */
static uint32_t piece(void *const *list, unsigned i, uint32_t left)
{
    uint32_t room = SLUICE_PAGE_BYTES - (i ? 0 : offset_of(list[0]));

    return left < room ? left : room;
}

unsigned pages_count(void *const *list, uint32_t len)
{
    unsigned n = 0;

    for (; len > 0 && n < SLUICE_MAX_PAGES; n++) {
        len -= piece(list, n, len);
    }
    return n;
}

/* The memory begins on a page, so that addresses here and DMA addresses have the same offset. */
bool pages_inside(const struct dma *mem, void *const *list, uint32_t len)
{
    for (unsigned i = 0; len > 0 && i < SLUICE_MAX_PAGES; i++) {
        uint32_t n = piece(list, i, len);

        if ((i && offset_of(list[i])) || !dma_inside(mem, list[i], n)) {
            return false;
        }
        len -= n;
    }
    return true;
}

void pages_gather(void *const *list, uint8_t *to, uint32_t len)
{
    for (unsigned i = 0; len > 0; i++) {
        uint32_t n = piece(list, i, len);

        memcpy(to, list[i], n);
        to += n;
        len -= n;
    }
}

void pages_scatter(void *const *list, const uint8_t *from, uint32_t len)
{
    for (unsigned i = 0; len > 0; i++) {
        uint32_t n = piece(list, i, len);

        memcpy(list[i], from, n);
        from += n;
        len -= n;
    }
}
