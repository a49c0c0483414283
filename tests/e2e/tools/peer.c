/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The servers at the far end of the tests, and the free ports.
 *   peer udp-echo ADDR    sends every datagram back to where it came from
 *   peer udp-sink ADDR    counts datagrams and bytes, says them at SIGTERM
 *   peer tcp-echo ADDR    sends every byte back; ends its direction when the other side has ended its own
 *   peer tcp-count ADDR   reads until the other side ends its direction, and only then answers: the count of bytes
 *   peer free-ports N     prints N port numbers that are free for UDP and TCP on 127.0.0.1
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

static volatile sig_atomic_t stop;

static void on_term(int signo)
{
    (void)signo;
    stop = 1;
}

/* SIGTERM and SIGINT stay blocked but while readable() waits, so that none slips in between a look at `stop` and the wait. */
static sigset_t waiting;

static void catch_term(void)
{
    struct sigaction action = {.sa_handler = on_term};
    sigset_t blocked;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, &waiting);
}

static bool readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return !stop && ppoll(&poll_fd, 1, NULL, &waiting) == 1;
}

static void udp_serve(int fd, bool echo)
{
    static uint8_t buf[NET_DATAGRAM];
    unsigned long long datagrams = 0;
    unsigned long long bytes = 0;
    while (readable(fd)) {
        struct net_addr from = {.len = sizeof(from.sa)};
        ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from.sa, &from.len);
        if (n < 0)
            continue; /* an ICMP error of an earlier answer */
        datagrams++;
        bytes += (unsigned long long)n;
        if (echo)
            (void)sendto(fd, buf, (size_t)n, 0, (struct sockaddr *)&from.sa, from.len);
    }
    printf("{\"datagrams\":%llu,\"bytes\":%llu}\n", datagrams, bytes);
}

static bool write_all(int fd, const uint8_t *buf, size_t len)
{
    while (len) {
        ssize_t n = write(fd, buf, len);
        if (n <= 0)
            return false;
        buf += n;
        len -= (size_t)n;
    }
    return true;
}

static void tcp_talk(int fd, bool echo)
{
    uint8_t buf[16384];
    unsigned long long bytes = 0;
    ssize_t n;
    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        bytes += (unsigned long long)n;
        if (echo && !write_all(fd, buf, (size_t)n))
            return;
    }
    if (!echo)
        dprintf(fd, "%llu\n", bytes);
    shutdown(fd, SHUT_WR);
}

static void tcp_serve(int listener, bool echo)
{
    while (!stop) {
        if (!readable(listener))
            continue;
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            close(listener);
            signal(SIGTERM, SIG_DFL);
            sigprocmask(SIG_SETMASK, &waiting, NULL);
            tcp_talk(fd, echo);
            _exit(0);
        }
        close(fd);
    }
}

/* Ports below the ephemeral range, so that no client socket takes one in between. */
static void free_ports(unsigned count)
{
    enum { LOW = 10240, HIGH = 32000, TRIES = 4096 };
    struct rng rng = {net_now() ^ (uint64_t)getpid() << 32};
    struct net_addr addr = net_parse("127.0.0.1:0");
    struct sockaddr_in *in = (struct sockaddr_in *)&addr.sa;
    for (unsigned tries = 0; count && tries < TRIES; tries++) {
        uint16_t port = (uint16_t)(LOW + rng_next(&rng) % (HIGH - LOW));
        in->sin_port = htons(port);
        int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (udp < 0 || tcp < 0)
            die("socket: %s", strerror(errno));
        if (!bind(udp, (struct sockaddr *)in, sizeof(*in)) && !bind(tcp, (struct sockaddr *)in, sizeof(*in))) {
            printf("%u\n", port);
            count--; /* the sockets stay open until the end, so that no port is named twice */
        } else {
            close(udp);
            close(tcp);
        }
    }
    if (count)
        die("no free ports");
}

int main(int argc, char **argv)
{
    static const char usage[] = "usage: peer udp-echo|udp-sink|tcp-echo|tcp-count ADDR | peer free-ports N\n";
    if (argc != 3) {
        fputs(usage, stderr);
        return 2;
    }
    const char *what = argv[1];
    if (!strcmp(what, "free-ports")) {
        free_ports((unsigned)number("count", argv[2], 1, 64));
        return 0;
    }
    bool udp = !strncmp(what, "udp-", 4);
    bool echo = !strcmp(what, "udp-echo") || !strcmp(what, "tcp-echo");
    if (!echo && strcmp(what, "udp-sink") != 0 && strcmp(what, "tcp-count") != 0) {
        fputs(usage, stderr);
        return 2;
    }
    catch_term();
    struct net_addr addr = net_parse(argv[2]);
    int fd = net_bind(udp ? SOCK_DGRAM : SOCK_STREAM, &addr);
    net_announce(fd);
    if (udp)
        udp_serve(fd, echo);
    else
        tcp_serve(fd, echo);
    return 0;
}
