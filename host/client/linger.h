/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on which the last is being written (client_linger in client.h). */
#ifndef CLIENT_LINGER_H
#define CLIENT_LINGER_H

#include "client/client.h"

/* Every second: those that take too long. */
void linger_tick(struct client *client);
void linger_free_all(struct client *client);

#endif
