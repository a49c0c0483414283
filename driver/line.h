/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory in whole cache lines, so that threads which share no object share no line either.
 *
 * What a thread writes while it submits and polls, and where that is:
 *   - its queue pair (struct soft_qp, struct card_qp, completions kept) and its SAs: allocated here, in lines of their own. What
 *     others write there, a list's link or a request to the keeper, is written when queue pairs come and go or an SA is swapped;
 *   - rings and page lists in DMA memory: on pages of their own; the caller's buffers there: in whole lines (DMA_ALIGN);
 *   - doorbells: a page of the BAR for each queue pair.
 *
 * What it only reads (struct sluice_card, struct transport, tables of functions) is written when the card is opened or goes.
 * Locks and books of admin calls and of the keeper are on lines that have nothing else (struct dma, struct card). The software
 * engine's table of SAs is written when SAs come and go.
 *
 * Not in our hands: OpenSSL's contexts lie where its allocator puts them, so that two SAs may meet in a line at a context's edge;
 * and a `sim:` card has one socket for all.
 */
#ifndef SLUICE_LINE_H
#define SLUICE_LINE_H

#include <stdlib.h>
#include <string.h>

/* Two lines of x86, which fetches them in pairs; one of some Arm machines. */
#define LINE_BYTES 128u

/* Zeroed; NULL: no memory. For free(). */
static inline void *line_alloc(size_t bytes)
{
    size_t whole = (bytes + LINE_BYTES - 1) & ~(size_t)(LINE_BYTES - 1);
    void *mem = whole < bytes ? NULL : aligned_alloc(LINE_BYTES, whole);

    return mem ? memset(mem, 0, whole) : NULL;
}

#endif
