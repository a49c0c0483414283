/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/admin.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sluiced/history.h"
#include "sluiced/metrics.h"
#include "sluiced/overload.h"
#include "sluiced/roster.h"
#include "sluiced/status.h"
#include "status_page.h"

#define HEADERS_MAX  8192
#define TIME_SECONDS 10
#define JSON_TYPE    "application/json"

struct admin {
    struct proxy *proxy;
    struct evhttp *http;
    struct mailbox *mailbox;
    struct pending *pending;
    char address[128];
    char *path; /* of a UNIX socket */
    struct evhttp_bound_socket *bound;
    struct evconnlistener *listener; /* of that */
    bool open;
};

/* A request that waits for the workers. */
struct pending {
    struct admin *admin;
    struct evhttp_request *request;
    struct roster *roster;
    struct pending *prev, *next;
};

/* ---- answers */

static void answer(struct evhttp_request *request, int code, const char *type, struct evbuffer *body)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "Cache-Control", "no-store");
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    evhttp_add_header(headers, "X-Frame-Options", "DENY");
    evhttp_add_header(headers, "Content-Security-Policy",
                      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'");
    evhttp_send_reply(request, code, NULL, body);
}

static void answer_json(struct evhttp_request *request, json_t *json)
{
    struct evbuffer *body = evbuffer_new();
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    if (body && text)
        evbuffer_add(body, text, strlen(text));
    answer(request, text ? HTTP_OK : HTTP_INTERNAL, JSON_TYPE, body);
    free(text);
    json_decref(json);
    if (body)
        evbuffer_free(body);
}

static void on_page(struct evhttp_request *request, struct admin *admin)
{
    struct evbuffer *body = evbuffer_new();
    (void)admin;
    if (body)
        evbuffer_add(body, status_page, sizeof status_page);
    answer(request, HTTP_OK, "text/html; charset=utf-8", body);
    if (body)
        evbuffer_free(body);
}

static void on_status(struct evhttp_request *request, struct admin *admin)
{
    struct evbuffer *body = evbuffer_new();
    char *text = status_text(admin->proxy);
    if (body && text)
        evbuffer_add(body, text, strlen(text));
    answer(request, text ? HTTP_OK : HTTP_INTERNAL, JSON_TYPE, body);
    free(text);
    if (body)
        evbuffer_free(body);
}

static void on_history(struct evhttp_request *request, struct admin *admin)
{
    answer_json(request, history_json(admin->proxy->history, HISTORY_SECONDS));
}

static void on_metrics(struct evhttp_request *request, struct admin *admin)
{
    struct evbuffer *body = evbuffer_new();
    int rc = body ? metrics_write(admin->proxy, body) : -ENOMEM;
    answer(request, rc ? HTTP_INTERNAL : HTTP_OK, METRICS_TYPE, body);
    if (body)
        evbuffer_free(body);
}

static void on_health(struct evhttp_request *request, struct admin *admin)
{
    struct evbuffer *body = evbuffer_new();
    bool over = overload_memory(admin->proxy->overload);
    if (body)
        evbuffer_add_printf(body, "%s\n", over ? "overload" : "ok");
    answer(request, over ? HTTP_SERVUNAVAIL : HTTP_OK, "text/plain", body);
    if (body)
        evbuffer_free(body);
}

/* ---- the one that takes a while */

static void unlink_pending(struct pending *pending)
{
    if (pending->prev)
        pending->prev->next = pending->next;
    else
        pending->admin->pending = pending->next;
    if (pending->next)
        pending->next->prev = pending->prev;
}

/* The request goes with its connection. */
static void on_gone(struct evhttp_connection *connection, void *arg)
{
    struct pending *pending = arg;
    (void)connection;
    roster_forget(pending->roster);
    unlink_pending(pending);
    free(pending);
}

static void on_roster(void *arg, json_t *associations)
{
    struct pending *pending = arg;
    evhttp_connection_set_closecb(evhttp_request_get_connection(pending->request), NULL, NULL);
    answer_json(pending->request, associations);
    unlink_pending(pending);
    free(pending);
}

static void on_associations(struct evhttp_request *request, struct admin *admin)
{
    struct pending *pending = calloc(1, sizeof *pending);
    if (pending)
        pending->roster = roster_ask(admin->proxy, admin->mailbox, on_roster, pending);
    if (!pending || !pending->roster) {
        free(pending);
        answer_json(request, NULL);
        return;
    }
    pending->admin = admin;
    pending->request = request;
    pending->next = admin->pending;
    if (pending->next)
        pending->next->prev = pending;
    admin->pending = pending;
    evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_gone, pending);
}

/* ---- requests */

static const struct {
    const char *path;
    void (*fn)(struct evhttp_request *request, struct admin *admin);
} pages[] = {
    {"/", on_page},           {"/status.json", on_status}, {"/history.json", on_history}, {"/associations.json", on_associations},
    {"/metrics", on_metrics}, {"/health", on_health},
};

