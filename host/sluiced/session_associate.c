/* SPDX-License-Identifier: Apache-2.0 */
/* UDP ASSOCIATE, secure and naked: what is agreed on, and the reply. */
#include <errno.h>
#include <string.h>

#include "sluiced/overload.h"
#include "sluiced/session_internal.h"
#include "tls/tls.h"

/* The socket that records of this client go to: of its own family if there is one. */
static struct udp_socket *choose_udp(struct session *s)
{
    bool six = s->local.sa.sa_family == AF_INET6;
    struct udp_socket *same = &s->worker->udp[six], *other = &s->worker->udp[!six];
    if (same->fd >= 0)
        return same;
    return other->fd >= 0 && !net_addr_is_any(&other->address) ? other : NULL;
}

/* Where records go: the socket's address, or on every address the one that the client has reached. */
static struct net_addr udp_address(const struct session *s, const struct udp_socket *udp)
{
    struct net_addr address = udp->address;
    if (net_addr_is_any(&address)) {
        address = s->local;
        net_addr_set_port(&address, net_addr_port(&udp->address));
    }
    return address;
}

/* What the client is told of it. */
static struct net_addr told_address(const struct session *s, const struct udp_socket *udp)
{
    const struct options *options = &s->worker->proxy->options;
    const struct options_udp *configured = options->udp.items;
    for (unsigned i = 0; i < options->udp.count; i++) {
        if (configured[i].advertise.len && configured[i].address.sa.sa_family == udp->address.sa.sa_family)
            return configured[i].advertise;
    }
    return udp_address(s, udp);
}

/* The client's first choice of what is allowed here. */
static const struct suite *choose_suite(const struct session *s)
{
    const struct socks_params *offer = &s->offer;
    for (unsigned i = 0; i < offer->suite_count; i++) {
        if (s->worker->policy->options.suite_allowed[offer->suites[i]])
            return suite_by_id(offer->suites[i]);
    }
    return NULL;
}

static uint8_t choose_mode(const struct session *s)
{
    const struct socks_params *offer = &s->offer;
    for (unsigned i = 0; i < offer->nonce_mode_count; i++) {
        uint8_t mode = offer->nonce_modes[i];
        if (mode == SOCKS_NONCE_SEQUENCE || (mode == SOCKS_NONCE_RANDOM && s->worker->policy->options.random_nonces))
            return mode;
    }
    return 0;
}

enum socks_reply session_agree(const struct session *s, uint32_t epoch, struct keys_agreement *agreement)
{
    const struct socks_params *offer = &s->offer;
    *agreement = (struct keys_agreement){.version = SOCKS_PARAMS_VERSION, .epoch = epoch};
    agreement->suite = choose_suite(s);
    agreement->nonce_mode = choose_mode(s);
    if (offer->version != SOCKS_PARAMS_VERSION || !agreement->suite || !agreement->nonce_mode)
        return SOCKS_FAILURE;
    memcpy(agreement->client_cid, offer->cid, sizeof agreement->client_cid);
    memcpy(agreement->proxy_cid, s->association->making->epoch.cid, sizeof agreement->proxy_cid);
    return SOCKS_OK;
}

static uint16_t path_mtu(const struct session *s)
{
    int mtu = 0;
    socklen_t len = sizeof mtu;
    bool six = s->local.sa.sa_family == AF_INET6;
    if (getsockopt(stream_fd(s->stream), six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu, &len) || mtu <= 0)
        return six ? 1280 : 576; /* what every path carries (RFC 8200, RFC 791) */
    return mtu > UINT16_MAX ? UINT16_MAX : (uint16_t)mtu;
}

static void send_params(struct session *s)
{
    uint8_t out[2 + SOCKS_PARAMS_MAX];
    const struct keys_agreement *agreed = &s->association->agreement;
    unsigned grace = s->worker->policy->options.grace_seconds;
    struct socks_params reply = {
        .present = 1u << SOCKS_PARAM_VERSION | 1u << SOCKS_PARAM_SUITES | 1u << SOCKS_PARAM_NONCE_MODES | 1u << SOCKS_PARAM_CID |
                   1u << SOCKS_PARAM_EPOCH | 1u << SOCKS_PARAM_GRACE | 1u << SOCKS_PARAM_MTU,
        .version = SOCKS_PARAMS_VERSION,
        .suites = {agreed->suite->id},
        .suite_count = 1,
        .nonce_modes = {agreed->nonce_mode},
        .nonce_mode_count = 1,
        .epoch = agreed->epoch,
        .grace = grace < UINT16_MAX ? (uint16_t)grace : UINT16_MAX,
        .mtu = path_mtu(s),
    };
    memcpy(reply.cid, agreed->proxy_cid, sizeof reply.cid);
    stream_write(s->stream, out, socks_params_encode(&reply, SOCKS_PARAMS_REPLY, out));
}

