/* SPDX-License-Identifier: Apache-2.0 */
/* scale [--crowd N] [--rates SECONDS]; without either: both, as `make bench-scale` asks. Status 1: a goal was missed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scale.h"
#include "tests/bench/table.h"

static unsigned asked(int argc, char **argv, const char *option, unsigned otherwise)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (!strcmp(argv[i], option))
            return (unsigned)strtoul(argv[i + 1], NULL, 10);
    }
    return argc > 1 ? 0 : otherwise;
}

int main(int argc, char **argv)
{
    unsigned crowd = asked(argc, argv, "--crowd", 10000), rates = asked(argc, argv, "--rates", 4);
    struct sluice_card *card;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (sluice_open("soft:", NULL, &card))
        return EXIT_FAILURE;
    bool measured = !crowd || scale_crowd(card, crowd);
    if (rates)
        measured = scale_rates(card, rates) && measured;
    sluice_close(card);
    return measured && !table_short() ? EXIT_SUCCESS : EXIT_FAILURE;
}
