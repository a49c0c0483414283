/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sluiced/limits.h"
#include "sluiced/match.h"
#include "sluiced/rules.h"

#define ADDRESS_EXPECTED "\"address:port\" with a numeric address, as in \"0.0.0.0:1080\" or \"[::]:1080\""

static int parse_address(const char *text, void *field)
{
    struct net_addr addr;
    return net_addr_parse_port(text, field ? field : &addr);
}

static int parse_advertise(const char *text, void *field)
{
    int rc = net_addr_parse_port(text, field);
    return rc ? rc : net_addr_is_destination(field) ? 0 : -EINVAL;
}

static int parse_replay(const char *text, void *field)
{
    static const char *const names[] = {"drop", "warn", "terminate", "off", NULL};
    return config_choose(text, names, field);
}

static int parse_client_name(const char *text, void *field)
{
    static const char *const names[] = {"cn", "email", "dns", NULL};
    return config_choose(text, names, field);
}

static void listener_defaults(void *element)
{
    ((struct options_listener *)element)->tls = true;
}

static const struct config_option listener_options[] = {
    {.name = "address",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct options_listener, address),
     .required = true,
     .parse = parse_address,
     .expected = ADDRESS_EXPECTED},
    {.name = "tls", .type = CONFIG_BOOL, .offset = offsetof(struct options_listener, tls)},
    {.name = NULL},
};

static const struct config_option udp_options[] = {
    {.name = "address",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct options_udp, address),
     .required = true,
     .parse = parse_address,
     .expected = ADDRESS_EXPECTED},
    {.name = "advertise",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct options_udp, advertise),
     .parse = parse_advertise,
     .expected = "\"address:port\" that clients can send to"},
    {.name = NULL},
};

static const struct config_option tls_options[] = {
    {.name = "certificate",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, tls.certificate) - offsetof(struct options, tls),
     .required = true,
     .expected = "the path of a PEM file with the certificate chain"},
    {.name = "key",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, tls.key) - offsetof(struct options, tls),
     .required = true,
     .expected = "the path of a PEM file with the private key"},
    {.name = "client_ca",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, tls.client_ca) - offsetof(struct options, tls),
     .expected = "the path of a PEM file with the CAs of clients"},
    {.name = "client_required",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct options, tls.client_required) - offsetof(struct options, tls)},
    {.name = "client_name",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct options, tls.client_name) - offsetof(struct options, tls),
     .parse = parse_client_name,
     .expected = "\"cn\", \"email\" or \"dns\""},
    {.name = NULL},
};

#define SECONDS(option, least)                                                                                                   \
    {                                                                                                                            \
        .name = #option, .type = CONFIG_UINT, .offset = offsetof(struct options, option), .min = (least), .max = 86400,          \
        .expected = "seconds, from " #least " to 86400"                                                                          \
    }

