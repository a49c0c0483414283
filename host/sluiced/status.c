/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/status.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/unix.h"
#include "sluiced/history.h"
#include "sluiced/overload.h"
#include "sluiced/roster.h"
#include "sluiced/worker.h"

#define ANSWER_SECONDS 5

/* ---- JSON */

static void put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

static json_t *lanes_json(const struct sluice_stats *stats)
{
    json_t *lanes = json_array();
    for (unsigned i = 0; i < stats->lanes && i < 32; i++) {
        json_t *lane = json_object();
        put(lane, "busy", stats->lane[i].busy);
        put(lane, "starved", stats->lane[i].starved);
        put(lane, "blocked", stats->lane[i].blocked);
        put(lane, "records", stats->lane[i].records);
        json_array_append_new(lanes, lane);
    }
    return lanes;
}

static json_t *statuses_json(const uint64_t counts[16])
{
    json_t *object = json_object();
    for (unsigned i = 0; i < 16; i++) {
        if (counts[i])
            put(object, sluice_status_name((enum sluice_status)i), counts[i]);
    }
    return object;
}

static json_t *describe_card(struct sluice_card *card)
{
    struct sluice_card_health health;
    struct sluice_info info;
    struct sluice_stats stats;
    if (sluice_card_info(card, &info) || sluice_card_stats(card, &stats) || sluice_card_health(card, &health))
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "engine", json_string(info.engine));
    json_object_set_new(object, "firmware_state", json_string(sluice_fw_state_name(health.state)));
    put(object, "health", health.flags);
    put(object, "lanes_in_service", health.lanes_ok);
    put(object, "sa_swaps_out", stats.sa_swaps_out);
    put(object, "sa_swaps_in", stats.sa_swaps_in);
    put(object, "cycles", stats.cycles);
    put(object, "busy_cycles", stats.busy_cycles);
    put(object, "record_bytes", stats.record_bytes);
    put(object, "content_bytes", stats.content_bytes);
    put(object, "tx_stall", stats.tx_stall);
    put(object, "tag_stall", stats.tag_stall);
    put(object, "lane_stall", stats.lane_stall);
    put(object, "interrupts", stats.interrupts);
    json_object_set_new(object, "seal_status", statuses_json(stats.seal_status));
    json_object_set_new(object, "open_status", statuses_json(stats.open_status));
    json_object_set_new(object, "lanes", lanes_json(&stats));
    return object;
}

static json_t *card_json(struct proxy *proxy)
{
    struct sluice_card *card = cards_take(proxy->cards);
    json_t *object = describe_card(card);
    cards_leave(proxy->cards, card);
    return object;
}

static json_t *status_json(struct proxy *proxy)
{
    struct stats sum;
    memset(&sum, 0, sizeof sum);
    json_t *root = json_object(), *workers = json_array();
    for (unsigned i = 0; i < proxy->worker_count; i++) {
        stats_sum(&sum, &proxy->workers[i]->stats);
        json_array_append_new(workers, stats_json(&proxy->workers[i]->stats));
    }
    json_object_set_new(root, "program", json_string("sluiced"));
    json_object_set_new(root, "engine", json_string(proxy->options.engine));
    json_object_set_new(root, "total", stats_json(&sum));
    json_object_set_new(root, "workers", workers);
    json_object_set_new(root, "card", card_json(proxy));
    json_object_set_new(root, "rates", history_json(proxy->history, 1));
    json_object_set_new(root, "resident", json_integer((json_int_t)overload_resident(proxy->overload)));
    json_object_set_new(root, "generation", json_integer(proxy->policy->generation));
    return root;
}

char *status_text(struct proxy *proxy)
{
    json_t *root = status_json(proxy);
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}

int status_write(struct proxy *proxy, const char *path)
{
    char temporary[4096];
    char *text = status_text(proxy);
    if (!text)
        return -ENOMEM;
    int rc = 0;
    FILE *file = NULL;
    if (snprintf(temporary, sizeof temporary, "%s.new", path) >= (int)sizeof temporary)
        rc = -ENAMETOOLONG;
    else if (!(file = fopen(temporary, "we")))
        rc = -errno;
    if (file) {
        bool bad = fprintf(file, "%s\n", text) < 0;
        bad |= fclose(file) != 0;
        if (bad || rename(temporary, path))
            rc = errno ? -errno : -EIO;
    }
    free(text);
    return rc;
}

