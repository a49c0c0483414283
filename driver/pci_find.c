/* SPDX-License-Identifier: Apache-2.0 */
#include "pci_find.h"

#include <dirent.h>
#include <errno.h>
#include <pci/pci.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sluice_regs.h"
#include "sysfs.h"

#define SYSFS           "/sys"
#define DEV             "/dev"
#define WHOLE           64 /* bytes of config space that anybody may read */
#define MSIX_CONTROL    2  /* in its capability */
#define MSIX_TABLE_SIZE 0x7ffu
#define BARS_KNOWN      6
#define FILL                                                                                                                     \
    (PCI_FILL_IDENT | PCI_FILL_BASES | PCI_FILL_SIZES | PCI_FILL_CAPS | PCI_FILL_IOMMU_GROUP | PCI_FILL_DRIVER |                 \
     PCI_FILL_NUMA_NODE)

_Static_assert(SLUICE_PCI_BARS == BARS_KNOWN, "libpci knows as many");

struct sluice_pci_places pci_places(const struct sluice_pci_places *places)
{
    struct sluice_pci_places p = places ? *places : (struct sluice_pci_places){0};

    p.sysfs = p.sysfs ? p.sysfs : SYSFS;
    p.dev = p.dev ? p.dev : DEV;
    p.dma_bytes = p.dma_bytes ? p.dma_bytes : (size_t)64 << 20;
    return p;
}

/* ---------------------------------------------------------------- libpci's errors */

/*
 * libpci takes it that its error callback does not come back, and gives it nothing to tell callers by: so it jumps to where this
 * thread last entered libpci.
 */
static _Thread_local jmp_buf entered;

__attribute__((noreturn)) static void fail(char *format, ...)
{
    (void)format;
    longjmp(entered, 1);
}

static void be_quiet(char *format, ...)
{
    (void)format;
}

static bool is_address(const char *name)
{
    unsigned segment, bus, device, function;
    char rest;

    /* NOLINTNEXTLINE(cert-err34-c): what the numbers are is not asked */
    return sscanf(name, "%8x:%2x:%2x.%1x%c", &segment, &bus, &device, &function, &rest) == 4;
}

/* Whether libpci will understand every entry: the jump out of its scan would leave open what it had opened. */
static bool addresses_only(DIR *dir)
{
    const struct dirent *entry;

    while ((entry = readdir(dir))) {
        if (entry->d_name[0] != '.' && !is_address(entry->d_name)) {
            return false;
        }
    }
    return true;
}

/* 0; -ENOENT: there is no such folder; -EIO: it is not one of PCI devices. */
static int must_be_devices(const char *path)
{
    DIR *dir = opendir(path);
    int err = dir ? 0 : -errno;

    if (dir) {
        err = addresses_only(dir) ? 0 : -EIO;
        closedir(dir);
    }
    return err;
}

static int scan(struct pci_access *access)
{
    if (setjmp(entered)) {
        return -EIO;
    }
    pci_init(access);
    pci_scan_bus(access);
    return 0;
}

/* ---------------------------------------------------------------- one function */

static unsigned megatransfers(unsigned code)
{
    static const unsigned known[] = {0, 2500, 5000, 8000, 16000, 32000, 64000};

    return code < sizeof known / sizeof *known ? known[code] : 0;
}

static void read_link(struct pci_dev *dev, struct sluice_pci_card *card)
{
    const struct pci_cap *cap = pci_find_cap(dev, PCI_CAP_ID_EXP, PCI_CAP_NORMAL);
    unsigned most, now;

    if (!cap) {
        return;
    }
    most = pci_read_long(dev, (int)cap->addr + PCI_EXP_LNKCAP);
    now = pci_read_word(dev, (int)cap->addr + PCI_EXP_LNKSTA);
    card->link_speed_most = megatransfers(most & PCI_EXP_LNKCAP_SPEED);
    card->link_width_most = (most & PCI_EXP_LNKCAP_WIDTH) >> 4;
    card->link_speed = megatransfers(now & PCI_EXP_LNKSTA_SPEED);
    card->link_width = (now & PCI_EXP_LNKSTA_WIDTH) >> 4;
}

static void read_msix(struct pci_dev *dev, struct sluice_pci_card *card)
{
    const struct pci_cap *cap = pci_find_cap(dev, PCI_CAP_ID_MSIX, PCI_CAP_NORMAL);

    if (cap) {
        card->msix_vectors = (pci_read_word(dev, (int)cap->addr + MSIX_CONTROL) & MSIX_TABLE_SIZE) + 1u;
    }
}

