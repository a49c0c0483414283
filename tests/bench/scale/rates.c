/* SPDX-License-Identifier: Apache-2.0 */
/* New associations a second of the proxy's CPU time. The same clients, from one thread each, first to OpenSSL alone, then to
 * sluiced; a round of each in turn, so short that what else the machine does meets both. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bare.h"
#include "process.h"
#include "scale.h"
#include "tests/bench/table.h"
#include "tests/host/client.h"
#include "tests/host/proxy.h"
#include "tls/tls.h"

#define THREADS 4
#define ROUNDS  81

struct kind {
    const char *name;
    int tls;
    bool resumed;
    double goal; /* of the rate of OpenSSL alone */
};

static const struct kind kinds[] = {
    {"TLS 1.3, full handshakes", TLS1_3_VERSION, false, 0.8},
    {"TLS 1.2, full handshakes", TLS1_2_VERSION, false, 0.8},
    {"TLS 1.3, resumed", TLS1_3_VERSION, true, 0.5},
    {"TLS 1.2, resumed", TLS1_2_VERSION, true, 0.5},
};

struct visitor {
    struct client_options options;
    SSL_SESSION *session; /* the newest that was given */
    bool associate, resume;
    atomic_bool *stop;
    unsigned done, resumed, failed;
    pthread_t thread;
};

static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct visitor *visitor = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION_free(visitor->session);
    visitor->session = session;
    return 1;
}

/* What the server says after the handshake: a ticket perhaps, then its end. */
static void read_rest(struct client *client)
{
    uint8_t byte;
    while (SSL_read(client->ssl, &byte, 1) > 0)
        ;
}

static void visit(struct visitor *visitor)
{
    struct client client;
    struct client_options options = visitor->options;
    options.session = visitor->resume ? visitor->session : NULL;
    int rc = visitor->associate ? client_open(&client, &options) : client_connect(&client, &options);
    if (!rc && visitor->associate)
        rc = client_associate(&client);
    if (!rc) {
        visitor->done++;
        visitor->resumed += SSL_session_reused(client.ssl) == 1;
        SSL_shutdown(client.ssl);
        read_rest(&client);
    }
    visitor->failed += rc != 0;
    client_close(&client);
}

static void *visits(void *arg)
{
    struct visitor *visitor = arg;
    while (!atomic_load(visitor->stop))
        visit(visitor);
    return NULL;
}

struct crew {
    struct visitor visitors[THREADS];
    atomic_bool stop;
};

