/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long datagrams take to come back from echoes, one at a time and by turns, so that what else the machine does meets all
 * alike: udp-ping SIZE ROUNDS COUNT GAP_US ADDR... In each round COUNT to each address, with GAP_US between two. Prints for each
 * address, in their order, what was sent and what came back, and nanoseconds: median, 90 and 99 percent.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum { MOST_ADDRESSES = 8, MOST = 200000, WARM = 20, PATIENCE_MS = 1000 };

struct echo {
    int fd;
    unsigned sent, back;
    uint64_t *took; /* of those that came back */
};

static uint64_t nanoseconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Nanoseconds, or 0 when it did not come back. Late ones of before are passed over. */
static uint64_t ping(int fd, uint8_t *payload, size_t size, uint64_t number)
{
    static uint8_t answer[NET_DATAGRAM];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    memcpy(payload, &number, sizeof number);
    uint64_t start = nanoseconds();
    if (send(fd, payload, size, 0) != (ssize_t)size)
        return 0;
    while (poll(&p, 1, PATIENCE_MS) == 1) {
        ssize_t n = recv(fd, answer, sizeof answer, 0);
        if (n == (ssize_t)size && !memcmp(answer, payload, size))
            return nanoseconds() - start;
    }
    return 0;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void report(struct echo *e, const char *end)
{
    const unsigned parts[] = {50, 90, 99};
    const char *names[] = {"median", "p90", "p99"};
    qsort(e->took, e->back, sizeof *e->took, by_size);
    printf("{\"sent\":%u,\"back\":%u", e->sent, e->back);
    for (unsigned i = 0; i < 3 && e->back; i++)
        printf(",\"%s\":%llu", names[i], (unsigned long long)e->took[(size_t)(e->back - 1) * parts[i] / 100]);
    printf("}%s", end);
}

int main(int argc, char **argv)
{
    if (argc < 6 || argc > 5 + MOST_ADDRESSES)
        die("usage: udp-ping SIZE ROUNDS COUNT GAP_US ADDR...");
    static uint8_t payload[NET_DATAGRAM];
    static struct echo echoes[MOST_ADDRESSES];
    size_t size = (size_t)number("size", argv[1], sizeof(uint64_t), 65000);
    unsigned rounds = (unsigned)number("rounds", argv[2], 1, 1000), count = (unsigned)number("count", argv[3], 1, MOST / 1000);
    struct timespec gap = {.tv_nsec = (long)number("gap", argv[4], 0, 999999) * 1000};
    unsigned addresses = (unsigned)argc - 5;
    uint64_t next = 1;
    for (unsigned i = 0; i < addresses; i++) {
        struct net_addr addr = net_parse(argv[5 + i]);
        echoes[i].fd = net_connect(SOCK_DGRAM, &addr);
        echoes[i].took = calloc((size_t)rounds * count, sizeof(uint64_t));
        if (!echoes[i].took)
            die("out of memory");
        for (unsigned n = 0; n < WARM; n++)
            (void)ping(echoes[i].fd, payload, size, next++);
    }
    for (unsigned n = 0; n < rounds * count * addresses; n++) {
        struct echo *e = &echoes[n / count % addresses];
        uint64_t took = ping(e->fd, payload, size, next++);
        e->sent++;
        if (took)
            e->took[e->back++] = took;
        nanosleep(&gap, NULL);
    }
    printf("[");
    for (unsigned i = 0; i < addresses; i++)
        report(&echoes[i], i + 1 < addresses ? "," : "]\n");
    return 0;
}
