/* SPDX-License-Identifier: Apache-2.0 */
/* libsluice before vfio-user servers that are wrong: open fails cleanly, operations in flight end, nothing hangs or leaks. */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "fake_card.h"
#include "kit.h"

#define TIMEOUT_MS 150

static const struct sluice_options quick = {.dma_bytes = 2u << 20, .timeout_ms = TIMEOUT_MS};

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    if (!dir) {
        return 0;
    }
    while (readdir(dir)) {
        n++;
    }
    closedir(dir);
    return n;
}

static int try_open(enum fault fault, unsigned at_message)
{
    struct fake_card *fake = fake_card_start(fault, at_message);
    struct sluice_card *card = NULL;
    int err = sluice_open(fake_card_uri(fake), &quick, &card);

    if (!err) {
        sluice_close(card);
    }
    fake_card_stop(fake);
    return err;
}

static void opening(void)
{
    unsigned files = open_files();

    tap_ok(try_open(FAULT_NONE, 0) == 0, "a card behind a right server opens");
    for (unsigned fault = FAULT_HANG_UP; fault < FAULTS_OF_REPLY; fault++) {
        static const unsigned messages[] = {0, 1, 2, 4, 5, 6, 13, 16, 18, 20};
        bool good = true;

        for (unsigned i = 0; i < sizeof messages / sizeof *messages && (fault != FAULT_SILENT || i < 3); i++) {
            int err = try_open(fault, messages[i]);

            good = good && err < 0;
            if (err >= 0) {
                tap_note("opened although message %u was wrong", messages[i]);
            }
        }
        tap_ok(good, "open fails on a wrong answer to any message (fault %u)", fault);
    }
    for (unsigned fault = FAULTS_OF_REPLY; fault < FAULTS_OF_OPEN; fault++) {
        tap_ok(try_open(fault, 0) < 0, "open fails on a server or card that is not what it must be (fault %u)", fault);
    }
    tap_ok(open_files() == files, "nothing is left open");
}

static void wrong_uris(void)
{
    static const char *const uris[] = {
        "", "sim", "sim:", "soft:x", "hard:", "sim:/nonexistent/socket", "pci:", "pci:7fffffff:7f:1f.7"};
    char path[200] = "sim:/";
    struct sluice_card *card;
    bool good = true;

    for (unsigned i = 0; i < sizeof uris / sizeof *uris; i++) {
        good = good && sluice_open(uris[i], &quick, &card) < 0;
    }
    memset(path + 5, 'x', sizeof path - 6);
    tap_ok(good && sluice_open(path, &quick, &card) == -ENAMETOOLONG, "wrong URIs are refused");
}

struct path {
    struct fake_card *fake;
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa;
    uint8_t *mem;
};

static bool open_path(struct path *p, enum fault fault)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 20);

    p->fake = fake_card_start(fault, 0);
    if (sluice_open(fake_card_uri(p->fake), &quick, &p->card) || sluice_qp_create(p->card, 16, &p->qp) ||
        sluice_sa_create(p->card, &c, &p->sa)) {
        return tap_ok(false, "card, queue pair and SA of fault %u", fault);
    }
    p->mem = sluice_mem_alloc(p->card, 4096);
    return true;
}

static void close_path(struct path *p)
{
    sluice_sa_destroy(p->sa);
    sluice_qp_destroy(p->qp);
    sluice_close(p->card);
    fake_card_stop(p->fake);
}

static int submit(struct path *p, unsigned count)
{
    struct sluice_op ops[32];

    for (unsigned i = 0; i < count; i++) {
        ops[i] = (struct sluice_op){.type = SLUICE_OP_TYPE_SEAL, .sa = p->sa, .src = p->mem, .dst = p->mem + 2048, .cookie = i};
        ops[i].src_len = 100;
        ops[i].dst_len = 500;
    }
    return sluice_qp_submit(p->qp, ops, count);
}

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, 2000) == 1;
}

