/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seals one record and opens it again: seal_open URI, where URI is soft:, sim:SOCKET or pci:ADDRESS.
 *
 *     cc seal_open.c $(pkg-config --cflags --libs libsluice) -o seal_open
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>

static const char text[] = "Records are independent of one another.";

static void check(int err, const char *what)
{
    if (err < 0) {
        fprintf(stderr, "%s: %s\n", what, strerror(-err));
        exit(EXIT_FAILURE);
    }
}

/* Both ends of an association have the same keys, from a TLS handshake, say; never from a program's text as here. */
static struct sluice_sa *make_sa(struct sluice_card *card, enum sluice_direction direction)
{
    struct sluice_sa_config config;
    struct sluice_sa *sa;

    memset(&config, 0, sizeof config);
    config.cipher = SLUICE_CIPHER_AES128;
    config.mac = SLUICE_MAC_SHA256;
    config.form = SLUICE_FORM_UDP_ETM;
    config.direction = direction;
    config.nonce_mode = SLUICE_NONCE_MODE_SEQUENCE;
    config.mac_len = 16;
    config.replay = direction == SLUICE_DIRECTION_OPEN;
    memset(config.cid, 0xc1, sizeof config.cid);
    memset(config.cipher_key, 0x11, 16);
    memset(config.mac_key, 0x22, 32);
    check(sluice_sa_create(card, &config, &sa), "sluice_sa_create");
    return sa;
}

/* One operation, waited for. A program with more to do submits in bursts, and waits at sluice_qp_fd: see batch.c. */
static struct sluice_done run(struct sluice_qp *qp, const struct sluice_op *op)
{
    struct sluice_done done;
    int n;

    check(sluice_qp_submit(qp, op, 1), "sluice_qp_submit");
    do {
        n = sluice_qp_poll(qp, &done, 1);
    } while (n == 0);
    check(n, "sluice_qp_poll");
    if (done.status != SLUICE_STATUS_OK) {
        fprintf(stderr, "the operation ended: %s\n", sluice_status_name(done.status));
        exit(EXIT_FAILURE);
    }
    return done;
}

int main(int argc, char **argv)
{
    struct sluice_sa *seal, *open;
    struct sluice_card *card;
    struct sluice_done done;
    struct sluice_qp *qp;
    struct sluice_op op;
    char *content, *record;
    int good;

    if (argc != 2) {
        fprintf(stderr, "usage: seal_open URI\n");
        return EXIT_FAILURE;
    }
    check(sluice_open(argv[1], NULL, &card), argv[1]);
    check(sluice_qp_create(card, 16, &qp), "sluice_qp_create");
    seal = make_sa(card, SLUICE_DIRECTION_SEAL);
    open = make_sa(card, SLUICE_DIRECTION_OPEN);

    /* Whatever a card reads or writes lies in DMA memory. */
    content = sluice_mem_alloc(card, 2048);
    record = sluice_mem_alloc(card, 2048);
    check(content && record ? 0 : -ENOMEM, "sluice_mem_alloc");
    memcpy(content, text, sizeof text);

    memset(&op, 0, sizeof op);
    op.type = SLUICE_OP_TYPE_SEAL;
    op.sa = seal;
    op.src = content;
    op.src_len = sizeof text;
    op.dst = record;
    op.dst_len = 2048;
    op.content_type = 1;
    done = run(qp, &op);
    printf("%zu bytes sealed to a record of %u, counter %llu\n", sizeof text, done.length, (unsigned long long)done.counter);

    memset(content, 0, sizeof text);
    op.type = SLUICE_OP_TYPE_OPEN;
    op.sa = open;
    op.src = record;
    op.src_len = done.length;
    op.dst = content;
    done = run(qp, &op);
    good = done.length == sizeof text && memcmp(content, text, sizeof text) == 0;
    printf("opened: %s\n", good ? content : "something else");

    sluice_mem_free(card, record);
    sluice_mem_free(card, content);
    sluice_sa_destroy(open);
    sluice_sa_destroy(seal);
    sluice_qp_destroy(qp);
    sluice_close(card);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
