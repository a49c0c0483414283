/* SPDX-License-Identifier: Apache-2.0 */
#include "net/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/mux.h"

#define INPUT_MAX  (256u * 1024)
#define READ_BYTES 16384
#define TURN_BYTES (128u * 1024) /* read in one turn, so that one stream does not keep the loop to itself */

struct stream {
    struct event *read_event, *write_event;
    struct evbuffer *in, *out;
    SSL *ssl;
    struct mux *mux; /* under TLS */
    int fd;
    stream_fn *fn;
    void *arg;
    enum { CONNECTING, HANDSHAKE, OPEN, DEAD } state;
    int error;
    unsigned busy; /* depth of callbacks: freed by the last one to leave */
    bool freed;
    bool paused;
    bool full;              /* reading stopped at INPUT_MAX */
    bool finishing, closed; /* our half: wanted, done */
    bool ended;             /* the peer's half */
    bool read_wants_write, write_wants_read;
};

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);
static void write_turn(struct stream *s);

/* ---- events of the loop */

static void watch(struct event *event, bool on)
{
    if (on)
        event_add(event, NULL);
    else
        event_del(event);
}

static bool wants_read(const struct stream *s)
{
    if (s->write_wants_read)
        return true;
    return s->state == OPEN && !s->ended && !s->paused && !s->full;
}

static bool wants_write(const struct stream *s)
{
    if (s->read_wants_write || (s->mux && !s->closed && mux_waits(s->mux)))
        return true;
    return s->state == OPEN && !s->closed && !s->write_wants_read && (evbuffer_get_length(s->out) || s->finishing);
}

static void update(struct stream *s)
{
    if (s->state == CONNECTING || s->state == HANDSHAKE)
        return; /* these set their own */
    watch(s->read_event, s->state == OPEN && wants_read(s));
    watch(s->write_event, s->state == OPEN && wants_write(s));
}

/* Bytes that have been read already make no socket readable. */
static void wake_pending(struct stream *s)
{
    if (s->state == OPEN && s->ssl && wants_read(s) && (SSL_has_pending(s->ssl) || mux_has_input(s->mux)))
        event_active(s->read_event, EV_READ, 0);
}

static void destroy(struct stream *s)
{
    if (s->read_event)
        event_free(s->read_event);
    if (s->write_event)
        event_free(s->write_event);
    if (s->in)
        evbuffer_free(s->in);
    if (s->out)
        evbuffer_free(s->out);
    if (s->ssl && s->error != EPROTO) /* else OpenSSL takes the session for one that must not be resumed */
        SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(s->ssl);
    mux_free(s->mux);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

static void tell(struct stream *s, enum stream_event event)
{
    if (!s->freed)
        s->fn(s, event, s->arg);
}

static void enter(struct stream *s)
{
    s->busy++;
}

/* What was queued meanwhile goes out at once, unless the socket is known to be full: it would be written in the loop's next turn.
 */
static void leave(struct stream *s)
{
    if (s->busy == 1 && !s->freed && s->state == OPEN && wants_write(s) && !event_pending(s->write_event, EV_WRITE, NULL))
        write_turn(s);
    if (--s->busy)
        return;
    if (s->freed)
        destroy(s);
    else
        update(s);
}

static void break_off(struct stream *s, int error)
{
    if (s->state == DEAD)
        return;
    s->state = DEAD;
    s->error = error;
    update(s);
    tell(s, STREAM_ERROR);
}

/* What an SSL call that failed wants: 0 to try later, 1 for the peer's end, or -errno. */
static int ssl_wants(struct stream *s, int rc, bool *other_way, int natural)
{
    int error = SSL_get_error(s->ssl, rc);
    if (error == natural)
        return 0;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        *other_way = true;
        return 0;
    }
    if (error == SSL_ERROR_ZERO_RETURN)
        return 1;
    if (error == SSL_ERROR_SYSCALL && errno)
        return -errno;
    return -EPROTO;
}

