/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(2);
}

uint64_t number(const char *what, const char *text, uint64_t low, uint64_t high)
{
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value < low || value > high)
        die("%s: '%s' is not a number between %llu and %llu", what, text, (unsigned long long)low, (unsigned long long)high);
    return value;
}

struct net_addr net_parse(const char *text)
{
    struct net_addr addr = {0};
    char host[NET_TEXT];
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof(host))
        die("'%s' is not HOST:PORT", text);
    size_t len = (size_t)(colon - text);
    memcpy(host, text, len);
    host[len] = 0;
    uint16_t port = htons((uint16_t)number("port", colon + 1, 0, 65535));

    struct sockaddr_in *v4 = (struct sockaddr_in *)&addr.sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addr.sa;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        addr.len = sizeof(*v4);
        return addr;
    }
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1) {
            v6->sin6_family = AF_INET6;
            v6->sin6_port = port;
            addr.len = sizeof(*v6);
            return addr;
        }
    }
    die("'%s' is not HOST:PORT with a numeric host", text);
}

uint16_t net_port(const struct net_addr *addr)
{
    if (addr->sa.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&addr->sa)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&addr->sa)->sin_port);
}

const char *net_format(const struct net_addr *addr, char text[NET_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (addr->sa.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)&addr->sa)->sin6_addr, host, sizeof(host));
        snprintf(text, NET_TEXT, "[%s]:%u", host, net_port(addr));
    } else {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)&addr->sa)->sin_addr, host, sizeof(host));
        snprintf(text, NET_TEXT, "%s:%u", host, net_port(addr));
    }
    return text;
}

bool net_same(const struct net_addr *a, const struct net_addr *b)
{
    char left[NET_TEXT];
    char right[NET_TEXT];
    return strcmp(net_format(a, left), net_format(b, right)) == 0;
}

int net_bind(int type, const struct net_addr *addr)
{
    char text[NET_TEXT];
    int on = 1;
    int size = 4 << 20;
    int fd = socket(addr->sa.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket: %s", strerror(errno));
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    else
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    if (bind(fd, (const struct sockaddr *)&addr->sa, addr->len))
        die("bind %s: %s", net_format(addr, text), strerror(errno));
    if (type == SOCK_STREAM && listen(fd, 128))
        die("listen: %s", strerror(errno));
    return fd;
}

int net_connect(int type, const struct net_addr *addr)
{
    char text[NET_TEXT];
    int fd = socket(addr->sa.ss_family, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&addr->sa, addr->len))
        die("connect %s: %s", net_format(addr, text), strerror(errno));
    return fd;
}

struct net_addr net_local(int fd)
{
    struct net_addr addr = {.len = sizeof(addr.sa)};
    if (getsockname(fd, (struct sockaddr *)&addr.sa, &addr.len))
        die("getsockname: %s", strerror(errno));
    return addr;
}

void net_announce(int fd)
{
    char text[NET_TEXT];
    struct net_addr addr = net_local(fd);
    printf("listening on %s\n", net_format(&addr, text));
    fflush(stdout);
}

uint64_t net_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

bool rng_chance(struct rng *rng, unsigned permille)
{
    return permille && rng_next(rng) % 1000 < permille;
}

void rng_fill(struct rng *rng, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i += 8) {
        uint64_t word = rng_next(rng);
        memcpy(out + i, &word, len - i < 8 ? len - i : 8);
    }
}
