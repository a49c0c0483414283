/* SPDX-License-Identifier: Apache-2.0 */
#include "client/linger.h"

#include <stdlib.h>

#define LINGER_MS 2000

struct lingering {
    struct client *client;
    struct stream *stream;
    uint64_t until;
    struct lingering *next;
};

static void end(struct lingering *l)
{
    struct lingering **at = &l->client->lingering;
    while (*at != l)
        at = &(*at)->next;
    *at = l->next;
    stream_free(l->stream);
    free(l);
}

static void on_stream(struct stream *stream, enum stream_event event, void *arg)
{
    if (event == STREAM_ERROR || stream_finished(stream))
        end(arg);
    else if (event == STREAM_DATA)
        evbuffer_drain(stream_input(stream), evbuffer_get_length(stream_input(stream)));
}

void client_linger(struct client *client, struct stream *stream)
{
    struct lingering *l = malloc(sizeof *l);
    if (!l) {
        stream_free(stream);
        return;
    }
    *l = (struct lingering){.client = client, .stream = stream, .until = client_now() + LINGER_MS, .next = client->lingering};
    client->lingering = l;
    stream_set_callback(stream, on_stream, l);
    stream_pause(stream, false);
    stream_finish(stream);
}

void linger_tick(struct client *client)
{
    struct lingering *next;
    for (struct lingering *l = client->lingering; l; l = next) {
        next = l->next;
        if (client_now() >= l->until)
            end(l);
    }
}

void linger_free_all(struct client *client)
{
    struct lingering *next;
    for (struct lingering *l = client->lingering; l; l = next) {
        next = l->next;
        end(l);
    }
}
