/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/rand.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls/tls.h"

#define HALF     (CLIENT_MEM / 2)
#define PATIENCE 5000 /* ms */

/* The proxy listens on every address. It is reached by its second one, and must answer from there. */
#define PROXY    "127.0.0.2"
#define TARGET   "127.0.0.1"

static struct net_addr address_of(const char *host, uint16_t port)
{
    struct net_addr addr;
    net_addr_parse(host, port, &addr);
    return addr;
}

int udp_socket(uint16_t *port)
{
    struct net_addr addr = address_of(TARGET, 0);
    socklen_t len = sizeof addr.in6;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, &addr.sa, addr.len) || getsockname(fd, &addr.sa, &len))
        return -1;
    *port = net_addr_port(&addr);
    return fd;
}

int udp_socket_at(const char *host)
{
    struct net_addr addr = address_of(host, 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd < 0 || bind(fd, &addr.sa, addr.len) ? -1 : fd;
}

int udp_receive(int fd, void *data, size_t size, int ms, struct net_addr *from)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct net_addr peer;
    socklen_t len = sizeof peer.in6;
    if (poll(&p, 1, ms) != 1)
        return -1;
    int n = (int)recvfrom(fd, data, size, 0, &peer.sa, &len);
    peer.len = len;
    if (from)
        *from = peer;
    return n;
}

/* ---- bytes */

