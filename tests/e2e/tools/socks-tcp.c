/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends bytes through a SOCKS5 CONNECT (or straight to a local forward), ends its direction, and reads until the other side ends
 * its own: socks-tcp (--proxy ADDR [--user U --password P] | --direct) --to HOST:PORT [--bytes N] [--expect echo|count] [--seed
 * N] `echo`: every byte must come back; `count`: the answer must be the number of bytes, given after the half-close (peer
 * tcp-count). Exit status: 0 as expected, 1 refused by the proxy, 3 not as expected.
 */
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socks.h"

struct options {
    struct socks_options socks;
    const char *dest;
    bool direct;
    bool count;
    uint64_t bytes;
    uint64_t seed;
};

struct talk {
    int fd;
    uint64_t seed;
    uint64_t sent, received;
    bool wrong;
    char answer[32]; /* what came back, when it is a count */
};

/* The byte at any position of the stream. */
static uint8_t byte_at(uint64_t seed, uint64_t position)
{
    struct rng rng = {seed + position / 8};
    return (uint8_t)(rng_next(&rng) >> (position % 8 * 8));
}

static void push(struct talk *talk, uint64_t total)
{
    uint8_t buf[8192];
    size_t size = 0;
    for (; size < sizeof(buf) && talk->sent + size < total; size++)
        buf[size] = byte_at(talk->seed, talk->sent + size);
    ssize_t n = send(talk->fd, buf, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
        talk->sent += (uint64_t)n;
}

static void check_echo(struct talk *talk, const uint8_t *buf, size_t len)
{
    for (size_t i = 0; i < len; i++)
        talk->wrong |= buf[i] != byte_at(talk->seed, talk->received + i);
}

/* False at the end of the other side's direction. */
static bool pull(struct talk *talk, bool count)
{
    uint8_t buf[8192];
    ssize_t n = recv(talk->fd, buf, sizeof(buf), 0);
    if (n <= 0)
        return false;
    if (!count)
        check_echo(talk, buf, (size_t)n);
    else if (talk->received + (uint64_t)n < sizeof(talk->answer))
        memcpy(talk->answer + talk->received, buf, (size_t)n);
    talk->received += (uint64_t)n;
    return true;
}

static void converse(struct talk *talk, const struct options *o)
{
    bool ended = false;
    for (;;) {
        if (!ended && talk->sent == o->bytes) {
            shutdown(talk->fd, SHUT_WR);
            ended = true;
        }
        struct pollfd fd = {.fd = talk->fd, .events = (short)(POLLIN | (ended ? 0 : POLLOUT))};
        if (poll(&fd, 1, 15000) <= 0)
            die("nothing moves: sent %llu, received %llu", (unsigned long long)talk->sent, (unsigned long long)talk->received);
        if ((fd.revents & (POLLIN | POLLHUP | POLLERR)) && !pull(talk, o->count))
            return;
        if (fd.revents & POLLOUT)
            push(talk, o->bytes);
    }
}

static void parse_options(struct options *o, int argc, char **argv)
{
    enum { PROXY = 1, USER, PASSWORD, DIRECT, TO, BYTES, EXPECT, SEED };
    static const struct option table[] = {{"proxy", 1, NULL, PROXY},   {"user", 1, NULL, USER}, {"password", 1, NULL, PASSWORD},
                                          {"direct", 0, NULL, DIRECT}, {"to", 1, NULL, TO},     {"bytes", 1, NULL, BYTES},
                                          {"expect", 1, NULL, EXPECT}, {"seed", 1, NULL, SEED}, {0}};
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (c) {
        case PROXY:
            o->socks.proxy = net_parse(optarg);
            break;
        case USER:
            o->socks.user = optarg;
            break;
        case PASSWORD:
            o->socks.password = optarg;
            break;
        case DIRECT:
            o->direct = true;
            break;
        case TO:
            o->dest = optarg;
            break;
        case BYTES:
            o->bytes = number("bytes", optarg, 0, 1u << 30);
            break;
        case EXPECT:
            o->count = !strcmp(optarg, "count");
            if (!o->count && strcmp(optarg, "echo") != 0)
                die("--expect echo or count");
            break;
        case SEED:
            o->seed = number("seed", optarg, 0, UINT64_MAX);
            break;
        default:
            exit(2);
        }
    }
    if (optind != argc || !o->dest || (!o->direct && !o->socks.proxy.len) || !o->socks.user != !o->socks.password)
        die("--proxy ADDR or --direct, and --to HOST:PORT are needed");
}

int main(int argc, char **argv)
{
    struct options options = {.bytes = 100000, .seed = 1};
    parse_options(&options, argc, argv);
    struct talk talk = {.seed = options.seed};
    struct net_addr addr;
    if (options.direct) {
        addr = net_parse(options.dest);
        talk.fd = net_connect(SOCK_STREAM, &addr);
    } else {
        talk.fd = socks_open(&options.socks, SOCKS_CONNECT, options.dest, &addr);
    }
    converse(&talk, &options);
    if (options.count)
        talk.wrong = strtoull(talk.answer, NULL, 10) != options.bytes;
    else
        talk.wrong |= talk.received != options.bytes;
    printf("{\"sent\":%llu,\"received\":%llu,\"right\":%s}\n", (unsigned long long)talk.sent, (unsigned long long)talk.received,
           talk.wrong ? "false" : "true");
    return talk.wrong ? 3 : 0;
}
