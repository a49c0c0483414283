/* SPDX-License-Identifier: Apache-2.0 */
/* Who a client is, and what it may reach. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sluiced/guard.h"
#include "sluiced/pam.h"
#include "sluiced/session_internal.h"
#include "tls/peer.h"

#define QUEUE_MAX      256 /* passwords that wait for the helper; a hash takes it some 10 ms */
#define REFUSE_SECONDS 2   /* until one that is not looked at is refused */

/* A user and password with the helper; outlives a session that ends meanwhile. */
struct auth_task {
    struct task task;
    struct worker *worker;
    struct session *session; /* NULL: gone */
    struct policy *policy;
    struct net_addr source;
    struct socks_auth auth;
    bool asked; /* PAM */
    bool ok;
};

bool session_may_reach(struct session *s, enum rules_protocol protocol, const char *name, const struct net_addr *target)
{
    struct stats *stats = &s->worker->stats;
    char text[NET_ADDR_TEXT];
    unsigned rule;
    bool first;
    enum rules_verdict verdict = access_check(&s->access, s->worker->policy, protocol, name, target, &rule, &first);
    if (verdict == RULES_ALLOWED)
        return true;
    stats_add(verdict == RULES_REFUSED ? &stats->requests_rule : &stats->requests_private, 1);
    log_event(proxy_access(s->worker->proxy), LOG_LEVEL_WARNING, "target_refused",
              "peer=%s user=%s target=%s asked=%s reason=%s rule=%u", s->peer_text, s->user, net_addr_format(target, text),
              s->target, rules_verdict_name(verdict), rule);
    return false;
}

/* ---- certificates */

int session_take_certificate(struct session *s)
{
    const struct policy *policy = s->worker->policy;
    char name[TLS_PEER_NAME_MAX];
    SSL *ssl = stream_ssl(s->stream);
    int rc = ssl && policy->options.tls.client_ca ? tls_peer_name(ssl, policy->options.tls.client_name, name) : -ENOENT;
    if (rc == -ENOENT)
        return 0;
    if (!rc)
        log_quote(s->user, sizeof s->user, name);
    if (rc || (policy->users && !users_exists(policy->users, name)) || access_set_user(&s->access, name)) {
        stats_add(&s->worker->stats.certificates_refused, 1);
        log_event(proxy_access(s->worker->proxy), LOG_LEVEL_WARNING, "certificate_refused", "peer=%s user=%s reason=%s",
                  s->peer_text, s->user, rc ? "no_name" : "no_user");
        return -EACCES;
    }
    return 0;
}

/* ---- passwords */

static void run_auth(struct task *task)
{
    struct auth_task *auth = (struct auth_task *)task;
    const struct users *users = auth->policy->users;
    auth->asked = auth->worker->proxy->pam >= 0 && !(users && users_has_password(users, auth->auth.user));
    auth->ok = auth->asked ? pam_check(auth->worker->proxy->pam, auth->auth.user, auth->auth.password, &auth->source)
                           : users_check(users, auth->auth.user, auth->auth.password);
    explicit_bzero(auth->auth.password, sizeof auth->auth.password);
}

static void answer(struct session *s, bool ok)
{
    if (ok && access_set_user(&s->access, s->socks->auth.user))
        ok = false;
    enum socks_server_event event = socks_server_authenticated(s->socks, ok);
    stream_write(s->stream, s->socks->out, s->socks->out_len);
    s->socks->out_len = 0;
    s->state = SESSION_SOCKS;
    if (event == SOCKS_SERVER_FAILED)
        session_wind_up(s);
    else
        session_take_input(s);
}

static void done_auth(struct task *task)
{
    struct auth_task *auth = (struct auth_task *)task;
    struct session *s = auth->session;
    bool ok = auth->ok;
    guard_tell(auth->worker->proxy->guard, &auth->source, auth->auth.user, ok, worker_now());
    auth->worker->pending--;
    stats_add(&auth->worker->stats.auth_pam, auth->asked);
    policy_unref(auth->policy);
    free(auth);
    if (!s)
        return;
    s->auth = NULL;
    if (s->state != SESSION_AUTH)
        return;
    if (!ok) {
        stats_add(&s->worker->stats.auth_failed, 1);
        log_event(proxy_access(s->worker->proxy), LOG_LEVEL_WARNING, "auth_failed", "peer=%s user=%s", s->peer_text, s->user);
    }
    answer(s, ok);
}

void session_forget_auth(struct session *s)
{
    if (s->auth)
        s->auth->session = NULL;
}

void session_refuse_auth(struct session *s)
{
    s->refuse_at = 0;
    if (s->state == SESSION_AUTH)
        answer(s, false);
}

static struct auth_task *new_task(struct session *s)
{
    struct auth_task *auth = calloc(1, sizeof *auth);
    if (!auth)
        return NULL;
    auth->task = (struct task){.run = run_auth, .done = done_auth, .mailbox = s->worker->mailbox};
    auth->worker = s->worker;
    auth->session = s;
    auth->policy = policy_ref(s->worker->policy);
    auth->source = s->access.source;
    auth->auth = s->socks->auth;
    return auth;
}

static void free_task(struct auth_task *auth)
{
    policy_unref(auth->policy);
    explicit_bzero(&auth->auth, sizeof auth->auth);
    free(auth);
}

/* Without a look at the password; the client waits for the answer as long as for a hash or longer. */
static void put_off(struct session *s, _Atomic uint64_t *counter, const char *reason)
{
    stats_add(counter, 1);
    log_event(proxy_access(s->worker->proxy), LOG_LEVEL_WARNING, "auth_refused", "peer=%s user=%s reason=%s", s->peer_text,
              s->user, reason);
    s->refuse_at = worker_now() + REFUSE_SECONDS;
}

void session_authenticate(struct session *s)
{
    struct proxy *proxy = s->worker->proxy;
    struct stats *stats = &s->worker->stats;
    log_quote(s->user, sizeof s->user, s->socks->auth.user);
    s->state = SESSION_AUTH;
    if (!proxy_wants_password(proxy, s->worker->policy)) { /* taken away by a reload */
        answer(s, false);
        return;
    }
    if (!guard_may_try(proxy->guard, &s->access.source, s->socks->auth.user, worker_now())) {
        put_off(s, &stats->auth_slowed, "slowed");
        return;
    }
    struct auth_task *auth = new_task(s);
    if (!auth || helper_try(proxy->passwords, &auth->task, QUEUE_MAX)) {
        if (auth)
            free_task(auth);
        put_off(s, &stats->auth_shed, "busy");
        return;
    }
    s->auth = auth;
    s->worker->pending++;
}
