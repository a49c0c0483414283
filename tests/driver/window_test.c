/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The replay window against a model that remembers every counter, over incarnations, with exports and imports in between; and
 * through the API, on the software engine and on a card.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "reference.h"
#include "sim_child.h"
#include "window.h"

#define SPAN     60000u /* sequences that the model remembers of an incarnation, from 0 on */
#define ERAS     6u
#define ROUNDS   200000u
#define RECORDS  150u
#define CONTENT  20u
#define SEQ_MASK ((UINT64_C(1) << 48) - 1)

/* ---------------------------------------------------------------- the window alone */

/* What rtl/README.md says. */
struct model {
    uint64_t floor, first; /* incarnation of era 0 */
    unsigned current;      /* era; the one before it, if any counts, is `former` */
    int former;            /* -1: none */
    struct {
        bool any;
        uint32_t top;
        uint8_t seen[SPAN];
    } era[ERAS];
};

static bool era_take(struct model *m, unsigned era, uint32_t seq)
{
    if (m->era[era].any && (seq + SLUICE_REPLAY_WINDOW <= m->era[era].top || m->era[era].seen[seq])) {
        return false;
    }
    m->era[era].seen[seq] = 1;
    m->era[era].top = m->era[era].any && m->era[era].top > seq ? m->era[era].top : seq;
    m->era[era].any = true;
    return true;
}

static bool model_take(struct model *m, unsigned era, uint32_t seq)
{
    if (((m->first + era) << 48 | seq) < m->floor) {
        return false;
    }
    if (era > m->current) {
        m->former = (int)m->current;
        m->current = era;
    }
    return (era == m->current || (int)era == m->former) && era_take(m, era, seq);
}

static uint32_t some_sequence(const struct model *m, unsigned era)
{
    static const uint32_t reach[] = {2, 70, 1100, 1100, 1100, 3000};
    uint32_t r = reach[tap_below(6)];
    int64_t seq = (int64_t)m->era[era].top + tap_below(r) - tap_below(r);

    return seq < 0 || seq >= SPAN ? tap_below(3000) : (uint32_t)seq;
}

static unsigned some_era(const struct model *m, unsigned i)
{
    unsigned about = i < ROUNDS / ERAS * ERAS ? i / (ROUNDS / ERAS) : ERAS - 1;

    if (tap_below(4)) {
        return m->current;
    }
    return tap_below(400) ? tap_below(m->current + 1) : about > m->current ? about : m->current;
}

/* Out and in again must change nothing, with what does not count made different on the way. */
static void carry(struct window *w)
{
    struct sluice_window out;

    window_export(w, &out);
    for (unsigned seq = 0; seq < SLUICE_WINDOW_BITS; seq++) {
        uint32_t behind = (uint32_t)(((out.current & SEQ_MASK) - seq) % SLUICE_WINDOW_BITS);

        if (behind >= SLUICE_REPLAY_WINDOW || !(out.state & SLUICE_WINDOW_CURRENT)) {
            out.current_bits[seq / 8] |= (uint8_t)(tap_below(2) << (seq % 8));
        }
    }
    out.state |= (uint64_t)tap_below(32) << 3;
    if (!(out.state & SLUICE_WINDOW_FORMER)) {
        tap_fill(out.former_bits, sizeof out.former_bits);
    }
    tap_fill(w, sizeof *w);
    if (window_clean(&out) == 0) {
        window_import(w, &out);
    }
}

static bool window_is_model(uint64_t incarnation, uint32_t floor, bool carried)
{
    static struct model m;
    struct window w;

    memset(&m, 0, sizeof m);
    m = (struct model){.first = incarnation, .floor = incarnation << 48 | floor, .former = -1};
    m.era[0].top = floor;
    window_init(&w, m.floor);
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned era = some_era(&m, i);
        uint32_t seq = some_sequence(&m, era);
        bool taken = window_take(&w, (incarnation + era) << 48 | seq);

        if (taken != model_take(&m, era, seq)) {
            tap_note("era %u, sequence %u, top %u, round %u: %d", era, seq, m.era[era].top, i, taken);
            return false;
        }
        if (carried && tap_below(200) == 0) {
            carry(&w);
        }
    }
    return m.current == ERAS - 1;
}

