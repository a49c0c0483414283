/* SPDX-License-Identifier: Apache-2.0 */
/* One request to a proxy: name, TCP, TLS, login, SOCKS5 request, and its reply. What fails for the proxy's or the network's sake
 * is tried with the next one. */
#ifndef CLIENT_DIAL_H
#define CLIENT_DIAL_H

#include "client/client.h"
#include "socks/params.h"
#include "socks/socks.h"

struct dial;

struct dial_request {
    enum socks_command command;
    struct socks_address dest; /* CONNECT; else not used */
    struct server *server;     /* NULL: whichever answers */
    uint8_t cid[8];            /* SECURE_UDP_ASSOCIATE: ours */
    bool take_up;              /* SECURE_UDP_ASSOCIATE: an association whose connection broke */
    uint8_t take_up_cid[8];    /* the proxy's */
    uint8_t take_up_key[32];   /* secret */
};

struct dial_result {
    /* 0, or why there is no connection: -EPERM the proxy refused the request, see `code`; -EACCES it refused the login;
     * -EPROTONOSUPPORT a secure request to a proxy that does not know sluice/1; -EPROTO TLS failed, or an answer that makes no
     * sense; -ETIMEDOUT; -EHOSTUNREACH its name is unknown; another -errno of connect. */
    int error;
    enum socks_reply code;
    struct server *server; /* that answered */
    struct stream *stream; /* the receiver's from then on; NULL on an error */
    struct socks_address bound;
    struct socks_params params; /* SECURE_UDP_ASSOCIATE: checked against what was offered */
};

typedef void dial_fn(void *arg, const struct dial_result *result);

/* `fn` is called once, from the loop; the dial is gone by then. NULL: no memory. */
struct dial *dial_new(struct client *client, const struct dial_request *request, dial_fn *fn, void *arg);
/* `fn` will not be called. NULL is allowed. */
void dial_cancel(struct dial *dial);

#endif
