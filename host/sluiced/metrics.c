/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/metrics.h"

#include <errno.h>
#include <string.h>

#include "sluiced/overload.h"
#include "sluiced/worker.h"

struct writer {
    struct evbuffer *out;
    const struct proxy *proxy;
    unsigned index; /* of the counter */
};

static void put_head(struct evbuffer *out, const char *name, const char *help, bool gauge)
{
    evbuffer_add_printf(out, "# HELP sluice_%s%s %s\n# TYPE sluice_%s%s %s\n", name, gauge ? "" : "_total", help, name,
                        gauge ? "" : "_total", gauge ? "gauge" : "counter");
}

/* ---- counters of workers */

struct one {
    unsigned index, wanted;
    uint64_t value;
};

static void pick(void *arg, const char *name, const char *help, bool gauge, uint64_t value)
{
    struct one *one = arg;
    (void)name;
    (void)help;
    (void)gauge;
    if (one->index++ == one->wanted)
        one->value = value;
}

/* All samples of a metric stand together: so each counter of all workers, then the next. */
static void put_counter(void *arg, const char *name, const char *help, bool gauge, uint64_t value)
{
    struct writer *writer = arg;
    (void)value;
    put_head(writer->out, name, help, gauge);
    for (unsigned i = 0; i < writer->proxy->worker_count; i++) {
        struct one one = {.wanted = writer->index};
        stats_each(&writer->proxy->workers[i]->stats, pick, &one);
        evbuffer_add_printf(writer->out, "sluice_%s%s{worker=\"%u\"} %llu\n", name, gauge ? "" : "_total", i,
                            (unsigned long long)one.value);
    }
    writer->index++;
}

static void put_refusals(struct evbuffer *out, const struct proxy *proxy)
{
    put_head(out, "refused_datagrams", "datagrams dropped, by reason", false);
    for (unsigned i = 0; i < proxy->worker_count; i++) {
        for (unsigned reason = 0; reason < REFUSAL_COUNT; reason++)
            evbuffer_add_printf(out, "sluice_refused_datagrams_total{worker=\"%u\",reason=\"%s\"} %llu\n", i,
                                refusal_name((enum refusal)reason),
                                (unsigned long long)atomic_load(&proxy->workers[i]->stats.refused[reason]));
    }
}

/* ---- the card */

static void put_value(struct evbuffer *out, const char *name, const char *help, bool gauge, uint64_t value)
{
    put_head(out, name, help, gauge);
    evbuffer_add_printf(out, "sluice_%s%s %llu\n", name, gauge ? "" : "_total", (unsigned long long)value);
}

static void put_lanes(struct evbuffer *out, const struct sluice_stats *stats)
{
    static const struct {
        const char *name, *help;
        size_t offset;
    } columns[] = {
        {"card_lane_records", "records that a lane did", offsetof(struct sluice_stats, lane[0].records)},
        {"card_lane_busy_clocks", "clocks in which a lane worked", offsetof(struct sluice_stats, lane[0].busy)},
        {"card_lane_starved_clocks", "clocks in which a lane waited for data", offsetof(struct sluice_stats, lane[0].starved)},
        {"card_lane_blocked_clocks", "clocks in which a lane's result waited", offsetof(struct sluice_stats, lane[0].blocked)},
    };
    for (unsigned column = 0; stats->lanes && column < sizeof columns / sizeof *columns; column++) {
        put_head(out, columns[column].name, columns[column].help, false);
        for (unsigned i = 0; i < stats->lanes && i < 32; i++) {
            uint64_t value;
            memcpy(&value, (const char *)stats + columns[column].offset + i * sizeof stats->lane[0], sizeof value);
            evbuffer_add_printf(out, "sluice_%s_total{lane=\"%u\"} %llu\n", columns[column].name, i, (unsigned long long)value);
        }
    }
}

static void put_statuses(struct evbuffer *out, const struct sluice_stats *stats)
{
    put_head(out, "card_records", "records that the engine did, by operation and what came of them", false);
    for (unsigned i = 0; i < 16; i++) {
        const char *name = sluice_status_name((enum sluice_status)i);
        if (stats->seal_status[i])
            evbuffer_add_printf(out, "sluice_card_records_total{operation=\"seal\",status=\"%s\"} %llu\n", name,
                                (unsigned long long)stats->seal_status[i]);
        if (stats->open_status[i])
            evbuffer_add_printf(out, "sluice_card_records_total{operation=\"open\",status=\"%s\"} %llu\n", name,
                                (unsigned long long)stats->open_status[i]);
    }
}

static void put_card(struct evbuffer *out, struct sluice_card *card)
{
    struct sluice_card_health health;
    struct sluice_info info;
    struct sluice_stats stats;
    if (sluice_card_info(card, &info) || sluice_card_stats(card, &stats) || sluice_card_health(card, &health))
        return;
    put_head(out, "engine", "which engine is at work", true);
    evbuffer_add_printf(out, "sluice_engine{engine=\"%s\"} 1\n", info.engine);
    put_value(out, "card_lanes_in_service", "lanes that work", true, (uint64_t)__builtin_popcount(health.lanes_ok));
    put_value(out, "card_health", "bits of its register HEALTH", true, health.flags);
    put_value(out, "card_busy_clocks", "clocks in which a record was under way", false, stats.busy_cycles);
    put_value(out, "card_clocks", "clocks since the card was reset", false, stats.cycles);
    put_value(out, "card_record_bytes", "bytes of records", false, stats.record_bytes);
    put_value(out, "card_content_bytes", "bytes of their contents", false, stats.content_bytes);
    put_value(out, "card_sas_swapped_out", "SAs that went to host memory", false, stats.sa_swaps_out);
    put_value(out, "card_interrupts", "interrupts", false, stats.interrupts);
    put_statuses(out, &stats);
    put_lanes(out, &stats);
}

int metrics_write(struct proxy *proxy, struct evbuffer *out)
{
    struct writer writer = {.out = out, .proxy = proxy};
    stats_each(&proxy->workers[0]->stats, put_counter, &writer);
    put_refusals(out, proxy);
    put_value(out, "resident_memory_bytes", "resident memory", true, overload_resident(proxy->overload));
    put_value(out, "memory_over", "1: nothing new is taken, since max_memory is reached", true, overload_memory(proxy->overload));
    put_value(out, "configuration_generation", "one more with each reload", true, proxy->policy->generation);
    struct sluice_card *card = cards_take(proxy->cards);
    put_card(out, card);
    cards_leave(proxy->cards, card);
    return evbuffer_get_length(out) ? 0 : -ENOMEM;
}
