/* SPDX-License-Identifier: Apache-2.0 */
#include "client/association.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/dial.h"
#include "client/source.h"
#include "udp/control.h"
#include "udp/keys.h"
#include "udp/record.h"

#define SILENCE_SECONDS (3 * CONTROL_KEEP_ALIVE_SECONDS) /* then the proxy is taken for dead */

struct association {
    struct client *client;
    struct association_user user;
    enum { DIALLING, OPEN, CLOSING } state;
    bool secure;
    bool attached; /* the engine knows its sas */
    int broken;    /* -errno: to be ended by the next tick */
    uint8_t cid[8];
    struct dial *dial;
    struct stream *control;
    uint64_t sent_at, heard_at; /* on the control stream, ms */
    struct sas sas;
    struct net_addr relay; /* where records go */
    struct source source;
    struct batch_queue queue;
    struct association *prev, *next;
};

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
    if (a->state != CLOSING || a->sas.in_flight)
        return;
    if (a->attached)
        engine_detach(a->client->engine, &a->sas);
    sas_destroy(&a->sas);
    sas_wipe(&a->sas);
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
    if (!a || a->state == CLOSING)
        return;
    a->state = CLOSING;
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

static void end(struct association *a, int error)
{
    struct association_user user = a->user;
    if (a->state == OPEN) {
        a->client->stats.associations_lost++;
        log_event(&a->client->log, LOG_LEVEL_WARNING, "association_lost", "error=%s", strerrorname_np(-error));
    }
    stream_free(a->control); /* no notice: the proxy has ended it, or is not heard */
    a->control = NULL;
    association_close(a);
    user.ended(user.arg, error);
}

/* ---- datagrams */

static void send_record(struct association *a, struct engine_job *job)
{
    if (job->status == SLUICE_STATUS_OK) {
        batch_send(a->client->tx, &a->queue, job->dst_chunk, job->dst, job->length, &a->relay, NULL);
        return;
    }
    client_refuse(&a->client->stats, refusal_of_status(job->status));
    if (job->status == SLUICE_STATUS_COUNTER_EXHAUSTED)
        a->broken = -EOVERFLOW;
}

static void take_content(struct association *a, struct engine_job *job)
{
    if (job->status != SLUICE_STATUS_OK)
        client_refuse(&a->client->stats, refusal_of_status(job->status));
    else if (job->content_type != RECORD_DATA)
        client_refuse(&a->client->stats, REFUSAL_BAD_TYPE);
    else
        a->user.datagram(a->user.arg, job->dst_chunk, job->dst, job->length);
}

void association_done(struct client *client, struct engine_job *job)
{
    struct association *a = job->owner;
    if (a->state != OPEN)
        client_refuse(&client->stats, REFUSAL_CLOSED);
    else if (job->type == SLUICE_OP_TYPE_SEAL)
        send_record(a, job);
    else
        take_content(a, job);
}

static void submit(struct association *a, enum sluice_op_type type, uint8_t content_type, struct chunk *chunk, uint8_t *data,
                   uint32_t len)
{
    struct engine_job job = {
        .type = type,
        .content_type = content_type,
        .sas = &a->sas,
        .src_chunk = chunk,
        .src = data,
        .src_len = len,
        .owner = a,
    };
    enum refusal too_long = type == SLUICE_OP_TYPE_SEAL ? REFUSAL_TOO_LONG : REFUSAL_BAD_LENGTH;
    int rc = engine_submit(a->client->engine, &job);
    if (rc)
        client_refuse(&a->client->stats, rc == -EMSGSIZE ? too_long : REFUSAL_NO_BUFFER);
}

void association_send(struct association *a, struct chunk *chunk, uint8_t *data, uint32_t len)
{
    if (a->state != OPEN)
        client_refuse(&a->client->stats, REFUSAL_CLOSED);
    else if (a->secure)
        submit(a, SLUICE_OP_TYPE_SEAL, RECORD_DATA, chunk, data, len);
    else
        batch_send(a->client->tx, &a->queue, chunk, data, len, &a->relay, NULL);
}

static void take_record(struct association *a, const struct batch_datagram *datagram)
{
    struct record_header header;
    enum refusal reason = REFUSAL_COUNT;
    if (record_header_decode(datagram->data, datagram->len, &header))
        reason = REFUSAL_BAD_LENGTH;
    else if (memcmp(header.cid, a->cid, sizeof a->cid) != 0)
        reason = REFUSAL_UNKNOWN_CID;
    if (reason == REFUSAL_COUNT)
        submit(a, SLUICE_OP_TYPE_OPEN, header.type, datagram->chunk, datagram->data, datagram->len);
    else
        client_refuse(&a->client->stats, reason);
}

