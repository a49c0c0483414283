/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in parts, verify and page lists: every cipher and MAC in every TLS form, opened and sealed in parts of any size,
 * several SAs in turn, against records that OpenSSL made; what each part must write and say is worked out here from the rules.
 * CUT_RECORDS= records of each kind for more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "layout.h"
#include "reference.h"
#include "sim_child.h"
#include "sluice_regs.h"

#define CIPHERS 6u
#define MACS    4u
#define STREAMS 4u
#define CANARY  0xa5

static struct kit kit;
static uint8_t *from, *to; /* arenas */
static unsigned lists;     /* in a hundred */

/* One SA, and the record that it is in the middle of. */
struct stream {
    struct sluice_sa_config config;
    struct sluice_sa *sa;
    struct reference record;
    unsigned pad;
    uint8_t content[SLUICE_MAX_CONTENT], inside[REFERENCE_ROOM], wire[REFERENCE_ROOM], made[REFERENCE_ROOM];
    uint32_t inside_len, wire_len;
    uint32_t at, made_len; /* bytes given, bytes that came */
    bool begun;
    unsigned style; /* of the cuts */
};

static bool sealing(const struct stream *s)
{
    return s->config.direction == SLUICE_DIRECTION_SEAL;
}

static bool padded(const struct stream *s)
{
    return s->config.cipher != SLUICE_CIPHER_NULL;
}

/* ---------------------------------------------------------------- what must come of it */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t body_at(const struct stream *s)
{
    return 5 + reference_wire_nonce(&s->config);
}

/* Bytes that all parts have written when `at` bytes were given. */
static uint32_t due(const struct stream *s, uint32_t at, bool last)
{
    uint32_t block = reference_block(&s->config);

    if (sealing(s)) {
        return last ? s->wire_len : body_at(s) + at / block * block;
    }
    return at < body_at(s) ? 0 : least(at - body_at(s), s->inside_len) / block * block;
}

static const uint8_t *right_bytes(const struct stream *s)
{
    return sealing(s) ? s->wire : s->inside;
}

static uint32_t sure(const struct stream *s, uint32_t at, bool last)
{
    bool etm = reference_etm(&s->config);
    uint32_t doubt = (etm ? 0u : s->config.mac_len) + (padded(s) ? 256 : 0);

    if (sealing(s) || at < 5) {
        return 0;
    }
    return last && etm ? s->record.content_len : least(due(s, at, last), s->inside_len > doubt ? s->inside_len - doubt : 0);
}

static bool right_iv(const struct stream *s, const struct sluice_done *done, bool last)
{
    uint8_t iv[16] = {0};

    if (s->config.form == SLUICE_FORM_TLS10 && last && padded(s)) {
        memcpy(iv, s->wire + s->wire_len - reference_block(&s->config), reference_block(&s->config));
    }
    return memcmp(iv, done->next_iv, sizeof iv) == 0;
}

/* ---------------------------------------------------------------- records */

static uint32_t some_length(unsigned style)
{
    return style == 0 ? tap_below(40) : tap_below(4) ? tap_below(700) : tap_below(SLUICE_MAX_CONTENT + 1);
}

static void next_record(struct stream *s)
{
    struct reference *r = &s->record;

    s->style = tap_below(4);
    *r = (struct reference){.config = &s->config, .type = (uint8_t)tap_below(128), .seq = tap_random(), .content = s->content};
    r->bad_padding = r->bad_mac = NO_FAULT;
    tap_fill(r->nonce, sizeof r->nonce);
    r->content_len = some_length(s->style);
    tap_fill(s->content, r->content_len);
    s->pad = tap_below(3) ? 0 : tap_below(12);
    r->padding = reference_padding(&s->config, r->content_len, s->pad);
    s->inside_len = reference_inside(r, s->inside);
    s->wire_len = reference_record(r, s->wire);
    s->at = s->made_len = 0;
    s->begun = false;
}

static uint32_t some_cut(const struct stream *s, uint32_t left)
{
    switch (s->style) {
    case 0:
        return least(left, 1);
    case 1:
        return least(left, tap_below(40));
    default:
        return tap_below(5) ? tap_below(left + 1) : left;
    }
}

