/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/reload.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sluiced/worker.h"

int reload_policy(const char *path, struct policy **policy, struct config_error *error)
{
    struct options options;
    int rc = options_load(path, &options, error);
    return rc ? rc : policy_new(&options, policy, error);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static bool same_listeners(const struct config_list *a, const struct config_list *b)
{
    const struct options_listener *one = a->items, *other = b->items;
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++) /* with port 0 it has got another meanwhile */
        same = one[i].tls == other[i].tls && net_addr_same_host(&one[i].address, &other[i].address) &&
               (net_addr_equal(&one[i].address, &other[i].address) || !net_addr_port(&other[i].address));
    return same;
}

/* What has been changed, but is looked at only at the start. */
static void tell_fixed(const struct proxy *proxy, const struct options *after)
{
    const struct options *before = &proxy->options;
    const struct {
        const char *name;
        bool same;
    } fixed[] = {
        {"workers", before->workers == after->workers},
        {"engine", same_text(before->engine, after->engine)},
        {"listeners", same_listeners(&before->listeners, &after->listeners)},
        {"udp", before->udp.count == after->udp.count},
        {"nameservers", before->nameservers.count == after->nameservers.count},
        {"password_threads", before->password_threads == after->password_threads},
        {"pam_service", same_text(before->pam_service, after->pam_service)},
        {"pam_directory", same_text(before->pam_directory, after->pam_directory)},
        {"max_sessions", before->max_sessions == after->max_sessions},
        {"user", same_text(before->user, after->user)},
        {"filter", before->filter == after->filter},
        {"access_log", same_text(before->access_log, after->access_log)},
        {"admin", same_text(before->admin, after->admin)},
        {"stats_file", same_text(before->stats_file, after->stats_file)},
        {"control_socket", same_text(before->control_socket, after->control_socket)},
        {"upgrade_socket", same_text(before->upgrade_socket, after->upgrade_socket)},
    };
    for (unsigned i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (!fixed[i].same)
            log_event(&proxy->log, LOG_LEVEL_WARNING, "needs_restart", "option=%s", fixed[i].name);
    }
}

int reload_access_log(struct proxy *proxy)
{
    const char *path = proxy->options.access_log;
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : -1;
    if (!path || fd < 0)
        return path ? -errno : 0;
    if (proxy->access.fd < 0) {
        proxy->access.fd = fd;
        return 0;
    }
    /* The number stays, so that whoever writes meanwhile needs no lock. */
    int rc = dup3(fd, proxy->access.fd, O_CLOEXEC) < 0 ? -errno : 0;
    close(fd);
    return rc;
}

static int hand_out(struct proxy *proxy, struct policy *policy)
{
    int rc = 0;
    for (unsigned i = 0; i < proxy->worker_count && !rc; i++)
        rc = worker_set_policy(proxy->workers[i], policy);
    return rc;
}

void reload(struct proxy *proxy, const char *path)
{
    struct config_error error = {""};
    struct policy *policy;
    char quoted[900];
    int rc = reload_policy(path, &policy, &error);
    if (!rc) {
        policy->generation = proxy->policy->generation + 1;
        rc = policy_use_sessions(policy, proxy->sessions);
        if (!rc)
            rc = hand_out(proxy, policy);
    }
    if (rc) {
        log_event(&proxy->log, LOG_LEVEL_ERROR, "reload_failed", "reason=%s",
                  log_quote(quoted, sizeof quoted, error.text[0] ? error.text : "out of memory"));
        return;
    }
    tell_fixed(proxy, &policy->options);
    if (reload_access_log(proxy))
        log_event(&proxy->log, LOG_LEVEL_ERROR, "access_log_failed", "errno=%d", errno);
    policy_unref(proxy->policy);
    proxy->policy = policy;
    proxy->log.level = policy->options.log_level;
    log_event(&proxy->log, LOG_LEVEL_WARNING, "reloaded", "generation=%u", policy->generation);
}
