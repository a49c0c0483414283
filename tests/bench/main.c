/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make bench: prints what was measured beside what is to be reached. Ends with 1 when a figure falls short.
 *
 * bench                     the software engine, and a few rows of the simulated card
 * bench --card [-v] [WORD]  all rows of the card, or those in whose names every WORD occurs; -v: and where the clocks went
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

int main(int argc, char **argv)
{
    struct bench_options o = {0};
    int i = 1;

    o.full = i < argc && strcmp(argv[i], "--card") == 0;
    i += o.full;
    o.details = i < argc && strcmp(argv[i], "-v") == 0;
    i += o.details;
    o.words = (const char *const *)argv + i;
    tap_begin();
    if (sim_built()) {
        bench_card(&o);
    } else {
        tap_note("sluice-sim is not built: no figures of the card");
    }
    if (!o.full) {
        bench_soft();
    }
    return table_short();
}
