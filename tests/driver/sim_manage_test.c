/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The management processor of the simulated card, through libsluice: more SAs than slots, each compared with the software engine
 * byte for byte; its answers; SAs after a reset. PAIRS=, OPS= for other sizes.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "sim_child.h"

#define PAIRS       140u /* of SAs: one seals, one opens */
#define OPS         300u
#define CONTENT     48u
#define RECORD_MOST 256u
#define TAKE_OVER   (UINT64_C(0x100) << 48)

/* One SA of each engine with the same parameters. */
struct twin {
    struct sluice_sa *sim, *soft;
};

struct pair {
    struct sluice_sa_config config;
    struct twin seal, open;
    uint8_t last[RECORD_MOST]; /* record that was opened last */
    uint32_t last_len;
};

static struct kit sim, soft;

static unsigned from_environment(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text && *text ? (unsigned)strtoul(text, NULL, 0) : otherwise;
}

/* Waits for a card that is not seeded yet. */
static int create(struct sluice_card *card, const struct sluice_sa_config *config, struct sluice_sa **sa)
{
    int err;

    while ((err = sluice_sa_create(card, config, sa)) == -EAGAIN) {
        poll(NULL, 0, 20);
    }
    return err;
}

static bool make_twin(struct pair *p, enum sluice_direction direction, struct twin *t)
{
    p->config.direction = direction;
    return create(sim.card, &p->config, &t->sim) == 0 && create(soft.card, &p->config, &t->soft) == 0;
}

static bool make(struct pair *p)
{
    static const struct {
        enum sluice_cipher cipher;
        enum sluice_mac mac;
        enum sluice_form form;
        unsigned mac_len;
    } kinds[] = {
        {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 16},
        {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, 20},
        {SLUICE_CIPHER_DES3, SLUICE_MAC_MD5, SLUICE_FORM_UDP_MTE, 16},
        {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 32},
        {SLUICE_CIPHER_AES192, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_MTE, 32},
    };
    unsigned k = tap_below(sizeof kinds / sizeof *kinds);

    *p = (struct pair){.config =
                           kit_config(kinds[k].cipher, kinds[k].mac, kinds[k].form, SLUICE_DIRECTION_SEAL, kinds[k].mac_len)};
    if (p->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        p->config.counter = (uint64_t)tap_below(200) << 48 | tap_below(1000000);
    }
    p->config.replay = 0;
    if (!make_twin(p, SLUICE_DIRECTION_SEAL, &p->seal)) {
        return false;
    }
    p->config.replay = p->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    return make_twin(p, SLUICE_DIRECTION_OPEN, &p->open);
}

static void destroy(struct pair *p)
{
    sluice_sa_destroy(p->seal.sim);
    sluice_sa_destroy(p->open.sim);
    sluice_sa_destroy(p->seal.soft);
    sluice_sa_destroy(p->open.soft);
}

/* Does an operation on both engines; the source is in the buffers of both. */
static bool same(const struct twin *sa, struct sluice_op op, struct sluice_done *done)
{
    struct sluice_done other;
    bool good;

    op.sa = sa->sim;
    op.src = sim.src;
    op.dst = sim.dst;
    *done = kit_run(&sim, &op);
    op.sa = sa->soft;
    op.src = soft.src;
    op.dst = soft.dst;
    other = kit_run(&soft, &op);
    good = done->status == other.status && done->length == other.length && done->counter == other.counter &&
           memcmp(sim.dst, soft.dst, done->length) == 0;
    if (!good) {
        tap_note("sim: status %u, length %u, counter %llx; soft: status %u, length %u, counter %llx", done->status, done->length,
                 (unsigned long long)done->counter, other.status, other.length, (unsigned long long)other.counter);
    }
    return good;
}

static void source(const uint8_t *bytes, uint32_t len)
{
    memcpy(sim.src, bytes, len);
    memcpy(soft.src, bytes, len);
}

