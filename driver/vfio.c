/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport to a card behind VFIO: registers by loads and stores on the mapped BAR, all else by calls on the device's file.
 *
 * A card that goes (the kernel asks for it back: unbind, hot unplug; a fatal bus error; registers that read all ones) must be let
 * go at once, since the kernel waits for that, while other threads may be amid a register access. So the BAR's pages are replaced
 * by memory of all ones in one step, and then the device is closed; DMA memory is the caller's and stays. The lock guards the
 * device's file against being closed under a call.
 */
#include <endian.h>
#include <errno.h>
#include <linux/pci_regs.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "barrier.h"
#include "deadline.h"
#include "sluice_regs.h"
#include "thread.h"
#include "transport.h"
#include "vfio_attach.h"
#include "vfio_iommufd.h"

#define MAX_VECTORS    (SLUICE_MAX_IO_QUEUES + 1)
#define ALL_ONES       0xffu
#define MOST_INFO      4096u /* bytes that the kernel may tell of a region */
#define RESET_MS       20000 /* for how long a reset is tried */
#define RESET_PAUSE_MS 50
#define LOOK_MS        1000 /* how often the card is looked at when nothing else happens */

/* What wakes the watcher. */
enum wake { WAKE_STOP, WAKE_GIVEN_UP, WAKE_ERROR, WAKE_REQUEST, WAKES };

struct vfio {
    struct transport transport;
    pthread_mutex_t lock;
    struct vfio_attachment at; /* under lock */
    uint64_t config;           /* offset of configuration space in the device's file */
    uint64_t bar;              /* of BAR 0 */
    uint8_t *registers;        /* the first `mapped` bytes of BAR 0 */
    size_t mapped;
    int wake[WAKES]; /* eventfds */
    bool watching;
    pthread_t watcher;
    void (*on_gone)(void *arg);
    void *on_gone_arg;
};

static struct vfio *vfio_of(struct transport *t)
{
    return (struct vfio *)t;
}

static int call(int fd, unsigned long request, void *argument)
{
    return ioctl(fd, request, argument) < 0 ? -errno : 0;
}

/* ---------------------------------------------------------------- configuration space; the lock is held */

static int file_read(const struct vfio *v, uint64_t offset, void *to, size_t bytes)
{
    ssize_t n = pread(v->at.device, to, bytes, (off_t)offset);

    return n < 0 ? -errno : (size_t)n == bytes ? 0 : -EIO;
}

static int file_write(const struct vfio *v, uint64_t offset, const void *from, size_t bytes)
{
    ssize_t n = pwrite(v->at.device, from, bytes, (off_t)offset);

    return n < 0 ? -errno : (size_t)n == bytes ? 0 : -EIO;
}

static int set_command(const struct vfio *v, uint16_t set, uint16_t clear)
{
    uint8_t raw[2];
    unsigned command;
    int err = file_read(v, v->config + PCI_COMMAND, raw, sizeof raw);

    command = ((raw[0] | (unsigned)raw[1] << 8) | set) & ~(unsigned)clear;
    raw[0] = (uint8_t)command;
    raw[1] = (uint8_t)(command >> 8);
    return err ? err : file_write(v, v->config + PCI_COMMAND, raw, sizeof raw);
}

static int bus_master(struct transport *t)
{
    struct vfio *v = vfio_of(t);
    int err = -ENODEV;

    pthread_mutex_lock(&v->lock);
    if (!atomic_load(&t->gone)) {
        err = set_command(v, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER, 0);
    }
    pthread_mutex_unlock(&v->lock);
    return err;
}

/* The kernel restores after a reset what was before it, so that bus mastering is turned off first. */
static int reset_locked(struct vfio *v)
{
    int err = set_command(v, 0, PCI_COMMAND_MASTER);

    return err ? err : call(v->at.device, VFIO_DEVICE_RESET, NULL);
}

/* -EAGAIN: the kernel is at work on the device itself, as after an error on the bus. */
static int reset(struct transport *t)
{
    const struct timespec pause = {.tv_nsec = RESET_PAUSE_MS * 1000000};
    int64_t deadline = deadline_in(RESET_MS);
    struct vfio *v = vfio_of(t);
    int err;

    for (;;) {
        pthread_mutex_lock(&v->lock);
        err = atomic_load(&t->gone) ? -ENODEV : reset_locked(v);
        pthread_mutex_unlock(&v->lock);
        if (err != -EAGAIN || deadline_left(deadline) == 0) {
            return err;
        }
        nanosleep(&pause, NULL);
    }
}

