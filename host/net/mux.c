/* SPDX-License-Identifier: Apache-2.0 */
#include "net/mux.h"

#include <errno.h>
#include <event2/buffer.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEADER_BYTES 5
#define RECORD_LEAST (8 + 16 + 8) /* of a sluice record behind its header: cid, body, nonce */
#define QUEUE_MAX    (512u * 1024)
#define TURN_RECORDS 64 /* then the loop's other events have their turn */
#define AHEAD_BYTES  2048
#define HELD_BYTES   2048

/* Where in a record a flow of bytes is. */
struct place {
    uint8_t header[HEADER_BYTES];
    unsigned have; /* of the header; 0: between two records */
    uint32_t left; /* of the body */
};

struct mux {
    int fd;
    bool eof, holds;
    bool drained; /* the last read took all there was */
    mux_fn *fn;   /* NULL: no sluice records */
    void *arg;
    struct place in;
    bool ours;       /* the record that comes in is a sluice record */
    unsigned given;  /* of its header, to OpenSSL */
    uint8_t *record; /* a sluice record that is not complete */
    uint32_t got;
    uint8_t *ahead; /* what was read more than asked for; NULL: nothing */
    uint32_t ahead_at, ahead_len;
    struct place tls, records; /* what goes out, both ways of which are never open at once */
    struct evbuffer *queue;
    uint8_t *held; /* of TLS, written and not sent yet */
    uint32_t held_at, held_len;
};

static bool is_ours(const uint8_t header[HEADER_BYTES])
{
    return header[0] & 0x80;
}

static uint32_t body_of(const uint8_t header[HEADER_BYTES])
{
    return (uint32_t)header[3] << 8 | header[4];
}

static void follow(struct place *place, const uint8_t *data, size_t len)
{
    while (len) {
        size_t n;
        if (place->have < HEADER_BYTES) {
            n = HEADER_BYTES - place->have < len ? HEADER_BYTES - place->have : len;
            memcpy(place->header + place->have, data, n);
            place->have += (unsigned)n;
            if (place->have == HEADER_BYTES)
                place->left = body_of(place->header);
        } else {
            n = place->left < len ? place->left : len;
            place->left -= (uint32_t)n;
        }
        if (place->have == HEADER_BYTES && !place->left)
            place->have = 0;
        data += n;
        len -= n;
    }
}

/* ---- reading */

/* Bytes; 0: the end; -EAGAIN, or another -errno. Asked once more after all has been read, it does not ask the socket: what comes
 * makes that readable. */
static ssize_t receive(struct mux *mux, void *out, size_t len)
{
    if (mux->drained) {
        mux->drained = false;
        return -EAGAIN;
    }
    ssize_t n = recv(mux->fd, out, len, MSG_DONTWAIT);
    mux->drained = n > 0 && (size_t)n < len;
    if (n > 0)
        return n;
    if (!n)
        mux->eof = true;
    return !n ? 0 : errno == EINTR ? -EAGAIN : -errno;
}

static ssize_t take_ahead(struct mux *mux, void *out, size_t len)
{
    size_t n = mux->ahead_len - mux->ahead_at < len ? mux->ahead_len - mux->ahead_at : len;
    memcpy(out, mux->ahead + mux->ahead_at, n);
    mux->ahead_at += (uint32_t)n;
    if (mux->ahead_at == mux->ahead_len) {
        free(mux->ahead);
        mux->ahead = NULL;
    }
    return (ssize_t)n;
}

/* A short record and its header come in one call, perhaps with those behind them. A silent connection has no buffer for it. */
static ssize_t take(struct mux *mux, void *out, size_t len)
{
    uint8_t data[AHEAD_BYTES];
    if (mux->ahead)
        return take_ahead(mux, out, len);
    if (len >= sizeof data)
        return receive(mux, out, len);
    ssize_t n = receive(mux, data, sizeof data);
    if (n <= 0)
        return n;
    size_t now = (size_t)n < len ? (size_t)n : len;
    memcpy(out, data, now);
    if ((size_t)n == now)
        return n;
    mux->ahead_at = 0;
    mux->ahead_len = (uint32_t)((size_t)n - now);
    mux->ahead = malloc(mux->ahead_len);
    if (!mux->ahead)
        return -ENOMEM;
    memcpy(mux->ahead, data + now, mux->ahead_len);
    return (ssize_t)now;
}

