/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/path.h"

#include <openssl/crypto.h>
#include <string.h>
#include <sys/random.h>

#include "sluiced/association.h"
#include "sluiced/datapath.h"
#include "sluiced/session.h"
#include "udp/record.h"

static void set_peer(struct association *a, const struct net_addr *peer, bool checked)
{
    struct worker *worker = a->worker;
    char text[NET_ADDR_TEXT];
    bool six = peer->sa.sa_family == AF_INET6;
    if (a->peer.len)
        stats_add(&worker->stats.paths_changed, 1);
    if (a->to_client != &worker->udp[six].queue) { /* the other family: the address to send from is another one, too */
        a->to_client = &worker->udp[six].queue;
        a->local = (struct net_addr){0};
    }
    log_event(&worker->proxy->log, LOG_LEVEL_DEBUG, a->peer.len ? "path_changed" : "pinned", "peer=%s source=%s checked=%d",
              a->peer_text, net_addr_format(peer, text), checked);
    if (!net_addr_same_host(&a->peer, peer))
        a->mtu = 0;
    a->peer = *peer;
    a->checked = checked;
}

static void ask(struct association *a)
{
    struct path *path = &a->path;
    uint8_t content[SIGNAL_PATH_BYTES];
    struct signal challenge = {.kind = SIGNAL_PATH_CHALLENGE};
    if (path->asked == worker_now())
        return;
    path->asked = worker_now();
    memcpy(challenge.cookie, path->cookie, sizeof challenge.cookie);
    signal_path_encode(&challenge, content);
    stats_add(&a->worker->stats.path_checks, 1);
    datapath_signal(a, RECORD_PATH_CHECK, content, sizeof content, &path->peer);
}

static void begin(struct association *a, const struct net_addr *peer)
{
    a->path = (struct path){.peer = *peer};
    if (getrandom(a->path.cookie, sizeof a->path.cookie, 0) != sizeof a->path.cookie)
        a->path.peer.len = 0; /* an association that stays where it is */
}

/* Only what is newer than all before it moves an association: a record that was held back or replayed does not. */
void path_heard(struct association *a, const struct engine_job *job)
{
    const struct net_addr *peer = &job->peer;
    if (!peer->len) /* by TCP */
        return;
    if (a->peer.len && a->checked && net_addr_equal(&a->peer, peer))
        return;
    if (!a->peer.len) {
        set_peer(a, peer, a->session && net_addr_same_host(session_host(a->session), peer));
        if (a->checked)
            return;
    }
    if (!a->path.peer.len || !net_addr_equal(&a->path.peer, peer)) {
        if (!job->newest)
            return;
        begin(a, peer);
    }
    a->path.received += job->src_len;
    if (!a->checked)
        a->peer = *peer;
    if (a->path.peer.len)
        ask(a);
}

static void answered(struct association *a, const struct engine_job *job, const struct signal *signal)
{
    struct path *path = &a->path;
    if (!path->peer.len || !net_addr_equal(&path->peer, &job->peer) ||
        CRYPTO_memcmp(path->cookie, signal->cookie, sizeof path->cookie) != 0)
        return;
    set_peer(a, &job->peer, true);
    explicit_bzero(path, sizeof *path);
}

void path_check(struct association *a, const struct engine_job *job)
{
    uint8_t content[SIGNAL_PATH_BYTES];
    struct signal signal;
    if (signal_path_decode(job->dst, job->length, &signal)) {
        stats_refuse(&a->worker->stats, REFUSAL_BAD_HEADER);
    } else if (signal.kind == SIGNAL_PATH_RESPONSE) {
        answered(a, job, &signal);
    } else if (path_is_known(a, &job->peer)) {
        signal.kind = SIGNAL_PATH_RESPONSE;
        signal_path_encode(&signal, content);
        datapath_signal(a, RECORD_PATH_CHECK, content, sizeof content, &job->peer);
    }
}

bool path_is_known(const struct association *a, const struct net_addr *peer)
{
    return net_addr_equal(&a->peer, peer) || (a->path.peer.len && net_addr_equal(&a->path.peer, peer));
}

bool path_may_send(struct association *a, const struct net_addr *to, uint32_t bytes)
{
    struct path *path = &a->path;
    if (a->checked && net_addr_equal(&a->peer, to))
        return true;
    if (!path->peer.len || !net_addr_equal(&path->peer, to) || path->sent + bytes > path->received)
        return false;
    path->sent += bytes;
    return true;
}
