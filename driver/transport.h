/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the driver reaches a card: registers, DMA mappings, interrupt vectors, reset, and the news that the card is gone. The card
 * engine knows nothing else of what lies below.
 */
#ifndef SLUICE_TRANSPORT_H
#define SLUICE_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport_ops;

struct transport {
    const struct transport_ops *ops;
    unsigned vectors; /* interrupt vectors that there are */
    atomic_bool gone; /* set before on_gone is called, never cleared */
};

struct transport_ops {
    /* Resets the card, if it is there, and frees everything. */
    void (*close)(struct transport *t);
    /* Function level reset: bus mastering is off after it. */
    int (*reset)(struct transport *t);
    /* Registers: 4 or 8 bytes of BAR 0, little endian. Any thread. A write is posted: it may still be under way at return. */
    int (*read)(struct transport *t, uint32_t offset, void *to, size_t bytes);
    int (*write32)(struct transport *t, uint32_t offset, uint32_t value);
    /* Lets the card read and write memory, mapped at base, all of `fd`: at *iova if that can be, else where *iova tells. */
    int (*map)(struct transport *t, void *base, size_t bytes, int fd, uint64_t *iova);
    int (*bus_master)(struct transport *t);
    /* fds[v] is signalled at each interrupt of vector v. */
    int (*set_vectors)(struct transport *t, const int *fds, unsigned count);
    /* From now on calls on_gone(arg) once, from another thread, as soon as the card is gone. */
    int (*watch)(struct transport *t, void (*on_gone)(void *arg), void *arg);
    /* Gives the card up: it counts as gone. Any thread. */
    void (*give_up)(struct transport *t);
};

/* Opens the card at a PCI address, which vfio-pci is bound to; errors as in vfio_attach.h. -EPROTO: not such a device. */
int vfio_open(const char *address, struct transport **transport);
/* Connects to the vfio-user server at a UNIX socket's path. timeout_ms bounds each answer. */
int vfio_user_open(const char *path, unsigned timeout_ms, struct transport **transport);
/* The same over a connected socket, which it owns from now on, also when it fails. */
int vfio_user_adopt(int socket, unsigned timeout_ms, struct transport **transport);

#endif
