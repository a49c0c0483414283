/* SPDX-License-Identifier: Apache-2.0 */
#include "stat/stat.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "card/card.h"

#define EXIT_USAGE    2
#define SOCKET_PATH   "/run/sluiced/control"
#define ANSWER_MAX    (16u << 20)
#define WAIT_SECONDS  10
#define CLIENTS_SHOWN 20

static const char usage[] = "usage: sluice stat [OPTION]...\n"
                            "\n"
                            "What a proxy or a client on this computer does.\n"
                            "\n"
                            "  -s, --socket PATH    its control_socket; default " SOCKET_PATH "\n"
                            "  -j, --json           the status as one line of JSON\n"
                            "  -w, --watch SECONDS  again and again\n"
                            "  -h, --help           this text\n";

/* ---- asking */

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval wait = {.tv_sec = WAIT_SECONDS};
    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (!connect(fd, (const struct sockaddr *)&address, sizeof address))
        return fd;
    int rc = -errno;
    close(fd);
    return rc;
}

static size_t read_some(void *to, size_t size, void *arg)
{
    struct {
        int fd;
        size_t left;
    } *from = arg;
    if (size > from->left)
        size = from->left;
    ssize_t n = read(from->fd, to, size);
    if (n > 0)
        from->left -= (size_t)n;
    return n < 0 ? (size_t)-1 : (size_t)n;
}

static int ask(const char *path, json_t **status)
{
    struct {
        int fd;
        size_t left;
    } from = {open_socket(path), ANSWER_MAX};
    json_error_t error;
    if (from.fd < 0)
        return from.fd;
    *status = json_load_callback(read_some, &from, JSON_DISABLE_EOF_CHECK, &error);
    close(from.fd);
    return *status ? 0 : -EBADMSG;
}

/* ---- showing */

static json_int_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void put(json_t *to, const char *key, json_int_t value)
{
    json_object_set_new(to, key, json_integer(value));
}

static json_int_t rate(const json_t *status, const char *key)
{
    return json_integer_value(json_array_get(json_object_get(json_object_get(status, "rates"), key), 0));
}

static bool tells_refusals(const char *name)
{
    static const char *const ends[] = {"_refused", "_failed", "_over", "_rule",     "_private",
                                       "_slowed",  "_slow",   "_shed", "_strangers"};
    size_t len = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (len > end && !strcmp(name + len - end, ends[i]))
            return true;
    }
    return false;
}

static void add_reason(json_t *list, const char *reason, json_t *count)
{
    if (json_integer_value(count))
        json_array_append_new(list, json_pack("{ss sO}", "reason", reason, "count", count));
}

static json_t *reasons(const json_t *total)
{
    json_t *list = json_array(), *value;
    const char *name;
    json_object_foreach(json_object_get(total, "refused"), name, value)
    {
        add_reason(list, name, value);
    }
    json_object_foreach((json_t *)total, name, value)
    {
        if (tells_refusals(name))
            add_reason(list, name, value);
    }
    return list;
}

/* Of each object in a list these members. */
static json_t *columns(const json_t *list, const char *const *names, size_t most)
{
    json_t *rows = json_array(), *object;
    size_t i;
    json_array_foreach(list, i, object)
    {
        json_t *row = json_object();
        for (const char *const *name = names; *name && i < most; name++) {
            json_t *value = json_object_get(object, *name);
            json_object_set(row, *name, value ? value : json_null());
        }
        if (i < most)
            json_array_append(rows, row);
        json_decref(row);
    }
    return rows;
}

static void print_table(const char *title, json_t *rows)
{
    json_t *table = json_object();
    json_object_set(table, title, rows);
    if (json_array_size(rows)) {
        printf("\n%s\n", title);
        card_print(table);
    }
    json_decref(table);
    json_decref(rows);
}

