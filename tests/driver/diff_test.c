/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same random operations to the software engine and to the simulated card: each byte of the destination and of what lies
 * around it, status, length and counter must be the same. Right and wrong operations of every sort; SAs come and go.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine.h"
#include "kit.h"
#include "reference.h"
#include "sim_child.h"
#include "sluice_regs.h"

#define PAIRS       8u     /* of SAs: one seals, one opens what it sealed */
#define BURST       24u    /* operations submitted at once */
#define BUFFER      36000u /* of one operation, source and destination */
#define GUARD       64u
#define RECORDS     48u /* kept to be opened */
#define MOST_ROUNDS 4000u
#define SECONDS     12 /* DIFF_SECONDS= for more */

enum { SOFT, SIM, ENGINES };

struct engine {
    struct sluice_card *card;
    struct sluice_qp *qp;
    struct sluice_sa *sa[PAIRS][2]; /* by direction */
    struct sluice_sa odd[PAIRS][2]; /* what wrong handles point to */
    uint8_t *mem;                   /* BURST buffers */
    struct sluice_done done[BURST];
};

struct record {
    unsigned pair;
    uint32_t len;
    uint8_t bytes[REFERENCE_ROOM];
};

static struct engine engine[ENGINES];
static struct sluice_sa_config config[PAIRS]; /* for sealing */
static struct record record[RECORDS];
static unsigned records;
static uint32_t features;
static bool two_incarnations; /* both engines have the window of the former one too */
static uint64_t statuses[16];

/* ---------------------------------------------------------------- SAs */

static enum sluice_cipher some_cipher(void)
{
    static const enum sluice_cipher all[] = {SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES256, SLUICE_CIPHER_AES192,
                                             SLUICE_CIPHER_NULL};

    return all[tap_below(features & FEATURE(AES192) ? (features & FEATURE(NULL) ? 4 : 3) : 2)];
}

static enum sluice_mac some_mac(void)
{
    return tap_below(2) ? SLUICE_MAC_SHA256 : SLUICE_MAC_SHA1;
}

static struct sluice_sa_config some_config(void)
{
    struct sluice_sa_config c =
        kit_config(some_cipher(), some_mac(), tap_below(2) ? SLUICE_FORM_UDP_ETM : SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL, 0);
    unsigned least = c.form == SLUICE_FORM_UDP_MTE && c.cipher != SLUICE_CIPHER_NULL ? 16 : 10;

    c.mac_len = (uint8_t)(least + tap_below(sluice_mac_size(c.mac) - least + 1));
    c.nonce_mode = tap_below(4) ? SLUICE_NONCE_MODE_SEQUENCE : SLUICE_NONCE_MODE_EXPLICIT;
    c.replay = tap_below(4) != 0;
    c.counter = tap_random() >> tap_below(64);
    if (tap_below(4) == 0) { /* near the end of an incarnation */
        c.counter |= (UINT64_C(1) << 48) - 1;
        c.counter -= tap_below(40);
    }
    c.limit = c.counter >> 48 != (c.counter + 100) >> 48 || tap_below(3) ? 0 : c.counter + tap_below(100);
    return c;
}

static bool make_pair(unsigned pair)
{
    struct sluice_sa_config c = config[pair] = some_config();

    for (unsigned direction = 0; direction < 2; direction++) {
        c.direction = (enum sluice_direction)direction;
        c.limit = direction == SLUICE_DIRECTION_SEAL ? config[pair].limit : 0;
        for (unsigned e = 0; e < ENGINES; e++) {
            int err = sluice_sa_create(engine[e].card, &c, &engine[e].sa[pair][direction]);

            if (err) {
                tap_note("engine %u: %s: %s", e, kit_name(&c), strerror(-err));
                return false;
            }
        }
    }
    return true;
}

static void end_pair(unsigned pair)
{
    for (unsigned e = 0; e < ENGINES; e++) {
        sluice_sa_destroy(engine[e].sa[pair][0]);
        sluice_sa_destroy(engine[e].sa[pair][1]);
    }
    for (unsigned i = 0; i < records; i++) {
        if (record[i].pair == pair) {
            record[i--] = record[--records];
        }
    }
}