/* ---- reading */

/* Bytes read, 0 to try later, or -errno; -EPIPE for the end. */
static ssize_t read_some(struct stream *s, void *data, size_t len)
{
    if (!s->ssl) {
        ssize_t n = recv(s->fd, data, len, MSG_DONTWAIT);
        if (n > 0)
            return n;
        if (!n)
            return -EPIPE;
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    ERR_clear_error();
    errno = 0;
    int n = SSL_read(s->ssl, data, (int)len);
    if (n > 0)
        return n;
    int wants = ssl_wants(s, n, &s->read_wants_write, SSL_ERROR_WANT_READ);
    return wants == 1 ? -EPIPE : wants;
}

static void read_turn(struct stream *s)
{
    uint8_t data[READ_BYTES];
    size_t total = 0;
    ssize_t n = 0;
    s->read_wants_write = false;
    while (total < TURN_BYTES && evbuffer_get_length(s->in) < INPUT_MAX) {
        n = read_some(s, data, sizeof data);
        if (n <= 0)
            break;
        if (evbuffer_add(s->in, data, (size_t)n)) {
            n = -ENOMEM;
            break;
        }
        total += (size_t)n;
    }
    s->full = evbuffer_get_length(s->in) >= INPUT_MAX;
    if (total)
        tell(s, STREAM_DATA);
    if (s->freed || s->state != OPEN)
        return;
    if (n == -EPIPE) {
        s->ended = true;
        tell(s, STREAM_EOF);
    } else if (n < 0) {
        break_off(s, (int)-n);
    }
}

static void on_drained(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
    struct stream *s = arg;
    (void)buffer;
    if (!s->full || info->n_deleted == 0 || evbuffer_get_length(s->in) >= INPUT_MAX)
        return;
    s->full = false;
    if (!s->busy)
        update(s);
    wake_pending(s);
}

/* ---- writing */

/* Bytes written, 0 to try later, or -errno. */
static ssize_t write_some(struct stream *s)
{
    if (!s->ssl) {
        int n = evbuffer_write_atmost(s->out, s->fd, (ev_ssize_t)TURN_BYTES);
        if (n >= 0)
            return n;
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    size_t len = evbuffer_get_contiguous_space(s->out);
    if (!len)
        len = evbuffer_get_length(s->out);
    if (len > READ_BYTES)
        len = READ_BYTES;
    const uint8_t *data = evbuffer_pullup(s->out, (ev_ssize_t)len);
    if (!data)
        return -ENOMEM;
    ERR_clear_error();
    errno = 0;
    int n = SSL_write(s->ssl, data, (int)len);
    if (n > 0) {
        evbuffer_drain(s->out, (size_t)n);
        return n;
    }
    int wants = ssl_wants(s, n, &s->write_wants_read, SSL_ERROR_WANT_WRITE);
    return wants == 1 ? -EPIPE : wants;
}

/* Our half ends: close_notify, then FIN. The peer's goes on. */
static int close_half(struct stream *s)
{
    if (s->ssl) {
        ERR_clear_error();
        errno = 0;
        int rc = SSL_shutdown(s->ssl);
        if (rc < 0) {
            int wants = ssl_wants(s, rc, &s->write_wants_read, SSL_ERROR_WANT_WRITE);
            return wants < 0 ? wants : -EAGAIN;
        }
    }
    return shutdown(s->fd, SHUT_WR) && errno != ENOTCONN ? -errno : 0;
}

/* A ticket that was written with them leaves OpenSSL's buffers allocated, 16 KiB of a connection that may stay silent. */
static void release_buffers(struct stream *s)
{
    if (s->ssl && !SSL_has_pending(s->ssl))
        (void)SSL_free_buffers(s->ssl);
}

/* 0, or -errno. */
static ssize_t write_queued(struct stream *s)
{
    size_t total = 0;
    ssize_t n = 0;
    while (total < TURN_BYTES && evbuffer_get_length(s->out)) {
        n = write_some(s);
        if (n <= 0)
            break;
        total += (size_t)n;
    }
    return n < 0 ? n : 0;
}

/* A ticket and a reply, say, go out together. */
static ssize_t write_records(struct stream *s)
{
    int rc = mux_flush(s->mux);
    if (rc)
        return rc;
    mux_hold(s->mux);
    ssize_t n = write_queued(s);
    rc = mux_release(s->mux);
    return n ? n : rc;
}

static bool has_output(const struct stream *s)
{
    return evbuffer_get_length(s->out) || (s->mux && mux_holds(s->mux));
}

static void write_turn(struct stream *s)
{
    s->write_wants_read = false;
    bool had = has_output(s);
    ssize_t n = 0;
    if (!s->closed)
        n = s->mux ? write_records(s) : write_queued(s);
    if (n < 0) {
        break_off(s, (int)-n);
        return;
    }
    if (has_output(s))
        return;
    release_buffers(s);
    if (s->finishing && !s->closed) {
        int rc = close_half(s);
        if (rc == -EAGAIN)
            return;
        if (rc) {
            break_off(s, -rc);
            return;
        }
        s->closed = true;
        had = true;
    }
    if (had)
        tell(s, STREAM_DRAINED);
}

/* ---- opening */

static void opened(struct stream *s)
{
    s->state = OPEN;
    update(s);
    tell(s, STREAM_OPEN);
    if (!s->freed)
        wake_pending(s);
}

static void handshake(struct stream *s)
{
    ERR_clear_error();
    errno = 0;
    int rc = SSL_do_handshake(s->ssl);
    if (rc == 1) {
        opened(s);
        return;
    }
    int error = SSL_get_error(s->ssl, rc);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        watch(s->read_event, error == SSL_ERROR_WANT_READ);
        watch(s->write_event, error == SSL_ERROR_WANT_WRITE);
        return;
    }
    break_off(s, error == SSL_ERROR_SYSCALL && errno ? errno : EPROTO);
}

static void connected(struct stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) || error) {
        break_off(s, error ? error : errno);
        return;
    }
    if (s->ssl) {
        s->state = HANDSHAKE;
        handshake(s);
    } else {
        opened(s);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct stream *s = arg;
    (void)fd;
    (void)what;
    enter(s);
    if (s->state == HANDSHAKE)
        handshake(s);
    else if (s->state == OPEN && s->write_wants_read)
        write_turn(s);
    if (!s->freed && s->state == OPEN && !s->ended && !s->paused && !s->full)
        read_turn(s);
    if (!s->freed)
        wake_pending(s);
    leave(s);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct stream *s = arg;
    (void)fd;
    (void)what;
    enter(s);
    if (s->state == CONNECTING)
        connected(s);
    else if (s->state == HANDSHAKE)
        handshake(s);
    else if (s->state == OPEN && s->read_wants_write && !s->ended)
        read_turn(s);
    else if (s->state == OPEN)
        write_turn(s);
    if (!s->freed)
        wake_pending(s);
    leave(s);
}

