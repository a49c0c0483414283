/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST 3

/* -1: not there, or no number. */
static long number_of(const char *name)
{
    const char *text = getenv(name);
    char *end;
    errno = 0;
    long value = text ? strtol(text, &end, 10) : -1;
    return text && *text && !*end && !errno ? value : -1;
}

static int add(struct activation *activation, int fd)
{
    struct net_addr address = {0};
    int type;
    socklen_t len = sizeof address.in6, size = sizeof type;
    if (getsockname(fd, &address.sa, &len) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size))
        return -EINVAL;
    if ((type != SOCK_STREAM && type != SOCK_DGRAM) || (address.sa.sa_family != AF_INET && address.sa.sa_family != AF_INET6))
        return -EINVAL;
    address.len = len;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC))
        return -EINVAL;
    activation->sockets[activation->count].fd = fd;
    activation->sockets[activation->count].type = type;
    activation->sockets[activation->count].address = address;
    activation->count++;
    return 0;
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
    if (count > ACTIVATION_MAX)
        return -EINVAL;
    for (int fd = FIRST; fd < FIRST + (int)count && !rc; fd++)
        rc = add(activation, fd);
    return rc;
}

int activation_socket(struct activation *activation, int type, const struct net_addr *address)
{
    for (unsigned i = 0; i < activation->count; i++) {
        if (activation->sockets[i].type != type || !net_addr_equal(&activation->sockets[i].address, address))
            continue;
        int fd = fcntl(activation->sockets[i].fd, F_DUPFD_CLOEXEC, FIRST);
        activation->sockets[i].used++;
        return fd < 0 ? -errno : fd;
    }
    return -ENOENT;
}

void activation_close(struct activation *activation)
{
    for (unsigned i = 0; i < activation->count; i++)
        close(activation->sockets[i].fd);
    activation->count = 0;
}
