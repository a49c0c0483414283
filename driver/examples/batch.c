/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals many records in bursts and waits for completions by the queue pair's eventfd, as a program with an event loop does, and
 * goes on with the software engine when the card goes away: batch URI [RECORDS].
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>

#define DEPTH   32u
#define BYTES   1400u
#define ROOM    2048u
#define MOST    1000000u
#define WAIT_MS 30000

struct batch {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa;
    char *memory;         /* DEPTH buffers of ROOM bytes */
    unsigned free[DEPTH]; /* those that no operation has */
    unsigned frees;
    unsigned sent, sealed; /* records */
};

static void check(int err, const char *what)
{
    if (err < 0) {
        fprintf(stderr, "%s: %s\n", what, strerror(-err));
        exit(EXIT_FAILURE);
    }
}

/* Counters go on where they were: none is ever used twice, by whichever engine. */
static void begin(struct batch *b, const char *uri, unsigned first)
{
    struct sluice_sa_config config;

    memset(&config, 0, sizeof config);
    config.cipher = SLUICE_CIPHER_AES256;
    config.mac = SLUICE_MAC_SHA256;
    config.form = SLUICE_FORM_UDP_ETM;
    config.direction = SLUICE_DIRECTION_SEAL;
    config.nonce_mode = SLUICE_NONCE_MODE_SEQUENCE;
    config.mac_len = 16;
    config.counter = first;
    check(sluice_open(uri, NULL, &b->card), uri);
    check(sluice_qp_create(b->card, DEPTH, &b->qp), "sluice_qp_create");
    check(sluice_sa_create(b->card, &config, &b->sa), "sluice_sa_create");
    b->memory = sluice_mem_alloc(b->card, DEPTH * ROOM);
    check(b->memory ? 0 : -ENOMEM, "sluice_mem_alloc");
    for (b->frees = 0; b->frees < DEPTH; b->frees++) {
        b->free[b->frees] = b->frees;
    }
}

static void end(struct batch *b)
{
    sluice_mem_free(b->card, b->memory);
    sluice_sa_destroy(b->sa);
    sluice_qp_destroy(b->qp);
    sluice_close(b->card);
}

/* Submits as many as there are buffers for, in one burst. */
static int submit(struct batch *b, unsigned records)
{
    struct sluice_op ops[DEPTH];
    unsigned n = 0;
    int taken;

    while (n < b->frees && b->sent + n < records) {
        unsigned buffer = b->free[b->frees - 1 - n];

        memset(&ops[n], 0, sizeof ops[n]);
        ops[n].type = SLUICE_OP_TYPE_SEAL;
        ops[n].sa = b->sa;
        ops[n].src = ops[n].dst = b->memory + buffer * ROOM; /* in place */
        ops[n].src_len = BYTES;
        ops[n].dst_len = ROOM;
        ops[n].cookie = buffer;
        n++;
    }
    taken = sluice_qp_submit(b->qp, ops, n);
    if (taken > 0) {
        b->frees -= (unsigned)taken;
        b->sent += (unsigned)taken;
    }
    return taken;
}

/* Takes what is complete. Here the records would be sent. */
static int collect(struct batch *b)
{
    struct sluice_done done[DEPTH];
    int n = sluice_qp_poll(b->qp, done, DEPTH), i;

    for (i = 0; i < n; i++) {
        b->sealed += done[i].status == SLUICE_STATUS_OK;
        b->free[b->frees++] = (unsigned)done[i].cookie;
    }
    return n;
}

static int seal(struct batch *b, unsigned records)
{
    int n;

    do {
        struct pollfd fd = {sluice_qp_fd(b->qp), POLLIN, 0};

        n = submit(b, records);
        /* Armed only when nothing is there: so none is missed. */
        if (n >= 0 && sluice_qp_arm(b->qp) == 0 && sluice_qp_in_flight(b->qp) > 0 && poll(&fd, 1, WAIT_MS) == 0) {
            return -ETIMEDOUT;
        }
        n = collect(b);
    } while (n >= 0 && (b->sent < records || sluice_qp_in_flight(b->qp) > 0));
    return n;
}

int main(int argc, char **argv)
{
    unsigned long records = argc == 3 ? strtoul(argv[2], NULL, 10) : 256;
    struct batch b;
    int err;

    if ((argc != 2 && argc != 3) || records > MOST) {
        fprintf(stderr, "usage: batch URI [RECORDS, at most %u]\n", MOST);
        return EXIT_FAILURE;
    }
    memset(&b, 0, sizeof b);
    begin(&b, argv[1], 0);
    err = seal(&b, (unsigned)records);
    if (err == -ENODEV) {
        unsigned lost = b.sent - b.sealed;

        /* What was in flight has ended as `aborted`. Its counters may be on the wire: leave them out. */
        printf("the card is gone after %u records; %u again in software\n", b.sealed, lost);
        end(&b);
        begin(&b, "soft:", b.sent);
        b.sent = b.sealed;
        err = seal(&b, (unsigned)records);
    }
    check(err, "seal");
    printf("%u records of %u bytes sealed\n", b.sealed, BYTES);
    end(&b);
    return b.sealed == records ? EXIT_SUCCESS : EXIT_FAILURE;
}