/* ---- what the owner calls */

static int start(struct stream *s, struct event_base *base, enum stream_role role)
{
    int flags = fcntl(s->fd, F_GETFL);
    if (flags < 0 || (!(flags & O_NONBLOCK) && fcntl(s->fd, F_SETFL, flags | O_NONBLOCK)))
        return -errno;
    s->read_event = event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    s->write_event = event_new(base, s->fd, EV_WRITE | EV_PERSIST, on_writable, s);
    s->in = evbuffer_new();
    s->out = evbuffer_new();
    if (!s->read_event || !s->write_event || !s->in || !s->out || !evbuffer_add_cb(s->in, on_drained, s))
        return -ENOMEM;
    if (s->ssl) {
        s->mux = mux_new(s->fd);
        BIO *bio = s->mux ? mux_bio(s->mux) : NULL;
        if (!bio)
            return -ENOMEM;
        SSL_set_bio(s->ssl, bio, bio);
        if (role == STREAM_ACCEPTED)
            SSL_set_accept_state(s->ssl);
        else
            SSL_set_connect_state(s->ssl);
    }
    /* A client of TLS speaks first. Otherwise a connected socket is writable at once, so that this begins in the loop, too. */
    bool hears = s->ssl && role == STREAM_ACCEPTED;
    s->state = hears ? HANDSHAKE : CONNECTING;
    return event_add(hears ? s->read_event : s->write_event, NULL) ? -ENOMEM : 0;
}

