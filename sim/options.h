/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of sluice-sim. */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "root.h"

struct options {
    const char *socket;
    int ready_fd; /* -1: none */
    bool stats;
    struct root_options root;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_BAD };

/* Texts go to `out` (help) and `err` (what is wrong with which option, and what was expected). */
enum options_result options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err);

#endif
