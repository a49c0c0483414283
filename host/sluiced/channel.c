/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void channel_set_timeout(int channel, unsigned seconds)
{
    const struct timeval patience = {.tv_sec = (time_t)seconds};
    (void)setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(channel, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

static int error_of(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK ? -ETIMEDOUT : -error;
}

int channel_send(int channel, const uint8_t *data, size_t len, const int *fds, unsigned count)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    if (count) {
        memset(control, 0, sizeof control);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    }
    ssize_t n;
    do {
        n = sendmsg(channel, &message, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? error_of(errno) : 0;
}

static void take_fds(struct msghdr *message, int fds[CHANNEL_FDS], unsigned *count)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        *count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(c), *count * sizeof(int));
    }
}

int channel_receive(int channel, uint8_t *data, size_t size, int fds[CHANNEL_FDS], unsigned *count)
{
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(CHANNEL_FDS * sizeof(int))];
    struct iovec iov = {.iov_base = data, .iov_len = size};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t n;
    *count = 0;
    do {
        n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return error_of(errno);
    take_fds(&message, fds, count);
    if (!(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return (int)n;
    while (*count)
        close(fds[--*count]);
    return -EPROTO;
}
