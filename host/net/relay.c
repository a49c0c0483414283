/* SPDX-License-Identifier: Apache-2.0 */
#include "net/relay.h"

#include <errno.h>
#include <stdlib.h>

#define HIGH_WATER (256u * 1024) /* output waiting on one side that holds back the other */

struct side {
    struct relay *relay;
    struct stream *stream;
    struct side *other;
    uint64_t *bytes; /* that came from here */
};

struct relay {
    struct side a, b;
    struct relay_end end;
    struct event *idle;
    struct timeval idle_time;
    relay_ended_fn *ended;
    void *arg;
};

void relay_free(struct relay *relay)
{
    if (!relay)
        return;
    if (relay->idle)
        event_free(relay->idle);
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

static void pass_on(struct side *side)
{
    struct evbuffer *in = stream_input(side->stream);
    *side->bytes += evbuffer_get_length(in);
    if (side->relay->idle)
        event_add(side->relay->idle, &side->relay->idle_time);
    stream_write_buffer(side->other->stream, in);
    if (stream_pending(side->other->stream) > HIGH_WATER)
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
        if (!stream_ended(side->other->stream))
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
