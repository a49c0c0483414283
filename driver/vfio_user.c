/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport to a simulated card: a client of the vfio-user protocol over a UNIX stream socket.
 *
 * Two locks: send_lock for one message on the socket, call_lock for a command and its answer. A doorbell takes the first alone,
 * so it never waits for another thread's register read. A thread of its own waits for the peer's end of the socket, so that the
 * data path need not look at it.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "deadline.h"
#include "sluice_regs.h"
#include "thread.h"
#include "transport.h"
#include "vfio_user_msg.h"

#define CONFIG_BYTES       256u
#define CONFIG_COMMAND     4u
#define COMMAND_MEMORY     0x2u
#define COMMAND_BUS_MASTER 0x4u
#define MAX_VECTORS        (SLUICE_MAX_IO_QUEUES + 1)

struct vfio_user {
    struct transport transport;
    int socket;
    int stop; /* eventfd: ends the watcher */
    unsigned timeout_ms;
    struct vu_capabilities peer;
    pthread_mutex_t send_lock, call_lock;
    uint16_t next_id; /* under call_lock */
    bool watching;
    pthread_t watcher;
    void (*on_gone)(void *arg);
    void *on_gone_arg;
};

/* One command: what is sent, and where its answer goes. */
struct call {
    enum vu_command command;
    const void *body, *data; /* sent one after the other */
    size_t body_len, data_len;
    const int *fds;
    unsigned fd_count;
    uint8_t *reply;
    size_t reply_least, reply_most;
    size_t reply_len; /* out */
};

static struct vfio_user *vfio_user(struct transport *t)
{
    return (struct vfio_user *)t;
}

/* Whatever is wrong with the connection ends it: the stream may be out of step. The watcher sees the hang-up. */
static void give_up(struct transport *t)
{
    struct vfio_user *vu = vfio_user(t);

    (void)shutdown(vu->socket, SHUT_RDWR);
    atomic_store(&t->gone, true);
}

/* ---------------------------------------------------------------- the socket */

static int receive(struct vfio_user *vu, void *to, size_t len, int64_t deadline)
{
    uint8_t *at = to;

    while (len > 0) {
        struct pollfd fd = {.fd = vu->socket, .events = POLLIN};
        int left = deadline_left(deadline);
        ssize_t n;

        if (left == 0 || poll(&fd, 1, left) == 0) {
            return -ETIMEDOUT;
        }
        n = recv(vu->socket, at, len, MSG_DONTWAIT);
        if (n == 0) {
            return -ENODEV;
        }
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return -ENODEV;
        }
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

static void attach_fds(struct msghdr *msg, void *control, const int *fds, unsigned count)
{
    struct cmsghdr *c;

    msg->msg_control = control;
    msg->msg_controllen = CMSG_SPACE(count * sizeof *fds);
    c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(c), fds, count * sizeof *fds);
}

static int send_all(struct vfio_user *vu, struct msghdr *msg)
{
    while (msg->msg_iovlen > 0) {
        ssize_t n = sendmsg(vu->socket, msg, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -ENODEV;
        }
        msg->msg_controllen = 0; /* the descriptors went with the first byte */
        while (msg->msg_iovlen > 0 && (size_t)n >= msg->msg_iov->iov_len) {
            n -= (ssize_t)msg->msg_iov->iov_len;
            msg->msg_iov++;
            msg->msg_iovlen--;
        }
        if (msg->msg_iovlen > 0) {
            msg->msg_iov->iov_base = (uint8_t *)msg->msg_iov->iov_base + n;
            msg->msg_iov->iov_len -= (size_t)n;
        }
    }
    return 0;
}

