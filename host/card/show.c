/* SPDX-License-Identifier: Apache-2.0 */
#include "card/card.h"

#include <stdio.h>

#include "sluice_regs.h"

#define FEATURE(bit, name)                                                                                                       \
    {                                                                                                                            \
        SLUICE_FEATURES_##bit##_SHIFT, name                                                                                      \
    }

static void put(json_t *to, const char *key, uint64_t value)
{
    json_object_set_new(to, key, json_integer((json_int_t)value));
}

static void put_text(json_t *to, const char *key, const char *text)
{
    json_object_set_new(to, key, json_string(text));
}

static void put_hex(json_t *to, const char *key, uint32_t value)
{
    json_object_set_new(to, key, json_sprintf("%08x", value));
}

/* ---------------------------------------------------------------- info */

static json_t *features(uint32_t bits)
{
    static const struct {
        unsigned shift;
        const char *name;
    } names[] = {FEATURE(AES, "aes"),
                 FEATURE(AES192, "aes192"),
                 FEATURE(DES, "des"),
                 FEATURE(SHA1, "sha1"),
                 FEATURE(SHA256, "sha256"),
                 FEATURE(MD5, "md5"),
                 FEATURE(UDP, "udp"),
                 FEATURE(TLS, "tls"),
                 FEATURE(CUT_THROUGH, "cut_through"),
                 FEATURE(PAGE_LIST, "page_list"),
                 FEATURE(NULL, "null"),
                 FEATURE(MANAGED, "managed")};
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (bits >> names[i].shift & 1) {
            json_array_append_new(list, json_string(names[i].name));
        }
    }
    return list;
}

/* A bit of HEALTH that tells of something wrong. */
#define HEALTH_BAD (SLUICE_HEALTH_ENTROPY_FAILED | SLUICE_HEALTH_LANE_FAILED | SLUICE_HEALTH_MEMORY_FAILED | SLUICE_HEALTH_PARITY)

static json_t *health_names(uint32_t flags)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {{SLUICE_HEALTH_ENTROPY_SEEDED, "entropy_seeded"},
                 {SLUICE_HEALTH_ENTROPY_FAILED, "entropy_failed"},
                 {SLUICE_HEALTH_LANE_FAILED, "lane_failed"},
                 {SLUICE_HEALTH_MEMORY_FAILED, "memory_failed"},
                 {SLUICE_HEALTH_PARITY, "parity"}};
    json_t *list = json_array();

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (flags & names[i].bit) {
            json_array_append_new(list, json_string(names[i].name));
        }
    }
    return list;
}

static void put_info(json_t *to, const struct sluice_info *info)
{
    put_text(to, "engine", info->engine);
    json_object_set_new(to, "interface", json_sprintf("%u.%u", info->major, info->minor));
    put_hex(to, "build_id", info->build_id);
    put(to, "clock_khz", info->clock_khz);
    json_object_set_new(to, "features", features(info->features));
    put(to, "lanes", info->lanes);
    put(to, "legacy_lanes", info->legacy_lanes);
    put(to, "stream_lanes", info->stream_lanes);
    put(to, "queue_pairs", info->io_queues);
    put(to, "queue_depth", info->max_depth);
    put(to, "sas", info->sa_count);
    put(to, "sa_slots", info->sa_slots);
    put(to, "replay_window", info->window);
}

static void put_health(json_t *to, const struct sluice_card_health *health)
{
    uint32_t v = health->fw_version;

    put_text(to, "firmware_state", sluice_fw_state_name(health->state));
    json_object_set_new(to, "firmware_version", json_sprintf("%u.%u.%u", v >> 16 & 0xff, v >> 8 & 0xff, v & 0xff));
    put_hex(to, "firmware_build", health->fw_build);
    json_object_set_new(to, "lanes_in_service", json_sprintf("%x", health->lanes_ok));
    json_object_set_new(to, "health", health_names(health->flags));
}

int card_show_info(struct sluice_card *card, json_t **result)
{
    struct sluice_card_health health;
    struct sluice_info info;
    int err = sluice_card_info(card, &info);

    err = err ? err : sluice_card_health(card, &health);
    if (err) {
        return err;
    }
    *result = json_object();
    put_info(*result, &info);
    put_health(*result, &health);
    return health.state != SLUICE_FW_STATE_READY || health.flags & HEALTH_BAD ? 1 : 0;
}