/* An operation by way of the arenas; what it left at dst comes to `made`. false: bytes beyond `length` were touched. */
static bool through_arenas(struct sluice_op *op, const uint8_t *source, uint8_t *made, struct sluice_done *done)
{
    struct layout src = layout_pick(op->src_len, 0, LAYOUT_PAGES, lists), dst = layout_pick(op->dst_len, 0, LAYOUT_PAGES, lists);
    uint8_t canaries[REFERENCE_ROOM];
    void *src_list[LAYOUT_LIST], *dst_list[LAYOUT_LIST];
    bool in_place = tap_below(5) == 0 && op->dst_len <= src.room;
    uint8_t *out = in_place ? from : to;
    uint32_t written;

    memset(from, CANARY, LAYOUT_ARENA);
    memset(to, CANARY, LAYOUT_ARENA);
    memset(canaries, CANARY, sizeof canaries);
    dst = in_place ? src : dst;
    layout_put(&src, from, source, op->src_len);
    layout_src(&src, from, op, src_list);
    layout_dst(&dst, out, op, dst_list);
    *done = kit_run(&kit, op);
    written = op->type == SLUICE_OP_TYPE_VERIFY ? 0 : done->length;
    layout_get(&dst, out, made, written);
    layout_put(&src, from, canaries, op->src_len);
    layout_put(&dst, out, canaries, written);
    return kit_all(from, LAYOUT_ARENA, CANARY) && kit_all(to, LAYOUT_ARENA, CANARY);
}

static struct sluice_op part_op(const struct stream *s, uint32_t len, bool last)
{
    struct sluice_op op = {.sa = s->sa, .type = sealing(s) ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN, .src_len = len};

    op.part = (uint8_t)(SLUICE_PART | (last ? SLUICE_PART_LAST : 0));
    if (!s->begun) {
        op.part |= SLUICE_PART_FIRST;
        op.seq = s->record.seq;
        op.content_type = (uint8_t)(s->record.type | (tap_below(2) ? 0x80 : 0));
        op.total = (uint16_t)s->record.content_len;
        op.pad = (uint8_t)s->pad;
        memcpy(op.nonce, s->record.nonce, sizeof op.nonce);
    } else { /* not looked at */
        op.seq = tap_random();
        op.total = 3;
        op.pad = 200;
    }
    op.dst_len = sluice_part_room(&s->config, len, op.part) + tap_below(3);
    return op;
}

/* ---------------------------------------------------------------- parts */

static bool verified(struct stream *s, uint8_t type, enum sluice_status right)
{
    struct sluice_op op = {.type = SLUICE_OP_TYPE_VERIFY, .sa = s->sa, .src_len = s->inside_len, .content_type = type};
    struct sluice_done done;
    uint8_t nothing[1];

    op.seq = s->record.seq;
    return through_arenas(&op, s->made, nothing, &done) && done.status == right && done.content == 0 &&
           done.length == (right == SLUICE_STATUS_OK ? s->record.content_len : 0);
}

static bool complain(const struct stream *s, const struct sluice_done *done, const struct sluice_op *op)
{
    tap_note("%s %s: %s, part %#x of %u bytes at %u, length %u, content %u, made %u; record %u, content %u, inside %u",
             kit_name(&s->config), sealing(s) ? "seal" : "open", sluice_status_name(done->status), op->part, op->src_len, s->at,
             done->length, done->content, s->made_len, s->wire_len, s->record.content_len, s->inside_len);
    return false;
}

static bool one_part(struct stream *s, bool *ended)
{
    uint32_t all = sealing(s) ? s->record.content_len : s->wire_len, left = all - s->at, len = some_cut(s, left);
    bool last = len == left && tap_below(4);
    struct sluice_op op;
    struct sluice_done done;
    bool kept;

    op = part_op(s, len, last);
    kept = through_arenas(&op, (sealing(s) ? s->content : s->wire) + s->at, s->made + s->made_len, &done);
    s->at += len;
    s->begun = true;
    if (!kept || done.status != SLUICE_STATUS_OK || s->made_len + done.length != due(s, s->at, last) ||
        memcmp(s->made, right_bytes(s), s->made_len + done.length) != 0 || done.content != sure(s, s->at, last) ||
        !right_iv(s, &done, last)) {
        return complain(s, &done, &op);
    }
    s->made_len += done.length;
    *ended = last;
    if (!last || sealing(s) || reference_etm(&s->config)) {
        return true;
    }
    return verified(s, s->record.type, SLUICE_STATUS_OK) || complain(s, &done, &op);
}

