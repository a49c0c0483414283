/* SPDX-License-Identifier: Apache-2.0 */
#include "vfio_attach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dma.h"
#include "vfio_iommufd.h"
#include "vfio_place.h"

#define PATH_BYTES  64
#define MOST_RANGES 256u       /* of DMA addresses; a machine has a handful */
#define MOST_INFO   (1u << 20) /* bytes that the kernel may tell of an IOMMU */
#define NOTHING                                                                                                                  \
    {                                                                                                                            \
        -1, -1, -1, 0, false                                                                                                     \
    }

static int call(int fd, unsigned long request, void *argument)
{
    int n = ioctl(fd, request, argument);

    return n < 0 ? -errno : n;
}

static int open_dev(const char *format, unsigned number, int *fd)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof path, format, VFIO_DEV, number);
    *fd = open(path, O_RDWR | O_CLOEXEC);
    return *fd < 0 ? -errno : 0;
}

/* ---------------------------------------------------------------- group and container */

static int open_group(unsigned number, int *group)
{
    struct vfio_group_status status = {.argsz = sizeof status};
    int err = open_dev("%s/vfio/%u", number, group);

    if (err) {
        return err == -ENOENT ? -ENXIO : err;
    }
    err = call(*group, VFIO_GROUP_GET_STATUS, &status);
    return err ? err : status.flags & VFIO_GROUP_FLAGS_VIABLE ? 0 : -EPERM;
}

static int open_container(int group, int *container)
{
    int err = open_dev("%s/vfio/vfio", 0, container);

    if (err) {
        return err;
    }
    if (ioctl(*container, VFIO_GET_API_VERSION) != VFIO_API_VERSION ||
        ioctl(*container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU) != 1) {
        return -EOPNOTSUPP;
    }
    err = call(group, VFIO_GROUP_SET_CONTAINER, container);
    if (err) {
        return err;
    }
    return ioctl(*container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) < 0 ? -errno : 0;
}

static int by_group(const struct vfio_place *place, const char *address, struct vfio_attachment *a)
{
    int err = open_group(place->group, &a->group);

    err = err ? err : open_container(a->group, &a->container);
    if (err) {
        return err;
    }
    a->device = ioctl(a->group, VFIO_GROUP_GET_DEVICE_FD, address);
    return a->device < 0 ? -errno : 0;
}

/* The capability that lists DMA addresses, in what the kernel tells of the IOMMU: a chain of offsets into it. */
static const struct vfio_iommu_type1_info_cap_iova_range *find_ranges(const struct vfio_iommu_type1_info *info, uint32_t bytes)
{
    uint32_t at = info->flags & VFIO_IOMMU_INFO_CAPS ? info->cap_offset : 0;
    const struct vfio_iommu_type1_info_cap_iova_range *cap;

    for (unsigned i = 0; i < MOST_RANGES && at >= sizeof *info && at <= bytes - sizeof *cap; i++) {
        cap = (const void *)((const uint8_t *)info + at);
        if (cap->header.id == VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE) {
            return cap->nr_iovas <= (bytes - at - sizeof *cap) / sizeof cap->iova_ranges[0] ? cap : NULL;
        }
        at = cap->header.next;
    }
    return NULL;
}

/* A kernel that does not tell them (before 5.4) takes any address that is not reserved: the wish is none that is. */
static int choose_in_container(int container, uint64_t bytes, uint64_t align, uint64_t *iova)
{
    struct vfio_iommu_type1_info brief = {.argsz = sizeof brief}, *info;
    const struct vfio_iommu_type1_info_cap_iova_range *cap;
    int err = call(container, VFIO_IOMMU_GET_INFO, &brief);

    if (err || brief.argsz <= sizeof brief || brief.argsz > MOST_INFO) {
        return err;
    }
    info = calloc(1, brief.argsz);
    if (!info) {
        return -ENOMEM;
    }
    info->argsz = brief.argsz;
    err = call(container, VFIO_IOMMU_GET_INFO, info);
    cap = err ? NULL : find_ranges(info, brief.argsz);
    if (cap && cap->nr_iovas > 0) {
        _Static_assert(sizeof(struct vfio_range) == sizeof cap->iova_ranges[0], "both are first and last");
        err = vfio_choose_iova((const struct vfio_range *)(const void *)cap->iova_ranges, cap->nr_iovas, bytes, align, iova);
    }
    free(info);
    return err;
}

