/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_internal.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "vfio_user_msg.h"

#define MESSAGE 8192u
#define TICK_MS 1

/* ---------------------------------------------------------------- the card */

void *fake_at(struct fake_card *f, uint64_t iova, uint64_t len)
{
    assert(iova >= f->iova && len <= f->bytes && iova - f->iova <= f->bytes - len);
    return f->mem + (iova - f->iova);
}

uint32_t fake_len(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
}

/* Of those that are to come to nothing, one is one less. */
static bool lost(atomic_uint *left)
{
    if (atomic_load(left) == 0) {
        return false;
    }
    atomic_fetch_sub(left, 1);
    return true;
}

static void interrupt(struct fake_card *f, unsigned n)
{
    struct fake_queue *q = &f->queue[n];

    if (q->armed) {
        q->armed = false;
        if (n > 0 && lost(&f->lose_interrupts)) {
            return;
        }
        (void)eventfd_write(f->event[n], 1);
    }
}

void fake_complete(struct fake_card *f, unsigned n, struct sluice_cqe cqe)
{
    struct fake_queue *q = &f->queue[n];
    struct sluice_cqe *to = fake_at(f, q->cq + q->at * sizeof cqe, sizeof cqe);

    cqe.sq_head = (uint16_t)q->head;
    cqe.phase = (uint8_t)!q->phase;
    *to = cqe;
    __atomic_store_n(&to->phase, q->phase, __ATOMIC_RELEASE);
    q->at = (q->at + 1) % q->entries;
    q->phase ^= q->at == 0;
    interrupt(f, n);
}

static void start_queue(struct fake_card *f, unsigned n, uint64_t sq, uint64_t cq, unsigned depth_log2)
{
    f->queue[n] = (struct fake_queue){.sq = sq, .cq = cq, .entries = 1u << depth_log2, .phase = 1};
}

static void admin(struct fake_card *f, const struct sluice_sqe *sqe)
{
    struct sluice_cqe cqe = {.cookie = sqe->cookie + (f->fault == FAULT_ADMIN_COOKIE)};

    if (f->fault == FAULT_ADMIN_SILENT || (f->firmware && firmware_hangs(f))) {
        return;
    }
    if (sqe->op == SLUICE_OP_IDENTIFY) {
        struct sluice_identify *id = fake_at(f, sqe->dst, sizeof *id);

        memcpy(id, f->bar, 7 * sizeof(uint32_t)); /* registers MAGIC to CLOCK_KHZ */
        id->build_id = f->bar[SLUICE_REG_BUILD_ID / 4];
        id->features ^= f->fault == FAULT_IDENTIFY;
    } else if (sqe->op == SLUICE_OP_QUEUE_CREATE) {
        start_queue(f, sqe->sa, sqe->src, sqe->dst, sqe->pad);
    } else if (f->firmware) {
        firmware_admin(f, sqe, &cqe);
    }
    fake_complete(f, 0, cqe);
}

static void io(struct fake_card *f, unsigned n, const struct sluice_sqe *sqe)
{
    struct sluice_cqe cqe = {.cookie = sqe->cookie};

    if (sqe->op == SLUICE_OP_SEAL) {
        cqe.length = fake_len(sqe->src_len);
        memcpy(fake_at(f, sqe->dst, cqe.length), fake_at(f, sqe->src, cqe.length), cqe.length);
    }
    switch (f->fault) {
    case FAULT_IO_SILENT:
        return;
    case FAULT_IO_COOKIE_HUGE:
        cqe.cookie = UINT64_MAX;
        break;
    case FAULT_IO_COOKIE_TWICE:
        fake_complete(f, n, cqe);
        break;
    case FAULT_IO_STATUS:
        cqe.status = 16;
        break;
    case FAULT_IO_LOST:
        if (f->queue[n].head % 3) {
            cqe = (struct sluice_cqe){.status = SLUICE_STATUS_DMA_ERROR};
        }
        break;
    case FAULT_IO_LENGTH:
        cqe.length = fake_len(sqe->dst_len) + 1;
        break;
    default:
        break;
    }
    fake_complete(f, n, cqe);
}

