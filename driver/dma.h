/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMA memory: one memfd, of huge pages where there are any free (they cost an IOMMU fewer entries), mapped once and shared with
 * the card whole, and an allocator over it. What the allocator knows is kept
 * outside of that memory, so that a card that writes where it should not cannot mislead it.
 */
#ifndef SLUICE_DMA_H
#define SLUICE_DMA_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "line.h"

/*
 * DMA address of the memory's first byte, unless the IOMMU has it elsewhere: above 4 GiB, so that 64-bit addressing is always
 * used, clear of the x86 interrupt range 0xfee00000..0xfeefffff, and within the 39 bits of the smallest IOMMU in use.
 */
#define DMA_IOVA_BASE  UINT64_C(0x4000000000)
#define DMA_ALIGN      64u
#define DMA_PAGE_BYTES (2u << 20)

struct dma_extent {
    size_t offset, bytes;
};

struct dma {
    int fd;
    uint8_t *base;
    size_t bytes;
    uint64_t iova;                             /* of base: DMA_IOVA_BASE until the memory is mapped for a card */
    _Alignas(LINE_BYTES) pthread_mutex_t lock; /* of what follows; the data path reads what is above */
    struct dma_extent *used;                   /* allocations, by offset */
    size_t used_count, used_room;
};

/* bytes: 0 takes 64 MiB; at most 4 GiB. */
int dma_init(struct dma *dma, size_t bytes);
void dma_fini(struct dma *dma);

/* align: a power of two, at least DMA_ALIGN. NULL when there is no room. Zeroed. Thread-safe. */
void *dma_alloc(struct dma *dma, size_t bytes, size_t align);
void dma_free(struct dma *dma, void *mem);

/* Whether [p, p + bytes) lies inside the memory. Nothing needs no place: bytes == 0 is always inside. */
static inline bool dma_inside(const struct dma *dma, const void *p, size_t bytes)
{
    size_t offset = (size_t)((uintptr_t)p - (uintptr_t)dma->base);

    return bytes == 0 || (offset < dma->bytes && bytes <= dma->bytes - offset);
}

/* DMA address of p, which is inside; of anything else, the address of the memory's first byte. */
static inline uint64_t dma_iova(const struct dma *dma, const void *p)
{
    size_t offset = (size_t)((uintptr_t)p - (uintptr_t)dma->base);

    return dma->iova + (offset < dma->bytes ? offset : 0);
}

#endif
