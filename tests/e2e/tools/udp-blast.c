/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends datagrams of one size at a steady rate, in one direction, and says how many it sent:
 *   udp-blast ADDR SIZE PER_SECOND SECONDS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum { BURST = 32 };

static unsigned send_burst(int fd, uint8_t *payload, size_t size)
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

int main(int argc, char **argv)
{
    if (argc != 5)
        die("usage: udp-blast ADDR SIZE PER_SECOND SECONDS");
    struct net_addr addr = net_parse(argv[1]);
    static uint8_t payload[NET_DATAGRAM];
    size_t size = (size_t)number("size", argv[2], 0, 65000);
    uint64_t rate = number("rate", argv[3], BURST, 10000000);
    uint64_t ms = number("seconds", argv[4], 1, 3600) * 1000;
    int fd = net_connect(SOCK_DGRAM, &addr);
    uint64_t start = net_now();
    uint64_t sent = 0;
    for (uint64_t gone = 0; gone < ms; gone = net_now() - start) {
        if (sent < rate * gone / 1000)
            sent += send_burst(fd, payload, size);
        else
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    printf("{\"sent\":%llu}\n", (unsigned long long)sent);
    return 0;
}
