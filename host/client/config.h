/* SPDX-License-Identifier: Apache-2.0 */
/* What `sluice client` is told, by its configuration file and then by its command line, which wins. */
#ifndef CLIENT_CONFIG_H
#define CLIENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "log/log.h"
#include "net/addr.h"
#include "socks/socks.h"
#include "tls/pin.h"
#include "udp/suite.h"

enum { CLIENT_FORWARDS_MAX = 64, CLIENT_SERVERS_MAX = 16, CLIENT_ASSOCIATIONS_MAX = 100 };

/* A local port that leads to a fixed destination through the proxy. */
struct client_forward {
    bool udp;
    struct net_addr listen;
    struct socks_address dest;
};

enum client_transport { CLIENT_BY_EITHER, CLIENT_BY_UDP, CLIENT_BY_TCP };

struct client_config {
    struct config_list file_proxies; /* char *, of the file */
    struct socks_address proxies[CLIENT_SERVERS_MAX];
    unsigned proxy_count;
    char *ca_file;
    struct config_list file_fingerprints; /* char *, of the file */
    struct tls_pins pins;
    char *server_name; /* NULL: the host of a proxy */
    char *user;        /* NULL: no authentication */
    char *password_file;
    struct config_list file_suites; /* char *, of the file */
    uint8_t suites[SUITE_COUNT];    /* ids in order of preference */
    unsigned suite_count;
    bool random_nonces;
    enum client_transport transport;
    unsigned rekey_records, rekey_seconds; /* 0 records: as many as the keys carry */
    unsigned udp_keep_alive_seconds;       /* without a record from the proxy; then a heartbeat goes */
    char *engine;                          /* URI of libsluice; NULL: soft: */
    struct net_addr listen;                /* no address: no local SOCKS5 listener */
    struct config_list file_forwards;      /* struct client_forward, of the file */
    struct client_forward forwards[CLIENT_FORWARDS_MAX];
    unsigned forward_count;
    bool insecure_naked;
    unsigned max_associations;
    unsigned max_connections;
    unsigned idle_seconds; /* of a forwarded UDP source and of a relayed connection */
    char *stats_file, *control_socket;
    enum log_level log_level;
    char **command; /* to be run with the client in its environment; NULL: none */
};

/* Defaults, then the file named by --config, then the other options. 0; -EINVAL with `error`; 1: help was printed. Free in each
 * case. */
int client_config_load(struct client_config *config, int argc, char **argv, struct config_error *error);
void client_config_free(struct client_config *config);

/* "udp:[ADDRESS:]PORT:HOST:PORT" or "tcp:...", IPv6 addresses in brackets; ADDRESS is 127.0.0.1 when absent. -EINVAL. */
int client_forward_parse(const char *text, struct client_forward *forward);

extern const char client_usage[];

#endif
