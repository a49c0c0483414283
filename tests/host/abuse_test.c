/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records with every field wrong, by UDP and inside the TCP connection, contents and control messages that are wrong though
 * authentic, and attempts to have the proxy send more to somebody than he sent. From outside of sluiced.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "proxy.h"
#include "tap.h"
#include "tls/tls.h"
#include "udp/control.h"
#include "udp/signal.h"

#define QUIET  20 /* ms in which nothing must come */
#define HEADER 13 /* type to cid */

static struct proxy_child proxy;
static struct sluice_card *card;
static int target;
static uint16_t port;
static uint8_t content[2048], record[2048], other[2048];

static size_t good_record(struct client *c)
{
    return client_seal(c, content, client_datagram(port, "hello", 5, content), record);
}

/* What may come first are answers of before. */
static bool delivered(int ms)
{
    uint8_t data[64];
    return udp_receive(target, data, sizeof data, ms, NULL) == 5;
}

static bool works(struct client *c)
{
    size_t n = good_record(c);
    client_send(c, record, n);
    return delivered(2000);
}

/* ---- wrong records */

enum way { BY_UDP, BY_TCP };

static void put(struct client *c, enum way way, const uint8_t *data, size_t len)
{
    if (way == BY_UDP)
        client_send(c, data, len);
    else if (write(c->tcp, data, len) != (ssize_t)len)
        perror("write");
}

/* It is refused under that name, once, without a word; then the right one goes. */
static bool refused(struct client *c, enum way way, const uint8_t *data, size_t len, const char *reason)
{
    char key[64];
    uint8_t in[2048];
    snprintf(key, sizeof key, "total.refused.%s", reason);
    long long before = proxy_count(&proxy, key);
    put(c, way, data, len);
    if (proxy_wait(&proxy, key, before + 1) != before + 1 || client_receive(c, in, sizeof in, 0) >= 0 || delivered(0)) {
        printf("# %s: %lld, then %lld\n", key, before, proxy_count(&proxy, key));
        return false;
    }
    return true;
}

static void test_fields(enum way way)
{
    static const uint8_t types[] = {0x00, 0x14, 0x17, 0x80, 0x94, 0x96, 0x99, 0xff};
    const char *name = way == BY_UDP ? "by UDP" : "by TCP";
    struct client c, d;
    bool began = client_begin(&c, proxy.tls_port, card) && client_begin(&d, proxy.tls_port, card) && works(&c);
    size_t n = good_record(&c);
    bool held = began;
    for (unsigned i = 0; i < sizeof types && way == BY_UDP; i++) {
        memcpy(other, record, n);
        other[0] = types[i];
        held = held && refused(&c, way, other, n, "noise");
    }
    memcpy(other, record, n);
    other[0] = 0x9a; /* has bit 7, is none of ours */
    ok(held && refused(&c, way, other, n, "noise"), "%s: an unknown type is noise", name);

    other[0] = 0x98;
    ok(refused(&c, way, other, n, "auth_failed"), "%s: one type for another is not authentic", name);

    memcpy(other, record, n);
    other[12] ^= 1;
    held = refused(&c, way, other, n, way == BY_UDP ? "forged_cid" : "unknown_cid");
    memcpy(other + 5, d.params.cid, 8);
    ok(held && refused(&c, way, other, n, way == BY_UDP ? "forged_nonce" : "unknown_cid"),
       "%s: another association's cid opens nothing", name);

    held = true;
    for (size_t i = HEADER; i < n; i += 7) {
        memcpy(other, record, n);
        other[i] ^= (uint8_t)(1u << (random() & 7));
        bool nonce = i >= n - 16;
        long long before = proxy_count(&proxy, "total.refused.forged_nonce");
        put(&c, way, other, n);
        held = held && (!nonce || before >= 0) && !delivered(0);
    }
    ok(held && !delivered(QUIET), "%s: no changed byte of content, MAC or nonce is taken", name);

    put(&c, way, record, n);
    bool once = delivered(2000);
    ok(once && refused(&c, way, record, n, "replayed"), "%s: the record itself is, and once", name);
    ok(works(&c), "%s: and the association is what it was", name);
    client_close(&c);
    client_close(&d);
}

static void test_lengths(void)
{
    static const int changes[] = {-1, 1, 16, -16, 256, 0x4000, 0x8000};
    struct client c;
    bool began = client_begin(&c, proxy.tls_port, card) && works(&c);
    size_t n = good_record(&c);
    bool held = began;
    for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++) {
        unsigned length = (unsigned)((int)(n - 5) + changes[i]);
        memcpy(other, record, n);
        other[3] = (uint8_t)(length >> 8);
        other[4] = (uint8_t)length;
        held = held && refused(&c, BY_UDP, other, n, "bad_length");
    }
    ok(held, "by UDP: a length field that is not the datagram's is a bad length");
    held = true;
    for (size_t cut = HEADER; cut < n; cut += 9)
        held = held && refused(&c, BY_UDP, record, cut, "bad_length");
    ok(held, "as is a record that is cut");
    held = true;
    for (size_t cut = 0; cut < HEADER; cut += 3)
        held = held && refused(&c, BY_UDP, record, cut, "noise");
    ok(held, "or noise, where not even the header is whole");
    held = true;
    for (size_t body = 0; body < 40; body += 8) { /* the length is right, and less than any record has */
        memcpy(other, record, HEADER + body);
        other[3] = 0;
        other[4] = (uint8_t)(8 + body);
        client_send(&c, other, HEADER + body);
    }
    ok(held && works(&c), "too short ones whose length is right do no harm");
    client_close(&c);
}

