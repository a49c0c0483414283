/* SPDX-License-Identifier: Apache-2.0 */
/* What stands between a card and its being opened, and what helps. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pci_find.h"
#include "sluice_regs.h"
#include "sysfs.h"

#define NAME 64u

static const char *const names[SLUICE_PCI_LACKS] = {"answer", "config", "bar",     "iommu", "driver",
                                                    "group",  "access", "memlock", "link"};

const char *sluice_pci_lack_name(enum sluice_pci_lack lack)
{
    return (unsigned)lack < SLUICE_PCI_LACKS ? names[lack] : "unknown";
}

/* Each lack is told once at most, so there is always room; what does not fit a text is cut off. */
static void __attribute__((format(printf, 3, 4)))
tell(struct sluice_pci_card *card, enum sluice_pci_lack what, const char *format, ...)
{
    va_list args;

    card->lack[card->lacks].what = what;
    va_start(args, format);
    (void)vsnprintf(card->lack[card->lacks].advice, sizeof card->lack[0].advice, format, args);
    va_end(args);
    card->lacks++;
}

static void look_at_config(const struct pci_seen *seen, struct sluice_pci_card *card)
{
    if (!seen->answers) {
        tell(card, SLUICE_PCI_LACK_ANSWER,
             "The card does not answer: its config space reads as ones. It was unplugged, or its link is down; "
             "as root, write 1 to its `remove` in sysfs and then to /sys/bus/pci/rescan, or restart the machine.");
    } else if (!seen->capabilities) {
        tell(card, SLUICE_PCI_LACK_CONFIG,
             "No permission to read config space beyond 64 bytes, so MSI-X and link are not known: list cards as root.");
    }
}

static void look_at_bar(struct sluice_pci_card *card)
{
    if (card->bar_bytes[0] == 0) {
        tell(card, SLUICE_PCI_LACK_BAR,
             "BAR 0 has no address: the bridge above the card has no room left; see dmesg, or boot with pci=realloc.");
    } else if (card->bar_bytes[0] < SLUICE_BAR_BYTES) {
        tell(card, SLUICE_PCI_LACK_BAR, "BAR 0 has %llu bytes of %u: the card runs another design.",
             (unsigned long long)card->bar_bytes[0], SLUICE_BAR_BYTES);
    }
}

static void look_at_iommu(struct sluice_pci_card *card)
{
    if (card->iommu_group < 0) {
        tell(card, SLUICE_PCI_LACK_IOMMU,
             "No IOMMU group: switch the IOMMU on in the firmware's set-up (VT-d, AMD-Vi, SMMU) "
             "and, on Intel, boot the kernel with intel_iommu=on.");
    }
}

static void look_at_driver(const struct sluice_pci_places *places, struct sluice_pci_card *card)
{
    char path[SYSFS_PATH];

    if (!strcmp(card->driver, PCI_VFIO_DRIVER)) {
        return;
    }
    if (sysfs_path(path, places->sysfs, "bus/pci/drivers/" PCI_VFIO_DRIVER) || access(path, F_OK) != 0) {
        tell(card, SLUICE_PCI_LACK_DRIVER,
             "The kernel has not loaded vfio-pci: as root, `modprobe vfio-pci`, then `sluice card bind %s`.", card->address);
    } else if (card->driver[0]) {
        tell(card, SLUICE_PCI_LACK_DRIVER, "Bound to %s, not to vfio-pci: as root, `sluice card bind %s`.", card->driver,
             card->address);
    } else {
        tell(card, SLUICE_PCI_LACK_DRIVER, "Bound to no driver: as root, `sluice card bind %s`.", card->address);
    }
}

/* ---------------------------------------------------------------- the group */

/* Drivers that leave DMA to whoever owns the group: VFIO's own, and those that never do any. */
static bool harmless(const char *driver)
{
    return !driver[0] || strncmp(driver, "vfio", 4) == 0 || !strcmp(driver, "pci-stub") || !strcmp(driver, "pcieport");
}

/* Whether the device, another one of the group, keeps the card from being used; then with its driver's name. */
static bool spoils(const struct sluice_pci_places *places, const struct sluice_pci_card *card, const char *device,
                   char driver[NAME])
{
    char path[SYSFS_PATH];

    if (device[0] == '.' || !strcmp(device, card->address) || sysfs_path(path, places->sysfs, PCI_BUS "/%s/driver", device)) {
        return false;
    }
    sysfs_link(path, driver, NAME);
    return !harmless(driver);
}

