/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sluice-sim as a child of the test. It dies with the test. With CARD=URI in the environment the test has that card instead of
 * one of its own: then arguments are not looked at, and it is nobody's to kill.
 */
#ifndef TESTS_DRIVER_SIM_CHILD_H
#define TESTS_DRIVER_SIM_CHILD_H

#include <stdbool.h>

struct sim_child;

/* Whether there is one: at $SLUICE_SIM, or where the build puts it. */
int sim_built(void);
/* Whether the card is one that was given. */
bool sim_given(void);
/* Starts it with a seed from the test's and further arguments, which end with NULL, and waits until it listens. Ends the test
 * when it does not. */
struct sim_child *sim_start(const char *const arguments[]);
/* "sim:PATH" */
const char *sim_uri(const struct sim_child *sim);
void sim_signal(struct sim_child *sim, int signal);
/* Seconds of CPU time that it has used. */
double sim_cpu(const struct sim_child *sim);
/* SIGTERM; returns the exit status, -1 when a signal killed it. Frees. */
int sim_stop(struct sim_child *sim);

#endif
