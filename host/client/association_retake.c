/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An association outlives its connection: records go on, and another connection takes it up, with a wait between attempts that
 * doubles, as long as the proxy keeps it (PROTOCOL.md).
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "client/association_internal.h"

#define WAIT_LEAST 250   /* ms between two attempts, doubled with each */
#define WAIT_MOST  10000 /* ms */

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

static void taken_up(struct association *a, const struct dial_result *result)
{
    a->control = result->stream;
    stream_set_callback(a->control, association_on_control, a);
    a->rekeying = false;
    int rc = association_make_keys(a, result);
    if (!rc)
        rc = follow(a, result);
    if (rc) {
        association_end(a, rc);
        return;
    }
    a->retake.until = 0;
    a->grace = result->params.grace;
    a->sent_at = a->heard_at = client_now();
    a->client->stats.take_ups++;
    log_event(&a->client->log, LOG_LEVEL_INFO, "association_taken_up", "epoch=%u", (unsigned)a->newest->number);
    association_say_rekeyed(a);
    association_path_opened(a);
}

static void on_dialled(void *arg, const struct dial_result *result)
{
    struct association *a = arg;
    a->dial = NULL;
    if (!result->error)
        taken_up(a, result);
    else if (result->error == -EPERM || result->error == -EACCES)
        association_end(a, -ESHUTDOWN); /* the proxy does not have it any more */
}

static void attempt(struct association *a, uint64_t now)
{
    struct dial_request request = {.command = SOCKS_SECURE_UDP_ASSOCIATE, .take_up = true, .server = a->server};
    if (getrandom(a->cid, sizeof a->cid, 0) != sizeof a->cid)
        return;
    memcpy(request.cid, a->cid, sizeof request.cid);
    memcpy(request.take_up_cid, a->agreement.proxy_cid, sizeof request.take_up_cid);
    memcpy(request.take_up_key, a->newest->take_up, sizeof request.take_up_key);
    a->dial = dial_new(a->client, &request, on_dialled, a);
    explicit_bzero(&request, sizeof request);
    a->retake.next_at = now + a->retake.wait;
    a->retake.wait = 2 * a->retake.wait < WAIT_MOST ? 2 * a->retake.wait : WAIT_MOST;
}

bool association_retake(struct association *a, int error)
{
    uint64_t now = client_now();
    if (a->state != ASSOCIATION_OPEN || !a->secure || !a->grace || a->client->stopping)
        return false;
    stream_free(a->control);
    a->control = NULL;
    a->retake.until = now + a->grace * 1000ull;
    a->retake.next_at = now;
    a->retake.wait = WAIT_LEAST;
    log_event(&a->client->log, LOG_LEVEL_WARNING, "connection_lost", "error=%s grace=%u", strerrorname_np(-error), a->grace);
    attempt(a, now);
    return true;
}

void association_retake_tick(struct association *a, uint64_t now)
{
    if (now >= a->retake.until)
        association_end(a, -ETIMEDOUT);
    else if (!a->dial && now >= a->retake.next_at)
        attempt(a, now);
}
