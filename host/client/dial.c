/* SPDX-License-Identifier: Apache-2.0 */
#include "client/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/servers.h"
#include "tls/tls.h"
#include "udp/keys.h"

#define DIAL_SECONDS  15 /* for all of it, with one proxy */
#define TRIAL_SECONDS 5  /* for each, with more of them */

struct dial {
    struct client *client;
    struct dial_request request;
    dial_fn *fn;
    void *arg;
    enum { CONNECTING, METHOD, LOGIN, REPLY, PARAMS } state;
    bool in_a_row; /* the request follows the greeting or the login at once */
    struct server *server;
    unsigned tried; /* bits of servers */
    struct event *timer;
    struct names_request *name;
    struct names_result addresses;
    unsigned next_address;
    struct stream *stream;
    struct dial_result result;
};

static void on_stream(struct stream *stream, enum stream_event event, void *arg);
static bool try_next(struct dial *d);

static void leave_server(struct dial *d)
{
    if (d->name)
        names_cancel(d->name);
    d->name = NULL;
    stream_free(d->stream);
    d->stream = NULL;
}

void dial_cancel(struct dial *d)
{
    if (!d)
        return;
    leave_server(d);
    if (d->timer)
        event_free(d->timer);
    explicit_bzero(d, sizeof *d);
    free(d);
}

/* Not what a proxy that is in order has decided. */
static bool is_failure(int error)
{
    return error && error != -EPERM && error != -EACCES && error != -EPROTONOSUPPORT;
}

static void finish(struct dial *d, int error)
{
    if (d->server)
        servers_done(d->client, d->server, !is_failure(error));
    if (d->server && !error)
        d->server->resumed += SSL_session_reused(stream_ssl(d->stream)) == 1;
    if (is_failure(error) && try_next(d))
        return;
    struct dial_result result = d->result;
    dial_fn *fn = d->fn;
    void *arg = d->arg;
    struct client *client = d->client;
    result.error = error;
    if (error) {
        client->stats.dials_failed++;
        log_event(&client->log, LOG_LEVEL_WARNING, "dial_failed", "command=%#x error=%s code=%u", d->request.command,
                  strerrorname_np(-error), error == -EPERM ? result.code : 0);
    } else {
        result.server = d->server;
        result.stream = d->stream;
        d->stream = NULL;
    }
    dial_cancel(d);
    fn(arg, &result);
}

/* ---- connecting */

static struct stream *connect_to(struct dial *d, const struct net_addr *address)
{
    int one = 1;
    int fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    SSL *ssl = servers_ssl(d->client, d->server);
    if (!ssl || (connect(fd, &address->sa, address->len) && errno != EINPROGRESS)) {
        SSL_free(ssl);
        close(fd);
        return NULL;
    }
    return stream_new(d->client->base, fd, ssl, STREAM_CONNECTING, on_stream, d);
}

/* False: no address is left. */
static bool connect_next(struct dial *d)
{
    while (d->next_address < d->addresses.count) {
        struct net_addr address = d->addresses.addresses[d->next_address++];
        net_addr_set_port(&address, d->server->address->port);
        d->stream = connect_to(d, &address);
        if (d->stream)
            return true;
    }
    return false;
}

static void on_name(void *arg, const struct names_result *result)
{
    struct dial *d = arg;
    d->name = NULL;
    d->addresses = *result;
    if (!connect_next(d))
        finish(d, result->count ? -ECONNREFUSED : -EHOSTUNREACH);
}

/* ---- what is said */

static void say_greeting(struct dial *d)
{
    uint8_t out[SOCKS_GREETING_MAX];
    struct socks_greeting greeting = {.none = !d->client->config->user, .password = d->client->config->user != NULL};
    stream_write(d->stream, out, socks_greeting_encode(&greeting, out));
}

static void say_login(struct dial *d)
{
    uint8_t out[SOCKS_AUTH_MAX];
    struct socks_auth auth = {0};
    /* Both were checked to fit at start. */
    memcpy(auth.user, d->client->config->user, strlen(d->client->config->user));
    memcpy(auth.password, d->client->password, sizeof auth.password);
    int n = socks_auth_encode(&auth, out);
    if (n > 0)
        stream_write(d->stream, out, (size_t)n);
    explicit_bzero(&auth, sizeof auth);
    explicit_bzero(out, sizeof out);
}

