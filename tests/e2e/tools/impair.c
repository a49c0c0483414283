/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bad network between a client and a proxy: a UDP relay that loses, delays, doubles, damages, replays and invents datagrams, by
 * seed. It knows no key. Each client address gets an upstream socket of its own, as behind a NAT.
 *
 *   impair --listen ADDR --to ADDR [--dir up|down|both] [--seed N] [--loss PERMILLE] [--dup PERMILLE] [--reorder PERMILLE]
 *          [--flip PERMILLE] [--sweep STEP] [--replay N] [--unknown PERMILLE] [--noise PERMILLE] [--foreign]
 *          [--rebind N] [--mtu BYTES]
 *
 *   --dir      the direction that is impaired; the other passes as it is. up: towards --to
 *   --reorder  the datagram is held back until 1 to 8 others have overtaken it
 *   --flip     a damaged copy (one bit) goes ahead of the datagram
 *   --sweep    once, ahead of the fourth datagram: copies of it with one bit flipped at every STEP-th bit
 *   --replay   keeps the first N datagrams and sends all of them again, once, after the N-th
 *   --unknown  a well-formed record header with a random cid, and random bytes behind it
 *   --noise    random bytes, 0 to 1500
 *   --foreign  replayed and invented datagrams upwards come from another source address
 *
 *   --rebind   every N datagrams upwards a flow goes on from another source port, and the former one is gone, as a NAT's mapping
 *   --mtu      longer packets, with 28 bytes of headers, are lost without a word
 *
 *   At SIGUSR1 it drops everything, as a firewall that has UDP blocked; at SIGUSR2 it lets it pass again.
 *
 * At SIGTERM it prints what it did, as JSON.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

enum { MAX_FLOWS = 256, MAX_HELD = 64, HEADER = 13, SWEEP_AT = 4, PACE = 32 };

struct options {
    struct net_addr listen, to;
    bool up, down, foreign;
    uint64_t seed;
    unsigned loss, dup, reorder, flip, unknown, noise; /* of 1000 */
    unsigned sweep;                                    /* bits, 0: none */
    unsigned replay, rebind;                           /* datagrams */
    unsigned mtu;                                      /* bytes of an IP packet, above which it is lost; 0: none */
};

struct counts {
    unsigned long long passed, lost, doubled, reordered, flipped, replayed, unknown, noise, rebound, blocked;
};

struct datagram {
    uint8_t *bytes;
    size_t len;
    unsigned wait; /* reorder: how many may still overtake it */
};

/* One direction of one client address. */
struct way {
    unsigned seen;
    struct datagram held[MAX_HELD];
    unsigned holding;
    struct datagram *kept; /* for the replay */
    unsigned keeping;
};

struct flow {
    struct net_addr client;
    int upstream;
    unsigned since; /* datagrams, for rebind */
    struct way up, down;
};

struct relay {
    struct options options;
    int fd;
    int foreign; /* another source address towards --to */
    struct rng rng;
    struct counts counts[2]; /* up, down */
    struct flow flows[MAX_FLOWS];
    unsigned flow_count;
};

static volatile sig_atomic_t stop, blocked;

static void on_block(int signo)
{
    blocked = signo == SIGUSR1;
}

static void on_term(int signo)
{
    (void)signo;
    stop = 1;
}

static struct datagram copy_of(const uint8_t *bytes, size_t len)
{
    struct datagram copy = {.bytes = malloc(len + 1), .len = len};
    if (!copy.bytes)
        die("out of memory");
    memcpy(copy.bytes, bytes, len);
    return copy;
}

static void deliver(struct relay *r, struct flow *flow, bool up, const uint8_t *bytes, size_t len)
{
    if (up)
        (void)send(flow->upstream, bytes, len, 0);
    else
        (void)sendto(r->fd, bytes, len, 0, (struct sockaddr *)&flow->client.sa, flow->client.len);
}

/* What no honest sender sent. */
static void forge(struct relay *r, struct flow *flow, bool up, const uint8_t *bytes, size_t len)
{
    if (up && r->options.foreign)
        (void)send(r->foreign, bytes, len, 0);
    else
        deliver(r, flow, up, bytes, len);
}