static void associated(struct session *s, const struct net_addr *bound)
{
    struct association *a = s->association;
    char text[NET_ADDR_TEXT];
    s->state = SESSION_ASSOCIATED;
    s->deadline = 0;
    s->last_sent = a->last_datagram = worker_now();
    session_reply(s, SOCKS_OK, bound);
    if (a->secure) {
        send_params(s);
        session_take_records(s);
    }
    bool again = a->secure && a->agreement.epoch; /* it has been taken up */
    stats_add(again       ? &s->worker->stats.take_ups
              : a->secure ? &s->worker->stats.associations
                          : &s->worker->stats.naked_associations,
              1);
    log_event(proxy_access(s->worker->proxy), LOG_LEVEL_INFO, again ? "association_taken_up" : "association_open",
              "peer=%s user=%s kind=%s suite=%s udp=%s", s->peer_text, s->user, a->secure ? "secure" : "naked",
              a->secure ? a->agreement.suite->name : "-", net_addr_format(bound, text));
}

void session_association_made(struct session *s, int error)
{
    struct udp_socket *udp = choose_udp(s);
    if (s->state == SESSION_ASSOCIATED) {
        session_rekeyed(s, error);
        return;
    }
    if (error) {
        log_event(&s->worker->proxy->log, LOG_LEVEL_ERROR, "sa_failed", "peer=%s error=%d", s->peer_text, error);
        session_reply(s, SOCKS_FAILURE, NULL);
        return;
    }
    struct net_addr told = told_address(s, udp);
    if (!s->association->peer.len) {
        s->association->to_client = &udp->queue;
        if (net_addr_is_any(&udp->address))
            s->association->local = udp_address(s, udp);
    }
    associated(s, &told);
}

static void associate_secure(struct session *s)
{
    struct keys_agreement agreement;
    struct keys keys;
    enum socks_reply code = choose_udp(s) ? session_agree(s, 0, &agreement) : SOCKS_FAILURE;
    if (code == SOCKS_OK && keys_derive(stream_ssl(s->stream), &agreement, &keys))
        code = SOCKS_FAILURE;
    if (code != SOCKS_OK) {
        session_reply(s, code, NULL);
        return;
    }
    s->state = SESSION_MAKING;
    if (association_make(s->association, &agreement, &keys))
        session_reply(s, SOCKS_FAILURE, NULL);
    keys_wipe(&keys);
}

static void associate_naked(struct session *s)
{
    if (association_open_naked(s->association, &s->local, &s->peer)) {
        session_reply(s, SOCKS_FAILURE, NULL);
        return;
    }
    struct net_addr bound = s->association->local;
    associated(s, &bound);
}

static bool take_place(struct worker *worker)
{
    struct proxy *proxy = worker->proxy;
    if (overload_memory(proxy->overload)) {
        stats_add(&worker->stats.memory_refused, 1);
        return false;
    }
    if (atomic_fetch_add(&proxy->associations, 1) < worker->policy->options.max_associations)
        return true;
    stats_add(&worker->stats.associations_refused, 1);
    atomic_fetch_sub(&proxy->associations, 1);
    return false;
}

void session_associate(struct session *s, bool secure)
{
    struct proxy *proxy = s->worker->proxy;
    struct stats *stats = &s->worker->stats;
    if (!secure && !s->worker->policy->options.naked) {
        session_reply(s, SOCKS_NOT_ALLOWED, NULL);
        return;
    }
    if (secure && s->worker->given) { /* without an answer: the client asks again, and finds the other process */
        session_wind_up(s);
        return;
    }
    if (secure && SOCKS_PARAMS_HAS(&s->offer, SOCKS_PARAM_TAKE_UP)) {
        session_take_up(s);
        return;
    }
    bool place = take_place(s->worker);
    s->association = place ? association_new(s->worker, s, &s->access, secure) : NULL;
    if (!s->association) {
        if (place)
            atomic_fetch_sub(&proxy->associations, 1);
        session_reply(s, SOCKS_FAILURE, NULL);
        return;
    }
    memcpy(s->association->peer_text, s->peer_text, sizeof s->peer_text);
    memcpy(s->association->user, s->user, sizeof s->user);
    stats_add(secure ? &stats->associations_open : &stats->naked_associations_open, 1);
    if (secure)
        associate_secure(s);
    else
        associate_naked(s);
}
