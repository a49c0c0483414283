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
#include "udp/record.h"
#include "udp/signal.h"

#define FOR_REST    256 /* descriptors of everything else, at either end */
#define ADDRESSES   200
#define PAYLOAD     64
#define CONTENT_MAX 256
#define HEADER      10 /* of SOCKS5, in front of it */
#define ROUNDS      2
#define WINDOW      64 /* datagrams on their way at once */
#define GOAL_BYTES  (24 * 1024)

struct crowd {
    struct proxy_child proxy;
    struct client *clients;
    unsigned count, open;
    unsigned to_targets; /* of them, those that datagrams go through; the rest shows by heartbeats that it lives */
    struct client_options options;
    char sources[ADDRESSES][16];
    int echo;
    uint16_t echo_port;
    uint64_t sent, returned;
};

/* An association needs a descriptor, and another one once it has a target. Without the right to raise what the system has set, as
 * many as there can be get one. */
static bool raise_files(struct crowd *crowd)
{
    struct rlimit limit;
    rlim_t want = (rlim_t)crowd->count * 2 + FOR_REST;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return false;
    struct rlimit more = {.rlim_cur = want, .rlim_max = limit.rlim_max > want ? limit.rlim_max : want};
    if (setrlimit(RLIMIT_NOFILE, &more)) {
        more = (struct rlimit){.rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max};
        (void)setrlimit(RLIMIT_NOFILE, &more);
    }
    if (more.rlim_cur < crowd->count + FOR_REST) {
        printf("# %u associations need %u open files, and %lu are allowed\n", crowd->count, crowd->count + FOR_REST,
               (unsigned long)more.rlim_cur);
        return false;
    }
    rlim_t room = more.rlim_cur - crowd->count - FOR_REST;
    crowd->to_targets = room < crowd->count ? (unsigned)room : crowd->count;
    return true;
}

