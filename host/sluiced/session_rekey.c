/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rekeying (PROTOCOL.md): the client begins an epoch, by itself or because it was asked to; the proxy makes its keys and answers;
 * the client says when it has them.
 */
#include <errno.h>
#include <string.h>

#include "sluiced/session_internal.h"

#define ASK_SECONDS  5  /* between two requests for the same epoch */
#define RETURNS_MOST 64 /* associations a second that go back to a card: its SAs are made one after the other */

static void refuse(struct session *s)
{
    session_end(s, CONTROL_CLOSE_POLICY, "bad_rekey");
}

static int begin(struct session *s, const struct control_rekey *rekey)
{
    struct association *a = s->association;
    struct keys_agreement agreement = a->agreement;
    struct keys keys;
    if (rekey->epoch != a->newest->epoch.number + 1 || epochs_draw(a))
        return -EPROTO;
    agreement.epoch = rekey->epoch;
    memcpy(agreement.client_cid, rekey->cid, sizeof agreement.client_cid);
    memcpy(agreement.proxy_cid, a->making->epoch.cid, sizeof agreement.proxy_cid);
    int rc = keys_derive(stream_ssl(s->stream), &agreement, &keys);
    if (!rc)
        rc = association_make(a, &agreement, &keys);
    keys_wipe(&keys);
    return rc;
}

static void done(struct session *s, const struct control_rekey *rekey)
{
    struct association *a = s->association;
    if (rekey->epoch != a->newest->epoch.number)
        refuse(s);
    else
        epochs_seal_with(a, a->newest);
}

void session_take_rekey(struct session *s, const struct control_message *message)
{
    struct control_rekey rekey;
    if (message->type != CONTROL_REKEY && message->type != CONTROL_REKEY_DONE)
        return;
    bool right = control_rekey_decode(message, &rekey) == 0;
    if (right && message->type == CONTROL_REKEY_DONE)
        done(s, &rekey);
    else if (!right || begin(s, &rekey))
        refuse(s);
}

void session_rekeyed(struct session *s, int error)
{
    struct association *a = s->association;
    uint8_t out[CONTROL_OUT_MAX];
    if (error) {
        session_end(s, CONTROL_CLOSE_ENGINE, "rekey_failed");
        return;
    }
    struct control_rekey rekey = {.epoch = a->newest->epoch.number};
    memcpy(rekey.cid, a->newest->epoch.cid, sizeof rekey.cid);
    stream_write(s->stream, out, control_rekey(CONTROL_REKEYED, &rekey, out));
    stats_add(&s->worker->stats.rekeys, 1);
    s->asked = 0;
    log_event(&s->worker->proxy->log, LOG_LEVEL_DEBUG, "rekey", "peer=%s epoch=%u", s->peer_text, (unsigned)rekey.epoch);
}

/* Its keys are used up or old, or its SAs not on the card that has come back. */
static bool wants_rekey(struct session *s)
{
    const struct epoch *epoch = &s->association->sealing->epoch;
    const struct options *options = &s->worker->policy->options;
    const struct epoch_limits limits = {.records = options->rekey_records, .seconds = options->rekey_seconds};
    if (epoch_is_worn(epoch, &limits, (uint64_t)worker_now()))
        return true;
    return engine_is_former(s->worker->engine, &epoch->sas) && s->worker->going_back++ < RETURNS_MOST;
}

void session_rekey_tick(struct session *s)
{
    struct association *a = s->association;
    uint8_t out[CONTROL_OUT_MAX];
    epochs_tick(a);
    if (a->making || a->sealing != a->newest || (s->asked && worker_now() - s->asked < ASK_SECONDS) || !wants_rekey(s))
        return;
    s->asked = worker_now();
    stream_write(s->stream, out, control_rekey_wanted(out));
}
