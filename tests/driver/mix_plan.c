/* SPDX-License-Identifier: Apache-2.0 */
/* What a mix does next. Nothing here depends on what an engine answered, so that a burst may hold several steps of one SA. */
#include <string.h>

#include "mix.h"
#include "tap.h"

#define MANY_REFS (1u << 20) /* an SA that no end of an operation frees */

static bool tls(const struct mix *m, const struct mix_plan *p)
{
    return reference_tls(&m->config[p->pair]);
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t some_length(void)
{
    switch (tap_below(24)) {
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

/* Random at both ends, which is where things happen; the rest is as it was. */
static void some_bytes(uint8_t *to, uint32_t len)
{
    uint32_t n = least(len, 64);

    tap_fill(to, n);
    tap_fill(to + len - n, n);
}

/* `right` bytes of room, mostly, and now and then less, or far more. */
static uint32_t some_room(uint32_t right)
{
    switch (tap_below(24)) {
    case 0:
        return right - tap_below(right + 1);
    case 1:
        return right + (right < 2 ? 0 : (1u << (12 + tap_below(12))) + tap_below(100));
    default:
        return right + tap_below(40);
    }
}

/* ---------------------------------------------------------------- records */

/* A record's description: other paddings than the engines choose, and faults in padding or MAC. */
static struct reference some_reference(struct mix *m, unsigned pair, uint8_t *content)
{
    const struct sluice_sa_config *c = &m->config[pair];
    struct reference r = {.config = c, .content = content, .seq = tap_random(), .bad_padding = NO_FAULT, .bad_mac = NO_FAULT};
    uint64_t counter = c->counter + tap_below(3000);

    r.type = (uint8_t)(tap_below(128) | (reference_tls(c) ? 0 : 0x80));
    r.content_len = tap_below(8) ? tap_below(400) : SLUICE_MAX_CONTENT - 20 + tap_below(100);
    some_bytes(content, r.content_len);
    r.padding = reference_padding(c, r.content_len, tap_below(15));
    tap_fill(r.nonce, sizeof r.nonce);
    if (!reference_tls(c) && c->nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        counter += tap_below(20) ? 0 : UINT64_C(1) << 48;
        reference_nonce(c, m->windows || counter >> 48 == c->counter >> 48 ? counter : c->counter, r.nonce);
    }
    if (tap_below(4) == 0) {
        r.bad_padding = (int)tap_below(r.padding + 1);
    } else if (tap_below(5) == 0 && c->mac_len) {
        r.bad_mac = (int)tap_below(c->mac_len);
    }
    return r;
}

/* A sealed one of that pair, or one made by hand. Returns its length. */
static uint32_t some_record(struct mix *m, unsigned pair, uint8_t *to, uint8_t iv[16], uint64_t *seq)
{
    const struct mix_record *kept = m->records ? &m->record[tap_below(m->records)] : NULL;
    uint8_t content[SLUICE_MAX_CONTENT + 300] = {0};
    struct reference r;

    if (kept && kept->pair == pair && tap_below(4)) {
        memcpy(to, kept->bytes, kept->len);
        memcpy(iv, kept->iv, sizeof kept->iv);
        *seq = kept->seq;
        return kept->len;
    }
    r = some_reference(m, pair, content);
    memcpy(iv, r.nonce, sizeof r.nonce);
    *seq = r.seq;
    return reference_record(&r, to);
}

/* Header and end more often than the rest. */
static void spoil(uint8_t *bytes, uint32_t len)
{
    uint32_t spot = tap_below(3) ? tap_below(len) : tap_below(2) ? tap_below(13) : len - 1 - tap_below(16);

    if (len > 16) {
        bytes[spot] ^= (uint8_t)(1u << tap_below(8));
    }
}

/* Sometimes a length that does not fit. */
static uint32_t some_wrong(uint32_t len)
{
    switch (tap_below(50)) {
    case 0:
        return tap_below(len + 1);
    case 1:
        return len + tap_below(300);
    case 2:
        return len + (1u << (14 + tap_below(9)));
    default:
        return len;
    }
}

static void set_nonce(struct sluice_op *op, const uint8_t iv[16])
{
    memcpy(op->nonce, iv, sizeof op->nonce);
    if (tap_below(40) == 0) {
        op->nonce[tap_below(16)] ^= 1;
    }
}

static void plan_seal(struct mix *m, struct mix_plan *p)
{
    p->op.type = SLUICE_OP_TYPE_SEAL;
    p->op.src_len = some_length();
    p->op.content_type = (uint8_t)tap_random();
    p->op.pad = (uint8_t)(tap_below(3) ? 0 : tap_below(10) ? tap_below(18) : tap_below(256));
    p->op.seq = tap_random();
    tap_fill(p->op.nonce, sizeof p->op.nonce);
    p->op.dst_len = some_room(sluice_record_size(&m->config[p->pair], p->op.src_len, p->op.pad));
    some_bytes(m->source, p->op.src_len);
    p->op.src_len = some_wrong(p->op.src_len);
}

static void plan_open(struct mix *m, struct mix_plan *p)
{
    uint8_t iv[16];

    p->op.type = SLUICE_OP_TYPE_OPEN;
    if (m->records && tap_below(2)) { /* mostly of its own SA */
        p->pair = tap_below(20) ? m->record[tap_below(m->records)].pair : p->pair;
    }
    p->op.src_len = some_record(m, p->pair, m->source, iv, &p->op.seq);
    set_nonce(&p->op, iv);
    p->op.seq += tap_below(40) == 0;
    if (tap_below(5) == 0) {
        spoil(m->source, p->op.src_len);
    }
    p->op.src_len = some_wrong(p->op.src_len);
    p->op.dst_len = some_room(sluice_content_max(&m->config[p->pair], p->op.src_len));
}

static void plan_verify(struct mix *m, struct mix_plan *p)
{
    uint8_t content[SLUICE_MAX_CONTENT + 300] = {0};
    struct reference r = some_reference(m, p->pair, content);

    p->op.type = SLUICE_OP_TYPE_VERIFY;
    p->op.src_len = some_wrong(reference_inside(&r, m->source));
    p->op.content_type = (uint8_t)(r.type ^ (tap_below(40) == 0));
    p->op.seq = r.seq + (tap_below(40) == 0);
    if (tap_below(6) == 0) {
        spoil(m->source, least(p->op.src_len, REFERENCE_ROOM));
    }
}

/* ---------------------------------------------------------------- parts */

static void new_stream(struct mix *m, struct mix_stream *s, unsigned pair, unsigned direction)
{
    *s = (struct mix_stream){.live = true, .style = (uint8_t)tap_below(5), .seq = tap_random()};
    if (direction == SLUICE_DIRECTION_OPEN) {
        s->len = some_record(m, pair, s->bytes, s->iv, &s->seq);
        if (tap_below(6) == 0) {
            spoil(s->bytes, s->len);
        }
        return;
    }
    s->len = least(some_length(), SLUICE_MAX_CONTENT);
    s->type = (uint8_t)tap_random();
    s->pad = (uint8_t)(tap_below(3) ? 0 : tap_below(20));
    tap_fill(s->iv, sizeof s->iv);
    some_bytes(s->bytes, s->len);
}

static uint32_t some_cut(const struct mix_stream *s)
{
    uint32_t left = s->len - s->at;

    switch (s->style) {
    case 0:
        return least(left, tap_below(3));
    case 1:
        return least(left, tap_below(40));
    case 2:
        return left;
    default:
        return tap_below(5) ? tap_below(left + 1) : left;
    }
}

/* What only the first part has; the engines must pass over it in the others. */
static void set_first(struct sluice_op *op, const struct mix_stream *s)
{
    op->content_type = s->type;
    op->pad = s->pad;
    op->seq = s->seq;
    op->total = (uint16_t)(tap_below(60) ? s->len : tap_random());
    memcpy(op->nonce, s->iv, sizeof op->nonce);
}

static void plan_part(struct mix *m, struct mix_plan *p)
{
    unsigned direction = tap_below(2);
    struct mix_stream *s = &m->stream[p->pair][direction];
    uint32_t len;
    bool last;

    if (!s->live || tap_below(60) == 0) {
        new_stream(m, s, p->pair, direction);
    }
    len = some_cut(s);
    last = s->at + len == s->len ? tap_below(4) : tap_below(80) == 0;
    p->op.type = direction == SLUICE_DIRECTION_SEAL ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN;
    p->op.part = (uint8_t)(SLUICE_PART | (s->begun ? 0 : SLUICE_PART_FIRST) | (last ? SLUICE_PART_LAST : 0));
    set_first(&p->op, s);
    if (tap_below(100) == 0) {
        p->op.part ^= (uint8_t)(SLUICE_PART << tap_below(3));
    }
    memcpy(m->source, s->bytes + s->at, len);
    s->at += len;
    s->begun = true;
    s->live = !last;
    p->op.src_len = tap_below(60) ? len : some_wrong(len + tap_below(4));
    m->config[p->pair].direction = (enum sluice_direction)direction;
    p->op.dst_len = some_room(sluice_part_room(&m->config[p->pair], p->op.src_len, p->op.part));
    m->config[p->pair].direction = SLUICE_DIRECTION_SEAL;
}

/* ---------------------------------------------------------------- places */

static void plan_places(struct mix *m, struct mix_plan *p, unsigned index)
{
    unsigned lists = m->features & FEATURE(PAGE_LIST) ? 40 : 0;

    p->src_bytes = least(p->op.src_len, MIX_ROOM);
    p->dst_bytes = least(p->op.dst_len, MIX_ROOM);
    p->bad = m->bad_share && m->engine[CARD].bad[index] && tap_below(m->bad_share) == 0;
    p->src = layout_pick(p->src_bytes, 0, MIX_HALF, lists);
    if (p->bad && !p->src.listed && p->src_bytes < MIX_ROOM - LAYOUT_PAGE) { /* begins before a page that cannot be read */
        p->src.offset = LAYOUT_PAGE - tap_below(p->src_bytes < LAYOUT_PAGE ? p->src_bytes + 1 : LAYOUT_PAGE);
        p->src.room = MIX_ROOM - p->src.offset;
    }
    p->dst = layout_pick(p->dst_bytes, MIX_HALF, MIX_HALF, lists);
    p->src_bytes = least(p->src_bytes, p->src.room);
    p->dst_bytes = least(p->dst_bytes, p->dst.room);
    p->in_place = !p->bad && p->dst_bytes <= p->src.room && tap_below(10) == 0;
    if (p->in_place) {
        p->dst = p->src;
    }
    p->hit = p->bad && layout_mask(&p->src, p->src_bytes) & 0x2a;
}

/* A handle that is wrong in the same way on both engines. */
static void make_odd(struct mix *m, const struct mix_plan *p)
{
    bool other = tap_below(2);

    for (unsigned e = 0; e < ENGINES; e++) {
        struct card_sa *wrong = &m->engine[e].odd[p->pair][p->direction];
        struct sluice_sa *odd = &wrong->sa;

        *odd = *m->engine[e].sa[p->pair][p->direction];
        atomic_store(&wrong->place, PLACE_IN);
        atomic_store(&wrong->refs, MANY_REFS);
        if (other) {
            odd->slot = 60000; /* beyond the card's table */
        } else {
            odd->gen++;
        }
    }
}

void mix_choose(struct mix *m, struct mix_plan *p, unsigned index)
{
    unsigned kind = tap_below(100);
    bool cut = m->features & FEATURE(CUT_THROUGH);

    *p = (struct mix_plan){.pair = tap_below(MIX_PAIRS), .op.cookie = index};
    if (kind < 3) {
        return;
    }
    if (cut && tap_below(100) < (tls(m, p) ? 50 : 3)) {
        if (tap_below(4)) {
            plan_part(m, p);
        } else {
            plan_verify(m, p);
        }
    } else if (kind < 50) {
        plan_seal(m, p);
    } else {
        plan_open(m, p);
    }
    p->direction = p->op.type != SLUICE_OP_TYPE_SEAL;
    plan_places(m, p, index);
    if (p->op.part == 0 && tap_below(40) == 0) {
        p->direction ^= 1;
    }
    p->odd = tap_below(40) == 0;
    if (p->odd) {
        make_odd(m, p);
    }
}