static void look_at_group(const struct sluice_pci_places *places, struct sluice_pci_card *card)
{
    char path[SYSFS_PATH], driver[NAME], first[NAME], its[NAME];
    struct dirent *entry;
    unsigned others = 0;
    DIR *dir;

    if (card->iommu_group < 0 || sysfs_path(path, places->sysfs, "kernel/iommu_groups/%d/devices", card->iommu_group)) {
        return;
    }
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        if (spoils(places, card, entry->d_name, driver) && others++ == 0) {
            (void)snprintf(first, sizeof first, "%.*s", (int)sizeof first - 1, entry->d_name);
            (void)snprintf(its, sizeof its, "%s", driver);
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (others) {
        tell(card, SLUICE_PCI_LACK_GROUP,
             "IOMMU group %d is not viable: it also holds %s, bound to %s%s. Unbind what is in the group, or bind it to "
             "vfio-pci; or put the card into a slot with a group of its own.",
             card->iommu_group, first, its, others > 1 ? ", and more" : "");
    }
}

/* ---------------------------------------------------------------- device nodes */

/* 0, or why the node must not be opened. */
static int may_open(const char *path)
{
    return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 ? 0 : errno;
}

static int may_open_group(const struct sluice_pci_places *places, int group, char node[SYSFS_PATH])
{
    int err = sysfs_path(node, places->dev, "vfio/vfio") ? ENAMETOOLONG : may_open(node);

    if (!err) {
        err = sysfs_path(node, places->dev, "vfio/%d", group) ? ENAMETOOLONG : may_open(node);
    }
    return err;
}

/* The character device of newer kernels, which goes with /dev/iommu. */
static int may_open_device(const struct sluice_pci_places *places, const char *address)
{
    char path[SYSFS_PATH];
    struct dirent *entry;
    int err = ENOENT;
    DIR *dir;

    if (sysfs_path(path, places->dev, "iommu") || may_open(path) ||
        sysfs_path(path, places->sysfs, PCI_BUS "/%s/vfio-dev", address)) {
        return ENOENT;
    }
    dir = opendir(path);
    while (dir && (entry = readdir(dir))) {
        if (strncmp(entry->d_name, "vfio", 4) == 0) {
            err = sysfs_path(path, places->dev, "vfio/devices/%s", entry->d_name) ? ENAMETOOLONG : may_open(path);
        }
    }
    if (dir) {
        closedir(dir);
    }
    return err;
}

static void look_at_nodes(const struct sluice_pci_places *places, struct sluice_pci_card *card)
{
    char node[SYSFS_PATH];
    int err;

    if (card->iommu_group < 0 || strcmp(card->driver, PCI_VFIO_DRIVER) != 0 || may_open_device(places, card->address) == 0) {
        return;
    }
    err = may_open_group(places, card->iommu_group, node);
    if (err == ENOENT) {
        tell(card, SLUICE_PCI_LACK_ACCESS,
             "%.120s is not there: as root, `modprobe vfio_iommu_type1`; in a container, pass the node in.", node);
    } else if (err) {
        tell(card, SLUICE_PCI_LACK_ACCESS,
             "No permission to read and write %.120s: as root, `chown USER` it, or a udev rule "
             "SUBSYSTEM==\"vfio\", GROUP=\"vfio\", MODE=\"0660\" with the user in that group.",
             node);
    }
}

/* ---------------------------------------------------------------- locked memory, link */

static bool may_lock_anything(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capget, &header, data) == 0 && data[CAP_IPC_LOCK / 32].effective >> CAP_IPC_LOCK % 32 & 1;
}

static void look_at_memlock(const struct sluice_pci_places *places, struct sluice_pci_card *card)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= places->dma_bytes ||
        may_lock_anything()) {
        return;
    }
    tell(
        card, SLUICE_PCI_LACK_MEMLOCK,
        "%llu KiB may be locked, and DMA memory takes %llu KiB: raise memlock in /etc/security/limits.conf, LimitMEMLOCK= of the "
        "service, or `ulimit -l`; or give the program less DMA memory.",
        (unsigned long long)limit.rlim_cur / 1024, (unsigned long long)places->dma_bytes / 1024);
}

static void look_at_link(struct sluice_pci_card *card)
{
    if (card->link_speed < card->link_speed_most || card->link_width < card->link_width_most) {
        tell(card, SLUICE_PCI_LACK_LINK,
             "The link has trained at %u.%u GT/s x%u, the card can do %u.%u GT/s x%u: look at slot, riser and the port above; "
             "it works, but slower.",
             card->link_speed / 1000, card->link_speed / 100 % 10, card->link_width, card->link_speed_most / 1000,
             card->link_speed_most / 100 % 10, card->link_width_most);
    }
}

void pci_lacks(const struct sluice_pci_places *places, const struct pci_seen *seen, struct sluice_pci_card *card)
{
    card->lacks = 0;
    look_at_config(seen, card);
    look_at_bar(card);
    look_at_iommu(card);
    look_at_driver(places, card);
    look_at_group(places, card);
    look_at_nodes(places, card);
    look_at_memlock(places, card);
    look_at_link(card);
    card->ready = true;
    for (unsigned i = 0; i < card->lacks; i++) {
        card->ready &= card->lack[i].what == SLUICE_PCI_LACK_LINK || card->lack[i].what == SLUICE_PCI_LACK_CONFIG;
    }
}
