/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "udp/batch.h"

#define TX_ENTRIES   1024
#define TX_MESSAGES  64
#define TX_SEGMENTS  64    /* UDP_MAX_SEGMENTS of kernels before 6.11 */
#define TX_GSO_BYTES 65000 /* of one message with segments: below the 65,535 of an IP packet, headers left out */
#define NONE         UINT32_MAX

struct tx_entry {
    struct chunk *chunk;
    const uint8_t *data;
    uint32_t len;
    uint32_t next;
    struct net_addr peer, source;
};

struct batch_tx {
    struct tx_entry entries[TX_ENTRIES];
    uint32_t used;
    struct batch_queue *dirty;
    struct mmsghdr messages[TX_MESSAGES];
    uint32_t first[TX_MESSAGES], count[TX_MESSAGES]; /* entries of each message */
    struct iovec iov[TX_ENTRIES];
    _Alignas(struct cmsghdr) uint8_t control[TX_MESSAGES][CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(uint16_t))];
};

struct batch_tx *batch_tx_new(void)
{
    return calloc(1, sizeof(struct batch_tx));
}

static void drop_entries(struct batch_tx *tx)
{
    for (uint32_t i = 0; i < tx->used; i++)
        chunk_unref(tx->entries[i].chunk);
    tx->used = 0;
    tx->dirty = NULL;
}

void batch_tx_free(struct batch_tx *tx)
{
    if (!tx)
        return;
    drop_entries(tx);
    free(tx);
}

/* A kernel that does not know UDP_SEGMENT would send all of a message as one datagram. */
static bool knows_segments(int fd)
{
    int segment;
    socklen_t len = sizeof segment;
    return !getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &len);
}

void batch_queue_init(struct batch_queue *queue, int fd, struct batch_counts *counts)
{
    memset(queue, 0, sizeof *queue);
    queue->fd = fd;
    queue->no_gso = !knows_segments(fd);
    queue->counts = counts;
}

void batch_send(struct batch_tx *tx, struct batch_queue *queue, struct chunk *chunk, const uint8_t *data, uint32_t len,
                const struct net_addr *peer, const struct net_addr *source)
{
    if (tx->used == TX_ENTRIES)
        batch_flush(tx);
    uint32_t index = tx->used++;
    struct tx_entry *entry = &tx->entries[index];
    chunk_ref(chunk);
    entry->chunk = chunk;
    entry->data = data;
    entry->len = len;
    entry->next = NONE;
    entry->peer = *peer;
    entry->source.len = 0;
    if (source)
        entry->source = *source;
    if (queue->count++) {
        tx->entries[queue->tail].next = index;
    } else {
        queue->head = index;
        queue->next = tx->dirty;
        tx->dirty = queue;
    }
    queue->tail = index;
}

void batch_forget(struct batch_tx *tx, struct batch_queue *queue)
{
    struct batch_queue **at = &tx->dirty;
    while (*at && *at != queue)
        at = &(*at)->next;
    if (*at)
        *at = queue->next;
    queue->count = 0;
}

/* ---- messages */

static struct cmsghdr *put_cmsg(struct cmsghdr *c, int level, int type, const void *value, size_t len)
{
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), value, len);
    return (struct cmsghdr *)((uint8_t *)c + CMSG_SPACE(len));
}

