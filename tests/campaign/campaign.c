/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long random campaign: as many threads as the simulated card has queue pairs, each with a mix (tests/driver/mix.h) of its own on
 * the one card, on one kind of host after the other. Of the operations' sources some lie in memory that cannot be read
 * (sluice-sim --fault): those must end with a DMA error and change nothing.
 *
 * SEED= repeats the choices, SECONDS= is the time for all of it (20).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit.h"
#include "mix.h"
#include "sim_child.h"

#define SECONDS     20
#define WORKERS     8u
#define BAD_SHARE   12u /* one operation in so many lies in bad memory */

/* DMA memory of the card: what lies at a known address is bad. */
#define BAD_OFFSET  ((size_t)16 << 20)
#define BAD_BYTES   ((size_t)2 << 20) /* of each kind */
#define BAD_KINDS   4u
#define LATE        3u
/* The late kind holds up everything behind it for a million clocks: few slots have it. */
#define LATE_SLOT   (MIX_BURST - 1)
#define LATE_ROUNDS 100u

struct worker {
    pthread_t thread;
    unsigned number;
    bool good;
    struct mix mix;
};

struct host {
    const char *what;
    const char *arguments[10];
};

static const struct host hosts[] = {
    {"on a plain host", {NULL}},
    {"with completions split and reordered, and stalls",
     {"--split", "random", "--reorder", "--stall", "20", "--latency", "60", NULL}},
    {"with payloads of 256, requests of 128", {"--mps", "256", "--mrrs", "128", "--rcb", "128", "--reorder", NULL}},
    {"on a quick host with large payloads", {"--mps", "512", "--mrrs", "4096", "--latency", "10", "--stall", "5", NULL}},
};

static struct worker worker[WORKERS];
static atomic_bool stop;
static time_t end;
static uint64_t statuses[16], operations, hits, parts, lists;

/* ---------------------------------------------------------------- bad memory */

static const char *const kinds[BAD_KINDS] = {"unsupported", "aborted", "poisoned", "late"};
static char faults[BAD_KINDS][64];

static void fault_arguments(const struct host *host, const char *arguments[24])
{
    unsigned n = 0;

    for (unsigned i = 0; host->arguments[i]; i++) {
        arguments[n++] = host->arguments[i];
    }
    for (unsigned i = 0; i < BAD_KINDS; i++) {
        snprintf(faults[i], sizeof faults[i], "%s,%#llx,%#zx", kinds[i],
                 (unsigned long long)(DMA_IOVA_BASE + BAD_OFFSET + i * BAD_BYTES), BAD_BYTES);
        arguments[n++] = "--fault";
        arguments[n++] = faults[i];
    }
    arguments[n] = NULL;
}

/* Takes the card's memory up to the end of what is bad, so that nothing else comes to lie there. */
static bool take_bad(struct sluice_card *card)
{
    uint8_t *block = sluice_mem_alloc(card, BAD_OFFSET + BAD_KINDS * BAD_BYTES);
    uint8_t *bad = card->mem.base + BAD_OFFSET;

    return block && block <= bad;
}

/* Slot `index` of a worker: its pages in the card's bad memory, and as many good ones in software. */
static void give_bad(struct mix *m, unsigned number)
{
    for (unsigned i = 0; i < MIX_BURST; i++) {
        unsigned kind = i == LATE_SLOT ? LATE : i % LATE;
        size_t place = ((size_t)number * MIX_BURST + i) / (kind == LATE ? MIX_BURST : LATE);

        m->engine[CARD].bad[i] = m->engine[CARD].card->mem.base + BAD_OFFSET + kind * BAD_BYTES + place * MIX_HALF * LAYOUT_PAGE;
        m->engine[SOFT].bad[i] = layout_arena(m->engine[SOFT].card, MIX_HALF);
    }
    m->bad_share = BAD_SHARE;
}

/* ---------------------------------------------------------------- workers */

static void *work(void *arg)
{
    struct worker *w = arg;
    uint8_t *late = w->mix.engine[CARD].bad[LATE_SLOT];

    tap_thread(w->number);
    w->good = mix_open(&w->mix, w->number);
    while (w->good && !atomic_load(&stop) && time(NULL) < end) {
        w->mix.engine[CARD].bad[LATE_SLOT] = w->mix.rounds % LATE_ROUNDS == LATE_ROUNDS - 1 ? late : NULL;
        w->good = mix_round(&w->mix);
    }
    if (!w->good) {
        atomic_store(&stop, true);
    }
    return NULL;
}

static bool run_workers(struct sluice_card *card[ENGINES], unsigned count)
{
    bool good = true;

    for (unsigned i = 0; i < count; i++) {
        struct worker *w = &worker[i];

        memset(w, 0, sizeof *w);
        w->number = i;
        w->mix.engine[SOFT].card = card[SOFT];
        w->mix.engine[CARD].card = card[CARD];
        give_bad(&w->mix, i);
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_create(&worker[i].thread, NULL, work, &worker[i]);
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(worker[i].thread, NULL);
        good = good && worker[i].good;
    }
    return good;
}

static void sum_up(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct mix *m = &worker[i].mix;

        operations += m->operations;
        hits += m->hits;
        parts += m->parts;
        lists += m->lists;
        for (unsigned s = 0; s < 16; s++) {
            statuses[s] += m->statuses[s];
        }
    }
}

static void campaign(const struct host *host, time_t seconds)
{
    struct sluice_card *card[ENGINES] = {NULL, NULL};
    struct sluice_info info = {0};
    const char *arguments[24];
    struct sim_child *sim;
    bool good;

    fault_arguments(host, arguments);
    sim = sim_start(arguments);
    atomic_store(&stop, false);
    end = time(NULL) + seconds;
    good = sluice_open("soft:", NULL, &card[SOFT]) == 0 && sluice_open(sim_uri(sim), NULL, &card[CARD]) == 0 &&
           sluice_card_info(card[CARD], &info) == 0 && take_bad(card[CARD]);
    info.io_queues = info.io_queues < WORKERS ? info.io_queues : WORKERS;
    good = good && run_workers(card, info.io_queues);
    sum_up(info.io_queues);
    tap_ok(good, "the card does what software does: %u lanes, %u queue pairs at once, %s", info.lanes, info.io_queues,
           host->what);
    for (unsigned i = 0; i < info.io_queues && good; i++) {
        mix_close(&worker[i].mix);
    }
    if (good) {
        sluice_close(card[SOFT]);
        sluice_close(card[CARD]);
    }
    tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
}

int main(void)
{
    const unsigned count = sizeof hosts / sizeof *hosts;
    const char *given = getenv("SECONDS");
    time_t seconds = given && *given ? strtol(given, NULL, 10) : SECONDS;

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    for (unsigned i = 0; i < count; i++) {
        campaign(&hosts[i], seconds / count + 1);
    }
    tap_note("%llu operations: %llu parts, %llu with page lists, %llu whose source could not be read",
             (unsigned long long)operations, (unsigned long long)parts, (unsigned long long)lists, (unsigned long long)hits);
    for (unsigned i = 0; i < 16; i++) {
        if (statuses[i]) {
            tap_note("%-34s %llu", sluice_status_name((enum sluice_status)i), (unsigned long long)statuses[i]);
        }
    }
    return tap_end();
}