/* false: the engine has no such cipher or MAC. */
static bool start(struct stream *s, unsigned cipher, unsigned mac, unsigned form, unsigned direction)
{
    unsigned full = sluice_mac_size((enum sluice_mac)mac), least_len = cipher && form != SLUICE_FORM_TLS_ETM ? 16 : 10;

    s->config = kit_config((enum sluice_cipher)cipher, (enum sluice_mac)mac, (enum sluice_form)form,
                           (enum sluice_direction)direction, full < least_len || tap_below(2) ? full : least_len);
    s->config.tls_minor = (uint8_t)(s->config.tls_minor ? 2 + tap_below(2) : 0);
    if (sluice_sa_create(kit.card, &s->config, &s->sa)) {
        return false;
    }
    next_record(s);
    return true;
}

/* A whole record now and then in the middle of the parts of another: the two share an SA and nothing else. */
static bool whole_between(struct stream *s)
{
    static struct stream other;
    struct sluice_op op = {.type = sealing(s) ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN, .sa = s->sa};
    static uint8_t made[REFERENCE_ROOM];
    struct sluice_done done;
    bool good;

    other.config = s->config;
    next_record(&other);
    op.content_type = other.record.type;
    op.pad = (uint8_t)other.pad;
    op.seq = other.record.seq;
    memcpy(op.nonce, other.record.nonce, sizeof op.nonce);
    op.src_len = sealing(s) ? other.record.content_len : other.wire_len;
    op.dst_len = sealing(s) ? other.wire_len : sluice_content_max(&other.config, other.wire_len);
    memcpy(kit.src, sealing(s) ? other.content : other.wire, op.src_len);
    op.src = kit.src;
    op.dst = kit.dst;
    done = kit_run(&kit, &op);
    memcpy(made, kit.dst, done.length);
    good = done.status == SLUICE_STATUS_OK && right_iv(&other, &done, true) &&
           memcmp(made, sealing(s) ? other.wire : other.content, done.length) == 0;
    return good || complain(&other, &done, &op);
}

/* Streams of one pairing in every form and direction, in turn. */
static bool in_turn(unsigned cipher, unsigned mac, unsigned form, unsigned count)
{
    static struct stream stream[STREAMS];
    unsigned left = count * STREAMS;
    bool good = true;

    for (unsigned i = 0; i < STREAMS; i++) {
        if (!start(&stream[i], cipher, mac, form, i & 1)) {
            return true;
        }
    }
    while (good && left > 0) {
        struct stream *s = &stream[tap_below(STREAMS)];
        bool ended = false;

        good = one_part(s, &ended) && (tap_below(60) || whole_between(s));
        if (ended) {
            next_record(s);
            left--;
        }
    }
    for (unsigned i = 0; i < STREAMS; i++) {
        sluice_sa_destroy(stream[i].sa);
    }
    return good;
}

static void pairings(unsigned count)
{
    static const char *const forms[] = {"TLS mte", "TLS etm", "TLS 1.0"};

    for (unsigned form = SLUICE_FORM_TLS_MTE; form <= SLUICE_FORM_TLS10; form++) {
        for (unsigned cipher = 0; cipher < CIPHERS; cipher++) {
            bool good = true;

            for (unsigned mac = 0; mac < MACS && good; mac++) {
                good = in_turn(cipher, mac, form, count);
            }
            tap_ok(good, "records in parts, several SAs in turn: %s, cipher %u with every MAC", forms[form - SLUICE_FORM_TLS_MTE],
                   cipher);
        }
    }
}

/* ---------------------------------------------------------------- what must be refused */

/* Gives `len` bytes of the record as its next part; `last` too. */
static enum sluice_status give(struct stream *s, uint32_t len, bool last, uint32_t room_less)
{
    struct sluice_op op = part_op(s, len, last);
    struct sluice_done done;
    bool kept;

    op.dst_len = sluice_part_room(&s->config, len, op.part) - room_less;
    kept = through_arenas(&op, (sealing(s) ? s->content : s->wire) + s->at, s->made + s->made_len, &done);
    if (done.status == SLUICE_STATUS_OK) {
        s->at += len;
        s->begun = true;
        s->made_len += done.length;
    }
    return kept && (done.status == SLUICE_STATUS_OK || (done.length == 0 && done.content == 0)) ? done.status
                                                                                                : SLUICE_STATUS_ABORTED;
}

/* A new record, of which the first `before` bytes are given. */
static bool fresh(struct stream *s, uint32_t before)
{
    next_record(s);
    while (s->record.content_len < 300) {
        next_record(s);
    }
    return before == 0 || give(s, before, false, 0) == SLUICE_STATUS_OK;
}

