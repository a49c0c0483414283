/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host/udp/engine.h on a card that dies. The card is the software engine behind a few wrapped functions of libsluice (the
 * linker's --wrap): it says that it is a simulated one, keeps what it is told to keep, and then is gone, as the header of
 * libsluice says a card goes.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "socks/params.h"
#include "tap.h"
#include "udp/engine.h"
#include "udp/record.h"

#define RECORDS 40

/* ---- the card that dies */

static struct sluice_card *_Atomic mortal; /* the last that was opened */
static atomic_bool absent;                 /* it cannot be opened */
static bool dead, silent;                  /* silent: takes operations and completes none */
static unsigned seals_taken;

int __real_sluice_open(const char *uri, const struct sluice_options *options, struct sluice_card **card);
int __wrap_sluice_open(const char *uri, const struct sluice_options *options, struct sluice_card **card);
int __real_sluice_card_info(struct sluice_card *card, struct sluice_info *info);
int __wrap_sluice_card_info(struct sluice_card *card, struct sluice_info *info);
int __real_sluice_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count);
int __wrap_sluice_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count);
int __real_sluice_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max);
int __wrap_sluice_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max);
int __real_sluice_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp);
int __wrap_sluice_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp);

static struct sluice_qp *mortal_qp;

int __wrap_sluice_open(const char *uri, const struct sluice_options *options, struct sluice_card **card)
{
    bool fake = !strcmp(uri, "mortal:");
    if (fake && absent)
        return -ENODEV;
    int rc = __real_sluice_open(fake ? "soft:" : uri, options, card);
    if (fake)
        mortal = *card;
    else if (*card == mortal)
        mortal = NULL;
    return rc;
}

int __wrap_sluice_card_info(struct sluice_card *card, struct sluice_info *info)
{
    int rc = __real_sluice_card_info(card, info);
    if (card == mortal)
        memcpy(info->engine, "sim", 4);
    return rc;
}

int __wrap_sluice_qp_create(struct sluice_card *card, unsigned depth, struct sluice_qp **qp)
{
    int rc = __real_sluice_qp_create(card, depth, qp);
    if (card == mortal)
        mortal_qp = *qp;
    else if (*qp == mortal_qp)
        mortal_qp = NULL; /* another one in its place in memory */
    return rc;
}

int __wrap_sluice_qp_submit(struct sluice_qp *qp, const struct sluice_op *ops, unsigned count)
{
    if (qp == mortal_qp && dead)
        return -ENODEV;
    int taken = __real_sluice_qp_submit(qp, ops, count);
    for (int i = 0; qp == mortal_qp && i < taken; i++)
        seals_taken += ops[i].type == SLUICE_OP_TYPE_SEAL;
    return taken;
}

/* What it had not completed when it died is aborted, then it is gone. */
int __wrap_sluice_qp_poll(struct sluice_qp *qp, struct sluice_done *done, unsigned max)
{
    if (qp != mortal_qp)
        return __real_sluice_qp_poll(qp, done, max);
    if (silent && !dead)
        return 0;
    int count = __real_sluice_qp_poll(qp, done, max);
    for (int i = 0; dead && i < count; i++)
        done[i].status = SLUICE_STATUS_ABORTED;
    return dead && !count ? -ENODEV : count;
}

/* ---- an association between two engines in this process */

struct end {
    struct engine *engine;
    struct sas sas;
    unsigned done, ok, replayed, replaced, returned, again;
    uint64_t counters[1024];
    uint8_t records[RECORDS][256];
    uint32_t lengths[RECORDS];
};

static struct end proxy, client;
static struct event_base *base;

static void on_done(void *arg, struct engine_job *job)
{
    struct end *end = arg;
    size_t index = (size_t)(uintptr_t)job->owner;
    end->counters[end->done++] = job->counter;
    end->ok += job->status == SLUICE_STATUS_OK;
    end->replayed += job->status == SLUICE_STATUS_REPLAYED && job->duplicate;
    if (job->type == SLUICE_OP_TYPE_SEAL && job->status == SLUICE_STATUS_OK) {
        memcpy(end->records[index], job->dst, job->length);
        end->lengths[index] = job->length;
    }
}

