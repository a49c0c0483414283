/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large a packet the way to the proxy carries (RFC 8899): heartbeats with padding, sent whole or not at all, between what any
 * way carries and what the first link does. Then the way from the proxy, by heartbeats whose answers have the padding. Programs
 * are told what is found for datagrams that go to the proxy, and the proxy what is found for its own.
 */
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "client/association_internal.h"
#include "udp/record.h"
#include "udp/signal.h"

#define MTU_LEAST     1200            /* RFC 8899, section 5.1.2 */
#define MTU_MOST      SIGNAL_MTU_MOST /* larger ones are no gain */
#define MTU_COMMON    1500            /* tried early, as most ways have it or a little less */
#define FIRST_MS      2000            /* after the opening */
#define PROBE_MS      500             /* for an answer */
#define PROBE_TRIES   3               /* then a packet is too large */
#define NEAR_ENOUGH   16              /* bytes */
#define AGAIN_SECONDS 600             /* RFC 8899's PMTU_RAISE_TIMER */
#define UDP_HEADER    8

static unsigned headers(const struct association *a)
{
    return UDP_HEADER + (a->relay.sa.sa_family == AF_INET6 ? 40 : 20);
}

/* Of the first link, or of what a router has told the kernel. */
static unsigned kernel_mtu(const struct association *a)
{
    bool six = a->relay.sa.sa_family == AF_INET6;
    int mtu = 0;
    socklen_t len = sizeof mtu;
    if (getsockopt(a->source.fd, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_MTU : IP_MTU, &mtu, &len) || mtu < MTU_LEAST)
        return MTU_LEAST;
    return mtu < MTU_MOST ? (unsigned)mtu : MTU_MOST;
}

/* The largest content whose record fits into a packet. */
static unsigned content_of(const struct association *a, unsigned mtu)
{
    return sas_content_most(&a->newest->sas, mtu - headers(a));
}

static void probe(struct association *a, uint64_t now)
{
    uint8_t content[MTU_MOST];
    struct signal signal = {.kind = SIGNAL_HEARTBEAT_REQUEST};
    if (a->mtu.down)
        signal = (struct signal){.kind = SIGNAL_HEARTBEAT_FILL, .size = (uint16_t)a->mtu.trying};
    if (!a->mtu.tries && getrandom(&a->mtu.cookie, sizeof a->mtu.cookie, 0) != sizeof a->mtu.cookie)
        return;
    memcpy(signal.cookie, &a->mtu.cookie, sizeof signal.cookie);
    unsigned len = a->mtu.down ? SIGNAL_HEARTBEAT_BYTES : content_of(a, a->mtu.trying);
    signal_heartbeat_encode(&signal, content, len);
    a->mtu.sent_at = now;
    a->mtu.tries++;
    a->client->stats.heartbeats++;
    association_signal(a, RECORD_HEARTBEAT, content, len);
}

static void tell_proxy(struct association *a)
{
    uint8_t out[CONTROL_OUT_MAX];
    if (a->mtu.down_told == a->mtu.known || !a->control)
        return;
    a->mtu.down_told = a->mtu.known;
    log_event(&a->client->log, LOG_LEVEL_INFO, "path_mtu_down", "mtu=%u", a->mtu.known);
    stream_write(a->control, out, control_path_mtu((uint16_t)a->mtu.known, out));
}

static void tell_programs(struct association *a)
{
    if (a->mtu.told == a->mtu.known)
        return;
    a->mtu.told = a->mtu.known;
    log_event(&a->client->log, LOG_LEVEL_INFO, "path_mtu", "mtu=%u datagram=%u", a->mtu.known, association_room(a, false));
    if (a->user.mtu)
        a->user.mtu(a->user.arg);
}

static void search(struct association *a, bool down, uint64_t now);

static void finish(struct association *a, uint64_t now)
{
    a->mtu.trying = 0;
    a->mtu.due_at = now + AGAIN_SECONDS * 1000u;
    if (a->mtu.down) {
        tell_proxy(a);
    } else {
        tell_programs(a);
        search(a, true, now);
    }
}

