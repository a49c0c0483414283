/* SPDX-License-Identifier: Apache-2.0 */
/* Where a card is, from made-up trees of sysfs, and which DMA addresses it gets. What VFIO does is for the virtual machine. */
#include "vfio_place.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tap.h"

#define ADDRESS "0001:41:00.0"
#define DEVICE  "/bus/pci/devices/" ADDRESS
#define WISH    UINT64_C(0x4000000000)
#define MIB     UINT64_C(0x100000)

static char root[] = "/tmp/sluice-sysfs-XXXXXX";

/* ---------------------------------------------------------------- made-up trees */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static void clear(void)
{
    (void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A device with these; NULL: without. */
static void device(const char *group, const char *driver, const char *file)
{
    char path[200], target[100];

    clear();
    snprintf(path, sizeof path, "%s%s", root, DEVICE);
    for (char *p = path + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        (void)mkdir(path, 0700);
        *p = '/';
    }
    (void)mkdir(path, 0700);
    if (group) {
        snprintf(path, sizeof path, "%s%s/iommu_group", root, DEVICE);
        snprintf(target, sizeof target, "../../../kernel/iommu_groups/%s", group);
        (void)!symlink(target, path);
    }
    if (driver) {
        snprintf(path, sizeof path, "%s%s/driver", root, DEVICE);
        snprintf(target, sizeof target, "../../../bus/pci/drivers/%s", driver);
        (void)!symlink(target, path);
    }
    if (file) {
        snprintf(path, sizeof path, "%s%s/vfio-dev", root, DEVICE);
        (void)mkdir(path, 0700);
        snprintf(path, sizeof path, "%s%s/vfio-dev/%s", root, DEVICE, file);
        (void)mkdir(path, 0700);
    }
}

static void devices(void)
{
    struct vfio_place p;

    device("17", "vfio-pci", NULL);
    tap_ok(vfio_find(root, ADDRESS, &p) == 0 && p.group == 17 && !p.has_device, "a device has its group");
    device("17", "vfio-pci", "vfio3");
    tap_ok(vfio_find(root, ADDRESS, &p) == 0 && p.has_device && p.device == 3, "and a file of its own, if the kernel has those");
    tap_ok(vfio_find(root, "0001:41:00.1", &p) == -ENOENT, "one that is not there");
    device(NULL, "vfio-pci", NULL);
    tap_ok(vfio_find(root, ADDRESS, &p) == -EOPNOTSUPP, "one without an IOMMU");
    device("17", "nvme", NULL);
    tap_ok(vfio_find(root, ADDRESS, &p) == -ENXIO, "one with another driver");
    device("17", NULL, NULL);
    tap_ok(vfio_find(root, ADDRESS, &p) == -ENXIO, "one without a driver");
    device("x17", "vfio-pci", NULL);
    tap_ok(vfio_find(root, ADDRESS, &p) == -EIO, "a group that is no number");
    device("99999999999999999999", "vfio-pci", NULL);
    tap_ok(vfio_find(root, ADDRESS, &p) == -EIO, "a group that is too much of one");
    device("17", "vfio-pci", "vfio");
    tap_ok(vfio_find(root, ADDRESS, &p) == -EIO, "a file without a number");
    clear();
}

static void addresses(void)
{
    static const char *const good[] = {"0000:01:00.0", "ffff:FF:1f.7", "10000:e1:00.0"};
    static const char *const bad[] = {"",
                                      "01:00.0",
                                      "0000:01:00",
                                      "0000:01:00.8",
                                      "0000:01:00.0 ",
                                      "000:01:00.0",
                                      "0000:001:00.0",
                                      "0000/01:00.0",
                                      "123456789:01:00.0",
                                      "0000:01:00.00",
                                      "../../../..",
                                      "0000:0g:00.0",
                                      "0000:01:00.0/"};
    bool all = true;

    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        all = all && vfio_address_valid(good[i]);
    }
    tap_ok(all, "addresses, with segments of more than 16 bits");
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        all = all && !vfio_address_valid(bad[i]);
    }
    tap_ok(all, "what is none");
}

/* ---------------------------------------------------------------- DMA addresses */

static bool chosen(const struct vfio_range *ranges, size_t count, uint64_t bytes, uint64_t expected)
{
    uint64_t iova = WISH;
    int err = vfio_choose_iova(ranges, count, bytes, 2 * MIB, &iova);

    if (expected == 0 ? err != -ENOSPC : err || iova != expected) {
        tap_note("%d, %llx", err, (unsigned long long)iova);
        return false;
    }
    return true;
}

static void choices(void)
{
    const struct vfio_range pc[] = {{0, 0xfedfffff}, {0xfef00000, 0x7fffffffff}};
    const struct vfio_range small[] = {{0, 0xfedfffff}, {0xfef00000, 0x3fffffffff}};
    const struct vfio_range low[] = {{0, 0xfedfffff}};
    const struct vfio_range tail[] = {{0, 0xfff}, {WISH - MIB, WISH + 64 * MIB - 2}, {UINT64_MAX - 66 * MIB, UINT64_MAX}};

    tap_ok(chosen(pc, 2, 64 * MIB, WISH), "the wish, where the IOMMU has it");
    tap_ok(chosen(small, 2, 64 * MIB, UINT64_C(0x100000000)), "else above 4 GiB");
    tap_ok(chosen(low, 1, 64 * MIB, 2 * MIB), "else below, but not at 0");
    tap_ok(chosen(tail, 3, 64 * MIB - 1, WISH), "a range that just suffices");
    tap_ok(chosen(tail, 3, 64 * MIB, UINT64_MAX - 66 * MIB + 1),
           "one byte too little, and then one that ends with the address space");
    tap_ok(chosen(tail, 3, 67 * MIB, 0) && chosen(low, 0, MIB, 0), "nowhere");
}

int main(void)
{
    tap_begin();
    if (!mkdtemp(root)) {
        tap_skip_all("no folder can be made in /tmp");
    }
    devices();
    addresses();
    choices();
    return tap_end();
}
