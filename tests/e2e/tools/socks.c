/* SPDX-License-Identifier: Apache-2.0 */
#include "socks.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VERSION = 5, IPV4 = 1, NAME = 3, IPV6 = 4, NO_AUTH = 0, PASSWORD = 2 };

static _Noreturn void refused(const char *what, unsigned code)
{
    fprintf(stderr, "refused: %s %u\n", what, code);
    exit(1);
}

static void send_all(int fd, const uint8_t *buf, size_t len)
{
    if (send(fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
        refused("connection", 0);
}

static void read_all(int fd, uint8_t *buf, size_t len)
{
    if (len && recv(fd, buf, len, MSG_WAITALL) != (ssize_t)len)
        refused("connection closed", 0);
}

static void authenticate(int fd, const struct socks_options *options)
{
    uint8_t methods[] = {VERSION, 1, options->user ? PASSWORD : NO_AUTH};
    uint8_t answer[2];
    send_all(fd, methods, sizeof(methods));
    read_all(fd, answer, sizeof(answer));
    if (answer[0] != VERSION || answer[1] != methods[2])
        refused("method", answer[1]);
    if (!options->user)
        return;
    uint8_t login[3 + 255 + 255];
    size_t user = strlen(options->user);
    size_t password = strlen(options->password);
    if (!user || user > 255 || password > 255)
        die("user or password too long");
    login[0] = 1;
    login[1] = (uint8_t)user;
    memcpy(login + 2, options->user, user);
    login[2 + user] = (uint8_t)password;
    memcpy(login + 3 + user, options->password, password);
    send_all(fd, login, 3 + user + password);
    read_all(fd, answer, sizeof(answer));
    if (answer[1])
        refused("login", answer[1]);
}

/* ATYP, address, port. */
static size_t put_addr(uint8_t *out, const struct net_addr *addr)
{
    bool v6 = addr->sa.ss_family == AF_INET6;
    size_t len = v6 ? 16 : 4;
    uint16_t port = htons(net_port(addr));
    out[0] = v6 ? IPV6 : IPV4;
    if (v6)
        memcpy(out + 1, &((const struct sockaddr_in6 *)&addr->sa)->sin6_addr, len);
    else
        memcpy(out + 1, &((const struct sockaddr_in *)&addr->sa)->sin_addr, len);
    memcpy(out + 1 + len, &port, 2);
    return 1 + len + 2;
}

static void set_addr(struct net_addr *addr, uint8_t type, const uint8_t *from)
{
    *addr = (struct net_addr){0};
    if (type == IPV6) {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&addr->sa;
        v6->sin6_family = AF_INET6;
        memcpy(&v6->sin6_addr, from, 16);
        memcpy(&v6->sin6_port, from + 16, 2);
        addr->len = sizeof(*v6);
    } else {
        struct sockaddr_in *v4 = (struct sockaddr_in *)&addr->sa;
        v4->sin_family = AF_INET;
        memcpy(&v4->sin_addr, from, 4);
        memcpy(&v4->sin_port, from + 4, 2);
        addr->len = sizeof(*v4);
    }
}

static size_t put_dest(uint8_t *out, const char *dest)
{
    const char *colon = strrchr(dest, ':');
    if (!colon || colon == dest || colon - dest > 255)
        die("'%s' is not HOST:PORT", dest);
    char first = dest[0];
    if (first == '[' || !dest[strspn(dest, "0123456789.:")]) {
        struct net_addr addr = net_parse(dest);
        return put_addr(out, &addr);
    }
    size_t len = (size_t)(colon - dest);
    uint16_t port = htons((uint16_t)number("port", colon + 1, 0, 65535));
    out[0] = NAME;
    out[1] = (uint8_t)len;
    memcpy(out + 2, dest, len);
    memcpy(out + 2 + len, &port, 2);
    return 2 + len + 2;
}

int socks_open(const struct socks_options *options, uint8_t command, const char *dest, struct net_addr *bound)
{
    uint8_t request[3 + 1 + 1 + 255 + 2] = {VERSION, command, 0};
    uint8_t reply[4];
    uint8_t addr[18];
    int fd = net_connect(SOCK_STREAM, &options->proxy);
    authenticate(fd, options);
    send_all(fd, request, 3 + put_dest(request + 3, dest));
    read_all(fd, reply, sizeof(reply));
    if (reply[0] != VERSION || reply[1])
        refused("reply", reply[1]);
    if (reply[3] != IPV4 && reply[3] != IPV6)
        die("reply with address type %u", reply[3]);
    read_all(fd, addr, reply[3] == IPV6 ? 18 : 6);
    set_addr(bound, reply[3], addr);
    return fd;
}

size_t socks_udp_header(const struct net_addr *dest, uint8_t frag, uint8_t out[SOCKS_UDP_HEADER])
{
    out[0] = out[1] = 0;
    out[2] = frag;
    return 3 + put_addr(out + 3, dest);
}

size_t socks_udp_parse(const uint8_t *datagram, size_t len, struct net_addr *from)
{
    if (len < 10 || datagram[0] || datagram[1] || datagram[2])
        return 0;
    size_t header = datagram[3] == IPV4 ? 10 : datagram[3] == IPV6 ? 22 : 0;
    if (!header || len < header)
        return 0;
    set_addr(from, datagram[3], datagram + 4);
    return header;
}
