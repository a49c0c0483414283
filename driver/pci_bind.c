/* SPDX-License-Identifier: Apache-2.0 */
/* Which driver a card is given to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pci_find.h"
#include "sysfs.h"

#define TRIES     100 /* of 10 ms: drivers may be probed asynchronously */
#define NAME      64u
#define NO_DRIVER "\n" /* what empties driver_override */

static bool among(const struct sluice_pci_card *cards, int count, const char *address)
{
    for (int i = 0; i < count; i++) {
        if (!strcmp(cards[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* 0: there is a card at this address. Nothing else is ever bound, whatever the caller names. */
static int must_be_card(const struct sluice_pci_places *places, const char *address)
{
    int room = sluice_pci_list(places, NULL, 0), there;
    struct sluice_pci_card *cards;
    bool found;

    if (room <= 0) {
        return room < 0 ? room : -ENODEV;
    }
    cards = calloc((size_t)room, sizeof *cards);
    if (!cards) {
        return -ENOMEM;
    }
    there = sluice_pci_list(places, cards, (unsigned)room);
    found = there > 0 && among(cards, there < room ? there : room, address);
    free(cards);
    return found ? 0 : there < 0 ? there : -ENODEV;
}

static void driver_of(const struct sluice_pci_places *places, const char *address, char driver[NAME])
{
    char path[SYSFS_PATH];

    driver[0] = '\0';
    if (sysfs_path(path, places->sysfs, PCI_BUS "/%s/driver", address) == 0) {
        sysfs_link(path, driver, NAME);
    }
}

static int override(const struct sluice_pci_places *places, const char *address, const char *driver)
{
    char path[SYSFS_PATH];
    int err = sysfs_path(path, places->sysfs, PCI_BUS "/%s/driver_override", address);

    return err ? err : sysfs_write(path, driver);
}

/* Takes it from the driver it has, if any, and lets the kernel look for one. */
static int probe_again(const struct sluice_pci_places *places, const char *address)
{
    char path[SYSFS_PATH];
    int err = sysfs_path(path, places->sysfs, PCI_BUS "/%s/driver/unbind", address);

    if (!err) {
        err = sysfs_write(path, address);
    }
    if (!err || err == -ENOENT) {
        err = sysfs_path(path, places->sysfs, "bus/pci/drivers_probe");
    }
    return err ? err : sysfs_write(path, address);
}

static int await_vfio(const struct sluice_pci_places *places, const char *address)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    char driver[NAME];

    for (int i = 0; i < TRIES; i++) {
        driver_of(places, address, driver);
        if (!strcmp(driver, PCI_VFIO_DRIVER)) {
            return 0;
        }
        (void)nanosleep(&pause, NULL);
    }
    return -EIO;
}

static int bind_to_vfio(const struct sluice_pci_places *places, const char *address)
{
    int err = override(places, address, PCI_VFIO_DRIVER);

    if (err) {
        return err;
    }
    err = probe_again(places, address);
    if (!err) {
        err = await_vfio(places, address);
    }
    if (err) {
        (void) override(places, address, NO_DRIVER);
    }
    return err;
}

int sluice_pci_bind(const struct sluice_pci_places *places, const char *address)
{
    struct sluice_pci_places p = pci_places(places);
    char path[SYSFS_PATH], driver[NAME];
    int err = must_be_card(&p, address);

    if (err) {
        return err;
    }
    driver_of(&p, address, driver);
    if (!strcmp(driver, PCI_VFIO_DRIVER)) {
        return 0;
    }
    err = sysfs_path(path, p.sysfs, "bus/pci/drivers/" PCI_VFIO_DRIVER);
    if (!err && access(path, F_OK) != 0) {
        err = -ENOENT;
    }
    return err ? err : bind_to_vfio(&p, address);
}

int sluice_pci_unbind(const struct sluice_pci_places *places, const char *address)
{
    struct sluice_pci_places p = pci_places(places);
    char driver[NAME];
    int err = must_be_card(&p, address);

    if (err) {
        return err;
    }
    driver_of(&p, address, driver);
    err = override(&p, address, NO_DRIVER);
    if (!err && !strcmp(driver, PCI_VFIO_DRIVER)) {
        err = probe_again(&p, address);
    }
    return err;
}
