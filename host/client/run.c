/* SPDX-License-Identifier: Apache-2.0 */
/* sluice client: makes what its parts share, runs the loop, and takes everything down again. */
#include "client/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "client/association.h"
#include "client/client.h"
#include "client/command.h"
#include "client/forward.h"
#include "client/linger.h"
#include "client/local.h"
#include "client/servers.h"
#include "client/source.h"
#include "client/status.h"
#include "client/tunnel.h"
#include "tls/tls.h"

#define EXIT_CONFIG   2 /* the configuration or the command line is wrong */
#define ENGINE_DEPTH  512
#define ENGINE_CHUNKS 256

struct program {
    struct client client;
    struct client_config config;
    struct event *stop[2], *status;
};

uint64_t client_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int complain(const char *what, const char *text)
{
    fprintf(stderr, "sluice: %s%s%s\n", what, text ? ": " : "", text ? text : "");
    return -EINVAL;
}

/* ---- engine */

static void on_done(void *arg, struct engine_job *job)
{
    association_done(arg, job);
}

static void send_all(void *arg)
{
    struct client *client = arg;
    batch_flush(client->tx);
    source_resume(client);
}

void client_flush(struct client *client)
{
    engine_run(client->engine);
    send_all(client);
}

static void on_replaced(void *arg, const char *engine, unsigned again)
{
    struct client *client = arg;
    client->stats.engine_replaced++;
    client->stats.engine_redone += again;
    log_event(&client->log, LOG_LEVEL_WARNING, "engine_replaced", "engine=%s redone=%u", engine, again);
}

static void on_returned(void *arg, const char *engine)
{
    struct client *client = arg;
    client->stats.engine_returned++;
    log_event(&client->log, LOG_LEVEL_INFO, "engine_returned", "engine=%s", engine);
}

static void on_failed(void *arg, int error)
{
    struct client *client = arg;
    log_event(&client->log, LOG_LEVEL_ERROR, "engine_failed", "error=%d", error);
    client->failed = true;
    event_base_loopbreak(client->base);
}

static int open_engine(struct client *client)
{
    const struct engine_options options = {.depth = ENGINE_DEPTH, .chunks = ENGINE_CHUNKS};
    const struct engine_callbacks callbacks = {
        .done = on_done, .burst = send_all, .replaced = on_replaced, .returned = on_returned, .failed = on_failed, .arg = client};
    const char *uri = client->config->engine ? client->config->engine : "soft:";
    int rc = cards_open(uri, pool_bytes(ENGINE_CHUNKS) + (4u << 20), CARDS_OPERATION_MS, &client->cards);
    if (!rc)
        rc = engine_new(client->base, client->cards, &options, &callbacks, &client->engine);
    if (rc)
        complain(uri, strerror(-rc));
    return rc;
}

/* ---- what the parts share */

/* The first line of the file. */
static int read_password(struct client *client)
{
    const char *path = client->config->password_file;
    if (!path)
        return 0;
    FILE *file = fopen(path, "re");
    if (!file || setvbuf(file, NULL, _IONBF, 0) || !fgets(client->password, sizeof client->password, file)) {
        complain(path, file ? "expected a password in its first line" : strerror(errno));
        if (file)
            fclose(file);
        return -EINVAL;
    }
    bool whole = strchr(client->password, '\n') || fgetc(file) == EOF;
    fclose(file);
    client->password[strcspn(client->password, "\r\n")] = 0;
    if (!whole || strlen(client->config->user) > 255)
        return complain(path, "user and password have at most 254 bytes");
    return 0;
}

static int open_tls(struct client *client)
{
    struct tls_error error;
    if (tls_client_new(client->config->ca_file, &client->tls, &error))
        return complain("tls", error.text);
    if (client->config->pins.count)
        tls_pin_use(client->tls, &client->config->pins);
    return servers_open(client) ? complain("proxy", strerror(ENOMEM)) : 0;
}

static int open_shared(struct client *client)
{
    client->base = event_base_new();
    client->rx = batch_rx_new();
    client->tx = batch_tx_new();
    if (!client->base || !client->rx || !client->tx)
        return complain("start", strerror(ENOMEM));
    int rc = names_new(client->base, &(struct config_list){0}, &client->names);
    if (rc)
        return complain("name servers", strerror(-rc));
    return open_engine(client);
}

static void close_shared(struct client *client)
{
    association_close_all(client);
    batch_tx_free(client->tx); /* both hold memory of the engine's pool */
    batch_rx_free(client->rx);
    engine_free(client->engine);
    client->engine = NULL;
    association_free_all(client);
    linger_free_all(client);
    cards_close(client->cards);
    names_free(client->names);
    if (client->base)
        event_base_free(client->base);
    servers_close(client);
    SSL_CTX_free(client->tls);
    explicit_bzero(client->password, sizeof client->password);
}

/* ---- running */