static void on_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct association *a = arg;
    struct client_stats *stats = &a->client->stats;
    enum record_kind kind = record_detect(datagram->data, datagram->len);
    stats->records_in++;
    stats->record_bytes_in += datagram->len;
    if (kind == RECORD_KIND_NOISE)
        client_refuse(stats, REFUSAL_NOISE);
    else if (a->secure && kind == RECORD_KIND_RECORD)
        take_record(a, datagram);
    else if (!a->secure && kind == RECORD_KIND_NAKED)
        a->user.datagram(a->user.arg, datagram->chunk, datagram->data, datagram->len);
    else
        client_refuse(stats, a->secure ? REFUSAL_NAKED : REFUSAL_RECORD);
}

/* ---- the control stream */

static void take_messages(struct association *a)
{
    struct control_message message;
    int rc;
    a->heard_at = client_now();
    while ((rc = control_take(stream_input(a->control), &message)) > 0) {
        if (control_close_reason(&message) >= 0) {
            end(a, -ESHUTDOWN);
            return;
        }
    }
    if (rc < 0)
        end(a, -EPROTO);
}

static void on_control(struct stream *stream, enum stream_event event, void *arg)
{
    struct association *a = arg;
    if (event == STREAM_EOF)
        end(a, -ECONNRESET);
    else if (event == STREAM_ERROR)
        end(a, -stream_error(stream));
    else if (event == STREAM_DATA && a->secure)
        take_messages(a);
    else if (event == STREAM_DATA)
        evbuffer_drain(stream_input(stream), evbuffer_get_length(stream_input(stream))); /* RFC 1928 has nothing more to say */
}

/* ---- opening */

static int make_keys(struct association *a, const struct dial_result *result)
{
    struct keys_agreement agreement = {
        .version = result->params.version,
        .nonce_mode = result->params.nonce_modes[0],
        .suite = suite_by_id(result->params.suites[0]),
        .epoch = result->params.epoch,
    };
    struct keys keys;
    memcpy(agreement.client_cid, a->cid, sizeof agreement.client_cid);
    memcpy(agreement.proxy_cid, result->params.cid, sizeof agreement.proxy_cid);
    int rc = keys_derive(stream_ssl(result->stream), &agreement, &keys);
    if (rc)
        return rc;
    sas_init(&a->sas, SAS_CLIENT, &agreement, &keys, true);
    keys_wipe(&keys);
    rc = engine_attach(a->client->engine, &a->sas);
    if (rc == -ENODEV || rc == -ETIMEDOUT) {
        client_flush(a->client); /* it finds the card dead, and the next one takes its place */
        rc = engine_attach(a->client->engine, &a->sas);
    }
    a->attached = !rc;
    return rc;
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

static int open_socket(struct association *a)
{
    int fd = source_socket(a->relay.sa.sa_family);
    if (fd < 0)
        return fd;
    batch_enable_gro(fd);
    int rc = source_open(&a->source, a->client, fd, 0, on_datagram, a);
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
    int rc = a->secure ? make_keys(a, result) : 0;
    a->control = result->stream;
    stream_set_callback(a->control, on_control, a);
    if (!rc)
        rc = set_relay(a, result);
    if (!rc)
        rc = open_socket(a);
    if (rc) {
        log_event(&a->client->log, LOG_LEVEL_WARNING, "association_failed", "error=%s", strerrorname_np(-rc));
        end(a, rc);
        return;
    }
    a->state = OPEN;
    a->sent_at = a->heard_at = client_now();
    tell_open(a, result);
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
            end(a, -ENOMEM);
    } else {
        end(a, result->error);
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

/* ---- time */

static void keep_alive(struct association *a, uint64_t now)
{
    uint8_t message[8];
    if (now - a->heard_at > SILENCE_SECONDS * 1000u) {
        end(a, -ETIMEDOUT);
    } else if (now - a->sent_at >= CONTROL_KEEP_ALIVE_SECONDS * 1000u) {
        stream_write(a->control, message, control_keep_alive(message));
        a->sent_at = now;
    }
}

void association_tick(struct client *client)
{
    struct association *next;
    uint64_t now = client_now();
    for (struct association *a = client->associations; a; a = next) {
        next = a->next;
        if (a->state == OPEN && !a->broken && a->secure && !a->sas.card)
            a->broken = -ENODEV; /* the engine that took over could not make its SAs */
        if (a->state == OPEN && a->broken)
            end(a, a->broken);
        else if (a->state == OPEN && a->secure)
            keep_alive(a, now);
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
        a->attached = false;
        a->sas.in_flight = 0;
        reap(a);
    }
}
