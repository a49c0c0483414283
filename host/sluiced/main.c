/* SPDX-License-Identifier: Apache-2.0 */
/* sluiced: the proxy. Reads its configuration, makes what the workers share, starts them, and waits for signals. */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "sluiced/accounts.h"
#include "sluiced/admin.h"
#include "sluiced/background.h"
#include "sluiced/confine.h"
#include "sluiced/give.h"
#include "sluiced/guard.h"
#include "sluiced/history.h"
#include "sluiced/notify.h"
#include "sluiced/overload.h"
#include "sluiced/pam.h"
#include "sluiced/proxy.h"
#include "sluiced/reload.h"
#include "sluiced/status.h"
#include "sluiced/take.h"
#include "sluiced/worker.h"
#include "tls/sessions.h"

#define EXIT_CONFIG 2 /* the configuration or the command line is wrong */

static const char usage[] =
    "usage: sluiced --config FILE [--check | --upgrade]\n"
    "\n"
    "  -c, --config FILE   configuration (host/sluiced.conf.example says what it may hold)\n"
    "      --check         reads the configuration, tells what is wrong with it, and ends\n"
    "      --upgrade       takes over from the one that is running, goes on in the background\n"
    "  -h, --help          this text\n"
    "  -V, --version       version\n"
    "\n"
    "SIGTERM and SIGINT: listens no more, ends when all is done or after drain_seconds. SIGUSR1: status to the log.\n"
    "SIGHUP: reads the configuration again: certificates, users, rules, limits, log level.\n";

struct daemon {
    struct proxy proxy;
    struct event_base *base;
    struct event *signals[4];
    const char *config;
    struct event *watch;
    struct status_socket *socket;
    struct admin *admin;
    struct give *give;
    struct take *take; /* from the one that this one takes over from */
    unsigned started;
    bool upgrade;
    int tell;             /* for background_done */
    bool stopping, given; /* given: another one has taken over */
    bool shared;          /* paths of sockets are another one's */
};

/* ---- what the workers share */

static int complain(const char *what, const char *text)
{
    fprintf(stderr, "sluiced: %s%s%s\n", what, text ? ": " : "", text ? text : "");
    return -EINVAL;
}

static int complain_errno(const char *what, int rc)
{
    complain(what, strerror(-rc));
    return rc;
}

static int load_policy(const char *path, struct policy **policy)
{
    struct config_error error = {""};
    return reload_policy(path, policy, &error) ? complain(error.text, NULL) : 0;
}

/* `later`: another process has the card. */
static int open_shared(struct proxy *proxy, bool later)
{
    int rc = reload_access_log(proxy);
    if (rc)
        return complain_errno(proxy->options.access_log, rc);
    if (getrandom(proxy->cid_key, sizeof proxy->cid_key, 0) != sizeof proxy->cid_key)
        return complain("getrandom", NULL);
    rc = (later ? cards_open_later : cards_open)(proxy->options.engine, worker_dma_bytes(proxy->options.workers),
                                                 proxy->options.operation_ms, &proxy->cards);
    if (rc)
        return complain_errno(proxy->options.engine, rc);
    proxy->cid_workers = proxy->options.workers;
    proxy->guard = guard_new();
    proxy->accounts = accounts_new();
    proxy->overload = overload_new();
    proxy->history = history_new();
    if (!proxy->guard || !proxy->accounts || !proxy->overload || !proxy->history)
        return complain("guard", "out of memory");
    if (proxy->options.max_sessions && !(proxy->sessions = tls_sessions_new(proxy->options.max_sessions)))
        return complain("sessions", "out of memory");
    if (policy_use_sessions(proxy->policy, proxy->sessions))
        return complain("tls", "sessions");
    return 0;
}

static int open_helpers(struct proxy *proxy)
{
    int rc = helper_new("passwords", proxy->options.password_threads, &proxy->passwords);
    if (!rc)
        rc = helper_new("admin", 1, &proxy->admin);
    return rc ? complain_errno("helper", rc) : 0;
}

