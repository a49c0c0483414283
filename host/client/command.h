/* SPDX-License-Identifier: Apache-2.0 */
/* The program that the client runs with the proxy in its environment (`sluice client -- COMMAND`). */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include "client/client.h"

/* Starts it; client->socks is where it finds the listener. When it has ended, the loop ends. -errno. */
int command_start(struct client *client);
/* Hands a signal on to it. False: it does not run. */
bool command_signal(struct client *client, int number);
/* Its exit status as a shell has it; the one of a program that could not be run is 127 or 126. */
int command_status(const struct client *client);
void command_free(struct client *client);

#endif
