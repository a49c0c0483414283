/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static const char help[] =
    "usage: sluice-sim --socket PATH [options]\n"
    "The simulated sluice card, behind a vfio-user socket.\n"
    "\n"
    "  --socket PATH         UNIX socket to listen on; one client at a time\n"
    "  --ready-fd FD         write a newline to FD and close it once listening\n"
    "  --stats               print statistics at exit\n"
    "  --free-run            run the clock also while the card has nothing to do\n"
    "\n"
    "the card:\n"
    "  --self-test           test memories and lanes after power on, as a card does; without it the card is ready at once\n"
    "  --firmware FILE       another image of its firmware, as build/firmware/sluice.hex is one\n"
    "  --entropy KIND        its noise source: good, biased, stuck or off (good)\n"
    "\n"
    "the host:\n"
    "  --latency CLOCKS      from a read to its first completion, 0 to 10000000 (125)\n"
    "  --mps BYTES           maximum payload size, 128, 256 or 512 (128)\n"
    "  --mrrs BYTES          maximum read request size, 128 to 4096 (512)\n"
    "  --rcb BYTES           read completion boundary, 64 or 128 (64)\n"
    "  --credits HDR,DATA    completion credits that the card may use at once, 8 to 255 and 32 to 4095 (36,461)\n"
    "\n"
    "what a host may do, chosen by the seed:\n"
    "  --seed N              of every random choice, and of what registers and memories hold at first (1)\n"
    "  --stall P             hold each stream back in P percent of the clocks, 0 to 95 (0)\n"
    "  --split P|random      cut P percent of the completions short, 0 to 100; random is 100 (0)\n"
    "  --reorder             answer reads in any order, with latencies up to doubled\n"
    "  --errors N            make one of N completions an error or poisoned; 0: none (0)\n"
    "  --hang-reads N        never answer one of N reads, so that what waits for it hangs until a reset or for a million clocks "
    "(0)\n"
    "  --hang-lanes N        have a lane stop within one of N of its records, until a reset (0)\n"
    "  --drop-doorbells N    let one of N doorbells come to nothing (0)\n"
    "  --reset-doorbells N   have the card reset itself at one of N doorbells, which comes to nothing (0)\n"
    "  --lose-interrupts N   let one of N interrupts come to nothing (0)\n"
    "  --fault KIND,ADDRESS,BYTES\n"
    "                        memory of which every second page of 4096 bytes, beginning with the second, cannot be read: reads\n"
    "                        end `unsupported` or `aborted`, are `poisoned`, or answered too `late`; once for each KIND\n"
    "\n"
    "  --trace FILE          write an FST trace (only in sluice-sim-trace; see make sim-trace)\n"
    "  --trace-from CYCLE    begin it there (0)\n"
    "  --help\n";

enum {
    OPT_SOCKET = 256,
    OPT_READY_FD,
    OPT_STATS,
    OPT_FREE_RUN,
    OPT_SELF_TEST,
    OPT_FIRMWARE,
    OPT_ENTROPY,
    OPT_LATENCY,
    OPT_MPS,
    OPT_MRRS,
    OPT_RCB,
    OPT_CREDITS,
    OPT_SEED,
    OPT_STALL,
    OPT_SPLIT,
    OPT_REORDER,
    OPT_ERRORS,
    OPT_HANG_READS,
    OPT_HANG_LANES,
    OPT_DROP_DOORBELLS,
    OPT_RESET_DOORBELLS,
    OPT_LOSE_INTERRUPTS,
    OPT_FAULT,
    OPT_TRACE,
    OPT_TRACE_FROM,
    OPT_HELP,
};

static const struct option longs[] = {
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"ready-fd", required_argument, NULL, OPT_READY_FD},
    {"stats", no_argument, NULL, OPT_STATS},
    {"free-run", no_argument, NULL, OPT_FREE_RUN},
    {"self-test", no_argument, NULL, OPT_SELF_TEST},
    {"firmware", required_argument, NULL, OPT_FIRMWARE},
    {"entropy", required_argument, NULL, OPT_ENTROPY},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"mps", required_argument, NULL, OPT_MPS},
    {"mrrs", required_argument, NULL, OPT_MRRS},
    {"rcb", required_argument, NULL, OPT_RCB},
    {"credits", required_argument, NULL, OPT_CREDITS},
    {"seed", required_argument, NULL, OPT_SEED},
    {"stall", required_argument, NULL, OPT_STALL},
    {"split", required_argument, NULL, OPT_SPLIT},
    {"reorder", no_argument, NULL, OPT_REORDER},
    {"errors", required_argument, NULL, OPT_ERRORS},
    {"hang-reads", required_argument, NULL, OPT_HANG_READS},
    {"hang-lanes", required_argument, NULL, OPT_HANG_LANES},
    {"drop-doorbells", required_argument, NULL, OPT_DROP_DOORBELLS},
    {"reset-doorbells", required_argument, NULL, OPT_RESET_DOORBELLS},
    {"lose-interrupts", required_argument, NULL, OPT_LOSE_INTERRUPTS},
    {"fault", required_argument, NULL, OPT_FAULT},
    {"trace", required_argument, NULL, OPT_TRACE},
    {"trace-from", required_argument, NULL, OPT_TRACE_FROM},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct parser {
    struct options *o;
    FILE *err;
    const char *name; /* of the option at hand */
};

