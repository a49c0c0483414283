/* SPDX-License-Identifier: Apache-2.0 */
/* A UNIX socket that answers each connection with the client's status, one line of JSON, and closes it. */
#ifndef CLIENT_STATUS_H
#define CLIENT_STATUS_H

#include "client/client.h"

/* That of the configuration, if there is one. -errno. */
int status_open(struct client *client);
/* Removes it. */
void status_close(struct client *client);

#endif