static bool open_again(struct pair *p, enum sluice_status expected)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .src_len = p->last_len, .dst_len = RECORD_MOST, .seq = 7};
    struct sluice_done done;

    source(p->last, p->last_len);
    return same(&p->open, op, &done) && done.status == expected;
}

static bool seal_and_open(struct pair *p)
{
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_SEAL, .src_len = CONTENT, .dst_len = RECORD_MOST, .content_type = 0x17, .seq = 7};
    struct sluice_done done;
    uint8_t content[CONTENT];

    tap_fill(content, sizeof content);
    tap_fill(op.nonce, sizeof op.nonce);
    source(content, sizeof content);
    if (!same(&p->seal, op, &done) || done.status != SLUICE_STATUS_OK) {
        return false;
    }
    memcpy(p->last, sim.dst, done.length);
    p->last_len = done.length;
    return open_again(p, SLUICE_STATUS_OK) && memcmp(sim.dst, content, sizeof content) == 0;
}

static void crowd(void)
{
    unsigned pairs = from_environment("PAIRS", PAIRS), ops = from_environment("OPS", OPS);
    struct pair *p = calloc(pairs, sizeof *p);
    struct sluice_stats stats = {0}, before = {0};
    struct sluice_info info;
    bool good = p != NULL;

    sluice_card_info(sim.card, &info);
    for (unsigned i = 0; i < pairs && good; i++) {
        good = make(&p[i]);
    }
    tap_ok(good, "%u SAs on a card with %u slots", 2 * pairs, info.sa_slots);
    sluice_card_stats(sim.card, &before);
    for (unsigned i = 0; i < pairs && good; i++) {
        good = seal_and_open(&p[i]);
    }
    tap_ok(good, "each in turn seals or opens as the software engine does");
    sluice_card_stats(sim.card, &stats);
    if (stats.sa_swaps_in > before.sa_swaps_in) {
        tap_note("%llu clocks of the card for a swap both ways and a small record",
                 (unsigned long long)((stats.cycles - before.cycles) / (stats.sa_swaps_in - before.sa_swaps_in)));
    }
    for (unsigned i = 0; i < ops && good; i++) {
        struct pair *one = &p[tap_below(pairs)];

        good =
            tap_below(3) ? seal_and_open(one) : open_again(one, one->config.replay ? SLUICE_STATUS_REPLAYED : SLUICE_STATUS_OK);
    }
    tap_ok(good, "so do any of them at random; counters and windows go out and come back with their SAs");
    sluice_card_stats(sim.card, &stats);
    tap_ok(2 * pairs <= info.sa_slots || (stats.sa_swaps_in > pairs && stats.sa_swaps_out > stats.sa_swaps_in),
           "%llu went out, %llu came back", (unsigned long long)stats.sa_swaps_out, (unsigned long long)stats.sa_swaps_in);
    for (unsigned i = 0; i < pairs && good; i++) {
        destroy(&p[i]);
    }
    free(p);
}

/* ---------------------------------------------------------------- answers */