bool mux_has_input(const struct mux *mux)
{
    return mux->ahead;
}

static ssize_t begin_record(struct mux *mux)
{
    struct place *in = &mux->in;
    in->left = body_of(in->header);
    mux->given = 0;
    mux->ours = mux->fn && is_ours(in->header);
    if (!mux->ours)
        return 1;
    if (in->header[1] != 3 || in->header[2] != 3 || in->left < RECORD_LEAST || in->left > MUX_RECORD_MAX - HEADER_BYTES)
        return -EPROTO;
    if (!mux->record && !(mux->record = malloc(MUX_RECORD_MAX)))
        return -ENOMEM;
    memcpy(mux->record, in->header, HEADER_BYTES);
    mux->got = HEADER_BYTES;
    return 1;
}

static ssize_t take_header(struct mux *mux)
{
    struct place *in = &mux->in;
    ssize_t n = take(mux, in->header + in->have, HEADER_BYTES - in->have);
    if (n <= 0)
        return n;
    in->have += (unsigned)n;
    return in->have < HEADER_BYTES ? 1 : begin_record(mux);
}

static ssize_t take_record(struct mux *mux, unsigned *records)
{
    ssize_t n = take(mux, mux->record + mux->got, mux->in.left);
    if (n <= 0)
        return n;
    mux->got += (uint32_t)n;
    mux->in.left -= (uint32_t)n;
    if (mux->in.left)
        return 1;
    mux->in.have = 0;
    mux->fn(mux->arg, mux->record, mux->got);
    return ++*records < TURN_RECORDS ? 1 : -EAGAIN;
}

static ssize_t give(struct mux *mux, char *out, size_t len)
{
    struct place *in = &mux->in;
    ssize_t n = 0;
    if (mux->given < HEADER_BYTES) {
        n = HEADER_BYTES - mux->given < len ? (ssize_t)(HEADER_BYTES - mux->given) : (ssize_t)len;
        memcpy(out, in->header + mux->given, (size_t)n);
        mux->given += (unsigned)n;
    } else {
        n = take(mux, out, in->left < len ? in->left : len);
        in->left -= n > 0 ? (uint32_t)n : 0;
    }
    if (mux->given == HEADER_BYTES && !in->left)
        in->have = 0;
    return n;
}

static int answer(BIO *bio, ssize_t n, int retry)
{
    if (n >= 0)
        return (int)n;
    if (n == -EAGAIN)
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    errno = (int)-n;
    return -1;
}

static int on_read(BIO *bio, char *out, int len)
{
    struct mux *mux = BIO_get_data(bio);
    ssize_t n = 1;
    unsigned records = 0;
    BIO_clear_retry_flags(bio);
    if (len <= 0)
        return 0;
    while (n > 0 && (mux->in.have < HEADER_BYTES || mux->ours))
        n = mux->in.have < HEADER_BYTES ? take_header(mux) : take_record(mux, &records);
    return answer(bio, n > 0 ? give(mux, out, (size_t)len) : n, BIO_FLAGS_READ);
}

/* ---- writing */

