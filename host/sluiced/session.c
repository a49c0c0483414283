/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/overload.h"
#include "sluiced/session_internal.h"
#include "tls/sessions.h"
#include "tls/tls.h"

#define ENDING_SECONDS 2

const char *session_peer(const struct session *session)
{
    return session ? session->peer_text : "-";
}

const struct net_addr *session_host(const struct session *session)
{
    return &session->peer;
}

struct session *session_next(const struct session *session)
{
    return session->next;
}

/* ---- ending */

void session_link_in(struct session *s)
{
    stats_add(&s->worker->stats.connections_open, 1);
    s->prev = NULL;
    s->next = s->worker->sessions;
    if (s->next)
        s->next->prev = s;
    s->worker->sessions = s;
}

void session_link_out(struct session *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        s->worker->sessions = s->next;
    if (s->next)
        s->next->prev = s->prev;
    stats_add(&s->worker->stats.connections_open, (uint64_t)-1);
}

static void drop_association(struct session *s, const char *why)
{
    struct association *a = s->association;
    s->association = NULL;
    if (a)
        association_finish(a, why);
}

/* The connection broke, without a word of the client's: the association may be taken up. */
static void leave_association(struct session *s, const char *why)
{
    struct association *a = s->association;
    s->association = NULL;
    if (a)
        association_leave(a, why);
}

static void drop_socks(struct session *s)
{
    if (s->socks)
        socks_server_clear(s->socks);
    free(s->socks);
    s->socks = NULL;
}

void session_free(struct session *s)
{
    struct worker *worker = s->worker;
    drop_association(s, "closed");
    session_forget_auth(s);
    if (s->name)
        names_cancel(s->name);
    if (s->relay)
        stats_add(&worker->stats.streams_open, (uint64_t)-1);
    relay_free(s->relay);
    session_bind_free(s);
    stream_free(s->to_target);
    stream_free(s->stream);
    drop_socks(s);
    access_clear(&s->access);
    session_link_out(s);
    atomic_fetch_sub(&worker->proxy->connections, 1);
    free(s);
}

void session_pause(struct session *s, bool pause)
{
    stream_pause(s->stream, pause);
}

void session_give(struct session *s)
{
    struct association *a = s->association;
    if (!a || !a->secure)
        return;
    a->session = NULL;
    s->association = NULL;
    session_free(s);
}

void session_wind_up(struct session *s)
{
    s->state = SESSION_ENDING;
    s->deadline = worker_now() + ENDING_SECONDS;
    stream_finish(s->stream);
}

/* What a request that is given up was waiting for. */
static void drop_target(struct session *s)
{
    if (s->name)
        names_cancel(s->name);
    s->name = NULL;
    stream_free(s->to_target);
    s->to_target = NULL;
    session_bind_free(s);
}

void session_end(struct session *s, enum control_close reason, const char *why)
{
    uint8_t message[8];
    if (s->state == SESSION_ENDING)
        return;
    if (s->state == SESSION_ASSOCIATED && s->association->secure)
        stream_write(s->stream, message, control_close(reason, message));
    if (s->state == SESSION_ASSOCIATED)
        association_say_end(s->association);
    drop_association(s, why);
    if (s->relay || s->state == SESSION_HANDSHAKE) {
        session_free(s);
        return;
    }
    drop_target(s);
    session_wind_up(s);
}

/* ---- SOCKS5 */

void session_reply(struct session *s, enum socks_reply code, const struct net_addr *bound)
{
    struct socks_message reply = {.code = (uint8_t)code, .address = {.type = SOCKS_IP4}};
    uint8_t out[SOCKS_REQUEST_MAX];
    if (bound)
        socks_address_from_addr(bound, &reply.address);
    stream_write(s->stream, out, socks_message_encode(&reply, out));
    if (code == SOCKS_OK)
        return;
    stats_add(&s->worker->stats.requests_refused, 1);
    log_event(proxy_access(s->worker->proxy), LOG_LEVEL_INFO, "request_refused", "peer=%s user=%s command=%#x target=%s code=%d",
              s->peer_text, s->user, s->request.code, s->target, code);
    session_wind_up(s);
}

