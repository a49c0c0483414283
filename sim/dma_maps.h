/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the client lets the card see of its memory: ranges of DMA addresses, each either a file mapped here or served by the
 * client through messages. The client is not trusted: sizes are checked against the file, and a file that shrinks later makes the
 * access fail, not the process.
 */
#ifndef SIM_DMA_MAPS_H
#define SIM_DMA_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DMA_MAX_MAPS 65535u
#define DMA_PAGE     4096u

struct dma_map {
    uint64_t address, size;
    bool readable, writable;
    uint8_t *memory; /* NULL: served by messages */
};

struct dma {
    struct dma_map *maps; /* by address, none overlap */
    size_t count, room;
};

enum dma_result {
    DMA_DONE,
    DMA_REMOTE,   /* allowed, but only the client can do it */
    DMA_UNMAPPED, /* no such memory, or not for this direction */
};

void dma_init(struct dma *d);
void dma_clear(struct dma *d);
/*
 * Adds a range. fd >= 0: `offset` in that file, which is mapped; the fd stays the caller's. -EINVAL: not page-aligned, empty,
 * wraps round, beyond the file, neither readable nor writable; -EEXIST: overlaps; -ENOSPC: too many.
 */
int dma_add(struct dma *d, uint64_t address, uint64_t size, bool readable, bool writable, int fd, uint64_t offset);
/* Removes what lies inside the range. -EINVAL, and nothing done, when the range cuts through a map, is empty or wraps round. */
int dma_remove(struct dma *d, uint64_t address, uint64_t size);

/* [address, address + count) must not cross a page. */
enum dma_result dma_read(const struct dma *d, uint64_t address, uint8_t *to, unsigned count);
enum dma_result dma_write(struct dma *d, uint64_t address, const uint8_t *from, unsigned count);

#endif
