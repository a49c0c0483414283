/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of a bench, and how they are shown. */
#include "card/bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CLEAR_LINE "\r\033[K"

static const struct {
    const char *name, *title;
    uint32_t per_100000;
} percentiles[] = {{"p50", "p50", 50000}, {"p90", "p90", 90000}, {"p99", "p99", 99000}, {"p99_9", "p99.9", 99900}};
#define PERCENTILES (sizeof percentiles / sizeof *percentiles)

/* Where the bench is, for the progress line. */
struct bench {
    struct sluice_card *card;
    const struct bench_plan *plan;
    json_t *rows;
    bool progress;
    unsigned done, total;
    uint64_t failed;
    const char *now; /* suite */
    const char *operation;
    uint32_t size;
};

static void show_progress(void *arg, double seconds)
{
    const struct bench *b = arg;

    double left = (double)(b->total - b->done) * b->plan->seconds - seconds;

    fprintf(stderr, CLEAR_LINE "%u/%u  %s %s %u bytes, %.0f s left", b->done + 1, b->total, b->now, b->operation, b->size,
            left > 0 ? left : 0);
}

static json_t *latencies(const struct latency *l)
{
    json_t *of = json_object();

    for (size_t i = 0; i < PERCENTILES; i++) {
        json_object_set_new(of, percentiles[i].name, json_real((double)latency_within(l, percentiles[i].per_100000) / 1e3));
    }
    json_object_set_new(of, "max", json_real((double)l->most / 1e3));
    return of;
}

static void put_figures(json_t *to, const struct bench_row *row, uint32_t size)
{
    double bytes = (double)row->records * size;

    json_object_set_new(to, "records", json_integer((json_int_t)row->records));
    json_object_set_new(to, "failed", json_integer((json_int_t)row->failed));
    json_object_set_new(to, "seconds", json_real(row->seconds));
    json_object_set_new(to, "records_per_second", json_real((double)row->records / row->seconds));
    json_object_set_new(to, "bytes_per_second", json_real(bytes / row->seconds));
    if (row->cycles) {
        json_object_set_new(to, "cycles", json_integer((json_int_t)row->cycles));
        json_object_set_new(to, "records_per_cycle", json_real((double)row->records / (double)row->cycles));
        json_object_set_new(to, "bytes_per_cycle", json_real(bytes / (double)row->cycles));
    }
    json_object_set_new(to, "latency_us", latencies(&row->latency));
}

static int one_row(struct bench *b, const struct bench_suite *suite, enum sluice_direction direction, uint32_t size)
{
    struct bench_row row;
    json_t *entry;
    int err;

    b->now = suite->name;
    b->operation = direction == SLUICE_DIRECTION_SEAL ? "seal" : "open";
    b->size = size;
    err = bench_run(b->card, b->plan, suite, direction, size, b->progress ? show_progress : NULL, b, &row);
    if (err && err != -EOPNOTSUPP && err != -EINVAL) {
        return err;
    }
    entry =
        json_pack("{s:s, s:s, s:i, s:b}", "suite", suite->name, "operation", b->operation, "bytes", (int)size, "supported", !err);
    if (!err) {
        put_figures(entry, &row, size);
    }
    json_array_append_new(b->rows, entry);
    b->failed += row.failed;
    b->done++;
    return 0;
}

static int all_rows(struct bench *b)
{
    int err = 0;

    for (unsigned s = 0; s < b->plan->suites; s++) {
        for (unsigned i = 0; i < b->plan->sizes && !err; i++) {
            if (b->plan->seal) {
                err = one_row(b, &b->plan->suite[s], SLUICE_DIRECTION_SEAL, b->plan->size[i]);
            }
            if (b->plan->open && !err) {
                err = one_row(b, &b->plan->suite[s], SLUICE_DIRECTION_OPEN, b->plan->size[i]);
            }
        }
    }
    return err;
}

/* A queue pair or a depth that the card does not have would be -EINVAL and -ENOSPC of a row: told apart here. */
static int must_fit(struct sluice_card *card, const struct bench_plan *plan)
{
    struct sluice_info info;
    int err = sluice_card_info(card, &info);

    return err ? err : plan->queues > info.io_queues || plan->depth > info.max_depth ? -ERANGE : 0;
}

int bench_card(struct sluice_card *card, const char *uri, const struct bench_plan *plan, bool progress, json_t **result)
{
    struct bench b = {.card = card, .plan = plan, .progress = progress, .rows = json_array()};
    int err = must_fit(card, plan);

    b.total = plan->suites * plan->sizes * ((unsigned)plan->seal + (unsigned)plan->open);
    err = err ? err : all_rows(&b);
    if (progress) {
        fputs(CLEAR_LINE, stderr);
    }
    if (err) {
        json_decref(b.rows);
        return err;
    }
    *result = json_pack("{s:s, s:i, s:i, s:f, s:o}", "uri", uri, "queues", (int)plan->queues, "depth", (int)plan->depth,
                        "seconds", plan->seconds, "rows", b.rows);
    return b.failed ? 1 : 0;
}

/* ---------------------------------------------------------------- as text */

static double real(const json_t *of, const char *name)
{
    return json_number_value(json_object_get(of, name));
}

static void print_head(const json_t *first)
{
    printf("%-22s %-4s %6s %12s %10s", "suite", "", "bytes", "records/s", "MB/s");
    if (json_object_get(first, "cycles")) {
        printf(" %8s", "B/clock");
    }
    for (size_t i = 0; i < PERCENTILES; i++) {
        printf(" %9s", percentiles[i].title);
    }
    printf(" %9s\n", "max us");
}

static void print_figures(const json_t *row)
{
    const json_t *latency = json_object_get(row, "latency_us");

    printf(" %12.0f %10.2f", real(row, "records_per_second"), real(row, "bytes_per_second") / 1e6);
    if (json_object_get(row, "cycles")) {
        printf(" %8.3f", real(row, "bytes_per_cycle"));
    }
    for (size_t i = 0; i < PERCENTILES; i++) {
        printf(" %9.1f", real(latency, percentiles[i].name));
    }
    printf(" %9.1f", real(latency, "max"));
    if (real(row, "failed") > 0) {
        printf("  %.0f FAILED", real(row, "failed"));
    }
}

void bench_print(const json_t *result)
{
    const json_t *rows = json_object_get(result, "rows"), *row;
    size_t i;

    printf("%s  %.0f queue pair(s), %.0f operations in flight of each, %g s a row\n",
           json_string_value(json_object_get(result, "uri")), real(result, "queues"), real(result, "depth"),
           real(result, "seconds"));
    print_head(json_array_get(rows, 0));
    json_array_foreach(rows, i, row)
    {
        printf("%-22s %-4s %6.0f", json_string_value(json_object_get(row, "suite")),
               json_string_value(json_object_get(row, "operation")), real(row, "bytes"));
        if (json_is_true(json_object_get(row, "supported"))) {
            print_figures(row);
        } else {
            fputs("  not supported", stdout);
        }
        putchar('\n');
    }
}
