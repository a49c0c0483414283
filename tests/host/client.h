/* SPDX-License-Identifier: Apache-2.0 */
/* A SOCKS5 client that blocks, for tests: TLS, secure and naked UDP, one record or datagram at a time, wrong ones on demand. */
#ifndef TESTS_HOST_CLIENT_H
#define TESTS_HOST_CLIENT_H

#include "net/addr.h"
#include "socks/params.h"
#include "socks/socks.h"
#include "udp/sas.h"

struct client_options {
    uint16_t port;
    int tls;                     /* 0: plain; else TLS1_2_VERSION or TLS1_3_VERSION */
    const char *alpn;            /* NULL: none */
    const char *user, *password; /* NULL: no authentication */
    uint8_t suite;               /* 0: all, in the default order */
    uint8_t nonce_mode;          /* 0: sequence */
    bool take_up;                /* asks for one */
    bool in_a_row;               /* as sluice client: client_associate says the greeting, too; without user */
    struct sluice_card *card;    /* for records */
    /* What many clients share; NULL: each has its own. */
    SSL_CTX *ctx;
    struct sluice_qp *qp;
    uint8_t *mem;         /* of CLIENT_MEM bytes */
    SSL_SESSION *session; /* to come back by; NULL: a full handshake */
    const char *source;   /* IPv4 address to come from; NULL: any */
};

#define CLIENT_MEM (2u * 65536u) /* DMA memory: source, then destination */

struct client {
    struct client_options options;
    int tcp, udp;
    SSL_CTX *ctx;
    SSL *ssl;
    struct socks_message reply;
    struct socks_params params; /* of the reply */
    uint8_t cid[8];
    struct sas sas;
    struct sluice_qp *qp;
    uint8_t *mem;            /* CLIENT_MEM bytes */
    struct net_addr records; /* where records or naked datagrams go */
};

/* Connects and authenticates. 0, or a negative number that says at which step it failed: -1 TCP, -2 TLS, -3 method, -4
 * authentication. */
int client_open(struct client *client, const struct client_options *options);
/* The first two of these steps. */
int client_connect(struct client *client, const struct client_options *options);
void client_close(struct client *client);
/* As a client of ours with secure UDP, at the TLS listener at `port`. */
bool client_begin(struct client *client, uint16_t port, struct sluice_card *card);
int client_write(struct client *client, const void *data, size_t len);
/* Exactly `len` bytes; -1: end, error or 5 s. */
int client_read(struct client *client, void *data, size_t len);
/* A request and its reply, which is left in client->reply. Returns its code, or -1 when the connection ended. */
int client_request(struct client *client, uint8_t command, const char *host, uint16_t port);
/* SECURE UDP ASSOCIATE with parameters, keys and SAs. Returns the code, or -1. */
int client_associate(struct client *client);
/* Its UDP socket, which client_associate has opened, is closed, or opened again at another port. -1: it cannot be had. */
void client_close_udp(struct client *client);
int client_open_udp(struct client *client);
/* UDP ASSOCIATE. */
int client_associate_naked(struct client *client);

/* A data record with this content; returns its length, 0 on an error. */
size_t client_seal(struct client *client, const void *content, size_t len, uint8_t *record);
size_t client_seal_type(struct client *client, uint8_t type, const void *content, size_t len, uint8_t *record);
/* Content of a record, or -1. */
int client_unseal(struct client *client, const uint8_t *record, size_t len, uint8_t *content);
/* SOCKS5 header for 127.0.0.1:port and payload; returns its length. */
size_t client_datagram(uint16_t port, const void *payload, size_t len, uint8_t *out);
/* Sends on the UDP socket. */
void client_send(struct client *client, const void *data, size_t len);
/* Receives on it within `ms`; length or -1. */
int client_receive(struct client *client, uint8_t *data, size_t size, int ms);

/* UDP socket on 127.0.0.1 with a port of its own. */
int udp_socket(uint16_t *port);
/* One at that address. */
int udp_socket_at(const char *host);
int udp_receive(int fd, void *data, size_t size, int ms, struct net_addr *from);

#endif