/* ---------------------------------------------------------------- self-test, log */

int card_show_selftest(struct sluice_card *card, json_t **result)
{
    struct sluice_selftest test;
    int err = sluice_card_selftest(card, &test);
    bool good;

    if (err) {
        return err;
    }
    good = !test.failed && !test.march && !test.rings;
    *result = json_object();
    put_text(*result, "verdict", good ? "passed" : "failed");
    put(*result, "known_answers", test.vectors);
    json_object_set_new(*result, "lanes_tested", json_sprintf("%x", test.tested));
    json_object_set_new(*result, "lanes_failed", json_sprintf("%x", test.failed));
    json_object_set_new(*result, "lanes_in_service", json_sprintf("%x", test.in_service));
    put(*result, "first_failure", test.first_failure);
    json_object_set_new(*result, "memories_failed", json_sprintf("%x", test.march));
    json_object_set_new(*result, "rings_failed", json_sprintf("%x", test.rings));
    return good ? 0 : 1;
}

int card_show_log(struct sluice_card *card, json_t **result)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    int n = sluice_card_log(card, events, SLUICE_LOG_MOST, false);
    json_t *list;

    if (n < 0) {
        return n;
    }
    list = json_array();
    for (int i = 0; i < n; i++) {
        json_t *event = json_object();

        put(event, "clocks", events[i].clocks);
        put_text(event, "event", sluice_log_event_name(events[i].event));
        put(event, "where", events[i].where);
        put_hex(event, "data0", events[i].data[0]);
        put_hex(event, "data1", events[i].data[1]);
        json_array_append_new(list, event);
    }
    *result = json_object();
    json_object_set_new(*result, "events", list);
    return 0;
}

/* ---------------------------------------------------------------- counters */

static json_t *by_status(const uint64_t counts[16])
{
    json_t *list = json_object();

    for (unsigned i = 0; i < 16; i++) {
        if (counts[i]) {
            put(list, sluice_status_name((enum sluice_status)i), counts[i]);
        }
    }
    return list;
}

static json_t *lanes(const struct sluice_stats *stats)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < stats->lanes; i++) {
        json_t *lane = json_object();

        put(lane, "lane", i);
        put(lane, "records", stats->lane[i].records);
        put(lane, "busy", stats->lane[i].busy);
        put(lane, "starved", stats->lane[i].starved);
        put(lane, "blocked", stats->lane[i].blocked);
        json_array_append_new(list, lane);
    }
    return list;
}

int card_show_stats(struct sluice_card *card, json_t **result)
{
    struct sluice_stats s;
    int err = sluice_card_stats(card, &s);

    if (err) {
        return err;
    }
    *result = json_object();
    put(*result, "cycles", s.cycles);
    put(*result, "busy_cycles", s.busy_cycles);
    put(*result, "record_bytes", s.record_bytes);
    put(*result, "content_bytes", s.content_bytes);
    put(*result, "rx_beats", s.rx_beats);
    put(*result, "tx_beats", s.tx_beats);
    put(*result, "tx_stall", s.tx_stall);
    put(*result, "tag_stall", s.tag_stall);
    put(*result, "lane_stall", s.lane_stall);
    put(*result, "bad_tlp", s.bad_tlp);
    put(*result, "bad_doorbell", s.bad_doorbell);
    put(*result, "interrupts", s.interrupts);
    json_object_set_new(*result, "seal_status", by_status(s.seal_status));
    json_object_set_new(*result, "open_status", by_status(s.open_status));
    json_object_set_new(*result, "lanes", lanes(&s));
    return 0;
}

/* ---------------------------------------------------------------- deeds */

static int done(struct sluice_card *card, const char *what, json_t **result)
{
    struct sluice_card_health health;
    int err = sluice_card_health(card, &health);

    if (err) {
        return err;
    }
    *result = json_object();
    put_text(*result, "done", what);
    put_health(*result, &health);
    return health.state == SLUICE_FW_STATE_READY ? 0 : 1;
}

int card_do_reset(struct sluice_card *card, json_t **result)
{
    int err = sluice_card_reset(card);

    return err ? err : done(card, "reset", result);
}

int card_do_zeroise(struct sluice_card *card, json_t **result)
{
    int err = sluice_card_zeroise(card);

    return err ? err : done(card, "zeroise", result);
}
