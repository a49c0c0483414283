/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `make bench-scale`; each prints its rows and returns whether it could measure. */
#ifndef TESTS_BENCH_SCALE_H
#define TESTS_BENCH_SCALE_H

#include <stdbool.h>

#include "sluice.h"

/* Memory of so many associations that are open at once, and datagrams on each of them. */
bool scale_crowd(struct sluice_card *card, unsigned associations);
/* New associations a CPU second, beside what a loop of OpenSSL alone does in handshakes. */
bool scale_rates(struct sluice_card *card, unsigned seconds);

#endif
