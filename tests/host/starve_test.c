/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flood on one association does not starve another on the same worker. The flood comes from a process of its own as fast as the
 * kernel takes it, records sealed afresh among replayed ones; the quiet association sends one datagram at a time and waits for
 * it. starve_test [SEED [DATAGRAMS]]
 */
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "proxy.h"
#include "tap.h"
#include "tls/tls.h"

#define PAYLOAD   1000
#define BATCH     40 /* records of one send, cut by the kernel */
#define REPLAYS   30 /* of each of these */
#define GAP_MS    2
#define LATE_MS   400
#define MOST      100000
#define DELIVERED 0.97 /* of the quiet one's datagrams, at least; a loaded machine is late with some */

struct quiet {
    unsigned sent, back;
    double median_ms, p99_ms;
};

static struct proxy_child proxy;
static struct sluice_card *card;
static double took[MOST];

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* ---- the flood */

static size_t fill(struct client *c, uint16_t sink, uint8_t *records)
{
    static uint8_t payload[PAYLOAD], content[PAYLOAD + 64];
    size_t n = client_datagram(sink, payload, sizeof payload, content), size = 0;
    for (unsigned i = 0; i < BATCH; i++)
        size += client_seal(c, content, n, records + size);
    return size;
}

static pid_t flood(uint16_t sink)
{
    static uint8_t records[BATCH * (PAYLOAD + 200)];
    pid_t pid = fork();
    if (pid)
        return pid;
    struct client c;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!client_begin(&c, proxy.tls_port, card))
        _exit(1);
    int size = (int)(fill(&c, sink, records) / BATCH);
    setsockopt(c.udp, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
    for (;;) {
        size_t len = fill(&c, sink, records);
        for (unsigned i = 0; i <= REPLAYS; i++)
            (void)send(c.udp, records, len, 0);
    }
}

/* ---- the quiet one */

static void echo(int fd)
{
    static uint8_t data[2048];
    struct net_addr from;
    int n;
    while ((n = udp_receive(fd, data, sizeof data, 0, &from)) >= 0)
        (void)sendto(fd, data, (size_t)n, 0, &from.sa, from.len);
}

/* Milliseconds until it is back; -1: it is lost. */
static double there_and_back(struct client *c, int fd, uint16_t port, unsigned number)
{
    uint8_t content[256], record[512];
    size_t n = client_seal(c, content, client_datagram(port, &number, sizeof number, content), record);
    double start = now_ms();
    client_send(c, record, n);
    while (now_ms() - start < LATE_MS) {
        struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = c->udp, .events = POLLIN}};
        if (poll(p, 2, LATE_MS) < 1)
            break;
        echo(fd);
        int len = client_receive(c, record, sizeof record, 0);
        len = len < 0 ? -1 : client_unseal(c, record, (size_t)len, content);
        if (len > (int)sizeof number && !memcmp(content + len - sizeof number, &number, sizeof number))
            return now_ms() - start;
    }
    return -1;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct quiet talk(struct client *c, int fd, uint16_t port, unsigned count)
{
    const struct timespec gap = {.tv_nsec = GAP_MS * 1000000L};
    struct quiet q = {.sent = count};
    for (unsigned i = 0; i < count; i++) {
        double ms = there_and_back(c, fd, port, i);
        if (ms >= 0)
            took[q.back++] = ms;
        nanosleep(&gap, NULL);
    }
    qsort(took, q.back, sizeof *took, by_size);
    q.median_ms = q.back ? took[q.back / 2] : LATE_MS;
    q.p99_ms = q.back ? took[(q.back - 1) * 99 / 100] : LATE_MS;
    printf("# %u of %u datagrams came back, after %.2f ms (median), %.2f ms (99 %%)\n", q.back, q.sent, q.median_ms, q.p99_ms);
    return q;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static long long received(void)
{
    return proxy_count(&proxy, "total.records_in");
}

int main(int argc, char **argv)
{
    unsigned count = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 600;
    uint16_t port, sink_port;
    int fd = udp_socket(&port), sink = udp_socket(&sink_port);
    struct client quiet;
    seed(argc, argv);
    if (count > MOST || sluice_open("soft:", NULL, &card) || proxy_start(&proxy, "") ||
        !client_begin(&quiet, proxy.tls_port, card))
        return EXIT_FAILURE;
    struct quiet alone = talk(&quiet, fd, port, count / 4);
    ok(alone.back == alone.sent, "without a flood, every datagram of an association comes back");
    pid_t pid = flood(sink_port);
    ok(proxy_wait(&proxy, "total.records_in", 20000) >= 20000, "another association is flooded");
    long long before = received();
    double start = now_ms();
    struct quiet beside = talk(&quiet, fd, port, count);
    double seconds = (now_ms() - start) / 1e3;
    long long cut = proxy_count(&proxy, "total.refused.share");
    printf("# meanwhile %.0f records a second came to the proxy, %lld of the flood were refused for the others' sake\n",
           (double)(received() - before) / seconds, cut);
    ok(cut > 0, "of the flood, what is over its share is refused");
    ok(beside.back >= DELIVERED * beside.sent, "the quiet one's datagrams come back nevertheless");
    ok(beside.median_ms < LATE_MS / 8.0, "and soon");
    end(pid);
    struct quiet after = talk(&quiet, fd, port, count / 4);
    ok(after.back == after.sent, "after the flood, all of them do again");
    client_close(&quiet);
    close(fd);
    close(sink);
    ok(proxy_stop(&proxy, SIGTERM, 10) == 0, "sluiced ends with status 0");
    proxy_clean(&proxy);
    sluice_close(card);
    return done();
}
