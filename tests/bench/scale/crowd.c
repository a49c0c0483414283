/* SPDX-License-Identifier: Apache-2.0 */
/* Many associations at once: each a TLS connection and a UDP socket of its own, over several addresses. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "process.h"
#include "scale.h"
#include "tests/bench/table.h"
#include "tests/host/client.h"
#include "tests/host/proxy.h"
#include "tls/tls.h"

#define FOR_EACH    2  /* descriptors of one association, at either end */
#define FOR_REST    64 /* and of everything else */
#define ADDRESSES   200
#define PAYLOAD     64
#define CONTENT_MAX 256
#define WINDOW      64 /* datagrams on their way at once */
#define GOAL_BYTES  (24 * 1024)

struct crowd {
    struct proxy_child proxy;
    struct client *clients;
    unsigned count, open;
    struct client_options options;
    int echo;
    uint16_t echo_port;
    uint64_t sent, returned;
};

static bool raise_files(unsigned associations)
{
    rlim_t want = (rlim_t)associations * FOR_EACH + FOR_REST;
    struct rlimit limit = {.rlim_cur = want, .rlim_max = want};
    struct rlimit now;
    if (!getrlimit(RLIMIT_NOFILE, &now) && now.rlim_max > want)
        limit.rlim_max = now.rlim_max;
    return !setrlimit(RLIMIT_NOFILE, &limit);
}

static bool start(struct crowd *crowd, struct sluice_card *card)
{
    char extra[256];
    snprintf(extra, sizeof extra, "max_connections = %u; max_associations = %u; idle_seconds = 3600;\n", crowd->count + 8,
             crowd->count + 8);
    crowd->options = (struct client_options){.tls = TLS1_3_VERSION, .alpn = TLS_ALPN, .card = card};
    crowd->options.ctx = SSL_CTX_new(TLS_client_method());
    crowd->options.mem = sluice_mem_alloc(card, CLIENT_MEM);
    crowd->echo = udp_socket(&crowd->echo_port);
    if (!crowd->options.ctx || !crowd->options.mem || crowd->echo < 0 || sluice_qp_create(card, 4, &crowd->options.qp))
        return false;
    if (proxy_start(&crowd->proxy, extra))
        return false;
    crowd->options.port = crowd->proxy.tls_port;
    return true;
}

static void echo_waiting(struct crowd *crowd)
{
    uint8_t data[PAYLOAD];
    struct net_addr from;
    int n;
    while ((n = udp_receive(crowd->echo, data, sizeof data, 0, &from)) >= 0)
        (void)sendto(crowd->echo, data, (size_t)n, 0, &from.sa, from.len);
}

static void say(struct crowd *crowd, unsigned i, uint32_t round)
{
    uint8_t payload[PAYLOAD] = {0}, content[CONTENT_MAX], record[2 * CONTENT_MAX];
    memcpy(payload, &i, sizeof i);
    memcpy(payload + sizeof i, &round, sizeof round);
    size_t n = client_datagram(crowd->echo_port, payload, sizeof payload, content);
    n = client_seal(&crowd->clients[i], content, n, record);
    client_send(&crowd->clients[i], record, n);
    crowd->sent++;
}

/* The answer is this association's own, of this round. */
static void hear(struct crowd *crowd, unsigned i, uint32_t round)
{
    uint8_t content[CONTENT_MAX], record[2 * CONTENT_MAX];
    uint32_t said[2];
    for (unsigned tries = 0; tries < 200; tries++) {
        echo_waiting(crowd);
        int n = client_receive(&crowd->clients[i], record, sizeof record, 10);
        if (n < 0)
            continue;
        n = client_unseal(&crowd->clients[i], record, (size_t)n, content);
        if (n != 10 + PAYLOAD) /* with the SOCKS5 header */
            continue;
        memcpy(said, content + 10, sizeof said);
        crowd->returned += said[0] == i && said[1] == round;
        return;
    }
}

/* A datagram on each association and back. */
static void talk(struct crowd *crowd, uint32_t round)
{
    for (unsigned at = 0; at < crowd->open; at += WINDOW) {
        unsigned end = at + WINDOW < crowd->open ? at + WINDOW : crowd->open;
        for (unsigned i = at; i < end; i++)
            say(crowd, i, round);
        for (unsigned i = at; i < end; i++)
            hear(crowd, i, round);
    }
}

static void gather(struct crowd *crowd)
{
    char source[32];
    for (; crowd->open < crowd->count; crowd->open++) {
        struct client *client = &crowd->clients[crowd->open];
        snprintf(source, sizeof source, "127.0.1.%u", 1 + crowd->open % ADDRESSES);
        crowd->options.source = source;
        if (client_open(client, &crowd->options) || client_associate(client)) {
            printf("# association %u could not be made\n", crowd->open);
            return;
        }
        client->options.source = NULL;
    }
}

static void report(const struct crowd *crowd, const struct process_memory *empty, const struct process_memory *open,
                   const struct process_memory *used)
{
    double n = crowd->open;
    table_head("Associations open at once on one sluiced, each with a TLS 1.3 connection and a UDP socket of its own");
    table_row("associations", GOAL_AT_LEAST, crowd->count, n, "");
    table_row("proxy memory before the first (RSS)", GOAL_NONE, 0, (double)empty->rss / 1048576, "MiB");
    table_row("and then, for each association once it is open (RSS)", GOAL_NONE, 0, (double)(open->rss - empty->rss) / n / 1024,
              "KiB");
    table_row("after two datagrams each way on each (RSS)", GOAL_AT_MOST, GOAL_BYTES / 1024.0,
              (double)(used->rss - empty->rss) / n / 1024, "KiB");
    table_row("the same (PSS)", GOAL_AT_MOST, GOAL_BYTES / 1024.0, (double)(used->pss - empty->pss) / n / 1024, "KiB");
    table_row("datagrams that came back, of those sent", GOAL_AT_LEAST, 1, (double)crowd->returned / (double)crowd->sent, "");
    table_row("associations that the proxy has at the end", GOAL_AT_LEAST, crowd->count,
              (double)proxy_count(&crowd->proxy, "total.associations_open"), "");
}

bool scale_crowd(struct sluice_card *card, unsigned associations)
{
    struct crowd crowd = {.count = associations};
    crowd.clients = calloc(associations, sizeof *crowd.clients);
    if (!crowd.clients || !raise_files(associations)) {
        printf("# %u associations need %u open files: ulimit -n\n", associations, associations * FOR_EACH + FOR_REST);
        return false;
    }
    if (!start(&crowd, card))
        return false;
    struct process_memory empty = process_memory(crowd.proxy.pid);
    gather(&crowd);
    struct process_memory open = process_memory(crowd.proxy.pid);
    talk(&crowd, 1);
    talk(&crowd, 2);
    struct process_memory used = process_memory(crowd.proxy.pid);
    report(&crowd, &empty, &open, &used);
    for (unsigned i = 0; i < crowd.open; i++)
        client_close(&crowd.clients[i]);
    bool ended = proxy_stop(&crowd.proxy, SIGTERM, 30) == 0;
    proxy_clean(&crowd.proxy);
    sluice_qp_destroy(crowd.options.qp);
    sluice_mem_free(card, crowd.options.mem);
    SSL_CTX_free(crowd.options.ctx);
    free(crowd.clients);
    return ended;
}