/* A handle that is wrong in the same way on both engines. */
static void make_odd(unsigned pair, unsigned direction, unsigned how)
{
    for (unsigned e = 0; e < ENGINES; e++) {
        engine[e].odd[pair][direction] = *engine[e].sa[pair][direction];
        if (how == 0) {
            engine[e].odd[pair][direction].gen++;
        } else {
            engine[e].odd[pair][direction].slot = how == 1 ? 200 : 60000; /* empty, and beyond the card's table */
        }
    }
}

/* ---------------------------------------------------------------- operations */

/* One operation, in offsets into an engine's buffer of that operation. */
struct plan {
    struct sluice_op op;
    unsigned pair, direction;
    bool odd;
    uint32_t src, dst;
};

static uint32_t some_length(void)
{
    switch (tap_below(20)) {
    case 0:
        return SLUICE_MAX_CONTENT - tap_below(3);
    case 1:
        return tap_below(SLUICE_MAX_CONTENT + 40);
    case 2:
    case 3:
        return 16 * tap_below(10) + tap_below(3);
    case 4:
        return 0;
    case 5:
    case 6:
        return 1400;
    default:
        return tap_below(300);
    }
}

static void plan_seal(struct plan *p, uint8_t *image)
{
    uint32_t size;

    p->op.type = SLUICE_OP_TYPE_SEAL;
    p->op.src_len = some_length();
    p->op.content_type = (uint8_t)tap_random();
    p->op.pad = (uint8_t)(tap_below(3) ? 0 : tap_below(18));
    tap_fill(p->op.nonce, sizeof p->op.nonce);
    size = sluice_record_size(&config[p->pair], p->op.src_len, p->op.pad);
    p->op.dst_len = tap_below(20) ? size + tap_below(40) : size - tap_below(size + 1);
    tap_fill(image + p->src, p->op.src_len < 64 ? p->op.src_len : 64);
}

/* A record made by hand: other paddings than the engines choose, and faults in padding or MAC. */
static uint32_t forge(struct plan *p, uint8_t *to)
{
    static uint8_t content[SLUICE_MAX_CONTENT + 300];
    struct sluice_sa_config *c = &config[p->pair];
    struct reference r = {.config = c, .type = 0x97, .content = content, .bad_padding = NO_FAULT, .bad_mac = NO_FAULT};

    r.content_len = tap_below(8) ? tap_below(400) : SLUICE_MAX_CONTENT - 20 + tap_below(100);
    r.padding = reference_padding(c, r.content_len, tap_below(15));
    tap_fill(r.nonce, sizeof r.nonce);
    if (c->nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        uint64_t counter = c->counter + tap_below(3000);

        reference_nonce(c, two_incarnations || counter >> 48 == c->counter >> 48 ? counter : c->counter, r.nonce);
    }
    if (tap_below(3) == 0) {
        r.bad_padding = (int)tap_below(r.padding + 1);
    } else if (tap_below(3) == 0) {
        r.bad_mac = (int)tap_below(c->mac_len);
    }
    return reference_record(&r, to);
}

static void plan_open(struct plan *p, uint8_t *image)
{
    uint8_t *at = image + p->src;
    uint32_t most;

    p->op.type = SLUICE_OP_TYPE_OPEN;
    if (records && tap_below(4)) {
        const struct record *r = &record[tap_below(records)];

        p->pair = tap_below(20) ? r->pair : p->pair;
        p->op.src_len = r->len;
        memcpy(at, r->bytes, r->len);
    } else {
        p->op.src_len = forge(p, at);
    }
    if (tap_below(5) == 0) { /* header and nonce more often than the rest */
        uint32_t spot = tap_below(3)   ? tap_below(p->op.src_len)
                        : tap_below(2) ? tap_below(13)
                                       : p->op.src_len - 1 - tap_below(16);

        at[spot] ^= (uint8_t)(1u << tap_below(8));
    }
    if (tap_below(12) == 0) {
        p->op.src_len = tap_below(2) ? tap_below(p->op.src_len + 1) : p->op.src_len + tap_below(300);
    }
    most = sluice_content_max(&config[p->pair], p->op.src_len);
    p->op.dst_len = tap_below(20) ? most + tap_below(30) : most - tap_below(most + 1);
}