static void take_request(struct session *s)
{
    struct worker *worker = s->worker;
    char text[300];
    s->request = s->socks->request;
    s->offer = s->socks->params;
    drop_socks(s);
    if (stream_ssl(s->stream))
        tls_sessions_give(stream_ssl(s->stream));
    log_quote(s->target, sizeof s->target, socks_address_format(&s->request.address, text, sizeof text));
    if (access_take(&s->access, worker->proxy->accounts, worker->policy, ACCOUNT_CONNECTION)) {
        stats_add(&worker->stats.connections_over, 1);
        session_reply(s, SOCKS_NOT_ALLOWED, NULL);
        return;
    }
    switch (s->request.code) {
    case SOCKS_CONNECT:
        session_connect(s);
        break;
    case SOCKS_BIND:
        session_bind(s);
        break;
    case SOCKS_UDP_ASSOCIATE:
        session_associate(s, false);
        break;
    case SOCKS_SECURE_UDP_ASSOCIATE:
        session_associate(s, true);
        break;
    default:
        session_reply(s, SOCKS_BAD_COMMAND, NULL);
        break;
    }
}

static void handle(struct session *s, enum socks_server_event event)
{
    switch (event) {
    case SOCKS_SERVER_MORE:
        break;
    case SOCKS_SERVER_AUTHENTICATE:
        session_authenticate(s);
        break;
    case SOCKS_SERVER_REQUEST:
        take_request(s);
        break;
    case SOCKS_SERVER_FAILED:
        stats_add(&s->worker->stats.socks_failed, 1);
        session_wind_up(s);
        break;
    }
}

static void take_socks(struct session *s)
{
    struct evbuffer *in = stream_input(s->stream);
    while (s->state == SESSION_SOCKS && evbuffer_get_length(in)) {
        size_t used, len = evbuffer_get_contiguous_space(in);
        const uint8_t *data = evbuffer_pullup(in, (ev_ssize_t)len);
        enum socks_server_event event = socks_server_input(s->socks, data, len, &used);
        evbuffer_drain(in, used);
        stream_write(s->stream, s->socks->out, s->socks->out_len);
        s->socks->out_len = 0;
        handle(s, event);
    }
}

/* ---- control stream */

static void take_control(struct session *s)
{
    struct control_message message;
    struct evbuffer *in = stream_input(s->stream);
    if (!s->association->secure) {
        evbuffer_drain(in, evbuffer_get_length(in)); /* nothing is said there */
        return;
    }
    int rc;
    while ((rc = control_take(in, &message)) > 0) {
        if (control_close_reason(&message) >= 0) {
            drop_association(s, "client_closed");
            session_wind_up(s);
            return;
        }
        if (message.type == CONTROL_TRANSPORT)
            session_take_transport(s, &message);
        else if (message.type == CONTROL_PATH_MTU)
            session_take_mtu(s, &message);
        else
            session_take_rekey(s, &message);
        if (s->state != SESSION_ASSOCIATED)
            return;
    }
    if (rc < 0)
        session_end(s, CONTROL_CLOSE_POLICY, "bad_control");
}

void session_take_input(struct session *s)
{
    if (s->state == SESSION_SOCKS)
        take_socks(s);
    else if (s->state == SESSION_ASSOCIATED)
        take_control(s);
    else if (s->state == SESSION_ENDING)
        evbuffer_drain(stream_input(s->stream), evbuffer_get_length(stream_input(s->stream)));
}

static void keep_alive(struct session *s, time_t now)
{
    uint8_t message[8];
    if (!s->association->secure || now - s->last_sent < CONTROL_KEEP_ALIVE_SECONDS)
        return;
    stream_write(s->stream, message, control_keep_alive(message));
    s->last_sent = now;
}

static void time_out(struct session *s)
{
    enum session_state state = s->state;
    if (state == SESSION_HANDSHAKE || state == SESSION_SOCKS)
        stats_add(&s->worker->stats.handshakes_slow, 1);
    if (state != SESSION_NAME && state != SESSION_CONNECT && state != SESSION_BIND) {
        session_free(s);
        return;
    }
    drop_target(s);
    session_reply(s, state == SESSION_BIND ? SOCKS_TTL_EXPIRED : SOCKS_HOST_UNREACHABLE, NULL);
}

void session_tick(struct session *s)
{
    time_t now = worker_now();
    if (s->state == SESSION_MOVING)
        return;
    if (s->refuse_at && now >= s->refuse_at) {
        session_refuse_auth(s);
        return;
    }
    if (s->deadline && now > s->deadline) {
        time_out(s);
        return;
    }
    if (s->state != SESSION_ASSOCIATED)
        return;
    if (now - s->association->last_datagram > (time_t)s->worker->policy->options.idle_seconds) {
        session_end(s, CONTROL_CLOSE_IDLE, "idle");
        return;
    }
    keep_alive(s, now);
    if (s->association->secure)
        session_rekey_tick(s);
}

/* ---- the connection */

