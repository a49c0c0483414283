/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/history.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sluiced/worker.h"

enum { BYTES_UP, BYTES_DOWN, DATAGRAMS_UP, DATAGRAMS_DOWN, REFUSED, COUNTERS, ASSOCIATIONS = COUNTERS, STREAMS, COLUMNS };

static const char *const names[COLUMNS] = {"bytes_up", "bytes_down",   "datagrams_up", "datagrams_down",
                                           "refused",  "associations", "streams"};

struct history {
    double rows[HISTORY_SECONDS][COLUMNS];
    unsigned count, next;
    uint64_t before[COUNTERS];
    double at; /* of `before` */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

struct history *history_new(void)
{
    struct history *history = calloc(1, sizeof *history);
    if (history)
        history->at = seconds_now();
    return history;
}

void history_free(struct history *history)
{
    free(history);
}

static void add_up(const struct stats *stats, uint64_t counters[COLUMNS])
{
#define ADD(column, counter) counters[column] += atomic_load_explicit(&stats->counter, memory_order_relaxed)
    ADD(BYTES_UP, datagram_bytes_up);
    ADD(BYTES_UP, stream_bytes_up);
    ADD(BYTES_DOWN, datagram_bytes_down);
    ADD(BYTES_DOWN, stream_bytes_down);
    ADD(DATAGRAMS_UP, datagrams_up);
    ADD(DATAGRAMS_DOWN, datagrams_down);
    ADD(ASSOCIATIONS, associations_open);
    ADD(ASSOCIATIONS, naked_associations_open);
    ADD(STREAMS, streams_open);
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        ADD(REFUSED, refused[i]);
#undef ADD
}

void history_tick(struct history *history, const struct proxy *proxy)
{
    uint64_t counters[COLUMNS] = {0};
    double now = seconds_now(), seconds = now - history->at;
    for (unsigned i = 0; i < proxy->worker_count; i++)
        add_up(&proxy->workers[i]->stats, counters);
    if (seconds > 0) {
        double *row = history->rows[history->next];
        for (unsigned i = 0; i < COLUMNS; i++)
            row[i] = i < COUNTERS ? (double)(counters[i] - history->before[i]) / seconds : (double)counters[i];
        history->next = (history->next + 1) % HISTORY_SECONDS;
        history->count += history->count < HISTORY_SECONDS;
    }
    memcpy(history->before, counters, sizeof history->before);
    history->at = now;
}

json_t *history_json(const struct history *history, unsigned seconds)
{
    unsigned count = seconds < history->count ? seconds : history->count;
    json_t *all = json_object();
    json_object_set_new(all, "seconds", json_integer(count));
    for (unsigned column = 0; column < COLUMNS; column++) {
        json_t *list = json_array();
        for (unsigned i = count; i > 0; i--) {
            double value = history->rows[(history->next + HISTORY_SECONDS - i) % HISTORY_SECONDS][column];
            json_array_append_new(list, json_integer((json_int_t)(value + 0.5)));
        }
        json_object_set_new(all, names[column], list);
    }
    return all;
}