int client_write(struct client *c, const void *data, size_t len)
{
    if (c->ssl)
        return SSL_write(c->ssl, data, (int)len) == (int)len ? 0 : -1;
    return send(c->tcp, data, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

int client_read(struct client *c, void *data, size_t len)
{
    uint8_t *p = data;
    while (len) {
        int n = c->ssl ? SSL_read(c->ssl, p, (int)len) : (int)recv(c->tcp, p, len, 0);
        if (n <= 0)
            return -1;
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

static int bind_source(const struct client *c, int fd)
{
    if (!c->options.source)
        return 0;
    struct net_addr addr = address_of(c->options.source, 0);
    return bind(fd, &addr.sa, addr.len);
}

static int open_tcp(struct client *c)
{
    struct net_addr addr = address_of(PROXY, c->options.port);
    const struct timeval patience = {.tv_sec = PATIENCE / 1000};
    c->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->tcp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(c->tcp, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return bind_source(c, c->tcp) || connect(c->tcp, &addr.sa, addr.len) ? -1 : 0;
}

static int open_tls(struct client *c)
{
    uint8_t alpn[64];
    c->ctx = c->options.ctx ? c->options.ctx : SSL_CTX_new(TLS_client_method());
    c->ssl = SSL_new(c->ctx);
    SSL_set_min_proto_version(c->ssl, c->options.tls);
    SSL_set_max_proto_version(c->ssl, c->options.tls);
    if (c->options.session)
        SSL_set_session(c->ssl, c->options.session);
    if (c->options.alpn) {
        alpn[0] = (uint8_t)strlen(c->options.alpn);
        memcpy(alpn + 1, c->options.alpn, alpn[0]);
        SSL_set_alpn_protos(c->ssl, alpn, alpn[0] + 1u);
    }
    SSL_set_fd(c->ssl, c->tcp);
    return SSL_connect(c->ssl) == 1 ? 0 : -1;
}

static int authenticate(struct client *c)
{
    struct socks_auth auth = {0};
    uint8_t out[SOCKS_AUTH_MAX], in[2];
    strncpy(auth.user, c->options.user, sizeof auth.user - 1);
    strncpy(auth.password, c->options.password, sizeof auth.password - 1);
    int n = socks_auth_encode(&auth, out);
    return client_write(c, out, (size_t)n) || client_read(c, in, 2) || in[1] ? -1 : 0;
}

int client_connect(struct client *c, const struct client_options *options)
{
    memset(c, 0, sizeof *c);
    c->options = *options;
    c->udp = -1;
    if (open_tcp(c))
        return -1;
    return options->tls && open_tls(c) ? -2 : 0;
}

static size_t greet(const struct client *c, uint8_t *out)
{
    const struct socks_greeting greeting = {.none = !c->options.user, .password = c->options.user != NULL};
    return socks_greeting_encode(&greeting, out);
}

static int read_method(struct client *c)
{
    uint8_t in[2];
    return client_read(c, in, 2) || in[1] != (c->options.user ? SOCKS_METHOD_PASSWORD : SOCKS_METHOD_NONE) ? -1 : 0;
}

int client_open(struct client *c, const struct client_options *options)
{
    uint8_t out[SOCKS_GREETING_MAX];
    int rc = client_connect(c, options);
    if (rc || options->in_a_row)
        return rc;
    if (client_write(c, out, greet(c, out)) || read_method(c))
        return -3;
    return options->user && authenticate(c) ? -4 : 0;
}

void client_close(struct client *c)
{
    if (c->qp && !c->options.qp)
        sluice_qp_destroy(c->qp);
    sas_destroy(&c->sas);
    if (c->mem && !c->options.mem)
        sluice_mem_free(c->options.card, c->mem);
    SSL_free(c->ssl);
    if (!c->options.ctx)
        SSL_CTX_free(c->ctx);
    close(c->tcp);
    client_close_udp(c);
}

/* ---- requests */

static int read_reply(struct client *c)
{
    uint8_t in[SOCKS_REQUEST_MAX];
    size_t len = 0;
    int n;
    do {
        if (client_read(c, in + len, 1))
            return -1;
        n = socks_message_decode(in, ++len, &c->reply);
    } while (!n);
    return n < 0 ? -1 : c->reply.code;
}

int client_request(struct client *c, uint8_t command, const char *host, uint16_t port)
{
    struct socks_message request = {.code = command};
    uint8_t out[SOCKS_REQUEST_MAX];
    socks_address_from_text(host, port, &request.address);
    return client_write(c, out, socks_message_encode(&request, out)) ? -1 : read_reply(c);
}

static void offer(struct client *c, struct socks_params *params)
{
    *params = (struct socks_params){
        .present = 1u << SOCKS_PARAM_VERSION | 1u << SOCKS_PARAM_SUITES | 1u << SOCKS_PARAM_NONCE_MODES | 1u << SOCKS_PARAM_CID,
        .version = SOCKS_PARAMS_VERSION,
        .nonce_modes = {c->options.nonce_mode ? c->options.nonce_mode : SOCKS_NONCE_SEQUENCE},
        .nonce_mode_count = 1,
        .suite_count = SUITE_COUNT,
    };
    memcpy(params->suites, suite_default_order, SUITE_COUNT);
    if (c->options.suite) {
        params->suites[0] = c->options.suite;
        params->suite_count = 1;
    }
    if (c->options.take_up)
        params->present |= 1u << SOCKS_PARAM_TAKE_UP;
    RAND_bytes(c->cid, sizeof c->cid);
    memcpy(params->cid, c->cid, sizeof c->cid);
}

static int read_params(struct client *c)
{
    uint8_t in[SOCKS_PARAMS_MAX];
    if (client_read(c, in, 2))
        return -1;
    size_t len = (size_t)in[0] << 8 | in[1];
    return len > sizeof in || client_read(c, in, len) || socks_params_decode(in, len, SOCKS_PARAMS_REPLY, &c->params) ? -1 : 0;
}

static int make_sas(struct client *c)
{
    struct keys keys;
    struct keys_agreement agreement = {.version = c->params.version,
                                       .nonce_mode = c->params.nonce_modes[0],
                                       .suite = suite_by_id(c->params.suites[0]),
                                       .epoch = c->params.epoch};
    memcpy(agreement.client_cid, c->cid, 8);
    memcpy(agreement.proxy_cid, c->params.cid, 8);
    if (!agreement.suite || keys_derive(c->ssl, &agreement, &keys))
        return -1;
    sas_init(&c->sas, SAS_CLIENT, &agreement, &keys, true);
    keys_wipe(&keys);
    c->mem = c->options.mem ? c->options.mem : sluice_mem_alloc(c->options.card, CLIENT_MEM);
    c->qp = c->options.qp;
    if (!c->mem || (!c->qp && sluice_qp_create(c->options.card, 4, &c->qp)))
        return -1;
    return sas_create(&c->sas, NULL, c->options.card) ? -1 : 0;
}

int client_open_udp(struct client *c)
{
    uint16_t port;
    c->udp = c->options.source ? socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : udp_socket(&port);
    if (c->udp < 0 || bind_source(c, c->udp))
        return -1;
    /* Connected, so that nothing is received from another address than that of the reply. */
    return socks_address_to_addr(&c->reply.address, &c->records) || connect(c->udp, &c->records.sa, c->records.len) ? -1 : 0;
}

void client_close_udp(struct client *c)
{
    if (c->udp >= 0)
        close(c->udp);
    c->udp = -1;
}

int client_associate(struct client *c)
{
    struct socks_params params;
    struct socks_message request = {.code = SOCKS_SECURE_UDP_ASSOCIATE, .address = {.type = SOCKS_IP4}};
    uint8_t out[SOCKS_GREETING_MAX + SOCKS_REQUEST_MAX + 2 + SOCKS_PARAMS_MAX];
    size_t n = c->options.in_a_row ? greet(c, out) : 0;
    offer(c, &params);
    n += socks_message_encode(&request, out + n);
    n += socks_params_encode(&params, SOCKS_PARAMS_REQUEST, out + n);
    if (client_write(c, out, n) || (c->options.in_a_row && read_method(c)))
        return -1;
    int code = read_reply(c);
    if (code)
        return code;
    return read_params(c) || make_sas(c) || client_open_udp(c) ? -1 : 0;
}

bool client_begin(struct client *c, uint16_t port, struct sluice_card *card)
{
    const struct client_options options = {.port = port, .tls = TLS1_3_VERSION, .alpn = TLS_ALPN, .card = card};
    return !client_open(c, &options) && client_associate(c) == SOCKS_OK;
}

int client_associate_naked(struct client *c)
{
    int code = client_request(c, SOCKS_UDP_ASSOCIATE, "0.0.0.0", 0);
    if (code)
        return code;
    return client_open_udp(c) ? -1 : 0;
}

/* ---- records */

static int run(struct client *c, struct sluice_op *op, struct sluice_done *result)
{
    op->src = c->mem;
    op->dst = c->mem + HALF;
    op->dst_len = HALF;
    if (sluice_qp_submit(c->qp, op, 1) != 1)
        return -1;
    int n;
    while ((n = sluice_qp_poll(c->qp, result, 1)) == 0)
        ;
    return n == 1 && result->status == SLUICE_STATUS_OK ? 0 : -1;
}

size_t client_seal_type(struct client *c, uint8_t type, const void *content, size_t len, uint8_t *record)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .sa = c->sas.seal, .src_len = (uint32_t)len, .content_type = type};
    struct sluice_done result;
    memcpy(c->mem, content, len);
    if (run(c, &op, &result))
        return 0;
    memcpy(record, c->mem + HALF, result.length);
    return result.length;
}

size_t client_seal(struct client *c, const void *content, size_t len, uint8_t *record)
{
    return client_seal_type(c, 0x97, content, len, record);
}

int client_unseal(struct client *c, const uint8_t *record, size_t len, uint8_t *content)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .sa = c->sas.open, .src_len = (uint32_t)len};
    struct sluice_done result;
    memcpy(c->mem, record, len);
    if (run(c, &op, &result))
        return -1;
    memcpy(content, c->mem + HALF, result.length);
    return (int)result.length;
}

size_t client_datagram(uint16_t port, const void *payload, size_t len, uint8_t *out)
{
    struct net_addr target = address_of(TARGET, port);
    size_t n = socks_udp_encode_addr(&target, out);
    memcpy(out + n, payload, len);
    return n + len;
}

void client_send(struct client *c, const void *data, size_t len)
{
    send(c->udp, data, len, 0);
}

int client_receive(struct client *c, uint8_t *data, size_t size, int ms)
{
    return udp_receive(c->udp, data, size, ms, NULL);
}