static void card_dies(void)
{
    struct sluice_done done[32];
    struct path p;
    int n;

    if (!open_path(&p, FAULT_IO_SILENT)) {
        return;
    }
    tap_ok(submit(&p, 32) == 16 && submit(&p, 1) == 0, "no more than the depth is taken");
    tap_ok(sluice_qp_poll(p.qp, done, 32) == 0 && sluice_qp_arm(p.qp) == 0, "nothing completes on a silent card");
    fake_card_kill(p.fake);
    tap_ok(readable(sluice_qp_fd(p.qp)), "the queue's eventfd becomes readable when the card goes");
    tap_ok(sluice_qp_arm(p.qp) == 1 && readable(sluice_qp_fd(p.qp)), "and stays so when it is armed again");
    n = sluice_qp_poll(p.qp, done, 10);
    n += sluice_qp_poll(p.qp, done + 10, 22);
    for (int i = 0; i < n; i++) {
        n = done[i].status == SLUICE_STATUS_ABORTED && done[i].cookie == (uint64_t)i ? n : -1;
    }
    tap_ok(n == 16 && sluice_qp_in_flight(p.qp) == 0, "every operation in flight is aborted, in the order of submission");
    tap_ok(sluice_qp_poll(p.qp, done, 1) == -ENODEV && submit(&p, 1) == -ENODEV && sluice_card_ping(p.card) == -ENODEV,
           "after that everything says that the card is gone");
    close_path(&p);
}

static void lying_card(enum fault fault, const char *what)
{
    struct sluice_done done[8];
    struct path p;
    int n = 0, aborted = 0;

    if (!open_path(&p, fault)) {
        return;
    }
    submit(&p, 2);
    for (int i = 0; i < 400 && n >= 0; i++) {
        n = sluice_qp_poll(p.qp, done, 8);
        for (int k = 0; k < n; k++) {
            aborted += done[k].status == SLUICE_STATUS_ABORTED;
        }
        poll(NULL, 0, 1);
    }
    tap_ok(n == -ENODEV && aborted >= 1, "a card that completes with %s is given up", what);
    close_path(&p);
}

static void lost_entries(void)
{
    struct sluice_done done[16];
    unsigned ok = 0, lost = 0, cookies = 0;
    struct path p;
    int n = 0;

    if (!open_path(&p, FAULT_IO_LOST)) {
        return;
    }
    submit(&p, 9);
    for (int i = 0; i < 1000 && sluice_qp_in_flight(p.qp) && n >= 0; i++) {
        n = sluice_qp_poll(p.qp, done, 2);
        for (int k = 0; k < n; k++) {
            ok += done[k].status == SLUICE_STATUS_OK;
            lost += done[k].status == SLUICE_STATUS_DMA_ERROR;
            cookies |= 1u << done[k].cookie;
        }
        poll(NULL, 0, 1);
    }
    tap_ok(ok == 3 && lost == 6 && cookies == 0x1ff && submit(&p, 1) == 1,
           "operations whose entry could not be read end with a DMA error, once the others have ended, and nothing else stops");
    close_path(&p);
}

static void right_card(void)
{
    struct sluice_done done[16];
    struct path p;
    unsigned taken = 0, given = 0;
    bool good = true;

    if (!open_path(&p, FAULT_NONE)) {
        return;
    }
    memset(p.mem, 0x42, 100);
    for (unsigned round = 0; round < 100; round++) {
        given += 1 + round % 16;
        good = good && submit(&p, 1 + round % 16) == (int)(1 + round % 16);
        for (unsigned left = 1 + round % 16; left && good;) {
            int n = sluice_qp_poll(p.qp, done, 16);

            if (n == 0 && !sluice_qp_arm(p.qp)) {
                good = readable(sluice_qp_fd(p.qp));
            }
            left -= (unsigned)n;
            taken += (unsigned)n;
        }
    }
    tap_ok(good && taken == given && kit_all(p.mem + 2048, 100, 0x42), "rings wrap, and the eventfd wakes for every burst");
    close_path(&p);
}

int main(void)
{
    tap_begin();
    opening();
    wrong_uris();
    right_card();
    card_dies();
    lost_entries();
    lying_card(FAULT_IO_COOKIE_HUGE, "an unknown cookie");
    lying_card(FAULT_IO_COOKIE_TWICE, "a cookie twice");
    lying_card(FAULT_IO_STATUS, "an unknown status");
    lying_card(FAULT_IO_LENGTH, "more bytes than there was room for");
    return tap_end();
}
