/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make bench: prints what was measured beside what is to be reached. Ends with 1 when a figure falls short.
 *
 * bench                     the software engine, and a few rows of the simulated card
 * bench --card [-v] [WORD]  all rows of the card, or those in whose names every WORD occurs; -v: and where the clocks went
 * bench --speed             of the simulation
 * bench --soft [WORD]       the software engine alone, all its rows or those in whose names every WORD occurs
 */
#include <string.h>

#include "bench.h"
#include "table.h"
#include "tests/driver/sim_child.h"
#include "tests/driver/tap.h"

bool bench_asked(const struct bench_options *o, const char *row)
{
    for (unsigned i = 0; o->words && o->words[i]; i++) {
        if (!strcasestr(row, o->words[i])) {
            return false;
        }
    }
    return true;
}

static void card(struct bench_options *o, int argc, char **argv)
{
    int i = 1;

    o->full = i < argc && strcmp(argv[i], "--card") == 0;
    i += o->full;
    o->details = i < argc && strcmp(argv[i], "-v") == 0;
    i += o->details;
    o->words = (const char *const *)argv + i;
    bench_card(o);
}

int main(int argc, char **argv)
{
    struct bench_options o = {0};
    bool soft = argc > 1 && strcmp(argv[1], "--soft") == 0;
    bool speed = argc > 1 && strcmp(argv[1], "--speed") == 0;

    tap_begin();
    if (soft) {
        o.words = (const char *const *)argv + 2;
    } else if (!sim_built()) {
        tap_note("sluice-sim is not built: no figures of the card");
    } else if (speed) {
        bench_speed();
    } else {
        card(&o, argc, argv);
    }
    if (!speed && !o.full) {
        bench_soft(&o);
    }
    return table_short();
}