static int open_rings(struct proxy *proxy)
{
    unsigned n = proxy->options.workers;
    proxy->rings = calloc((size_t)n * n, sizeof(struct ring *));
    if (!proxy->rings)
        return -ENOMEM;
    for (unsigned i = 0; i < n * n; i++) {
        if (i / n == i % n)
            continue;
        proxy->rings[i] = aligned_alloc(64, sizeof(struct ring));
        if (!proxy->rings[i])
            return -ENOMEM;
        memset(proxy->rings[i], 0, sizeof(struct ring));
    }
    return 0;
}

static int open_workers(struct proxy *proxy)
{
    proxy->workers = calloc(proxy->options.workers, sizeof(struct worker *));
    if (!proxy->workers || open_rings(proxy))
        return complain("workers", "out of memory");
    for (unsigned i = 0; i < proxy->options.workers; i++) {
        const char *what;
        int rc = worker_new(proxy, i, &proxy->workers[i], &what);
        if (rc)
            return complain_errno(what, rc);
        proxy->worker_count++;
    }
    return 0;
}

/* What nobody has asked for is closed, once all workers have theirs. */
static void tell_unused(void *arg, const char *address, const char *protocol)
{
    const struct proxy *proxy = arg;
    log_event(&proxy->log, LOG_LEVEL_WARNING, "socket_unused", "address=%s protocol=%s", address, protocol);
}

/* Once all is open that takes more rights than what comes. */
static int confine(struct proxy *proxy)
{
    const struct options *options = &proxy->options;
    const struct confine_options what = {
        .user = options->user, .card = !strncmp(options->engine, "pci:", 4), .filter = options->filter};
    const char *part;
    int rc = confine_privileges(&what, &part);
    if (rc)
        return complain_errno(part, rc);
    rc = confine_calls(&what);
    if (rc)
        return complain_errno("filter of system calls", rc);
    log_event(&proxy->log, LOG_LEVEL_INFO, "confined", "uid=%u filter=%s", (unsigned)geteuid(),
              options->filter && confine_can_filter() ? "on" : "off");
    return 0;
}

static void close_shared(struct proxy *proxy)
{
    helper_free(proxy->passwords);
    helper_free(proxy->admin);
    for (unsigned i = 0; i < proxy->worker_count; i++)
        worker_free(proxy->workers[i]);
    free(proxy->workers);
    for (unsigned i = 0; proxy->rings && i < proxy->options.workers * proxy->options.workers; i++)
        free(proxy->rings[i]);
    free(proxy->rings);
    cards_close(proxy->cards);
    guard_free(proxy->guard);
    accounts_free(proxy->accounts);
    overload_free(proxy->overload);
    history_free(proxy->history);
    policy_unref(proxy->policy);
    tls_sessions_free(proxy->sessions);
    if (proxy->access.fd >= 0)
        close(proxy->access.fd);
    if (proxy->pam >= 0)
        close(proxy->pam);
    explicit_bzero(proxy->cid_key, sizeof proxy->cid_key);
    options_free(&proxy->options);
}

/* ---- signals */

static void stop_workers(struct daemon *daemon)
{
    for (unsigned i = 0; i < daemon->started; i++)
        worker_stop(daemon->proxy.workers[i]);
}

static void on_stop(evutil_socket_t number, short what, void *arg)
{
    struct daemon *daemon = arg;
    (void)what;
    if (daemon->stopping)
        return;
    daemon->stopping = true;
    if (!daemon->given)
        (void)notify("STOPPING=1");
    log_event(&daemon->proxy.log, LOG_LEVEL_INFO, "stopping", "signal=%d", (int)number);
    event_base_loopbreak(daemon->base); /* run stops the workers */
}

