/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/association_internal.h"
#include "client/servers.h"

#define SILENCE_SECONDS (3 * CONTROL_KEEP_ALIVE_SECONDS) /* then the proxy is taken for dead */
#define ANSWER_SECONDS  3                                /* or, where there is another one, after a rekey without an answer */

/* ---- ending */

static void unlink_one(struct association *a)
{
    if (a->prev)
        a->prev->next = a->next;
    else
        a->client->associations = a->next;
    if (a->next)
        a->next->prev = a->prev;
}

static void reap(struct association *a)
{
    if (!association_reap_epochs(a, a->state == ASSOCIATION_CLOSING) || a->state != ASSOCIATION_CLOSING)
        return;
    unlink_one(a);
    free(a);
}

static void say_close(struct association *a, enum control_close reason)
{
    uint8_t message[8];
    stream_write(a->control, message, control_close(reason, message));
    client_linger(a->client, a->control);
    a->control = NULL;
}

void association_close(struct association *a)
{
    if (!a || a->state == ASSOCIATION_CLOSING)
        return;
    a->state = ASSOCIATION_CLOSING;
    a->client->associations_open--;
    dial_cancel(a->dial);
    a->dial = NULL;
    if (a->control && a->secure)
        say_close(a, a->client->stopping ? CONTROL_CLOSE_STOPPING : CONTROL_CLOSE_DONE);
    stream_free(a->control);
    a->control = NULL;
    if (a->source.fd >= 0) {
        batch_forget(a->client->tx, &a->queue);
        source_close(&a->source);
    }
}

void association_end(struct association *a, int error)
{
    struct association_user user = a->user;
    if (a->state == ASSOCIATION_OPEN) {
        a->client->stats.associations_lost++;
        log_event(&a->client->log, LOG_LEVEL_WARNING, "association_lost", "error=%s", strerrorname_np(-error));
    }
    stream_free(a->control); /* no notice: the proxy has ended it, or is not heard */
    a->control = NULL;
    association_close(a);
    user.ended(user.arg, error);
}

/* ---- the control stream */

static int take_message(struct association *a, const struct control_message *message)
{
    if (message->type == CONTROL_REKEYED)
        return association_rekeyed(a, message);
    if (control_is_rekey_wanted(message))
        association_rekey(a, true);
    return 0;
}

static void closed(struct association *a, int reason)
{
    if (reason == CONTROL_CLOSE_STOPPING && association_may_move(a))
        association_leave(a);
    else
        association_end(a, -ESHUTDOWN);
}

static void take_messages(struct association *a)
{
    struct control_message message;
    int rc;
    a->heard_at = client_now();
    while ((rc = control_take(stream_input(a->control), &message)) > 0) {
        int reason = control_close_reason(&message);
        if (reason >= 0) {
            closed(a, reason);
            return;
        }
        rc = take_message(a, &message);
        if (rc)
            break;
    }
    if (rc < 0)
        association_end(a, -EPROTO);
}

static void lost(struct association *a, int error)
{
    if (!association_retake(a, error))
        association_end(a, error);
}

void association_on_control(struct stream *stream, enum stream_event event, void *arg)
{
    struct association *a = arg;
    if (event == STREAM_EOF)
        lost(a, -ECONNRESET);
    else if (event == STREAM_ERROR)
        lost(a, -stream_error(stream));
    else if (event == STREAM_DATA && a->secure)
        take_messages(a);
    else if (event == STREAM_DATA)
        evbuffer_drain(stream_input(stream), evbuffer_get_length(stream_input(stream))); /* RFC 1928 has nothing more to say */
}

/* ---- opening */

int association_make_keys(struct association *a, const struct dial_result *result)
{
    a->agreement = (struct keys_agreement){
        .version = result->params.version,
        .nonce_mode = result->params.nonce_modes[0],
        .suite = suite_by_id(result->params.suites[0]),
        .epoch = result->params.epoch,
    };
    memcpy(a->agreement.client_cid, a->cid, sizeof a->cid);
    memcpy(a->agreement.proxy_cid, result->params.cid, sizeof a->agreement.proxy_cid);
    return association_add_epoch(a, stream_ssl(result->stream));
}

/* The reply's address; where that is "any", the host that answered. */
static int set_relay(struct association *a, const struct dial_result *result)
{
    socklen_t len = sizeof a->relay.in6;
    int rc = socks_address_to_addr(&result->bound, &a->relay);
    if (!rc && net_addr_is_any(&a->relay)) {
        if (getpeername(stream_fd(result->stream), &a->relay.sa, &len))
            return -errno;
        a->relay.len = len;
        net_addr_set_port(&a->relay, result->bound.port);
    }
    return !rc && net_addr_is_destination(&a->relay) ? 0 : -EPROTO;
}

int association_open_socket(struct association *a, const struct dial_result *result)
{
    int rc = set_relay(a, result);
    if (rc)
        return rc;
    int fd = source_socket(a->relay.sa.sa_family);
    if (fd < 0)
        return fd;
    batch_enable_gro(fd);
    rc = source_open(&a->source, a->client, fd, 0, association_on_datagram, a);
    if (rc)
        return rc;
    batch_queue_init(&a->queue, fd, &a->client->stats.to_proxy);
    return connect(fd, &a->relay.sa, a->relay.len) ? -errno : 0;
}

static void tell_open(struct association *a, const struct dial_result *result)
{
    char udp[NET_ADDR_TEXT];
    const char *tls = SSL_get_version(stream_ssl(a->control));
    const struct log *log = &a->client->log;
    net_addr_format(&a->relay, udp);
    if (a->secure) {
        a->client->stats.associations++;
        log_event(log, LOG_LEVEL_INFO, "association_open", "kind=secure suite=%s tls=%s udp=%s",
                  suite_by_id(result->params.suites[0])->name, tls, udp);
    } else {
        a->client->stats.naked_associations++;
        log_event(log, LOG_LEVEL_WARNING, "association_open", "kind=naked suite=- tls=%s udp=%s insecure=yes", tls, udp);
    }
}

