/* SPDX-License-Identifier: Apache-2.0 */
/* host/net/mux.h toward a socket that takes little: TLS records, held or not, and sluice's arrive whole and in order. */
#include <errno.h>
#include <openssl/bio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/mux.h"
#include "tap.h"

#define ROUNDS 4000
#define MOST   (4u << 20)

struct flow {
    uint8_t *data;
    size_t len, at; /* at: bytes of it that have come */
};

static struct flow tls, ours;
static uint8_t *came;
static size_t came_len;
static unsigned refused;

static uint32_t make_record(struct flow *flow, uint8_t type, uint32_t body)
{
    uint8_t *record = flow->data + flow->len;
    record[0] = type;
    record[1] = record[2] = 3;
    record[3] = (uint8_t)(body >> 8);
    record[4] = (uint8_t)body;
    for (uint32_t i = 0; i < body; i++)
        record[5 + i] = (uint8_t)rand();
    return 5 + body;
}

static void drain(int fd, size_t most)
{
    ssize_t n = recv(fd, came + came_len, most, MSG_DONTWAIT);
    came_len += n > 0 ? (size_t)n : 0;
}

/* As OpenSSL does, the same record again until it is taken. */
static void write_tls(BIO *bio, int peer, uint32_t len)
{
    size_t begin = tls.len, sent = 0;
    while (sent < len) {
        int n = BIO_write(bio, tls.data + begin + sent, (int)(len - sent));
        if (n > 0) {
            sent += (size_t)n;
            continue;
        }
        refused++;
        drain(peer, 1 + (size_t)rand() % 3000);
    }
    tls.len += len;
}

static bool sorted(void)
{
    for (size_t at = 0, len; at < came_len; at += len) {
        struct flow *flow = came[at] & 0x80 ? &ours : &tls;
        len = 5 + ((size_t)came[at + 3] << 8 | came[at + 4]);
        if (at + len > came_len || flow->at + len > flow->len || memcmp(came + at, flow->data + flow->at, len) != 0)
            return false;
        flow->at += len;
    }
    return tls.at == tls.len && ours.at == ours.len;
}

static void round_of(struct mux *mux, BIO *bio, int peer)
{
    bool holds = rand() % 2;
    if (holds)
        mux_hold(mux);
    for (int i = rand() % 4; i > 0; i--)
        write_tls(bio, peer, make_record(&tls, 0x17, 1 + (uint32_t)rand() % 900));
    if (rand() % 3 == 0) {
        uint32_t len = make_record(&ours, 0x97, 32 + (uint32_t)rand() % 400);
        if (!mux_queue(mux, ours.data + ours.len, len))
            ours.len += len;
    }
    if (holds && mux_release(mux))
        abort();
    if (rand() % 2)
        drain(peer, (size_t)rand() % 2000);
}

int main(void)
{
    const char *env = getenv("SEED");
    unsigned seed = env && *env ? (unsigned)strtoul(env, NULL, 0) : (unsigned)time(NULL);
    int ends[2], small = 4096;
    printf("# SEED=%u\n", seed);
    srand(seed);
    tls.data = malloc(2 * MOST);
    ours.data = malloc(2 * MOST);
    came = malloc(4 * MOST);
    if (!tls.data || !ours.data || !came || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
        return EXIT_FAILURE;
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
    struct mux *mux = mux_new(ends[0]);
    BIO *bio = mux ? mux_bio(mux) : NULL;
    if (!bio)
        return EXIT_FAILURE;
    for (unsigned i = 0; i < ROUNDS; i++)
        round_of(mux, bio, ends[1]);
    for (unsigned i = 0; i < 1000000 && mux_waits(mux); i++) {
        if (mux_flush(mux))
            abort();
        drain(ends[1], 3000);
    }
    for (size_t before = came_len + 1; before != came_len;) {
        before = came_len;
        drain(ends[1], 65536);
    }
    ok(refused > 100 && ours.len && !mux_waits(mux), "the socket takes nothing more %u times, and everything at last", refused);
    ok(sorted(), "records of either kind come whole and in order");
    BIO_free(bio);
    mux_free(mux);
    close(ends[0]);
    close(ends[1]);
    free(tls.data);
    free(ours.data);
    free(came);
    return done();
}
