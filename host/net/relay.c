/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay.h"

#include <errno.h>
#include <stdlib.h>

#define HIGH_WATER (256u * 1024) /* output waiting on one side that holds back the other */

struct side {
    struct relay *relay;
    struct stream *stream;
    struct side *other;
    uint64_t *bytes;    /* that came from here */
    struct event *wait; /* for the pace; NULL: it has none */
    bool full, waiting; /* is not read since the other side is slow, or for the pace */
};

struct relay {
    struct event_base *base;
    struct side a, b;
    struct relay_end end;
    struct event *idle;
    struct timeval idle_time;
    relay_ended_fn *ended;
    relay_pace_fn *pace;
    void *arg;
};

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    if (relay->idle)
        event_free(relay->idle);
    if (relay->a.wait)
        event_free(relay->a.wait);
    if (relay->b.wait)
        event_free(relay->b.wait);
    stream_free(relay->a.stream);
    stream_free(relay->b.stream);
    free(relay);
}

static void end(struct relay *relay, int error)
{
    struct relay_end result = relay->end;
    relay_ended_fn *ended = relay->ended;
    void *arg = relay->arg;
    result.error = error;
    relay_free(relay);
    ended(arg, &result);
}

static void on_wait(evutil_socket_t fd, short what, void *arg)
{
    struct side *side = arg;
    (void)fd;
    (void)what;
    side->waiting = false;
    if (!side->full)
        stream_pause(side->stream, false);
}

static void pace(struct side *side, size_t bytes)
{
    struct relay *relay = side->relay;
    unsigned ms = relay->pace ? relay->pace(relay->arg, side == &relay->b, bytes) : 0;
    const struct timeval time = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};
    if (!ms)
        return;
    if (!side->wait)
        side->wait = evtimer_new(relay->base, on_wait, side);
    if (!side->wait || event_add(side->wait, &time))
        return;
    side->waiting = true;
    stream_pause(side->stream, true);
}

static void pass_on(struct side *side)
{
    struct evbuffer *in = stream_input(side->stream);
    size_t len = evbuffer_get_length(in);
    *side->bytes += len;
    pace(side, len);
    if (side->relay->idle)
        event_add(side->relay->idle, &side->relay->idle_time);
    stream_write_buffer(side->other->stream, in);
    side->full = stream_pending(side->other->stream) > HIGH_WATER;
    if (side->full)
        stream_pause(side->stream, true);
}

static void on_stream(struct stream *stream, enum stream_event event, void *arg)
{
    struct side *side = arg;
    switch (event) {
    case STREAM_OPEN:
        break;
    case STREAM_DATA:
        pass_on(side);
        break;
    case STREAM_EOF:
        stream_finish(side->other->stream);
        break;
    case STREAM_DRAINED:
        side->other->full = false;
        if (!stream_ended(side->other->stream) && !side->other->waiting)
            stream_pause(side->other->stream, false);
        if (stream_finished(stream) && stream_finished(side->other->stream))
            end(side->relay, 0);
        break;
    case STREAM_ERROR:
        end(side->relay, stream_error(stream));
        break;
    }
}

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    end(arg, ETIMEDOUT);
}

static void join(struct relay *relay, struct side *side, struct side *other, struct stream *stream, uint64_t *bytes)
{
    *side = (struct side){.relay = relay, .stream = stream, .other = other, .bytes = bytes};
    stream_set_callback(stream, on_stream, side);
}

/* What came before the two were joined. */
static void catch_up(struct side *side)
{
    if (evbuffer_get_length(stream_input(side->stream)))
        pass_on(side);
    if (stream_ended(side->stream))
        stream_finish(side->other->stream);
}

struct relay *relay_new(struct event_base *base, struct stream *a, struct stream *b, unsigned idle_seconds, relay_ended_fn *ended,
                        void *arg)
{
    struct relay *relay = calloc(1, sizeof *relay);
    if (!relay) {
        stream_free(a);
        stream_free(b);
        return NULL;
    }
    relay->base = base;
    relay->ended = ended;
    relay->arg = arg;
    relay->idle_time.tv_sec = (time_t)idle_seconds;
    join(relay, &relay->a, &relay->b, a, &relay->end.bytes[0]);
    join(relay, &relay->b, &relay->a, b, &relay->end.bytes[1]);
    if (idle_seconds) {
        relay->idle = evtimer_new(base, on_idle, relay);
        if (!relay->idle || event_add(relay->idle, &relay->idle_time)) {
            relay_free(relay);
            return NULL;
        }
    }
    stream_pause(a, false);
    stream_pause(b, false);
    catch_up(&relay->a);
    catch_up(&relay->b);
    return relay;
}

void relay_set_pace(struct relay *relay, relay_pace_fn *fn)
{
    relay->pace = fn;
}