static void answers(void)
{
    struct sluice_card_event events[SLUICE_LOG_MOST];
    struct sluice_card_health health = {0};
    struct sluice_selftest test = {0};
    uint8_t random[2][1500] = {0};
    struct sluice_sa_state state[2];
    struct pair p;
    bool good, ready = false;
    int n;

    n = sluice_card_health(sim.card, &health);
    tap_ok(n == 0 && health.state == SLUICE_FW_STATE_READY && health.fw_version && health.lanes_ok, "the firmware is ready");
    for (n = -EAGAIN; n == -EAGAIN; poll(NULL, 0, 20)) {
        n = sluice_card_random(sim.card, random[0], sizeof random[0]);
    }
    tap_ok(n == 0 && sluice_card_random(sim.card, random[1], sizeof random[1]) == 0 &&
               memcmp(random[0], random[1], sizeof random[0]) != 0 && !kit_all(random[0] + 1024, 476, 0),
           "random bytes, never the same");
    sluice_card_health(sim.card, &health);
    tap_ok(health.flags == SLUICE_HEALTH_ENTROPY_SEEDED, "it is seeded, and nothing is wrong (%x)", health.flags);
    good = make(&p) && seal_and_open(&p) && sluice_sa_query(p.seal.sim, &state[0]) == 0 &&
           sluice_sa_query(p.seal.soft, &state[1]) == 0;
    tap_ok(good && state[0].counter == state[1].counter && state[0].limit == state[1].limit && !state[0].busy,
           "an SA's counters");
    n = sluice_card_selftest(sim.card, &test);
    tap_ok(n == 0 && test.failed == 0 && test.tested && test.vectors > 20 && test.first_failure == 0,
           "the self-test passes (%d; %u answers, lanes %x, failed %x, first %u)", n, test.vectors, test.tested, test.failed,
           test.first_failure);
    n = sluice_card_log(sim.card, events, SLUICE_LOG_MOST, true);
    for (int i = 0; i < n; i++) {
        ready |= events[i].event == SLUICE_LOG_EVENT_READY;
    }
    tap_ok(n >= 3 && ready && events[0].event == SLUICE_LOG_EVENT_BOOT &&
               sluice_card_log(sim.card, events, SLUICE_LOG_MOST, false) == 0,
           "its log");
    tap_ok(seal_and_open(&p), "SAs live on");
    n = sluice_card_zeroise(sim.card);
    tap_ok(n == 0 && sluice_card_zeroise(soft.card) == 0, "zeroise (%d)", n);
    tap_ok(open_again(&p, SLUICE_STATUS_NO_SUCH_SA), "is the end of its SAs");
    destroy(&p);
    good = make(&p) && seal_and_open(&p);
    tap_ok(good, "and others can be made");
    destroy(&p);
}

/* ---------------------------------------------------------------- reset */

static void after_reset(void)
{
    struct sluice_sa_state state;
    struct pair p[3];
    bool good = true;

    for (unsigned i = 0; i < 3; i++) {
        do {
            good = make(&p[i]) && good;
        } while (good && p[i].config.nonce_mode != SLUICE_NONCE_MODE_SEQUENCE);
        good = good && seal_and_open(&p[i]);
    }
    good = good && sluice_card_reset(sim.card) == 0 && sluice_card_reset(soft.card) == 0;
    for (unsigned i = 0; i < 3 && good; i++) {
        good = open_again(&p[i], SLUICE_STATUS_REPLAYED) && seal_and_open(&p[i]) && sluice_sa_query(p[i].seal.sim, &state) == 0 &&
               state.counter == p[i].config.counter + TAKE_OVER + 2;
    }
    tap_ok(good, "after a reset SAs go on under a raised incarnation, and take nothing that they took before");
    for (unsigned i = 0; i < 3; i++) {
        destroy(&p[i]);
    }
}

static int open_with(struct kit *k, const char *uri, bool recover)
{
    const struct sluice_options options = {.recover = recover};
    int err = sluice_open(uri, &options, &k->card);

    err = err ? err : sluice_qp_create(k->card, 16, &k->qp);
    if (!err) {
        k->src = sluice_mem_alloc(k->card, KIT_ROOM);
        k->dst = sluice_mem_alloc(k->card, KIT_ROOM);
    }
    return err;
}

static void with(const char *const arguments[], bool recover, void (*what)(void))
{
    struct sim_child *child = sim_start(arguments);

    int err = open_with(&sim, sim_uri(child), recover);

    if (tap_ok(err == 0 && open_with(&soft, "soft:", recover) == 0, "both engines open: %s", strerror(-err))) {
        what();
        kit_close(&sim);
        kit_close(&soft);
    }
    tap_ok(sim_stop(child) == 0, "sluice-sim ends without a complaint");
}

int main(void)
{
    static const char *const plain[] = {NULL}, *const tested[] = {"--self-test", NULL};

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    with(tested, false, answers);
    with(plain, true, after_reset);
    with(plain, false, crowd);
    return tap_end();
}
