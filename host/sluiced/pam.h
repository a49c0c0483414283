/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords that PAM knows. Its modules start programs, read what only root may, and change the process that they are in, so they
 * run in none of ours: a keeper, forked before anything is given up, forks a process for each question and has it answer.
 */
#ifndef SLUICED_PAM_H
#define SLUICED_PAM_H

#include <stdbool.h>

#include "net/addr.h"

#define PAM_SECONDS 30 /* that a question may take */

/* Before there are threads, and before other files are open. `directory`: of services; NULL: PAM's own. Returns the descriptor
 * for pam_check, whose end ends the keeper, or -errno. */
int pam_new(const char *service, const char *directory);
/* Blocks: for a helper's thread; any at a time. The user is who he says and has an account that is in order. */
bool pam_check(int keeper, const char *user, const char *password, const struct net_addr *source);

#endif