/* ---- socket */

struct status_socket {
    struct proxy *proxy;
    struct evconnlistener *listener;
    struct mailbox *mailbox;
    struct asked *asked;
    char *path;
};

/* A connection that waits for what the workers say. */
struct asked {
    struct status_socket *socket;
    struct bufferevent *connection;
    struct roster *roster;
    struct asked **at, *next;
};

static void forget(struct asked *asked)
{
    *asked->at = asked->next;
    if (asked->next)
        asked->next->at = asked->at;
    free(asked);
}

static void on_done(struct bufferevent *connection, void *arg)
{
    (void)arg;
    bufferevent_free(connection);
}

static void on_event(struct bufferevent *connection, short what, void *arg)
{
    (void)what;
    (void)arg;
    bufferevent_free(connection);
}

static void on_roster(void *arg, json_t *associations)
{
    struct asked *asked = arg;
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    struct bufferevent *connection = asked->connection;
    json_t *root = status_json(asked->socket->proxy);
    json_object_set_new(root, "associations", associations);
    char *text = json_dumps(root, JSON_COMPACT);
    bufferevent_setcb(connection, NULL, on_done, on_event, NULL);
    bufferevent_set_timeouts(connection, NULL, &patience);
    if (text)
        evbuffer_add_printf(bufferevent_get_output(connection), "%s\n", text);
    if (text)
        bufferevent_enable(connection, EV_WRITE);
    else
        bufferevent_free(connection);
    free(text);
    json_decref(root);
    forget(asked);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg)
{
    struct status_socket *socket = arg;
    struct asked *asked = calloc(1, sizeof *asked);
    (void)sa;
    (void)len;
    struct bufferevent *connection =
        bufferevent_socket_new(evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (asked && connection)
        asked->roster = roster_ask(socket->proxy, socket->mailbox, on_roster, asked);
    if (!asked || !asked->roster) {
        free(asked);
        if (connection)
            bufferevent_free(connection);
        else
            close(fd);
        return;
    }
    asked->socket = socket;
    asked->connection = connection;
    asked->next = socket->asked;
    asked->at = &socket->asked;
    if (asked->next)
        asked->next->at = &asked->next;
    socket->asked = asked;
}

int status_bind(struct proxy *proxy, const char *path, int type)
{
    int fd = activation_find_path(&proxy->activation, path);
    return fd != -ENOENT ? fd : unix_bind(path, type);
}

int status_socket_new(struct event_base *base, struct proxy *proxy, const char *path, struct status_socket **out)
{
    struct status_socket *socket = calloc(1, sizeof *socket);
    if (!socket)
        return -ENOMEM;
    int fd = status_bind(proxy, path, SOCK_STREAM);
    if (fd < 0) {
        free(socket);
        return fd;
    }
    socket->proxy = proxy;
    socket->path = strdup(path);
    int rc = mailbox_new(base, &socket->mailbox);
    socket->listener = rc ? NULL : evconnlistener_new(base, on_connection, socket, LEV_OPT_CLOSE_ON_FREE, 8, fd);
    if (!socket->listener)
        close(fd);
    if (!socket->listener || !socket->path) {
        status_socket_free(socket, false);
        return -ENOMEM;
    }
    *out = socket;
    return 0;
}

int status_socket_fd(const struct status_socket *socket)
{
    return socket ? evconnlistener_get_fd(socket->listener) : -1;
}

void status_socket_pause(struct status_socket *socket, bool pause)
{
    if (socket && pause)
        evconnlistener_disable(socket->listener);
    else if (socket)
        evconnlistener_enable(socket->listener);
}

void status_socket_give(struct status_socket *socket)
{
    if (!socket)
        return;
    evconnlistener_free(socket->listener);
    socket->listener = NULL;
}

void status_socket_free(struct status_socket *socket, bool given)
{
    if (!socket)
        return;
    if (socket->listener)
        evconnlistener_free(socket->listener);
    for (struct asked *next, *asked = socket->asked; asked; asked = next) {
        next = asked->next;
        roster_forget(asked->roster);
        bufferevent_free(asked->connection);
        free(asked);
    }
    mailbox_free(socket->mailbox);
    if (socket->path && !given)
        unlink(socket->path);
    free(socket->path);
    free(socket);
}
