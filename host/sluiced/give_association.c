/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/give_association.h"

#include <string.h>

#include "sluiced/association.h"
#include "sluiced/channel.h"
#include "sluiced/handover.h"
#include "sluiced/targets.h"
#include "socks/params.h"

struct giving {
    int channel, error;
    uint8_t message[HANDOVER_MAX];
};

static void send_it(struct giving *g, enum handover_type type, const void *what, const int *fds, unsigned count)
{
    if (!g->error)
        g->error = channel_send(g->channel, g->message, handover_encode(type, what, g->message), fds, count);
}

/* ---- epochs */

static void give_nonces(struct giving *g, const struct nonces *nonces)
{
    struct handover_nonces some;
    uint32_t at = 0, count;
    while (nonces && (count = nonces_list(nonces, &at, some.list, HANDOVER_NONCES)) > 0) {
        some.len = count * NONCES_BYTES;
        send_it(g, HANDOVER_NONCES_SEEN, &some, NULL, 0);
    }
}

static void put_window(struct giving *g, const struct sas *sas, struct handover_epoch *out)
{
    struct sluice_window window;
    if (!sas->open_config.replay)
        return;
    int rc = sluice_sa_window_export(sas->open, &window);
    if (rc && !g->error)
        g->error = rc;
    if (rc)
        return;
    out->has_window = 1;
    out->floor = window.floor;
    out->current = window.current;
    out->former = window.former;
    out->window_state = window.state;
    memcpy(out->current_bits, window.current_bits, sizeof out->current_bits);
    memcpy(out->former_bits, window.former_bits, sizeof out->former_bits);
}

static uint8_t suite_of(const struct sluice_sa_config *config)
{
    for (unsigned i = 0; i < SUITE_COUNT; i++) {
        const struct suite *suite = suite_by_id(suite_default_order[i]);
        if (suite->cipher == config->cipher && suite->mac == config->mac && suite->mac_len == config->mac_len &&
            suite->form == config->form)
            return suite->id;
    }
    return 0;
}

static void give_epoch(struct giving *g, const struct association *a, const struct epoch *e)
{
    const struct sas *sas = &e->sas;
    struct handover_epoch out = {
        .number = e->number,
        .born = e->born,
        .expires = e->expires,
        .heard = e->heard,
        .sealing = &a->sealing->epoch == e,
        .suite = suite_of(&sas->seal_config),
        .nonce_mode = sas->seal_config.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT ? SOCKS_NONCE_RANDOM : SOCKS_NONCE_SEQUENCE,
        .seal_next = sas->seal_next,
        .open_top = sas->open_top,
    };
    put_window(g, sas, &out);
    memcpy(out.client_cid, sas->seal_config.cid, sizeof out.client_cid);
    memcpy(out.proxy_cid, e->cid, sizeof out.proxy_cid);
    memcpy(out.client_key, sas->open_config.cipher_key, sizeof out.client_key);
    memcpy(out.client_mac, sas->open_config.mac_key, sizeof out.client_mac);
    memcpy(out.server_key, sas->seal_config.cipher_key, sizeof out.server_key);
    memcpy(out.server_mac, sas->seal_config.mac_key, sizeof out.server_mac);
    memcpy(out.take_up, e->take_up, sizeof out.take_up);
    send_it(g, HANDOVER_EPOCH, &out, NULL, 0);
    explicit_bzero(&out, sizeof out);
    give_nonces(g, sas->nonces);
}

/* The oldest first. */
static void give_epochs(struct giving *g, const struct association *a)
{
    const struct epoch *last = NULL;
    while (last != &a->newest->epoch) {
        const struct epoch *e = &a->newest->epoch;
        while (e->former != last)
            e = e->former;
        last = e;
        if (!e->going)
            give_epoch(g, a, e);
    }
}

/* ---- associations */

static void give_target(void *arg, const struct net_addr *address)
{
    const struct handover_target target = {.address = *address};
    send_it(arg, HANDOVER_TARGET, &target, NULL, 0);
}

static void give_one(struct giving *g, const struct association *a)
{
    int fds[2];
    unsigned count = 0;
    struct handover_association out = {
        .worker = a->worker->index,
        .has_user = a->access.user != NULL,
        .since = (uint64_t)a->since,
        .last_datagram = (uint64_t)a->last_datagram,
        .checked = a->checked,
        .mtu = a->mtu,
        .six = a->to_client == &a->worker->udp[1].queue,
        .up = a->up,
        .down = a->down,
        .up_bytes = a->up_bytes,
        .down_bytes = a->down_bytes,
        .replays = a->replays,
        .targets_refused = a->targets_refused,
        .target_count = a->target_count,
        .source = a->access.source,
        .peer = a->peer,
        .local = a->local,
    };
    if (a->access.user)
        strncpy(out.name, a->access.user, sizeof out.name - 1);
    memcpy(out.user, a->user, sizeof out.user);
    memcpy(out.peer_text, a->peer_text, sizeof out.peer_text);
    for (unsigned i = 0; i < 2; i++) {
        if (a->targets[i].fd < 0)
            continue;
        out.families |= 1u << i;
        fds[count++] = a->targets[i].fd;
    }
    send_it(g, HANDOVER_ASSOCIATION, &out, fds, count);
    targets_each(a, give_target, g);
    give_epochs(g, a);
}

int give_associations(struct worker *worker, int channel, unsigned *count)
{
    struct giving g = {.channel = channel};
    for (const struct association *a = worker->associations; a && !g.error; a = a->next) {
        if (!a->secure || a->state != ASSOCIATION_OPEN || epochs_broken(a))
            continue;
        give_one(&g, a);
        ++*count;
    }
    explicit_bzero(g.message, sizeof g.message);
    return g.error;
}
