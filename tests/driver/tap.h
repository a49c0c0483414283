/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test Anything Protocol, and the seed that every random choice of a test comes from. Results are for one thread; others may make
 * notes, and choices once they have called tap_thread.
 */
#ifndef TESTS_DRIVER_TAP_H
#define TESTS_DRIVER_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes the seed from SEED= or the clock, and prints it. */
void tap_begin(void);
/* One result; `format` says what must hold. Returns `good`. */
bool tap_ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line for the reader. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Ends the program, when all of it cannot be done here. */
_Noreturn void tap_skip_all(const char *why);
/* Prints the plan; returns the exit status. */
int tap_end(void);

/* Gives the calling thread choices of its own, from the seed and its number. */
void tap_thread(unsigned number);
/* xorshift64*, from the seed. */
uint64_t tap_random(void);
/* 0 to below - 1. */
uint32_t tap_below(uint32_t below);
void tap_fill(void *mem, size_t bytes);

#endif