static void doorbell(struct fake_card *f, unsigned n, uint32_t tail)
{
    struct fake_queue *q = &f->queue[n];

    assert(q->entries && tail < q->entries);
    while (q->head != tail) {
        struct sluice_sqe sqe = *(struct sluice_sqe *)fake_at(f, q->sq + q->head * sizeof sqe, sizeof sqe);

        q->head = (q->head + 1) % q->entries;
        if (n == 0) {
            admin(f, &sqe);
        } else if (f->firmware) {
            firmware_io(f, n, &sqe);
        } else {
            io(f, n, &sqe);
        }
    }
}

static void head_doorbell(struct fake_card *f, unsigned n, uint32_t value)
{
    struct fake_queue *q = &f->queue[n];

    q->armed = value >> SLUICE_CQ_DOORBELL_ARM_SHIFT;
    if ((value & SLUICE_CQ_DOORBELL_HEAD_MASK) != q->at) {
        interrupt(f, n);
    }
}

static uint64_t bar64(const struct fake_card *f, uint32_t offset)
{
    return f->bar[offset / 4] | (uint64_t)f->bar[offset / 4 + 1] << 32;
}

static void bar_write(struct fake_card *f, uint32_t offset, uint32_t value)
{
    f->bar[offset / 4] = value;
    if (offset == SLUICE_REG_PING && f->firmware) {
        firmware_ping(f, value);
    }
    if (offset == SLUICE_REG_AQ_CTRL && value >> SLUICE_AQ_CTRL_ENABLE_SHIFT) {
        atomic_store(&f->forgot, false);
        start_queue(f, 0, bar64(f, SLUICE_REG_AQ_SQ_LO), bar64(f, SLUICE_REG_AQ_CQ_LO), value & SLUICE_AQ_CTRL_DEPTH_LOG2_MASK);
    }
    if (atomic_load(&f->forgot)) {
        return;
    }
    for (unsigned n = 0; n < QUEUES; n++) {
        if (offset == SLUICE_REG_SQ_DOORBELL(n) && n > 0 && (atomic_load(&f->deaf) || lost(&f->lose_doorbells))) {
            return;
        }
        if (offset == SLUICE_REG_SQ_DOORBELL(n)) {
            doorbell(f, n, value);
        } else if (offset == SLUICE_REG_CQ_DOORBELL(n)) {
            head_doorbell(f, n, value);
        }
    }
}

static void set_registers(struct fake_card *f)
{
    unsigned queues = f->fault == FAULT_NO_QUEUES ? 0 : QUEUES - 1, depth = f->fault == FAULT_DEPTH ? 2 : 8;

    f->bar[SLUICE_REG_MAGIC / 4] = SLUICE_MAGIC + (f->fault == FAULT_MAGIC);
    f->bar[SLUICE_REG_VERSION / 4] = (SLUICE_MAJOR + (f->fault == FAULT_MAJOR)) << SLUICE_VERSION_MAJOR_SHIFT;
    f->bar[SLUICE_REG_FEATURES / 4] = 0x7ff;
    f->bar[SLUICE_REG_PARAMS0 / 4] = 2 | queues << SLUICE_PARAMS0_IO_QUEUES_SHIFT | depth << SLUICE_PARAMS0_DEPTH_LOG2_SHIFT;
    f->bar[SLUICE_REG_PARAMS1 / 4] = 8 | 1024u << SLUICE_PARAMS1_WINDOW_SHIFT;
    f->bar[SLUICE_REG_STATUS / 4] = f->fault == FAULT_NEVER_READY ? 0 : f->fault == FAULT_FATAL ? 3 : 1;
}

void fake_card_lose(struct fake_card *f, unsigned doorbells, unsigned interrupts)
{
    atomic_store(&f->lose_doorbells, doorbells);
    atomic_store(&f->lose_interrupts, interrupts);
}

void fake_card_forget(struct fake_card *f)
{
    atomic_store(&f->forgot, true);
}

void fake_card_deaf(struct fake_card *f)
{
    atomic_store(&f->deaf, true);
}

/* ---------------------------------------------------------------- the server */

static bool read_all(int fd, uint8_t *to, size_t len, int *fds, unsigned *fd_count)
{
    while (len > 0) {
        _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(QUEUES * sizeof(int))];
        struct iovec iov = {.iov_base = to, .iov_len = len};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t n = recvmsg(fd, &msg, 0);
        struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

        if (n <= 0) {
            return false;
        }
        if (c) {
            *fd_count = (unsigned)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
            memcpy(fds, CMSG_DATA(c), *fd_count * sizeof(int));
        }
        to += n;
        len -= (size_t)n;
    }
    return true;
}

