/* SPDX-License-Identifier: Apache-2.0 */
/* TAP by plain prints. ok() is for the main thread alone. */
#ifndef TESTS_HOST_TAP_H
#define TESTS_HOST_TAP_H

#include <stdbool.h>

/* Prints a line; what must hold is said by the format. Returns `holds`. */
bool ok(bool holds, const char *format, ...) __attribute__((format(printf, 2, 3)));
void skip(const char *what, const char *why);
/* Prints the plan; returns the exit status. */
int done(void);
/* SEED of the environment or argv[1], else of the clock; prints it and seeds random(). */
unsigned seed(int argc, char **argv);

#endif
