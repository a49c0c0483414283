/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks that the simulation does in a second of its CPU time, model of the host included, beside a loop of known work on the
 * same machine in the same run: figures of two machines compare by their ratio.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "load.h"
#include "table.h"
#include "tests/driver/kit.h"

#define GOAL_BUSY       40000
#define IDLE_SECONDS    3
#define RECORDS         768u
#define CONTENT         1400u
#define REFERENCE_STEPS 400000000u

/* xorshift64: three shifts and three sums a step, each waiting for the one before. */
static double reference(void)
{
    volatile uint64_t seed = 1;
    uint64_t x = seed;
    clock_t from = clock();

    for (unsigned i = 0; i < REFERENCE_STEPS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    seed = x;
    return REFERENCE_STEPS / ((double)(clock() - from) / CLOCKS_PER_SEC);
}

static uint64_t cycles(const struct load *l)
{
    struct sluice_stats s = {0};

    (void)sluice_card_stats(l->card, &s);
    return s.cycles;
}

static double idle(const struct load *l)
{
    double cpu = sim_cpu(l->sim);
    uint64_t from = cycles(l);

    sleep(IDLE_SECONDS);
    return (double)(cycles(l) - from) / (sim_cpu(l->sim) - cpu);
}

static double busy(struct load *l)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);
    struct load_figures f;
    double cpu;

    load_suite(l, &c, CONTENT);
    load_run(l, LOAD_SEAL, 0, RECORDS, &f);
    cpu = sim_cpu(l->sim);
    load_run(l, LOAD_MIXED, 0, RECORDS, &f);
    return (double)f.stats.cycles / (sim_cpu(l->sim) - cpu);
}

void bench_speed(void)
{
    static const char *const arguments[] = {"--free-run", NULL};
    char title[120];
    double work, rest, loop = reference();
    struct load l;

    load_begin(&l, arguments);
    snprintf(title, sizeof title, "The simulation, %u lanes, %u queue pairs, on one core", l.info.lanes, l.info.io_queues);
    table_head(title);
    rest = idle(&l);
    work = busy(&l);
    table_row("at work: half seal, half open, AES-128 SHA-256, 1400 bytes", GOAL_AT_LEAST, GOAL_BUSY, work, "cycles/s");
    table_row("clock running, nothing to do (it stops of itself then)", GOAL_NONE, 0, rest, "cycles/s");
    table_row("reference loop: xorshift64", GOAL_NONE, 0, loop / 1e6, "M steps/s");
    table_row("    its steps in the time of a cycle at work", GOAL_NONE, 0, loop / work, "");
    load_end(&l);
}
