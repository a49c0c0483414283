/* SPDX-License-Identifier: Apache-2.0 */
#include "client/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char client_usage[] =
    "usage: sluice client [--config FILE] [OPTION VALUE]... [-- COMMAND [ARGUMENT]...]\n"
    "\n"
    "Speaks SOCKS5 to local programs and secure UDP, under TLS, to a proxy (sluiced).\n"
    "Every option may stand in the file too, with _ for -; the command line wins.\n"
    "\n"
    "  --proxy HOST:PORT            the proxy; repeated: others, for when it fails (in the file: proxies)\n"
    "  --ca-file FILE               certificates (PEM) that the proxy's must lead to; default: the system's\n"
    "  --fingerprint SHA256         of the proxy's certificate, in hexadecimal; without --ca-file nothing else is asked of it;\n"
    "                               repeated: one of them (in the file: fingerprints)\n"
    "  --server-name NAME           name in the proxy's certificate; default: the host of --proxy\n"
    "  --user NAME                  user at the proxy\n"
    "  --password-file FILE         file whose first line is the password\n"
    "  --suites NAME[,NAME...]      record suites in order of preference\n"
    "  --nonces KIND                sequence or random; default sequence\n"
    "  --transport KIND             udp, tcp (inside the connection), or auto: tcp while UDP is blocked; default auto\n"
    "  --rekey-records N            keys are renewed after so many records; default 0: when they are nearly used up\n"
    "  --rekey-seconds N            and after so long; default 3600\n"
    "  --udp-keep-alive-seconds N   a heartbeat keeps a NAT's mapping when nothing came for so long; default 15\n"
    "  --engine URI                 soft:, sim:SOCKET or pci:ADDRESS; default: soft:\n"
    "  --listen ADDRESS:PORT        local SOCKS5 listener\n"
    "  --forward P:[ADDRESS:]PORT:HOST:PORT\n"
    "                               local port (P is udp or tcp) that leads to HOST:PORT; may be repeated\n"
    "  --insecure-naked             where the proxy refuses secure UDP, send datagrams unencrypted (INSECURE)\n"
    "  --max-associations N         UDP associations at once; default 64\n"
    "  --max-connections N          relayed TCP connections at once; default 256\n"
    "  --idle-seconds N             a forwarded UDP source or a TCP connection ends after this; default 120\n"
    "  --stats-file FILE            where counters are written (JSON) at SIGUSR1 and at the end\n"
    "  --control-socket PATH        UNIX socket that answers with the status (JSON); for sluice stat\n"
    "  --log-level LEVEL            error, warning, info or debug; default info\n"
    "  --help                       this text\n"
    "\n"
    "With COMMAND the client runs it with ALL_PROXY and the like set to its listener (default: a free port of 127.0.0.1), logs\n"
    "warnings alone, and ends with it and its status.\n";

static int split_port(const char *text, char host[256], uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    char *end;
    if (!colon || colon == text || colon[1] < '0' || colon[1] > '9')
        return -EINVAL;
    unsigned long value = strtoul(colon + 1, &end, 10);
    size_t len = (size_t)(colon - text);
    if (*end || value > 65535)
        return -EINVAL;
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len)) {
        return -EINVAL;
    }
    if (!len || len > 255)
        return -EINVAL;
    memcpy(host, text, len);
    host[len] = 0;
    *port = (uint16_t)value;
    return 0;
}

static int parse_destination(const char *text, void *field)
{
    char host[256];
    uint16_t port;
    if (split_port(text, host, &port) || !port)
        return -EINVAL;
    return socks_address_from_text(host, port, field);
}

static int check_destination(const char *text, void *field)
{
    struct socks_address address;
    (void)field;
    return parse_destination(text, &address);
}

static int check_fingerprint(const char *text, void *field)
{
    struct tls_pins pins = {0};
    (void)field;
    return tls_pin_parse(text, &pins);
}

static int parse_listen(const char *text, void *field)
{
    return net_addr_parse_port(text, field);
}