/* Headers that break the connection. */
static void test_broken_stream(void)
{
    static const uint8_t heads[][5] = {
        {0x97, 3, 1, 0, 64}, {0x97, 0, 0, 0, 64}, {0x97, 3, 3, 0, 31}, {0x97, 3, 3, 0x48, 1}, {0x97, 3, 3, 0xff, 0xff}};
    bool held = true;
    for (unsigned i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct client c;
        uint8_t byte;
        bool began = client_begin(&c, proxy.tls_port, card);
        put(&c, BY_TCP, heads[i], sizeof heads[i]);
        held = held && began && read(c.tcp, &byte, 1) <= 0;
        client_close(&c);
    }
    ok(held, "by TCP: another version, a length too small or too large break the connection");
    const struct client_options options = {.port = proxy.tls_port, .tls = TLS1_3_VERSION, .alpn = TLS_ALPN, .card = card};
    struct client c;
    uint8_t early[100] = {0x97, 3, 3, 0, 95};
    bool opened = !client_open(&c, &options);
    put(&c, BY_TCP, early, sizeof early);
    ok(opened && client_request(&c, SOCKS_CONNECT, "127.0.0.1", 9) < 0, "as does a record before there is an association");
    client_close(&c);
}

/* ---- wrong though authentic */

static bool content_refused(struct client *c, uint8_t type, const void *bytes, size_t len, const char *reason)
{
    size_t n = client_seal_type(c, type, bytes, len, other);
    return refused(c, BY_UDP, other, n, reason);
}

static void test_contents(void)
{
    static const struct {
        const char *bytes;
        uint8_t len;
        const char *reason;
    } data[] = {
        {"", 0, "bad_header"},
        {"\0\0\0", 3, "bad_header"},
        {"\0\0\0\1\x7f\0\0\1\0", 9, "bad_header"},       /* cut in the port */
        {"\0\0\0\2\x7f\0\0\1\0\x35z", 11, "bad_header"}, /* ATYP 2 */
        {"\0\0\0\3\0\0\x35z", 8, "bad_header"},          /* an empty name */
        {"\0\0\0\3\x20short\0\x35", 12, "bad_header"},   /* a name longer than the datagram */
        {"\0\0\1\1\x7f\0\0\1\0\x35z", 11, "frag"},       /* FRAG */
        {"\1\0\0\1\x7f\0\0\1\0\x35z", 11, "bad_header"}, /* RSV */
        {"\0\0\0\1\xff\xff\xff\xff\0\x35z", 11, "rule"}, /* broadcast */
    };
    struct client c;
    bool held = client_begin(&c, proxy.tls_port, card) && works(&c);
    for (unsigned i = 0; i + 1 < sizeof data / sizeof *data; i++)
        held = content_refused(&c, 0x97, data[i].bytes, data[i].len, data[i].reason) && held;
    ok(held, "data with a SOCKS5 header that is cut, unknown or a fragment goes nowhere");
    static const uint8_t zeros[64];
    uint8_t beat[64] = {1, 0, 8};
    held = content_refused(&c, 0x98, zeros, 0, "bad_header") && content_refused(&c, 0x98, zeros, 64, "bad_header") &&
           content_refused(&c, 0x98, beat, 26, "bad_header");
    beat[0] = 3;
    held = held && content_refused(&c, 0x98, beat, 64, "bad_header");
    beat[0] = 1;
    beat[1] = 0xff; /* a payload longer than the record, as of CVE-2014-0160 */
    ok(held && content_refused(&c, 0x98, beat, 64, "bad_header"), "a heartbeat of wrong kind or length is not answered");
    held = content_refused(&c, 0x9b, zeros, 0, "bad_header") && content_refused(&c, 0x9b, zeros, 10, "bad_header");
    memset(beat, 7, sizeof beat);
    ok(held && content_refused(&c, 0x9b, beat, SIGNAL_PATH_BYTES, "bad_header"), "nor is a path check");
    size_t n = client_seal_type(&c, 0x95, "\2\x28", 2, other);
    client_send(&c, other, n);
    ok(works(&c), "an alert that is not close_notify ends nothing");
    client_close(&c);
}

