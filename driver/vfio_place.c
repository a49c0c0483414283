/* SPDX-License-Identifier: Apache-2.0 */
#include "vfio_place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

#define FOUR_GIB    (UINT64_C(1) << 32)
#define LEAST_IOVA  4096u
#define NUMBER_MOST 1000000000ul

/* ---------------------------------------------------------------- the device */

/* Skips least to most hexadecimal digits and what ends them. NULL: something else is there. */
static const char *skip_digits(const char *p, unsigned least, unsigned most, char end)
{
    unsigned n = 0;

    while (n < most && isxdigit((unsigned char)p[n])) {
        n++;
    }
    return n >= least && p[n] == end ? p + n + (end != '\0') : NULL;
}

bool vfio_address_valid(const char *address)
{
    const char *p = skip_digits(address, 4, 8, ':');

    p = p ? skip_digits(p, 2, 2, ':') : NULL;
    p = p ? skip_digits(p, 2, 2, '.') : NULL;
    return p && *p >= '0' && *p <= '7' && p[1] == '\0';
}

/* A decimal number that is the whole text. */
static int number_of(const char *text, unsigned *number)
{
    unsigned long n;
    char *end;

    if (!isdigit((unsigned char)*text)) {
        return -EIO;
    }
    n = strtoul(text, &end, 10);
    if (*end || n > NUMBER_MOST) {
        return -EIO;
    }
    *number = (unsigned)n;
    return 0;
}

/* vfio-dev/vfioN is there when the kernel gives a device a file of its own (6.6 and later, when configured). */
static int find_cdev(const char *root, const char *address, struct vfio_place *place)
{
    char path[SYSFS_PATH];
    struct dirent *entry;
    int err = sysfs_path(path, root, "bus/pci/devices/%s/vfio-dev", address);
    DIR *dir = err ? NULL : opendir(path);

    while (dir && !err && !place->has_device && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, "vfio", 4) == 0) {
            err = number_of(entry->d_name + 4, &place->device);
            place->has_device = err == 0;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return err;
}

int vfio_find(const char *root, const char *address, struct vfio_place *place)
{
    char path[SYSFS_PATH], name[NAME_MAX + 1];
    int err;

    *place = (struct vfio_place){0};
    if (!vfio_address_valid(address)) {
        return -EINVAL;
    }
    err = sysfs_path(path, root, "bus/pci/devices/%s", address);
    if (err || access(path, F_OK) < 0) {
        return err ? err : -errno;
    }
    (void)sysfs_path(path, root, "bus/pci/devices/%s/iommu_group", address);
    sysfs_link(path, name, sizeof name);
    if (name[0] == '\0') {
        return -EOPNOTSUPP;
    }
    err = number_of(name, &place->group);
    if (err) {
        return err;
    }
    (void)sysfs_path(path, root, "bus/pci/devices/%s/driver", address);
    sysfs_link(path, name, sizeof name);
    return strcmp(name, "vfio-pci") == 0 ? find_cdev(root, address, place) : -ENXIO;
}

/* ---------------------------------------------------------------- DMA addresses */

/* The first multiple of align in the range from `from` on that has room. */
static bool fits(const struct vfio_range *range, uint64_t bytes, uint64_t align, uint64_t from, uint64_t *iova)
{
    uint64_t first = range->first > from ? range->first : from;

    if (first > UINT64_MAX - (align - 1)) {
        return false;
    }
    first = (first + align - 1) & ~(align - 1);
    if (first > range->last || bytes - 1 > range->last - first) {
        return false;
    }
    *iova = first;
    return true;
}

int vfio_choose_iova(const struct vfio_range *ranges, size_t count, uint64_t bytes, uint64_t align, uint64_t *iova)
{
    const uint64_t from[] = {*iova, FOUR_GIB, LEAST_IOVA};
    uint64_t found;

    if (bytes == 0) {
        return -EINVAL;
    }
    for (unsigned pass = 0; pass < sizeof from / sizeof from[0]; pass++) {
        for (size_t i = 0; i < count; i++) {
            if (fits(&ranges[i], bytes, align, from[pass], &found) && (pass > 0 || found == *iova)) {
                *iova = found;
                return 0;
            }
        }
    }
    return -ENOSPC;
}