static void show_proxy(const json_t *status)
{
    static const char *const clients[] = {"peer", "user", "kind", "seconds", "idle", "targets", "bytes_up", "bytes_down", NULL};
    static const char *const workers[] = {"associations_open", "streams_open", "records_in", "records_out",
                                          "engine_busy",       "chunks_free",  "crossed",    NULL};
    static const char *const lanes[] = {"records", "busy", "starved", "blocked", NULL};
    const json_t *total = json_object_get(status, "total");
    json_t *out = json_object();
    json_object_set(out, "engine", json_object_get(status, "engine"));
    put(out, "resident", number(status, "resident"));
    put(out, "configuration", number(status, "generation"));
    put(out, "connections", number(total, "connections_open"));
    put(out, "streams", number(total, "streams_open"));
    put(out, "secure", number(total, "associations_open"));
    put(out, "naked", number(total, "naked_associations_open"));
    put(out, "bytes/s up", rate(status, "bytes_up"));
    put(out, "bytes/s down", rate(status, "bytes_down"));
    put(out, "datagrams/s up", rate(status, "datagrams_up"));
    put(out, "datagrams/s down", rate(status, "datagrams_down"));
    put(out, "refused/s", rate(status, "refused"));
    card_print(out);
    json_decref(out);
    print_table("associations", columns(json_object_get(status, "associations"), clients, CLIENTS_SHOWN));
    print_table("refusals", reasons(total));
    print_table("workers", columns(json_object_get(status, "workers"), workers, 64));
    print_table("lanes", columns(json_object_get(json_object_get(status, "card"), "lanes"), lanes, 32));
}

static void show_client(const json_t *status)
{
    static const char *const proxies[] = {"name", "port", "dials", "failed", "resumed", NULL};
    static const char *const associations[] = {"kind", "proxy", "port", "transport", "suite", "epoch", "mtu", "connected", NULL};
    static const char *const counts[] = {"connections_open",    "associations_open", "streams",        "stream_bytes_up",
                                         "stream_bytes_down",   "datagrams_up",      "datagrams_down", "datagram_bytes_up",
                                         "datagram_bytes_down", "associations_lost", "take_ups",       "moves"};
    json_t *out = json_object();
    json_object_set(out, "engine", json_object_get(status, "engine"));
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        put(out, counts[i], number(status, counts[i]));
    card_print(out);
    json_decref(out);
    print_table("proxies", columns(json_object_get(status, "proxies"), proxies, CLIENTS_SHOWN));
    print_table("associations", columns(json_object_get(status, "association_list"), associations, CLIENTS_SHOWN));
    print_table("refusals", reasons(status));
}

static void show(const json_t *status)
{
    if (json_object_get(status, "association_list"))
        show_client(status);
    else
        show_proxy(status);
}

static int show_once(const char *path, bool json)
{
    json_t *status = NULL;
    int rc = ask(path, &status);
    if (rc || !status) {
        fprintf(stderr, "sluice stat: %s: %s\n", path, strerror(-rc));
        return EXIT_FAILURE;
    }
    if (json) {
        json_dumpf(status, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        show(status);
    }
    json_decref(status);
    return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int stat_command(int argc, char **argv)
{
    static const struct option long_options[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"watch", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *path = SOCKET_PATH;
    unsigned long watch = 0;
    bool json = false;
    char *end = NULL;
    int c;
    optind = 0; /* `argv` begins before the options */
    while ((c = getopt_long(argc + 1, argv - 1, "s:jw:h", long_options, NULL)) != -1) {
        if (c == 'h') {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
        if (c == 's')
            path = optarg;
        json |= c == 'j';
        if (c == 'w')
            watch = strtoul(optarg, &end, 10);
        if (c == '?' || (c == 'w' && (*end || !watch || watch > 3600))) {
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind < argc + 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    int status = show_once(path, json);
    while (watch && !status) {
        sleep((unsigned)watch);
        if (!json)
            fputs(isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "\n", stdout);
        status = show_once(path, json);
    }
    return status;
}