static void pause_ms(unsigned ms)
{
    struct timespec time = {.tv_nsec = ms * 1000000L};
    nanosleep(&time, NULL);
}

static void send_flipped(struct relay *r, struct flow *flow, bool up, const uint8_t *bytes, size_t len, size_t bit)
{
    struct datagram copy = copy_of(bytes, len);
    copy.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    forge(r, flow, up, copy.bytes, len);
    free(copy.bytes);
    r->counts[!up].flipped++;
}

static void sweep(struct relay *r, struct flow *flow, bool up, const uint8_t *bytes, size_t len)
{
    unsigned sent = 0;
    for (size_t bit = 0; bit < len * 8; bit += r->options.sweep) {
        send_flipped(r, flow, up, bytes, len, bit);
        if (++sent % PACE == 0)
            pause_ms(2);
    }
}

static void invent_unknown(struct relay *r, struct flow *flow, bool up)
{
    uint8_t record[HEADER + 256];
    size_t len = HEADER + 48 + 16 * (rng_next(&r->rng) % 8);
    rng_fill(&r->rng, record, len);
    record[0] = 0x97;
    record[1] = record[2] = 3;
    record[3] = (uint8_t)((len - 5) >> 8);
    record[4] = (uint8_t)(len - 5);
    forge(r, flow, up, record, len);
    r->counts[!up].unknown++;
}

static void invent_noise(struct relay *r, struct flow *flow, bool up)
{
    uint8_t bytes[1500];
    size_t len = rng_next(&r->rng) % (sizeof(bytes) + 1);
    rng_fill(&r->rng, bytes, len);
    forge(r, flow, up, bytes, len);
    r->counts[!up].noise++;
}

static void keep_or_replay(struct relay *r, struct flow *flow, bool up, struct way *way, const uint8_t *bytes, size_t len)
{
    if (!r->options.replay || way->keeping == r->options.replay)
        return;
    if (!way->kept)
        way->kept = calloc(r->options.replay, sizeof(*way->kept));
    if (!way->kept)
        die("out of memory");
    way->kept[way->keeping++] = copy_of(bytes, len);
    if (way->keeping < r->options.replay)
        return;
    for (unsigned i = 0; i < way->keeping; i++) {
        forge(r, flow, up, way->kept[i].bytes, way->kept[i].len);
        r->counts[!up].replayed++;
        if (i % PACE == PACE - 1)
            pause_ms(2);
    }
}

/* Those held back by `reorder` whose time has come. */
static void release(struct relay *r, struct flow *flow, bool up, struct way *way, bool all)
{
    unsigned left = 0;
    for (unsigned i = 0; i < way->holding; i++) {
        struct datagram *held = &way->held[i];
        if (!all && --held->wait) {
            way->held[left++] = *held;
            continue;
        }
        deliver(r, flow, up, held->bytes, held->len);
        free(held->bytes);
    }
    way->holding = left;
}

static void pass(struct relay *r, struct flow *flow, bool up, struct way *way, const uint8_t *bytes, size_t len)
{
    const struct options *o = &r->options;
    struct counts *counts = &r->counts[!up];
    if (rng_chance(&r->rng, o->loss)) {
        counts->lost++;
        return;
    }
    counts->passed++;
    if (way->holding < MAX_HELD && rng_chance(&r->rng, o->reorder)) {
        way->held[way->holding] = copy_of(bytes, len);
        way->held[way->holding++].wait = 1 + (unsigned)(rng_next(&r->rng) % 8);
        counts->reordered++;
        return;
    }
    deliver(r, flow, up, bytes, len);
    if (rng_chance(&r->rng, o->dup)) {
        deliver(r, flow, up, bytes, len);
        counts->doubled++;
    }
    release(r, flow, up, way, false);
}