static void opened(struct session *s)
{
    struct proxy *proxy = s->worker->proxy;
    SSL *ssl = stream_ssl(s->stream);
    if (ssl && tls_check(ssl)) {
        stats_add(&s->worker->stats.handshakes_failed, 1);
        log_event(&proxy->log, LOG_LEVEL_INFO, "handshake_failed", "peer=%s reason=\"no extended master secret\"", s->peer_text);
        session_free(s);
        return;
    }
    if (ssl && SSL_session_reused(ssl))
        stats_add(&s->worker->stats.handshakes_resumed, 1);
    if (session_take_certificate(s)) {
        session_free(s);
        return;
    }
    s->socks = malloc(sizeof *s->socks);
    if (!s->socks) {
        session_free(s);
        return;
    }
    bool password = proxy_wants_password(proxy, s->worker->policy) && !s->access.user;
    socks_server_init(s->socks, password, ssl && tls_is_sluice(ssl));
    s->state = SESSION_SOCKS;
}

static void broken(struct session *s)
{
    if (s->state == SESSION_HANDSHAKE && s->tls) {
        char reason[128];
        stats_add(&s->worker->stats.handshakes_failed, 1);
        log_event(&s->worker->proxy->log, LOG_LEVEL_INFO, "handshake_failed", "peer=%s reason=\"%s\"", s->peer_text,
                  tls_reason(reason, sizeof reason));
    }
    leave_association(s, "connection_lost");
    session_free(s);
}

void session_on_stream(struct stream *stream, enum stream_event event, void *arg)
{
    struct session *s = arg;
    (void)stream;
    switch (event) {
    case STREAM_OPEN:
        opened(s);
        break;
    case STREAM_DATA:
        session_take_input(s);
        break;
    case STREAM_DRAINED:
        if (s->state == SESSION_ENDING && stream_finished(s->stream) && stream_ended(s->stream))
            session_free(s);
        break;
    case STREAM_EOF:
        /* While the target is being reached, the client may have said all it has to say. */
        if (s->state == SESSION_NAME || s->state == SESSION_CONNECT)
            break;
        drop_association(s, "client_closed");
        if (s->state != SESSION_ENDING || stream_finished(s->stream))
            session_free(s);
        break;
    case STREAM_ERROR:
        broken(s);
        break;
    }
}

static bool take_place(struct worker *worker)
{
    struct proxy *proxy = worker->proxy;
    if (overload_memory(proxy->overload)) {
        stats_add(&worker->stats.memory_refused, 1);
        return false;
    }
    if (atomic_fetch_add(&proxy->connections, 1) < worker->policy->options.max_connections)
        return true;
    stats_add(&worker->stats.connections_refused, 1);
    atomic_fetch_sub(&proxy->connections, 1);
    return false;
}

static int take_handshake(struct worker *worker, struct access *access)
{
    int rc = access_take(access, worker->proxy->accounts, worker->policy, ACCOUNT_HANDSHAKE);
    if (rc == -EAGAIN)
        stats_add(&worker->stats.handshakes_over, 1);
    return rc;
}

static struct session *session_new(struct worker *worker, int fd, const struct net_addr *peer, bool tls)
{
    struct session *s = calloc(1, sizeof *s);
    SSL *ssl = NULL;
    socklen_t len = sizeof s->local.in6;
    if (!s)
        return NULL;
    s->peer = s->access.source = *peer;
    if (take_handshake(worker, &s->access) || getsockname(fd, &s->local.sa, &len) ||
        (tls && !(ssl = tls_server_ssl(worker->policy->tls)))) {
        close(fd);
        access_clear(&s->access);
        free(s);
        return NULL;
    }
    s->local.len = len;
    s->worker = worker;
    s->tls = tls;
    net_addr_format(peer, s->peer_text);
    memcpy(s->user, "-", 2);
    memcpy(s->target, "-", 2);
    s->deadline = worker_now() + (time_t)worker->policy->options.handshake_seconds;
    s->stream = stream_new(worker->base, fd, ssl, STREAM_ACCEPTED, session_on_stream, s);
    if (s->stream)
        return s;
    access_clear(&s->access);
    free(s);
    return NULL;
}

void session_accept(struct worker *worker, int fd, const struct net_addr *peer, bool tls)
{
    stats_add(&worker->stats.connections, 1);
    if (!take_place(worker)) {
        close(fd);
        return;
    }
    struct session *s = session_new(worker, fd, peer, tls);
    if (!s) {
        atomic_fetch_sub(&worker->proxy->connections, 1);
        return;
    }
    session_link_in(s);
}