static int send_message(struct vfio_user *vu, const struct call *call, uint16_t id, uint32_t flags)
{
    struct vu_header header = {.id = id, .command = (uint16_t)call->command, .flags = flags};
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(MAX_VECTORS * sizeof(int))] = {0};
    struct iovec iov[3] = {{.iov_base = &header, .iov_len = sizeof header},
                           {.iov_base = (void *)(uintptr_t)call->body, .iov_len = call->body_len},
                           {.iov_base = (void *)(uintptr_t)call->data, .iov_len = call->data_len}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 3};
    int err;

    header.size = (uint32_t)(sizeof header + call->body_len + call->data_len);
    if (call->fd_count) {
        attach_fds(&msg, control, call->fds, call->fd_count);
    }
    pthread_mutex_lock(&vu->send_lock);
    err = send_all(vu, &msg);
    pthread_mutex_unlock(&vu->send_lock);
    return err;
}

static int receive_reply(struct vfio_user *vu, struct call *call, uint16_t id, bool *broken)
{
    int64_t deadline = deadline_in(vu->timeout_ms);
    struct vu_header header;
    int err = receive(vu, &header, sizeof header, deadline);

    *broken = true;
    if (err) {
        return err;
    }
    err = vu_check_reply(&header, id, (uint16_t)call->command, call->reply_least, call->reply_most, &call->reply_len);
    if (err) {
        *broken = !(header.flags & VU_FLAG_ERROR) || err == -EPROTO;
        return err;
    }
    err = receive(vu, call->reply, call->reply_len, deadline);
    *broken = err != 0;
    return err;
}

/* A command and its answer. What the server refuses comes back as its -errno; what is no proper answer ends the connection. */
static int do_call(struct vfio_user *vu, struct call *call)
{
    bool broken = true;
    uint16_t id;
    int err;

    if (atomic_load(&vu->transport.gone)) {
        return -ENODEV;
    }
    pthread_mutex_lock(&vu->call_lock);
    id = vu->next_id++;
    err = send_message(vu, call, id, 0);
    if (!err) {
        err = receive_reply(vu, call, id, &broken);
    }
    if (err && broken) {
        give_up(&vu->transport);
    }
    pthread_mutex_unlock(&vu->call_lock);
    return err;
}

/* A command whose answer has exactly the size of `reply`. */
static int ask(struct vfio_user *vu, enum vu_command command, const void *body, size_t body_len, void *reply, size_t reply_len)
{
    struct call call = {.command = command,
                        .body = body,
                        .body_len = body_len,
                        .reply = reply,
                        .reply_least = reply_len,
                        .reply_most = reply_len};

    return do_call(vu, &call);
}

/* ---------------------------------------------------------------- registers and configuration space */

static int region_read(struct vfio_user *vu, uint32_t region, uint64_t offset, void *to, uint32_t bytes)
{
    struct vu_region_access asked = {.offset = offset, .region = region, .count = bytes}, said;
    uint8_t reply[sizeof said + sizeof(uint64_t)];
    int err = ask(vu, VU_REGION_READ, &asked, sizeof asked, reply, sizeof said + bytes);

    if (err) {
        return err;
    }
    memcpy(&said, reply, sizeof said);
    memcpy(to, reply + sizeof said, bytes);
    return vu_check_access(&said, &asked);
}

static int mmio_read(struct transport *t, uint32_t offset, void *to, size_t bytes)
{
    return region_read(vfio_user(t), VU_REGION_BAR0, offset, to, (uint32_t)bytes);
}

static int mmio_write32(struct transport *t, uint32_t offset, uint32_t value)
{
    struct vu_region_access access = {.offset = offset, .region = VU_REGION_BAR0, .count = sizeof value};
    uint32_t raw = htole32(value);
    struct call call = {
        .command = VU_REGION_WRITE, .body = &access, .body_len = sizeof access, .data = &raw, .data_len = sizeof raw};
    int err;

    if (atomic_load_explicit(&t->gone, memory_order_relaxed)) {
        return -ENODEV;
    }
    err = send_message(vfio_user(t), &call, 0, VU_FLAG_NO_REPLY);
    if (err) {
        give_up(t);
    }
    return err;
}