static size_t say_version(const struct fake_card *f, uint8_t *body)
{
    uint16_t version[2] = {f->fault == FAULT_VERSION_MAJOR, 0};
    const char *text = f->fault == FAULT_VERSION_JSON  ? "{\"capabilities\":"
                       : f->fault == FAULT_VERSION_FDS ? "{\"capabilities\":{\"max_msg_fds\":\"many\"}}"
                                                       : "{\"capabilities\":{\"max_msg_fds\":2}}";
    size_t len = strlen(text) + 1;

    memcpy(body, version, sizeof version);
    memcpy(body + sizeof version, text, len);
    return sizeof version + len - (f->fault == FAULT_VERSION_NO_NUL);
}

/* Changes the body into the answer's; returns its length. */
static size_t serve(struct fake_card *f, const struct vu_header *h, uint8_t *body, size_t len, const int *fds, unsigned fd_count)
{
    struct vu_device_info *device = (void *)body;
    struct vu_region_info *region = (void *)body;
    struct vu_region_access *access = (void *)body;
    struct vu_irq_info *irq = (void *)body;
    struct vu_irq_set *set = (void *)body;
    struct vu_dma_map *map = (void *)body;

    switch (h->command) {
    case VU_VERSION:
        return say_version(f, body);
    case VU_DEVICE_GET_INFO:
        *device = (struct vu_device_info){.argsz = 16, .flags = f->fault == FAULT_NOT_PCI ? 1 : 3, .regions = 9, .irqs = 5};
        return len;
    case VU_DEVICE_GET_REGION_INFO:
        region->flags = VU_REGION_RW;
        region->size = region->index == VU_REGION_CONFIG ? 4096 : f->fault == FAULT_SMALL_BAR ? 4096 : SLUICE_BAR_BYTES;
        return len;
    case VU_DEVICE_GET_IRQ_INFO:
        irq->flags = f->fault == FAULT_NO_MSIX ? 0 : VU_IRQ_EVENTFD;
        irq->count = QUEUES;
        return len;
    case VU_DEVICE_SET_IRQS:
        for (unsigned i = 0; i < fd_count; i++) {
            f->event[set->start + i] = fds[i];
        }
        return 0;
    case VU_DEVICE_RESET:
        memset(f->queue, 0, sizeof f->queue);
        fake_card_lose(f, 0, 0);
        if (f->firmware) {
            firmware_reset(f);
        }
        return 0;
    case VU_DMA_MAP:
        f->iova = map->address;
        f->bytes = map->size;
        f->mem = mmap(NULL, f->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
        assert(f->mem != MAP_FAILED);
        close(fds[0]);
        return 0;
    case VU_REGION_READ:
        if (f->firmware) {
            firmware_look(f);
        }
        memset(body + sizeof *access, 0, access->count);
        if (access->region == VU_REGION_BAR0 && !(access->offset == SLUICE_REG_AQ_CTRL && atomic_load(&f->forgot))) {
            memcpy(body + sizeof *access, &f->bar[access->offset / 4], access->count);
        }
        return sizeof *access + access->count;
    case VU_REGION_WRITE:
        if (access->region == VU_REGION_BAR0) {
            uint32_t value;

            memcpy(&value, body + sizeof *access, sizeof value);
            bar_write(f, (uint32_t)access->offset, value);
        }
        return sizeof *access;
    default:
        return 0;
    }
}

static void wait_for_hang_up(int client)
{
    uint8_t byte;

    while (recv(client, &byte, 1, 0) > 0) {
    }
}

/* Sends the answer, or what the fault makes of it. false: hang up. */
static bool answer(struct fake_card *f, struct vu_header h, const uint8_t *body, size_t len)
{
    uint8_t message[MESSAGE];
    size_t send_len = sizeof h + len;

    h.flags = VU_FLAG_REPLY;
    h.size = (uint32_t)send_len;
    switch (f->messages++ == f->at_message ? f->fault : FAULT_NONE) {
    case FAULT_HANG_UP:
        return false;
    case FAULT_SILENT:
        wait_for_hang_up(f->client);
        return false;
    case FAULT_SHORT_HEADER:
        send_len = 7;
        break;
    case FAULT_SIZE_HUGE:
        h.size = 0xfffffff0;
        break;
    case FAULT_SIZE_TINY:
        h.size = 15;
        break;
    case FAULT_WRONG_ID:
        h.id++;
        break;
    case FAULT_WRONG_COMMAND:
        h.command++;
        break;
    case FAULT_NOT_A_REPLY:
        h.flags = 0;
        break;
    case FAULT_ERROR:
        h.flags |= VU_FLAG_ERROR;
        h.error = 1;
        h.size = (uint32_t)(send_len = sizeof h);
        break;
    case FAULT_ERROR_ZERO:
        h.flags |= VU_FLAG_ERROR;
        h.size = (uint32_t)(send_len = sizeof h);
        break;
    case FAULT_CUT_BODY:
        h.size += 64;
        break;
    default:
        break;
    }
    memcpy(message, &h, sizeof h);
    memcpy(message + sizeof h, body, len);
    if (f->fault == FAULT_GARBAGE && f->messages > f->at_message) {
        memset(message, 0xff, send_len);
    }
    return send(f->client, message, send_len, MSG_NOSIGNAL) == (ssize_t)send_len && send_len >= sizeof h;
}

static bool one_message(struct fake_card *f)
{
    struct pollfd in = {.fd = f->client, .events = POLLIN};
    _Alignas(8) uint8_t body[MESSAGE] = {0};
    struct vu_header h;
    int fds[QUEUES] = {-1, -1, -1};
    unsigned fd_count = 0;
    size_t len;

    while (f->firmware && poll(&in, 1, TICK_MS) == 0) {
        firmware_tick(f);
    }
    if (!read_all(f->client, (uint8_t *)&h, sizeof h, fds, &fd_count)) {
        return false;
    }
    len = h.size - sizeof h;
    assert(h.size >= sizeof h && len <= MESSAGE / 2);
    if (!read_all(f->client, body, len, fds, &fd_count)) {
        return false;
    }
    len = serve(f, &h, body, len, fds, fd_count);
    return h.flags & VU_FLAG_NO_REPLY || answer(f, h, body, len);
}

static void *run(void *arg)
{
    struct fake_card *f = arg;
    int client = accept(f->listener, NULL, NULL);

    __atomic_store_n(&f->client, client, __ATOMIC_RELEASE);
    while (client >= 0 && one_message(f)) {
    }
    shutdown(client, SHUT_RDWR);
    return NULL;
}

static struct fake_card *start(enum fault fault, unsigned at_message, struct firmware *firmware)
{
    struct fake_card *f = calloc(1, sizeof *f);
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    assert(f);
    f->fault = fault;
    f->at_message = at_message;
    f->firmware = firmware;
    f->client = -1;
    memset(f->event, -1, sizeof f->event);
    strcpy(f->dir, "/tmp/sluice-fake-XXXXXX");
    assert(mkdtemp(f->dir));
    snprintf(f->uri, sizeof f->uri, "sim:%s/card", f->dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", f->uri + 4);
    f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert(f->listener >= 0 && bind(f->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(f->listener, 1) == 0);
    set_registers(f);
    if (firmware) {
        firmware_reset(f);
    }
    assert(pthread_create(&f->thread, NULL, run, f) == 0);
    return f;
}

struct fake_card *fake_card_start(enum fault fault, unsigned at_message)
{
    return start(fault, at_message, NULL);
}

struct fake_card *fake_card_managed(unsigned slots)
{
    return start(FAULT_NONE, 0, firmware_new(slots));
}

const char *fake_card_uri(const struct fake_card *f)
{
    return f->uri;
}

void fake_card_kill(struct fake_card *f)
{
    shutdown(__atomic_load_n(&f->client, __ATOMIC_ACQUIRE), SHUT_RDWR);
}

void fake_card_stop(struct fake_card *f)
{
    shutdown(f->listener, SHUT_RDWR);
    pthread_join(f->thread, NULL);
    close(f->listener);
    if (f->client >= 0) {
        close(f->client);
    }
    for (unsigned i = 0; i < QUEUES; i++) {
        if (f->event[i] >= 0) {
            close(f->event[i]);
        }
    }
    if (f->mem) {
        munmap(f->mem, f->bytes);
    }
    firmware_free(f->firmware);
    unlink(f->uri + 4);
    rmdir(f->dir);
    free(f);
}
