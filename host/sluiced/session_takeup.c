/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An association whose connection broke is taken up by a new one (PROTOCOL.md): by proof of its key, by the same user, with new
 * keys and cids. The connection may have come to another worker than the association's; then it goes there.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#include "sluiced/session_internal.h"

static void refuse(struct session *s)
{
    stats_add(&s->worker->stats.take_ups_refused, 1);
    session_reply(s, SOCKS_NOT_ALLOWED, NULL);
}

/* ---- between workers: no event and no list of the former one knows the session while it is on its way */

static void ignore(struct stream *stream, enum stream_event event, void *arg)
{
    (void)stream;
    (void)event;
    (void)arg;
}

static struct session *of_move(struct task *task)
{
    return (struct session *)((char *)task - offsetof(struct session, move));
}

static void arrive(struct task *task)
{
    struct session *s = of_move(task);
    s->state = SESSION_SOCKS;
    session_link_in(s);
    stream_set_callback(s->stream, session_on_stream, s);
    if (stream_error(s->stream) || stream_attach(s->stream, s->worker->base))
        session_free(s);
    else if (s->worker->given)
        session_wind_up(s);
    else if (s->worker->draining)
        session_reply(s, SOCKS_FAILURE, NULL);
    else
        session_take_up(s);
}

/* From the loop: the stream that called is not under way any more. */
static void depart(struct task *task)
{
    struct session *s = of_move(task);
    struct worker *to = s->worker->proxy->workers[s->move_to];
    session_link_out(s);
    stream_detach(s->stream);
    s->worker = to;
    s->move.done = arrive;
    mailbox_post(to->mailbox, &s->move);
}

static void move(struct session *s, unsigned to)
{
    s->move_to = to;
    s->state = SESSION_MOVING;
    stream_set_callback(s->stream, ignore, NULL);
    stream_pause(s->stream, true);
    s->move = (struct task){.done = depart, .mailbox = s->worker->mailbox};
    mailbox_post(s->worker->mailbox, &s->move);
}

/* ---- where the association is */

static bool is_proven(const struct session *s, const struct proxy_epoch *e)
{
    uint8_t proof[KEYS_PROOF_BYTES];
    const char *old = e->association->access.user, *now = s->access.user;
    bool same = old && now ? !strcmp(old, now) : old == now;
    if (keys_take_up_proof(stream_ssl(s->stream), e->epoch.take_up, proof))
        return false;
    bool right = CRYPTO_memcmp(proof, s->offer.take_up_proof, sizeof proof) == 0;
    explicit_bzero(proof, sizeof proof);
    return right && same;
}

/* The former connection may not have noticed yet that it is broken. */
static void replace_session(struct association *a, struct session *s)
{
    struct session *former = a->session;
    a->session = s;
    a->alone_until = 0;
    s->association = a;
    if (!former)
        return;
    former->association = NULL;
    session_free(former);
}

static enum socks_reply begin(struct session *s)
{
    struct association *a = s->association;
    struct keys_agreement agreement;
    struct keys keys;
    if (epochs_draw(a))
        return SOCKS_FAILURE;
    enum socks_reply code = session_agree(s, a->newest->epoch.number + 1, &agreement);
    if (code == SOCKS_OK && keys_derive(stream_ssl(s->stream), &agreement, &keys))
        code = SOCKS_FAILURE;
    s->state = SESSION_MAKING;
    if (code == SOCKS_OK && association_make(a, &agreement, &keys))
        code = SOCKS_FAILURE;
    explicit_bzero(&keys, sizeof keys);
    if (code != SOCKS_OK)
        epochs_end_making(a);
    return code;
}

static void take_up_here(struct session *s)
{
    struct proxy_epoch *e = epochs_find(s->worker, s->offer.take_up_cid);
    if (!e || e->association->state != ASSOCIATION_OPEN || e->association->making || !is_proven(s, e)) {
        refuse(s);
        return;
    }
    replace_session(e->association, s);
    enum socks_reply code = begin(s);
    if (code != SOCKS_OK)
        session_reply(s, code, NULL);
}

void session_take_up(struct session *s)
{
    struct worker *worker = s->worker;
    struct cid_place place;
    const uint8_t *cid = s->offer.take_up_cid;
    if (cid_read(worker->cid_key, cid, &place) || place.member != worker->proxy->member ||
        place.worker >= worker->proxy->cid_workers)
        refuse(s);
    else if (proxy_worker_of(worker->proxy, &place) != worker->index)
        move(s, proxy_worker_of(worker->proxy, &place));
    else
        take_up_here(s);
}