static void alone(void)
{
    struct window w;
    struct sluice_window out = {.current = UINT64_C(5) << 48, .former = UINT64_C(6) << 48, .state = SLUICE_WINDOW_FORMER};

    tap_ok(window_is_model(0, 5000, false) && window_is_model(7, 0, false) && window_is_model(0xfff0, 900, false),
           "the window does what its rules say, over random counters and incarnations");
    tap_ok(window_is_model(0, 3000, true) && window_is_model(9, 0, true),
           "and when it is exported and imported now and then, with noise in what does not count");
    window_init(&w, 0);
    tap_ok(window_take(&w, 0) && !window_take(&w, 0) && window_take(&w, 1024) && !window_take(&w, 0) && window_take(&w, 1) &&
               window_take(&w, 1025) && !window_take(&w, 1),
           "counter 0 is the first, and the window is 1024 wide");
    tap_ok(window_take(&w, SEQ_MASK) && !window_take(&w, SEQ_MASK) && window_take(&w, SEQ_MASK + 1) &&
               !window_take(&w, SEQ_MASK) && window_take(&w, SEQ_MASK - 1) && window_take(&w, UINT64_MAX) &&
               !window_take(&w, SEQ_MASK - 2) && window_take(&w, SEQ_MASK + 2) && !window_take(&w, 2 * SEQ_MASK + 7),
           "the last counter of an incarnation is taken once; the incarnation before the highest still is, earlier ones are not");
    tap_ok(window_clean(&out) == -EINVAL, "a former incarnation above the current one is refused");
}

/* ---------------------------------------------------------------- through the API */

static enum sluice_status open_counter(struct kit *kit, const struct sluice_sa_config *c, struct sluice_sa *sa, uint64_t counter)
{
    uint8_t content[CONTENT] = {0};
    struct reference r = {
        .config = c, .type = 0x97, .content = content, .content_len = CONTENT, .bad_padding = NO_FAULT, .bad_mac = NO_FAULT};
    struct sluice_op op = {.type = SLUICE_OP_TYPE_OPEN, .sa = sa, .src = kit->src, .dst = kit->dst, .dst_len = 100};

    r.padding = reference_padding(c, CONTENT, 0);
    reference_nonce(c, counter, r.nonce);
    op.src_len = reference_record(&r, kit->src);
    return kit_run(kit, &op).status;
}

static uint64_t some_counter(uint64_t top)
{
    uint64_t c = top + tap_below(1500) - tap_below(1200);

    return tap_below(12) ? c : c + (UINT64_C(1) << 48);
}

/* Two SAs: one goes on with the window of the other, then both must say the same. */
static bool moves(struct kit *kit, const struct sluice_sa_config *c)
{
    struct sluice_sa *from = kit_sa(kit, c), *to = kit_sa(kit, c);
    struct window model;
    struct sluice_window out, again, expected;
    uint64_t top = c->counter + 1500;
    bool good = true;

    window_init(&model, c->counter);
    for (unsigned i = 0; i < 2 * RECORDS && good; i++) {
        uint64_t counter = some_counter(top);
        enum sluice_status right = window_take(&model, counter) ? SLUICE_STATUS_OK : SLUICE_STATUS_REPLAYED;

        good = open_counter(kit, c, i < RECORDS ? from : to, counter) == right;
        top = right == SLUICE_STATUS_OK && counter > top ? counter : top;
        if (i == RECORDS - 1) {
            window_export(&model, &expected);
            good = good && sluice_sa_window_export(from, &out) == 0 && memcmp(&out, &expected, sizeof out) == 0 &&
                   sluice_sa_window_import(to, &out) == 0 && sluice_sa_window_export(to, &again) == 0 &&
                   memcmp(&again, &out, sizeof out) == 0;
        }
    }
    sluice_sa_destroy(from);
    sluice_sa_destroy(to);
    return good;
}

static void api(const char *uri)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 16);
    struct sluice_window w = {0};
    struct kit kit;
    struct sluice_sa *sa;

    if (!tap_ok(kit_open(&kit, uri) == 0, "%.5s opens", uri)) {
        return;
    }
    sa = kit_sa(&kit, &c);
    if (sluice_sa_window_export(sa, &w) == -EOPNOTSUPP) {
        tap_ok(true, "windows are exported # SKIP not by this card");
    } else {
        c.counter = (UINT64_C(3) << 48) + 10;
        tap_ok(moves(&kit, &c), "an SA goes on with the window of another, over incarnations");
        c.counter = 0;
        tap_ok(moves(&kit, &c), "from counter 0 on, too");
        w.former = UINT64_C(1) << 48;
        w.state = SLUICE_WINDOW_FORMER;
        tap_ok(sluice_sa_window_import(sa, &w) == -EINVAL, "incarnations the wrong way round are refused");
    }
    sluice_sa_destroy(sa);
    c.replay = 0;
    sa = kit_sa(&kit, &c);
    tap_ok(sluice_sa_window_export(sa, &w) == -EINVAL && sluice_sa_window_import(sa, &w) == -EINVAL,
           "an SA without a window has none to give or to take");
    sluice_sa_destroy(sa);
    kit_close(&kit);
}

int main(void)
{
    static const char *const plain[] = {NULL};

    tap_begin();
    alone();
    api("soft:");
    if (sim_built()) {
        struct sim_child *sim = sim_start(plain);

        api(sim_uri(sim));
        tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
    } else {
        tap_ok(true, "the same on a card # SKIP sluice-sim is not built");
    }
    return tap_end();
}
