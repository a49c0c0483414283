/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of sluiced. What each option means is in host/sluiced.conf.example. */
#ifndef SLUICED_OPTIONS_H
#define SLUICED_OPTIONS_H

#include <stdbool.h>

#include "config/config.h"
#include "log/log.h"
#include "net/addr.h"
#include "tls/peer.h"
#include "udp/suite.h"

#define OPTIONS_WORKERS_MAX   64
#define OPTIONS_BALANCERS_MAX 64

enum replay_policy { REPLAY_DROP, REPLAY_WARN, REPLAY_TERMINATE, REPLAY_OFF };

struct options_listener {
    struct net_addr address;
    bool tls;
};

struct options_udp {
    struct net_addr address;
    struct net_addr advertise; /* what clients are told instead, as behind a NAT; no address: the one above */
};

struct options {
    unsigned workers;
    char *engine;
    unsigned operation_ms;
    struct config_list listeners; /* struct options_listener */
    struct config_list balancers; /* char *: networks of load balancers that send PROXY headers */
    struct config_list udp;       /* struct options_udp: at most one for each address family */
    struct {
        char *certificate, *key;
        char *client_ca; /* NULL: clients are asked for no certificate */
        bool client_required;
        enum tls_name client_name;
    } tls;
    struct config_list rules;  /* struct rules_entry */
    struct config_list limits; /* struct limits_entry */
    char *users_file;          /* NULL: no authentication by password */
    unsigned password_threads;
    char *pam_service;   /* NULL: PAM is not asked */
    char *pam_directory; /* of services; NULL: PAM's own */
    bool naked;
    enum replay_policy replay;
    bool random_nonces;
    unsigned rekey_records, rekey_seconds; /* 0 records: as many as the keys carry */
    struct config_list suites;             /* char *: names */
    bool suite_allowed[256];               /* by id; made of the names */
    struct config_list nameservers;        /* char *: "address:port" */
    unsigned max_connections, max_associations;
    unsigned max_sessions; /* of TLS, remembered; 0: none */
    unsigned max_memory;   /* MiB; 0: no limit */
    bool restricted;       /* datagrams from those targets alone that were sent to */
    unsigned handshake_seconds, grace_seconds, bind_seconds, idle_seconds, drain_seconds, upgrade_drain_seconds;
    char *user;       /* to go on as; NULL: the one that it was started by */
    bool filter;      /* of system calls */
    char *access_log; /* NULL: it is part of the log */
    char *admin;      /* NULL: none */
    char *stats_file, *control_socket, *upgrade_socket;
    enum log_level log_level;
};

/* 0, or -errno with error->text set. options_free in any case. */
int options_load(const char *path, struct options *options, struct config_error *error);
/* From text; for tests. */
int options_load_text(const char *text, struct options *options, struct config_error *error);
void options_free(struct options *options);

#endif