static bool orphan(struct stream *s)
{
    next_record(s);
    s->begun = true;
    return give(s, 1, false, 0) == SLUICE_STATUS_BAD_FORMAT;
}

static void refused_opens(struct stream *s)
{
    uint32_t body = body_at(s);
    const char *name = kit_name(&s->config);

    tap_ok(orphan(s), "%s: a part that nothing came before is refused", name);
    next_record(s);
    s->wire[1] ^= 1;
    tap_ok(give(s, 4, false, 0) == SLUICE_STATUS_OK && give(s, 1, false, 0) == SLUICE_STATUS_BAD_FORMAT &&
               give(s, 1, false, 0) == SLUICE_STATUS_BAD_FORMAT && orphan(s),
           "a wrong version is found when the header is there, and ends the record");
    next_record(s);
    s->wire[3] = s->wire[4] = 0xff;
    tap_ok(give(s, 30, false, 0) == SLUICE_STATUS_BAD_LENGTH && orphan(s), "so is a length that no record has");
    tap_ok(fresh(s, body + 33) && give(s, s->wire_len - body - 33, false, 0) == SLUICE_STATUS_OK &&
               give(s, 1, false, 0) == SLUICE_STATUS_BAD_LENGTH && orphan(s),
           "a byte more than the record has is refused");
    tap_ok(fresh(s, 3) && give(s, 100, true, 0) == SLUICE_STATUS_BAD_LENGTH && orphan(s), "a last part too early is refused");
    tap_ok(fresh(s, 40) && give(s, 4, false, 0) == SLUICE_STATUS_OK && give(s, 60, false, 1) == SLUICE_STATUS_OUTPUT_TOO_SMALL &&
               orphan(s),
           "too little room is refused, and ends the record");
    tap_ok(fresh(s, 40) && give(s, 4, false, 0) == SLUICE_STATUS_OK && fresh(s, 0) &&
               give(s, s->wire_len, true, 0) == SLUICE_STATUS_OK && memcmp(s->made, s->inside, s->inside_len) == 0,
           "a first part drops the record before");
    tap_ok(fresh(s, 0) && give(s, SLUICE_MAX_CONTENT + 337, false, 0) == SLUICE_STATUS_BAD_LENGTH && orphan(s),
           "a part has 16384 + 336 bytes at most");
}

static bool verdict(struct stream *s, enum sluice_status right)
{
    bool etm = reference_etm(&s->config);
    enum sluice_status status;

    s->inside_len = reference_inside(&s->record, s->inside);
    s->wire_len = reference_record(&s->record, s->wire);
    status = give(s, s->wire_len / 2, false, 0);
    status = status == SLUICE_STATUS_OK ? give(s, s->wire_len - s->at, true, 0) : SLUICE_STATUS_ABORTED;
    return etm ? status == right : status == SLUICE_STATUS_OK && verified(s, s->record.type, right);
}

static void refused_verdicts(struct stream *s)
{
    bool padding = true, mac = true, others = true;

    for (unsigned i = 0; i < 40; i++) {
        next_record(s);
        s->record.bad_padding = (int)tap_below(s->record.padding + 1);
        padding = padding && (!padded(s) || verdict(s, SLUICE_STATUS_AUTH_FAILED));
        next_record(s);
        s->record.bad_mac = (int)tap_below(s->config.mac_len);
        mac = mac && verdict(s, SLUICE_STATUS_AUTH_FAILED);
        next_record(s);
        s->inside_len = reference_inside(&s->record, s->inside);
        memcpy(s->made, s->inside, s->inside_len);
        s->record.seq++;
        others = others && (reference_etm(&s->config) || verified(s, s->record.type, SLUICE_STATUS_AUTH_FAILED));
        s->record.seq--;
        others = others && (reference_etm(&s->config) || verified(s, s->record.type ^ 2, SLUICE_STATUS_AUTH_FAILED));
    }
    tap_ok(padding, "%s: wrong padding is found", kit_name(&s->config));
    tap_ok(mac, "a wrong MAC is found");
    tap_ok(others, "as are another sequence number and another type");
}