static int config_write16(struct vfio_user *vu, uint32_t offset, uint16_t value)
{
    struct vu_region_access access = {.offset = offset, .region = VU_REGION_CONFIG, .count = sizeof value}, said;
    struct call call = {.command = VU_REGION_WRITE,
                        .body = &access,
                        .body_len = sizeof access,
                        .data = &value,
                        .data_len = sizeof value,
                        .reply = (uint8_t *)&said,
                        .reply_least = sizeof said,
                        .reply_most = sizeof said};

    return do_call(vu, &call);
}

static int bus_master(struct transport *t)
{
    struct vfio_user *vu = vfio_user(t);
    uint16_t command;
    int err = region_read(vu, VU_REGION_CONFIG, CONFIG_COMMAND, &command, sizeof command);

    return err ? err : config_write16(vu, CONFIG_COMMAND, (uint16_t)(command | COMMAND_MEMORY | COMMAND_BUS_MASTER));
}

/* ---------------------------------------------------------------- device */

static int reset(struct transport *t)
{
    return ask(vfio_user(t), VU_DEVICE_RESET, NULL, 0, NULL, 0);
}

static int map(struct transport *t, void *base, size_t bytes, int fd, uint64_t *iova)
{
    struct vu_dma_map body = {
        .argsz = sizeof body, .flags = VU_DMA_READ | VU_DMA_WRITE | VU_DMA_MMAP, .address = *iova, .size = bytes};
    struct call call = {.command = VU_DMA_MAP, .body = &body, .body_len = sizeof body, .fds = &fd, .fd_count = 1};

    (void)base;
    return do_call(vfio_user(t), &call);
}

static int set_vectors(struct transport *t, const int *fds, unsigned count)
{
    struct vfio_user *vu = vfio_user(t);
    unsigned step = vu->peer.max_fds < MAX_VECTORS ? vu->peer.max_fds : MAX_VECTORS;

    for (unsigned start = 0; start < count; start += step) {
        unsigned n = count - start < step ? count - start : step;
        struct vu_irq_set body = {.argsz = sizeof body,
                                  .flags = VU_IRQ_DATA_EVENTFD | VU_IRQ_ACTION_TRIGGER,
                                  .index = VU_IRQ_MSIX,
                                  .start = start,
                                  .count = n};
        struct call call = {
            .command = VU_DEVICE_SET_IRQS, .body = &body, .body_len = sizeof body, .fds = fds + start, .fd_count = n};
        int err = do_call(vu, &call);

        if (err) {
            return err;
        }
    }
    return 0;
}

/* ---------------------------------------------------------------- the watcher */

static void *watch_peer(void *arg)
{
    struct vfio_user *vu = arg;
    /* Answers on the socket are for others: only its end counts here. */
    struct pollfd fds[2] = {{.fd = vu->socket, .events = POLLRDHUP}, {.fd = vu->stop, .events = POLLIN}};

    do {
        (void)poll(fds, 2, -1);
    } while (!fds[0].revents && !fds[1].revents);
    if (!fds[1].revents) {
        give_up(&vu->transport);
        vu->on_gone(vu->on_gone_arg);
    }
    return NULL;
}

static int watch(struct transport *t, void (*on_gone)(void *arg), void *arg)
{
    struct vfio_user *vu = vfio_user(t);
    int err;

    vu->on_gone = on_gone;
    vu->on_gone_arg = arg;
    err = thread_start(&vu->watcher, watch_peer, vu);
    vu->watching = err == 0;
    return err;
}

/* ---------------------------------------------------------------- open and close */

static void close_vfio_user(struct transport *t)
{
    struct vfio_user *vu = vfio_user(t);

    if (vu->watching) {
        (void)eventfd_write(vu->stop, 1);
        pthread_join(vu->watcher, NULL);
    }
    close(vu->socket); /* the server resets the card, as VFIO does at close */
    if (vu->stop >= 0) {
        close(vu->stop);
    }
    pthread_mutex_destroy(&vu->send_lock);
    pthread_mutex_destroy(&vu->call_lock);
    free(vu);
}

