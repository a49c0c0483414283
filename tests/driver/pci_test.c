/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sluice_pci_list on trees that no kernel would show: it must say what there is, or why not, and neither end the program, print
 * nor read past anything. What it tells of good trees is tests/host/pci.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sluice.h"
#include "sluice_regs.h"
#include "tap.h"

#define CARDS   12u
#define ROUNDS  300u
#define THREADS 4u
#define CONFIG  4096u

static char root[] = "/tmp/sluice-pci-XXXXXX";
static struct sluice_pci_places places;

static void write_file(const char *device, const char *name, const void *data, size_t bytes)
{
    char path[300];
    int fd;

    (void)snprintf(path, sizeof path, "%s/bus/pci/devices/%s/%s", root, device, name);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, bytes) != (ssize_t)bytes) {
        tap_skip_all("a made-up tree cannot be written");
    }
    close(fd);
}

static void write_text(const char *device, const char *name, const char *text)
{
    write_file(device, name, text, strlen(text));
}

static void put16(uint8_t *at, unsigned value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

static void write_config(const char *device, size_t bytes)
{
    uint8_t config[CONFIG] = {0};

    put16(config, SLUICE_VENDOR_ID);
    put16(config + 2, SLUICE_DEVICE_ID);
    put16(config + 6, 0x10);
    put16(config + 0x2c, SLUICE_SUBSYSTEM_VENDOR_ID);
    put16(config + 0x2e, SLUICE_SUBSYSTEM_ID);
    write_file(device, "config", config, bytes);
}

static void make_card(const char *device)
{
    char path[300], id[16];

    (void)snprintf(path, sizeof path, "%s/bus/pci/devices/%s", root, device);
    (void)mkdir(path, 0700);
    (void)snprintf(id, sizeof id, "0x%04x\n", SLUICE_VENDOR_ID);
    write_text(device, "vendor", id);
    (void)snprintf(id, sizeof id, "0x%04x\n", SLUICE_DEVICE_ID);
    write_text(device, "device", id);
    write_text(device, "class", "0x100000\n");
    write_text(device, "irq", "0\n");
    write_text(device, "resource",
               "0xe0000000 0xe000ffff 0x40200\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n");
    write_config(device, CONFIG);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void make_root(void)
{
    char path[300];
    static const char *const folders[] = {"bus", "bus/pci", "bus/pci/devices"};

    for (unsigned i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", root, folders[i]);
        (void)mkdir(path, 0700);
    }
    places = (struct sluice_pci_places){.sysfs = root, .dev = root};
}

/* ---------------------------------------------------------------- tests */

static void test_counts(void)
{
    struct sluice_pci_card cards[CARDS];
    char name[32];
    bool good = true;

    tap_ok(sluice_pci_list(NULL, NULL, 0) >= 0, "the machine's own tree can be listed");
    tap_ok(sluice_pci_list(&places, cards, CARDS) == 0, "an empty tree has no card");
    for (unsigned i = 0; i < CARDS; i++) {
        (void)snprintf(name, sizeof name, "%04x:%02x:00.0", i % 3, CARDS - i);
        make_card(name);
    }
    tap_ok(sluice_pci_list(&places, NULL, 0) == (int)CARDS, "they are counted without room for any");
    memset(cards, 0x5a, sizeof cards);
    tap_ok(sluice_pci_list(&places, cards, 5) == (int)CARDS && ((const uint8_t *)&cards[5])[0] == 0x5a,
           "no more are written than there is room for");
    good = sluice_pci_list(&places, cards, CARDS) == (int)CARDS;
    for (unsigned i = 1; i < CARDS; i++) {
        good &= strcmp(cards[i - 1].address, cards[i].address) < 0;
    }
    tap_ok(good, "and they come by address");
}

static void test_names(void)
{
    char path[300];

    (void)snprintf(path, sizeof path, "%s/bus/pci/devices/junk", root);
    (void)mkdir(path, 0700);
    tap_ok(sluice_pci_list(&places, NULL, 0) == -EIO, "an entry that is no address is an error, not the end of the program");
    (void)rmdir(path);
    tap_ok(sluice_pci_list(&places, NULL, 0) == (int)CARDS, "which leaves nothing behind");
    (void)snprintf(path, sizeof path, "%s/bus/pci/devices/0000:0c:00.0/vendor", root);
    (void)unlink(path);
    tap_ok(sluice_pci_list(&places, NULL, 0) == (int)CARDS - 1, "a card that goes away while it is looked at is left out alone");
    make_card("0000:0c:00.0");
    places.sysfs = "/nonexistent";
    tap_ok(sluice_pci_list(&places, NULL, 0) == 0, "no tree, no cards");
    places.sysfs = root;
}

static void test_long_path(void)
{
    char longer[800];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    longer[0] = '/';
    places.sysfs = longer;
    tap_ok(sluice_pci_list(&places, NULL, 0) == -ENAMETOOLONG, "a root that is too long is refused");
    tap_ok(sluice_pci_bind(&places, "0000:0c:00.0") == -ENAMETOOLONG, "by bind too");
    places.sysfs = root;
    places.dev = longer;
    tap_ok(sluice_pci_list(&places, NULL, 0) == (int)CARDS, "one of the device nodes finds none of them");
    places.dev = root;
}

static void scramble(const char *device)
{
    static const char *const files[] = {"resource", "numa_node", "irq", "class"};
    uint8_t bytes[CONFIG];
    size_t len = tap_below(8) ? CONFIG : tap_below(CONFIG);

    tap_fill(bytes, sizeof bytes);
    put16(bytes, SLUICE_VENDOR_ID);
    put16(bytes + 2, SLUICE_DEVICE_ID);
    bytes[6] |= 0x10;
    bytes[14] = (uint8_t)(tap_below(4) ? 0 : tap_below(256));
    put16(bytes + 0x2c, SLUICE_SUBSYSTEM_VENDOR_ID);
    put16(bytes + 0x2e, SLUICE_SUBSYSTEM_ID);
    if (tap_below(2)) { /* capabilities that point at one another */
        for (unsigned i = 0x40; i < 0x100; i += 4) {
            bytes[i] = (uint8_t)(tap_below(2) ? 0x10 : 0x11);
            bytes[i + 1] = (uint8_t)(0x40 + 4 * tap_below(48));
        }
        bytes[0x34] = 0x40;
    }
    write_file(device, "config", bytes, len);
    tap_fill(bytes, 64);
    write_file(device, files[tap_below(4)], bytes, tap_below(64));
}

static void test_garbage(void)
{
    struct sluice_pci_card cards[CARDS];
    bool good = true;

    for (unsigned i = 0; i < ROUNDS; i++) {
        int n;

        make_card("0001:0b:00.0");
        scramble("0001:0b:00.0");
        n = sluice_pci_list(&places, cards, CARDS);
        good &= n == (int)CARDS || n == (int)CARDS - 1;
        for (int k = 0; k < n; k++) {
            good &= cards[k].lacks <= SLUICE_PCI_LACKS && strlen(cards[k].address) < sizeof cards[k].address;
        }
    }
    tap_ok(good, "a card whose files are garbage (%u of them) harms neither the program nor the others", ROUNDS);
    make_card("0001:0b:00.0");
}

static void *list_often(void *arg)
{
    struct sluice_pci_card cards[CARDS];
    intptr_t wrong = 0;

    (void)arg;
    for (unsigned i = 0; i < 50; i++) {
        wrong += sluice_pci_list(&places, cards, CARDS) != (int)CARDS;
    }
    return (void *)wrong;
}

static void test_threads(void)
{
    pthread_t threads[THREADS];
    intptr_t wrong = 0;

    for (unsigned i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, list_often, NULL) != 0) {
            tap_skip_all("no threads");
        }
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *result;

        pthread_join(threads[i], &result);
        wrong += (intptr_t)result;
    }
    tap_ok(wrong == 0, "several threads may list at once");
}

int main(void)
{
    tap_begin();
    if (!mkdtemp(root)) {
        tap_skip_all("no temporary folder");
    }
    make_root();
    test_counts();
    test_names();
    test_long_path();
    test_garbage();
    test_threads();
    (void)nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return tap_end();
}