static bool crew_new(struct crew *crew, struct sluice_card *card, const struct kind *kind)
{
    for (unsigned i = 0; i < THREADS; i++) {
        struct visitor *v = &crew->visitors[i];
        *v = (struct visitor){.resume = kind->resumed, .stop = &crew->stop};
        v->options = (struct client_options){.tls = kind->tls, .alpn = TLS_ALPN, .card = card, .in_a_row = true};
        v->options.ctx = SSL_CTX_new(TLS_client_method());
        v->options.mem = sluice_mem_alloc(card, CLIENT_MEM);
        if (!v->options.ctx || !v->options.mem || sluice_qp_create(card, 4, &v->options.qp))
            return false;
        SSL_CTX_set_session_cache_mode(v->options.ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(v->options.ctx, on_session);
        SSL_CTX_set_app_data(v->options.ctx, v);
    }
    return true;
}

static void crew_free(struct crew *crew)
{
    for (unsigned i = 0; i < THREADS; i++) {
        struct visitor *v = &crew->visitors[i];
        SSL_SESSION_free(v->session);
        SSL_CTX_free(v->options.ctx);
        sluice_qp_destroy(v->options.qp);
        sluice_mem_free(v->options.card, v->options.mem);
    }
}

struct tally {
    double rate; /* a CPU second of the server */
    unsigned done, resumed, failed;
};

/* Everybody visits that server for so long. */
static struct tally crew_visit(struct crew *crew, pid_t server, uint16_t port, bool associate, unsigned ms)
{
    struct tally tally = {0};
    uint64_t cpu = process_cpu(server);
    atomic_store(&crew->stop, false);
    for (unsigned i = 0; i < THREADS; i++) {
        struct visitor *v = &crew->visitors[i];
        v->options.port = port;
        v->associate = associate;
        v->done = v->resumed = v->failed = 0;
        pthread_create(&v->thread, NULL, visits, v);
    }
    process_nap(ms);
    atomic_store(&crew->stop, true);
    for (unsigned i = 0; i < THREADS; i++) {
        struct visitor *v = &crew->visitors[i];
        pthread_join(v->thread, NULL);
        tally.done += v->done;
        tally.resumed += v->resumed;
        tally.failed += v->failed;
    }
    process_nap(20); /* so that it ends what has begun */
    tally.rate = tally.done / ((double)(process_cpu(server) - cpu) / 1e9);
    return tally;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void rows(const struct kind *kind, const double *alone, const double *ours, const struct tally *sum)
{
    double share[ROUNDS], median_alone[ROUNDS], median_ours[ROUNDS];
    char name[96];
    for (unsigned i = 0; i < ROUNDS; i++) {
        share[i] = ours[i] / alone[i];
        median_alone[i] = alone[i];
        median_ours[i] = ours[i];
    }
    qsort(share, ROUNDS, sizeof *share, by_size);
    qsort(median_alone, ROUNDS, sizeof *share, by_size);
    qsort(median_ours, ROUNDS, sizeof *share, by_size);
    snprintf(name, sizeof name, "%s: of OpenSSL's rate, median of %d rounds", kind->name, ROUNDS);
    table_row(name, GOAL_AT_LEAST, kind->goal, share[ROUNDS / 2], "");
    table_row("  associations, of sluiced", GOAL_NONE, 0, median_ours[ROUNDS / 2], "/CPU s");
    table_row("  handshakes, of OpenSSL alone", GOAL_NONE, 0, median_alone[ROUNDS / 2], "/CPU s");
    table_row("  visits that failed", GOAL_AT_MOST, 0, sum->failed, "");
    if (kind->resumed)
        table_row("  visits by resumption, of all", GOAL_AT_LEAST, 0.95, (double)sum->resumed / sum->done, "");
}

static bool measure(struct sluice_card *card, const struct kind *kind, const struct proxy_child *proxy, const struct bare *bare,
                    unsigned ms)
{
    struct crew *to_bare = calloc(1, sizeof *to_bare), *to_proxy = calloc(1, sizeof *to_proxy);
    double alone[ROUNDS], ours[ROUNDS];
    struct tally sum = {0};
    bool good = to_bare && to_proxy && crew_new(to_bare, card, kind) && crew_new(to_proxy, card, kind);
    for (unsigned i = 0; good && i < ROUNDS; i++) {
        struct tally one = crew_visit(to_bare, bare->pid, bare->port, false, ms), two;
        two = crew_visit(to_proxy, proxy->pid, proxy->tls_port, true, ms);
        alone[i] = one.rate;
        ours[i] = two.rate;
        sum.done += one.done + two.done;
        sum.resumed += one.resumed + two.resumed;
        sum.failed += one.failed + two.failed;
    }
    if (good)
        rows(kind, alone, ours, &sum);
    if (to_bare)
        crew_free(to_bare);
    if (to_proxy)
        crew_free(to_proxy);
    free(to_bare);
    free(to_proxy);
    return good;
}

bool scale_rates(struct sluice_card *card, unsigned seconds)
{
    struct proxy_child proxy;
    struct bare full, tickets;
    int last = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;
    signal(SIGPIPE, SIG_IGN);
    process_pin(last); /* the servers'; clients have the rest */
    if (proxy_start(&proxy, "limits = ( { handshakes = 0; } );\n") || !bare_start(&full, proxy.directory, false) ||
        !bare_start(&tickets, proxy.directory, true))
        return false;
    process_pin(last > 0 ? 0 : -1);
    table_head("New associations (TLS handshake, SOCKS5, keys, SAs, and their end) a second of the proxy's CPU time");
    bool good = true;
    for (unsigned i = 0; good && i < sizeof kinds / sizeof *kinds; i++)
        good = measure(card, &kinds[i], &proxy, kinds[i].resumed ? &tickets : &full, seconds * 1000 / ROUNDS);
    process_pin(-1);
    bare_stop(&full);
    bare_stop(&tickets);
    good = proxy_stop(&proxy, SIGTERM, 10) == 0 && good;
    proxy_clean(&proxy);
    return good;
}
