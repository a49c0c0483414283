/* SPDX-License-Identifier: Apache-2.0 */
/* A local TCP connection that goes on through the proxy by CONNECT. */
#ifndef CLIENT_TUNNEL_H
#define CLIENT_TUNNEL_H

#include "client/client.h"
#include "socks/socks.h"

/* Takes over `local`, which is open. `socks`: it waits for a SOCKS5 reply. Counted in client->connections by the caller,
 * uncounted here at its end. */
void tunnel_start(struct client *client, struct stream *local, const struct socks_address *dest, bool socks);
void tunnel_free_all(struct client *client);

/* ---- for local SOCKS5 sessions */

/* Writes a reply with that address; NULL: 0.0.0.0:0. */
void tunnel_reply(struct stream *local, enum socks_reply code, const struct net_addr *bound);
/* The code that a program is told of a dial that failed. */
enum socks_reply tunnel_reply_code(int error, enum socks_reply code);

#endif
