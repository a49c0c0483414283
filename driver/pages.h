/* SPDX-License-Identifier: Apache-2.0 */
/* Page lists: what lies in pages, by sluice.h (struct sluice_op, "Page lists"). */
#ifndef SLUICE_PAGES_H
#define SLUICE_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "dma.h"
#include "sluice_regs.h"

/* Entries that `len` bytes take, SLUICE_MAX_PAGES at most. */
unsigned pages_count(void *const *list, uint32_t len);
/* Whether those entries are as they must be, and their bytes inside the memory. */
bool pages_inside(const struct dma *mem, void *const *list, uint32_t len);
/* Copies `len` bytes, which the list has, to or from one place. */
void pages_gather(void *const *list, uint8_t *to, uint32_t len);
void pages_scatter(void *const *list, const uint8_t *from, uint32_t len);

#endif
