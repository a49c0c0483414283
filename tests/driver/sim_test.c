/* SPDX-License-Identifier: Apache-2.0 */
/* libsluice on the simulated card: interrupts, full queues, threads, limits, reconnection, and a card that dies. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "sim_child.h"

#define RECORDS 64u
#define ROOM    2048u

/* One direction of work for a thread: seal on its queue pair, open what came of it. */
struct worker {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa[2];
    uint8_t *clear, *sealed, *opened; /* RECORDS of ROOM each */
    uint32_t record_len;
    unsigned rounds;
    bool good;
};

static bool readable(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return poll(&p, 1, ms) == 1;
}

static int begin(struct worker *w, struct sluice_card *card, unsigned depth)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);
    int err = sluice_qp_create(card, depth, &w->qp);

    w->card = card;
    for (unsigned i = 0; i < 2 && !err; i++) {
        c.direction = (enum sluice_direction)i;
        err = sluice_sa_create(card, &c, &w->sa[i]);
    }
    w->clear = sluice_mem_alloc(card, RECORDS * ROOM);
    w->sealed = sluice_mem_alloc(card, RECORDS * ROOM);
    w->opened = sluice_mem_alloc(card, RECORDS * ROOM);
    return err ? err : w->clear && w->sealed && w->opened ? 0 : -ENOMEM;
}

static void end(struct worker *w)
{
    sluice_sa_destroy(w->sa[0]);
    sluice_sa_destroy(w->sa[1]);
    sluice_qp_destroy(w->qp);
    sluice_mem_free(w->card, w->clear);
    sluice_mem_free(w->card, w->sealed);
    sluice_mem_free(w->card, w->opened);
}

static void fill_ops(struct worker *w, enum sluice_op_type type, struct sluice_op ops[RECORDS], uint32_t content)
{
    bool seal = type == SLUICE_OP_TYPE_SEAL;

    for (unsigned i = 0; i < RECORDS; i++) {
        ops[i] = (struct sluice_op){.type = type, .sa = w->sa[!seal], .content_type = 0x97, .cookie = i};
        ops[i].src = (seal ? w->clear : w->sealed) + i * ROOM;
        ops[i].dst = (seal ? w->sealed : w->opened) + i * ROOM;
        ops[i].src_len = seal ? content : w->record_len;
        ops[i].dst_len = ROOM;
    }
}

/* Submits all, as there is room, and waits by the eventfd; every operation must end ok. */
static bool run_all(struct worker *w, const struct sluice_op ops[RECORDS])
{
    struct sluice_done done[16];
    unsigned given = 0, taken = 0;

    while (taken < RECORDS) {
        int n = sluice_qp_submit(w->qp, ops + given, RECORDS - given);

        if (n < 0) {
            return false;
        }
        given += (unsigned)n;
        n = sluice_qp_poll(w->qp, done, 16);
        for (int i = 0; i < n; i++) {
            if (done[i].status != SLUICE_STATUS_OK || done[i].cookie != taken) {
                return false;
            }
            w->record_len = done[i].length;
            taken++;
        }
        if (n < 0 || (n == 0 && !sluice_qp_arm(w->qp) && !readable(sluice_qp_fd(w->qp), 30000))) {
            return false;
        }
    }
    return true;
}

