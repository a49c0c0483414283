/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a benchmark: figure, goal, what was measured, and whether that reaches it. */
#ifndef TESTS_BENCH_TABLE_H
#define TESTS_BENCH_TABLE_H

#include <stdbool.h>

enum goal { GOAL_NONE, GOAL_AT_LEAST, GOAL_BELOW };

void table_head(const char *title);
void table_row(const char *figure, enum goal kind, double goal, double measured, const char *unit);
/* Whether a row fell short so far. */
bool table_short(void);

#endif