static void impair(struct relay *r, struct flow *flow, bool up, const uint8_t *bytes, size_t len)
{
    const struct options *o = &r->options;
    struct way *way = up ? &flow->up : &flow->down;
    if (blocked || (o->mtu && len + 28 > o->mtu)) {
        r->counts[!up].blocked++;
        return;
    }
    if (up && o->rebind && ++flow->since == o->rebind) {
        close(flow->upstream);
        flow->upstream = net_connect(SOCK_DGRAM, &o->to);
        flow->since = 0;
        r->counts[0].rebound++;
    }
    if (!(up ? o->up : o->down)) {
        deliver(r, flow, up, bytes, len);
        r->counts[!up].passed++;
        return;
    }
    if (o->sweep && ++way->seen == SWEEP_AT)
        sweep(r, flow, up, bytes, len);
    if (len && rng_chance(&r->rng, o->flip))
        send_flipped(r, flow, up, bytes, len, (size_t)(rng_next(&r->rng) % len * 8 + rng_next(&r->rng) % 8));
    if (rng_chance(&r->rng, o->unknown))
        invent_unknown(r, flow, up);
    if (rng_chance(&r->rng, o->noise))
        invent_noise(r, flow, up);
    pass(r, flow, up, way, bytes, len);
    keep_or_replay(r, flow, up, way, bytes, len);
}

static struct flow *flow_of(struct relay *r, const struct net_addr *client)
{
    for (unsigned i = 0; i < r->flow_count; i++) {
        if (net_same(&r->flows[i].client, client))
            return &r->flows[i];
    }
    if (r->flow_count == MAX_FLOWS)
        die("more than %d client addresses", MAX_FLOWS);
    struct flow *flow = &r->flows[r->flow_count++];
    flow->client = *client;
    flow->upstream = net_connect(SOCK_DGRAM, &r->options.to);
    return flow;
}

static void receive(struct relay *r, int fd, struct flow *down)
{
    static uint8_t buf[NET_DATAGRAM];
    struct net_addr from = {.len = sizeof(from.sa)};
    ssize_t n = recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT, (struct sockaddr *)&from.sa, &from.len);
    if (n < 0)
        return;
    struct flow *flow = down ? down : flow_of(r, &from);
    impair(r, flow, !down, buf, (size_t)n);
}

static void serve(struct relay *r, const sigset_t *waiting)
{
    struct pollfd fds[MAX_FLOWS + 1];
    const struct timespec quiet = {.tv_nsec = 20000000};
    while (!stop) {
        fds[0] = (struct pollfd){.fd = r->fd, .events = POLLIN};
        for (unsigned i = 0; i < r->flow_count; i++)
            fds[i + 1] = (struct pollfd){.fd = r->flows[i].upstream, .events = POLLIN};
        unsigned flows = r->flow_count;
        int ready = ppoll(fds, flows + 1, &quiet, waiting);
        for (unsigned i = 0; i < flows; i++) {
            if (ready > 0 && fds[i + 1].revents)
                receive(r, fds[i + 1].fd, &r->flows[i]);
            if (ready == 0) {
                release(r, &r->flows[i], true, &r->flows[i].up, true);
                release(r, &r->flows[i], false, &r->flows[i].down, true);
            }
        }
        if (ready > 0 && fds[0].revents)
            receive(r, r->fd, NULL);
    }
}

static void print_counts(const char *name, const struct counts *c, const char *after)
{
    printf("\"%s\":{\"passed\":%llu,\"lost\":%llu,\"doubled\":%llu,\"reordered\":%llu,\"flipped\":%llu,\"replayed\":%llu,"
           "\"unknown\":%llu,\"noise\":%llu,\"rebound\":%llu,\"blocked\":%llu}%s",
           name, c->passed, c->lost, c->doubled, c->reordered, c->flipped, c->replayed, c->unknown, c->noise, c->rebound,
           c->blocked, after);
}

static unsigned permille(const char *what)
{
    return (unsigned)number(what, optarg, 0, 1000);
}

static void parse_direction(struct options *o)
{
    o->up = !strcmp(optarg, "up") || !strcmp(optarg, "both");
    o->down = !strcmp(optarg, "down") || !strcmp(optarg, "both");
    if (!o->up && !o->down)
        die("--dir up, down or both");
}