static void on_burst(void *arg)
{
    (void)arg;
}

static void on_replaced(void *arg, const char *engine, unsigned again)
{
    struct end *end = arg;
    (void)engine;
    end->replaced++;
    end->again = again;
}

static void on_returned(void *arg, const char *engine)
{
    struct end *end = arg;
    (void)engine;
    end->returned++;
}

static void on_failed(void *arg, int error)
{
    (void)arg;
    (void)error;
    abort();
}

static void make_sas(struct end *end, enum sas_end side)
{
    const struct keys_agreement agreement = {
        .version = 1, .nonce_mode = SOCKS_NONCE_SEQUENCE, .suite = suite_by_id(1), .client_cid = "ccid", .proxy_cid = "pcid"};
    struct keys keys;
    memset(&keys, 0x42, sizeof keys);
    sas_init(&end->sas, side, &agreement, &keys, true);
    engine_attach(end->engine, &end->sas);
}

static void open_end(struct end *end, struct cards *cards, enum sas_end side)
{
    const struct engine_options options = {.depth = 128, .chunks = 16};
    const struct engine_callbacks callbacks = {
        .done = on_done, .burst = on_burst, .replaced = on_replaced, .returned = on_returned, .failed = on_failed, .arg = end};
    engine_new(base, cards, &options, &callbacks, &end->engine);
    make_sas(end, side);
}

static int submit(struct end *end, enum sluice_op_type type, const void *data, uint32_t len, size_t index)
{
    struct chunk *chunk;
    uint8_t *src = pool_reserve(engine_pool(end->engine), len, &chunk);
    memcpy(src, data, len);
    struct engine_job job = {.type = type,
                             .content_type = RECORD_DATA,
                             .sas = &end->sas,
                             .src_chunk = chunk,
                             .src = src,
                             .src_len = len,
                             .owner = (void *)(uintptr_t)index}; /* NOLINT(performance-no-int-to-ptr) */
    int rc = engine_submit(end->engine, &job);
    chunk_unref(chunk);
    return rc;
}

static void seal_all(struct end *end)
{
    for (size_t i = 0; i < RECORDS; i++)
        submit(end, SLUICE_OP_TYPE_SEAL, "a datagram of some length", 25, i);
    engine_run(end->engine);
}

static void open_all(struct end *end, const struct end *from, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        submit(end, SLUICE_OP_TYPE_OPEN, from->records[i], from->lengths[i], i);
    engine_run(end->engine);
}

static bool all_differ(const uint64_t *counters, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (counters[i] == counters[j])
                return false;
        }
    }
    return true;
}

/* The former half of what the proxy seals is done before the card dies, the latter with it. */
static void test_seal(void)
{
    seal_all(&proxy);
    bool first = proxy.ok == RECORDS;
    open_all(&client, &proxy, 0, RECORDS);
    silent = true;
    seal_all(&proxy);
    ok(first && proxy.done == RECORDS && seals_taken == 2 * RECORDS, "a card that keeps its records leaves them in flight");
    dead = true;
    engine_run(proxy.engine);
    ok(proxy.replaced == 1 && proxy.again == RECORDS && proxy.ok == 2 * RECORDS,
       "when it dies, the software engine does them again, all %u", proxy.again);
    open_all(&client, &proxy, 0, RECORDS);
    ok(client.ok == 2 * RECORDS, "the other end takes every one of them");
    ok(all_differ(proxy.counters, proxy.done), "no counter comes twice");
    ok(proxy.counters[RECORDS] >= SAS_FIRST_COUNTER + 2 * RECORDS,
       "and every counter that the card may have used is left out (%llu)", (unsigned long long)proxy.counters[RECORDS]);
}

static bool comes_back(struct end *end, unsigned seconds)
{
    for (unsigned i = 0; i < 20 * seconds && !end->returned; i++) {
        usleep(50000);
        engine_tick(end->engine);
    }
    return end->returned;
}

