/* SPDX-License-Identifier: Apache-2.0 */
#include "net/hosts.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NAMES_MAX 10000u

struct host {
    char *name;
    struct net_addr addr;
};

struct hosts {
    struct host *list;
    unsigned count, room;
};

static bool add(struct hosts *hosts, const char *name, const struct net_addr *addr)
{
    if (hosts->count == NAMES_MAX)
        return true;
    if (hosts->count == hosts->room) {
        unsigned room = hosts->room ? 2 * hosts->room : 16;
        struct host *list = realloc(hosts->list, room * sizeof *list);
        if (!list)
            return false;
        hosts->list = list;
        hosts->room = room;
    }
    struct host host = {strdup(name), *addr};
    if (!host.name)
        return false;
    hosts->list[hosts->count++] = host;
    return true;
}

static bool read_line(struct hosts *hosts, char *line)
{
    struct net_addr addr;
    char *rest = line;
    line[strcspn(line, "#\r\n")] = 0;
    const char *word = strsep(&rest, " \t");
    if (net_addr_parse(word, 0, &addr))
        return true;
    while ((word = strsep(&rest, " \t"))) {
        if (*word && !add(hosts, word, &addr))
            return false;
    }
    return true;
}

struct hosts *hosts_read(FILE *file)
{
    struct hosts *hosts = calloc(1, sizeof *hosts);
    char line[1024];
    while (hosts && fgets(line, sizeof line, file)) {
        if (!read_line(hosts, line)) {
            hosts_free(hosts);
            return NULL;
        }
    }
    return hosts;
}

void hosts_free(struct hosts *hosts)
{
    if (!hosts)
        return;
    for (unsigned i = 0; i < hosts->count; i++)
        free(hosts->list[i].name);
    free(hosts->list);
    free(hosts);
}

unsigned hosts_find(const struct hosts *hosts, const char *name, struct net_addr *addresses, unsigned max)
{
    unsigned found = 0;
    for (unsigned i = 0; hosts && i < hosts->count && found < max; i++) {
        if (!strcasecmp(hosts->list[i].name, name))
            addresses[found++] = hosts->list[i].addr;
    }
    return found;
}
