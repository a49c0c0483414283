/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/stats.h"

#include <string.h>

void stats_fold(struct stats *stats, struct batch_counts *counts, _Atomic uint64_t *datagrams, _Atomic uint64_t *bytes)
{
    stats_add(datagrams, counts->datagrams);
    stats_add(&stats->datagrams_segmented, counts->segmented);
    if (bytes)
        stats_add(bytes, counts->bytes);
    for (unsigned i = 0; i < REFUSAL_COUNT; i++) {
        if (counts->refused[i])
            stats_add(&stats->refused[i], counts->refused[i]);
    }
    memset(counts, 0, sizeof *counts);
}

static uint64_t value(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void stats_sum(struct stats *sum, const struct stats *from)
{
#define X(name, help) stats_add(&sum->name, value(&from->name));
    STATS_LIST(X)
#undef X
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        stats_add(&sum->refused[i], value(&from->refused[i]));
}

json_t *stats_json(const struct stats *stats)
{
    json_t *all = json_object(), *refused = json_object();
#define X(name, help) json_object_set_new(all, #name, json_integer((json_int_t)value(&stats->name)));
    STATS_LIST(X)
#undef X
    for (unsigned i = 0; i < REFUSAL_COUNT; i++)
        json_object_set_new(refused, refusal_name((enum refusal)i), json_integer((json_int_t)value(&stats->refused[i])));
    json_object_set_new(all, "refused", refused);
    return all;
}

static bool is_gauge(const char *name)
{
    size_t len = strlen(name);
    return (len > 5 && !strcmp(name + len - 5, "_open")) || !strcmp(name, "engine_busy") || !strcmp(name, "chunks_free");
}

void stats_each(const struct stats *stats, stats_fn *fn, void *arg)
{
#define X(name, help) fn(arg, #name, help, is_gauge(#name), value(&stats->name));
    STATS_LIST(X)
#undef X
}
