/* SPDX-License-Identifier: Apache-2.0 */
/* The way that records take to the proxy: heartbeats keep it open and tell whether it is. While it is not, they go by TCP. */
#include <string.h>

#include "client/association_internal.h"
#include "client/servers.h"
#include "udp/record.h"
#include "udp/signal.h"

#define PROBE_MS      500  /* between two heartbeats while none is answered */
#define BLOCKED_AFTER 3    /* heartbeats without an answer: UDP is taken for blocked */
#define BLOCKED_LEAST 500  /* ms between heartbeats then, doubled with each */
#define BLOCKED_MOST  8000 /* ms */
#define ONE_WAY_MS    3000 /* of sending without hearing anything */

void association_path_ask(struct association *a, uint64_t now)
{
    uint8_t content[SIGNAL_HEARTBEAT_BYTES];
    struct signal signal = {.kind = SIGNAL_HEARTBEAT_REQUEST};
    a->udp.cookie++;
    memcpy(signal.cookie, &a->udp.cookie, sizeof signal.cookie);
    signal_heartbeat_encode(&signal, content, sizeof content);
    a->udp.asked_at = now;
    a->udp.unanswered++;
    a->client->stats.heartbeats++;
    association_signal(a, RECORD_HEARTBEAT, content, sizeof content);
}

/* ---- by TCP, while UDP is blocked */

bool association_goes_by_tcp(const struct association *a, uint8_t type, uint32_t len)
{
    bool may = a->control && type != RECORD_HEARTBEAT && type != RECORD_PATH_CHECK;
    return may && (a->by_tcp || (a->client->config->transport != CLIENT_BY_UDP && association_mtu_exceeded(a, len)));
}

static void turn_to(struct association *a, enum control_transport transport)
{
    uint8_t message[CONTROL_OUT_MAX];
    struct client_stats *stats = &a->client->stats;
    bool by_tcp = transport == CONTROL_BY_TCP;
    if (a->by_tcp == by_tcp)
        return;
    a->by_tcp = by_tcp;
    a->udp.wait = BLOCKED_LEAST;
    *(by_tcp ? &stats->transports_tcp : &stats->transports_udp) += 1;
    log_event(&a->client->log, LOG_LEVEL_WARNING, "transport", "by=%s", by_tcp ? "tcp" : "udp");
    if (a->control) /* else there is no other way than UDP, and the proxy knows */
        stream_write(a->control, message, control_transport(transport, message));
}

static bool is_blocked(const struct association *a, uint64_t now)
{
    return a->udp.unanswered >= BLOCKED_AFTER && now - a->udp.asked_at >= PROBE_MS;
}

static void look_for_block(struct association *a, uint64_t now)
{
    if (a->by_tcp || !a->control || a->client->config->transport == CLIENT_BY_UDP || !is_blocked(a, now))
        return;
    a->server->udp_blocked = true;
    turn_to(a, CONTROL_BY_TCP);
    if (association_may_move(a)) /* nothing else is answered by TCP: it tells whether the proxy is there at all */
        association_rekey(a, true);
}

/* ---- UDP */

void association_path_opened(struct association *a)
{
    a->by_tcp = false; /* so it is for the proxy after each new connection */
    a->udp.heard_at = client_now();
    stream_take_records(a->control, association_on_record, a);
    if (a->client->config->transport == CLIENT_BY_TCP ||
        (a->client->config->transport == CLIENT_BY_EITHER && a->server->udp_blocked))
        turn_to(a, CONTROL_BY_TCP);
    association_mtu_opened(a);
    association_path_ask(a, a->udp.heard_at);
}

void association_path_heard(struct association *a, const struct engine_job *job)
{
    if (!job->peer.len) /* by TCP */
        return;
    a->udp.heard_at = client_now();
    a->udp.unanswered = 0;
    a->server->udp_blocked = false;
    if (a->client->config->transport != CLIENT_BY_TCP)
        turn_to(a, CONTROL_BY_UDP);
}

void association_take_heartbeat(struct association *a, const struct engine_job *job)
{
    struct signal signal;
    if (signal_heartbeat_decode(job->dst, job->length, &signal))
        client_refuse(&a->client->stats, REFUSAL_BAD_HEADER);
    else if (signal.kind == SIGNAL_HEARTBEAT_RESPONSE)
        association_mtu_answered(a, signal.cookie, job->length);
}

/* What is to be waited for before the next heartbeat, from the last one or from the last record. */
static bool is_time(struct association *a, uint64_t now)
{
    uint64_t quiet = (uint64_t)a->client->config->udp_keep_alive_seconds * 1000;
    if (a->by_tcp) {
        if (now - a->udp.asked_at < a->udp.wait)
            return false;
        a->udp.wait = 2 * a->udp.wait < BLOCKED_MOST ? 2 * a->udp.wait : BLOCKED_MOST;
        return true;
    }
    if (a->udp.unanswered)
        return now - a->udp.asked_at >= PROBE_MS;
    if (a->udp.sent_at > a->udp.heard_at && quiet > ONE_WAY_MS) /* nothing but a heartbeat tells whether it arrives */
        quiet = ONE_WAY_MS;
    return now - a->udp.heard_at >= quiet;
}

void association_path_tick(struct association *a, uint64_t now)
{
    look_for_block(a, now);
    if (is_time(a, now))
        association_path_ask(a, now);
    association_mtu_tick(a, now);
}