/* ---------------------------------------------------------------- registers */

static bool all_ones(const void *from, size_t bytes)
{
    const uint8_t *p = from;

    while (bytes > 0 && *p == ALL_ONES) {
        p++;
        bytes--;
    }
    return bytes == 0;
}

static uint32_t load32(const struct vfio *v, uint32_t offset)
{
    return *(const volatile uint32_t *)(const volatile void *)(v->registers + offset);
}

/* A link that is down, or a device that is not there, answers every read like this; the first register never does. */
static bool answers(const struct vfio *v)
{
    return load32(v, SLUICE_REG_MAGIC) != UINT32_MAX;
}

/* Its last accesses to memory are those before this: nobody is told that the card is gone while it may still write. */
static void give_up(struct transport *t)
{
    struct vfio *v = vfio_of(t);

    pthread_mutex_lock(&v->lock);
    if (v->at.device >= 0) {
        (void)set_command(v, 0, PCI_COMMAND_MASTER);
    }
    atomic_store(&t->gone, true);
    pthread_mutex_unlock(&v->lock);
    (void)eventfd_write(v->wake[WAKE_GIVEN_UP], 1);
}

static int unmapped_access(struct vfio *v, uint32_t offset, void *data, size_t bytes, bool write)
{
    int err = -ENODEV;

    pthread_mutex_lock(&v->lock);
    if (v->at.device >= 0) {
        err = write ? file_write(v, v->bar + offset, data, bytes) : file_read(v, v->bar + offset, data, bytes);
    }
    pthread_mutex_unlock(&v->lock);
    return err;
}

static int mmio_read(struct transport *t, uint32_t offset, void *to, size_t bytes)
{
    struct vfio *v = vfio_of(t);
    int err = 0;

    if (atomic_load_explicit(&t->gone, memory_order_relaxed)) {
        return -ENODEV;
    }
    if (offset > v->mapped || bytes > v->mapped - offset) {
        err = unmapped_access(v, offset, to, bytes, false);
    } else if (bytes == sizeof(uint64_t)) {
        uint64_t value = *(const volatile uint64_t *)(const volatile void *)(v->registers + offset);

        memcpy(to, &value, sizeof value);
    } else {
        uint32_t value = load32(v, offset);

        memcpy(to, &value, sizeof value);
    }
    barrier_observe();
    if (!err && all_ones(to, bytes) && !answers(v)) {
        give_up(t);
        err = -ENODEV;
    }
    return err;
}

static int mmio_write32(struct transport *t, uint32_t offset, uint32_t value)
{
    struct vfio *v = vfio_of(t);
    uint32_t raw = htole32(value);

    if (atomic_load_explicit(&t->gone, memory_order_relaxed)) {
        return -ENODEV;
    }
    if (offset > v->mapped || sizeof raw > v->mapped - offset) {
        return unmapped_access(v, offset, &raw, sizeof raw, true);
    }
    *(volatile uint32_t *)(volatile void *)(v->registers + offset) = raw;
    return 0;
}

/* ---------------------------------------------------------------- memory and interrupts */

static int map(struct transport *t, void *base, size_t bytes, int fd, uint64_t *iova)
{
    (void)fd;
    return vfio_attach_map(&vfio_of(t)->at, base, bytes, iova);
}

static int set_irqs(const struct vfio *v, uint32_t index, const int *fds, unsigned count)
{
    union {
        struct vfio_irq_set set;
        uint8_t room[sizeof(struct vfio_irq_set) + MAX_VECTORS * sizeof(int32_t)];
    } u = {.set = {.argsz = (uint32_t)(sizeof u.set + count * sizeof *fds),
                   .flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER,
                   .index = index,
                   .count = count}};

    memcpy(u.room + sizeof u.set, fds, count * sizeof *fds);
    return call(v->at.device, VFIO_DEVICE_SET_IRQS, &u.set);
}

static int set_vectors(struct transport *t, const int *fds, unsigned count)
{
    struct vfio *v = vfio_of(t);
    int err = -ENODEV;

    if (count > t->vectors) {
        return -EINVAL;
    }
    pthread_mutex_lock(&v->lock);
    if (!atomic_load(&t->gone)) {
        err = set_irqs(v, VFIO_PCI_MSIX_IRQ_INDEX, fds, count);
    }
    pthread_mutex_unlock(&v->lock);
    return err;
}

