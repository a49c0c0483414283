/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sluiced/channel.h"
#include "sluiced/handover.h"
#include "sluiced/take_association.h"

#define SAY_SECONDS 15 /* for the former one to say something: its workers may wait for a card */

struct take {
    struct proxy *proxy;
    int channel, log;
    uint8_t message[HANDOVER_MAX]; /* secret */
    size_t len;
    int fds[CHANNEL_FDS];
    unsigned fd_count;
};

static void close_fds(struct take *t)
{
    while (t->fd_count)
        close(t->fds[--t->fd_count]);
}

/* -ECONNRESET: the other one has closed. */
static int next(struct take *t)
{
    close_fds(t);
    int len = channel_receive(t->channel, t->message, sizeof t->message, t->fds, &t->fd_count);
    t->len = len > 0 ? (size_t)len : 0;
    return len > 0 ? 0 : len ? len : -ECONNRESET;
}

static int say(struct take *t, enum handover_type type, const void *what)
{
    uint8_t message[HANDOVER_MAX];
    return channel_send(t->channel, message, handover_encode(type, what, message), NULL, 0);
}

/* ---- sockets */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    channel_set_timeout(fd, SAY_SECONDS);
    int rc = connect(fd, (const struct sockaddr *)&address, sizeof address) ? -errno : 0;
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

static int take_proxy(struct take *t)
{
    struct handover_proxy what;
    int rc = handover_decode(HANDOVER_PROXY, t->message, t->len, &what);
    if (!rc && (what.version > HANDOVER_VERSION || t->fd_count != 1))
        rc = -EPROTO;
    if (!rc) {
        t->proxy->member = (uint8_t)what.member;
        if (what.cid_workers > t->proxy->cid_workers)
            t->proxy->cid_workers = (unsigned)what.cid_workers;
        memcpy(t->proxy->cid_key, what.cid_key, sizeof what.cid_key);
        t->log = t->fds[0];
        t->fd_count = 0;
    }
    explicit_bzero(&what, sizeof what);
    return rc;
}

static int take_socket(struct take *t)
{
    struct handover_socket what;
    int rc = handover_decode(HANDOVER_SOCKET, t->message, t->len, &what);
    while (!rc && t->fd_count)
        rc = activation_add(&t->proxy->activation, t->fds[--t->fd_count], (enum activation_use)what.use, (unsigned)what.index);
    return rc;
}

static int take_sockets(struct take *t)
{
    const struct handover_hello hello = {.version = HANDOVER_VERSION};
    int rc = say(t, HANDOVER_HELLO, &hello);
    if (!rc)
        rc = next(t);
    if (!rc)
        rc = take_proxy(t);
    while (!rc && !(rc = next(t)) && handover_type(t->message, t->len) == HANDOVER_SOCKET)
        rc = take_socket(t);
    return rc ? rc : handover_decode(HANDOVER_BEGIN, t->message, t->len, NULL);
}

int take_new(struct proxy *proxy, const char *path, struct take **out, const char **what)
{
    struct take *t = calloc(1, sizeof *t);
    *what = path;
    if (!t)
        return -ENOMEM;
    t->proxy = proxy;
    t->log = -1;
    t->channel = connect_to(path);
    int rc = t->channel < 0 ? t->channel : 0;
    if (!rc) {
        *what = "the running sluiced";
        rc = take_sockets(t);
    }
    if (rc)
        take_free(t);
    else
        *out = t;
    return rc;
}

/* ---- associations */

static int take_all(struct take *t, unsigned *count)
{
    struct taking taking = {.proxy = t->proxy};
    struct handover_count end;
    int rc;
    while (!(rc = next(t)) && handover_type(t->message, t->len) != HANDOVER_END) {
        rc = take_message(&taking, t->message, t->len, t->fds, t->fd_count);
        t->fd_count = 0;
        if (rc)
            break;
    }
    if (!rc)
        rc = take_last(&taking);
    if (!rc)
        rc = handover_decode(HANDOVER_END, t->message, t->len, &end);
    if (!rc && end.associations != taking.count)
        rc = -EPROTO;
    *count = taking.count;
    return rc;
}

int take_associations(struct take *t, unsigned *count, const char **what)
{
    *what = "associations of the running sluiced";
    int rc = say(t, HANDOVER_READY, NULL);
    if (!rc)
        rc = take_all(t, count);
    const struct handover_count all = {.associations = *count};
    if (!rc)
        rc = say(t, HANDOVER_DONE, &all);
    if (!rc)
        rc = next(t);
    return rc ? rc : handover_decode(HANDOVER_GO, t->message, t->len, NULL);
}

int take_log(const struct take *t)
{
    return t->log;
}

void take_free(struct take *t)
{
    if (!t)
        return;
    close_fds(t);
    if (t->channel >= 0)
        close(t->channel);
    if (t->log >= 0)
        close(t->log);
    explicit_bzero(t, sizeof *t);
    free(t);
}
