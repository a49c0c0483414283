/* SPDX-License-Identifier: Apache-2.0 */
/* sluiced from outside: what it agrees to, what it carries, what it refuses, and that it says nothing about it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "proxy.h"
#include "tap.h"
#include "tls/tls.h"

#define QUIET 200 /* ms in which nothing must come */

static struct proxy_child proxy;
static struct sluice_card *card;

static struct client_options secure_options(void)
{
    return (struct client_options){.port = proxy.tls_port, .tls = TLS1_3_VERSION, .alpn = TLS_ALPN, .card = card};
}

/* One datagram to an echo and back, both as records. */
static bool echoes(struct client *c, const void *payload, size_t len)
{
    static uint8_t content[20000], record[20000];
    uint16_t port;
    int echo = udp_socket(&port);
    struct net_addr from;
    size_t n = client_seal(c, content, client_datagram(port, payload, len, content), record);
    client_send(c, record, n);
    int got = udp_receive(echo, content, sizeof content, 2000, &from);
    bool same = got == (int)len && !memcmp(content, payload, len);
    if (same)
        sendto(echo, content, len, 0, &from.sa, from.len);
    close(echo);
    int back = same ? client_receive(c, record, sizeof record, 2000) : -1;
    int plain = back > 0 ? client_unseal(c, record, (size_t)back, content) : -1;
    uint8_t want[64];
    size_t header = client_datagram(port, payload, 0, want);
    return plain == (int)(header + len) && !memcmp(content, want, header) && !memcmp(content + header, payload, len);
}

static void test_suites(void)
{
    static uint8_t payload[9000];
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)random();
    for (unsigned version = 0; version < 2; version++) {
        for (uint8_t id = 1; id <= SUITE_COUNT; id++) {
            struct client c;
            struct client_options options = secure_options();
            options.tls = version ? TLS1_3_VERSION : TLS1_2_VERSION;
            options.suite = id;
            bool agreed = !client_open(&c, &options) && !client_associate(&c) && c.params.suites[0] == id;
            bool carried = agreed && echoes(&c, payload, 0) && echoes(&c, payload, 1) && echoes(&c, payload, 1400) &&
                           echoes(&c, payload, sizeof payload);
            ok(carried, "%s over TLS 1.%u: datagrams of 0, 1, 1400 and 9000 bytes go there and back", suite_by_id(id)->name,
               version + 2);
            client_close(&c);
        }
    }
}

static void test_reply(void)
{
    struct client c;
    struct client_options options = secure_options();
    client_open(&c, &options);
    ok(client_associate(&c) == SOCKS_OK && c.params.suites[0] == 0x02, "of all suites the client's first is chosen");
    ok(c.params.epoch == 0 && c.params.grace == 30 && c.params.mtu >= 576,
       "the reply tells epoch 0, the grace period and the path MTU");
    ok(c.reply.address.type == SOCKS_IP4 && !memcmp(c.reply.address.ip4, "\x7f\0\0\x02", 4),
       "and the address by which the client has reached the proxy");
    client_close(&c);
}

static void refuses(const struct client_options *options, const char *what)
{
    struct client c;
    bool open = !client_open(&c, options);
    int code = open ? client_associate(&c) : -1;
    char byte;
    ok(open && code > 0 && client_read(&c, &byte, 1), "%s is refused with a SOCKS reply, and the connection ends", what);
    client_close(&c);
}

static void test_refused_requests(void)
{
    struct client_options options = secure_options();
    options.suite = 0x0a;
    refuses(&options, "the NULL suite");
    options = secure_options();
    options.suite = 0x07;
    refuses(&options, "3DES");
    options = secure_options();
    options.take_up = true;
    refuses(&options, "a take-up");
    options = secure_options();
    options.nonce_mode = 3;
    refuses(&options, "an unknown nonce mode alone");
    options = secure_options();
    options.alpn = NULL;
    refuses(&options, "a secure request without ALPN");
    options.tls = 0;
    options.port = proxy.plain_port;
    refuses(&options, "a secure request outside TLS");

    struct client c;
    options = secure_options();
    options.alpn = "http/1.1";
    ok(client_open(&c, &options) == -2, "another ALPN ends the handshake");
    client_close(&c);
    options.alpn = NULL;
    client_open(&c, &options);
    ok(client_request(&c, 4, "127.0.0.1", 0) == SOCKS_BAD_COMMAND, "another command is answered with `command not supported'");
    client_close(&c);
    client_open(&c, &options);
    ok(client_request(&c, SOCKS_UDP_ASSOCIATE, "0.0.0.0", 0) == SOCKS_NOT_ALLOWED, "naked UDP is refused unless allowed");
    client_close(&c);
}

/* ---- records that are refused */