static struct cmsghdr *put_source(struct cmsghdr *c, const struct net_addr *source)
{
    if (source->sa.sa_family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_addr = source->in6.sin6_addr};
        return put_cmsg(c, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
    struct in_pktinfo info = {.ipi_spec_dst = source->in.sin_addr};
    return put_cmsg(c, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
}

static bool joins(const struct tx_entry *first, const struct tx_entry *last, const struct tx_entry *next, uint32_t count,
                  uint32_t bytes)
{
    return count < TX_SEGMENTS && last->len == first->len && next->len && next->len <= first->len &&
           bytes + next->len <= TX_GSO_BYTES && net_addr_equal(&first->peer, &next->peer) &&
           net_addr_equal(&first->source, &next->source);
}

static void set_message(struct batch_tx *tx, unsigned m, uint32_t segment)
{
    struct tx_entry *first = &tx->entries[tx->first[m]];
    struct msghdr *message = &tx->messages[m].msg_hdr;
    struct cmsghdr *c = (struct cmsghdr *)(void *)tx->control[m];
    message->msg_name = &first->peer.sa;
    message->msg_namelen = first->peer.len;
    message->msg_iovlen = tx->count[m];
    message->msg_flags = 0;
    if (first->source.len)
        c = put_source(c, &first->source);
    if (segment) {
        uint16_t size = (uint16_t)segment;
        c = put_cmsg(c, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
    }
    message->msg_controllen = (size_t)((uint8_t *)c - tx->control[m]);
    message->msg_control = message->msg_controllen ? tx->control[m] : NULL;
}

/* Makes message `m` of as many entries from `index` as one can have; returns the entry after them. */
static uint32_t gather(struct batch_tx *tx, unsigned m, uint32_t index, struct iovec *iov, bool gso)
{
    const struct tx_entry *first = &tx->entries[index], *last = NULL;
    uint32_t count = 0, bytes = 0;
    tx->first[m] = index;
    tx->messages[m].msg_hdr.msg_iov = iov;
    do {
        last = &tx->entries[index];
        iov[count++] = (struct iovec){.iov_base = (void *)(uintptr_t)last->data, .iov_len = last->len};
        bytes += last->len;
        index = last->next;
    } while (gso && index != NONE && joins(first, last, &tx->entries[index], count, bytes));
    tx->count[m] = count;
    set_message(tx, m, count > 1 ? first->len : 0);
    return index;
}

static unsigned build(struct batch_tx *tx, struct batch_queue *queue, uint32_t *index)
{
    unsigned m = 0;
    uint32_t iov = 0;
    while (*index != NONE && m < TX_MESSAGES) {
        *index = gather(tx, m, *index, &tx->iov[iov], !queue->no_gso);
        iov += tx->count[m++];
    }
    return m;
}

/* ---- sending */

static enum refusal refusal_of(int error)
{
    switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
        return REFUSAL_NO_BUFFER;
    case EMSGSIZE:
        return REFUSAL_TOO_LONG;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
    case EAFNOSUPPORT:
    case EINVAL:
        return REFUSAL_NO_ROUTE;
    default:
        return REFUSAL_SEND_FAILED;
    }
}

static void count_sent(struct batch_tx *tx, struct batch_queue *queue, unsigned m)
{
    queue->counts->datagrams += tx->count[m];
    queue->counts->bytes += tx->messages[m].msg_len;
    if (tx->count[m] > 1)
        queue->counts->segmented += tx->count[m];
}

/* Segments that did not go: the same datagrams one by one. */
static void send_single(struct batch_tx *tx, struct batch_queue *queue, unsigned m)
{
    uint32_t index = tx->first[m];
    for (uint32_t i = 0; i < tx->count[m]; i++) {
        struct tx_entry *entry = &tx->entries[index];
        struct iovec iov = {.iov_base = (void *)(uintptr_t)entry->data, .iov_len = entry->len};
        struct msghdr message = {.msg_name = &entry->peer.sa, .msg_namelen = entry->peer.len, .msg_iov = &iov, .msg_iovlen = 1};
        if (entry->source.len) {
            put_source((struct cmsghdr *)(void *)tx->control[m], &entry->source);
            message.msg_control = tx->control[m];
            message.msg_controllen = entry->source.sa.sa_family == AF_INET6 ? CMSG_SPACE(sizeof(struct in6_pktinfo))
                                                                            : CMSG_SPACE(sizeof(struct in_pktinfo));
        }
        if (sendmsg(queue->fd, &message, MSG_DONTWAIT) < 0) {
            queue->counts->refused[refusal_of(errno)]++;
        } else {
            queue->counts->datagrams++;
            queue->counts->bytes += entry->len;
        }
        index = entry->next;
    }
}

static void send_failed(struct batch_tx *tx, struct batch_queue *queue, unsigned m, int error)
{
    bool segments = tx->count[m] > 1 && error != EAGAIN && error != ENOBUFS;
    if (segments && error == EIO)
        queue->no_gso = true; /* of the device; other errors are of the way to this peer, as EMSGSIZE */
    if (segments)
        send_single(tx, queue, m);
    else
        queue->counts->refused[refusal_of(error)] += tx->count[m];
}

static void send_queue(struct batch_tx *tx, struct batch_queue *queue)
{
    uint32_t index = queue->head;
    while (index != NONE) {
        unsigned total = build(tx, queue, &index), m = 0;
        while (m < total) {
            int sent = sendmmsg(queue->fd, tx->messages + m, total - m, MSG_DONTWAIT);
            int error = errno;
            for (int i = 0; i < sent; i++)
                count_sent(tx, queue, m++);
            if (sent <= 0)
                send_failed(tx, queue, m++, error);
        }
    }
    queue->count = 0;
}

void batch_flush(struct batch_tx *tx)
{
    while (tx->dirty) {
        struct batch_queue *queue = tx->dirty;
        tx->dirty = queue->next;
        send_queue(tx, queue);
    }
    drop_entries(tx);
}
