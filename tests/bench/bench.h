/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `make bench`; each prints its rows. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>

struct bench_options {
    bool full;                /* every row of the card's table, instead of a few */
    bool details;             /* where the clocks went */
    const char *const *words; /* only rows in whose names all of them occur; ends with NULL; NULL: every row */
};

bool bench_asked(const struct bench_options *o, const char *row);

/* The simulated card, in its own clocks. */
void bench_card(const struct bench_options *o);
/* The simulation itself, in this machine's CPU time. */
void bench_speed(void);
/* The software engine, in this machine's CPU time. */
void bench_soft(const struct bench_options *o);

#endif
