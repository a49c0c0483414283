/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams received and sent in batches: recvmmsg with UDP_GRO into DMA memory, sendmmsg with UDP_SEGMENT out of it, nothing
 * copied or allocated for a datagram. Belongs to one thread.
 */
#ifndef HOST_UDP_BATCH_H
#define HOST_UDP_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"
#include "udp/pool.h"
#include "udp/refusal.h"

/* ---- receiving */

struct batch_datagram {
    struct chunk *chunk; /* the callback takes a reference of its own to keep it */
    uint8_t *data;
    uint32_t len;
    bool cut; /* longer than the room for it */
    const struct net_addr *peer;
};

typedef void batch_rx_fn(void *arg, const struct batch_datagram *datagram);

struct batch_rx;
struct batch_rx *batch_rx_new(void); /* NULL: no memory */
void batch_rx_free(struct batch_rx *rx);
/* Gives back the memory that is there for what comes next. */
void batch_rx_empty(struct batch_rx *rx);

/* Datagrams that the kernel gave with others as one, since the last call. */
uint64_t batch_merged(struct batch_rx *rx);

/* Lets the kernel give several datagrams of a flow as one. Only for sockets that are read with headroom 0. */
void batch_enable_gro(int fd);
/* One recvmmsg. With `headroom`, so many bytes before each datagram are free to write. At most `room` datagrams (with GRO it may
 * be up to 64 more for each of the last). Returns datagrams received; 0: none waiting; -ENOBUFS: no memory in the pool; another
 * -errno of the socket. */
int batch_receive(struct batch_rx *rx, int fd, struct pool *pool, unsigned headroom, unsigned room, batch_rx_fn *fn, void *arg);

/* ---- sending */

struct batch_counts {
    uint64_t datagrams, bytes; /* given to the kernel */
    uint64_t segmented;        /* of these datagrams: with others as one */
    uint64_t refused[REFUSAL_COUNT];
};

/* A socket to send on; embedded in its owner. */
struct batch_queue {
    int fd;
    bool no_gso; /* found out: the kernel or the device cannot do it */
    unsigned head, tail, count;
    struct batch_queue *next;
    struct batch_counts *counts; /* of this socket's owner */
};

struct batch_tx;
struct batch_tx *batch_tx_new(void); /* NULL: no memory */
void batch_tx_free(struct batch_tx *tx);

void batch_queue_init(struct batch_queue *queue, int fd, struct batch_counts *counts);
/* Queues a datagram, with a reference to its chunk; `source` is the local address to send from, NULL: the socket's. Sends what
 * there is when it is full. */
void batch_send(struct batch_tx *tx, struct batch_queue *queue, struct chunk *chunk, const uint8_t *data, uint32_t len,
                const struct net_addr *peer, const struct net_addr *source);
/* Sends everything queued. What the kernel does not take is dropped and counted. */
void batch_flush(struct batch_tx *tx);
/* Drops what is queued for a socket that goes away. */
void batch_forget(struct batch_tx *tx, struct batch_queue *queue);

#endif