static int map_in_container(int container, void *mem, size_t bytes, uint64_t iova)
{
    struct vfio_iommu_type1_dma_map map = {.argsz = sizeof map,
                                           .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
                                           .vaddr = (uintptr_t)mem,
                                           .iova = iova,
                                           .size = bytes};

    return call(container, VFIO_IOMMU_MAP_DMA, &map);
}

/* ---------------------------------------------------------------- iommufd */

static int by_iommufd(const struct vfio_place *place, struct vfio_attachment *a)
{
    struct vfio_cdev_bind bind = {.argsz = sizeof bind};
    struct iommufd_ioas_alloc ioas = {.size = sizeof ioas};
    struct vfio_cdev_attach attach = {.argsz = sizeof attach};
    int err = open_dev("%s/vfio/devices/vfio%u", place->device, &a->device);

    err = err ? err : open_dev("%s/iommu", 0, &a->container);
    if (err) {
        return err;
    }
    bind.iommufd = a->container;
    err = call(a->device, VFIO_CDEV_BIND, &bind);
    err = err ? err : call(a->container, IOMMUFD_IOAS_ALLOC, &ioas);
    if (err) {
        return err;
    }
    attach.ioas = a->ioas = ioas.ioas;
    a->iommufd = true;
    return call(a->device, VFIO_CDEV_ATTACH, &attach);
}

static int choose_in_ioas(const struct vfio_attachment *a, uint64_t bytes, uint64_t align, uint64_t *iova)
{
    struct vfio_range *ranges = calloc(MOST_RANGES, sizeof *ranges);
    struct iommufd_ioas_ranges asked = {.size = sizeof asked, .ioas = a->ioas, .count = MOST_RANGES, .ranges = (uintptr_t)ranges};
    int err = ranges ? call(a->container, IOMMUFD_IOAS_IOVA_RANGES, &asked) : -ENOMEM;

    if (!err) {
        err = vfio_choose_iova(ranges, asked.count < MOST_RANGES ? asked.count : MOST_RANGES, bytes,
                               align > asked.alignment ? align : asked.alignment, iova);
    }
    free(ranges);
    return err;
}

static int map_in_ioas(const struct vfio_attachment *a, void *mem, size_t bytes, uint64_t iova)
{
    struct iommufd_ioas_map map = {.size = sizeof map,
                                   .flags = IOMMUFD_MAP_FIXED | IOMMUFD_MAP_READABLE | IOMMUFD_MAP_WRITABLE,
                                   .ioas = a->ioas,
                                   .from = (uintptr_t)mem,
                                   .length = bytes,
                                   .iova = iova};

    return call(a->container, IOMMUFD_IOAS_MAP, &map);
}

/* ---------------------------------------------------------------- either */

int vfio_attach(const char *address, struct vfio_attachment *a)
{
    struct vfio_place place;
    int err;

    *a = (struct vfio_attachment)NOTHING;
    err = vfio_find(VFIO_SYSFS, address, &place);
    if (err) {
        return err;
    }
    err = place.has_device ? by_iommufd(&place, a) : -ENOENT;
    if (err) {
        vfio_detach(a);
        err = by_group(&place, address, a);
    }
    if (err) {
        vfio_detach(a);
    }
    return err;
}

int vfio_attach_map(const struct vfio_attachment *a, void *mem, size_t bytes, uint64_t *iova)
{
    int err;

    if (a->iommufd) {
        err = choose_in_ioas(a, bytes, DMA_PAGE_BYTES, iova);
        return err ? err : map_in_ioas(a, mem, bytes, *iova);
    }
    err = choose_in_container(a->container, bytes, DMA_PAGE_BYTES, iova);
    return err ? err : map_in_container(a->container, mem, bytes, *iova);
}

static void close_one(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

void vfio_detach(struct vfio_attachment *a)
{
    close_one(&a->device);
    close_one(&a->group);
    close_one(&a->container);
    a->iommufd = false;
}