static int bad(const struct parser *p, const char *text, const char *expected)
{
    fprintf(p->err, "sluice-sim: --%s %s: expected %s\n", p->name, text, expected);
    return -EINVAL;
}

/* A whole number, decimal or 0x, that ends where the text does or at `stop`. */
static int scan(const char *text, char stop, uint64_t *value)
{
    char *end = NULL;

    if (text[0] < '0' || text[0] > '9')
        return -EINVAL;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return errno || *end != stop ? -EINVAL : 0;
}

static int number(const struct parser *p, const char *text, uint64_t least, uint64_t most, uint64_t *value)
{
    char expected[80];

    if (scan(text, 0, value) == 0 && *value >= least && *value <= most)
        return 0;
    (void)snprintf(expected, sizeof(expected), "a number from %llu to %llu", (unsigned long long)least, (unsigned long long)most);
    return bad(p, text, expected);
}

static int small(const struct parser *p, const char *text, unsigned least, unsigned most, unsigned *value)
{
    uint64_t n = 0;
    int rc = number(p, text, least, most, &n);

    if (rc == 0)
        *value = (unsigned)n;
    return rc;
}

static int size(const struct parser *p, const char *text, unsigned least, unsigned most, unsigned *value)
{
    char expected[64];
    uint64_t n = 0;

    if (scan(text, 0, &n) == 0 && n >= least && n <= most && (n & (n - 1)) == 0) {
        *value = (unsigned)n;
        return 0;
    }
    (void)snprintf(expected, sizeof(expected), "a power of two from %u to %u", least, most);
    return bad(p, text, expected);
}

static int credits(const struct parser *p, const char *text, struct reads_config *reads)
{
    const char *comma = strchr(text, ',');
    uint64_t headers = 0, data = 0;

    if (!comma || scan(text, ',', &headers) < 0 || scan(comma + 1, 0, &data) < 0 || headers < 8 || headers > 255 || data < 32 ||
        data > 4095)
        return bad(p, text, "HEADERS,DATA with 8 to 255 headers and 32 to 4095 data credits");
    reads->header_credits = (unsigned)headers;
    reads->data_credits = (unsigned)data;
    return 0;
}

static int fault(const struct parser *p, const char *text, struct reads_config *reads)
{
    static const char *const kinds[READS_FAULTS] = {"unsupported", "aborted", "poisoned", "late"};
    const char *comma = strchr(text, ','), *second = comma ? strchr(comma + 1, ',') : NULL;
    unsigned kind = 0;

    while (comma && kind < READS_FAULTS &&
           (strlen(kinds[kind]) != (size_t)(comma - text) || strncmp(text, kinds[kind], strlen(kinds[kind])) != 0))
        kind++;
    if (!second || kind == READS_FAULTS || scan(comma + 1, ',', &reads->fault[kind].address) < 0 ||
        scan(second + 1, 0, &reads->fault[kind].bytes) < 0 || reads->fault[kind].address % READS_FAULT_PAGE != 0)
        return bad(p, text, "unsupported, aborted, poisoned or late, the address of a page, and bytes");
    return 0;
}

static int noise(const struct parser *p, const char *text, enum dut_noise *kind)
{
    static const char *const kinds[] = {
        [DUT_NOISE_GOOD] = "good", [DUT_NOISE_BIASED] = "biased", [DUT_NOISE_STUCK] = "stuck", [DUT_NOISE_OFF] = "off"};

    for (unsigned i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (strcmp(text, kinds[i]) == 0) {
            *kind = (enum dut_noise)i;
            return 0;
        }
    }
    return bad(p, text, "good, biased, stuck or off");
}

static int readable(const struct parser *p, const char *text, const char **path)
{
    if (access(text, R_OK) < 0)
        return bad(p, text, "a file that can be read");
    *path = text;
    return 0;
}

