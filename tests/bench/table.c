/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <stdio.h>

#define FIGURE_WIDTH 62
#define RATE_WIDTH   44

static bool fell_short;

void table_head(const char *title)
{
    printf("\n%s\n%-*s | %10s | %18s |\n", title, FIGURE_WIDTH, "figure", "goal", "measured");
}

static bool reaches(enum goal kind, double goal, double measured)
{
    switch (kind) {
    case GOAL_AT_LEAST:
        return measured >= goal;
    case GOAL_AT_MOST:
        return measured <= goal;
    default:
        return measured < goal;
    }
}

void table_row(const char *figure, enum goal kind, double goal, double measured, const char *unit)
{
    static const char *const signs[] = {"", ">=", "<=", "<"};
    bool good = kind == GOAL_NONE || reaches(kind, goal, measured);
    int digits = measured < 100 ? 3 : 0;
    char text[32] = "";

    if (kind != GOAL_NONE) {
        snprintf(text, sizeof text, "%s %g", signs[kind], goal);
    }
    printf("%-*s | %10s | %9.*f %-8s | %s\n", FIGURE_WIDTH, figure, text, digits, measured, unit,
           kind == GOAL_NONE ? ""
           : good            ? "ok"
                             : "MISSED");
    fell_short = fell_short || !good;
}

void table_rate_head(const char *title)
{
    printf("\n%s: steady state, clocks a record\n%-*s | %8s | %8s | %8s | %8s | %8s |\n", title, RATE_WIDTH, "figure", "bound",
           "goal", "measured", "B/cycle", "of bound");
}

void table_rate(const char *figure, double content, double bound, double share, double clocks)
{
    bool good = bound / clocks >= share;
    char goal[16] = "";

    if (share > 0) {
        snprintf(goal, sizeof goal, "%.1f", bound / share);
    }
    printf("%-*s | %8.1f | %8s | %8.1f | %8.2f | %6.1f %% | %s\n", RATE_WIDTH, figure, bound, goal, clocks, content / clocks,
           100 * bound / clocks,
           share <= 0 ? ""
           : good     ? "ok"
                      : "MISSED");
    fell_short = fell_short || !good;
}

bool table_short(void)
{
    return fell_short;
}