static void say_params(struct dial *d)
{
    uint8_t out[2 + SOCKS_PARAMS_MAX];
    const struct client_config *config = d->client->config;
    struct socks_params params = {
        .present = 1u << SOCKS_PARAM_VERSION | 1u << SOCKS_PARAM_SUITES | 1u << SOCKS_PARAM_NONCE_MODES | 1u << SOCKS_PARAM_CID,
        .version = SOCKS_PARAMS_VERSION,
        .suite_count = config->suite_count,
        .nonce_modes = {config->random_nonces ? SOCKS_NONCE_RANDOM : SOCKS_NONCE_SEQUENCE},
        .nonce_mode_count = 1,
    };
    memcpy(params.suites, config->suites, config->suite_count);
    memcpy(params.cid, d->request.cid, sizeof params.cid);
    if (d->request.take_up && !keys_take_up_proof(stream_ssl(d->stream), d->request.take_up_key, params.take_up_proof)) {
        params.present |= 1u << SOCKS_PARAM_TAKE_UP;
        memcpy(params.take_up_cid, d->request.take_up_cid, sizeof params.take_up_cid);
    }
    stream_write(d->stream, out, socks_params_encode(&params, SOCKS_PARAMS_REQUEST, out));
}

static void say_request(struct dial *d)
{
    uint8_t out[SOCKS_REQUEST_MAX];
    struct socks_message request = {.code = (uint8_t)d->request.command, .address = {.type = SOCKS_IP4}};
    if (d->request.command == SOCKS_CONNECT)
        request.address = d->request.dest;
    stream_write(d->stream, out, socks_message_encode(&request, out));
    if (d->request.command == SOCKS_SECURE_UDP_ASSOCIATE)
        say_params(d);
}

/* One method is offered, so the answers are known before they come. But a password is for who asks for it, and another SOCKS
 * server than ours may not expect what follows. */
static void say(struct dial *d)
{
    say_greeting(d);
    d->state = METHOD;
    d->in_a_row = tls_is_sluice(stream_ssl(d->stream));
    if (d->in_a_row && !d->client->config->user)
        say_request(d);
}

/* ---- what is heard: bytes that the message took, 0 when it is not complete, -errno that ends the dial */

static int hear_method(struct dial *d, const uint8_t *data, size_t len)
{
    uint8_t method;
    int n = socks_method_decode(data, len, &method);
    if (n <= 0)
        return n;
    if (method != (d->client->config->user ? SOCKS_METHOD_PASSWORD : SOCKS_METHOD_NONE))
        return -EACCES;
    bool login = method == SOCKS_METHOD_PASSWORD;
    d->state = login ? LOGIN : REPLY;
    if (login)
        say_login(d);
    if (login == d->in_a_row)
        say_request(d);
    return n;
}

static int hear_login(struct dial *d, const uint8_t *data, size_t len)
{
    uint8_t status;
    int n = socks_auth_reply_decode(data, len, &status);
    if (n <= 0)
        return n;
    if (status)
        return -EACCES;
    d->state = REPLY;
    if (!d->in_a_row)
        say_request(d);
    return n;
}

static int hear_reply(struct dial *d, const uint8_t *data, size_t len, bool *done)
{
    struct socks_message reply;
    int n = socks_message_decode(data, len, &reply);
    if (n <= 0)
        return n;
    d->result.code = (enum socks_reply)reply.code;
    d->result.bound = reply.address;
    if (reply.code != SOCKS_OK)
        return -EPERM;
    d->state = PARAMS;
    *done = d->request.command != SOCKS_SECURE_UDP_ASSOCIATE;
    return n;
}

/* A proxy that chooses what was not offered is not to be talked to. */
static bool was_offered(const struct dial *d, const struct socks_params *params)
{
    const struct client_config *config = d->client->config;
    return params->version == SOCKS_PARAMS_VERSION && params->suite_count == 1 &&
           memchr(config->suites, params->suites[0], config->suite_count) && params->nonce_mode_count == 1 &&
           params->nonce_modes[0] == (config->random_nonces ? SOCKS_NONCE_RANDOM : SOCKS_NONCE_SEQUENCE);
}

