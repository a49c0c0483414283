/* SPDX-License-Identifier: Apache-2.0 */
/* The way that records take to the proxy: heartbeats keep it open and tell whether it is. */
#include <string.h>

#include "client/association_internal.h"
#include "udp/record.h"
#include "udp/signal.h"

#define PROBE_MS 500 /* between two heartbeats while none is answered */

static void ask(struct association *a, uint64_t now)
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

void association_path_opened(struct association *a)
{
    a->udp.heard_at = client_now();
    ask(a, a->udp.heard_at);
}

void association_path_heard(struct association *a, const struct engine_job *job)
{
    (void)job;
    a->udp.heard_at = client_now();
    a->udp.unanswered = 0;
}

void association_take_heartbeat(struct association *a, const struct engine_job *job)
{
    struct signal signal;
    if (signal_heartbeat_decode(job->dst, job->length, &signal))
        client_refuse(&a->client->stats, REFUSAL_BAD_HEADER);
}

void association_path_tick(struct association *a, uint64_t now)
{
    uint64_t quiet = (uint64_t)a->client->config->udp_keep_alive_seconds * 1000;
    if (a->udp.unanswered ? now - a->udp.asked_at >= PROBE_MS : now - a->udp.heard_at >= quiet)
        ask(a, now);
}