/* Behind test_seal: the proxy's SAs are on the software engine. */
static void test_return(void)
{
    ok(!comes_back(&proxy, 3) && !engine_is_former(proxy.engine, &proxy.sas), "a card that is away stays away");
    absent = dead = silent = false;
    ok(comes_back(&proxy, 10) && engine_card(proxy.engine) == mortal, "one that comes back is the engine's again");
    unsigned before = proxy.ok;
    bool former = engine_is_former(proxy.engine, &proxy.sas);
    seal_all(&proxy);
    open_all(&client, &proxy, 0, RECORDS);
    ok(former && proxy.ok == before + RECORDS && client.ok == 3 * RECORDS && proxy.sas.card != mortal,
       "SAs that there are go on where they are");
    engine_detach(proxy.engine, &proxy.sas);
    sas_destroy(&proxy.sas);
    sas_wipe(&proxy.sas);
    make_sas(&proxy, SAS_PROXY);
    ok(proxy.sas.card == mortal && !engine_is_former(proxy.engine, &proxy.sas),
       "those that are made from then on are on the card");
    before = seals_taken;
    engine_tick(proxy.engine);
    seal_all(&proxy);
    ok(seals_taken == before + RECORDS, "and the card seals their records");
    absent = dead = true;
    seal_all(&proxy);
    ok(proxy.replaced == 2 && all_differ(proxy.counters + 3 * RECORDS, 2 * RECORDS), "it may die again");
}

static void test_open(void)
{
    seal_all(&client);
    dead = silent = false;
    unsigned before = proxy.ok;
    open_all(&proxy, &client, 0, RECORDS / 2);
    bool half = proxy.ok == before + RECORDS / 2;
    silent = true;
    open_all(&proxy, &client, RECORDS / 2, RECORDS / 2);
    bool kept = proxy.ok == before + RECORDS / 2;
    dead = true;
    engine_run(proxy.engine);
    ok(half && kept && proxy.ok == before + RECORDS, "records that were being opened are opened by the software engine");
    before = proxy.ok;
    unsigned refused = proxy.done;
    open_all(&proxy, &client, 0, RECORDS);
    ok(proxy.ok == before && proxy.done == refused + RECORDS,
       "and nothing taken before is taken again, on whichever engine that was");
}

static void test_limits(void)
{
    unsigned taken = 0, available = pool_available(engine_pool(client.engine));
    ok(submit(&client, SLUICE_OP_TYPE_OPEN, "too short", 9, 0) == -EMSGSIZE, "a length that no record has is refused at once");
    while (!submit(&client, SLUICE_OP_TYPE_SEAL, "x", 1, 0))
        taken++;
    ok(taken == 128 && engine_room(client.engine) == 0, "no more jobs are taken than the engine has room for");
    engine_run(client.engine);
    ok(engine_in_flight(client.engine) == 0 && pool_available(engine_pool(client.engine)) + 2 >= available,
       "all of them end, and their memory comes back");
}

static void close_end(struct end *end)
{
    engine_detach(end->engine, &end->sas);
    sas_destroy(&end->sas);
    engine_free(end->engine);
}

int main(void)
{
    struct cards *one, *two;
    base = event_base_new();
    if (cards_open("mortal:", 4 << 20, CARDS_OPERATION_MS, &one) || cards_open("soft:", 4 << 20, CARDS_OPERATION_MS, &two))
        return EXIT_FAILURE;
    open_end(&proxy, one, SAS_PROXY);
    open_end(&client, two, SAS_CLIENT);
    absent = true;
    test_seal();
    test_return();
    close_end(&proxy);
    cards_close(one);
    /* the same death with records on the way in, on a new card and with new SAs on both ends */
    close_end(&client);
    memset(&proxy, 0, sizeof proxy);
    memset(&client, 0, sizeof client);
    absent = dead = silent = false;
    if (cards_open("mortal:", 4 << 20, CARDS_OPERATION_MS, &one))
        return EXIT_FAILURE;
    open_end(&proxy, one, SAS_PROXY);
    open_end(&client, two, SAS_CLIENT);
    test_open();
    test_limits();
    close_end(&proxy);
    close_end(&client);
    cards_close(one);
    cards_close(two);
    event_base_free(base);
    return done();
}
