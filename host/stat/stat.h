/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-command `stat` of sluice: what a proxy on this computer does, as its control socket says. */
#ifndef HOST_STAT_STAT_H
#define HOST_STAT_STAT_H

/* Arguments are those after the sub-command's name; returns the exit status. */
int stat_command(int argc, char **argv);

#endif