static void parse_options(struct options *o, int argc, char **argv)
{
    enum { LISTEN = 1, TO, DIR, SEED, LOSS, DUP, REORDER, FLIP, SWEEP, REPLAY, UNKNOWN, NOISE, FOREIGN, REBIND, MTU };
    static const struct option table[] = {
        {"listen", 1, NULL, LISTEN},   {"to", 1, NULL, TO},         {"dir", 1, NULL, DIR},         {"seed", 1, NULL, SEED},
        {"loss", 1, NULL, LOSS},       {"dup", 1, NULL, DUP},       {"reorder", 1, NULL, REORDER}, {"flip", 1, NULL, FLIP},
        {"sweep", 1, NULL, SWEEP},     {"replay", 1, NULL, REPLAY}, {"unknown", 1, NULL, UNKNOWN}, {"noise", 1, NULL, NOISE},
        {"foreign", 0, NULL, FOREIGN}, {"rebind", 1, NULL, REBIND}, {"mtu", 1, NULL, MTU},         {0}};
    for (int c; (c = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        switch (c) {
        case LISTEN:
            o->listen = net_parse(optarg);
            break;
        case TO:
            o->to = net_parse(optarg);
            break;
        case DIR:
            parse_direction(o);
            break;
        case SEED:
            o->seed = number("seed", optarg, 0, UINT64_MAX);
            break;
        case LOSS:
            o->loss = permille("loss");
            break;
        case DUP:
            o->dup = permille("dup");
            break;
        case REORDER:
            o->reorder = permille("reorder");
            break;
        case FLIP:
            o->flip = permille("flip");
            break;
        case SWEEP:
            o->sweep = (unsigned)number("sweep", optarg, 1, 100000);
            break;
        case REPLAY:
            o->replay = (unsigned)number("replay", optarg, 1, 100000);
            break;
        case UNKNOWN:
            o->unknown = permille("unknown");
            break;
        case NOISE:
            o->noise = permille("noise");
            break;
        case REBIND:
            o->rebind = (unsigned)number("rebind", optarg, 1, 100000);
            break;
        case MTU:
            o->mtu = (unsigned)number("mtu", optarg, 576, 65535);
            break;
        case FOREIGN:
            o->foreign = true;
            break;
        default:
            exit(2);
        }
    }
    if (optind != argc || !o->listen.len || !o->to.len)
        die("--listen ADDR and --to ADDR are needed");
}

static void free_way(struct way *way)
{
    for (unsigned i = 0; i < way->keeping; i++)
        free(way->kept[i].bytes);
    for (unsigned i = 0; i < way->holding; i++)
        free(way->held[i].bytes);
    free(way->kept);
}

int main(int argc, char **argv)
{
    static struct relay relay = {.options = {.up = true, .down = true, .seed = 1}};
    struct sigaction action = {.sa_handler = on_term};
    struct sigaction block = {.sa_handler = on_block};
    sigset_t held;
    sigset_t waiting;
    parse_options(&relay.options, argc, argv);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGUSR1, &block, NULL);
    sigaction(SIGUSR2, &block, NULL);
    sigemptyset(&held);
    for (unsigned i = 0; i < 4; i++)
        sigaddset(&held, (const int[]){SIGTERM, SIGINT, SIGUSR1, SIGUSR2}[i]);
    sigprocmask(SIG_BLOCK, &held, &waiting);
    relay.rng.state = relay.options.seed;
    relay.fd = net_bind(SOCK_DGRAM, &relay.options.listen);
    relay.foreign = net_connect(SOCK_DGRAM, &relay.options.to);
    net_announce(relay.fd);
    serve(&relay, &waiting);
    printf("{");
    print_counts("up", &relay.counts[0], ",");
    print_counts("down", &relay.counts[1], "}\n");
    for (unsigned i = 0; i < relay.flow_count; i++) {
        free_way(&relay.flows[i].up);
        free_way(&relay.flows[i].down);
    }
    return 0;
}
