/* SPDX-License-Identifier: Apache-2.0 */
#include "socks/server.h"

#include <errno.h>
#include <string.h>

enum { GREETING, AUTH, WAIT_AUTH, REQUEST, PARAMS, DONE, FAILED };

void socks_server_init(struct socks_server *server, bool password_required, bool secure_allowed)
{
    memset(server, 0, sizeof *server);
    server->state = GREETING;
    server->password_required = password_required;
    server->secure_allowed = secure_allowed;
}

void socks_server_clear(struct socks_server *server)
{
    explicit_bzero(&server->auth, sizeof server->auth);
    explicit_bzero(server->in, sizeof server->in);
}

static enum socks_server_event fail(struct socks_server *server)
{
    server->state = FAILED;
    socks_server_clear(server);
    return SOCKS_SERVER_FAILED;
}

static enum socks_server_event refuse(struct socks_server *server, enum socks_reply code)
{
    struct socks_message reply = {.code = (uint8_t)code, .address = {.type = SOCKS_IP4}};
    server->out_len = socks_message_encode(&reply, server->out);
    return fail(server);
}

static enum socks_server_event take_greeting(struct socks_server *server, const struct socks_greeting *greeting)
{
    uint8_t method = SOCKS_METHOD_REFUSED;
    if (server->password_required && greeting->password)
        method = SOCKS_METHOD_PASSWORD;
    else if (!server->password_required && greeting->none)
        method = SOCKS_METHOD_NONE;
    server->out_len = socks_method_encode(method, server->out);
    if (method == SOCKS_METHOD_REFUSED)
        return fail(server);
    server->state = method == SOCKS_METHOD_PASSWORD ? AUTH : REQUEST;
    return SOCKS_SERVER_MORE;
}

static enum socks_server_event take_request(struct socks_server *server)
{
    if (server->request.code != SOCKS_SECURE_UDP_ASSOCIATE) {
        server->state = DONE;
        return SOCKS_SERVER_REQUEST;
    }
    if (!server->secure_allowed)
        return refuse(server, SOCKS_BAD_COMMAND);
    server->state = PARAMS;
    return SOCKS_SERVER_MORE;
}

/* The block of parameters: bytes taken, 0 when it is not complete. */
static int decode_params(struct socks_server *server)
{
    if (server->in_len < 2)
        return 0;
    size_t len = (size_t)server->in[0] << 8 | server->in[1];
    if (len > SOCKS_PARAMS_MAX)
        return -EPROTO;
    if (server->in_len < 2 + len)
        return 0;
    int rc = socks_params_decode(server->in + 2, len, SOCKS_PARAMS_REQUEST, &server->params);
    return rc ? rc : (int)(2 + len);
}

/* Tries what has been gathered as the message of this state. */
static enum socks_server_event step(struct socks_server *server)
{
    struct socks_greeting greeting;
    enum socks_server_event event = SOCKS_SERVER_MORE;
    int n;
    switch (server->state) {
    case GREETING:
        if ((n = socks_greeting_decode(server->in, server->in_len, &greeting)) > 0)
            event = take_greeting(server, &greeting);
        break;
    case AUTH:
        if ((n = socks_auth_decode(server->in, server->in_len, &server->auth)) > 0) {
            server->state = WAIT_AUTH;
            event = SOCKS_SERVER_AUTHENTICATE;
        }
        break;
    case REQUEST:
        if ((n = socks_message_decode(server->in, server->in_len, &server->request)) > 0)
            event = take_request(server);
        break;
    default:
        if ((n = decode_params(server)) > 0) {
            server->state = DONE;
            event = SOCKS_SERVER_REQUEST;
        }
        break;
    }
    if (n == -EAFNOSUPPORT)
        return refuse(server, SOCKS_BAD_ADDRESS_TYPE);
    if (n < 0)
        return fail(server);
    if (n > 0) {
        explicit_bzero(server->in, server->in_len);
        server->in_len = 0;
    }
    return event;
}

static bool takes_bytes(const struct socks_server *server)
{
    return server->state == GREETING || server->state == AUTH || server->state == REQUEST || server->state == PARAMS;
}

/* Byte by byte, since a message's length is known only on the way; the longest handshake has some 1,800 of them. */
enum socks_server_event socks_server_input(struct socks_server *server, const uint8_t *data, size_t len, size_t *used)
{
    *used = 0;
    while (*used < len && takes_bytes(server) && !server->out_len) {
        server->in[server->in_len++] = data[(*used)++];
        enum socks_server_event event = step(server);
        if (event != SOCKS_SERVER_MORE)
            return event;
    }
    return server->state == FAILED ? SOCKS_SERVER_FAILED : SOCKS_SERVER_MORE;
}

enum socks_server_event socks_server_authenticated(struct socks_server *server, bool ok)
{
    explicit_bzero(server->auth.password, sizeof server->auth.password);
    server->out_len = socks_auth_reply_encode(ok ? 0 : 1, server->out);
    if (!ok)
        return fail(server);
    server->state = REQUEST;
    return SOCKS_SERVER_MORE;
}
