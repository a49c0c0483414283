/* SPDX-License-Identifier: Apache-2.0 */
/* What passed in each of the last seconds, for the graph of the status page. Main thread. */
#ifndef SLUICED_HISTORY_H
#define SLUICED_HISTORY_H

#include <jansson.h>

#define HISTORY_SECONDS 300

struct history;
struct proxy;

struct history *history_new(void); /* NULL: no memory */
void history_free(struct history *history);
/* Every second. */
void history_tick(struct history *history, const struct proxy *proxy);
/* {"seconds": n, "bytes_up": [...], ...}: rates, the oldest second first. With `seconds` 1 that of the last one alone. NULL: no
 * memory. */
json_t *history_json(const struct history *history, unsigned seconds);

#endif
