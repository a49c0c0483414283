/* SPDX-License-Identifier: Apache-2.0 */
/* Sources of records: who is believed, and what he is sent before. Heartbeats and alerts. From outside of sluiced. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "proxy.h"
#include "tap.h"
#include "tls/tls.h"
#include "udp/signal.h"

#define QUIET 200 /* ms in which nothing must come */

static struct proxy_child proxy;
static struct sluice_card *card;
static uint8_t content[2048], record[2048];

static size_t send_record(struct client *c, int fd, uint8_t type, size_t len)
{
    size_t n = client_seal_type(c, type, content, len, record);
    sendto(fd, record, n, 0, &c->records.sa, c->records.len);
    return n;
}

static size_t send_data(struct client *c, int fd, uint16_t port)
{
    return send_record(c, fd, 0x97, client_datagram(port, "hello", 5, content));
}

/* The next record there: its type with the content left in `content`, or -1. */
static int next_record(struct client *c, int fd, int ms)
{
    int n = udp_receive(fd, record, sizeof record, ms, NULL);
    uint8_t type = record[0];
    return n > 0 && client_unseal(c, record, (size_t)n, content) >= 0 ? type : -1;
}

static bool answer_check(struct client *c, int fd)
{
    if (next_record(c, fd, 2000) != 0x9b || content[0] != SIGNAL_PATH_CHALLENGE)
        return false;
    content[0] = SIGNAL_PATH_RESPONSE;
    send_record(c, fd, 0x9b, SIGNAL_PATH_BYTES);
    return true;
}

static void test_moved(void)
{
    struct client c;
    struct net_addr from = {0};
    uint16_t port;
    uint8_t data[64];
    int target = udp_socket(&port), other = udp_socket_at("127.0.0.1"), third = udp_socket_at("127.0.0.1");
    bool here = client_begin(&c, proxy.tls_port, card) && send_data(&c, c.udp, port) &&
                udp_receive(target, data, sizeof data, 2000, &from) == 5;
    sendto(target, "a", 1, 0, &from.sa, from.len);
    ok(here && next_record(&c, c.udp, 2000) == 0x97,
       "the first source is answered, without a check: it is the host of the connection");

    send_data(&c, other, port);
    ok(udp_receive(target, data, sizeof data, 2000, &from) == 5, "a record from another source is taken");
    sendto(target, "b", 1, 0, &from.sa, from.len);
    ok(next_record(&c, c.udp, 2000) == 0x97, "but what comes back goes to the former one until");
    ok(answer_check(&c, other), "the new one, which is sent a path check,");
    proxy_wait(&proxy, "total.paths_changed", 1);
    sendto(target, "c", 1, 0, &from.sa, from.len);
    ok(next_record(&c, other, 2000) == 0x97, "has answered it");

    send_data(&c, third, port);
    udp_receive(target, data, sizeof data, 2000, NULL);
    bool asked = next_record(&c, third, 2000) == 0x9b;
    content[0] = SIGNAL_PATH_RESPONSE;
    content[1] ^= 1;
    send_record(&c, third, 0x9b, SIGNAL_PATH_BYTES);
    sendto(target, "d", 1, 0, &from.sa, from.len);
    ok(asked && next_record(&c, other, 2000) == 0x97 && next_record(&c, third, QUIET) < 0, "a wrong cookie moves nothing");
    client_close(&c);
    close(target);
    close(other);
    close(third);
}

