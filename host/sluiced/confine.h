/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program gives up once its sockets, its card and its files are open: the user it was started by, capabilities, and the
 * system calls that it does not make. Main thread; before the workers and helpers start, which inherit it.
 */
#ifndef SLUICED_CONFINE_H
#define SLUICED_CONFINE_H

#include <stdbool.h>

struct confine_options {
    const char *user; /* to go on as; NULL: the one that it was started by */
    bool card;        /* a PCIe card is in use: its calls are left open, and what locks memory */
    bool filter;
};

/* No program that is started from here gets more rights. -errno. */
int confine_no_new_privileges(void);
/* User and capabilities. -ENOENT: there is no such user; -errno with `*what` set. */
int confine_privileges(const struct confine_options *options, const char **what);
/*
 * System calls. Those that only a program makes that somebody has taken over (starting another, looking into others, loading code
 * into the kernel) end it by SIGSYS; others that are not needed fail with EPERM, as memory to be executed does. -errno.
 */
int confine_calls(const struct confine_options *options);
/* Sanitizers need calls that are not open: there is no filter then. */
bool confine_can_filter(void);

#endif