/* Fills one operation's image of source and destination, the same for both engines. */
static void plan(struct plan *p, uint8_t *image, unsigned index)
{
    unsigned kind = tap_below(100);

    memset(p, 0, sizeof *p);
    memset(image, (int)tap_below(256), BUFFER);
    p->pair = tap_below(PAIRS);
    p->src = GUARD + tap_below(64);
    p->dst = BUFFER / 2 + GUARD + tap_below(64);
    p->op.cookie = index;
    if (kind < 3) {
        p->op.type = SLUICE_OP_TYPE_NOP;
        return;
    }
    if (kind < 50) {
        plan_seal(p, image);
    } else {
        plan_open(p, image);
    }
    p->dst = tap_below(10) ? p->dst : p->src;
    p->direction = p->op.type == SLUICE_OP_TYPE_OPEN;
    if (tap_below(40) == 0) {
        p->direction ^= 1;
    }
    p->odd = tap_below(30) == 0;
    if (p->odd) {
        make_odd(p->pair, p->direction, tap_below(3));
    }
}

static struct sluice_op op_for(struct engine *e, const struct plan *p, unsigned index)
{
    struct sluice_op op = p->op;
    uint8_t *buffer = e->mem + (size_t)index * BUFFER;

    op.src = buffer + p->src;
    op.dst = buffer + p->dst;
    op.sa = p->odd ? &e->odd[p->pair][p->direction] : e->sa[p->pair][p->direction];
    return op;
}

/* ---------------------------------------------------------------- running and comparing */

static bool run(struct engine *e, const struct plan *plans, unsigned count)
{
    struct pollfd fd = {.fd = sluice_qp_fd(e->qp), .events = POLLIN};
    struct sluice_op ops[BURST];
    struct sluice_done done[BURST];
    unsigned left = count;

    for (unsigned i = 0; i < count; i++) {
        ops[i] = op_for(e, &plans[i], i);
    }
    if (sluice_qp_submit(e->qp, ops, count) != (int)count) {
        return false;
    }
    while (left > 0) {
        int n = sluice_qp_poll(e->qp, done, BURST);

        for (int i = 0; i < n; i++) {
            e->done[done[i].cookie] = done[i];
            left--;
        }
        if (n < 0 || (n == 0 && !sluice_qp_arm(e->qp) && poll(&fd, 1, 30000) != 1)) {
            tap_note("%u operations do not end", left);
            return false;
        }
    }
    return true;
}

static bool same(const struct plan *p, unsigned index)
{
    static const char *const names[] = {"nop", "seal", "open"};
    const struct sluice_done *a = &engine[SOFT].done[index], *b = &engine[SIM].done[index];
    const uint8_t *x = engine[SOFT].mem + (size_t)index * BUFFER, *y = engine[SIM].mem + (size_t)index * BUFFER;

    statuses[a->status]++;
    if (a->status == b->status && a->length == b->length && a->counter == b->counter && memcmp(x, y, BUFFER) == 0) {
        return true;
    }
    tap_note("%s on %s, src_len %u, dst_len %u, pad %u%s%s", names[p->op.type], kit_name(&config[p->pair]), p->op.src_len,
             p->op.dst_len, p->op.pad, p->odd ? ", wrong handle" : "", p->src == p->dst ? ", in place" : "");
    tap_note("soft: %s, length %u, counter %#llx", sluice_status_name(a->status), a->length, (unsigned long long)a->counter);
    tap_note("sim:  %s, length %u, counter %#llx", sluice_status_name(b->status), b->length, (unsigned long long)b->counter);
    for (uint32_t i = 0; i < BUFFER; i++) {
        if (x[i] != y[i]) {
            tap_note("first difference at destination byte %d: %02x, %02x", (int)i - (int)p->dst, x[i], y[i]);
            break;
        }
    }
    return false;
}