static int group_of(struct pci_dev *dev)
{
    const char *text = pci_get_string_property(dev, PCI_FILL_IOMMU_GROUP);
    char *end;
    long group;

    if (!text || *text < '0' || *text > '9') {
        return -1;
    }
    group = strtol(text, &end, 10);
    return *end || group > 0x7fffffff ? -1 : (int)group;
}

static void name_address(const struct pci_dev *dev, struct sluice_pci_card *card)
{
    (void)snprintf(card->address, sizeof card->address, "%04x:%02x:%02x.%x", (unsigned)dev->domain, (unsigned)dev->bus,
                   (unsigned)dev->dev, (unsigned)dev->func);
}

/* 1: a card, and described; 0: not one, or it went away meanwhile. */
static int describe(struct pci_dev *dev, const struct sluice_pci_places *places, struct sluice_pci_card *card)
{
    uint8_t beyond[4];
    struct pci_seen seen;
    char path[SYSFS_PATH];

    if (setjmp(entered)) {
        return 0;
    }
    if (!(pci_fill_info(dev, FILL) & PCI_FILL_IDENT) || dev->vendor_id != SLUICE_VENDOR_ID ||
        dev->device_id != SLUICE_DEVICE_ID) {
        return 0;
    }
    *card = (struct sluice_pci_card){.vendor = dev->vendor_id, .device = dev->device_id, .numa_node = dev->numa_node};
    seen.answers = pci_read_word(dev, PCI_VENDOR_ID) != 0xffff;
    seen.capabilities = pci_read_block(dev, WHOLE, beyond, sizeof beyond) == 1;
    card->subsystem_vendor = seen.answers ? pci_read_word(dev, PCI_SUBSYSTEM_VENDOR_ID) : SLUICE_SUBSYSTEM_VENDOR_ID;
    card->subsystem = seen.answers ? pci_read_word(dev, PCI_SUBSYSTEM_ID) : SLUICE_SUBSYSTEM_ID;
    if (card->subsystem_vendor != SLUICE_SUBSYSTEM_VENDOR_ID || card->subsystem != SLUICE_SUBSYSTEM_ID) {
        return 0;
    }
    name_address(dev, card);
    for (unsigned i = 0; i < SLUICE_PCI_BARS; i++) {
        card->bar_bytes[i] = dev->base_addr[i] ? dev->size[i] : 0;
    }
    if (seen.answers && seen.capabilities) {
        read_link(dev, card);
        read_msix(dev, card);
    }
    card->iommu_group = group_of(dev);
    if (sysfs_path(path, places->sysfs, PCI_BUS "/%s/driver", card->address) == 0) {
        sysfs_link(path, card->driver, sizeof card->driver);
    }
    pci_lacks(places, &seen, card);
    return 1;
}

/* ---------------------------------------------------------------- all of them */

static int by_address(const void *one, const void *other)
{
    const struct sluice_pci_card *a = one, *b = other;
    size_t len_a = strlen(a->address), len_b = strlen(b->address);

    /* A segment of more than four digits is a higher one. */
    return len_a != len_b ? (len_a > len_b) - (len_a < len_b) : strcmp(a->address, b->address);
}

static int describe_all(struct pci_access *access, const struct sluice_pci_places *places, struct sluice_pci_card *cards,
                        unsigned max)
{
    struct sluice_pci_card card;
    unsigned found = 0;

    for (struct pci_dev *dev = access->devices; dev; dev = dev->next) {
        if (!describe(dev, places, &card)) {
            continue;
        }
        if (found < max) {
            cards[found] = card;
        }
        found++;
    }
    if (max) {
        qsort(cards, found < max ? found : max, sizeof *cards, by_address);
    }
    return (int)found;
}

int sluice_pci_list(const struct sluice_pci_places *places, struct sluice_pci_card *cards, unsigned max)
{
    struct sluice_pci_places p = pci_places(places);
    char path[SYSFS_PATH];
    struct pci_access *bus;
    int err = sysfs_path(path, p.sysfs, PCI_BUS);

    err = err ? err : must_be_devices(path);
    if (err) {
        return err == -ENOENT ? 0 : err;
    }
    bus = pci_alloc();
    bus->method = PCI_ACCESS_SYS_BUS_PCI;
    bus->error = fail;
    bus->warning = be_quiet;
    bus->debug = be_quiet;
    path[strlen(path) - strlen("/devices")] = '\0';
    err = pci_set_param(bus, "sysfs.path", path) ? -EIO : scan(bus);
    if (!err) {
        err = describe_all(bus, &p, cards, max);
    }
    pci_cleanup(bus);
    return err;
}
