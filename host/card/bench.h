/* SPDX-License-Identifier: Apache-2.0 */
/* sluice card bench: records through an engine, by suite, operation and size, and how long they took. */
#ifndef HOST_CARD_BENCH_H
#define HOST_CARD_BENCH_H

#include <jansson.h>
#include <stdbool.h>

#include "card/latency.h"
#include "sluice.h"

#define BENCH_SUITES 32u
#define BENCH_SIZES  32u
#define BENCH_QUEUES 64u
#define BENCH_DEPTH  4096u

struct bench_suite {
    char name[32];                  /* CIPHER-MAC[-BITS]-FORM */
    struct sluice_sa_config config; /* but for keys and direction */
};

/* What is asked for. */
struct bench_plan {
    struct bench_suite suite[BENCH_SUITES];
    uint32_t size[BENCH_SIZES]; /* bytes of content */
    unsigned suites, sizes;
    bool seal, open;
    unsigned queues, depth; /* threads, and operations in flight of each */
    double seconds;         /* of each row */
    bool spin;              /* poll without pause instead of waiting for the eventfd */
};

/* What came of one row. */
struct bench_row {
    uint64_t records, failed; /* those that ended otherwise than ok are in both */
    double seconds;
    uint64_t cycles; /* of the card; 0: it has none */
    struct latency latency;
};

/* The plan without any option. */
void bench_defaults(struct bench_plan *plan);
/* Sets option `name` (without hyphens) from text, NULL if it has none. 0; -EINVAL; -ENOENT: not one of bench's. */
int bench_set(struct bench_plan *plan, const char *name, const char *text);
/* Bytes of DMA memory that the plan takes; 0: more than there can be. */
size_t bench_memory(const struct bench_plan *plan);

/* One row, with threads of its own. `wait` is called every 100 ms with the seconds since its beginning; may be NULL. 0 or -errno.
 */
int bench_run(struct sluice_card *card, const struct bench_plan *plan, const struct bench_suite *suite,
              enum sluice_direction direction, uint32_t size, void (*wait)(void *arg, double seconds), void *arg,
              struct bench_row *row);

/* All rows on an open card; with progress on stderr. 0, 1 when operations failed, or -errno; then *result is untouched. */
int bench_card(struct sluice_card *card, const char *uri, const struct bench_plan *plan, bool progress, json_t **result);
void bench_print(const json_t *result);

#endif