static struct client target; /* the association that must not notice */

static long long refused(const char *reason)
{
    char key[64];
    snprintf(key, sizeof key, "total.refused.%s", reason);
    return proxy_count(&proxy, key);
}

static void expect_refusal(const void *data, size_t len, const char *reason, const char *what)
{
    char key[64];
    uint8_t answer[64];
    long long before = refused(reason);
    snprintf(key, sizeof key, "total.refused.%s", reason);
    client_send(&target, data, len);
    bool counted = proxy_wait(&proxy, key, before + 1) == before + 1;
    ok(counted && client_receive(&target, answer, sizeof answer, 20) < 0, "%s is counted as %s and not answered", what, reason);
}

static void test_bad_headers(const uint8_t *record, size_t len)
{
    static uint8_t bad[4096];
    uint8_t noise[40] = "GET / HTTP/1.0\r\n\r\n";
    expect_refusal(noise, sizeof noise, "noise", "noise");
    expect_refusal(record, 12, "noise", "a header cut short");
    memset(noise, 0, sizeof noise);
    noise[3] = 1;
    expect_refusal(noise, sizeof noise, "naked", "naked UDP at the record port");
    expect_refusal(record, len - 1, "bad_length", "a record cut short");
    memcpy(bad, record, len);
    memset(bad + 5, 0x5a, 8);
    expect_refusal(bad, len, "forged_cid", "a cid that nobody gave out");
    memcpy(bad, record, 20);
    bad[3] = 0;
    bad[4] = 15;
    expect_refusal(bad, 20, "bad_length", "a record too short for its suite");
}

static void test_bad_contents(void)
{
    static uint8_t content[256], record[512];
    size_t n = client_datagram(9, "x", 1, content);
    content[2] = 1;
    expect_refusal(record, client_seal(&target, content, n, record), "frag", "FRAG other than 0");
    content[2] = 0;
    content[3] = 9;
    expect_refusal(record, client_seal(&target, content, n, record), "bad_header", "an unknown address type");
    content[3] = 1;
    expect_refusal(record, client_seal(&target, content, 6, record), "bad_header", "a SOCKS5 header cut short");
    expect_refusal(record, client_seal(&target, content, 0, record), "bad_header", "an empty record");
    memset(content + 4, 0xff, 4);
    expect_refusal(record, client_seal(&target, content, n, record), "no_route", "a broadcast destination");
    expect_refusal(record, client_seal_type(&target, 0x98, content, n, record), "bad_header", "a heartbeat that is none");
    expect_refusal(record, client_seal_type(&target, 0x9b, content, n, record), "bad_header", "a path check that is none");
}

/* One bit of every byte is flipped, each time in a record that is still good otherwise. */
static void test_flips(void)
{
    static uint8_t content[128], record[512];
    uint8_t answer[64];
    size_t n = client_datagram(9, "every byte", 10, content), len = client_seal(&target, content, n, record);
    long long up = proxy_count(&proxy, "total.datagrams_up"), in = proxy_count(&proxy, "total.records_in");
    for (size_t i = 0; i < len; i++) {
        record[i] ^= (uint8_t)(1u << random() % 8);
        client_send(&target, record, len);
        len = client_seal(&target, content, n, record);
    }
    proxy_wait(&proxy, "total.records_in", in + (long long)len - 5);
    bool silent = client_receive(&target, answer, sizeof answer, QUIET) < 0;
    ok(proxy_count(&proxy, "total.datagrams_up") == up && silent,
       "a flipped bit in any of the %zu bytes of a record: nothing goes on", len);
}

static void test_bad_records(void)
{
    static uint8_t content[128], record[512];
    struct client_options options = secure_options();
    client_open(&target, &options);
    client_associate(&target);
    bool before = echoes(&target, "first", 5);
    size_t n = client_datagram(9, "discard", 7, content), len = client_seal(&target, content, n, record);
    test_bad_headers(record, len);
    client_send(&target, record, len);
    expect_refusal(record, len, "replayed", "a record sent twice");
    test_bad_contents();
    test_flips();
    ok(before && echoes(&target, "last", 4), "the association has not noticed");
    client_close(&target);
}

/* ---- ends */

static void test_end_of_association(void)
{
    struct client c;
    static uint8_t content[128], record[512];
    struct client_options options = secure_options();
    client_open(&c, &options);
    client_associate(&c);
    bool works = echoes(&c, "x", 1);
    size_t n = client_datagram(9, "x", 1, content), len = client_seal(&c, content, n, record);
    long long before = refused("unknown_cid");
    shutdown(c.tcp, SHUT_RDWR);
    while (proxy_count(&proxy, "total.associations_open") > 0)
        usleep(20000);
    client_send(&c, record, len);
    ok(works && proxy_wait(&proxy, "total.refused.unknown_cid", before + 1) == before + 1,
       "the association ends with its connection, and its cid is unknown then");
    client_close(&c);
}

