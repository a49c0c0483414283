/* SPDX-License-Identifier: Apache-2.0 */
#include "vfu_conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

void conn_open(struct vfu_conn *c, int fd)
{
    memset(c, 0, sizeof(*c));
    c->fd = fd;
}

static void close_fds(struct vfu_conn *c)
{
    for (unsigned i = 0; i < c->nfds; i++)
        if (c->fds[i] >= 0)
            close(c->fds[i]);
    c->nfds = 0;
    c->fds_lost = false;
}

void conn_close(struct vfu_conn *c)
{
    close_fds(c);
    free(c->out);
    if (c->fd >= 0)
        close(c->fd);
    conn_open(c, -1);
}

static void keep_fds(struct vfu_conn *c, struct msghdr *m)
{
    for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
        size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);

        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t i = 0; i < n; i++) {
            int fd = -1;

            memcpy(&fd, CMSG_DATA(h) + i * sizeof(int), sizeof(int));
            if (c->nfds < VFU_MAX_FDS) {
                c->fds[c->nfds++] = fd;
            } else {
                close(fd);
                c->fds_lost = true;
            }
        }
    }
    if (m->msg_flags & MSG_CTRUNC)
        c->fds_lost = true;
}

/* Reads up to `want` bytes in all. 1: they are there; 0: not yet. */
static int fill(struct vfu_conn *c, size_t want)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
    } control;

    while (c->have < want) {
        struct iovec v = {c->in.bytes + c->have, want - c->have};
        struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
        ssize_t n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? 0 : -errno;
        keep_fds(c, &m);
        if (n == 0)
            return -ECONNRESET;
        c->have += (size_t)n;
    }
    return 1;
}

int conn_receive(struct vfu_conn *c)
{
    int rc = fill(c, sizeof(struct vfu_header));

    if (rc <= 0)
        return rc;
    if (c->in.header.size < sizeof(struct vfu_header) || c->in.header.size > VFU_MAX_MESSAGE)
        return -EPROTO;
    return fill(c, c->in.header.size);
}

int conn_take_fd(struct vfu_conn *c, unsigned i)
{
    int fd = i < c->nfds ? c->fds[i] : -1;

    if (fd >= 0)
        c->fds[i] = -1;
    return fd;
}

void conn_next(struct vfu_conn *c)
{
    close_fds(c);
    c->have = 0;
}

static int keep(struct vfu_conn *c, const uint8_t *bytes, size_t len)
{
    if (c->out_len + len > VFU_OUT_LIMIT)
        return -ENOBUFS;
    if (c->out_len + len > c->out_room) {
        size_t room = 2 * (c->out_len + len);
        uint8_t *out = realloc(c->out, room);

        if (!out)
            return -ENOMEM;
        c->out = out;
        c->out_room = room;
    }
    memcpy(c->out + c->out_len, bytes, len);
    c->out_len += len;
    return 0;
}

static ssize_t try_send(int fd, struct iovec *v, size_t n)
{
    struct msghdr m = {.msg_iov = v, .msg_iovlen = n};
    ssize_t sent = sendmsg(fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    return sent;
}

int conn_send(struct vfu_conn *c, struct vfu_header *h, const void *body, size_t body_len, const void *data, size_t data_len)
{
    struct iovec v[3] = {{h, sizeof(*h)}, {(void *)(uintptr_t)body, body_len}, {(void *)(uintptr_t)data, data_len}};
    ssize_t sent = 0;
    int rc = 0;

    h->size = (uint32_t)(sizeof(*h) + body_len + data_len);
    if (c->out_len == 0)
        sent = try_send(c->fd, v, 3);
    if (sent < 0)
        return (int)sent;
    for (unsigned i = 0; i < 3 && rc == 0; i++) {
        size_t skip = (size_t)sent < v[i].iov_len ? (size_t)sent : v[i].iov_len;

        sent -= (ssize_t)skip;
        if (skip < v[i].iov_len)
            rc = keep(c, (const uint8_t *)v[i].iov_base + skip, v[i].iov_len - skip);
    }
    return rc;
}

int conn_flush(struct vfu_conn *c)
{
    struct iovec v = {c->out, c->out_len};
    ssize_t sent = c->out_len ? try_send(c->fd, &v, 1) : 0;

    if (sent < 0)
        return (int)sent;
    c->out_len -= (size_t)sent;
    if (c->out_len > 0 && sent > 0)
        memmove(c->out, c->out + sent, c->out_len);
    return 0;
}

bool conn_sending(const struct vfu_conn *c)
{
    return c->out_len > 0;
}
