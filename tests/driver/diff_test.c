/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same random operations to the software engine and to a card (mix.h), a simulated one or CARD=URI. One queue pair at a time,
 * no injected faults: those are for the campaign in tests/campaign.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit.h"
#include "mix.h"
#include "sim_child.h"

#define MOST_ROUNDS      4000u
#define LEAST_OPERATIONS 100u /* however slow the card is */
#define SECONDS          12   /* DIFF_SECONDS= for more */

static struct mix mix;
static uint64_t statuses[16];

struct both {
    struct sluice_stats stats[ENGINES];
};

static bool count(struct both *b)
{
    return sluice_card_stats(mix.engine[SOFT].card, &b->stats[SOFT]) == 0 &&
           sluice_card_stats(mix.engine[CARD].card, &b->stats[CARD]) == 0;
}

static bool same(const char *name, unsigned index, uint64_t soft, uint64_t card)
{
    if (soft != card) {
        tap_note("%s %u: soft: counts %llu, the card %llu", name, index, (unsigned long long)soft, (unsigned long long)card);
    }
    return soft == card;
}

/* Whether both have counted the same since `before`. */
static bool counted_the_same(const struct both *before)
{
    const struct sluice_stats *was = before->stats, *now;
    struct both after;
    bool good = count(&after);

    now = after.stats;
#define GREW(engine, field) (now[engine].field - was[engine].field)
    good = same("record_bytes", 0, GREW(SOFT, record_bytes), GREW(CARD, record_bytes)) && good;
    good = same("content_bytes", 0, GREW(SOFT, content_bytes), GREW(CARD, content_bytes)) && good;
    for (unsigned i = 0; i < 16; i++) {
        good = same("seal_status", i, GREW(SOFT, seal_status[i]), GREW(CARD, seal_status[i])) && good;
        good = same("open_status", i, GREW(SOFT, open_status[i]), GREW(CARD, open_status[i])) && good;
    }
#undef GREW
    return good;
}

/* Compares until the time is up. */
static void compare(const char *what, const char *const arguments[], time_t seconds)
{
    struct sim_child *sim = sim_start(arguments);
    struct both before;
    time_t end;
    bool good;

    memset(&mix, 0, sizeof mix);
    good = sluice_open("soft:", NULL, &mix.engine[SOFT].card) == 0 &&
           sluice_open(sim_uri(sim), NULL, &mix.engine[CARD].card) == 0 && mix_open(&mix, 0) && count(&before);
    end = time(NULL) + seconds;
    while (good && mix.rounds < MOST_ROUNDS && (time(NULL) < end || mix.operations < LEAST_OPERATIONS)) {
        good = mix_round(&mix);
    }
    tap_ok(good, "soft: and the card do the same, %s (%llu operations, %llu of them parts, %llu with page lists)", what,
           (unsigned long long)mix.operations, (unsigned long long)mix.parts, (unsigned long long)mix.lists);
    if (good) {
        tap_ok(counted_the_same(&before), "and count the same");
        mix_close(&mix);
        sluice_close(mix.engine[SOFT].card);
        sluice_close(mix.engine[CARD].card);
    }
    tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
    for (unsigned i = 0; i < 16; i++) {
        statuses[i] += mix.statuses[i];
    }
}

int main(void)
{
    static const char *const plain[] = {NULL};
    static const char *const rough[] = {"--split", "random", "--reorder", "--stall", "20", "--latency", "60", NULL};
    static const char *const wide[] = {"--mps", "256", "--mrrs", "128", "--rcb", "128", "--reorder", NULL};
    const char *given = getenv("DIFF_SECONDS");
    time_t seconds = given ? strtol(given, NULL, 10) : SECONDS;

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    compare("on a plain host", plain, seconds / 2);
    compare("with completions split and reordered, and stalls", rough, seconds / 2);
    compare("with other sizes of payload and request", wide, seconds / 3);
    for (unsigned i = 0; i < 16; i++) {
        if (statuses[i]) {
            tap_note("%-34s %llu", sluice_status_name((enum sluice_status)i), (unsigned long long)statuses[i]);
        }
    }
    return tap_end();
}
