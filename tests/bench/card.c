/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of the card, in its own clocks. A figure is of the steady state: the same work is done with few records and with
 * three times as many, and the difference is counted, so that filling and emptying the card cancel out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "load.h"
#include "sluice_regs.h"
#include "table.h"
#include "tests/driver/kit.h"

#define OF_BOUND       0.90
#define OF_BOUND_SHORT 0.80 /* records of 64 bytes */
#define GOAL_LATENCY   2600
#define QUICK_BYTES    1.4 /* of 2 lanes, a clock */
#define LEGACY_RECORDS 32u
#define FEW            3u /* parts of the longer run */

struct suite {
    const char *name;
    enum sluice_cipher cipher;
    enum sluice_mac mac;
    enum sluice_form form;
    uint8_t mac_len;
    bool judged;
};

/* The suites that a proxy offers, by their strongest form. */
static const struct suite suites[] = {
    {"AES-128 SHA-256", SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 16, true},
    {"AES-256 SHA-256", SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 16, true},
    {"AES-128 SHA-1", SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20, true},
    {"AES-256 SHA-1", SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20, true},
    {"3DES SHA-1", SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20, false},
    {"DES MD5", SLUICE_CIPHER_DES, SLUICE_MAC_MD5, SLUICE_FORM_UDP_MTE, 16, false},
};

/* Records of the longer run: enough to keep every lane at work, few enough for a simulation. */
static const struct {
    uint32_t content;
    unsigned records;
} sizes[] = {{64, 1536}, {256, 768}, {512, 768}, {1400, 384}, {16384, 96}};

static const char *const modes[] = {"seal", "open", "half and half"};

static bool has(const struct sluice_info *info, const struct suite *s)
{
    uint32_t need = s->mac == SLUICE_MAC_MD5 ? 1u << SLUICE_FEATURES_MD5_SHIFT : 0;

    need |= s->cipher == SLUICE_CIPHER_DES || s->cipher == SLUICE_CIPHER_DES3 ? 1u << SLUICE_FEATURES_DES_SHIFT : 0;
    return (info->features & need) == need;
}

static double percent(uint64_t part, uint64_t whole)
{
    return 100.0 * (double)part / (double)whole;
}

/* Where the clocks went, of the longer run. */
static void details(const struct sluice_stats *s)
{
    uint64_t busy = 0, starved = 0, blocked = 0, all = s->busy_cycles * s->lanes;

    for (unsigned i = 0; i < s->lanes; i++) {
        busy += s->lane[i].busy;
        starved += s->lane[i].starved;
        blocked += s->lane[i].blocked;
    }
    printf("    %% of clocks: tx beats %.0f, rx beats %.0f, stalled: tx %.0f, tags %.0f, for a lane %.0f; "
           "lanes: busy %.0f, starved %.0f, blocked %.0f\n",
           percent(s->tx_beats, s->busy_cycles), percent(s->rx_beats, s->busy_cycles), percent(s->tx_stall, s->busy_cycles),
           percent(s->tag_stall, s->busy_cycles), percent(s->lane_stall, s->busy_cycles), percent(busy, all),
           percent(starved, all), percent(blocked, all));
}

static void judge(const struct bench_options *o, const char *figure, double share, const struct load_figures *few,
                  const struct load_figures *many)
{
    unsigned records = many->bound.records - few->bound.records;
    double clocks = (double)(many->stats.busy_cycles - few->stats.busy_cycles) / records;
    double content = (double)(many->stats.content_bytes - few->stats.content_bytes) / records;

    table_rate(figure, content, bound_clocks(&many->bound), share, clocks);
    if (o->details) {
        details(&many->stats);
    }
}

static void measure(const struct bench_options *o, struct load *l, enum load_mode mode, unsigned records, const char *figure,
                    double share)
{
    struct load_figures few, many;
    unsigned unit = 2 * l->queues, first = records / FEW / unit * unit;

    load_run(l, mode, 0, first, &few);
    load_run(l, mode, first / l->queues, records, &many);
    if (figure) {
        judge(o, figure, share, &few, &many);
    }
}