static bool start(struct crowd *crowd, struct sluice_card *card)
{
    char extra[256];
    snprintf(
        extra, sizeof extra,
        "max_connections = %u; max_associations = %u; idle_seconds = 3600; grace_seconds = 600; upgrade_socket = \"upgrade\";\n",
        crowd->count + 8, crowd->count + 8);
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

static size_t beat(struct client *client, unsigned i, uint32_t round, uint8_t *record)
{
    uint8_t content[SIGNAL_HEARTBEAT_BYTES];
    struct signal signal = {.kind = SIGNAL_HEARTBEAT_REQUEST};
    memcpy(signal.cookie, &i, sizeof i);
    memcpy(signal.cookie + sizeof i, &round, sizeof round);
    signal_heartbeat_encode(&signal, content, sizeof content);
    return client_seal_type(client, RECORD_HEARTBEAT, content, sizeof content, record);
}

static void say(struct crowd *crowd, unsigned i, uint32_t round)
{
    uint8_t payload[PAYLOAD] = {0}, content[CONTENT_MAX], record[2 * CONTENT_MAX];
    memcpy(payload, &i, sizeof i);
    memcpy(payload + sizeof i, &round, sizeof round);
    size_t n = client_datagram(crowd->echo_port, payload, sizeof payload, content);
    if (i < crowd->to_targets)
        n = client_seal(&crowd->clients[i], content, n, record);
    else
        n = beat(&crowd->clients[i], i, round, record);
    client_send(&crowd->clients[i], record, n);
    crowd->sent++;
}

/* The answer is this association's own, of this round. */
static bool answers(struct crowd *crowd, unsigned i, uint32_t round, const uint8_t *content, int len)
{
    uint32_t said[2];
    struct signal signal;
    if (i < crowd->to_targets) {
        if (len != HEADER + PAYLOAD)
            return false;
        memcpy(said, content + HEADER, sizeof said);
    } else {
        if (len < 0 || signal_heartbeat_decode(content, (uint32_t)len, &signal))
            return false;
        memcpy(said, signal.cookie, sizeof said);
    }
    return said[0] == i && said[1] == round;
}

static void hear(struct crowd *crowd, unsigned i, uint32_t round)
{
    uint8_t content[CONTENT_MAX], record[2 * CONTENT_MAX];
    for (unsigned tries = 0; tries < 200; tries++) {
        echo_waiting(crowd);
        int n = client_receive(&crowd->clients[i], record, sizeof record, 10);
        if (n < 0)
            continue;
        n = client_unseal(&crowd->clients[i], record, (size_t)n, content);
        if (answers(crowd, i, round, content, n)) {
            crowd->returned++;
            return;
        }
    }
}

/* The association is at another port than before, and is asked whether it is there. */
static void answer_path_check(struct client *client)
{
    uint8_t content[CONTENT_MAX], record[2 * CONTENT_MAX];
    struct signal signal;
    client_send(client, record, beat(client, 0, ROUNDS, record));
    for (unsigned tries = 0; tries < 200; tries++) {
        int n = client_receive(client, record, sizeof record, 10);
        if (n < 0 || record[0] != RECORD_PATH_CHECK)
            continue;
        n = client_unseal(client, record, (size_t)n, content);
        if (n < 0 || signal_path_decode(content, (uint32_t)n, &signal))
            continue;
        signal.kind = SIGNAL_PATH_RESPONSE;
        signal_path_encode(&signal, content);
        client_send(client, record, client_seal_type(client, RECORD_PATH_CHECK, content, SIGNAL_PATH_BYTES, record));
        return;
    }
}

/* There and back on each association, twice. Their UDP sockets are open only meanwhile. */
static void talk(struct crowd *crowd, bool again)
{
    for (unsigned at = 0; at < crowd->open; at += WINDOW) {
        unsigned end = at + WINDOW < crowd->open ? at + WINDOW : crowd->open;
        for (unsigned i = at; i < end; i++) {
            (void)client_open_udp(&crowd->clients[i]);
            if (again)
                answer_path_check(&crowd->clients[i]);
        }
        for (uint32_t round = 0; round < ROUNDS; round++) {
            for (unsigned i = at; i < end; i++)
                say(crowd, i, round);
            for (unsigned i = at; i < end; i++)
                hear(crowd, i, round);
        }
        for (unsigned i = at; i < end; i++)
            client_close_udp(&crowd->clients[i]);
    }
}

static void gather(struct crowd *crowd)
{
    for (; crowd->open < crowd->count; crowd->open++) {
        struct client *client = &crowd->clients[crowd->open];
        snprintf(crowd->sources[crowd->open % ADDRESSES], sizeof *crowd->sources, "127.0.1.%u", 1 + crowd->open % ADDRESSES);
        crowd->options.source = crowd->sources[crowd->open % ADDRESSES];
        if (client_open(client, &crowd->options) || client_associate(client)) {
            printf("# association %u could not be made\n", crowd->open);
            return;
        }
        client_close_udp(client);
    }
}

static void report(const struct crowd *crowd, const struct process_memory *empty, const struct process_memory *open,
                   const struct process_memory *used)
{
    double n = crowd->open;
    table_head("Associations open at once on one sluiced, each with a TLS 1.3 connection of its own");
    table_row("associations", GOAL_AT_LEAST, crowd->count, n, "");
    table_row("proxy memory before the first (RSS)", GOAL_NONE, 0, (double)empty->rss / 1048576, "MiB");
    table_row("and then, for each association once it is open (RSS)", GOAL_NONE, 0, (double)(open->rss - empty->rss) / n / 1024,
              "KiB");
    table_row("after two datagrams each way on each (RSS)", GOAL_AT_MOST, GOAL_BYTES / 1024.0,
              (double)(used->rss - empty->rss) / n / 1024, "KiB");
    table_row("the same (PSS)", GOAL_AT_MOST, GOAL_BYTES / 1024.0, (double)(used->pss - empty->pss) / n / 1024, "KiB");
    table_row("of them, with a datagram there and back, twice", GOAL_NONE, 0, crowd->to_targets, "");
    table_row("the others, with a heartbeat: as many files as the system allows", GOAL_NONE, 0, crowd->count - crowd->to_targets,
              "");
    table_row("datagrams and heartbeats that came back, of those sent", GOAL_AT_LEAST, 1,
              (double)crowd->returned / (double)crowd->sent, "");
    table_row("associations that the proxy has at the end", GOAL_AT_LEAST, crowd->count,
              (double)proxy_count(&crowd->proxy, "total.associations_open"), "");
}

/* Another process goes on with all of them, without their connections. */
static void upgrade(struct crowd *crowd)
{
    crowd->sent = crowd->returned = 0;
    long long ms = proxy_upgrade(&crowd->proxy);
    long long taken = proxy_count(&crowd->proxy, "total.associations_taken");
    if (ms >= 0)
        talk(crowd, true);
    table_head("Another sluiced takes over from it");
    table_row("associations that it takes over", GOAL_AT_LEAST, crowd->count, (double)taken, "");
    table_row("in which nothing was read", GOAL_NONE, 0, (double)ms, "ms");
    table_row("datagrams and heartbeats that came back then, of those sent", GOAL_AT_LEAST, 1,
              (double)crowd->returned / (double)crowd->sent, "");
}

bool scale_crowd(struct sluice_card *card, unsigned associations)
{
    struct crowd crowd = {.count = associations};
    crowd.clients = calloc(associations, sizeof *crowd.clients);
    if (!crowd.clients || !raise_files(&crowd) || !start(&crowd, card)) {
        free(crowd.clients);
        return false;
    }
    struct process_memory empty = process_memory(crowd.proxy.pid);
    gather(&crowd);
    struct process_memory open = process_memory(crowd.proxy.pid);
    talk(&crowd, false);
    struct process_memory used = process_memory(crowd.proxy.pid);
    report(&crowd, &empty, &open, &used);
    upgrade(&crowd);
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