static void test_unchecked(void)
{
    struct client c;
    struct net_addr from;
    uint16_t port;
    uint8_t data[1000] = {0};
    int target = udp_socket(&port), far = udp_socket_at("127.0.0.9");
    bool began = client_begin(&c, proxy.tls_port, card);
    size_t sent = send_data(&c, far, port), got = 0;
    bool there = udp_receive(target, data, sizeof data, 2000, &from) == 5;
    for (int i = 0; i < 50; i++)
        sendto(target, data, 1 + (size_t)i * 10, 0, &from.sa, from.len);
    for (int n; (n = udp_receive(far, record, sizeof record, QUIET, NULL)) > 0;)
        got += (size_t)n;
    ok(began && there && got && got <= sent, "a source that is not the connection's host is sent %zu bytes for its %zu", got,
       sent);
    ok(proxy_count(&proxy, "total.refused.unchecked_path") >= 50, "the rest is counted");
    send_data(&c, far, port);
    udp_receive(target, data, sizeof data, 2000, &from);
    sleep(1); /* a check goes once a second at most */
    send_data(&c, far, port);
    ok(answer_check(&c, far), "it is asked again");
    proxy_wait(&proxy, "total.paths_changed", 2);
    sendto(target, data, sizeof data, 0, &from.sa, from.len);
    int type = next_record(&c, far, 2000);
    while (type == 0x9b) /* the second check, if a second had gone by */
        type = next_record(&c, far, 2000);
    ok(type == 0x97, "and is sent everything when it has answered");
    client_close(&c);
    close(target);
    close(far);
}

static void test_heartbeat(void)
{
    struct client c;
    struct signal request = {.kind = SIGNAL_HEARTBEAT_REQUEST, .cookie = "sluice!"};
    bool began = client_begin(&c, proxy.tls_port, card);
    signal_heartbeat_encode(&request, content, 1000);
    send_record(&c, c.udp, 0x98, 1000);
    int type = next_record(&c, c.udp, 2000);
    ok(began && type == 0x98 && content[0] == SIGNAL_HEARTBEAT_RESPONSE && !memcmp(content + 3, request.cookie, SIGNAL_COOKIE),
       "a heartbeat comes back with its payload, without its padding");
    request.kind = SIGNAL_HEARTBEAT_FILL;
    request.size = 1400;
    signal_heartbeat_encode(&request, content, SIGNAL_HEARTBEAT_BYTES);
    send_record(&c, c.udp, 0x98, SIGNAL_HEARTBEAT_BYTES);
    int bytes = udp_receive(c.udp, record, sizeof record, 2000, NULL);
    ok(bytes > 1400 - 28 - 32 && bytes <= 1400 - 28 && record[0] == 0x98, "one that asks for a packet of 1400 bytes gets it");
    content[0] = SIGNAL_HEARTBEAT_RESPONSE;
    send_record(&c, c.udp, 0x98, SIGNAL_HEARTBEAT_BYTES);
    ok(next_record(&c, c.udp, QUIET) < 0, "an answer is not answered");
    client_close(&c);
}

static void test_alert(void)
{
    struct client c;
    uint16_t port;
    uint8_t data[64];
    int target = udp_socket(&port);
    bool began = client_begin(&c, proxy.tls_port, card) && send_data(&c, c.udp, port) &&
                 udp_receive(target, data, sizeof data, 2000, NULL) == 5;
    long long open = proxy_count(&proxy, "total.associations_open");
    signal_alert_encode(SIGNAL_ALERT_CLOSE_NOTIFY, content);
    send_record(&c, c.udp, 0x95, SIGNAL_ALERT_BYTES);
    int type = next_record(&c, c.udp, 2000);
    ok(began && open >= 1 && type == 0x95 && content[1] == SIGNAL_ALERT_CLOSE_NOTIFY,
       "an alert ends the association, and is answered by one");
    client_close(&c);
    ok(began && client_begin(&c, proxy.tls_port, card) && send_data(&c, c.udp, port) &&
           udp_receive(target, data, sizeof data, 2000, NULL) == 5 && next_record(&c, c.udp, 5000) == 0x95,
       "an association that ends by itself says so by an alert");
    client_close(&c);
    close(target);
}

int main(int argc, char **argv)
{
    seed(argc, argv);
    if (sluice_open("soft:", NULL, &card) || proxy_start(&proxy, "idle_seconds = 2;"))
        return 1;
    test_moved();
    test_unchecked();
    test_heartbeat();
    test_alert();
    proxy_stop(&proxy, SIGTERM, 10);
    proxy_clean(&proxy);
    sluice_close(card);
    return done();
}
