/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP connection in an event loop, in clear or under TLS, with half-close and back-pressure. libevent's own TLS bufferevent
 * stops writing when the peer has ended its half, which a relay must not do.
 *
 * A stream belongs to the thread of its event loop. It may be freed inside its own callback.
 */
#ifndef HOST_NET_STREAM_H
#define HOST_NET_STREAM_H

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct stream;

enum stream_role {
    STREAM_ACCEPTED,   /* the socket is connected; with TLS: server side of the handshake */
    STREAM_CONNECTING, /* connect() was called (may be in progress); with TLS: client side of the handshake */
};

enum stream_event {
    STREAM_OPEN,    /* connected, and the handshake is done. Comes once, before everything else but an error */
    STREAM_DATA,    /* there is more in stream_input */
    STREAM_DRAINED, /* the output has been written out */
    STREAM_EOF,     /* the peer will send no more (FIN; under TLS: close_notify). Comes once; writing goes on */
    STREAM_ERROR,   /* broken: reset, time-out, handshake or record failure, FIN without close_notify. The stream is dead: free it
                     */
};

typedef void stream_fn(struct stream *stream, enum stream_event event, void *arg);

/* Takes over `fd` (made non-blocking) and `ssl` (NULL: in clear), also when it fails (NULL: no memory). The first event comes
 * from the loop, never from inside this call. */
struct stream *stream_new(struct event_base *base, int fd, SSL *ssl, enum stream_role role, stream_fn *fn, void *arg);
void stream_set_callback(struct stream *stream, stream_fn *fn, void *arg);
/* Closes at once; output that was not written is lost. NULL is allowed. */
void stream_free(struct stream *stream);

/* Leaves its event loop, and goes on in another, of another thread perhaps; not inside its callback. What had been received is
 * told again. -ENOMEM: free it. */
void stream_detach(struct stream *stream);
int stream_attach(struct stream *stream, struct event_base *base);

/* What was received and not yet drained by the owner. Reading pauses by itself at 256 KiB. */
struct evbuffer *stream_input(struct stream *stream);
/* Bytes not yet written. */
size_t stream_pending(const struct stream *stream);
/* Queues a copy of `data`; -ENOMEM, -EPIPE after stream_finish. */
int stream_write(struct stream *stream, const void *data, size_t len);
/* Moves all of `from` to the output, without a copy. */
int stream_write_buffer(struct stream *stream, struct evbuffer *from);
/* Sluice records between those of TLS (mux.h). The callback comes from inside of reading. -EPIPE: not open, or in clear;
 * -ENOBUFS: too much waits; -ENOMEM. */
typedef void stream_record_fn(void *arg, const uint8_t *record, uint32_t len);
void stream_take_records(struct stream *stream, stream_record_fn *fn, void *arg);
int stream_send_record(struct stream *stream, const uint8_t *record, uint32_t len);
/* Stops or resumes reading: back-pressure. */
void stream_pause(struct stream *stream, bool pause);
/* Ends this side's half once the output is written: close_notify under TLS, then FIN. */
void stream_finish(struct stream *stream);
bool stream_finished(const struct stream *stream); /* that has been done */
bool stream_ended(const struct stream *stream);    /* the peer's half has ended */

SSL *stream_ssl(const struct stream *stream); /* NULL: in clear */
int stream_fd(const struct stream *stream);
/* errno of what broke it; EPROTO for TLS. */
int stream_error(const struct stream *stream);

#endif