static void refused_seals(struct stream *s)
{
    tap_ok(orphan(s), "%s: a part that nothing came before is refused", kit_name(&s->config));
    tap_ok(fresh(s, 100) && give(s, s->record.content_len - 99, false, 0) == SLUICE_STATUS_BAD_LENGTH && orphan(s),
           "content beyond the total is refused, and ends the record");
    tap_ok(fresh(s, 100) && give(s, s->record.content_len - 101, true, 0) == SLUICE_STATUS_BAD_LENGTH && orphan(s),
           "a last part that does not reach the total is refused");
    next_record(s);
    s->record.content_len = SLUICE_MAX_CONTENT + 1;
    tap_ok(give(s, 1, false, 0) == SLUICE_STATUS_BAD_LENGTH, "a total beyond 16384 is refused");
    next_record(s);
    s->pad = 40;
    tap_ok(!padded(s) || give(s, 1, false, 0) == SLUICE_STATUS_BAD_LENGTH, "padding beyond 255 is refused");
    tap_ok(fresh(s, 40) && give(s, 4, false, 0) == SLUICE_STATUS_OK && give(s, 60, false, 1) == SLUICE_STATUS_OUTPUT_TOO_SMALL &&
               orphan(s),
           "too little room is refused, and ends the record");
}

static void refused(void)
{
    static struct stream s;

    for (unsigned form = SLUICE_FORM_TLS_MTE; form <= SLUICE_FORM_TLS10; form++) {
        start(&s, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, form, SLUICE_DIRECTION_OPEN);
        refused_opens(&s);
        refused_verdicts(&s);
        sluice_sa_destroy(s.sa);
        start(&s, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, form, SLUICE_DIRECTION_SEAL);
        refused_seals(&s);
        sluice_sa_destroy(s.sa);
    }
}

/* ---------------------------------------------------------------- combinations that there are not */

static enum sluice_status status_of(struct sluice_op op, unsigned form, unsigned direction)
{
    struct sluice_sa_config c =
        kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, (enum sluice_form)form, (enum sluice_direction)direction, 20);
    enum sluice_status status;

    op.sa = kit_sa(&kit, &c);
    op.src = kit.src;
    op.dst = kit.dst;
    op.dst_len = KIT_ROOM;
    status = kit_run(&kit, &op).status;
    sluice_sa_destroy(op.sa);
    return status;
}

static void combinations(void)
{
    const struct sluice_op open = {.type = SLUICE_OP_TYPE_OPEN, .src_len = 100, .part = SLUICE_PART | SLUICE_PART_FIRST};
    const struct sluice_op seal = {
        .type = SLUICE_OP_TYPE_SEAL, .src_len = 10, .total = 10, .part = SLUICE_PART | SLUICE_PART_FIRST};
    struct sluice_op verify = {.type = SLUICE_OP_TYPE_VERIFY, .src_len = 64}, lone = seal;

    lone.part = SLUICE_PART_LAST;
    tap_ok(status_of(open, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_OPEN) == SLUICE_STATUS_UNSUPPORTED &&
               status_of(seal, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL) == SLUICE_STATUS_UNSUPPORTED,
           "secure UDP has no parts");
    tap_ok(status_of(lone, SLUICE_FORM_TLS_MTE, SLUICE_DIRECTION_SEAL) == SLUICE_STATUS_UNSUPPORTED, "`last` alone is no part");
    tap_ok(status_of(open, SLUICE_FORM_TLS_ETM, SLUICE_DIRECTION_SEAL) == SLUICE_STATUS_SA_MISMATCH &&
               status_of(verify, SLUICE_FORM_TLS_ETM, SLUICE_DIRECTION_SEAL) == SLUICE_STATUS_SA_MISMATCH,
           "the direction is looked at before the form");
    tap_ok(status_of(verify, SLUICE_FORM_TLS_ETM, SLUICE_DIRECTION_OPEN) == SLUICE_STATUS_UNSUPPORTED &&
               status_of(verify, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN) == SLUICE_STATUS_UNSUPPORTED &&
               status_of(verify, SLUICE_FORM_TLS_MTE, SLUICE_DIRECTION_OPEN) == SLUICE_STATUS_AUTH_FAILED,
           "verify is for MAC-then-encrypt of TLS");
    verify.src_len = 65;
    tap_ok(status_of(verify, SLUICE_FORM_TLS10, SLUICE_DIRECTION_OPEN) == SLUICE_STATUS_BAD_LENGTH, "and for whole blocks");
    verify.part = SLUICE_PART;
    tap_ok(status_of(verify, SLUICE_FORM_TLS10, SLUICE_DIRECTION_OPEN) == SLUICE_STATUS_UNSUPPORTED, "it has no parts");
}

/* ---------------------------------------------------------------- page lists */

