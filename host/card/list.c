/* SPDX-License-Identifier: Apache-2.0 */
/* Which engines there are: nothing is opened, since opening a card resets it. */
#include "card/card.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sluice_regs.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

static void add(json_t *cards, const char *uri, const char *what)
{
    json_t *card = json_object();

    json_object_set_new(card, "uri", json_string(uri));
    json_object_set_new(card, "what", json_string(what));
    json_array_append_new(cards, card);
}

static unsigned long attribute(const char *device, const char *name)
{
    char path[512], text[32] = "";
    FILE *file;

    snprintf(path, sizeof path, PCI_DEVICES "/%s/%s", device, name);
    file = fopen(path, "re");
    if (file) {
        if (!fgets(text, sizeof text, file))
            text[0] = '\0';
        fclose(file);
    }
    return strtoul(text, NULL, 16);
}

static void add_pci(json_t *cards)
{
    DIR *dir = opendir(PCI_DEVICES);
    struct dirent *entry;

    while (dir && (entry = readdir(dir))) {
        char uri[300];

        if (attribute(entry->d_name, "vendor") != SLUICE_VENDOR_ID || attribute(entry->d_name, "device") != SLUICE_DEVICE_ID)
            continue;
        snprintf(uri, sizeof uri, "pci:%s", entry->d_name);
        add(cards, uri, "PCI function");
    }
    if (dir)
        closedir(dir);
}

static const char *what_is(const char *uri)
{
    struct stat st;

    if (!strcmp(uri, "soft:"))
        return "software engine";
    if (strncmp(uri, "sim:", 4) == 0)
        return stat(uri + 4, &st) == 0 && S_ISSOCK(st.st_mode) ? "simulated card" : "no socket there";
    if (strncmp(uri, "pci:", 4) == 0)
        return "PCI function";
    return "not a URI of an engine";
}

json_t *card_list(char *const uris[])
{
    json_t *cards = json_array(), *result = json_object();

    add(cards, "soft:", what_is("soft:"));
    add_pci(cards);
    for (; *uris; uris++)
        add(cards, *uris, what_is(*uris));
    json_object_set_new(result, "cards", cards);
    return result;
}