/* ---------------------------------------------------------------- the watcher */

/* All ones from now on, for whoever is amid an access. */
static void cover_registers(const struct vfio *v)
{
    void *over = mmap(v->registers, v->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

    if (over != MAP_FAILED) {
        memset(over, ALL_ONES, v->mapped);
    }
}

static void let_go(struct vfio *v)
{
    pthread_mutex_lock(&v->lock);
    if (v->at.device >= 0 && v->registers) {
        if (answers(v)) {
            (void)reset_locked(v);
        }
        cover_registers(v);
    }
    atomic_store(&v->transport.gone, true);
    pthread_mutex_unlock(&v->lock);
}

/* The kernel resets a device when it is closed, and tries for a minute when it does not answer: not under the lock. */
static void detach(struct vfio *v)
{
    struct vfio_attachment at;

    pthread_mutex_lock(&v->lock);
    at = v->at;
    v->at = (struct vfio_attachment){.device = -1, .group = -1, .container = -1};
    pthread_mutex_unlock(&v->lock);
    vfio_detach(&at);
}

/* Until there is news, or a look shows that the card is not there: not every way to lose one is told. */
static void wait_for_news(const struct vfio *v, struct pollfd fds[WAKES])
{
    int n;

    do {
        n = poll(fds, WAKES, LOOK_MS);
    } while (n < 0 || (n == 0 && answers(v)));
}

static void *watch_device(void *arg)
{
    struct vfio *v = arg;
    struct pollfd fds[WAKES];

    for (unsigned i = 0; i < WAKES; i++) {
        fds[i] = (struct pollfd){.fd = v->wake[i], .events = POLLIN};
    }
    wait_for_news(v, fds);
    if (!fds[WAKE_STOP].revents) {
        let_go(v);
        v->on_gone(v->on_gone_arg);
        detach(v);
    }
    return NULL;
}

static int watch(struct transport *t, void (*on_gone)(void *arg), void *arg)
{
    struct vfio *v = vfio_of(t);
    int err;

    v->on_gone = on_gone;
    v->on_gone_arg = arg;
    err = thread_start(&v->watcher, watch_device, v);
    v->watching = err == 0;
    return err;
}

/* ---------------------------------------------------------------- open and close */

static void close_vfio(struct transport *t)
{
    struct vfio *v = vfio_of(t);

    if (v->watching) {
        (void)eventfd_write(v->wake[WAKE_STOP], 1);
        pthread_join(v->watcher, NULL);
    }
    if (v->at.device >= 0 && v->registers && answers(v)) {
        (void)reset_locked(v); /* keys do not stay on the card, whatever the kernel does at close */
    }
    if (v->registers) {
        munmap(v->registers, v->mapped);
    }
    vfio_detach(&v->at);
    for (unsigned i = 0; i < WAKES; i++) {
        if (v->wake[i] >= 0) {
            close(v->wake[i]);
        }
    }
    pthread_mutex_destroy(&v->lock);
    free(v);
}

/* Whether the region's capabilities, a chain of offsets, have this one. */
static bool region_has(const struct vfio_region_info *info, uint16_t id)
{
    uint32_t at = info->flags & VFIO_REGION_INFO_FLAG_CAPS ? info->cap_offset : 0;

    for (unsigned i = 0; i < MOST_INFO / sizeof(struct vfio_info_cap_header); i++) {
        const struct vfio_info_cap_header *cap = (const void *)((const uint8_t *)info + at);

        if (at < sizeof *info || at > info->argsz - sizeof *cap) {
            return false;
        }
        if (cap->id == id) {
            return true;
        }
        at = cap->next;
    }
    return false;
}

/* `info` has room for MOST_INFO bytes. */
static int region_info(const struct vfio *v, uint32_t index, struct vfio_region_info *info)
{
    int err;

    *info = (struct vfio_region_info){.argsz = MOST_INFO, .index = index};
    err = call(v->at.device, VFIO_DEVICE_GET_REGION_INFO, info);
    return err ? err : info->argsz > MOST_INFO ? -EIO : 0;
}

/* As much of BAR 0 as may be mapped: all of what is used, or, where the kernel forbids it, what comes before the MSI-X table. */
static int map_registers(struct vfio *v)
{
    _Alignas(struct vfio_region_info) uint8_t room[MOST_INFO];
    struct vfio_region_info *info = (void *)room;
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = SLUICE_BAR_BYTES;
    int err = region_info(v, VFIO_PCI_BAR0_REGION_INDEX, info);
    void *base;

    if (err) {
        return err;
    }
    if (info->size < SLUICE_BAR_BYTES || !(info->flags & VFIO_REGION_INFO_FLAG_MMAP)) {
        return -EPROTO;
    }
    if (!region_has(info, VFIO_REGION_INFO_CAP_MSIX_MAPPABLE)) {
        bytes = SLUICE_REG_MSIX_TABLE(0) & ~(page - 1);
    }
    if (bytes == 0) {
        return -EOPNOTSUPP;
    }
    base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->at.device, (off_t)info->offset);
    if (base == MAP_FAILED) {
        return -errno;
    }
    v->bar = info->offset;
    v->registers = base;
    v->mapped = bytes;
    return 0;
}