static int parse_protocol(const char *text, void *field)
{
    bool *udp = field;
    *udp = !strcmp(text, "udp");
    return *udp || !strcmp(text, "tcp") ? 0 : -EINVAL;
}

static int parse_nonces(const char *text, void *field)
{
    bool *random = field;
    *random = !strcmp(text, "random");
    return *random || !strcmp(text, "sequence") ? 0 : -EINVAL;
}

static int parse_transport(const char *text, void *field)
{
    static const char *const names[] = {"auto", "udp", "tcp", NULL};
    return config_choose(text, names, field);
}

/* -EINVAL: unknown, or there already. */
static int add_suite(struct client_config *config, const char *name)
{
    const struct suite *suite = suite_by_name(name);
    if (!suite || memchr(config->suites, suite->id, config->suite_count))
        return -EINVAL;
    config->suites[config->suite_count++] = suite->id;
    return 0;
}

/* ---- the file */

#define FIELD(type, field) .offset = offsetof(type, field)

static const struct config_option forward_options[] = {
    {.name = "protocol",
     .type = CONFIG_PARSED,
     .required = true,
     FIELD(struct client_forward, udp),
     .parse = parse_protocol,
     .expected = "\"udp\" or \"tcp\""},
    {.name = "listen",
     .type = CONFIG_PARSED,
     .required = true,
     FIELD(struct client_forward, listen),
     .parse = parse_listen,
     .expected = "ADDRESS:PORT with a numeric address"},
    {.name = "to",
     .type = CONFIG_PARSED,
     .required = true,
     FIELD(struct client_forward, dest),
     .parse = parse_destination,
     .expected = "HOST:PORT"},
    {0},
};

static const struct config_option options[] = {
    {.name = "proxy",
     .type = CONFIG_PARSED,
     FIELD(struct client_config, proxies),
     .parse = parse_destination,
     .expected = "HOST:PORT"},
    {.name = "proxies",
     .type = CONFIG_STRINGS,
     FIELD(struct client_config, file_proxies),
     .min = 1,
     .max = CLIENT_SERVERS_MAX,
     .parse = check_destination,
     .expected = "HOST:PORT"},
    {.name = "fingerprints",
     .type = CONFIG_STRINGS,
     FIELD(struct client_config, file_fingerprints),
     .min = 1,
     .max = TLS_PINS_MAX,
     .parse = check_fingerprint,
     .expected = "SHA-256 of a certificate, as 64 hexadecimal digits"},
    {.name = "ca_file", .type = CONFIG_STRING, FIELD(struct client_config, ca_file), .expected = "a file"},
    {.name = "server_name", .type = CONFIG_STRING, FIELD(struct client_config, server_name), .expected = "a name or an address"},
    {.name = "user", .type = CONFIG_STRING, FIELD(struct client_config, user), .expected = "a user name"},
    {.name = "password_file", .type = CONFIG_STRING, FIELD(struct client_config, password_file), .expected = "a file"},
    {.name = "suites",
     .type = CONFIG_STRINGS,
     FIELD(struct client_config, file_suites),
     .min = 1,
     .max = SUITE_COUNT,
     .parse = suite_check_name,
     .expected = "the name of a suite"},
    {.name = "nonces",
     .type = CONFIG_PARSED,
     FIELD(struct client_config, random_nonces),
     .parse = parse_nonces,
     .expected = "\"sequence\" or \"random\""},
    {.name = "transport",
     .type = CONFIG_PARSED,
     FIELD(struct client_config, transport),
     .parse = parse_transport,
     .expected = "\"auto\", \"udp\" or \"tcp\""},
    {.name = "rekey_records",
     .type = CONFIG_UINT,
     FIELD(struct client_config, rekey_records),
     .max = 1u << 31,
     .expected = "a number up to 2147483648"},
    {.name = "rekey_seconds",
     .type = CONFIG_UINT,
     FIELD(struct client_config, rekey_seconds),
     .min = 1,
     .max = 86400,
     .expected = "a number from 1 to 86400"},
    {.name = "udp_keep_alive_seconds",
     .type = CONFIG_UINT,
     FIELD(struct client_config, udp_keep_alive_seconds),
     .min = 1,
     .max = 3600,
     .expected = "a number from 1 to 3600"},
    {.name = "engine",
     .type = CONFIG_STRING,
     FIELD(struct client_config, engine),
     .expected = "soft:, sim:SOCKET or pci:ADDRESS"},
    {.name = "listen",
     .type = CONFIG_PARSED,
     FIELD(struct client_config, listen),
     .parse = parse_listen,
     .expected = "ADDRESS:PORT with a numeric address"},
    {.name = "forwards",
     .type = CONFIG_LIST,
     FIELD(struct client_config, file_forwards),
     .max = CLIENT_FORWARDS_MAX,
     .element = sizeof(struct client_forward),
     .options = forward_options,
     .expected = "a list of { protocol, listen, to }"},
    {.name = "insecure_naked", .type = CONFIG_BOOL, FIELD(struct client_config, insecure_naked), .expected = "true or false"},
    {.name = "max_associations",
     .type = CONFIG_UINT,
     FIELD(struct client_config, max_associations),
     .min = 1,
     .max = CLIENT_ASSOCIATIONS_MAX,
     .expected = "a number from 1 to 100"},
    {.name = "max_connections",
     .type = CONFIG_UINT,
     FIELD(struct client_config, max_connections),
     .min = 1,
     .max = 65536,
     .expected = "a number from 1 to 65536"},
    {.name = "idle_seconds",
     .type = CONFIG_UINT,
     FIELD(struct client_config, idle_seconds),
     .min = 1,
     .max = 86400,
     .expected = "a number from 1 to 86400"},
    {.name = "stats_file", .type = CONFIG_STRING, FIELD(struct client_config, stats_file), .expected = "a file"},
    {.name = "control_socket", .type = CONFIG_STRING, FIELD(struct client_config, control_socket), .expected = "a path"},
    {.name = "log_level",
     .type = CONFIG_PARSED,
     FIELD(struct client_config, log_level),
     .parse = log_level_parse,
     .expected = "\"error\", \"warning\", \"info\" or \"debug\""},
    {0},
};

