/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far end of measurements: takes datagrams in batches and counts them, and sends them back when it is told to:
 *   udp-far ADDR
 * For every line on stdin it says what it has counted, and "echo" or "sink" are how it goes on; it ends with stdin.
 */
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

enum { BATCH = 64, LINE = 64 };

static struct mmsghdr messages[BATCH];
static struct iovec iov[BATCH];
static struct sockaddr_storage peers[BATCH];
static uint8_t data[BATCH][NET_DATAGRAM];
static _Alignas(struct cmsghdr) uint8_t control[BATCH][CMSG_SPACE(sizeof(int))];
static unsigned long long datagrams, bytes;

static int receive(int fd)
{
    for (unsigned i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec){.iov_base = data[i], .iov_len = sizeof data[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &peers[i],
                                              .msg_namelen = sizeof peers[i],
                                              .msg_iov = &iov[i],
                                              .msg_iovlen = 1,
                                              .msg_control = control[i],
                                              .msg_controllen = sizeof control[i]};
    }
    return recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
}

/* How many datagrams the kernel gave as one. */
static unsigned parts(struct mmsghdr *message)
{
    int step = 0;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message->msg_hdr);
    if (c && c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
        memcpy(&step, CMSG_DATA(c), sizeof step);
    return step > 0 ? (message->msg_len + (unsigned)step - 1) / (unsigned)step : 1;
}

static void serve(int fd, bool echo)
{
    int got = receive(fd);
    for (int i = 0; i < got; i++) {
        datagrams += parts(&messages[i]);
        bytes += messages[i].msg_len;
        iov[i].iov_len = messages[i].msg_len;
        messages[i].msg_hdr.msg_control = NULL;
        messages[i].msg_hdr.msg_controllen = 0;
    }
    for (int sent = 0, n; echo && sent<got; sent += n> 0 ? n : 1)
        n = sendmmsg(fd, messages + sent, (unsigned)(got - sent), 0);
}

/* The kernel may give several as one where none goes back. */
static void set_echo(int fd, bool echo)
{
    int gro = !echo;
    (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &gro, sizeof gro);
}

/* False: stdin has ended. */
static bool obey(int fd, bool *echo)
{
    char line[LINE];
    ssize_t len = read(STDIN_FILENO, line, sizeof line);
    if (len <= 0)
        return false;
    if (len > 1)
        set_echo(fd, *echo = line[0] == 'e');
    printf("{\"datagrams\":%llu,\"bytes\":%llu}\n", datagrams, bytes);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    bool echo = false;
    if (argc != 2)
        die("usage: udp-far ADDR");
    struct net_addr addr = net_parse(argv[1]);
    int fd = net_bind(SOCK_DGRAM, &addr);
    set_echo(fd, echo);
    net_announce(fd);
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents)
            serve(fd, echo);
        if (fds[1].revents && !obey(fd, &echo))
            break;
    }
    return 0;
}