/* All rows of a suite and a size. Records have to be sealed before they can be opened, asked for or not. */
static void rows(const struct bench_options *o, struct load *l, const struct suite *s, uint32_t content, unsigned records)
{
    struct sluice_sa_config c = kit_config(s->cipher, s->mac, s->form, SLUICE_DIRECTION_SEAL, s->mac_len);
    double share = !s->judged ? 0 : content == 64 ? OF_BOUND_SHORT : OF_BOUND;
    char figure[3][80];
    bool asked[3];

    for (unsigned m = 0; m < 3; m++) {
        snprintf(figure[m], sizeof figure[m], "%s, %s, %u bytes", modes[m], s->name, content);
        asked[m] = bench_asked(o, figure[m]);
    }
    if (!asked[0] && !asked[1] && !asked[2]) {
        return;
    }
    load_suite(l, &c, content);
    measure(o, l, LOAD_SEAL, records, asked[0] ? figure[0] : NULL, share);
    if (asked[1]) {
        measure(o, l, LOAD_OPEN, records, figure[1], share);
        load_reopen(l);
    }
    if (asked[2]) {
        measure(o, l, LOAD_MIXED, records, figure[2], share);
    }
}

static void latency(const struct bench_options *o, struct load *l, const struct suite *s)
{
    struct sluice_sa_config c = kit_config(s->cipher, s->mac, s->form, SLUICE_DIRECTION_SEAL, s->mac_len);
    char figure[80];

    snprintf(figure, sizeof figure, "alone, 1400 bytes, %s, doorbell to interrupt", s->name);
    if (!bench_asked(o, figure)) {
        return;
    }
    load_suite(l, &c, 1400);
    snprintf(figure, sizeof figure, "seal alone, 1400 bytes, %s, doorbell to interrupt", s->name);
    table_row(figure, GOAL_BELOW, GOAL_LATENCY, (double)load_alone(l, LOAD_SEAL), "cycles");
    snprintf(figure, sizeof figure, "open alone, 1400 bytes, %s, doorbell to interrupt", s->name);
    table_row(figure, GOAL_BELOW, GOAL_LATENCY, (double)load_alone(l, LOAD_OPEN), "cycles");
}

static void full(const struct bench_options *o, struct load *l)
{
    for (unsigned i = 0; i < sizeof suites / sizeof *suites; i++) {
        const struct suite *s = &suites[i];

        for (unsigned k = 0; k < sizeof sizes / sizeof *sizes && has(&l->info, s); k++) {
            if (s->judged) {
                rows(o, l, s, sizes[k].content, sizes[k].records);
            } else if (sizes[k].content == 1400) {
                rows(o, l, s, sizes[k].content, 2 * LEGACY_RECORDS);
            }
        }
    }
    for (unsigned i = 0; i < sizeof suites / sizeof *suites && suites[i].judged; i++) {
        latency(o, l, &suites[i]);
    }
}

/* Few lanes cannot fill the link: what is asked of them is bytes a clock. */
static void quick(struct load *l)
{
    const struct suite *s = &suites[0];
    struct sluice_sa_config c = kit_config(s->cipher, s->mac, s->form, SLUICE_DIRECTION_SEAL, s->mac_len);
    struct load_figures f;
    char figure[80];

    load_suite(l, &c, 1400);
    for (unsigned m = 0; m < 3; m++) {
        if (m == LOAD_MIXED) {
            load_reopen(l);
        }
        load_run(l, (enum load_mode)m, 0, 256, &f);
        snprintf(figure, sizeof figure, "%s, %s, 1400 bytes, 256 records", modes[m], s->name);
        table_row(figure, GOAL_AT_LEAST, QUICK_BYTES, (double)f.stats.content_bytes / (double)f.stats.busy_cycles, "B/cycle");
    }
    latency(&(struct bench_options){0}, l, s);
}

void bench_card(const struct bench_options *o)
{
    static const char *const none[] = {NULL};
    char title[120];
    struct load l;

    load_begin(&l, none);
    snprintf(title, sizeof title, "The simulated card, %u lanes, %u queue pairs", l.info.lanes, l.info.io_queues);
    if (o->full) {
        table_rate_head(title);
        full(o, &l);
    } else {
        table_head(title);
        quick(&l);
    }
    load_end(&l);
}