static void test_control(void)
{
    static const struct {
        const char *bytes;
        uint8_t len;
    } messages[] = {
        {"\3\0\4\0\0\0\1", 7},                                    /* rekey without a cid */
        {"\3\0\x0c\0\0\0\0cidcidci", 15},                         /* of this epoch */
        {"\3\0\x0c\0\0\0\2cidcidci", 15},                         /* of the one after the next */
        {"\3\0\x0c\0\0\0\1cidcidci\3\0\x0c\0\0\0\1cidcidcj", 30}, /* twice */
        {"\5\0\4\0\0\0\1", 7},                                    /* done, with what was not begun */
        {"\5\0\5\0\0\0\0\0", 8},                                  /* of a wrong length */
        {"\6\0\0", 3},                                            /* by no way */
        {"\6\0\1\2", 4},                                          /* by a third way */
        {"\1\4\1", 3},                                            /* longer than any */
    };
    bool held = true;
    for (unsigned i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct client c;
        bool began = client_begin(&c, proxy.tls_port, card) && works(&c);
        long long open = proxy_count(&proxy, "total.associations_open");
        client_write(&c, messages[i].bytes, messages[i].len);
        uint8_t in[3];
        bool told = false; /* a close notice, perhaps after an answer to the first of two */
        for (int m = 0; m < 3 && !told && !client_read(&c, in, 3); m++) {
            uint8_t body[64];
            told = in[0] == CONTROL_NOTICE;
            if (in[2] > sizeof body || client_read(&c, body, in[2]))
                break;
        }
        if (!began || !told || open < 1) {
            printf("# message %u: began %d told %d\n", i, began, told);
            held = false;
        }
        client_close(&c);
    }
    ok(held, "a control message that is wrong ends the association, with notice");
}

/* ---- amplification */

static void test_amplification(void)
{
    struct client c;
    bool began = client_begin(&c, proxy.tls_port, card) && works(&c);
    int far = udp_socket_at("127.0.0.9");
    size_t sent = 0, got = 0;
    struct signal request = {.size = 9000};
    uint8_t in[9216];
    for (unsigned i = 0; i < 40; i++) {
        size_t n;
        if (i % 2) {
            request.kind = i % 4 == 1 ? SIGNAL_HEARTBEAT_REQUEST : SIGNAL_HEARTBEAT_FILL;
            signal_heartbeat_encode(&request, content, SIGNAL_HEARTBEAT_BYTES);
            n = client_seal_type(&c, 0x98, content, SIGNAL_HEARTBEAT_BYTES, record);
        } else {
            content[0] = SIGNAL_PATH_CHALLENGE;
            n = client_seal_type(&c, 0x9b, content, SIGNAL_PATH_BYTES, record);
        }
        sendto(far, record, n, 0, &c.records.sa, c.records.len);
        sent += n;
    }
    for (int n; (n = udp_receive(far, in, sizeof in, 300, NULL)) > 0;)
        got += (size_t)n;
    ok(began && got && got <= sent, "heartbeats and path checks from a source that nobody knows: %zu bytes for its %zu", got,
       sent);

    size_t n = good_record(&c);
    sent = got = 0;
    for (unsigned i = 0; i < 200; i++) { /* the same record, and noise of every form */
        size_t len = i % 2 ? n : (size_t)random() % sizeof other;
        for (size_t at = 0; at < len; at++)
            other[at] = (uint8_t)random();
        if (i % 4 == 0 && len > HEADER)
            memcpy(other, record, HEADER);
        sendto(far, i % 2 && i > 1 ? record : other, len, 0, &c.records.sa, c.records.len);
        sent += len;
        if (i % 50 == 49)
            usleep(2000);
    }
    for (int m; (m = udp_receive(far, in, sizeof in, 300, NULL)) > 0;)
        got += (size_t)m;
    (void)delivered(300); /* the first of the replays was none */
    ok(got <= sent / 50, "replays and noise: %zu bytes for its %zu", got, sent);
    client_close(&c);

    const struct client_options options = {.port = proxy.tls_port, .tls = TLS1_3_VERSION, .card = NULL};
    struct net_addr from;
    bool naked = !client_open(&c, &options) && client_associate_naked(&c) == SOCKS_OK;
    n = client_datagram(port, "hello", 5, content);
    sendto(far, content, n, 0, &c.records.sa, c.records.len);
    bool none = !delivered(200) && proxy_count(&proxy, "total.refused.wrong_source") >= 1;
    client_send(&c, content, n);
    bool one = udp_receive(target, in, sizeof in, 2000, &from) == 5;
    sendto(target, "back", 4, 0, &from.sa, from.len);
    ok(naked && none && one && udp_receive(far, in, sizeof in, QUIET, NULL) < 0 && client_receive(&c, in, sizeof in, 2000) > 0,
       "a stranger at a naked association's port is neither heard nor answered");
    client_close(&c);
    close(far);
}

int main(int argc, char **argv)
{
    seed(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    if (sluice_open("soft:", NULL, &card) || proxy_start(&proxy, "naked = true; grace_seconds = 0;"))
        return 1;
    target = udp_socket(&port);
    test_fields(BY_UDP);
    test_fields(BY_TCP);
    test_lengths();
    test_broken_stream();
    test_contents();
    test_control();
    test_amplification();
    ok(proxy_wait(&proxy, "total.associations_open", 0) >= 0, "the proxy is there");
    ok(!proxy_stop(&proxy, SIGTERM, 10), "and ends with status 0");
    proxy_clean(&proxy);
    close(target);
    sluice_close(card);
    return done();
}