static bool one_round(struct worker *w, uint32_t content)
{
    struct sluice_op ops[RECORDS];

    for (unsigned i = 0; i < RECORDS * ROOM; i += 61) {
        w->clear[i]++;
    }
    fill_ops(w, SLUICE_OP_TYPE_SEAL, ops, content);
    if (!run_all(w, ops)) {
        return false;
    }
    fill_ops(w, SLUICE_OP_TYPE_OPEN, ops, 0);
    if (!run_all(w, ops)) {
        return false;
    }
    for (unsigned i = 0; i < RECORDS; i++) {
        if (memcmp(w->clear + i * ROOM, w->opened + i * ROOM, content) != 0) {
            return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- a card that works */

static void *work(void *arg)
{
    struct worker *w = arg;

    w->good = true;
    for (unsigned i = 0; i < w->rounds && w->good; i++) {
        w->good = one_round(w, 1 + i * 97 % 1400);
    }
    return NULL;
}

static void two_threads(struct sluice_card *card, unsigned rounds)
{
    struct worker w[2] = {{.rounds = rounds}, {.rounds = rounds}};
    struct sluice_stats before, after;
    pthread_t thread[2];

    if (!tap_ok(begin(&w[0], card, 16) == 0 && begin(&w[1], card, 64) == 0, "two queue pairs")) {
        exit(tap_end());
    }
    sluice_card_stats(card, &before);
    for (unsigned i = 0; i < 2; i++) {
        pthread_create(&thread[i], NULL, work, &w[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        pthread_join(thread[i], NULL);
    }
    tap_ok(w[0].good && w[1].good, "two threads seal and open on queue pairs of their own, woken by interrupts");
    tap_ok(sluice_card_stats(card, &after) == 0 && after.seal_status[0] - before.seal_status[0] == 2 * RECORDS * rounds &&
               after.open_status[0] - before.open_status[0] == 2 * RECORDS * rounds && after.cycles > before.cycles &&
               after.interrupts > before.interrupts && after.record_bytes > after.content_bytes,
           "the card's counters count them");
    end(&w[0]);
    end(&w[1]);
}

/* How many can be made; the last error. */
static unsigned most_queues(struct sluice_card *card, int *err)
{
    struct sluice_qp *qp[16];
    unsigned n = 0;

    for (; n < 16; n++) {
        *err = sluice_qp_create(card, 4, &qp[n]);
        if (*err) {
            break;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        sluice_qp_destroy(qp[i]);
    }
    return n;
}

static unsigned most_sas(struct sluice_card *card, unsigned most, int *err)
{
    static struct sluice_sa *sa[2000];
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 20);
    unsigned n = 0;

    *err = 0;
    for (; n < most && n < 2000; n++) {
        *err = sluice_sa_create(card, &c, &sa[n]);
        if (*err) {
            break;
        }
    }
    for (unsigned i = 0; i < n; i++) {
        sluice_sa_destroy(sa[i]);
    }
    return n;
}

static void limits(struct sluice_card *card)
{
    struct sluice_info info;
    int err;

    sluice_card_info(card, &info);
    tap_ok(!strcmp(info.engine, sim_given() ? "pci" : "sim") && info.lanes && info.clock_khz &&
               info.window == SLUICE_REPLAY_WINDOW,
           "the card says what it is");
    for (unsigned i = 0; i < 2; i++) {
        tap_ok(most_queues(card, &err) == info.io_queues && err == -ENOSPC, "all %u queue pairs can be had, not one more",
               info.io_queues);
        if (info.sa_count == info.sa_slots) {
            tap_ok(most_sas(card, UINT_MAX, &err) == info.sa_count && err == -ENOSPC, "all %u SAs can be had, not one more",
                   info.sa_count);
        } else {
            tap_ok(most_sas(card, info.sa_slots + 20, &err) == info.sa_slots + 20, "more SAs than %u slots can be had",
                   info.sa_slots);
        }
    }
    tap_ok(sluice_card_ping(card) == 0, "the card answers a ping");
}

static void destroyed_in_flight(struct sluice_card *card)
{
    struct sluice_op ops[RECORDS];
    struct sluice_done done[RECORDS];
    struct worker w = {.record_len = 1453};
    int n = 0, err;
    bool good = true;

    if (begin(&w, card, RECORDS)) {
        tap_ok(false, "a queue pair and SAs");
        return;
    }
    fill_ops(&w, SLUICE_OP_TYPE_SEAL, ops, 1400);
    good = sluice_qp_submit(w.qp, ops, RECORDS) == RECORDS;
    sluice_sa_destroy(w.sa[0]);
    w.sa[0] = NULL;
    while (n >= 0 && n < (int)RECORDS) {
        int more = sluice_qp_poll(w.qp, done, RECORDS);

        for (int i = 0; i < more; i++) {
            good = good && (done[i].status == SLUICE_STATUS_OK || done[i].status == SLUICE_STATUS_NO_SUCH_SA);
        }
        n = more < 0 ? more : n + more;
    }
    tap_ok(good && n == RECORDS, "operations on an SA that is destroyed end, each done whole or refused");
    fill_ops(&w, SLUICE_OP_TYPE_OPEN, ops, 0);
    good = sluice_qp_submit(w.qp, ops, 8) == 8;
    end(&w);
    err = sluice_card_ping(card);
    err = err ? err : begin(&w, card, 8);
    if (tap_ok(good && !err, "a queue pair can be destroyed with operations in flight%s%s", err ? ": " : "",
               err ? strerror(-err) : "")) {
        end(&w);
    }
}

static void works(const char *const arguments[], unsigned rounds)
{
    struct sim_child *sim = sim_start(arguments);
    struct sluice_card *card;
    int err = sluice_open(sim_uri(sim), NULL, &card);

    if (tap_ok(err == 0, "sim: opens%s%s", err ? ": " : "", err ? strerror(-err) : "")) {
        two_threads(card, rounds);
        limits(card);
        destroyed_in_flight(card);
        sluice_close(card);
    }
    tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
}

/* ---------------------------------------------------------------- coming back */

/* A client that leaves everything open and work in flight when it ends. */
static bool careless_client(const char *uri)
{
    struct sluice_card *card;
    struct sluice_op ops[RECORDS];
    struct worker w = {.record_len = 1453};
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        if (sluice_open(uri, NULL, &card) || begin(&w, card, RECORDS) || !one_round(&w, 300)) {
            _exit(1);
        }
        fill_ops(&w, SLUICE_OP_TYPE_SEAL, ops, 1400);
        _exit(sluice_qp_submit(w.qp, ops, RECORDS) == RECORDS ? 0 : 1);
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void reconnects(void)
{
    static const char *const none[] = {NULL};
    const struct sluice_options quick = {.timeout_ms = 500};
    struct sim_child *sim = sim_start(none);
    struct sluice_card *card, *second;
    struct worker w = {.record_len = 1453};
    bool good = true;
    int err;

    for (unsigned i = 0; i < 3 && good; i++) {
        good = careless_client(sim_uri(sim)) && sluice_open(sim_uri(sim), NULL, &card) == 0;
        good = good && most_queues(card, &err) > 0 && begin(&w, card, 32) == 0 && one_round(&w, 300);
        if (good) {
            end(&w);
            sluice_close(card);
        }
    }
    tap_ok(good, "the next client of a card finds nothing of the former's");
    good = good && sluice_open(sim_uri(sim), NULL, &card) == 0;
    tap_ok(good && sluice_open(sim_uri(sim), &quick, &second) < 0 && sluice_card_ping(card) == 0,
           "a second client is refused or times out, and the first goes on");
    if (good) {
        sluice_close(card);
    }
    sim_stop(sim);
}

/* ---------------------------------------------------------------- a card that dies */

static void killed(int signal)
{
    static const char *const none[] = {NULL};
    struct sim_child *sim = sim_start(none);
    struct sluice_op ops[RECORDS];
    struct sluice_done done[RECORDS];
    struct sluice_sa *sa;
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL, 20);
    struct sluice_card *card;
    struct worker w[2] = {0};
    unsigned taken = 0, aborted = 0, wrong = 0;
    int n;

    if (sluice_open(sim_uri(sim), NULL, &card) || begin(&w[0], card, 64) || begin(&w[1], card, 64)) {
        tap_ok(false, "a card, queue pairs and SAs");
        sim_stop(sim);
        return;
    }
    fill_ops(&w[0], SLUICE_OP_TYPE_SEAL, ops, 1400);
    sluice_qp_submit(w[0].qp, ops, RECORDS);
    sluice_qp_arm(w[1].qp);
    sim_signal(sim, signal);
    tap_ok(readable(sluice_qp_fd(w[0].qp), 5000) && readable(sluice_qp_fd(w[1].qp), 5000),
           "when the card is killed (signal %d) the eventfd of every queue pair becomes readable", signal);
    while ((n = sluice_qp_poll(w[0].qp, done, RECORDS)) != -ENODEV) {
        for (int i = 0; i < n; i++) {
            aborted += done[i].status == SLUICE_STATUS_ABORTED;
            wrong += done[i].status != SLUICE_STATUS_ABORTED && done[i].status != SLUICE_STATUS_OK;
            wrong += done[i].cookie != taken + (unsigned)i;
        }
        taken += (unsigned)n;
    }
    tap_ok(taken == RECORDS && wrong == 0, "every operation in flight is completed once, in order (%u aborted)", aborted);
    tap_ok(sluice_qp_submit(w[1].qp, ops, 1) < 0 && sluice_sa_create(card, &c, &sa) == -ENODEV &&
               sluice_card_ping(card) == -ENODEV,
           "and everything says that the card is gone");
    end(&w[0]);
    end(&w[1]);
    sluice_close(card);
    sim_stop(sim);
}

static void stopped(void)
{
    static const char *const none[] = {NULL};
    const struct sluice_options quick = {.timeout_ms = 500};
    struct sim_child *sim = sim_start(none);
    struct sluice_card *card;
    struct sluice_qp *qp;

    if (sluice_open(sim_uri(sim), &quick, &card) == 0 && sluice_qp_create(card, 8, &qp) == 0) {
        sim_signal(sim, SIGSTOP);
        tap_ok(sluice_card_ping(card) == -ENODEV, "a card that does not answer is given up after the time-out");
        tap_ok(readable(sluice_qp_fd(qp), 1000), "and its queue pairs are told");
        sim_signal(sim, SIGCONT);
        sluice_qp_destroy(qp);
        sluice_close(card);
    } else {
        tap_ok(false, "a card and a queue pair");
    }
    sim_stop(sim);
}

/* ---------------------------------------------------------------- errors on the bus */

static void bus_errors(void)
{
    static const char *const errors[] = {"--errors", "40", NULL};
    struct sim_child *sim = sim_start(errors);
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src_len = 1400, .dst_len = ROOM};
    unsigned ok = 0, dma = 0, other = 0;
    struct kit kit;
    int err = -EIO;

    for (unsigned i = 0; i < 20 && err; i++) { /* admin commands fail too */
        err = kit_open(&kit, sim_uri(sim));
    }
    if (tap_ok(err == 0, "a card on a bad bus opens in the end")) {
        struct sluice_sa_config c =
            kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 16);

        for (err = -EIO; err == -EIO;) {
            err = sluice_sa_create(kit.card, &c, &op.sa);
        }
        op.src = kit.src;
        op.dst = kit.dst;
        for (unsigned i = 0; i < 200 && !err; i++) {
            enum sluice_status status = kit_run(&kit, &op).status;

            ok += status == SLUICE_STATUS_OK;
            dma += status == SLUICE_STATUS_DMA_ERROR;
            other += status != SLUICE_STATUS_OK && status != SLUICE_STATUS_DMA_ERROR;
        }
        tap_ok(ok && dma && !other,
               "a completion with an error ends its operation and nothing else (%u ok, %u DMA errors, %u other)", ok, dma, other);
        sluice_sa_destroy(op.sa);
        kit_close(&kit);
    }
    sim_stop(sim);
}

int main(void)
{
    static const char *const plain[] = {NULL};
    static const char *const rough[] = {"--split", "random", "--reorder", "--stall", "30", NULL};

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    works(plain, 6);
    works(rough, 3);
    reconnects();
    if (sim_given()) {
        tap_note("cards that die and bad buses: not with a card that was given");
        return tap_end();
    }
    killed(SIGKILL);
    killed(SIGTERM);
    stopped();
    bus_errors();
    return tap_end();
}