/* A page elsewhere may have a name that leads here (DNS rebinding), and a browser would let it read the answers. */
static bool is_addressed(const struct admin *admin, struct evhttp_request *request)
{
    char host[NET_ADDR_TEXT];
    struct net_addr addr;
    const char *text = evhttp_find_header(evhttp_request_get_input_headers(request), "Host");
    if (admin->path || !text)
        return true;
    size_t len = *text == '[' ? strcspn(text, "]") : strcspn(text, ":");
    if (len >= sizeof host)
        return false;
    memcpy(host, text + (*text == '['), len - (*text == '['));
    host[len - (*text == '[')] = 0;
    return !strcasecmp(host, "localhost") || !net_addr_parse(host, 0, &addr);
}

static void on_request(struct evhttp_request *request, void *arg)
{
    struct admin *admin = arg;
    const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
    if (!is_addressed(admin, request)) {
        answer(request, 421, "text/plain", NULL);
        return;
    }
    for (unsigned i = 0; path && i < sizeof pages / sizeof *pages; i++) {
        if (!strcmp(path, pages[i].path)) {
            pages[i].fn(request, admin);
            return;
        }
    }
    answer(request, HTTP_NOTFOUND, "text/plain", NULL);
}

/* ---- start and end */

static int bind_tcp(struct net_addr *addr)
{
    int one = 1, fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t len = sizeof addr->in6;
    if (!bind(fd, &addr->sa, addr->len) && !getsockname(fd, &addr->sa, &len))
        return fd;
    int rc = -errno;
    close(fd);
    return rc;
}

static int open_tcp(struct admin *admin, const char *where)
{
    struct net_addr addr;
    int rc = net_addr_parse_port(where, &addr);
    int fd = rc ? rc : activation_find(&admin->proxy->activation, ACTIVATION_ADMIN, 0, &addr);
    if (fd == -ENOENT)
        fd = bind_tcp(&addr);
    if (fd < 0)
        return fd;
    net_addr_format(&addr, admin->address);
    admin->open =
        addr.sa.sa_family == AF_INET ? ntohl(addr.in.sin_addr.s_addr) >> 24 != 127 : !IN6_IS_ADDR_LOOPBACK(&addr.in6.sin6_addr);
    return fd;
}

static int open_unix(struct admin *admin, const char *path)
{
    int fd = status_bind(admin->proxy, path, SOCK_STREAM);
    if (fd < 0)
        return fd;
    admin->path = strdup(path);
    snprintf(admin->address, sizeof admin->address, "unix:%s", path);
    return fd;
}

static int listen_on(struct event_base *base, struct admin *admin, int fd)
{
    struct evconnlistener *listener = evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 16, fd);
    if (!listener) {
        close(fd);
        return -errno;
    }
    admin->http = evhttp_new(base);
    admin->bound = admin->http ? evhttp_bind_listener(admin->http, listener) : NULL;
    if (!admin->bound) {
        evconnlistener_free(listener);
        return -ENOMEM;
    }
    admin->listener = listener;
    evhttp_set_allowed_methods(admin->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(admin->http, HEADERS_MAX);
    evhttp_set_max_body_size(admin->http, 0);
    evhttp_set_timeout(admin->http, TIME_SECONDS);
    evhttp_set_gencb(admin->http, on_request, admin);
    return mailbox_new(base, &admin->mailbox);
}

int admin_new(struct event_base *base, struct proxy *proxy, const char *where, struct admin **out)
{
    struct admin *admin = calloc(1, sizeof *admin);
    if (!admin)
        return -ENOMEM;
    admin->proxy = proxy;
    int fd = !strncmp(where, "unix:", 5) ? open_unix(admin, where + 5) : open_tcp(admin, where);
    int rc = fd < 0 ? fd : listen_on(base, admin, fd);
    if (rc)
        admin_free(admin, false);
    else
        *out = admin;
    return rc;
}

int admin_fd(const struct admin *admin)
{
    return admin ? evconnlistener_get_fd(admin->listener) : -1;
}

void admin_pause(struct admin *admin, bool pause)
{
    if (admin && pause)
        evconnlistener_disable(admin->listener);
    else if (admin)
        evconnlistener_enable(admin->listener);
}

void admin_give(struct admin *admin)
{
    if (!admin)
        return;
    evhttp_del_accept_socket(admin->http, admin->bound);
    admin->listener = NULL;
}

void admin_free(struct admin *admin, bool given)
{
    if (!admin)
        return;
    for (struct pending *next, *pending = admin->pending; pending; pending = next) {
        next = pending->next;
        evhttp_connection_set_closecb(evhttp_request_get_connection(pending->request), NULL, NULL);
        roster_forget(pending->roster);
        free(pending);
    }
    if (admin->http)
        evhttp_free(admin->http);
    mailbox_free(admin->mailbox);
    if (admin->path && !given)
        unlink(admin->path);
    free(admin->path);
    free(admin);
}

const char *admin_address(const struct admin *admin)
{
    return admin->address;
}

bool admin_is_open(const struct admin *admin)
{
    return admin->open;
}