/* ---- the command line */

static int fail(struct config_error *error, const char *option, const char *expected, const char *found)
{
    snprintf(error->text, sizeof error->text, "option `--%s': expected %s, found `%.100s'", option, expected, found);
    return -EINVAL;
}

/* `forward` of the command line is `forwards` of the file; otherwise - stands for _. */
static const struct config_option *find_option(const char *name)
{
    for (const struct config_option *o = options; o->name; o++) {
        size_t i = 0;
        while (name[i] && (name[i] == o->name[i] || (name[i] == '-' && o->name[i] == '_')))
            i++;
        if (!name[i] && !o->name[i] && o->type != CONFIG_LIST && o->type != CONFIG_STRINGS)
            return o;
    }
    return NULL;
}

static int set_number(const struct config_option *option, const char *text, void *field)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end || value < option->min || value > option->max)
        return -EINVAL;
    *(unsigned *)field = (unsigned)value;
    return 0;
}

static int set_string(const char *text, char **field)
{
    if (!*text)
        return -EINVAL;
    char *copy = strdup(text);
    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int set_option(struct client_config *config, const struct config_option *option, const char *text)
{
    void *field = (char *)config + option->offset;
    switch (option->type) {
    case CONFIG_UINT:
        return set_number(option, text, field);
    case CONFIG_STRING:
        return set_string(text, field);
    case CONFIG_PARSED:
        return option->parse(text, field);
    default:
        return -EINVAL;
    }
}

int client_forward_parse(const char *text, struct client_forward *forward)
{
    char part[512];
    char listen[280];
    bool v6 = !strncmp(text, "udp:[", 5) || !strncmp(text, "tcp:[", 5);
    if (strlen(text) >= sizeof part || strlen(text) < 5 || text[3] != ':')
        return -EINVAL;
    snprintf(part, sizeof part, "%s", text);
    part[3] = 0;
    if (parse_protocol(part, &forward->udp))
        return -EINVAL;

    /* The destination begins after the port of the listener, which is the first part or the one after an address. */
    char *port = part + 4;
    char *address = NULL;
    if (v6 || !port[strspn(port, "0123456789")] || port[strspn(port, "0123456789")] != ':') {
        address = port;
        port = v6 ? strstr(port, "]:") : strchr(port, ':');
        if (!port)
            return -EINVAL;
        port += v6 ? 1 : 0;
        *port++ = 0;
    }
    char *dest = strchr(port, ':');
    if (!dest)
        return -EINVAL;
    *dest++ = 0;
    snprintf(listen, sizeof listen, "%.255s:%.16s", address ? address : "127.0.0.1", port);
    return parse_listen(listen, &forward->listen) || parse_destination(dest, &forward->dest) ? -EINVAL : 0;
}

static int add_forward(struct client_config *config, const char *text, struct config_error *error)
{
    struct client_forward forward = {0};
    if (client_forward_parse(text, &forward))
        return fail(error, "forward", "udp:[ADDRESS:]PORT:HOST:PORT or tcp:...", text);
    if (config->forward_count == CLIENT_FORWARDS_MAX)
        return fail(error, "forward", "at most 64 of them", text);
    config->forwards[config->forward_count++] = forward;
    return 0;
}

static int set_suites(struct client_config *config, const char *text, struct config_error *error)
{
    char copy[512];
    char *rest = copy;
    config->suite_count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *name; (name = strsep(&rest, ","));) {
        if (add_suite(config, name))
            return fail(error, "suites", suite_names, text);
    }
    return 0;
}

