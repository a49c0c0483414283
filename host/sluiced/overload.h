/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When there is too much: a ceiling for memory, above which nothing new is taken, and a line in the log for what was refused, at
 * most one every ten seconds for each reason.
 */
#ifndef SLUICED_OVERLOAD_H
#define SLUICED_OVERLOAD_H

#include <stdbool.h>

struct overload;
struct proxy;

struct overload *overload_new(void); /* NULL: no memory */
void overload_free(struct overload *overload);
/* Main thread, every second. */
void overload_tick(struct proxy *proxy);
/* Each thread that has an event loop, every second: while memory is scarce, what the thread only keeps for later goes back to the
 * system, as that does not count. */
void overload_release(const struct overload *overload);
/* Any thread: nothing new is to be taken. */
bool overload_memory(const struct overload *overload);
/* Resident memory in bytes when it was last looked at; 0: unknown. */
unsigned long long overload_resident(const struct overload *overload);

#endif