static void opened(struct association *a, const struct dial_result *result)
{
    int rc = a->secure ? association_make_keys(a, result) : 0;
    a->control = result->stream;
    stream_set_callback(a->control, association_on_control, a);
    if (!rc)
        rc = association_open_socket(a, result);
    a->grace = result->params.grace;
    a->server = result->server;
    if (rc) {
        log_event(&a->client->log, LOG_LEVEL_WARNING, "association_failed", "error=%s", strerrorname_np(-rc));
        association_end(a, rc);
        return;
    }
    a->state = ASSOCIATION_OPEN;
    a->sent_at = a->heard_at = client_now();
    tell_open(a, result);
    if (a->secure)
        association_path_opened(a);
    a->user.opened(a->user.arg);
}

static void on_dialled(void *arg, const struct dial_result *result);

static int dial(struct association *a)
{
    struct dial_request request = {.command = a->secure ? SOCKS_SECURE_UDP_ASSOCIATE : SOCKS_UDP_ASSOCIATE};
    memcpy(request.cid, a->cid, sizeof request.cid);
    a->dial = dial_new(a->client, &request, on_dialled, a);
    return a->dial ? 0 : -ENOMEM;
}

static void on_dialled(void *arg, const struct dial_result *result)
{
    struct association *a = arg;
    bool refused = result->error == -EPERM || result->error == -EPROTONOSUPPORT;
    a->dial = NULL;
    if (!result->error) {
        opened(a, result);
    } else if (a->secure && refused && a->client->config->insecure_naked) {
        a->secure = false;
        log_event(&a->client->log, LOG_LEVEL_WARNING, "falling_back", "kind=naked insecure=yes");
        if (dial(a))
            association_end(a, -ENOMEM);
    } else {
        association_end(a, result->error);
    }
}

struct association *association_new(struct client *client, const struct association_user *user)
{
    if (client->associations_open >= client->config->max_associations || client->stopping)
        return NULL;
    struct association *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->client = client;
    a->user = *user;
    a->secure = true;
    a->source.fd = -1;
    if (getrandom(a->cid, sizeof a->cid, 0) != sizeof a->cid || dial(a)) {
        free(a);
        return NULL;
    }
    a->next = client->associations;
    if (a->next)
        a->next->prev = a;
    client->associations = a;
    client->associations_open++;
    return a;
}

static void look_at(const struct association *a, struct association_look *look)
{
    const struct epoch *newest = a->newest;
    *look = (struct association_look){.kind = a->secure ? "secure" : "naked",
                                      .suite = newest ? a->agreement.suite->name : "-",
                                      .transport = a->state == ASSOCIATION_DIALLING ? "-"
                                                   : a->by_tcp                      ? "tcp"
                                                                                    : "udp",
                                      .proxy = a->server ? a->server->name : NULL,
                                      .port = a->server ? a->server->address->port : 0,
                                      .epoch = newest ? newest->number : 0,
                                      .mtu = a->mtu.told,
                                      .connected = a->control};
}

unsigned association_list(const struct client *client, struct association_look *out, unsigned most)
{
    unsigned count = 0;
    for (const struct association *a = client->associations; a && count < most; a = a->next) {
        if (a->state != ASSOCIATION_CLOSING)
            look_at(a, &out[count++]);
    }
    return count;
}

/* ---- time */

static bool is_dead(const struct association *a, uint64_t now)
{
    uint64_t silent = now - a->heard_at;
    bool unanswered = a->rekeying && now - a->rekey_at > ANSWER_SECONDS * 1000u && silent > ANSWER_SECONDS * 1000u;
    return silent > SILENCE_SECONDS * 1000u || (unanswered && a->udp.heard_at < a->rekey_at && association_may_move(a));
}

static void keep_alive(struct association *a, uint64_t now)
{
    uint8_t message[8];
    if (is_dead(a, now)) {
        lost(a, -ETIMEDOUT);
    } else if (now - a->sent_at >= CONTROL_KEEP_ALIVE_SECONDS * 1000u) {
        stream_write(a->control, message, control_keep_alive(message));
        a->sent_at = now;
    }
}

static void tick_one(struct association *a, uint64_t now)
{
    association_rekey(a, false);
    association_path_tick(a, now);
    if (a->control)
        keep_alive(a, now);
    else
        association_retake_tick(a, now);
}

void association_tick(struct client *client)
{
    struct association *next;
    uint64_t now = client_now();
    for (struct association *a = client->associations; a; a = next) {
        next = a->next;
        if (a->state == ASSOCIATION_OPEN && !a->broken && a->secure && !a->newest->sas.card)
            a->broken = -ENODEV; /* the engine that took over could not make its SAs */
        if (a->state == ASSOCIATION_OPEN && a->broken == -ESHUTDOWN && association_may_move(a))
            association_leave(a);
        else if (a->state == ASSOCIATION_OPEN && a->broken)
            association_end(a, a->broken);
        else if (a->state == ASSOCIATION_OPEN && a->secure)
            tick_one(a, now);
        reap(a);
    }
}

void association_close_all(struct client *client)
{
    for (struct association *a = client->associations; a; a = a->next)
        association_close(a);
}

void association_free_all(struct client *client)
{
    struct association *next;
    association_close_all(client);
    for (struct association *a = client->associations; a; a = next) {
        next = a->next;
        for (struct epoch *epoch = a->newest; epoch; epoch = epoch->former) {
            epoch->attached = false;
            epoch->sas.in_flight = 0;
        }
        reap(a);
    }
}
