/* SPDX-License-Identifier: Apache-2.0 */
/* What VFIO needs to know before anything is opened: which device, which files of /dev, which DMA addresses. No ioctl here. */
#ifndef SLUICE_VFIO_PLACE_H
#define SLUICE_VFIO_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFIO_SYSFS "/sys"
#define VFIO_DEV   "/dev"

/* "DDDD:BB:DD.F": hexadecimal digits, function 0 to 7. The segment may have up to 8 digits. */
bool vfio_address_valid(const char *address);

struct vfio_place {
    unsigned group;  /* IOMMU group */
    bool has_device; /* the kernel has a character device for it, which iommufd can have */
    unsigned device; /* its number */
};

/*
 * Looks at the device in the sysfs that is mounted at `root`. -EINVAL: not an address. -ENOENT: there is no such device.
 * -EOPNOTSUPP: it is in no IOMMU group. -ENXIO: vfio-pci is not bound to it. -EIO: sysfs has what it cannot have.
 */
int vfio_find(const char *root, const char *address, struct vfio_place *place);

struct vfio_range {
    uint64_t first, last;
};

/*
 * Chooses the DMA address of `bytes` bytes within `count` ranges, in ascending order: *iova where that can be, else the lowest
 * address from 4 GiB on, else any but 0; a multiple of `align`, a power of two. -ENOSPC: nowhere.
 */
int vfio_choose_iova(const struct vfio_range *ranges, size_t count, uint64_t bytes, uint64_t align, uint64_t *iova);

#endif