static int open_listeners(struct client *client)
{
    int rc = status_open(client);
    if (rc)
        return complain(client->config->control_socket, strerror(-rc));
    rc = client->config->listen.len ? local_open(client) : 0;
    if (rc)
        return complain("listen", strerror(-rc));
    return forward_open_all(client) ? -EINVAL : 0;
}

static void close_listeners(struct client *client)
{
    local_close(client);
    forward_close_all(client);
    tunnel_free_all(client);
    association_close_all(client);
}

void client_stop(struct client *client, const char *why)
{
    const struct timeval often = {.tv_usec = 20000};
    if (client->stopping)
        return;
    log_event(&client->log, LOG_LEVEL_INFO, "stopping", "why=%s", why);
    client->stopping = true;
    close_listeners(client);
    event_add(client->tick, &often);
}

/* A terminal gives SIGINT to the command as well, whose end is then the client's. */
static void on_stop(evutil_socket_t number, short what, void *arg)
{
    struct client *client = arg;
    (void)what;
    if (!command_signal(client, number == SIGINT ? 0 : (int)number))
        client_stop(client, number == SIGINT ? "SIGINT" : "SIGTERM");
}

static void write_stats(struct client *client)
{
    const char *path = client->config->stats_file;
    int rc = path ? client_stats_write(client, path) : 0;
    if (rc)
        complain(path, strerror(-rc));
}

static void on_status(evutil_socket_t number, short what, void *arg)
{
    struct client *client = arg;
    (void)number;
    (void)what;
    write_stats(client);
    char *text = client_stats_text(client);
    if (text)
        log_long(&client->log, LOG_LEVEL_ERROR, "status", "json", text);
    free(text);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct client *client = arg;
    (void)fd;
    (void)what;
    engine_tick(client->engine);
    forward_tick(client);
    association_tick(client);
    linger_tick(client);
    client_flush(client);
    if (client->stopping && !client->associations && !client->lingering)
        event_base_loopbreak(client->base);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    client_flush(arg);
}

static int open_events(struct program *program)
{
    const struct timeval half = {.tv_usec = 500000};
    struct event_base *base = program->client.base;
    program->stop[0] = evsignal_new(base, SIGTERM, on_stop, &program->client);
    program->stop[1] = evsignal_new(base, SIGINT, on_stop, &program->client);
    program->status = evsignal_new(base, SIGUSR1, on_status, &program->client);
    program->client.tick = event_new(base, -1, EV_PERSIST, on_tick, &program->client);
    program->client.later = event_new(base, -1, EV_PERSIST, on_later, &program->client);
    if (!program->client.later || !program->stop[0] || !program->stop[1] || !program->status || !program->client.tick)
        return -ENOMEM;
    return event_add(program->stop[0], NULL) || event_add(program->stop[1], NULL) || event_add(program->status, NULL) ||
                   event_add(program->client.tick, &half)
               ? -ENOMEM
               : 0;
}

static void close_events(struct program *program)
{
    struct event *events[5] = {program->stop[0], program->stop[1], program->status, program->client.tick, program->client.later};
    for (unsigned i = 0; i < 5; i++) {
        if (events[i])
            event_free(events[i]);
    }
}

static int run(struct program *program)
{
    struct client *client = &program->client;
    int rc = open_shared(client);
    if (!rc)
        rc = open_events(program);
    if (!rc)
        rc = open_listeners(client);
    if (!rc) {
        log_event(&client->log, LOG_LEVEL_INFO, "ready", "pid=%d", (int)getpid());
        rc = client->config->command ? command_start(client) : 0;
    }
    if (!rc) {
        event_base_dispatch(client->base);
        write_stats(client);
        log_event(&client->log, LOG_LEVEL_INFO, "stopped", "pid=%d", (int)getpid());
    }
    client->stopping = true;
    close_listeners(client);
    status_close(client);
    close_events(program);
    int status = rc || client->failed ? EXIT_FAILURE : client->command ? command_status(client) : EXIT_SUCCESS;
    command_free(client);
    close_shared(client);
    return status;
}

static void prepare_process(struct client *client)
{
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &client->files))
        return;
    struct rlimit limit = client->files;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer connections then */
}

int client_command(int argc, char **argv)
{
    static struct program program;
    struct client *client = &program.client;
    struct config_error error = {0};
    int rc = client_config_load(&program.config, argc, argv, &error);
    client->config = &program.config;
    client->log = (struct log){.program = "sluice", .fd = STDERR_FILENO, .level = program.config.log_level};
    int status = EXIT_SUCCESS;
    if (rc > 0)
        fputs(client_usage, stdout);
    else if (rc < 0)
        complain(error.text, NULL);
    if (!rc && !read_password(client) && !open_tls(client)) {
        prepare_process(client);
        status = run(&program);
    } else if (rc <= 0) {
        status = EXIT_CONFIG;
        close_shared(client);
    }
    client_config_free(&program.config);
    return status;
}