static void keep_record(const struct plan *p, unsigned index)
{
    const struct sluice_done *d = &engine[SOFT].done[index];

    if (p->op.type == SLUICE_OP_TYPE_SEAL && d->status == SLUICE_STATUS_OK) {
        struct record *r = &record[records < RECORDS ? records++ : tap_below(RECORDS)];

        r->pair = p->pair;
        r->len = d->length;
        memcpy(r->bytes, engine[SOFT].mem + (size_t)index * BUFFER + p->dst, d->length);
    }
}

static bool one_round(unsigned *operations)
{
    struct plan plans[BURST];
    unsigned count = 1 + tap_below(BURST);

    for (unsigned i = 0; i < count; i++) {
        uint8_t *image = engine[SOFT].mem + (size_t)i * BUFFER;

        plan(&plans[i], image, i);
        memcpy(engine[SIM].mem + (size_t)i * BUFFER, image, BUFFER);
    }
    if (!run(&engine[SOFT], plans, count) || !run(&engine[SIM], plans, count)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!same(&plans[i], i)) {
            return false;
        }
        keep_record(&plans[i], i);
    }
    *operations += count;
    if (tap_below(6) == 0) {
        unsigned pair = tap_below(PAIRS);

        end_pair(pair);
        return make_pair(pair);
    }
    return true;
}

static int open_engine(struct engine *e, const char *uri)
{
    int err = sluice_open(uri, NULL, &e->card);

    if (!err) {
        err = sluice_qp_create(e->card, 64, &e->qp);
        e->mem = sluice_mem_alloc(e->card, (size_t)BURST * BUFFER);
    }
    return err ? err : e->mem ? 0 : -ENOMEM;
}

static void close_engine(struct engine *e)
{
    sluice_qp_destroy(e->qp);
    sluice_close(e->card);
}

static bool has_windows(void)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 20);
    struct sluice_window w;
    struct sluice_sa *sa;
    bool has = sluice_sa_create(engine[SIM].card, &c, &sa) == 0 && sluice_sa_window_export(sa, &w) == 0;

    sluice_sa_destroy(sa);
    return has;
}

/* Compares until the time is up. */
static void compare(const char *what, const char *const arguments[], time_t seconds)
{
    struct sim_child *sim = sim_start(arguments);
    struct sluice_info info = {0};
    unsigned operations = 0, rounds = 0;
    time_t end = time(NULL) + seconds;
    bool good = open_engine(&engine[SOFT], "soft:") == 0 && open_engine(&engine[SIM], sim_uri(sim)) == 0 &&
                sluice_card_info(engine[SIM].card, &info) == 0;

    features = info.features;
    records = 0;
    for (unsigned i = 0; i < PAIRS && good; i++) {
        good = make_pair(i);
    }
    two_incarnations = good && has_windows();
    while (good && rounds++ < MOST_ROUNDS && time(NULL) < end) {
        good = one_round(&operations);
    }
    tap_ok(good, "soft: and sim: do the same, %s (%u operations)", what, operations);
    if (good) {
        for (unsigned i = 0; i < PAIRS; i++) {
            end_pair(i);
        }
        close_engine(&engine[SOFT]);
        close_engine(&engine[SIM]);
    }
    tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
}

int main(void)
{
    static const char *const plain[] = {NULL};
    static const char *const rough[] = {"--split", "random", "--reorder", "--stall", "20", "--latency", "60", NULL};
    static const char *const wide[] = {"--mps", "256", "--mrrs", "128", "--rcb", "128", "--reorder", NULL};
    const char *given = getenv("DIFF_SECONDS");
    time_t seconds = given ? strtol(given, NULL, 10) : SECONDS;

    tap_begin();
    if (!sim_built()) {
        tap_skip_all("sluice-sim is not built");
    }
    compare("on a plain host", plain, seconds / 2);
    compare("with completions split and reordered, and stalls", rough, seconds / 2);
    compare("with other sizes of payload and request", wide, seconds / 3);
    for (unsigned i = 0; i < 16; i++) {
        if (statuses[i]) {
            tap_note("%-34s %llu", sluice_status_name((enum sluice_status)i), (unsigned long long)statuses[i]);
        }
    }
    return tap_end();
}
