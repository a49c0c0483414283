/* SPDX-License-Identifier: Apache-2.0 */
#include "dma.h"

#include <errno.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEFAULT_BYTES ((size_t)64 << 20)
#define MOST_BYTES    ((uint64_t)4 << 30)

static size_t align_up(size_t n, size_t align)
{
    return (n + align - 1) & ~(align - 1);
}

/* Huge pages are reserved by mmap, which fails when there are too few: no access fails later. */
static int map_memfd(struct dma *dma, unsigned kind)
{
    void *base = MAP_FAILED;
    int err = 0;

    dma->fd = memfd_create("sluice-dma", MFD_CLOEXEC | kind);
    if (dma->fd < 0) {
        return -errno;
    }
    if (ftruncate(dma->fd, (off_t)dma->bytes) == 0) {
        base = mmap(NULL, dma->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, dma->fd, 0);
    }
    if (base == MAP_FAILED) {
        err = -errno;
        close(dma->fd);
        dma->fd = -1;
        return err;
    }
    dma->base = base;
    /* Keys and clear text pass through here: they have no place in a core file. */
    (void)madvise(base, dma->bytes, MADV_DONTDUMP);
    return 0;
}

int dma_init(struct dma *dma, size_t bytes)
{
    int err;

    *dma = (struct dma){.fd = -1, .iova = DMA_IOVA_BASE};
    if (bytes > MOST_BYTES) {
        return -EINVAL;
    }
    dma->bytes = align_up(bytes ? bytes : DEFAULT_BYTES, DMA_PAGE_BYTES);
    err = pthread_mutex_init(&dma->lock, NULL);
    if (err) {
        return -err;
    }
    err = map_memfd(dma, MFD_HUGETLB | MFD_HUGE_2MB);
    err = err ? map_memfd(dma, 0) : 0;
    if (err) {
        dma_fini(dma);
    }
    return err;
}

void dma_fini(struct dma *dma)
{
    if (dma->base) {
        munmap(dma->base, dma->bytes);
    }
    if (dma->fd >= 0) {
        close(dma->fd);
    }
    free(dma->used);
    pthread_mutex_destroy(&dma->lock);
    *dma = (struct dma){.fd = -1};
}

static int grow(struct dma *dma)
{
    size_t room = dma->used_room ? 2 * dma->used_room : 64;
    struct dma_extent *used = reallocarray(dma->used, room, sizeof *used);

    if (!used) {
        return -ENOMEM;
    }
    dma->used = used;
    dma->used_room = room;
    return 0;
}

/* First fit: the gap before allocation `at` that takes `bytes`; sets *offset. Returns used_count + 1 when there is none. */
static size_t find_gap(const struct dma *dma, size_t bytes, size_t align, size_t *offset)
{
    size_t start = 0;

    for (size_t at = 0; at <= dma->used_count; at++) {
        size_t end = at < dma->used_count ? dma->used[at].offset : dma->bytes;

        start = align_up(start, align);
        if (start <= end && bytes <= end - start) {
            *offset = start;
            return at;
        }
        start = at < dma->used_count ? dma->used[at].offset + dma->used[at].bytes : end;
    }
    return dma->used_count + 1;
}

static void *take_gap(struct dma *dma, size_t bytes, size_t align)
{
    size_t offset = 0, at;

    if (dma->used_count == dma->used_room && grow(dma)) {
        return NULL;
    }
    at = find_gap(dma, bytes, align, &offset);
    if (at > dma->used_count) {
        return NULL;
    }
    memmove(&dma->used[at + 1], &dma->used[at], (dma->used_count - at) * sizeof *dma->used);
    dma->used[at] = (struct dma_extent){offset, bytes};
    dma->used_count++;
    return dma->base + offset;
}

/* Memory is zero from the start and wiped when it is freed, so that an allocation need not clear it. */
void *dma_alloc(struct dma *dma, size_t bytes, size_t align)
{
    void *mem;

    if (bytes > dma->bytes) {
        return NULL;
    }
    pthread_mutex_lock(&dma->lock);
    mem = take_gap(dma, align_up(bytes ? bytes : 1, DMA_ALIGN), align);
    pthread_mutex_unlock(&dma->lock);
    return mem;
}

static struct dma_extent *find_used(struct dma *dma, size_t offset)
{
    size_t low = 0, high = dma->used_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (dma->used[mid].offset < offset) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < dma->used_count && dma->used[low].offset == offset ? &dma->used[low] : NULL;
}

void dma_free(struct dma *dma, void *mem)
{
    struct dma_extent *extent;

    if (!mem) {
        return;
    }
    pthread_mutex_lock(&dma->lock);
    extent = find_used(dma, (size_t)((uint8_t *)mem - dma->base));
    if (extent) {
        explicit_bzero(mem, extent->bytes);
        dma->used_count--;
        memmove(extent, extent + 1, (size_t)(dma->used + dma->used_count - extent) * sizeof *extent);
    }
    pthread_mutex_unlock(&dma->lock);
}
