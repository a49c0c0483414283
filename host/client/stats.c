/* SPDX-License-Identifier: Apache-2.0 */
#include "client/stats.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/association.h"
#include "client/client.h"
#include "client/servers.h"

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *refused_json(const struct client_stats *stats)
{
    json_t *refused = json_object();
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        put(refused, refusal_name((enum refusal)i), stats->refused[i] + stats->to_proxy.refused[i] + stats->to_local.refused[i]);
    return refused;
}

static json_t *servers_json(const struct servers *servers)
{
    json_t *list = json_array();
    for (unsigned i = 0; servers && i < servers->count; i++) {
        const struct server *server = &servers->all[i];
        json_t *one = json_object();
        json_object_set_new(one, "name", json_string(server->name));
        put(one, "port", server->address->port);
        put(one, "dials", server->dials);
        put(one, "failed", server->failed);
        put(one, "resumed", server->resumed);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *associations_json(const struct client *client)
{
    struct association_look all[CLIENT_ASSOCIATIONS_MAX];
    unsigned count = association_list(client, all, CLIENT_ASSOCIATIONS_MAX);
    json_t *list = json_array();
    for (unsigned i = 0; i < count; i++) {
        const struct association_look *a = &all[i];
        json_array_append_new(list, json_pack("{ss ss? si ss ss si si sb}", "kind", a->kind, "proxy", a->proxy, "port",
                                              (int)a->port, "transport", a->transport, "suite", a->suite, "epoch", (int)a->epoch,
                                              "mtu", (int)a->mtu, "connected", a->connected));
    }
    return list;
}

char *client_stats_text(const struct client *client)
{
    const struct client_stats *stats = &client->stats;
    struct sluice_info info;
    json_t *root = json_object();
    json_object_set_new(root, "program", json_string("sluice client"));
    if (client->engine && !sluice_card_info(engine_card(client->engine), &info))
        json_object_set_new(root, "engine", json_string(info.engine));
#define X(name) put(root, #name, stats->name);
    CLIENT_STATS_LIST(X)
#undef X
    put(root, "associations_open", client->associations_open);
    put(root, "connections_open", client->connections);
    put(root, "records_out", stats->to_proxy.datagrams);
    put(root, "record_bytes_out", stats->to_proxy.bytes);
    json_object_set_new(root, "proxies", servers_json(client->servers));
    json_object_set_new(root, "association_list", associations_json(client));
    json_object_set_new(root, "refused", refused_json(stats));
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

static int write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return -errno;
    int rc = fprintf(file, "%s\n", text) < 0 ? -EIO : 0;
    return fclose(file) ? -errno : rc;
}

int client_stats_write(const struct client *client, const char *path)
{
    char temporary[4096];
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.new", path) >= sizeof temporary)
        return -ENAMETOOLONG;
    char *text = client_stats_text(client);
    if (!text)
        return -ENOMEM;
    int rc = write_text(temporary, text);
    free(text);
    if (!rc && rename(temporary, path))
        rc = -errno;
    return rc;
}