static int socket_path(const struct parser *p, const char *text, const char **path)
{
    if (text[0] == 0 || strlen(text) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return bad(p, text, "a path of 1 to 107 characters");
    *path = text;
    return 0;
}

static int split(const struct parser *p, const char *text, unsigned *percent)
{
    if (strcmp(text, "random") == 0) {
        *percent = 100;
        return 0;
    }
    return small(p, text, 0, 100, percent);
}

static int trace(const struct parser *p, const char *text, const char **path)
{
    if (!dut_can_trace()) {
        fprintf(p->err, "sluice-sim: --%s: this program was built without traces; use sluice-sim-trace (make sim-trace)\n",
                p->name);
        return -EINVAL;
    }
    *path = text;
    return 0;
}

static int take(const struct parser *p, int option, const char *text)
{
    struct root_options *r = &p->o->root;
    unsigned n = 0;
    int rc = 0;

    switch (option) {
    case OPT_SOCKET:
        return socket_path(p, text, &p->o->socket);
    case OPT_READY_FD:
        rc = small(p, text, 0, 65535, &n);
        p->o->ready_fd = (int)n;
        return rc;
    case OPT_STATS:
        p->o->stats = true;
        return 0;
    case OPT_FREE_RUN:
        r->free_run = true;
        return 0;
    case OPT_SELF_TEST:
        r->self_test = true;
        return 0;
    case OPT_FIRMWARE:
        return readable(p, text, &r->firmware);
    case OPT_ENTROPY:
        return noise(p, text, &r->noise);
    case OPT_LATENCY:
        return small(p, text, 0, 10000000, &r->reads.latency);
    case OPT_MPS:
        return size(p, text, 128, 512, &r->host.mps);
    case OPT_MRRS:
        return size(p, text, 128, 4096, &r->host.mrrs);
    case OPT_RCB:
        return size(p, text, 64, 128, &r->host.rcb);
    case OPT_CREDITS:
        return credits(p, text, &r->reads);
    case OPT_SEED:
        return number(p, text, 0, UINT64_MAX, &r->seed);
    case OPT_STALL:
        return small(p, text, 0, 95, &r->stall);
    case OPT_SPLIT:
        return split(p, text, &r->reads.split);
    case OPT_REORDER:
        r->reads.reorder = true;
        return 0;
    case OPT_ERRORS:
        return small(p, text, 0, 1000000, &r->reads.error_one_in);
    case OPT_HANG_READS:
        return small(p, text, 0, 1000000, &r->reads.hang_one_in);
    case OPT_HANG_LANES:
        return small(p, text, 0, 1000000, &r->hang_lanes);
    case OPT_DROP_DOORBELLS:
        return small(p, text, 0, 1000000, &r->drop_doorbells);
    case OPT_RESET_DOORBELLS:
        return small(p, text, 0, 1000000, &r->reset_doorbells);
    case OPT_LOSE_INTERRUPTS:
        return small(p, text, 0, 1000000, &r->lose_interrupts);
    case OPT_FAULT:
        return fault(p, text, &r->reads);
    case OPT_TRACE:
        return trace(p, text, &r->trace);
    case OPT_TRACE_FROM:
        return number(p, text, 0, UINT64_MAX, &r->trace_from);
    default:
        return -EINVAL;
    }
}

static void defaults(struct options *o)
{
    memset(o, 0, sizeof(*o));
    o->ready_fd = -1;
    o->root.seed = 1;
    o->root.host = (struct config_host){.mps = 128, .mrrs = 512, .rcb = 64, .vectors = MSIX_VECTORS};
    o->root.reads.latency = 125;
    o->root.reads.header_credits = 36;
    o->root.reads.data_credits = 461;
}

static enum options_result finish(const struct options *o, int argc, char **argv, FILE *err)
{
    if (optind < argc)
        fprintf(err, "sluice-sim: %s: expected an option; see --help\n", argv[optind]);
    else if (!o->socket)
        fprintf(err, "sluice-sim: --socket PATH is missing; see --help\n");
    else if (o->root.trace_from && !o->root.trace)
        fprintf(err, "sluice-sim: --trace-from: expected --trace FILE beside it\n");
    else
        return OPTIONS_RUN;
    return OPTIONS_BAD;
}

enum options_result options_parse(struct options *o, int argc, char **argv, FILE *out, FILE *err)
{
    struct parser p = {o, err, NULL};
    int option = 0, which = 0;

    defaults(o);
    opterr = 0;
    optind = 0;
    while ((option = getopt_long(argc, argv, ":", longs, &which)) != -1) {
        if (option == OPT_HELP) {
            fputs(help, out);
            return OPTIONS_DONE;
        }
        if (option == '?' || option == ':') {
            fprintf(err, "sluice-sim: %s: %s; see --help\n", argv[optind - 1],
                    option == ':' ? "expected a value" : "no such option");
            return OPTIONS_BAD;
        }
        p.name = longs[which].name;
        if (take(&p, option, optarg) < 0)
            return OPTIONS_BAD;
    }
    return finish(o, argc, argv, err);
}
