/* SPDX-License-Identifier: Apache-2.0 */
/* The table of a benchmark: figure, goal, what was measured, and whether that reaches it. */
#ifndef TESTS_BENCH_TABLE_H
#define TESTS_BENCH_TABLE_H

#include <stdbool.h>

enum goal { GOAL_NONE, GOAL_AT_LEAST, GOAL_AT_MOST, GOAL_BELOW };

void table_head(const char *title);
void table_row(const char *figure, enum goal kind, double goal, double measured, const char *unit);

/* Rows of a rate beside its bound: `content` bytes a record; clocks a record as the bound has them and as measured. `share`: of
 * the bound's rate that is to be reached; 0: there is no goal. */
void table_rate_head(const char *title);
void table_rate(const char *figure, double content, double bound, double share, double clocks);

/* Whether a row fell short so far. */
bool table_short(void);

#endif
