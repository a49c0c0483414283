/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST     3
#define MOST      32   /* of a service manager */
#define MOST_EVER 2048 /* of a proxy with as many workers and listeners as there can be */

struct activation_socket {
    int fd, type; /* SOCK_STREAM, SOCK_DGRAM or SOCK_SEQPACKET */
    enum activation_use use;
    unsigned index, used;
    struct net_addr address; /* none: of a UNIX socket */
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
};

/* -1: not there, or no number. */
static long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    errno = 0;
    long value = text ? strtol(text, &end, 10) : -1;
    return text && *text && !*end && !errno ? value : -1;
}

static int describe(struct activation_socket *socket)
{
    union {
        struct sockaddr sa;
        struct sockaddr_un un;
        struct sockaddr_storage all;
    } name = {0};
    socklen_t len = sizeof name, size = sizeof socket->type;
    if (getsockname(socket->fd, &name.sa, &len) || getsockopt(socket->fd, SOL_SOCKET, SO_TYPE, &socket->type, &size))
        return -EINVAL;
    if (name.sa.sa_family == AF_UNIX) {
        memcpy(socket->path, name.un.sun_path, sizeof name.un.sun_path);
        return socket->type == SOCK_STREAM || socket->type == SOCK_SEQPACKET ? 0 : -EINVAL;
    }
    net_addr_set(&socket->address, &name.sa, len);
    return socket->address.len && (socket->type == SOCK_STREAM || socket->type == SOCK_DGRAM) ? 0 : -EINVAL;
}

static int append(struct activation *activation, const struct activation_socket *socket)
{
    if (activation->count == MOST_EVER)
        return -EINVAL;
    struct activation_socket *sockets = realloc(activation->sockets, (activation->count + 1) * sizeof *sockets);
    if (!sockets)
        return -ENOMEM;
    activation->sockets = sockets;
    sockets[activation->count++] = *socket;
    return 0;
}

int activation_add(struct activation *activation, int fd, enum activation_use use, unsigned index)
{
    struct activation_socket socket = {.fd = fd, .use = use, .index = index};
    int rc = describe(&socket), flags = fcntl(fd, F_GETFL);
    if (!rc && (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC)))
        rc = -EINVAL;
    if (!rc)
        rc = append(activation, &socket);
    if (rc)
        close(fd);
    return rc;
}

int activation_take(struct activation *activation)
{
    long pid = number_of("LISTEN_PID"), count = number_of("LISTEN_FDS");
    int rc = 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (pid != (long)getpid() || count <= 0)
        return 0;
    if (count > MOST)
        return -EINVAL;
    for (int fd = FIRST; fd < FIRST + (int)count && !rc; fd++)
        rc = activation_add(activation, fd, ACTIVATION_ANY, 0);
    return rc;
}

static int copy_of(struct activation_socket *socket)
{
    int fd = fcntl(socket->fd, F_DUPFD_CLOEXEC, FIRST);
    socket->used++;
    return fd < 0 ? -errno : fd;
}

static bool is_it(const struct activation_socket *socket, enum activation_use use, unsigned index, const struct net_addr *address)
{
    if (socket->type != (use == ACTIVATION_UDP ? SOCK_DGRAM : SOCK_STREAM) || !socket->address.len)
        return false;
    if (net_addr_equal(&socket->address, address))
        return true;
    return !net_addr_port(address) && socket->use == use && socket->index == index &&
           net_addr_same_host(&socket->address, address);
}

int activation_find(struct activation *activation, enum activation_use use, unsigned index, struct net_addr *address)
{
    struct activation_socket *found = NULL;
    for (unsigned i = 0; i < activation->count; i++) {
        struct activation_socket *socket = &activation->sockets[i];
        if (is_it(socket, use, index, address) && (!found || socket->used < found->used))
            found = socket;
    }
    if (!found)
        return -ENOENT;
    *address = found->address;
    return copy_of(found);
}

int activation_find_path(struct activation *activation, const char *path)
{
    for (unsigned i = 0; i < activation->count; i++) {
        if (!activation->sockets[i].address.len && !strcmp(activation->sockets[i].path, path))
            return copy_of(&activation->sockets[i]);
    }
    return -ENOENT;
}

void activation_close(struct activation *activation, activation_fn *unused, void *arg)
{
    char text[NET_ADDR_TEXT];
    for (unsigned i = 0; i < activation->count; i++) {
        const struct activation_socket *socket = &activation->sockets[i];
        const char *address = socket->address.len ? net_addr_format(&socket->address, text) : socket->path;
        if (!socket->used)
            unused(arg, address, !socket->address.len ? "unix" : socket->type == SOCK_STREAM ? "tcp" : "udp");
        close(socket->fd);
    }
    free(activation->sockets);
    *activation = (struct activation){0};
}
