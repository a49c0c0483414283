/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The management processor of the simulated card, through libsluice: more SAs than slots, each compared with the software engine
 * byte for byte; its answers; SAs after a reset. PAIRS=, OPS= for other sizes.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sim_child.h"
#include "twins.h"

#define PAIRS     140u /* of SAs: one seals, one opens */
#define OPS       300u
#define TAKE_OVER (UINT64_C(0x100) << 48)

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text && *text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

static void crowd(void)
{
    unsigned pairs = from_environment("PAIRS", PAIRS), ops = from_environment("OPS", OPS);
    struct pair *p = calloc(pairs, sizeof *p);
    struct sluice_stats stats = {0}, before = {0};
    struct sluice_info info;
    bool good = p != NULL;

    sluice_card_info(twins_sim.card, &info);
    for (unsigned i = 0; i < pairs && good; i++) {
        good = twins_make(&p[i]);
    }
    tap_ok(good, "%u SAs on a card with %u slots", 2 * pairs, info.sa_slots);
    sluice_card_stats(twins_sim.card, &before);
    for (unsigned i = 0; i < pairs && good; i++) {
        good = twins_seal_and_open(&p[i]);
    }
    tap_ok(good, "each in turn seals or opens as the software engine does");
    sluice_card_stats(twins_sim.card, &stats);
    if (stats.sa_swaps_in > before.sa_swaps_in) {
        tap_note("%llu clocks of the card for a swap both ways and a small record",
                 (unsigned long long)((stats.cycles - before.cycles) / (stats.sa_swaps_in - before.sa_swaps_in)));
    }
    for (unsigned i = 0; i < ops && good; i++) {
        struct pair *one = &p[tap_below(pairs)];

        good = tap_below(3) ? twins_seal_and_open(one)
                            : twins_open_again(one, one->config.replay ? SLUICE_STATUS_REPLAYED : SLUICE_STATUS_OK);
    }
    tap_ok(good, "so do any of them at random; counters and windows go out and come back with their SAs");
    sluice_card_stats(twins_sim.card, &stats);
    tap_ok(2 * pairs <= info.sa_slots || (stats.sa_swaps_in > pairs && stats.sa_swaps_out > stats.sa_swaps_in),
           "%llu went out, %llu came back", (unsigned long long)stats.sa_swaps_out, (unsigned long long)stats.sa_swaps_in);
    for (unsigned i = 0; i < pairs && good; i++) {
        twins_destroy(&p[i]);
    }
    free(p);
}

/* ---------------------------------------------------------------- answers */

static void answers(void)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    struct sluice_card_health health = {0};
    struct sluice_selftest test = {0};
    uint8_t random[2][1500] = {0};
    struct sluice_sa_state state[2];
    struct pair p;
    bool good, ready = false;
    int n;

    n = sluice_card_health(twins_sim.card, &health);
    tap_ok(n == 0 && health.state == SLUICE_FW_STATE_READY && health.fw_version && health.lanes_ok, "the firmware is ready");
    for (n = -EAGAIN; n == -EAGAIN; poll(NULL, 0, 20)) {
        n = sluice_card_random(twins_sim.card, random[0], sizeof random[0]);
    }
    tap_ok(n == 0 && sluice_card_random(twins_sim.card, random[1], sizeof random[1]) == 0 &&
               memcmp(random[0], random[1], sizeof random[0]) != 0 && !kit_all(random[0] + 1024, 476, 0),
           "random bytes, never the same");
    sluice_card_health(twins_sim.card, &health);
    tap_ok(health.flags == SLUICE_HEALTH_ENTROPY_SEEDED, "it is seeded, and nothing is wrong (%x)", health.flags);
    good = twins_make(&p) && twins_seal_and_open(&p) && sluice_sa_query(p.seal.sim, &state[0]) == 0 &&
           sluice_sa_query(p.seal.soft, &state[1]) == 0;
    tap_ok(good && state[0].counter == state[1].counter && state[0].limit == state[1].limit && !state[0].busy,
           "an SA's counters");
    n = sluice_card_selftest(twins_sim.card, &test);
    tap_ok(n == 0 && test.failed == 0 && test.tested && test.vectors > 20 && test.first_failure == 0,
           "the self-test passes (%d; %u answers, lanes %x, failed %x, first %u)", n, test.vectors, test.tested, test.failed,
           test.first_failure);
    n = sluice_card_log(twins_sim.card, events, SLUICE_LOG_MOST, true);
    for (int i = 0; i < n; i++) {
        ready |= events[i].event == SLUICE_LOG_EVENT_READY;
    }
    tap_ok(n >= 3 && ready && events[0].event == SLUICE_LOG_EVENT_BOOT &&
               sluice_card_log(twins_sim.card, events, SLUICE_LOG_MOST, false) == 0,
           "its log");
    tap_ok(twins_seal_and_open(&p), "SAs live on");
    n = sluice_card_zeroise(twins_sim.card);
    tap_ok(n == 0 && sluice_card_zeroise(twins_soft.card) == 0, "zeroise (%d)", n);
    tap_ok(twins_open_again(&p, SLUICE_STATUS_NO_SUCH_SA), "is the end of its SAs");
    twins_destroy(&p);
    good = twins_make(&p) && twins_seal_and_open(&p);
    tap_ok(good, "and others can be made");
    twins_destroy(&p);
}

/* ---------------------------------------------------------------- reset */

static void after_reset(void)
{
    struct sluice_sa_state state;
    struct pair p[3];
    bool good = true;

    for (unsigned i = 0; i < 3; i++) {
        good = twins_make_counting(&p[i]) && good;
        good = good && twins_seal_and_open(&p[i]);
    }
    good = good && sluice_card_reset(twins_sim.card) == 0 && sluice_card_reset(twins_soft.card) == 0;
    for (unsigned i = 0; i < 3 && good; i++) {
        good = twins_open_again(&p[i], SLUICE_STATUS_REPLAYED) && twins_seal_and_open(&p[i]) &&
               sluice_sa_query(p[i].seal.sim, &state) == 0 && state.counter == p[i].config.counter + TAKE_OVER + 2;
    }
    tap_ok(good, "after a reset SAs go on under a raised incarnation, and take nothing that they took before");
    for (unsigned i = 0; i < 3; i++) {
        twins_destroy(&p[i]);
    }
}

static void with(const char *const arguments[], bool recover, void (*what)(void))
{
    struct sim_child *child = sim_start(arguments);

    int err = twins_open(sim_uri(child), &(struct sluice_options){.recover = recover});

    if (tap_ok(err == 0, "both engines open: %s", strerror(-err))) {
        what();
        twins_close();
    }
    tap_ok(sim_stop(child) == 0, "sluice-sim ends without a complaint");
}

int main(void)
{
    static const char *const plain[] = {NULL}, *const tested[] = {"--self-test", NULL};

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    with(tested, false, answers);
    with(plain, true, after_reset);
    with(plain, false, crowd);
    return tap_end();
}
