/* SPDX-License-Identifier: Apache-2.0 */
#include "client/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "tls/tls.h"

#define WAIT_LEAST 1000  /* ms */
#define WAIT_MOST  60000 /* ms */

/* TLS 1.3: with every ticket; TLS 1.2: at the end of a full handshake. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct server *server = SSL_get_app_data(ssl);
    if (!server || !SSL_SESSION_is_resumable(session))
        return 0;
    SSL_SESSION_free(server->session);
    server->session = session;
    return 1;
}

static int open_one(struct client *client, struct server *server, const struct socks_address *address)
{
    bool six = address->type == SOCKS_IP6;
    server->address = address;
    if (client->config->server_name)
        server->name = client->config->server_name;
    else if (address->type == SOCKS_NAME)
        server->name = address->name;
    else
        server->name = inet_ntop(six ? AF_INET6 : AF_INET, six ? address->ip6 : address->ip4, server->text, NET_ADDR_TEXT);
    return server->name ? 0 : -EINVAL;
}

int servers_open(struct client *client)
{
    const struct client_config *config = client->config;
    struct servers *servers = client->servers = calloc(1, sizeof *servers);
    if (!servers)
        return -ENOMEM;
    for (; servers->count < config->proxy_count; servers->count++) {
        if (open_one(client, &servers->all[servers->count], &config->proxies[servers->count]))
            return -EINVAL;
    }
    SSL_CTX_set_session_cache_mode(client->tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(client->tls, on_session);
    return 0;
}

void servers_close(struct client *client)
{
    for (unsigned i = 0; client->servers && i < client->servers->count; i++)
        SSL_SESSION_free(client->servers->all[i].session);
    free(client->servers);
    client->servers = NULL;
}

unsigned servers_bit(const struct client *client, const struct server *server)
{
    return 1u << (server - client->servers->all);
}

struct server *servers_choose(struct client *client, unsigned tried)
{
    struct servers *servers = client->servers;
    struct server *best = NULL;
    uint64_t now = client_now();
    for (unsigned i = 0; i < servers->count; i++) {
        struct server *server = &servers->all[i];
        if (tried & 1u << i)
            continue;
        if (server->not_before <= now)
            return server;
        if (!best || server->not_before < best->not_before)
            best = server;
    }
    return best;
}

void servers_done(struct client *client, struct server *server, bool good)
{
    unsigned shift = server->failures < 6 ? server->failures : 6;
    uint64_t wait = (uint64_t)WAIT_LEAST << shift;
    if (good) {
        server->failures = 0;
        server->not_before = 0;
        return;
    }
    server->failed++;
    server->failures++;
    server->not_before = client_now() + (wait < WAIT_MOST ? wait : WAIT_MOST);
    if (server->failures == 1 && client->servers->count > 1)
        log_event(&client->log, LOG_LEVEL_WARNING, "proxy_failed", "proxy=%s port=%u", server->name,
                  (unsigned)server->address->port);
}

SSL *servers_ssl(struct client *client, struct server *server)
{
    SSL *ssl = tls_client_ssl(client->tls, server->name);
    if (!ssl)
        return NULL;
    if (!SSL_set_app_data(ssl, server) || (server->session && !SSL_set_session(ssl, server->session))) {
        SSL_free(ssl);
        return NULL;
    }
    return ssl;
}