static int add_proxy(struct client_config *config, const char *text, struct config_error *error)
{
    if (config->proxy_count == CLIENT_SERVERS_MAX)
        return fail(error, "proxy", "at most 16 of them", text);
    if (parse_destination(text, &config->proxies[config->proxy_count]))
        return fail(error, "proxy", "HOST:PORT", text);
    config->proxy_count++;
    return 0;
}

static int add_fingerprint(struct client_config *config, const char *text, struct config_error *error)
{
    if (tls_pin_parse(text, &config->pins))
        return fail(error, "fingerprint", "SHA-256 of a certificate, as 64 hexadecimal digits", text);
    return 0;
}

/* What may be repeated. 1: it is no such option. */
static int add_value(struct client_config *config, const char *name, const char *text, struct config_error *error)
{
    static const struct {
        const char *name;
        int (*add)(struct client_config *config, const char *text, struct config_error *error);
    } rows[] = {{"proxy", add_proxy}, {"fingerprint", add_fingerprint}, {"forward", add_forward}, {"suites", set_suites}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!strcmp(name, rows[i].name))
            return rows[i].add(config, text, error);
    }
    return 1;
}

/* One option of the command line; returns how many arguments it took, or -errno. */
static int take_argument(struct client_config *config, char **argv, struct config_error *error)
{
    const char *name = argv[0] + 2;
    if (strncmp(argv[0], "--", 2) != 0)
        return fail(error, "", "options alone", argv[0]);
    if (!strcmp(name, "insecure-naked")) {
        config->insecure_naked = true;
        return 1;
    }
    if (!argv[1])
        return fail(error, name, "a value", "nothing");
    if (!strcmp(name, "config"))
        return 2;
    int added = add_value(config, name, argv[1], error);
    if (added <= 0)
        return added ? added : 2;
    const struct config_option *option = find_option(name);
    if (!option)
        return fail(error, name, "an option that `sluice client --help' names", argv[1]);
    if (set_option(config, option, argv[1]))
        return fail(error, name, option->expected, argv[1]);
    return 2;
}