static int find_config(struct vfio *v)
{
    _Alignas(struct vfio_region_info) uint8_t room[MOST_INFO];
    struct vfio_region_info *info = (void *)room;
    int err = region_info(v, VFIO_PCI_CONFIG_REGION_INDEX, info);

    v->config = info->offset;
    return err ? err : info->size < PCI_STD_HEADER_SIZEOF ? -EPROTO : 0;
}

static unsigned irq_count(const struct vfio *v, uint32_t index)
{
    struct vfio_irq_info info = {.argsz = sizeof info, .index = index};
    int err = call(v->at.device, VFIO_DEVICE_GET_IRQ_INFO, &info);

    return err || !(info.flags & VFIO_IRQ_INFO_EVENTFD) ? 0 : info.count;
}

static int find_vectors(struct vfio *v)
{
    unsigned count = irq_count(v, VFIO_PCI_MSIX_IRQ_INDEX);

    v->transport.vectors = count < MAX_VECTORS ? count : MAX_VECTORS;
    return count == 0 ? -EPROTO : 0;
}

/* Notices of errors and of the kernel's wish to have the device back, where the kernel has them. */
static int set_notices(struct vfio *v)
{
    int err = 0;

    if (irq_count(v, VFIO_PCI_ERR_IRQ_INDEX)) {
        err = set_irqs(v, VFIO_PCI_ERR_IRQ_INDEX, &v->wake[WAKE_ERROR], 1);
    }
    if (!err && irq_count(v, VFIO_PCI_REQ_IRQ_INDEX)) {
        err = set_irqs(v, VFIO_PCI_REQ_IRQ_INDEX, &v->wake[WAKE_REQUEST], 1);
    }
    return err;
}

static int make_wakes(struct vfio *v)
{
    for (unsigned i = 0; i < WAKES; i++) {
        v->wake[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (v->wake[i] < 0) {
            return -errno;
        }
    }
    return 0;
}

static int check_device(const struct vfio *v)
{
    struct vfio_device_info info = {.argsz = sizeof info};
    int err = call(v->at.device, VFIO_DEVICE_GET_INFO, &info);

    if (err) {
        return err;
    }
    return info.flags & VFIO_DEVICE_FLAGS_PCI && info.num_regions > VFIO_PCI_CONFIG_REGION_INDEX &&
                   info.num_irqs > VFIO_PCI_MSIX_IRQ_INDEX
               ? 0
               : -EPROTO;
}

static const struct transport_ops vfio_ops = {
    .close = close_vfio,
    .reset = reset,
    .read = mmio_read,
    .write32 = mmio_write32,
    .map = map,
    .bus_master = bus_master,
    .set_vectors = set_vectors,
    .watch = watch,
    .give_up = give_up,
};

static int prepare(struct vfio *v, const char *address)
{
    int err = make_wakes(v);

    err = err ? err : vfio_attach(address, &v->at);
    err = err ? err : check_device(v);
    err = err ? err : find_config(v);
    err = err ? err : find_vectors(v);
    err = err ? err : set_command(v, PCI_COMMAND_MEMORY, 0);
    err = err ? err : map_registers(v);
    return err ? err : set_notices(v);
}

int vfio_open(const char *address, struct transport **out)
{
    struct vfio *v = calloc(1, sizeof *v);
    int err;

    if (!v) {
        return -ENOMEM;
    }
    v->transport.ops = &vfio_ops;
    v->at.device = v->at.group = v->at.container = -1;
    memset(v->wake, -1, sizeof v->wake);
    pthread_mutex_init(&v->lock, NULL);
    err = prepare(v, address);
    if (err) {
        close_vfio(&v->transport);
        return err;
    }
    *out = &v->transport;
    return 0;
}