static void test_drain(void)
{
    struct client c;
    struct client_options options = secure_options();
    uint8_t message[5] = {0};
    client_open(&c, &options);
    client_associate(&c);
    bool works = echoes(&c, "x", 1);
    kill(proxy.pid, SIGTERM);
    struct client late;
    bool closed = false;
    for (int i = 0; i < 50 && !closed; i++) {
        closed = client_open(&late, &options) == -1;
        client_close(&late);
        usleep(10000);
    }
    bool still = echoes(&c, "y", 1);
    bool told = !client_read(&c, message, sizeof message) && !memcmp(message, "\x02\x00\x02\x01\x02", 5);
    int status = proxy_stop(&proxy, SIGCONT, 10);
    ok(works && still && closed, "after SIGTERM nobody is let in, and associations go on for drain_seconds");
    ok(told && status == 0, "then they are told (close, stopping), and it ends with status 0");
    client_close(&c);
}

static void test_naked(void)
{
    static uint8_t content[256], back[256];
    struct client_options options = {.port = proxy.plain_port};
    struct client c;
    struct net_addr from;
    uint16_t port;
    int echo = udp_socket(&port);
    bool agreed = !client_open(&c, &options) && !client_associate_naked(&c);
    size_t n = client_datagram(port, "naked", 5, content);
    client_send(&c, content, n);
    bool there = udp_receive(echo, back, sizeof back, 2000, &from) == 5 && !memcmp(back, "naked", 5);
    sendto(echo, "again", 5, 0, &from.sa, from.len);
    int got = client_receive(&c, back, sizeof back, 2000);
    ok(agreed && there && got == (int)n && !memcmp(back, content, n - 5) && !memcmp(back + n - 5, "again", 5),
       "naked UDP goes there and back where it is allowed");
    uint16_t other_port;
    int other = udp_socket(&other_port);
    long long before = refused("wrong_source");
    sendto(other, content, n, 0, &c.records.sa, c.records.len);
    ok(proxy_wait(&proxy, "total.refused.wrong_source", before + 1) == before + 1, "but not from a second source");
    content[2] = 1;
    before = refused("frag");
    client_send(&c, content, n);
    ok(proxy_wait(&proxy, "total.refused.frag", before + 1) == before + 1, "nor in fragments");
    close(other);
    close(echo);
    client_close(&c);
}

static void test_password(void)
{
    struct client c;
    struct client_options options = secure_options();
    ok(client_open(&c, &options) == -3, "without authentication nobody is served where users are configured");
    client_close(&c);
    options.user = "anna";
    options.password = "wrong horse";
    ok(client_open(&c, &options) == -4, "a wrong password is refused");
    client_close(&c);
    options.user = "otto";
    options.password = "right horse";
    ok(client_open(&c, &options) == -4, "so is an unknown user");
    client_close(&c);
    options.user = "anna";
    ok(!client_open(&c, &options) && !client_associate(&c) && echoes(&c, "hello", 5), "the right password opens an association");
    client_close(&c);
}

/* With SO_REUSEPORT the kernel chooses the socket by the source port: with enough of them some records come to the wrong worker.
 */
static void test_workers(void)
{
    enum { CLIENTS = 12 };
    static struct client clients[CLIENTS];
    struct client_options options = secure_options();
    bool all = true;
    for (int i = 0; i < CLIENTS; i++)
        all &= !client_open(&clients[i], &options) && !client_associate(&clients[i]) && echoes(&clients[i], "crossing", 8);
    ok(all && proxy_count(&proxy, "total.crossed") > 0, "with two workers every record finds its association (%lld crossed)",
       proxy_count(&proxy, "total.crossed"));
    for (int i = 0; i < CLIENTS; i++)
        client_close(&clients[i]);
}

static void test_terminate(void)
{
    static uint8_t content[128], record[512];
    struct client_options options = secure_options();
    struct client c;
    uint8_t message[5] = {0};
    client_open(&c, &options);
    client_associate(&c);
    size_t n = client_datagram(9, "x", 1, content), len = client_seal(&c, content, n, record);
    client_send(&c, record, len);
    client_send(&c, record, len);
    ok(!client_read(&c, message, 5) && !memcmp(message, "\x02\x00\x02\x01\x03", 5),
       "replay = terminate: a proven duplicate ends the association, and the client is told");
    client_close(&c);
}

static void test_limit(void)
{
    struct client_options options = secure_options();
    struct client first, second;
    bool one = !client_open(&first, &options) && !client_associate(&first);
    bool two = !client_open(&second, &options) && client_associate(&second) > 0;
    ok(one && two, "max_associations holds");
    client_close(&first);
    client_close(&second);
}

