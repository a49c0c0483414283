/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends numbered datagrams through a SOCKS5 UDP ASSOCIATE to an echo server, or straight to an address (a local forward), and
 * checks every byte that comes back. Prints its counts as JSON. Exit status: 0 all came back once and whole, 1 refused by the
 * proxy, 3 some did not. SIGTERM: it sends no more, and waits for what is still under way.
 *
 * A datagram is its sequence number (4 bytes) and bytes that follow from seed, sequence number and length. One shorter than that
 * is told by its length alone.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "socks.h"

enum { MAX_DEST = 8, MAX_COUNT = 1 << 20, SEQ = 4 };

struct options {
    struct socks_options socks;
    bool direct;
    struct net_addr dest[MAX_DEST];
    unsigned dests;
    unsigned count;
    unsigned size_low, size_high; /* bytes of a datagram */
    unsigned rate;                /* datagrams a second, 0: as fast as the window lets it */
    unsigned window;              /* sent and not yet answered */
    unsigned timeout;             /* ms without an answer after which what is missing counts as lost */
    unsigned linger;              /* ms to wait for surplus answers at the end */
    uint8_t frag;
    uint64_t seed;
};

struct run {
    const struct options *options;
    int tcp; /* -1: direct */
    int udp;
    struct net_addr relay;
    uint8_t *seen; /* by sequence number */
    unsigned sent, received, duplicates, corrupt, late, highest;
    bool ended; /* the association's TCP connection is gone */
};

static unsigned size_of(const struct options *o, uint32_t seq)
{
    struct rng rng = {o->seed ^ (uint64_t)seq << 20};
    return o->size_low + (unsigned)(rng_next(&rng) % (o->size_high - o->size_low + 1));
}

static void make_payload(const struct options *o, uint32_t seq, uint8_t *out, size_t size)
{
    struct rng rng = {(o->seed << 32) ^ seq};
    uint32_t wire = htonl(seq);
    rng_fill(&rng, out, size);
    if (size >= SEQ)
        memcpy(out, &wire, SEQ);
}

static void send_one(struct run *run)
{
    static uint8_t buf[NET_DATAGRAM];
    const struct options *o = run->options;
    uint32_t seq = run->sent++;
    size_t size = size_of(o, seq);
    size_t header = o->direct ? 0 : socks_udp_header(&o->dest[seq % o->dests], o->frag, buf);
    if (header + size > sizeof(buf))
        die("datagram too large");
    make_payload(o, seq, buf + header, size);
    if (send(run->udp, buf, header + size, 0) < 0 && run->options->count == 1)
        die("send: %s", strerror(errno));
}

static void count_whole(struct run *run, uint32_t seq)
{
    run->received++;
    if (run->seen[seq]++)
        run->duplicates++;
    if (seq < run->highest)
        run->late++;
    else
        run->highest = seq;
}

static void check_payload(struct run *run, const uint8_t *payload, size_t size, const struct net_addr *from)
{
    static uint8_t want[NET_DATAGRAM];
    const struct options *o = run->options;
    uint32_t seq;
    if (size < SEQ) {
        run->corrupt += o->size_low != size;
        run->received++;
        return;
    }
    memcpy(&seq, payload, SEQ);
    seq = ntohl(seq);
    if (seq >= run->sent || size_of(o, seq) != size) {
        run->corrupt++;
        return;
    }
    make_payload(o, seq, want, size);
    if (memcmp(want, payload, size) != 0 || (from && !net_same(from, &o->dest[seq % o->dests])))
        run->corrupt++;
    else
        count_whole(run, seq);
}

static void receive_one(struct run *run)
{
    static uint8_t buf[NET_DATAGRAM];
    struct net_addr from;
    ssize_t n = recv(run->udp, buf, sizeof(buf), MSG_DONTWAIT);
    if (n < 0)
        return;
    if (run->options->direct) {
        check_payload(run, buf, (size_t)n, NULL);
        return;
    }
    size_t header = socks_udp_parse(buf, (size_t)n, &from);
    if (header)
        check_payload(run, buf + header, (size_t)n - header, &from);
    else
        run->corrupt++;
}

/* Waits for an answer or the end of the association; true when one came. */
static bool wait_answer(struct run *run, int ms)
{
    struct pollfd fds[2] = {{.fd = run->udp, .events = POLLIN}, {.fd = run->ended ? -1 : run->tcp, .events = POLLIN}};
    if (poll(fds, 2, ms) <= 0)
        return false;
    if (fds[1].revents)
        run->ended = true;
    if (!fds[0].revents)
        return false;
    receive_one(run);
    return true;
}

static volatile sig_atomic_t stopping;

static void on_stop(int number)
{
    (void)number;
    stopping = 1;
}

static void exchange(struct run *run)
{
    const struct options *o = run->options;
    uint64_t start = net_now();
    uint64_t progress = start;
    unsigned lost = 0;
    while ((run->sent < o->count && !stopping) || run->received + lost < run->sent) {
        uint64_t now = net_now();
        unsigned open = run->sent > run->received + lost ? run->sent - run->received - lost : 0;
        bool due = !o->rate || (now - start) * o->rate / 1000 >= run->sent;
        if (run->sent < o->count && !stopping && open < o->window && due) {
            send_one(run);
            continue;
        }
        if (wait_answer(run, o->rate ? 1 : 10))
            progress = net_now();
        else if (net_now() - progress > o->timeout) {
            lost += open;
            progress = net_now();
        }
    }
    for (uint64_t end = net_now() + o->linger; net_now() < end;)
        wait_answer(run, 10);
}