static void on_status(evutil_socket_t number, short what, void *arg)
{
    struct daemon *daemon = arg;
    (void)number;
    (void)what;
    char *text = status_text(&daemon->proxy);
    if (text)
        log_long(&daemon->proxy.log, LOG_LEVEL_INFO, "status", "json", text);
    free(text);
}

static void on_reload(evutil_socket_t number, short what, void *arg)
{
    struct daemon *daemon = arg;
    (void)number;
    (void)what;
    if (daemon->stopping || daemon->given)
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void)notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    reload(&daemon->proxy, daemon->config);
    (void)notify("READY=1");
}

/* Another one has taken over: what is left here ends by and by. */
static void on_given(void *arg, pid_t to, unsigned associations, unsigned ms)
{
    struct daemon *daemon = arg;
    daemon->given = daemon->shared = true;
    log_event(&daemon->proxy.log, LOG_LEVEL_WARNING, "given", "pid=%d to=%d associations=%u ms=%u", (int)getpid(), (int)to,
              associations, ms);
}

static bool is_over(const struct daemon *daemon)
{
    for (unsigned i = 0; i < daemon->started; i++) {
        if (!atomic_load(&daemon->proxy.workers[i]->ended))
            return false;
    }
    return daemon->given;
}

/* Every second. A worker whose last engine has failed takes the program down. */
static void on_watch(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *daemon = arg;
    (void)fd;
    (void)what;
    overload_tick(&daemon->proxy);
    history_tick(daemon->proxy.history, &daemon->proxy);
    for (unsigned i = 0; i < daemon->started; i++) {
        if (atomic_load(&daemon->proxy.workers[i]->failed))
            event_base_loopbreak(daemon->base);
    }
    if (is_over(daemon))
        event_base_loopbreak(daemon->base);
}

static int open_events(struct daemon *daemon)
{
    const struct timeval second = {.tv_sec = 1};
    daemon->base = event_base_new();
    if (!daemon->base)
        return -ENOMEM;
    daemon->signals[0] = evsignal_new(daemon->base, SIGTERM, on_stop, daemon);
    daemon->signals[1] = evsignal_new(daemon->base, SIGINT, on_stop, daemon);
    daemon->signals[2] = evsignal_new(daemon->base, SIGUSR1, on_status, daemon);
    daemon->signals[3] = evsignal_new(daemon->base, SIGHUP, on_reload, daemon);
    daemon->watch = event_new(daemon->base, -1, EV_PERSIST, on_watch, daemon);
    for (unsigned i = 0; i < 4; i++) {
        if (!daemon->signals[i] || event_add(daemon->signals[i], NULL))
            return -ENOMEM;
    }
    return daemon->watch && !event_add(daemon->watch, &second) ? 0 : -ENOMEM;
}

static void close_events(struct daemon *daemon)
{
    status_socket_free(daemon->socket, daemon->shared);
    admin_free(daemon->admin, daemon->shared);
    give_free(daemon->give, daemon->shared);
    if (daemon->watch)
        event_free(daemon->watch);
    for (unsigned i = 0; i < 4; i++) {
        if (daemon->signals[i])
            event_free(daemon->signals[i]);
    }
    if (daemon->base)
        event_base_free(daemon->base);
}

/* ---- running */

static int open_status(struct daemon *daemon)
{
    const char *path = daemon->proxy.options.control_socket;
    int rc = open_events(daemon);
    if (!rc && path)
        rc = status_socket_new(daemon->base, &daemon->proxy, path, &daemon->socket);
    if (rc)
        return complain_errno(path ? path : "events", rc);
    path = daemon->proxy.options.admin;
    rc = path ? admin_new(daemon->base, &daemon->proxy, path, &daemon->admin) : 0;
    if (rc)
        return complain_errno(path, rc);
    const struct give_what what = {.status = daemon->socket, .admin = daemon->admin, .given = on_given, .arg = daemon};
    path = daemon->proxy.options.upgrade_socket;
    rc = path ? give_new(daemon->base, &daemon->proxy, &what, path, &daemon->give) : 0;
    return rc ? complain_errno(path, rc) : 0;
}

