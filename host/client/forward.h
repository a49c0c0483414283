/* SPDX-License-Identifier: Apache-2.0 */
/* Local forwards: a local UDP or TCP port that leads to a fixed destination through the proxy. */
#ifndef CLIENT_FORWARD_H
#define CLIENT_FORWARD_H

#include "client/client.h"

/* Opens all of the configuration; -errno, with the one that failed logged. */
int forward_open_all(struct client *client);
void forward_close_all(struct client *client);
/* Every second: sources that have been idle too long. */
void forward_tick(struct client *client);

/* ---- udp_forward.c */

struct udp_forward;
int udp_forward_open(struct client *client, const struct client_forward *config, struct udp_forward **forward);
void udp_forward_close(struct udp_forward *forward);
void udp_forward_tick(struct udp_forward *forward);

#endif