static int report(const struct run *run)
{
    unsigned missing = 0;
    for (unsigned i = 0; i < run->sent; i++)
        missing += !run->seen[i];
    if (run->options->size_high < SEQ)
        missing = run->sent > run->received ? run->sent - run->received : 0;
    printf("{\"sent\":%u,\"received\":%u,\"missing\":%u,\"duplicates\":%u,\"corrupt\":%u,\"late\":%u,\"ended\":%s}\n", run->sent,
           run->received, missing, run->duplicates, run->corrupt, run->late, run->ended ? "true" : "false");
    return missing || run->duplicates || run->corrupt ? 3 : 0;
}

static void associate(struct run *run)
{
    const struct options *o = run->options;
    run->tcp = -1;
    run->relay = o->dest[0];
    if (!o->direct) {
        run->tcp = socks_open(&o->socks, SOCKS_UDP_ASSOCIATE, "0.0.0.0:0", &run->relay);
        struct sockaddr_in *relay = (struct sockaddr_in *)&run->relay.sa;
        if (relay->sin_family == AF_INET && !relay->sin_addr.s_addr && o->socks.proxy.sa.ss_family == AF_INET)
            relay->sin_addr = ((const struct sockaddr_in *)&o->socks.proxy.sa)->sin_addr;
    }
    run->udp = net_connect(SOCK_DGRAM, &run->relay);
}

static _Noreturn void usage(int status)
{
    fputs("usage: socks-udp (--proxy ADDR [--user U --password P] | --direct) --to ADDR [--to ADDR...]\n"
          "  [--count N] [--size N[-N]] [--rate PER_SECOND] [--window N] [--timeout MS] [--linger MS] [--frag N] [--seed N]\n",
          status ? stderr : stdout);
    exit(status);
}

static void parse_size(struct options *o, char *text)
{
    char *dash = strchr(text, '-');
    if (dash)
        *dash = 0;
    o->size_low = (unsigned)number("size", text, 0, 65000);
    o->size_high = dash ? (unsigned)number("size", dash + 1, o->size_low, 65000) : o->size_low;
    if (o->size_low < SEQ && o->size_high != o->size_low)
        die("sizes below %d bytes cannot be mixed with others", SEQ);
}

static void parse_options(struct options *o, int argc, char **argv)
{
    enum { PROXY = 1, USER, PASSWORD, DIRECT, TO, COUNT, SIZE, RATE, WINDOW, TIMEOUT, LINGER, FRAG, SEED };
    static const struct option table[] = {
        {"proxy", 1, NULL, PROXY},     {"user", 1, NULL, USER},     {"password", 1, NULL, PASSWORD},
        {"direct", 0, NULL, DIRECT},   {"to", 1, NULL, TO},         {"count", 1, NULL, COUNT},
        {"size", 1, NULL, SIZE},       {"rate", 1, NULL, RATE},     {"window", 1, NULL, WINDOW},
        {"timeout", 1, NULL, TIMEOUT}, {"linger", 1, NULL, LINGER}, {"frag", 1, NULL, FRAG},
        {"seed", 1, NULL, SEED},       {"help", 0, NULL, 'h'},      {0}};
    for (int c; (c = getopt_long(argc, argv, "h", table, NULL)) != -1;) {
        switch (c) {
        case PROXY:
            o->socks.proxy = net_parse(optarg);
            break;
        case USER:
            o->socks.user = optarg;
            break;
        case PASSWORD:
            o->socks.password = optarg;
            break;
        case DIRECT:
            o->direct = true;
            break;
        case TO:
            if (o->dests == MAX_DEST)
                die("at most %d --to", MAX_DEST);
            o->dest[o->dests++] = net_parse(optarg);
            break;
        case COUNT:
            o->count = (unsigned)number("count", optarg, 1, MAX_COUNT);
            break;
        case SIZE:
            parse_size(o, optarg);
            break;
        case RATE:
            o->rate = (unsigned)number("rate", optarg, 0, 1000000);
            break;
        case WINDOW:
            o->window = (unsigned)number("window", optarg, 1, 100000);
            break;
        case TIMEOUT:
            o->timeout = (unsigned)number("timeout", optarg, 1, 600000);
            break;
        case LINGER:
            o->linger = (unsigned)number("linger", optarg, 0, 600000);
            break;
        case FRAG:
            o->frag = (uint8_t)number("frag", optarg, 0, 255);
            break;
        case SEED:
            o->seed = number("seed", optarg, 0, UINT64_MAX);
            break;
        default:
            usage(c == 'h' ? 0 : 2);
        }
    }
    if (optind != argc || !o->dests || (!o->direct && !o->socks.proxy.len) || !o->socks.user != !o->socks.password)
        usage(2);
}

int main(int argc, char **argv)
{
    struct options options = {
        .count = 100, .size_low = 200, .size_high = 200, .window = 16, .timeout = 2000, .linger = 100, .seed = 1};
    parse_options(&options, argc, argv);
    struct run run = {.options = &options, .seen = calloc(options.count, 1)};
    if (!run.seen)
        die("out of memory");
    associate(&run);
    signal(SIGTERM, on_stop);
    exchange(&run);
    int status = report(&run);
    free(run.seen);
    return status;
}