static void tell_admin(const struct proxy *proxy, const struct admin *admin)
{
    if (admin)
        log_event(&proxy->log, LOG_LEVEL_INFO, "listening", "address=%s protocol=admin", admin_address(admin));
    if (admin && admin_is_open(admin))
        log_event(&proxy->log, LOG_LEVEL_WARNING, "admin_open", "address=%s", admin_address(admin));
}

static void tell_listening(const struct proxy *proxy)
{
    const struct options_listener *listeners = proxy->options.listeners.items;
    const struct options_udp *udp = proxy->options.udp.items;
    char text[NET_ADDR_TEXT];
    for (unsigned i = 0; i < proxy->options.listeners.count; i++)
        log_event(&proxy->log, LOG_LEVEL_INFO, "listening", "address=%s protocol=%s",
                  net_addr_format(&listeners[i].address, text), listeners[i].tls ? "tls" : "plain");
    for (unsigned i = 0; i < proxy->options.udp.count; i++)
        log_event(&proxy->log, LOG_LEVEL_INFO, "listening", "address=%s protocol=udp", net_addr_format(&udp[i].address, text));
    if (proxy->options.replay == REPLAY_OFF)
        log_event(&proxy->log, LOG_LEVEL_WARNING, "replay_off", "policy=off");
}

/* Signals are for the main thread, and workers inherit its mask. */
static int start_workers(struct daemon *daemon)
{
    sigset_t all, former;
    int rc = 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &former);
    while (!rc && daemon->started < daemon->proxy.worker_count) {
        rc = worker_start(daemon->proxy.workers[daemon->started]);
        daemon->started += !rc;
    }
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return rc;
}

static int run(struct daemon *daemon)
{
    struct proxy *proxy = &daemon->proxy;
    int rc = start_workers(daemon);
    if (rc) {
        stop_workers(daemon);
        return complain_errno("start", rc);
    }
    tell_listening(proxy);
    tell_admin(proxy, daemon->admin);
    (void)notify("READY=1\nSTATUS=%u workers, engine %s", proxy->worker_count, proxy->options.engine);
    log_event(&proxy->log, LOG_LEVEL_INFO, "ready", "engine=%s workers=%u pid=%d", proxy->options.engine, proxy->worker_count,
              (int)getpid());
    event_base_dispatch(daemon->base);
    if (!daemon->stopping && !daemon->given)
        rc = -ENODEV;
    stop_workers(daemon);
    return rc;
}

static void join_workers(struct daemon *daemon)
{
    for (unsigned i = 0; i < daemon->started; i++)
        worker_join(daemon->proxy.workers[i]);
}

static void finish(struct daemon *daemon)
{
    struct proxy *proxy = &daemon->proxy;
    join_workers(daemon);
    if (proxy->options.stats_file && daemon->started && !daemon->given) {
        int rc = status_write(proxy, proxy->options.stats_file);
        if (rc)
            complain_errno(proxy->options.stats_file, rc);
    }
    log_event(&proxy->log, LOG_LEVEL_INFO, "stopped", "pid=%d", (int)getpid());
}

static void raise_limits(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer connections then */
}

/* ---- upgrade */

static int take_sockets(struct daemon *daemon)
{
    const char *what;
    daemon->shared = true;
    int rc = take_new(&daemon->proxy, daemon->proxy.options.upgrade_socket, &daemon->take, &what);
    return rc ? complain_errno(what, rc) : 0;
}

/* The former one gives it up with its associations. */
static bool has_card_later(const struct daemon *daemon)
{
    return daemon->upgrade && strcmp(daemon->proxy.options.engine, "soft:") != 0;
}

