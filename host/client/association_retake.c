/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An association outlives its connection: records go on, and another connection takes it up, with a wait between attempts that
 * doubles, as long as the proxy keeps it (PROTOCOL.md). Where there are several proxies it outlives its own, too: when that one
 * stops, or is not heard any more, it moves, which is to be made anew at whichever answers.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "client/association_internal.h"
#include "client/servers.h"

#define WAIT_LEAST    250   /* ms between two attempts, doubled with each */
#define WAIT_MOST     10000 /* ms */
#define MOVE_AFTER    2     /* attempts to take it up that came to nothing */
#define LEAVE_SECONDS 30    /* to find another proxy */

static bool same_address(const struct association *a, const struct dial_result *result)
{
    struct net_addr bound, ours = {0}, records = {0};
    socklen_t ours_len = sizeof ours.in6, records_len = sizeof records.in6;
    if (socks_address_to_addr(&result->bound, &bound) || !net_addr_equal(&bound, &a->relay))
        return false;
    if (getsockname(stream_fd(result->stream), &ours.sa, &ours_len) || getsockname(a->source.fd, &records.sa, &records_len))
        return false;
    ours.len = ours_len;
    records.len = records_len;
    return net_addr_same_host(&ours, &records);
}

/* From where the connection is now: the host may have moved to another network. */
static int follow(struct association *a, const struct dial_result *result)
{
    if (same_address(a, result))
        return 0;
    batch_forget(a->client->tx, &a->queue);
    source_close(&a->source);
    return association_open_socket(a, result);
}

/* It lives by this connection from now on. */
static void live_by(struct association *a, const struct dial_result *result)
{
    memset(&a->retake, 0, sizeof a->retake);
    a->server = result->server;
    a->grace = result->params.grace;
    a->sent_at = a->heard_at = client_now();
    association_path_opened(a);
}

static int connect_with(struct association *a, const struct dial_result *result)
{
    a->control = result->stream;
    stream_set_callback(a->control, association_on_control, a);
    a->rekeying = false;
    int rc = association_make_keys(a, result);
    return rc ? rc : follow(a, result);
}

static void taken_up(struct association *a, const struct dial_result *result)
{
    a->client->stats.take_ups++;
    log_event(&a->client->log, LOG_LEVEL_INFO, "association_taken_up", "epoch=%u", (unsigned)a->newest->number);
    association_say_rekeyed(a);
    live_by(a, result);
}

static void moved(struct association *a, const struct dial_result *result)
{
    for (struct epoch *epoch = a->newest->former; epoch; epoch = epoch->former)
        epoch->going = true; /* the other proxy's */
    a->udp.unanswered = 0;
    a->client->stats.moves++;
    log_event(&a->client->log, LOG_LEVEL_WARNING, "association_moved", "proxy=%s port=%u", result->server->name,
              (unsigned)result->server->address->port);
    live_by(a, result);
}

static void refused(struct association *a)
{
    if (!a->retake.anew && !a->retake.leaving && association_may_move(a))
        association_leave(a);
    else
        association_end(a, -ESHUTDOWN); /* the proxy does not have it any more */
}

static void on_dialled(void *arg, const struct dial_result *result)
{
    struct association *a = arg;
    a->dial = NULL;
    if (!result->error) {
        int rc = connect_with(a, result);
        if (rc)
            association_end(a, rc);
        else if (a->retake.anew)
            moved(a, result);
        else
            taken_up(a, result);
    } else if (result->error == -EPERM || result->error == -EACCES) {
        refused(a);
    } else {
        a->retake.failed += result->error == -ETIMEDOUT ? MOVE_AFTER : 1;
    }
}

/* As long as records come, the proxy is there, and after that one attempt of two: it may be the network that is not. */
static bool is_to_move(const struct association *a)
{
    bool silent = a->udp.heard_at <= a->retake.since && a->retake.failed >= MOVE_AFTER;
    return a->retake.leaving || (silent && !a->retake.anew && association_may_move(a));
}

static void attempt(struct association *a, uint64_t now)
{
    struct dial_request request = {.command = SOCKS_SECURE_UDP_ASSOCIATE};
    if (getrandom(a->cid, sizeof a->cid, 0) != sizeof a->cid)
        return;
    memcpy(request.cid, a->cid, sizeof request.cid);
    a->retake.anew = is_to_move(a);
    a->retake.elsewhere |= a->retake.anew;
    if (!a->retake.anew) {
        request.take_up = true;
        request.server = a->server;
        memcpy(request.take_up_cid, a->agreement.proxy_cid, sizeof request.take_up_cid);
        memcpy(request.take_up_key, a->newest->take_up, sizeof request.take_up_key);
    }
    a->dial = dial_new(a->client, &request, on_dialled, a);
    explicit_bzero(&request, sizeof request);
    a->retake.next_at = now + a->retake.wait;
    a->retake.wait = 2 * a->retake.wait < WAIT_MOST ? 2 * a->retake.wait : WAIT_MOST;
}

static void begin(struct association *a, unsigned seconds, bool leaving)
{
    uint64_t now = client_now();
    dial_cancel(a->dial);
    stream_free(a->control);
    a->dial = NULL;
    a->control = NULL;
    memset(&a->retake, 0, sizeof a->retake);
    a->retake.since = now;
    a->retake.until = now + seconds * 1000ull;
    a->retake.wait = WAIT_LEAST;
    a->retake.leaving = leaving;
    attempt(a, now);
}

bool association_may_move(const struct association *a)
{
    return a->state == ASSOCIATION_OPEN && a->secure && a->client->servers->count > 1 && !a->client->stopping;
}

void association_leave(struct association *a)
{
    a->broken = 0;
    begin(a, LEAVE_SECONDS, true);
}

bool association_retake(struct association *a, int error)
{
    if (a->state != ASSOCIATION_OPEN || !a->secure || a->client->stopping || (!a->grace && !association_may_move(a)))
        return false;
    log_event(&a->client->log, LOG_LEVEL_WARNING, "connection_lost", "error=%s grace=%u", strerrorname_np(-error), a->grace);
    begin(a, a->grace ? a->grace : LEAVE_SECONDS, !a->grace);
    return true;
}

void association_retake_tick(struct association *a, uint64_t now)
{
    if (now >= a->retake.until && !a->retake.elsewhere && association_may_move(a)) {
        servers_done(a->client, a->server, false);
        association_leave(a);
    } else if (now >= a->retake.until) {
        association_end(a, -ETIMEDOUT);
    } else if (!a->dial && now >= a->retake.next_at) {
        attempt(a, now);
    }
}