/* Each of them has been looked at. */
static int take_file_lists(struct client_config *config, const char *path, struct config_error *error)
{
    char *const *proxies = config->file_proxies.items;
    char *const *pins = config->file_fingerprints.items;
    if (config->proxies[0].type && config->file_proxies.count) {
        snprintf(error->text, sizeof error->text, "%s: option `proxies': `proxy' stands there, too", path);
        return -EINVAL;
    }
    config->proxy_count = config->proxies[0].type != 0;
    for (unsigned i = 0; i < config->file_proxies.count; i++)
        (void)add_proxy(config, proxies[i], error);
    for (unsigned i = 0; i < config->file_fingerprints.count; i++)
        (void)add_fingerprint(config, pins[i], error);
    return 0;
}

static int load_file(struct client_config *config, char **argv, struct config_error *error)
{
    const char *path = NULL;
    for (char **arg = argv; *arg && strcmp(*arg, "--") != 0; arg++) {
        if (!strcmp(*arg, "--config") && arg[1])
            path = arg[1];
    }
    if (!path)
        return 0;
    int result = config_load(path, options, config, error);
    if (result)
        return result;
    char *const *suites = config->file_suites.items;
    for (unsigned i = 0; i < config->file_suites.count; i++) {
        if (add_suite(config, suites[i])) {
            snprintf(error->text, sizeof error->text, "%s: option `suites': `%s' stands there twice", path, suites[i]);
            return -EINVAL;
        }
    }
    int rc = take_file_lists(config, path, error);
    if (rc)
        return rc;
    const struct client_forward *forwards = config->file_forwards.items;
    for (unsigned i = 0; i < config->file_forwards.count; i++)
        config->forwards[config->forward_count++] = forwards[i];
    return 0;
}

static int check_whole(const struct client_config *config, struct config_error *error)
{
    const char *missing = NULL;
    if (!config->proxy_count)
        missing = "proxy: the proxy's HOST:PORT is needed";
    else if (!config->listen.len && !config->forward_count)
        missing = "listen or forward: without either there is nothing to do";
    else if (config->command && !config->command[0])
        missing = "--: a command is expected after it";
    else if (!config->user != !config->password_file)
        missing = "user and password-file: both or none";
    if (!missing)
        return 0;
    snprintf(error->text, sizeof error->text, "%s", missing);
    return -EINVAL;
}

/* What follows `--' is the command; returns how many arguments come before. */
static int cut_command(struct client_config *config, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--") != 0)
            continue;
        config->command = argv + i + 1;
        config->log_level = LOG_LEVEL_WARNING;
        (void)parse_listen("127.0.0.1:0", &config->listen);
        return i;
    }
    return argc;
}

int client_config_load(struct client_config *config, int argc, char **argv, struct config_error *error)
{
    *config = (struct client_config){
        .rekey_seconds = 3600,
        .udp_keep_alive_seconds = 15,
        .max_associations = 64,
        .max_connections = 256,
        .idle_seconds = 120,
        .log_level = LOG_LEVEL_INFO,
    };
    argc = cut_command(config, argc, argv);
    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--help"))
            return 1;
    }
    int result = load_file(config, argv, error);
    struct socks_address of_file[CLIENT_SERVERS_MAX];
    unsigned of_file_count = config->proxy_count;
    memcpy(of_file, config->proxies, sizeof of_file);
    config->proxy_count = 0;
    for (int i = 0; !result && i < argc;) {
        int taken = take_argument(config, argv + i, error);
        i += taken;
        result = taken < 0 ? taken : 0;
    }
    if (!config->proxy_count) { /* those of the command line win */
        memcpy(config->proxies, of_file, sizeof of_file);
        config->proxy_count = of_file_count;
    }
    config->pins.alone = !config->ca_file;
    for (unsigned i = 0; !config->suite_count && i < SUITE_COUNT; i++)
        config->suites[i] = suite_default_order[i];
    config->suite_count = config->suite_count ? config->suite_count : SUITE_COUNT;
    return result ? result : check_whole(config, error);
}

void client_config_free(struct client_config *config)
{
    config_free(options, config);
}