static const struct config_option table[] = {
    {.name = "workers", .type = CONFIG_UINT, .offset = offsetof(struct options, workers), .min = 1, .max = OPTIONS_WORKERS_MAX},
    {.name = "engine",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, engine),
     .expected = "\"soft:\", \"sim:SOCKET\" or \"pci:ADDRESS\""},
    {.name = "operation_ms",
     .type = CONFIG_UINT,
     .offset = offsetof(struct options, operation_ms),
     .min = 20,
     .max = 3600000,
     .expected = "milliseconds, from 20 to 3600000"},
    {.name = "listeners",
     .type = CONFIG_LIST,
     .offset = offsetof(struct options, listeners),
     .required = true,
     .min = 1,
     .max = 16,
     .options = listener_options,
     .element = sizeof(struct options_listener),
     .defaults = listener_defaults,
     .expected = "a list of groups, as in ( { address = \"0.0.0.0:1080\"; } )"},
    {.name = "balancers",
     .type = CONFIG_STRINGS,
     .offset = offsetof(struct options, balancers),
     .max = OPTIONS_BALANCERS_MAX,
     .parse = match_check_network,
     .expected = MATCH_NETWORK_EXPECTED},
    {.name = "udp",
     .type = CONFIG_LIST,
     .offset = offsetof(struct options, udp),
     .min = 1,
     .max = 2,
     .options = udp_options,
     .element = sizeof(struct options_udp)},
    {.name = "tls", .type = CONFIG_GROUP, .offset = offsetof(struct options, tls), .options = tls_options},
    {.name = "users_file",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, users_file),
     .expected = "the path of a file with lines NAME:HASH"},
    {.name = "password_threads", .type = CONFIG_UINT, .offset = offsetof(struct options, password_threads), .min = 1, .max = 16},
    {.name = "pam_service",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, pam_service),
     .expected = "the name of a PAM service"},
    {.name = "pam_directory", .type = CONFIG_STRING, .offset = offsetof(struct options, pam_directory), .expected = "a path"},
    {.name = "rules",
     .type = CONFIG_LIST,
     .offset = offsetof(struct options, rules),
     .max = RULES_MAX,
     .options = rules_options,
     .element = sizeof(struct rules_entry)},
    {.name = "limits",
     .type = CONFIG_LIST,
     .offset = offsetof(struct options, limits),
     .max = LIMITS_MAX,
     .options = limits_options,
     .element = sizeof(struct limits_entry),
     .defaults = limits_defaults},
    {.name = "naked", .type = CONFIG_BOOL, .offset = offsetof(struct options, naked)},
    {.name = "restricted", .type = CONFIG_BOOL, .offset = offsetof(struct options, restricted)},
    {.name = "replay",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct options, replay),
     .parse = parse_replay,
     .expected = "\"drop\", \"warn\", \"terminate\" or \"off\""},
    {.name = "random_nonces", .type = CONFIG_BOOL, .offset = offsetof(struct options, random_nonces)},
    {.name = "rekey_records",
     .type = CONFIG_UINT,
     .offset = offsetof(struct options, rekey_records),
     .max = 1u << 31,
     .expected = "records, up to 2147483648; 0: as many as the keys carry"},
    SECONDS(rekey_seconds, 1),
    {.name = "suites",
     .type = CONFIG_STRINGS,
     .offset = offsetof(struct options, suites),
     .min = 1,
     .max = SUITE_COUNT,
     .parse = suite_check_name,
     .expected = "one of aes128-sha256-128-etm, aes256-sha256-128-etm, aes128-sha256-mte, aes256-sha256-mte, "
                 "aes128-sha1-mte, aes256-sha1-mte"},
    {.name = "nameservers",
     .type = CONFIG_STRINGS,
     .offset = offsetof(struct options, nameservers),
     .min = 1,
     .max = 4,
     .parse = parse_address,
     .expected = ADDRESS_EXPECTED},
    {.name = "max_connections",
     .type = CONFIG_UINT,
     .offset = offsetof(struct options, max_connections),
     .min = 1,
     .max = 1000000},
    {.name = "max_sessions", .type = CONFIG_UINT, .offset = offsetof(struct options, max_sessions), .max = 1000000},
    {.name = "max_associations",
     .type = CONFIG_UINT,
     .offset = offsetof(struct options, max_associations),
     .min = 1,
     .max = 1000000},
    {.name = "max_memory", .type = CONFIG_UINT, .offset = offsetof(struct options, max_memory), .max = 1048576},
    SECONDS(handshake_seconds, 1),
    SECONDS(bind_seconds, 1),
    SECONDS(idle_seconds, 1),
    SECONDS(grace_seconds, 0),
    SECONDS(drain_seconds, 0),
    SECONDS(upgrade_drain_seconds, 0),
    {.name = "user", .type = CONFIG_STRING, .offset = offsetof(struct options, user), .expected = "the name of a user"},
    {.name = "filter", .type = CONFIG_BOOL, .offset = offsetof(struct options, filter)},
    {.name = "access_log", .type = CONFIG_STRING, .offset = offsetof(struct options, access_log), .expected = "a path"},
    {.name = "admin",
     .type = CONFIG_STRING,
     .offset = offsetof(struct options, admin),
     .expected = "\"address:port\" or \"unix:PATH\""},
    {.name = "stats_file", .type = CONFIG_STRING, .offset = offsetof(struct options, stats_file), .expected = "a path"},
    {.name = "control_socket", .type = CONFIG_STRING, .offset = offsetof(struct options, control_socket), .expected = "a path"},
    {.name = "upgrade_socket", .type = CONFIG_STRING, .offset = offsetof(struct options, upgrade_socket), .expected = "a path"},
    {.name = "log_level",
     .type = CONFIG_PARSED,
     .offset = offsetof(struct options, log_level),
     .parse = log_level_parse,
     .expected = "\"error\", \"warning\", \"info\" or \"debug\""},
    {.name = NULL},
};

