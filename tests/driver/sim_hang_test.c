/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware that hangs, on the simulated card, with an image that does so when told (tests/firmware/fault.c): the driver notices,
 * records go on meanwhile, and after the reset SAs are installed again so that nothing that was used or accepted comes again.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../firmware/fault.h"
#include "sim_child.h"
#include "twins.h"

#define PAIRS     4u
#define TAKE_OVER (UINT64_C(0x100) << 48)
#define AHEAD     500u /* counters that nobody has used yet; reserved are twice as many */
#define PATIENCE  60000u
#define LOOK_MS   10u

static struct pair pairs[PAIRS];
static unsigned sealed; /* records of each pair */

static int ask(unsigned fault)
{
    uint8_t bytes[1024];

    return sluice_card_random(twins_sim.card, bytes, fault);
}

static unsigned resets(void)
{
    struct sluice_card_health health = {0};

    sluice_card_health(twins_sim.card, &health);
    return health.resets;
}

static bool records(void)
{
    bool good = true;

    for (unsigned i = 0; i < PAIRS && good; i++) {
        good = twins_seal_and_open(&pairs[i]);
    }
    sealed++;
    return good;
}

static bool make_pairs(void)
{
    bool good = true;

    sealed = 0;
    for (unsigned i = 0; i < PAIRS && good; i++) {
        good = twins_make_counting(&pairs[i]);
    }
    return good && records();
}

static void destroy_pairs(void)
{
    for (unsigned i = 0; i < PAIRS; i++) {
        twins_destroy(&pairs[i]);
    }
}

/* Records go on until the driver says that the firmware hangs. Returns their number; 0: it never did, or one was wrong. */
static unsigned until_noticed(void)
{
    struct sluice_card_health health = {0};

    for (unsigned n = 1; n < PATIENCE / LOOK_MS; n++) {
        if (!records() || sluice_card_health(twins_sim.card, &health) < 0) {
            return 0;
        }
        if (health.state == SLUICE_FW_STATE_HUNG) {
            return records() ? n : 0;
        }
        poll(NULL, 0, LOOK_MS);
    }
    return 0;
}

/* A record with a counter that this pair has not come to, which only the software engine has made. */
static bool record_ahead(struct pair *p)
{
    struct sluice_sa_config config = p->config;
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL,
                           .src = twins_soft.src,
                           .src_len = 1,
                           .dst = twins_soft.dst,
                           .dst_len = TWINS_RECORD_MOST,
                           .content_type = 0x17};
    struct sluice_done done;

    config.direction = SLUICE_DIRECTION_SEAL;
    config.replay = 0;
    config.counter += sealed + AHEAD;
    op.sa = kit_sa(&twins_soft, &config);
    done = kit_run(&twins_soft, &op);
    sluice_sa_destroy(op.sa);
    memcpy(p->last, twins_soft.dst, done.length);
    p->last_len = done.length;
    return done.status == SLUICE_STATUS_OK;
}

static bool reserve(struct pair *p)
{
    uint64_t counter = p->config.counter + sealed + 2 * AHEAD;

    return sluice_sa_reserve(p->open.sim, counter) == 0 && sluice_sa_reserve(p->open.soft, counter) == 0;
}

static bool raised(const struct pair *p, unsigned since)
{
    struct sluice_sa_state state;

    return sluice_sa_query(p->seal.sim, &state) == 0 && state.counter == p->config.counter + TAKE_OVER + sealed &&
           state.limit >= TAKE_OVER && since <= sealed;
}

/* Every admin call recovers a card that hangs; the software engine follows. */
static void test_ping(void)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    struct sluice_selftest tested;
    unsigned n;
    bool good;

    tap_ok(make_pairs() && reserve(&pairs[0]), "SAs, records, and counters reserved for one of them");
    tap_ok(ask(FAULT_HANG_LATER) == 0, "the firmware answers a last time");
    n = until_noticed();
    tap_ok(n > 0, "pings find out; %u records went on until then, and so do others", n * PAIRS * 2);
    tap_ok(resets() == 0, "no admin call: no reset");
    tap_ok(sluice_card_log(twins_sim.card, events, SLUICE_LOG_MOST, false) > 0 && resets() == 1 &&
               sluice_card_reset(twins_soft.card) == 0,
           "the next admin call finds a card that was reset");
    good = true;
    for (unsigned i = 0; i < PAIRS; i++) {
        good = twins_open_again(&pairs[i], SLUICE_STATUS_REPLAYED) && good;
    }
    tap_ok(good, "records of before are refused");
    good = record_ahead(&pairs[0]) && twins_open_again(&pairs[0], SLUICE_STATUS_REPLAYED);
    tap_ok(good, "so is one that nobody has seen, whose counter was reserved");
    good = record_ahead(&pairs[1]) && twins_open_again(&pairs[1], SLUICE_STATUS_OK);
    tap_ok(good, "and taken without a reservation");
    good = records();
    tap_ok(records() && good, "traffic goes on, both ways, as the software engine's");
    good = true;
    for (unsigned i = 0; i < PAIRS; i++) {
        good = raised(&pairs[i], 2) && good;
    }
    tap_ok(good, "under a raised incarnation");
    tap_ok(sluice_card_selftest(twins_sim.card, &tested) == 0 && tested.failed == 0 && records(), "the firmware serves");
    destroy_pairs();
}

static void test_command(unsigned fault, uint32_t cause, const char *what)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    unsigned before = resets();
    bool found = cause == 0;
    int err, n;

    if (!tap_ok(make_pairs(), "other SAs")) {
        return;
    }
    err = ask(fault);
    tap_ok(err == -ETIMEDOUT, "a command that %s: %s", what, strerror(-err));
    n = sluice_card_log(twins_sim.card, events, SLUICE_LOG_MOST, false);
    for (int i = 0; i < n; i++) {
        found |= events[i].event == SLUICE_LOG_EVENT_TRAP && events[i].where == cause && events[i].data[0] != 0;
    }
    tap_ok(n > 0 && resets() > before && sluice_card_reset(twins_soft.card) == 0, "the card was reset (%u times)",
           resets() - before);
    if (cause) {
        tap_ok(found, "its log tells why");
    }
    for (unsigned i = resets() - before; i > 1; i--) {
        sluice_card_reset(twins_soft.card);
    }
    tap_ok(records(), "traffic goes on");
    destroy_pairs();
}

int main(void)
{
    static char image[2 * PATH_MAX];
    const char *const arguments[] = {"--firmware", image, NULL};
    const struct sluice_options options = {.recover = true, .timeout_ms = 5000, .ping_ms = 200};
    struct sim_child *child;
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    int err;

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    self[n < 0 ? 0 : n] = '\0';
    snprintf(image, sizeof image, "%s/../firmware/fault.hex", dirname(self));
    child = sim_start(arguments);
    err = twins_open(sim_uri(child), &options);
    if (tap_ok(err == 0, "both engines open: %s", strerror(-err))) {
        test_ping();
        test_command(FAULT_HANG, 0, "never ends");
        test_command(FAULT_ILLEGAL, 2, "traps");
        twins_close();
    }
    tap_ok(sim_stop(child) == 0, "sluice-sim ends without a complaint");
    return tap_end();
}
