/* SPDX-License-Identifier: Apache-2.0 */
/* make bench: prints what was measured beside what is to be reached. Ends with 1 when a figure falls short. */
#include "bench.h"
#include "table.h"
#include "tests/driver/sim_child.h"
#include "tests/driver/tap.h"

int main(void)
{
    tap_begin();
    if (sim_built()) {
        bench_card();
    } else {
        tap_note("sluice-sim is not built: no figures of the card");
    }
    bench_soft();
    return table_short();
}