static void defaults(struct options *options)
{
    *options = (struct options){
        .operation_ms = 10000,
        .workers = 1,
        .password_threads = 2,
        .replay = REPLAY_DROP,
        .random_nonces = true,
        .filter = true,
        .rekey_seconds = 3600,
        .max_connections = 4096,
        .max_associations = 4096,
        .max_sessions = 16384,
        .handshake_seconds = 10,
        .bind_seconds = 120,
        .idle_seconds = 300,
        .grace_seconds = 30,
        .drain_seconds = 5,
        .upgrade_drain_seconds = 3600,
        .log_level = LOG_LEVEL_INFO,
    };
}

static void set_suites(struct options *options)
{
    char *const *names = options->suites.items;
    for (unsigned i = 0; i < options->suites.count; i++)
        options->suite_allowed[suite_by_name(names[i])->id] = true;
    for (unsigned i = 0; !options->suites.count && i < SUITE_COUNT; i++)
        options->suite_allowed[suite_default_order[i]] = true;
}

/* Rules that hold between options. */
static const char *contradiction(const struct options *options)
{
    const struct options_listener *listeners = options->listeners.items;
    const struct options_udp *udp = options->udp.items;
    bool tls = false;
    for (unsigned i = 0; i < options->listeners.count; i++)
        tls |= listeners[i].tls;
    if (tls && !options->tls.certificate)
        return "a listener has tls = true; expected a group tls { certificate, key }";
    if (!tls && options->tls.certificate)
        return "group tls is of no use: every listener has tls = false";
    if (options->admin && strncmp(options->admin, "unix:/", 6) != 0 && parse_address(options->admin, NULL))
        return "admin: expected \"address:port\" or \"unix:/PATH\"";
    if (options->pam_service && strchr(options->pam_service, '/'))
        return "pam_service: expected a name, as of a file in /etc/pam.d";
    if (options->pam_directory && !options->pam_service)
        return "pam_directory is of no use without pam_service";
    if (options->tls.client_required && !options->tls.client_ca)
        return "tls.client_required needs tls.client_ca";
    if (!tls && options->udp.count)
        return "list udp is of no use: secure UDP needs a listener with tls = true";
    if (options->udp.count == 2 && udp[0].address.sa.sa_family == udp[1].address.sa.sa_family)
        return "list udp has two addresses of one family; expected one for IPv4 and one for IPv6";
    return NULL;
}

static int complete(struct options *options, const char *name, struct config_error *error)
{
    const char *wrong = contradiction(options);
    if (wrong) {
        snprintf(error->text, sizeof error->text, "%s: %s", name, wrong);
        options_free(options);
        return -EINVAL;
    }
    set_suites(options);
    if (!options->engine && !(options->engine = strdup("soft:"))) {
        snprintf(error->text, sizeof error->text, "%s: out of memory", name);
        options_free(options);
        return -ENOMEM;
    }
    return 0;
}

int options_load(const char *path, struct options *options, struct config_error *error)
{
    defaults(options);
    int rc = config_load(path, table, options, error);
    return rc ? rc : complete(options, path, error);
}

int options_load_text(const char *text, struct options *options, struct config_error *error)
{
    defaults(options);
    int rc = config_load_text(text, "text", table, options, error);
    return rc ? rc : complete(options, "text", error);
}

void options_free(struct options *options)
{
    config_free(table, options);
}