/* ---- time-outs, CONNECT */

static void test_time_outs(void)
{
    struct client c, mute;
    struct client_options options = secure_options(), plain = {.port = proxy.plain_port};
    uint8_t message[5] = {0}, byte;
    client_open(&c, &options);
    client_associate(&c);
    ok(!client_read(&c, message, 5) && !memcmp(message, "\x02\x00\x02\x01\x01", 5), "an idle association is told so and ends");
    client_close(&c);
    client_open(&mute, &plain);
    ok(client_read(&mute, &byte, 1) && proxy_count(&proxy, "total.connections_open") == 0,
       "a client that sends no request is not waited for");
    client_close(&mute);
}

static int tcp_listener(uint16_t *port)
{
    struct net_addr addr;
    socklen_t len = sizeof addr.in6;
    net_addr_parse("127.0.0.1", 0, &addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, &addr.sa, addr.len) || listen(fd, 4) || getsockname(fd, &addr.sa, &len))
        return -1;
    *port = net_addr_port(&addr);
    return fd;
}

static void end_half(struct client *c)
{
    if (c->ssl)
        SSL_shutdown(c->ssl);
    else
        shutdown(c->tcp, SHUT_WR);
}

/* The client says all it has to say and ends its half; only then does the target answer, slowly taken: more than what buffers
 * hold. */
static void half_close(const struct client_options *options, const char *what)
{
    enum { ANSWER = 8 << 20, PIECE = 65536 };
    static uint8_t piece[PIECE];
    struct client c;
    uint16_t port = 0;
    int listener = tcp_listener(&port), got = 0;
    bool open = !client_open(&c, options) && client_request(&c, SOCKS_CONNECT, "127.0.0.1", port) == SOCKS_OK;
    int peer = accept(listener, NULL, NULL);
    client_write(&c, "question", 8);
    end_half(&c);
    while (got < 8 && recv(peer, piece, 1, 0) == 1)
        got++;
    bool ended = recv(peer, piece, 1, 0) == 0;
    pid_t writer = fork();
    if (!writer) {
        for (int i = 0; i < ANSWER / PIECE; i++) {
            memset(piece, i, sizeof piece);
            if (send(peer, piece, sizeof piece, 0) != PIECE)
                _exit(1);
        }
        _exit(0);
    }
    close(peer);
    usleep(200000);
    bool whole = true;
    for (int i = 0; i < ANSWER / PIECE && whole; i++)
        whole = !client_read(&c, piece, sizeof piece) && piece[0] == (uint8_t)i && piece[PIECE - 1] == (uint8_t)i;
    uint8_t byte;
    int last = c.ssl ? SSL_read(c.ssl, &byte, 1) : (int)recv(c.tcp, &byte, 1, 0);
    bool clean = c.ssl ? SSL_get_error(c.ssl, last) == SSL_ERROR_ZERO_RETURN : last == 0;
    ok(open && got == 8 && ended, "%s: the client's half ends, the target sees it", what);
    ok(whole && clean, "%s: and answers 8 MiB then, which come whole and end cleanly", what);
    waitpid(writer, NULL, 0);
    close(listener);
    client_close(&c);
}

static void test_connect(void)
{
    struct client_options options = {.port = proxy.plain_port};
    half_close(&options, "CONNECT in clear");
    options = secure_options();
    options.alpn = NULL;
    half_close(&options, "CONNECT over TLS 1.3");
}

static void with(const char *extra, void (*const tests[])(void))
{
    if (!ok(!proxy_start(&proxy, extra), "sluiced starts with: %s", *extra ? extra : "(defaults)"))
        return;
    for (unsigned i = 0; tests[i]; i++)
        tests[i]();
    if (!kill(proxy.pid, 0))
        ok(proxy_stop(&proxy, SIGTERM, 15) == 0, "SIGTERM ends it with status 0");
    proxy_clean(&proxy);
}

int main(int argc, char **argv)
{
    seed(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (sluice_open("soft:", NULL, &card))
        return EXIT_FAILURE;
    with("", (void (*const[])(void)){test_suites, test_reply, test_refused_requests, test_connect, test_bad_records,
                                     test_end_of_association, test_drain, NULL});
    with("naked = true; workers = 2;", (void (*const[])(void)){test_naked, test_workers, NULL});
    with("replay = \"terminate\"; max_associations = 1;", (void (*const[])(void)){test_terminate, test_limit, NULL});
    with("idle_seconds = 1; handshake_seconds = 1;", (void (*const[])(void)){test_time_outs, NULL});
    with("users_file = \"users\";", (void (*const[])(void)){test_password, NULL});
    sluice_close(card);
    return done();
}
