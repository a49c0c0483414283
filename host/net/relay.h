/* SPDX-License-Identifier: Apache-2.0 */
/* Two streams joined: bytes both ways, each half closed on its own, a slow reader holds back the writer on the other side. */
#ifndef HOST_NET_RELAY_H
#define HOST_NET_RELAY_H

#include <stdint.h>

#include "net/stream.h"

struct relay;

struct relay_end {
    uint64_t bytes[2]; /* from a to b, from b to a */
    int error;         /* 0: both halves ended in order; ETIMEDOUT: idle */
};

typedef void relay_ended_fn(void *arg, const struct relay_end *end);
/* So many bytes came from `a` (side 0) or `b` (1): for how many milliseconds no more are to be read there. */
typedef unsigned relay_pace_fn(void *arg, unsigned side, size_t bytes);

/* Takes over both open streams, and what is already in their inputs. `ended` is called once, from the loop, after which relay and
 * streams are gone; not called by relay_free. Idle time in seconds without a byte either way; 0: none. NULL: no memory, streams
 * freed. */
struct relay *relay_new(struct event_base *base, struct stream *a, struct stream *b, unsigned idle_seconds, relay_ended_fn *ended,
                        void *arg);
/* Holds back whoever sends faster than `pace` (called with the same `arg`) allows. */
void relay_set_pace(struct relay *relay, relay_pace_fn *pace);
void relay_free(struct relay *relay);

#endif
