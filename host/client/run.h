/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-command `client`. Arguments are those after its name; returns the exit status. */
#ifndef CLIENT_RUN_H
#define CLIENT_RUN_H

int client_command(int argc, char **argv);

#endif