struct stream *stream_new(struct event_base *base, int fd, SSL *ssl, enum stream_role role, stream_fn *fn, void *arg)
{
    struct stream *s = calloc(1, sizeof *s);
    if (!s) {
        SSL_free(ssl);
        close(fd);
        return NULL;
    }
    s->fd = fd;
    s->ssl = ssl;
    s->fn = fn;
    s->arg = arg;
    if (start(s, base, role)) {
        destroy(s);
        return NULL;
    }
    return s;
}

void stream_set_callback(struct stream *s, stream_fn *fn, void *arg)
{
    s->fn = fn;
    s->arg = arg;
}

void stream_free(struct stream *s)
{
    if (!s || s->freed)
        return;
    s->freed = true;
    if (!s->busy)
        destroy(s);
}

void stream_detach(struct stream *s)
{
    event_free(s->read_event);
    event_free(s->write_event);
    s->read_event = s->write_event = NULL;
}

int stream_attach(struct stream *s, struct event_base *base)
{
    s->read_event = event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
    s->write_event = event_new(base, s->fd, EV_WRITE | EV_PERSIST, on_writable, s);
    if (!s->read_event || !s->write_event)
        return -ENOMEM;
    s->paused = false;
    update(s);
    wake_pending(s);
    return 0;
}

struct evbuffer *stream_input(struct stream *s)
{
    return s->in;
}

size_t stream_pending(const struct stream *s)
{
    return evbuffer_get_length(s->out);
}

int stream_write(struct stream *s, const void *data, size_t len)
{
    if (s->finishing || s->state == DEAD)
        return -EPIPE;
    if (evbuffer_add(s->out, data, len))
        return -ENOMEM;
    if (!s->busy)
        update(s);
    return 0;
}

int stream_write_buffer(struct stream *s, struct evbuffer *from)
{
    if (s->finishing || s->state == DEAD)
        return -EPIPE;
    if (evbuffer_add_buffer(s->out, from))
        return -ENOMEM;
    if (!s->busy)
        update(s);
    return 0;
}

void stream_take_records(struct stream *s, stream_record_fn *fn, void *arg)
{
    if (s->mux)
        mux_take_records(s->mux, fn, arg);
}

int stream_send_record(struct stream *s, const uint8_t *record, uint32_t len)
{
    if (!s->mux || s->finishing || s->state != OPEN)
        return -EPIPE;
    int rc = mux_queue(s->mux, record, len);
    if (!rc && !s->busy)
        update(s);
    return rc;
}

void stream_pause(struct stream *s, bool pause)
{
    if (s->paused == pause)
        return;
    s->paused = pause;
    if (!s->busy)
        update(s);
    if (!pause)
        wake_pending(s);
}

void stream_finish(struct stream *s)
{
    s->finishing = true;
    if (!s->busy)
        update(s);
}

bool stream_finished(const struct stream *s)
{
    return s->closed;
}

bool stream_ended(const struct stream *s)
{
    return s->ended;
}

SSL *stream_ssl(const struct stream *s)
{
    return s->ssl;
}

int stream_fd(const struct stream *s)
{
    return s->fd;
}

int stream_error(const struct stream *s)
{
    return s->error;
}
