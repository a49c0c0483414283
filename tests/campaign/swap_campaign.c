/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Far more SAs than the simulated card has slots: SAS of them (10,000) in pairs, each pair with a record in random order, then
 * OPS times (an eighth) one chosen at random, with a record or one that was there before. Records, counters and windows are
 * compared with the software engine's. Tells how far it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim_child.h"
#include "twins.h"

#define SAS   10000u
#define STEPS 20u /* lines a stage */

static struct pair *pairs;
static unsigned *order, count, ops;

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text && *text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void shuffle(void)
{
    for (unsigned i = 0; i < count; i++) {
        order[i] = i;
    }
    for (unsigned i = count; i > 1; i--) {
        unsigned j = tap_below(i), other = order[j];

        order[j] = order[i - 1];
        order[i - 1] = other;
    }
}

static void tell(const char *stage, unsigned done, unsigned of, double began)
{
    if (done % (of / STEPS ? of / STEPS : 1) == 0) {
        tap_note("%s: %u of %u, %.0f s", stage, done, of, now() - began);
    }
}

static bool create(unsigned i)
{
    return twins_make(&pairs[i]);
}

static bool in_turn(unsigned i)
{
    struct pair *p = &pairs[order[i]];

    return twins_seal_and_open(p) && twins_same_state(p);
}

static bool at_random(unsigned i)
{
    struct pair *p = &pairs[tap_below(count)];
    bool good =
        tap_below(3) ? twins_seal_and_open(p) : twins_open_again(p, p->config.replay ? SLUICE_STATUS_REPLAYED : SLUICE_STATUS_OK);

    (void)i;
    return good && twins_same_state(p);
}

/* Why it ended. */
static void tell_health(void)
{
    struct sluice_card_health h = {0};
    int err = sluice_card_health(twins_sim.card, &h);

    tap_note("the card: %s, state %s, health %x, lanes %x, %u resets", strerror(-err), sluice_fw_state_name(h.state), h.flags,
             h.lanes_ok, h.resets);
}

static bool stage(const char *name, unsigned times, bool (*one)(unsigned))
{
    struct sluice_stats before = {0}, after = {0};
    double began = now();
    unsigned done = 0;
    uint64_t in, out;

    sluice_card_stats(twins_sim.card, &before);
    while (done < times && one(done)) {
        tell(name, ++done, times, began);
    }
    if (done < times) {
        tell_health();
    }
    sluice_card_stats(twins_sim.card, &after);
    in = after.sa_swaps_in - before.sa_swaps_in;
    out = after.sa_swaps_out - before.sa_swaps_out;
    return tap_ok(done == times, "%s: %u; %llu SAs went out, %llu came back, %llu clocks for each that went out, %.0f s", name,
                  done, (unsigned long long)out, (unsigned long long)in,
                  (unsigned long long)(out ? (after.cycles - before.cycles) / out : 0), now() - began);
}

static void run(void)
{
    struct sluice_info info;

    sluice_card_info(twins_sim.card, &info);
    tap_note("%u SAs, %u slots", 2 * count, info.sa_slots);
    if (stage("SAs made in pairs", count, create)) {
        shuffle();
        stage("pairs that sealed and opened a record, in random order", count, in_turn);
        stage("pairs chosen at random, a record sealed and opened or replayed", ops, at_random);
        for (unsigned i = 0; i < count; i++) {
            twins_destroy(&pairs[i]);
        }
    }
}

int main(void)
{
    /* It may have little of its machine. */
    static const struct sluice_options patient = {.timeout_ms = 600000, .ping_ms = 60000};
    static const char *const arguments[] = {NULL};
    struct sim_child *child;

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    count = from_environment("SAS", SAS) / 2;
    ops = from_environment("OPS", count / 4);
    pairs = calloc(count, sizeof *pairs);
    order = calloc(count, sizeof *order);
    child = sim_start(arguments);
    if (tap_ok(pairs && order && twins_open(sim_uri(child), &patient) == 0, "both engines open")) {
        run();
        twins_close();
    }
    tap_ok(sim_stop(child) == 0, "sluice-sim ends without a complaint");
    free(pairs);
    free(order);
    return tap_end();
}
