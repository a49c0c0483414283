/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to a device and its IOMMU: iommufd and the device's own file where the kernel has them and the caller may open them,
 * else the group and a container.
 */
#ifndef SLUICE_VFIO_ATTACH_H
#define SLUICE_VFIO_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vfio_attachment {
    int device;    /* every VFIO_DEVICE_* call */
    int group;     /* -1 with iommufd */
    int container; /* or the iommufd */
    uint32_t ioas; /* with iommufd */
    bool iommufd;
};

/*
 * Those of vfio_find, and: -EACCES: no permission for the files of /dev; -EBUSY: another program has the group or the device;
 * -EPERM: the group is not viable (a device in it has another driver); -EOPNOTSUPP: no IOMMU that VFIO can use.
 */
int vfio_attach(const char *address, struct vfio_attachment *a);
/*
 * Lets the device read and write memory, at *iova if that can be, else where *iova tells. -ENOMEM: beyond the limit of locked
 * memory; -ENOSPC: no addresses.
 */
int vfio_attach_map(const struct vfio_attachment *a, void *mem, size_t bytes, uint64_t *iova);
/* Closes what is open; the device is reset by the kernel, and can no longer reach memory. May be called again. */
void vfio_detach(struct vfio_attachment *a);

#endif