static ssize_t put(struct mux *mux, struct place *place, const uint8_t *data, size_t len)
{
    ssize_t n = send(mux->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    follow(place, data, (size_t)n);
    return n;
}

static bool hold(struct mux *mux, const void *data, size_t len)
{
    if (!mux->holds || len > HELD_BYTES - mux->held_len || (!mux->held && !(mux->held = malloc(HELD_BYTES))))
        return false;
    memcpy(mux->held + mux->held_len, data, len);
    mux->held_len += (uint32_t)len;
    return true;
}

static int send_held(struct mux *mux)
{
    while (mux->held) {
        ssize_t n = put(mux, &mux->tls, mux->held + mux->held_at, mux->held_len - mux->held_at);
        if (n < 0)
            return (int)n;
        mux->held_at += (uint32_t)n;
        if (mux->held_at < mux->held_len)
            continue;
        free(mux->held);
        mux->held = NULL;
        mux->held_at = mux->held_len = 0;
    }
    return 0;
}

static int on_write(BIO *bio, const char *data, int len)
{
    struct mux *mux = BIO_get_data(bio);
    int rc = 0;
    BIO_clear_retry_flags(bio);
    if (len > 0 && hold(mux, data, (size_t)len))
        return len;
    if (mux->records.have) /* the end of one of ours comes first */
        rc = mux_flush(mux);
    if (!rc && mux->records.have)
        rc = -EAGAIN;
    if (!rc)
        rc = send_held(mux);
    return answer(bio, rc ? rc : put(mux, &mux->tls, (const uint8_t *)data, (size_t)len), BIO_FLAGS_WRITE);
}

void mux_hold(struct mux *mux)
{
    mux->holds = true;
}

int mux_release(struct mux *mux)
{
    mux->holds = false;
    return mux->held ? mux_flush(mux) : 0;
}

bool mux_holds(const struct mux *mux)
{
    return mux->held;
}

static bool has_records(const struct mux *mux)
{
    return evbuffer_get_length(mux->queue) && !mux->tls.have;
}

bool mux_waits(const struct mux *mux)
{
    return mux->held || has_records(mux);
}

/* What is held comes first, but not in the middle of a record of ours. */
int mux_flush(struct mux *mux)
{
    int rc = mux->records.have ? 0 : send_held(mux);
    while (!rc && has_records(mux)) {
        size_t len = evbuffer_get_contiguous_space(mux->queue);
        ssize_t n = put(mux, &mux->records, evbuffer_pullup(mux->queue, (ev_ssize_t)len), len);
        if (n == -EAGAIN)
            return 0;
        if (n < 0)
            return (int)n;
        evbuffer_drain(mux->queue, (size_t)n);
    }
    if (!rc)
        rc = send_held(mux);
    return rc == -EAGAIN ? 0 : rc;
}

int mux_queue(struct mux *mux, const uint8_t *record, uint32_t len)
{
    if (evbuffer_get_length(mux->queue) + len > QUEUE_MAX)
        return -ENOBUFS;
    return evbuffer_add(mux->queue, record, len) ? -ENOMEM : 0;
}

void mux_take_records(struct mux *mux, mux_fn *fn, void *arg)
{
    mux->fn = fn;
    mux->arg = arg;
}

/* ---- the BIO */

static long on_ctrl(BIO *bio, int command, long number, void *pointer)
{
    const struct mux *mux = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    if (command == BIO_CTRL_EOF)
        return mux->eof;
    return command == BIO_CTRL_FLUSH;
}

static int on_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

/* The same for all of them, and made once. */
static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_method(void)
{
    BIO_METHOD *made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice records");
    if (made && BIO_meth_set_read(made, on_read) && BIO_meth_set_write(made, on_write) && BIO_meth_set_ctrl(made, on_ctrl) &&
        BIO_meth_set_create(made, on_create))
        method = made;
}

BIO *mux_bio(struct mux *mux)
{
    pthread_once(&once, make_method);
    BIO *bio = method ? BIO_new(method) : NULL;
    if (bio)
        BIO_set_data(bio, mux);
    return bio;
}

struct mux *mux_new(int fd)
{
    struct mux *mux = calloc(1, sizeof *mux);
    if (!mux)
        return NULL;
    mux->fd = fd;
    mux->queue = evbuffer_new();
    if (mux->queue)
        return mux;
    free(mux);
    return NULL;
}

void mux_free(struct mux *mux)
{
    if (!mux)
        return;
    evbuffer_free(mux->queue);
    free(mux->ahead);
    free(mux->held);
    free(mux->record);
    free(mux);
}