static bool whole_record(unsigned form)
{
    static struct stream s;
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL};
    struct sluice_done done;
    bool good;

    s.config = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, (enum sluice_form)form, SLUICE_DIRECTION_SEAL, 20);
    s.config.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
    next_record(&s);
    s.record.type |= form < SLUICE_FORM_TLS_MTE ? 0x80 : 0;
    s.wire_len = reference_record(&s.record, s.wire);
    op.sa = kit_sa(&kit, &s.config);
    op.content_type = s.record.type;
    op.pad = (uint8_t)s.pad;
    op.seq = s.record.seq;
    memcpy(op.nonce, s.record.nonce, sizeof op.nonce);
    op.src_len = s.record.content_len;
    op.dst_len = s.wire_len;
    good = through_arenas(&op, s.content, s.made, &done) && done.length == s.wire_len && memcmp(s.made, s.wire, s.wire_len) == 0;
    sluice_sa_destroy(op.sa);
    s.config.direction = SLUICE_DIRECTION_OPEN;
    op.sa = kit_sa(&kit, &s.config);
    op.type = SLUICE_OP_TYPE_OPEN;
    op.src_len = s.wire_len;
    op.dst_len = sluice_content_max(&s.config, s.wire_len) + tap_below(30000 - SLUICE_MAX_CONTENT);
    (void)through_arenas(&op, s.wire, s.made, &done); /* zeros come after the content */
    good = good && done.length == s.record.content_len && memcmp(s.made, s.content, done.length) == 0;
    sluice_sa_destroy(op.sa);
    return good;
}

static void bad_lists(void)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL, 20);
    void *list[] = {from + 4000, from + 8192, from + 4096}, *outside = list;
    struct sluice_op op = {.type = SLUICE_OP_TYPE_SEAL, .src_list = list, .src_len = 5000, .dst = kit.dst, .dst_len = KIT_ROOM};

    op.sa = kit_sa(&kit, &c);
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_OK, "a list of three pages is taken");
    list[2] = from + 4097;
    tap_ok(sluice_qp_submit(kit.qp, &op, 1) == -EINVAL, "a page that is not aligned is refused");
    op.src_len = 96 + 4096;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_OK, "unless it is not needed");
    list[1] = outside;
    tap_ok(sluice_qp_submit(kit.qp, &op, 1) == -EINVAL, "a page outside DMA memory is refused");
    op.src_len = 96;
    tap_ok(kit_run(&kit, &op).status == SLUICE_STATUS_OK, "unless it is not needed");
    sluice_sa_destroy(op.sa);
}

static void page_lists(void)
{
    bool good = true;

    for (unsigned form = 0; form <= SLUICE_FORM_TLS10; form++) {
        for (unsigned i = 0; i < 40 && good; i++) {
            good = whole_record(form);
        }
        tap_ok(good, "whole records in pages, form %u", form);
    }
    bad_lists();
}

static void run(const char *uri, unsigned count)
{
    struct sluice_info info = {0};

    if (!tap_ok(kit_open(&kit, uri) == 0 && sluice_card_info(kit.card, &info) == 0, "%.5s opens", uri)) {
        return;
    }
    from = layout_arena(kit.card, LAYOUT_PAGES);
    to = layout_arena(kit.card, LAYOUT_PAGES);
    lists = info.features & SLUICE_FEATURES_PAGE_LIST_MASK << SLUICE_FEATURES_PAGE_LIST_SHIFT ? 50 : 0;
    if (lists && info.features & SLUICE_FEATURES_TLS_MASK << SLUICE_FEATURES_TLS_SHIFT) {
        page_lists();
    } else {
        tap_ok(true, "page lists # SKIP not on this card");
    }
    if (info.features & SLUICE_FEATURES_CUT_THROUGH_MASK << SLUICE_FEATURES_CUT_THROUGH_SHIFT) {
        combinations();
        refused();
        pairings(count);
    } else {
        tap_ok(true, "records in parts # SKIP not on this card");
    }
    kit_close(&kit);
}

int main(void)
{
    static const char *const quick[] = {"--latency", "10", NULL}; /* one part after the other: it would mostly wait */
    const char *given = getenv("CUT_RECORDS");
    unsigned count = given ? (unsigned)strtoul(given, NULL, 10) : 0;

    tap_begin();
    run("soft:", count ? count : 12);
    if (sim_built()) {
        struct sim_child *sim = sim_start(quick);

        run(sim_uri(sim), count ? count : 1);
        tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
    } else {
        tap_ok(true, "the same on a card # SKIP sluice-sim is not built");
    }
    return tap_end();
}