static int hear_params(struct dial *d, const uint8_t *data, size_t len, bool *done)
{
    if (len < 2)
        return 0;
    size_t body = (size_t)data[0] << 8 | data[1];
    if (body > SOCKS_PARAMS_MAX)
        return -EPROTO;
    if (len < 2 + body)
        return 0;
    int rc = socks_params_decode(data + 2, body, SOCKS_PARAMS_REPLY, &d->result.params);
    if (rc || !was_offered(d, &d->result.params))
        return -EPROTO;
    *done = true;
    return (int)(2 + body);
}

static int hear(struct dial *d, const uint8_t *data, size_t len, bool *done)
{
    switch (d->state) {
    case METHOD:
        return hear_method(d, data, len);
    case LOGIN:
        return hear_login(d, data, len);
    case REPLY:
        return hear_reply(d, data, len, done);
    case PARAMS:
        return hear_params(d, data, len, done);
    default:
        return -EPROTO;
    }
}

static void take_input(struct dial *d)
{
    struct evbuffer *in = stream_input(d->stream);
    uint8_t data[SOCKS_PARAMS_MAX + 2];
    bool done = false;
    int n = 1;
    while (n > 0 && !done) {
        ssize_t len = evbuffer_copyout(in, data, sizeof data);
        if (len <= 0)
            return;
        n = hear(d, data, (size_t)len, &done);
        if (n > 0)
            evbuffer_drain(in, (size_t)n);
    }
    if (done)
        finish(d, 0);
    else if (n < 0)
        finish(d, n == -EAFNOSUPPORT ? -EPROTO : n);
}

/* ---- events */

static void opened(struct dial *d)
{
    SSL *ssl = stream_ssl(d->stream);
    if (tls_check(ssl))
        finish(d, -EPROTO);
    else if (d->request.command == SOCKS_SECURE_UDP_ASSOCIATE && !tls_is_sluice(ssl))
        finish(d, -EPROTONOSUPPORT);
    else
        say(d);
}

static void broken(struct dial *d)
{
    int error = stream_error(d->stream);
    char reason[128];
    if (error == EPROTO)
        log_event(&d->client->log, LOG_LEVEL_WARNING, "tls_failed", "reason=\"%s\"", tls_reason(reason, sizeof reason));
    bool elsewhere = d->state == CONNECTING && error != EPROTO;
    stream_free(d->stream);
    d->stream = NULL;
    if (!elsewhere || !connect_next(d))
        finish(d, -error);
}

static void on_stream(struct stream *stream, enum stream_event event, void *arg)
{
    struct dial *d = arg;
    (void)stream;
    switch (event) {
    case STREAM_OPEN:
        opened(d);
        break;
    case STREAM_DATA:
        take_input(d);
        break;
    case STREAM_DRAINED:
        break;
    case STREAM_EOF:
        finish(d, -ECONNRESET);
        break;
    case STREAM_ERROR:
        broken(d);
        break;
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    struct dial *d = arg;
    finish(d, d->server ? -ETIMEDOUT : -ECONNREFUSED);
}

/* False: it fails at once. */
static bool try_server(struct dial *d, struct server *server)
{
    const struct timeval limit = {.tv_sec = d->client->servers->count == 1 ? DIAL_SECONDS : TRIAL_SECONDS};
    leave_server(d);
    d->server = server;
    d->tried |= servers_bit(d->client, server);
    d->state = CONNECTING;
    d->addresses.count = d->next_address = 0;
    server->dials++;
    if (event_add(d->timer, &limit))
        return false;
    if (socks_address_to_addr(server->address, &d->addresses.addresses[0])) {
        d->name = names_ask(d->client->names, server->address->name, on_name, d);
        return d->name;
    }
    d->addresses.count = 1;
    return connect_next(d);
}

static bool try_next(struct dial *d)
{
    struct server *server;
    while (!d->request.server && (server = servers_choose(d->client, d->tried))) {
        if (try_server(d, server))
            return true;
        servers_done(d->client, server, false);
    }
    return false;
}

struct dial *dial_new(struct client *client, const struct dial_request *request, dial_fn *fn, void *arg)
{
    const struct timeval now = {0};
    struct dial *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->client = client;
    d->request = *request;
    d->fn = fn;
    d->arg = arg;
    d->timer = evtimer_new(client->base, on_timer, d);
    if (d->timer && (request->server ? try_server(d, request->server) : try_next(d)))
        return d;
    leave_server(d);
    d->server = NULL;
    d->tried = ~0u;
    if (d->timer && !event_add(d->timer, &now)) /* refused at once: told from the loop all the same */
        return d;
    dial_cancel(d);
    return NULL;
}
