/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The near end of measurements: sends datagrams at a steady rate, and counts those that come back on the same socket:
 *   udp-near SOURCE ADDR
 * For every line "SIZE PER_SECOND MILLISECONDS" on stdin it does so, and says what it has counted; it ends with stdin.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net.h"

enum { BURST = 32, SETTLE_MS = 150 };

static uint8_t payload[NET_DATAGRAM];

static unsigned send_burst(int fd, size_t size)
{
    struct iovec iov = {.iov_base = payload, .iov_len = size};
    struct mmsghdr messages[BURST] = {0};
    for (unsigned i = 0; i < BURST; i++) {
        messages[i].msg_hdr.msg_iov = &iov;
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int sent = sendmmsg(fd, messages, BURST, 0);
    return sent > 0 ? (unsigned)sent : 0;
}

/* How many; what is in them goes nowhere. */
static unsigned take_answers(int fd)
{
    struct mmsghdr messages[BURST] = {0};
    unsigned taken = 0;
    int got;
    while ((got = recvmmsg(fd, messages, BURST, MSG_DONTWAIT, NULL)) > 0)
        taken += (unsigned)got;
    return taken;
}

static void pause_a_little(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
}

static void blast(int fd, size_t size, uint64_t rate, uint64_t ms)
{
    uint64_t start = net_now();
    unsigned long long sent = 0, back = 0;
    for (uint64_t gone = 0; gone < ms; gone = net_now() - start) {
        if (sent < rate * gone / 1000)
            sent += send_burst(fd, size);
        else
            pause_a_little();
        back += take_answers(fd);
    }
    for (uint64_t end = net_now() + SETTLE_MS; net_now() < end; back += take_answers(fd))
        pause_a_little();
    printf("{\"sent\":%llu,\"back\":%llu}\n", sent, back);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        die("usage: udp-near SOURCE ADDR");
    struct net_addr source = net_parse(argv[1]), addr = net_parse(argv[2]);
    int fd = net_bind(SOCK_DGRAM, &source);
    if (connect(fd, (const struct sockaddr *)&addr.sa, addr.len))
        die("connect %s: %s", argv[2], strerror(errno));
    char line[256], size[32], rate[32], ms[32];
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "%31s %31s %31s", size, rate, ms) != 3)
            die("not SIZE PER_SECOND MILLISECONDS: %s", line);
        blast(fd, (size_t)number("size", size, 0, 65000), number("rate", rate, BURST, 10000000), number("ms", ms, 1, 3600000));
    }
    return 0;
}
