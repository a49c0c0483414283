/* SPDX-License-Identifier: Apache-2.0 */
/* The counters in Prometheus' text format (0.0.4). */
#ifndef SLUICED_METRICS_H
#define SLUICED_METRICS_H

#include <event2/buffer.h>

#include "sluiced/proxy.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Main thread; may block for the card. -ENOMEM. */
int metrics_write(struct proxy *proxy, struct evbuffer *out);

#endif
