/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/batch.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RX_MESSAGES 32
#define RX_PER_GRO  64                         /* datagrams in one message with GRO, at most */
#define RX_SLOT     (SLUICE_MAX_CONTENT + 64u) /* headroom and a datagram */
#define CMSG_BYTES  128

struct rx_slot {
    struct chunk *chunk;
    uint8_t *data;
    uint32_t room;
};

struct batch_rx {
    struct rx_slot whole[RX_MESSAGES]; /* a chunk each, for GRO */
    struct rx_slot small[RX_MESSAGES];
    struct mmsghdr messages[RX_MESSAGES];
    struct iovec iov[RX_MESSAGES];
    struct net_addr peers[RX_MESSAGES];
    _Alignas(struct cmsghdr) uint8_t control[RX_MESSAGES][CMSG_BYTES];
    uint64_t merged;
};

struct batch_rx *batch_rx_new(void)
{
    return calloc(1, sizeof(struct batch_rx));
}

static void drop_slot(struct rx_slot *slot)
{
    if (slot->chunk)
        chunk_unref(slot->chunk);
    slot->chunk = NULL;
}

void batch_rx_empty(struct batch_rx *rx)
{
    for (unsigned i = 0; i < RX_MESSAGES; i++) {
        drop_slot(&rx->whole[i]);
        drop_slot(&rx->small[i]);
    }
}

void batch_rx_free(struct batch_rx *rx)
{
    if (!rx)
        return;
    batch_rx_empty(rx);
    free(rx);
}

uint64_t batch_merged(struct batch_rx *rx)
{
    uint64_t merged = rx->merged;
    rx->merged = 0;
    return merged;
}

void batch_enable_gro(int fd)
{
    int one = 1;
    /* Without it datagrams come one by one; nothing else changes. */
    (void)setsockopt(fd, IPPROTO_UDP, UDP_GRO, &one, sizeof one);
}

static bool fill_slot(struct rx_slot *slot, struct pool *pool, bool whole)
{
    if (slot->chunk && slot->chunk->pool == pool)
        return true;
    drop_slot(slot);
    slot->room = whole ? CHUNK_BYTES : RX_SLOT;
    if (whole) {
        slot->chunk = pool_get(pool);
        slot->data = slot->chunk ? slot->chunk->mem : NULL;
    } else {
        slot->data = pool_reserve(pool, RX_SLOT, &slot->chunk);
        if (!slot->data)
            slot->chunk = NULL;
    }
    return slot->chunk;
}

static void set_message(struct batch_rx *rx, unsigned i, const struct rx_slot *slot, unsigned headroom)
{
    rx->iov[i] = (struct iovec){.iov_base = slot->data + headroom, .iov_len = slot->room - headroom};
    rx->messages[i].msg_hdr = (struct msghdr){
        .msg_name = &rx->peers[i].sa,
        .msg_namelen = sizeof rx->peers[i].in6,
        .msg_iov = &rx->iov[i],
        .msg_iovlen = 1,
        .msg_control = rx->control[i],
        .msg_controllen = sizeof rx->control[i],
    };
}

static uint32_t segment_size(struct msghdr *message, uint32_t whole)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (uint32_t)size : whole;
        }
    }
    return whole;
}

/* Hands out the datagrams of one message; how many. */
static int deliver(struct batch_rx *rx, unsigned i, const struct rx_slot *slot, unsigned headroom, batch_rx_fn *fn, void *arg)
{
    struct msghdr *message = &rx->messages[i].msg_hdr;
    uint32_t len = rx->messages[i].msg_len;
    uint32_t step = segment_size(message, len);
    int count = 0;
    rx->peers[i].len = message->msg_namelen;
    uint32_t at = 0;
    do {
        uint32_t part = len - at < step ? len - at : step;
        struct batch_datagram datagram = {
            .chunk = slot->chunk,
            .data = slot->data + headroom + at,
            .len = part,
            .cut = message->msg_flags & MSG_TRUNC,
            .peer = &rx->peers[i],
        };
        fn(arg, &datagram);
        at += part;
        count++;
    } while (at < len);
    if (count > 1)
        rx->merged += (uint64_t)count;
    return count;
}

int batch_receive(struct batch_rx *rx, int fd, struct pool *pool, unsigned headroom, unsigned room, batch_rx_fn *fn, void *arg)
{
    bool whole = !headroom;
    struct rx_slot *slots = whole ? rx->whole : rx->small;
    unsigned want = whole ? room / RX_PER_GRO : room, count = 0;
    while (count < want && count < RX_MESSAGES && fill_slot(&slots[count], pool, whole)) {
        set_message(rx, count, &slots[count], headroom);
        count++;
    }
    if (!count)
        return -ENOBUFS;
    int got = recvmmsg(fd, rx->messages, count, MSG_DONTWAIT, NULL);
    if (got < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    int datagrams = 0;
    for (int i = 0; i < got; i++)
        datagrams += deliver(rx, (unsigned)i, &slots[i], headroom, fn, arg);
    for (int i = 0; i < got; i++)
        drop_slot(&slots[i]);
    /* Slots that were not used stay for the next call, first. */
    for (unsigned i = (unsigned)got; got && i < RX_MESSAGES; i++) {
        slots[i - (unsigned)got] = slots[i];
        slots[i].chunk = NULL;
    }
    return datagrams;
}
