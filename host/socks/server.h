/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of SOCKS5 as a state machine without I/O: bytes in, one event out, bytes to send in `out`. It takes no byte
 * beyond the message that it waits for.
 */
#ifndef HOST_SOCKS_SERVER_H
#define HOST_SOCKS_SERVER_H

#include <stdbool.h>

#include "socks/params.h"
#include "socks/socks.h"

enum socks_server_event {
    SOCKS_SERVER_MORE,         /* nothing to do until there are more bytes */
    SOCKS_SERVER_AUTHENTICATE, /* check auth, then call socks_server_authenticated; takes no bytes until then */
    SOCKS_SERVER_REQUEST,      /* request (and parameters, when secure) is complete; the machine is done */
    SOCKS_SERVER_FAILED,       /* send `out`, then close */
};

struct socks_server {
    int state;
    bool password_required;
    bool secure_allowed; /* 0x83 is taken; otherwise it is refused as a command that is not supported */
    struct socks_auth auth;
    struct socks_message request;
    struct socks_params params;
    uint8_t in[2 + SOCKS_PARAMS_MAX];
    size_t in_len;
    uint8_t out[SOCKS_REQUEST_MAX]; /* to send after a call; the caller resets out_len */
    size_t out_len;
};

void socks_server_init(struct socks_server *server, bool password_required, bool secure_allowed);
/* Takes bytes until an event; `used` tells how many. Sends in `out` come before whatever the event leads to. */
enum socks_server_event socks_server_input(struct socks_server *server, const uint8_t *data, size_t len, size_t *used);
/* The answer to SOCKS_SERVER_AUTHENTICATE; the password is wiped. Returns SOCKS_SERVER_MORE or SOCKS_SERVER_FAILED. */
enum socks_server_event socks_server_authenticated(struct socks_server *server, bool ok);
/* Wipes what is secret. */
void socks_server_clear(struct socks_server *server);

#endif
