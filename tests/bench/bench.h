/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `make bench`; each prints its rows. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/* The simulated card, in its own clocks. */
void bench_card(void);
/* The software engine, in this machine's CPU time. */
void bench_soft(void);

#endif