static int connect_to(const char *path, int *to)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    int err = 0;

    if (len == 0) {
        return -EINVAL;
    }
    if (len >= sizeof address.sun_path) {
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, len);
    *to = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*to < 0) {
        return -errno;
    }
    if (connect(*to, (const struct sockaddr *)&address, sizeof address) < 0) {
        err = -errno;
        close(*to);
    }
    return err;
}

/* A server that reads nothing must not hold a sender for ever. */
static int limit_sends(const struct vfio_user *vu)
{
    struct timeval limit = {.tv_sec = vu->timeout_ms / 1000, .tv_usec = vu->timeout_ms % 1000 * 1000};

    return setsockopt(vu->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ? -errno : 0;
}

static int negotiate(struct vfio_user *vu)
{
    uint8_t body[VU_BODY_MAX], reply[VU_BODY_MAX];
    struct call call = {.command = VU_VERSION, .body = body, .reply = reply, .reply_most = sizeof reply};
    int err;

    call.body_len = vu_version_body(body);
    err = do_call(vu, &call);
    return err ? err : vu_parse_version(reply, call.reply_len, &vu->peer);
}

static int check_region(struct vfio_user *vu, uint32_t index, uint64_t least)
{
    struct vu_region_info info = {.argsz = sizeof info, .index = index};
    int err = ask(vu, VU_DEVICE_GET_REGION_INFO, &info, sizeof info, &info, sizeof info);

    return err ? err : vu_check_region(&info, index, least);
}

static int check_device(struct vfio_user *vu)
{
    struct vu_device_info device = {.argsz = sizeof device};
    struct vu_irq_info irq = {.argsz = sizeof irq, .index = VU_IRQ_MSIX};
    int err = ask(vu, VU_DEVICE_GET_INFO, &device, sizeof device, &device, sizeof device);

    err = err ? err : vu_check_device(&device);
    err = err ? err : check_region(vu, VU_REGION_BAR0, SLUICE_BAR_BYTES);
    err = err ? err : check_region(vu, VU_REGION_CONFIG, CONFIG_BYTES);
    err = err ? err : ask(vu, VU_DEVICE_GET_IRQ_INFO, &irq, sizeof irq, &irq, sizeof irq);
    err = err ? err : vu_check_msix(&irq);
    vu->transport.vectors = irq.count < MAX_VECTORS ? irq.count : MAX_VECTORS;
    return err;
}

static const struct transport_ops vfio_user_ops = {
    .close = close_vfio_user,
    .reset = reset,
    .read = mmio_read,
    .write32 = mmio_write32,
    .map = map,
    .bus_master = bus_master,
    .set_vectors = set_vectors,
    .watch = watch,
    .give_up = give_up,
};

int vfio_user_adopt(int socket, unsigned timeout_ms, struct transport **out)
{
    struct vfio_user *vu = calloc(1, sizeof *vu);
    int err;

    if (!vu) {
        close(socket);
        return -ENOMEM;
    }
    vu->transport.ops = &vfio_user_ops;
    vu->socket = socket;
    vu->timeout_ms = timeout_ms;
    pthread_mutex_init(&vu->send_lock, NULL);
    pthread_mutex_init(&vu->call_lock, NULL);
    vu->stop = eventfd(0, EFD_CLOEXEC);
    err = vu->stop < 0 ? -errno : limit_sends(vu);
    err = err ? err : negotiate(vu);
    err = err ? err : check_device(vu);
    if (err) {
        close_vfio_user(&vu->transport);
        return err;
    }
    *out = &vu->transport;
    return 0;
}

int vfio_user_open(const char *path, unsigned timeout_ms, struct transport **out)
{
    int to, err = connect_to(path, &to);

    return err ? err : vfio_user_adopt(to, timeout_ms, out);
}
