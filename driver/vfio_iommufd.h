/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's interface of iommufd and of VFIO's device files, as far as it is used here:
 * Documentation/userspace-api/iommufd.rst and vfio.rst of Linux 6.6. The headers of Debian 12 are older than it.
 */
#ifndef SLUICE_VFIO_IOMMUFD_H
#define SLUICE_VFIO_IOMMUFD_H

#include <linux/vfio.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define IOMMUFD_IOAS_ALLOC       _IO(';', 0x81)
#define IOMMUFD_IOAS_IOVA_RANGES _IO(';', 0x84)
#define IOMMUFD_IOAS_MAP         _IO(';', 0x85)
#define VFIO_CDEV_BIND           _IO(VFIO_TYPE, VFIO_BASE + 18)
#define VFIO_CDEV_ATTACH         _IO(VFIO_TYPE, VFIO_BASE + 19)

struct iommufd_ioas_alloc {
    uint32_t size, flags, ioas;
};

struct iommufd_ioas_ranges {
    uint32_t size, ioas, count, reserved;
    uint64_t ranges; /* address of {first, last} */
    uint64_t alignment;
};

#define IOMMUFD_MAP_FIXED    1u
#define IOMMUFD_MAP_WRITABLE 2u
#define IOMMUFD_MAP_READABLE 4u

struct iommufd_ioas_map {
    uint32_t size, flags, ioas, reserved;
    uint64_t from, length, iova;
};

struct vfio_cdev_bind {
    uint32_t argsz, flags;
    int32_t iommufd;
    uint32_t device;
};

struct vfio_cdev_attach {
    uint32_t argsz, flags, ioas;
};

#endif
