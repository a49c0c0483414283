/* SPDX-License-Identifier: Apache-2.0 */
/* Which engines there are: nothing is opened, since opening a card resets it. */
#include "card/card.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define URI_WIDTH 20

static json_t *entry(const char *uri, const char *what)
{
    json_t *card = json_object();

    json_object_set_new(card, "uri", json_string(uri));
    json_object_set_new(card, "what", json_string(what));
    return card;
}

/* ---------------------------------------------------------------- on PCI */

static json_t *bars_of(const struct sluice_pci_card *pci)
{
    json_t *bars = json_array();

    for (unsigned i = 0; i < SLUICE_PCI_BARS; i++)
        json_array_append_new(bars, json_integer((json_int_t)pci->bar_bytes[i]));
    return bars;
}

static json_t *lacks_of(const struct sluice_pci_card *pci)
{
    json_t *lacks = json_array();

    for (unsigned i = 0; i < pci->lacks; i++) {
        json_t *lack = json_object();

        json_object_set_new(lack, "what", json_string(sluice_pci_lack_name(pci->lack[i].what)));
        json_object_set_new(lack, "advice", json_string(pci->lack[i].advice));
        json_array_append_new(lacks, lack);
    }
    return lacks;
}

static json_t *link_of(const struct sluice_pci_card *pci)
{
    json_t *link = json_object();

    json_object_set_new(link, "mt_s", json_integer(pci->link_speed));
    json_object_set_new(link, "width", json_integer(pci->link_width));
    json_object_set_new(link, "most_mt_s", json_integer(pci->link_speed_most));
    json_object_set_new(link, "most_width", json_integer(pci->link_width_most));
    return link;
}

static json_t *number_or_null(int n)
{
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *pci_entry(const struct sluice_pci_card *pci)
{
    char uri[sizeof pci->address + 4];
    json_t *card;

    (void)snprintf(uri, sizeof uri, "pci:%s", pci->address);
    card = entry(uri, pci->ready ? "card, ready to be opened" : "card, cannot be opened yet");
    json_object_set_new(card, "address", json_string(pci->address));
    json_object_set_new(card, "vendor", json_sprintf("%04x", pci->vendor));
    json_object_set_new(card, "device", json_sprintf("%04x", pci->device));
    json_object_set_new(card, "subsystem_vendor", json_sprintf("%04x", pci->subsystem_vendor));
    json_object_set_new(card, "subsystem", json_sprintf("%04x", pci->subsystem));
    json_object_set_new(card, "bar_bytes", bars_of(pci));
    json_object_set_new(card, "msix_vectors", json_integer(pci->msix_vectors));
    json_object_set_new(card, "link", link_of(pci));
    json_object_set_new(card, "iommu_group", number_or_null(pci->iommu_group));
    json_object_set_new(card, "numa_node", number_or_null(pci->numa_node));
    json_object_set_new(card, "driver", pci->driver[0] ? json_string(pci->driver) : json_null());
    json_object_set_new(card, "ready", json_boolean(pci->ready));
    json_object_set_new(card, "lacks", lacks_of(pci));
    return card;
}

/* 0 or -errno. One that is plugged in between the two calls is left out. */
static int add_pci(json_t *cards, const struct sluice_pci_places *places)
{
    int room = sluice_pci_list(places, NULL, 0), there;
    struct sluice_pci_card *pci;

    if (room <= 0)
        return room;
    pci = calloc((size_t)room, sizeof *pci);
    if (!pci)
        return -ENOMEM;
    there = sluice_pci_list(places, pci, (unsigned)room);
    for (int i = 0; i < there && i < room; i++)
        json_array_append_new(cards, pci_entry(&pci[i]));
    free(pci);
    return there < 0 ? there : 0;
}

/* ---------------------------------------------------------------- all */

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

int card_list(char *const uris[], const struct sluice_pci_places *places, json_t **result)
{
    json_t *cards = json_array();
    int err;

    json_array_append_new(cards, entry("soft:", what_is("soft:")));
    err = add_pci(cards, places);
    if (err) {
        json_decref(cards);
        return err;
    }
    for (; *uris; uris++)
        json_array_append_new(cards, entry(*uris, what_is(*uris)));
    *result = json_object();
    json_object_set_new(*result, "cards", cards);
    return 0;
}

static long long number(const json_t *of, const char *name)
{
    return (long long)json_integer_value(json_object_get(of, name));
}

static const char *text(const json_t *of, const char *name)
{
    const char *value = json_string_value(json_object_get(of, name));

    return value ? value : "none";
}

static void print_link(const json_t *link)
{
    long long now = number(link, "mt_s"), most = number(link, "most_mt_s");

    if (!now)
        return;
    printf("    link              %lld.%lld GT/s x%lld of %lld.%lld GT/s x%lld\n", now / 1000, now / 100 % 10,
           number(link, "width"), most / 1000, most / 100 % 10, number(link, "most_width"));
}

static void print_bars(const json_t *bars)
{
    for (size_t i = 0; i < json_array_size(bars); i++) {
        long long bytes = (long long)json_integer_value(json_array_get(bars, i));

        if (bytes)
            printf("    bar%zu              %lld bytes\n", i, bytes);
    }
}

static void print_number(const json_t *card, const char *name, const char *title)
{
    if (json_is_integer(json_object_get(card, name)))
        printf("    %-17s %lld\n", title, number(card, name));
    else
        printf("    %-17s none\n", title);
}

static void print_pci(const json_t *card)
{
    const json_t *lack;
    size_t i;

    printf("    ids               %s:%s, subsystem %s:%s\n", text(card, "vendor"), text(card, "device"),
           text(card, "subsystem_vendor"), text(card, "subsystem"));
    print_bars(json_object_get(card, "bar_bytes"));
    if (number(card, "msix_vectors"))
        print_number(card, "msix_vectors", "msix_vectors");
    print_link(json_object_get(card, "link"));
    print_number(card, "iommu_group", "iommu_group");
    print_number(card, "numa_node", "numa_node");
    printf("    driver            %s\n", text(card, "driver"));
    json_array_foreach(json_object_get(card, "lacks"), i, lack)
    {
        printf("    lacks %-11s %s\n", text(lack, "what"), text(lack, "advice"));
    }
}

void card_print_list(const json_t *list)
{
    const json_t *card;
    size_t i;

    json_array_foreach(json_object_get(list, "cards"), i, card)
    {
        printf("%-*s  %s\n", URI_WIDTH, text(card, "uri"), text(card, "what"));
        if (json_object_get(card, "address"))
            print_pci(card);
    }
}
