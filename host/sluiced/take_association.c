/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/take_association.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/association.h"
#include "sluiced/handover.h"
#include "sluiced/targets.h"
#include "socks/params.h"

#define GRACE_LEAST 10 /* seconds; every client has lost its connection */

/* ---- epochs */

static int set_window(struct sas *sas, const struct handover_epoch *in)
{
    struct sluice_window window = {.floor = in->floor, .current = in->current, .former = in->former, .state = in->window_state};
    memcpy(window.current_bits, in->current_bits, sizeof window.current_bits);
    memcpy(window.former_bits, in->former_bits, sizeof window.former_bits);
    return in->has_window && sas->open_config.replay ? sluice_sa_window_import(sas->open, &window) : 0;
}

static void set_keys(struct keys *keys, const struct handover_epoch *in)
{
    memcpy(keys->client_key, in->client_key, sizeof keys->client_key);
    memcpy(keys->client_mac, in->client_mac, sizeof keys->client_mac);
    memcpy(keys->server_key, in->server_key, sizeof keys->server_key);
    memcpy(keys->server_mac, in->server_mac, sizeof keys->server_mac);
    memcpy(keys->take_up, in->take_up, sizeof keys->take_up);
}

static int set_agreement(struct keys_agreement *agreement, const struct handover_epoch *in)
{
    *agreement = (struct keys_agreement){
        .version = SOCKS_PARAMS_VERSION,
        .nonce_mode = (uint8_t)in->nonce_mode,
        .suite = suite_by_id((uint8_t)in->suite),
        .epoch = (uint32_t)in->number,
    };
    memcpy(agreement->client_cid, in->client_cid, sizeof agreement->client_cid);
    memcpy(agreement->proxy_cid, in->proxy_cid, sizeof agreement->proxy_cid);
    bool mode = in->nonce_mode == SOCKS_NONCE_SEQUENCE || in->nonce_mode == SOCKS_NONCE_RANDOM;
    return agreement->suite && mode && in->seal_next >= SAS_FIRST_COUNTER ? 0 : -EPROTO;
}

/* Counters that the other process may have used after it spoke are left out. */
static void set_state(struct proxy_epoch *e, const struct handover_epoch *in)
{
    e->epoch.born = in->born;
    e->epoch.expires = in->expires;
    e->epoch.heard = in->heard;
    e->epoch.sas.seal_next = in->seal_next;
    e->epoch.sas.open_top = in->open_top;
    sas_skip(&e->epoch.sas);
}

static int add_epoch(struct association *a, const struct handover_epoch *in)
{
    struct keys_agreement agreement;
    struct keys keys;
    if (set_agreement(&agreement, in) || (a->newest && a->newest->epoch.number >= in->number) ||
        epochs_find(a->worker, in->proxy_cid))
        return -EPROTO;
    set_keys(&keys, in);
    int rc = epochs_begin(a, &agreement, &keys);
    keys_wipe(&keys);
    if (rc)
        return rc;
    set_state(a->making, in);
    rc = epochs_take(a);
    if (!rc && in->sealing)
        a->sealing = a->newest;
    return rc ? rc : set_window(&a->newest->epoch.sas, in);
}

static int take_epoch(struct association *a, const uint8_t *data, size_t len)
{
    struct handover_epoch in;
    int rc = handover_decode(HANDOVER_EPOCH, data, len, &in);
    if (!rc)
        rc = add_epoch(a, &in);
    explicit_bzero(&in, sizeof in);
    return rc;
}

static int take_nonces(struct association *a, const uint8_t *data, size_t len)
{
    struct handover_nonces in;
    int rc = handover_decode(HANDOVER_NONCES_SEEN, data, len, &in);
    struct nonces *nonces = a->newest ? a->newest->epoch.sas.nonces : NULL;
    for (uint32_t at = 0; !rc && nonces && at < in.len; at += NONCES_BYTES)
        rc = nonces_take(nonces, in.list + at);
    return rc;
}

static int take_target(struct association *a, const uint8_t *data, size_t len)
{
    struct handover_target in;
    int rc = handover_decode(HANDOVER_TARGET, data, len, &in);
    if (!rc && !in.address.len)
        rc = -EPROTO;
    if (!rc)
        targets_sent(a, &in.address);
    return rc;
}

/* ---- associations */

static void set_association(struct association *a, const struct handover_association *in)
{
    struct worker *worker = a->worker;
    unsigned grace = worker->policy->options.grace_seconds;
    a->state = ASSOCIATION_OPEN;
    a->alone_until = worker_now() + (time_t)(grace > GRACE_LEAST ? grace : GRACE_LEAST);
    a->since = (time_t)in->since;
    a->last_datagram = (time_t)in->last_datagram;
    a->peer = in->peer;
    a->checked = in->checked;
    a->mtu = (unsigned)in->mtu;
    a->to_client = &worker->udp[in->six].queue;
    a->local = in->local;
    a->up = in->up;
    a->down = in->down;
    a->up_bytes = in->up_bytes;
    a->down_bytes = in->down_bytes;
    a->replays = in->replays;
    a->targets_refused = in->targets_refused;
    a->target_count = (unsigned)in->target_count;
    memcpy(a->user, in->user, sizeof a->user);
    memcpy(a->peer_text, in->peer_text, sizeof a->peer_text);
}

static int set_sockets(struct association *a, uint64_t families, const int *fds, unsigned count)
{
    unsigned used = 0;
    int rc = 0;
    for (unsigned i = 0; i < 2 && !rc; i++) {
        if (families >> i & 1 && used < count)
            rc = association_take_target(a, i ? AF_INET6 : AF_INET, fds[used++]);
        else if (families >> i & 1)
            rc = -EPROTO;
    }
    if (used < count && !rc)
        rc = -EPROTO;
    while (used < count)
        close(fds[used++]);
    return rc;
}

static int open_association(struct taking *t, const struct handover_association *in)
{
    char name[HANDOVER_USER];
    memcpy(name, in->name, sizeof name);
    struct worker *worker = t->proxy->workers[in->worker % t->proxy->worker_count];
    const struct access access = {.user = in->has_user ? name : NULL, .source = in->source};
    t->now = association_take(worker, &access);
    if (!t->now)
        return -ENOMEM;
    set_association(t->now, in);
    t->count++;
    return worker->udp[in->six].fd < 0 && in->peer.len ? -EAFNOSUPPORT : 0;
}

static int take_association(struct taking *t, const uint8_t *data, size_t len, const int *fds, unsigned count)
{
    struct handover_association in;
    int rc = handover_decode(HANDOVER_ASSOCIATION, data, len, &in);
    if (!rc)
        rc = take_last(t);
    if (!rc)
        rc = open_association(t, &in);
    if (!rc)
        return set_sockets(t->now, in.families, fds, count);
    while (count)
        close(fds[--count]);
    return rc;
}

int take_message(struct taking *t, const uint8_t *data, size_t len, const int *fds, unsigned count)
{
    enum handover_type type = handover_type(data, len);
    if (type == HANDOVER_ASSOCIATION)
        return take_association(t, data, len, fds, count);
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    if (!t->now || count)
        return -EPROTO;
    switch (type) {
    case HANDOVER_EPOCH:
        return take_epoch(t->now, data, len);
    case HANDOVER_NONCES_SEEN:
        return take_nonces(t->now, data, len);
    case HANDOVER_TARGET:
        return take_target(t->now, data, len);
    default:
        return -EPROTO;
    }
}

int take_last(struct taking *t)
{
    return !t->now || (t->now->newest && t->now->sealing) ? 0 : -EPROTO;
}
