/* SPDX-License-Identifier: Apache-2.0 */
/* The local SOCKS5 listener, for programs that speak it: CONNECT and UDP ASSOCIATE, without authentication. */
#ifndef CLIENT_LOCAL_H
#define CLIENT_LOCAL_H

#include "client/client.h"

/* Listens where the configuration says; -errno. */
int local_open(struct client *client);
/* No new sessions, and those that there are end. */
void local_close(struct client *client);

#endif
