/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams in batches, with a kernel that this test stands before: what sendmmsg says to segments, and what of them it does not
 * know. */
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "udp/batch.h"

#define COUNT 40u
#define SIZE  700u

static struct sluice_card *card;
static struct pool *pool;
static struct batch_rx *rx;
static struct batch_tx *tx;
static struct batch_queue queue;
static struct batch_counts counts;
static struct net_addr to;
static int near_fd, far_fd;
static unsigned came, right;

/* ---- the kernel */

static bool knows_segments = true;
static int segments_fail; /* errno */
static unsigned segments_tried;

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);

int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    if (level == IPPROTO_UDP && name == UDP_SEGMENT && !knows_segments) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return __real_getsockopt(fd, level, name, value, len);
}

static bool is_segmented(struct mmsghdr *message)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(&message->msg_hdr);
    return c && c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_SEGMENT;
}

/* Up to the first message that fails, as sendmmsg does. */
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned good = 0;
    while (good < count && !(is_segmented(&messages[good]) && ++segments_tried && segments_fail))
        good++;
    if (!good && count) {
        errno = segments_fail;
        return -1;
    }
    return __real_sendmmsg(fd, messages, good, flags);
}

/* ---- the test */

static uint8_t byte_of(unsigned i, unsigned at)
{
    return (uint8_t)(i * 31 + at);
}

static void on_datagram(void *arg, const struct batch_datagram *datagram)
{
    unsigned same = 0;
    (void)arg;
    while (same < datagram->len && datagram->data[same] == byte_of(came, same))
        same++;
    right += same == datagram->len && same == SIZE;
    came++;
}

static void send_batch(void)
{
    for (unsigned i = 0; i < COUNT; i++) {
        struct chunk *chunk;
        uint8_t *data = pool_reserve(pool, SIZE, &chunk);
        for (unsigned at = 0; at < SIZE; at++)
            data[at] = byte_of(i, at);
        batch_send(tx, &queue, chunk, data, SIZE, &to, NULL);
        chunk_unref(chunk);
    }
    batch_flush(tx);
}

/* Sends COUNT datagrams and takes them at the other end. All came, whole and in order. */
static bool goes_through(void)
{
    came = right = segments_tried = 0;
    (void)batch_merged(rx);
    memset(&counts, 0, sizeof counts);
    send_batch();
    while (batch_receive(rx, far_fd, pool, 0, 1024, on_datagram, NULL) > 0)
        ;
    return came == COUNT && right == COUNT && counts.datagrams == COUNT && counts.bytes == COUNT * SIZE;
}

static int bound_socket(void)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && !bind(fd, (struct sockaddr *)&any, sizeof any) ? fd : -1;
}

static void open_all(void)
{
    socklen_t len = sizeof to.in6;
    if (sluice_open("soft:", NULL, &card) || pool_new(card, 64, &pool))
        abort();
    rx = batch_rx_new();
    tx = batch_tx_new();
    near_fd = bound_socket();
    far_fd = bound_socket();
    batch_enable_gro(far_fd);
    if (!rx || !tx || near_fd < 0 || getsockname(far_fd, &to.sa, &len))
        abort();
    to.len = len;
}

static void close_all(void)
{
    batch_tx_free(tx);
    batch_rx_free(rx);
    close(near_fd);
    close(far_fd);
    sluice_close(card);
}

int main(int argc, char **argv)
{
    (void)seed(argc, argv);
    open_all();

    batch_queue_init(&queue, near_fd, &counts);
    bool through = goes_through();
    ok(through && counts.segmented == COUNT, "datagrams alike leave together (%llu of %u)", (unsigned long long)counts.segmented,
       COUNT);
    ok(batch_merged(rx) == COUNT && !batch_merged(rx), "and come together");

    segments_fail = EMSGSIZE;
    through = goes_through();
    ok(through && !counts.segmented, "those that are too long for the way to a peer leave one by one");
    segments_fail = 0;
    ok(goes_through() && counts.segmented == COUNT, "and the next ones together again");

    segments_fail = EIO;
    through = goes_through();
    ok(through && segments_tried == 1, "a device that cannot do it is asked once (%u times)", segments_tried);
    through = goes_through();
    ok(through && !segments_tried && !counts.segmented && !batch_merged(rx), "and never again: all leave one by one");

    knows_segments = false;
    batch_queue_init(&queue, near_fd, &counts);
    ok(goes_through() && !segments_tried, "a kernel that does not know segments is not given any");

    close_all();
    return done();
}