static int take_over(struct daemon *daemon)
{
    struct proxy *proxy = &daemon->proxy;
    const char *what;
    unsigned count = 0;
    int rc = take_associations(daemon->take, &count, &what);
    if (rc)
        return complain_errno(what, rc);
    daemon->shared = false;
    background_log(take_log(daemon->take));
    take_free(daemon->take);
    daemon->take = NULL;
    log_event(&proxy->log, LOG_LEVEL_WARNING, "taken", "pid=%d associations=%u", (int)getpid(), count);
    background_done(daemon->tell);
    if (has_card_later(daemon))
        cards_look(proxy->cards);
    return 0;
}

/* What takes a process of its own, before this one has secrets or anything open. */
static int fork_all(struct daemon *daemon)
{
    struct proxy *proxy = &daemon->proxy;
    daemon->tell = daemon->upgrade ? background_begin() : 0;
    if (daemon->tell < 0)
        return complain_errno("fork", daemon->tell);
    if (proxy->options.pam_service)
        proxy->pam = pam_new(proxy->options.pam_service, proxy->options.pam_directory);
    return proxy->options.pam_service && proxy->pam < 0 ? complain_errno("pam", proxy->pam) : 0;
}

static int serve(struct daemon *daemon)
{
    struct proxy *proxy = &daemon->proxy;
    raise_limits();
    /* Whatever it runs into, no program that it might start gets more rights than it has. */
    int rc = confine_no_new_privileges();
    if (rc) {
        complain_errno("no_new_privs", rc);
        return EXIT_FAILURE;
    }
    signal(SIGPIPE, SIG_IGN);
    rc = activation_take(&proxy->activation);
    if (rc)
        complain_errno("LISTEN_FDS", rc);
    if (!rc)
        rc = open_shared(proxy, has_card_later(daemon));
    if (!rc && daemon->upgrade)
        rc = take_sockets(daemon);
    if (!rc)
        rc = open_workers(proxy);
    if (!rc)
        rc = open_status(daemon);
    activation_close(&proxy->activation, tell_unused, proxy);
    if (!rc)
        rc = confine(proxy);
    if (!rc)
        rc = open_helpers(proxy);
    if (!rc && daemon->upgrade)
        rc = take_over(daemon);
    if (!rc)
        rc = run(daemon);
    if (daemon->started)
        finish(daemon);
    close_events(daemon);
    take_free(daemon->take);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'}, {"check", no_argument, NULL, 'k'},   {"upgrade", no_argument, NULL, 'u'},
        {"help", no_argument, NULL, 'h'},         {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0},
    };
    static struct daemon daemon;
    struct config_error error;
    const char *config = NULL;
    bool check = false;
    int c;
    while ((c = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
        if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "sluiced 0.1\n", stdout);
            return EXIT_SUCCESS;
        }
        if (c == '?') {
            fputs(usage, stderr);
            return EXIT_CONFIG;
        }
        if (c == 'c')
            config = optarg;
        check |= c == 'k';
        daemon.upgrade |= c == 'u';
    }
    if (!config || optind < argc) {
        fputs(usage, stderr);
        return EXIT_CONFIG;
    }
    daemon.config = config;
    if (options_load(config, &daemon.proxy.options, &error)) {
        complain(error.text, NULL);
        return EXIT_CONFIG;
    }
    if (daemon.upgrade && !daemon.proxy.options.upgrade_socket) {
        complain(config, "--upgrade needs upgrade_socket");
        options_free(&daemon.proxy.options);
        return EXIT_CONFIG;
    }
    daemon.proxy.access = (struct log){.program = "sluiced", .fd = -1, .level = LOG_LEVEL_DEBUG};
    daemon.proxy.log = (struct log){.program = "sluiced", .fd = STDERR_FILENO, .level = daemon.proxy.options.log_level};
    daemon.proxy.pam = -1;
    int status = !check && fork_all(&daemon) ? EXIT_FAILURE : EXIT_SUCCESS;
    if (!status && load_policy(config, &daemon.proxy.policy))
        status = EXIT_CONFIG;
    if (!status && !check)
        status = serve(&daemon);
    close_shared(&daemon.proxy);
    return status;
}
