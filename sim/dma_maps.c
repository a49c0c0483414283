/* SPDX-License-Identifier: Apache-2.0 */
#include "dma_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "guard.h"

void dma_init(struct dma *d)
{
    memset(d, 0, sizeof(*d));
}

static void drop(struct dma_map *m)
{
    if (m->memory)
        munmap(m->memory, (size_t)m->size);
}

void dma_clear(struct dma *d)
{
    for (size_t i = 0; i < d->count; i++)
        drop(&d->maps[i]);
    free(d->maps);
    dma_init(d);
}

/* Index of the first map that ends beyond `address`. */
static size_t find(const struct dma *d, uint64_t address)
{
    size_t low = 0, high = d->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (d->maps[mid].address + (d->maps[mid].size - 1) < address)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool range_ok(uint64_t address, uint64_t size)
{
    return size != 0 && address + (size - 1) >= address;
}

static int make_room(struct dma *d)
{
    size_t room = d->room ? 2 * d->room : 16;
    struct dma_map *maps = NULL;

    if (d->count < d->room)
        return 0;
    if (d->count >= DMA_MAX_MAPS)
        return -ENOSPC;
    maps = realloc(d->maps, room * sizeof(*maps));
    if (!maps)
        return -ENOMEM;
    d->maps = maps;
    d->room = room;
    return 0;
}

/* A file shorter than the range would turn an access into SIGBUS. Only regular files (memfd among them) tell their size. */
static int map_file(struct dma_map *m, int fd, uint64_t offset)
{
    int prot = (m->readable ? PROT_READ : 0) | (m->writable ? PROT_WRITE : 0);
    struct stat st;
    void *at = NULL;

    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || offset % DMA_PAGE || m->size > SIZE_MAX / 2)
        return -EINVAL;
    if (offset > (uint64_t)st.st_size || m->size > (uint64_t)st.st_size - offset)
        return -EINVAL;
    at = mmap(NULL, (size_t)m->size, prot, MAP_SHARED, fd, (off_t)offset);
    if (at == MAP_FAILED)
        return -errno;
    m->memory = at;
    return 0;
}

int dma_add(struct dma *d, uint64_t address, uint64_t size, bool readable, bool writable, int fd, uint64_t offset)
{
    struct dma_map m = {address, size, readable, writable, NULL};
    size_t at = find(d, address);
    int rc = 0;

    if (!range_ok(address, size) || address % DMA_PAGE || size % DMA_PAGE || (!readable && !writable))
        return -EINVAL;
    if (at < d->count && d->maps[at].address <= address + (size - 1))
        return -EEXIST;
    rc = make_room(d);
    if (rc == 0 && fd >= 0)
        rc = map_file(&m, fd, offset);
    if (rc < 0)
        return rc;
    memmove(d->maps + at + 1, d->maps + at, (d->count - at) * sizeof(m));
    d->maps[at] = m;
    d->count++;
    return 0;
}

int dma_remove(struct dma *d, uint64_t address, uint64_t size)
{
    uint64_t last = address + (size - 1);
    size_t first = find(d, address), end = first;

    if (!range_ok(address, size))
        return -EINVAL;
    while (end < d->count && d->maps[end].address <= last) {
        const struct dma_map *m = &d->maps[end++];

        if (m->address < address || m->address + (m->size - 1) > last)
            return -EINVAL;
    }
    if (end == first)
        return 0;
    for (size_t i = first; i < end; i++)
        drop(&d->maps[i]);
    memmove(d->maps + first, d->maps + end, (d->count - end) * sizeof(*d->maps));
    d->count -= end - first;
    return 0;
}

static const struct dma_map *lookup(const struct dma *d, uint64_t address, unsigned count)
{
    size_t i = find(d, address);
    const struct dma_map *m = i < d->count ? &d->maps[i] : NULL;

    return m && m->address <= address && count <= m->size - (address - m->address) ? m : NULL;
}

enum dma_result dma_read(const struct dma *d, uint64_t address, uint8_t *to, unsigned count)
{
    const struct dma_map *m = lookup(d, address, count);

    if (!m || !m->readable)
        return DMA_UNMAPPED;
    if (!m->memory)
        return DMA_REMOTE;
    return guard_load(to, m->memory + (address - m->address), count) == 0 ? DMA_DONE : DMA_UNMAPPED;
}

enum dma_result dma_write(struct dma *d, uint64_t address, const uint8_t *from, unsigned count)
{
    const struct dma_map *m = lookup(d, address, count);

    if (!m || !m->writable)
        return DMA_UNMAPPED;
    if (!m->memory)
        return DMA_REMOTE;
    return guard_store(m->memory + (address - m->address), from, count) == 0 ? DMA_DONE : DMA_UNMAPPED;
}