/* The next size between what is known to pass and what is known not to. */
static void next(struct association *a, uint64_t now)
{
    a->mtu.tries = 0;
    a->mtu.allowed = PROBE_TRIES;
    if (a->mtu.known + NEAR_ENOUGH >= a->mtu.fails)
        finish(a, now);
    else if (a->mtu.known < MTU_COMMON && a->mtu.fails > MTU_COMMON)
        a->mtu.trying = MTU_COMMON;
    else
        a->mtu.trying = (a->mtu.known + a->mtu.fails) / 2;
    if (a->mtu.trying)
        probe(a, now);
}

static void search(struct association *a, bool down, uint64_t now)
{
    unsigned most = kernel_mtu(a);
    a->mtu.down = down;
    a->mtu.known = MTU_LEAST;
    a->mtu.fails = most + 1;
    a->mtu.trying = most;
    a->mtu.tries = 0;
    a->mtu.allowed = PROBE_TRIES;
    if (most > MTU_LEAST)
        probe(a, now);
    else
        finish(a, now);
}

void association_mtu_opened(struct association *a)
{
    memset(&a->mtu, 0, sizeof a->mtu);
    a->mtu.due_at = client_now() + FIRST_MS;
}

void association_mtu_answered(struct association *a, const uint8_t cookie[SIGNAL_COOKIE], uint32_t len)
{
    if (!a->mtu.trying || memcmp(cookie, &a->mtu.cookie, SIGNAL_COOKIE) != 0)
        return;
    if (a->mtu.down && len < content_of(a, a->mtu.trying))
        return;
    a->mtu.known = a->mtu.trying;
    next(a, client_now());
}

/* Nothing is under way; it is time, or a router has spoken. */
static bool is_due(const struct association *a, uint64_t now)
{
    return now >= a->mtu.due_at || (a->mtu.told && kernel_mtu(a) < a->mtu.known);
}

/* No answer has come. A size is to blame only while shorter packets pass: they may all be lost for a while, or be slow. */
static void unanswered(struct association *a, uint64_t now)
{
    if (a->mtu.tries >= PROBE_TRIES && a->udp.unanswered) {
        a->mtu.allowed = 2 * PROBE_TRIES;
        return;
    }
    if (a->mtu.tries >= a->mtu.allowed) {
        a->mtu.fails = a->mtu.trying;
        next(a, now);
        return;
    }
    probe(a, now);
    if (a->mtu.tries % PROBE_TRIES == 0)
        association_path_ask(a, now);
}

void association_mtu_tick(struct association *a, uint64_t now)
{
    if (a->by_tcp)
        return;
    if (a->mtu.trying && now - a->mtu.sent_at >= PROBE_MS)
        unanswered(a, now);
    else if (!a->mtu.trying && is_due(a, now))
        search(a, false, now);
}

bool association_mtu_exceeded(const struct association *a, uint32_t len)
{
    return a->mtu.told && len + headers(a) > a->mtu.told;
}

unsigned association_room(const struct association *a, bool six)
{
    unsigned header = six ? SOCKS_UDP_IP_MAX : SOCKS_UDP_IP_MAX - 12;
    if (!a->secure || !a->mtu.told)
        return 0;
    return content_of(a, a->mtu.told) - header;
}

unsigned association_mtu(const struct association *a)
{
    return a->mtu.told;
}

/* Without fragments, whoever would make them. */
void association_send_probe(struct association *a, const uint8_t *record, uint32_t len)
{
    bool six = a->relay.sa.sa_family == AF_INET6;
    int level = six ? IPPROTO_IPV6 : IPPROTO_IP, option = six ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER;
    const int whole = IP_PMTUDISC_PROBE, usual = IP_PMTUDISC_WANT; /* the same numbers for IPv6 */
    if (setsockopt(a->source.fd, level, option, &whole, sizeof whole))
        return;
    (void)!send(a->source.fd, record, len, MSG_DONTWAIT); /* too large for the first link: no answer comes */
    (void)setsockopt(a->source.fd, level, option, &usual, sizeof usual);
}
