/* SPDX-License-Identifier: Apache-2.0 */
/* sluice-sim: the card's RTL in Verilator behind a vfio-user socket. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guard.h"
#include "options.h"
#include "server.h"

enum { EXIT_OK = 0, EXIT_START = 1, EXIT_OPTIONS = 2, EXIT_CARD = 3 };

struct program {
    struct options options;
    struct root root;
    struct server server;
};

static void announce(const struct options *o)
{
    printf("listening on %s\n", o->socket);
    fflush(stdout);
    if (o->ready_fd >= 0) {
        if (write(o->ready_fd, "\n", 1) != 1)
            fprintf(stderr, "sluice-sim: --ready-fd %d: %s\n", o->ready_fd, strerror(errno));
        close(o->ready_fd);
    }
}

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void print_stats(const struct program *p, double began)
{
    const struct root_stats *s = &p->root.stats;
    double wall = seconds(CLOCK_MONOTONIC) - began, busy = wall - p->server.idle_seconds;

    printf("cycles             %" PRIu64 "\n", p->root.cycle);
    printf("seconds            %.3f, %.3f of CPU\n", wall, seconds(CLOCK_PROCESS_CPUTIME_ID));
    printf("cycles a second    %.0f while running\n", busy > 0 ? (double)p->root.cycle / busy : 0.0);
    printf("idle               %.1f %% of the time\n", wall > 0 ? 100.0 * p->server.idle_seconds / wall : 0.0);
    printf("to the card        %" PRIu64 " TLPs, %" PRIu64 " bytes\n", s->tlps_down, s->bytes_down);
    printf("from the card      %" PRIu64 " TLPs, %" PRIu64 " bytes\n", s->tlps_up, s->bytes_up);
    printf("DMA                %" PRIu64 " bytes read, %" PRIu64 " bytes written\n", s->dma_read_bytes, s->dma_write_bytes);
    printf("DMA errors         %" PRIu64 " reads refused, %" PRIu64 " writes dropped\n", s->reads_refused, s->writes_dropped);
    printf("BAR                %" PRIu64 " reads (%" PRIu64 " clocks at worst), %" PRIu64 " writes, %" PRIu64 " lost\n",
           s->mmio_reads, s->mmio_worst, s->mmio_writes, s->mmio_lost);
    printf("interrupts         %" PRIu64 "\n", p->root.msix.sent);
    printf("faults             %" PRIu64 " doorbells and %" PRIu64 " interrupts lost, %" PRIu64 " resets of its own, %" PRIu64
           " reads and %" PRIu64 " lanes hung\n",
           s->doorbells_dropped, s->interrupts_lost, s->own_resets, p->root.reads.hung, s->lanes_hung);
    printf("clients            %" PRIu64 ", %" PRIu64 " function resets\n", p->server.clients, s->resets);
}

static int serve(struct program *p)
{
    double began = seconds(CLOCK_MONOTONIC);
    int rc = server_open(&p->server, &p->root, p->options.socket);

    if (rc < 0) {
        fprintf(stderr, "sluice-sim: %s: %s\n", p->options.socket, strerror(-rc));
        return EXIT_START;
    }
    announce(&p->options);
    rc = server_run(&p->server);
    if (rc < 0)
        fprintf(stderr, "sluice-sim: %s\n", strerror(-rc));
    server_close(&p->server);
    if (p->options.stats)
        print_stats(p, began);
    if (root_fault(&p->root)) {
        fprintf(stderr, "sluice-sim: cycle %" PRIu64 ": the card broke a rule: %s\n", p->root.cycle, root_fault(&p->root));
        return EXIT_CARD;
    }
    return rc < 0 ? EXIT_START : EXIT_OK;
}

static int run(struct program *p)
{
    struct root_remote remote = vfu_remote(&p->server.vfu);
    int rc = guard_install();

    if (rc == 0)
        rc = root_open(&p->root, &p->options.root, &remote);
    if (rc < 0) {
        fprintf(stderr, "sluice-sim: %s\n", strerror(-rc));
        return EXIT_START;
    }
    vfu_open(&p->server.vfu, &p->root, -1);
    rc = serve(p);
    root_close(&p->root);
    return rc;
}

int main(int argc, char **argv)
{
    struct program *p = calloc(1, sizeof(*p));
    int rc = EXIT_START;

    if (!p) {
        fprintf(stderr, "sluice-sim: %s\n", strerror(ENOMEM));
        return EXIT_START;
    }
    switch (options_parse(&p->options, argc, argv, stdout, stderr)) {
    case OPTIONS_RUN:
        rc = run(p);
        break;
    case OPTIONS_DONE:
        rc = EXIT_OK;
        break;
    case OPTIONS_BAD:
        rc = EXIT_OPTIONS;
        break;
    }
    free(p);
    return rc;
}
