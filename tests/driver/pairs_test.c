/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every pairing of cipher and MAC in every form: an engine's records against OpenSSL used by hand, sealed and opened, content of
 * 0 to 300 bytes each and random to 16 KiB. Of the software engine, or with the argument `sim` of a simulated card (make sweep).
 * PAIRS_RANDOM= random records of each for more, PAIRS_EACH= the first lengths alone for less.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "reference.h"
#include "sim_child.h"

#define EACH_LENGTH   300u
#define RANDOM        20u
#define RANDOM_SIM    4u
#define CIPHERS       6u
#define MACS          4u
#define FORMS         5u
#define VARIANTS      2u /* of nonce mode, TLS version, truncation */
#define BLOCKS_OF_PAD 40u
#define FIRST_COUNTER 1000u
#define BURST         24u /* records at once */
#define CANARY        64u
#define ROOM          (REFERENCE_ROOM + CANARY)
#define PATIENCE_MS   120000

/* One record, and what must come of it. */
struct record {
    struct reference made;
    unsigned pad;
    uint64_t counter;
    uint8_t next_iv[16];
    uint32_t size;
    uint8_t bytes[REFERENCE_ROOM];
    uint8_t *src, *dst; /* ROOM each, in DMA memory */
};

/* Two SAs with the same keys, and what the next record has. */
struct both {
    struct sluice_sa_config config;
    struct sluice_sa *seal, *open;
    struct reference next;
    uint64_t counter;
};

static struct kit kit;
static struct record records[BURST];
static uint8_t content[SLUICE_MAX_CONTENT];
static unsigned each_length = EACH_LENGTH;

static struct both begin(unsigned cipher, unsigned mac, unsigned form, unsigned variant)
{
    unsigned full = sluice_mac_size((enum sluice_mac)mac);
    struct both b = {.counter = FIRST_COUNTER};
    struct sluice_sa_config c = kit_config((enum sluice_cipher)cipher, (enum sluice_mac)mac, (enum sluice_form)form,
                                           SLUICE_DIRECTION_SEAL, variant && full > 16 ? 16 : full);

    c.nonce_mode = reference_tls(&c) || variant ? SLUICE_NONCE_MODE_EXPLICIT : SLUICE_NONCE_MODE_SEQUENCE;
    c.tls_minor = (uint8_t)(c.tls_minor ? 3 - variant : 0);
    c.counter = reference_tls(&c) ? 0 : FIRST_COUNTER;
    b.config = c;
    b.seal = kit_sa(&kit, &c);
    c.direction = SLUICE_DIRECTION_OPEN;
    b.open = kit_sa(&kit, &c);
    b.next = (struct reference){.bad_padding = NO_FAULT, .bad_mac = NO_FAULT, .seq = tap_random()};
    tap_fill(b.next.nonce, sizeof b.next.nonce);
    return b;
}

static void end(struct both *b)
{
    sluice_sa_destroy(b->seal);
    sluice_sa_destroy(b->open);
}

static void choose_padding(struct record *r)
{
    r->pad = tap_below(3) ? 0 : tap_below(BLOCKS_OF_PAD);
    r->made.padding = reference_padding(r->made.config, r->made.content_len, r->pad);
    if (r->made.padding > SLUICE_MAX_PADDING) {
        r->pad = 0;
        r->made.padding = reference_padding(r->made.config, r->made.content_len, 0);
    }
}

/* Chooses and makes the next record of these SAs. */
static void make(struct both *b, struct record *r, uint32_t len)
{
    uint32_t block = reference_block(&b->config);

    r->made = b->next;
    r->made.config = &b->config;
    r->made.type = (uint8_t)(reference_tls(&b->config) ? 0x17 : 0x97);
    r->made.content = content + tap_below(SLUICE_MAX_CONTENT - len + 1);
    r->made.content_len = len;
    choose_padding(r);
    r->counter = b->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE ? b->counter : 0;
    if (b->config.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        reference_nonce(&b->config, b->counter, r->made.nonce);
    } else if (b->config.form != SLUICE_FORM_TLS10) {
        tap_fill(r->made.nonce, sizeof r->made.nonce);
    }
    r->size = reference_record(&r->made, r->bytes);
    memset(r->next_iv, 0, sizeof r->next_iv);
    if (b->config.form == SLUICE_FORM_TLS10 && block > 1) {
        memcpy(r->next_iv, r->bytes + r->size - block, block);
    }
    memcpy(b->next.nonce, r->next_iv, sizeof r->next_iv);
    b->next.seq++;
    b->counter++;
}

/* ---------------------------------------------------------------- an engine's turn */

/* An operation on record `index`; source, and a destination of noise, are put in place. */
static struct sluice_op operation(const struct both *b, unsigned index, bool seal)
{
    struct record *r = &records[index];
    bool in_place = r->made.content_len & (seal ? 1 : 2);
    struct sluice_op op = {.src = r->src, .dst = in_place ? r->src : r->dst, .seq = r->made.seq, .cookie = index};

    op.type = seal ? SLUICE_OP_TYPE_SEAL : SLUICE_OP_TYPE_OPEN;
    op.sa = seal ? b->seal : b->open;
    op.src_len = seal ? r->made.content_len : r->size;
    op.dst_len = seal ? r->size : sluice_content_max(&b->config, r->size);
    op.content_type = (uint8_t)(seal ? r->made.type ^ 0x80 : 0); /* the engine puts bit 7 right */
    op.pad = (uint8_t)(seal ? r->pad : 0);
    if (seal || b->config.form == SLUICE_FORM_TLS10) {
        memcpy(op.nonce, r->made.nonce, sizeof op.nonce);
    }
    memset(op.dst, 0xa5, op.dst_len + CANARY);
    memcpy(r->src, seal ? r->made.content : r->bytes, op.src_len);
    return op;
}

static bool run(const struct sluice_op *ops, unsigned count, struct sluice_done done[BURST])
{
    struct pollfd fd = {.fd = sluice_qp_fd(kit.qp), .events = POLLIN};
    struct sluice_done got[BURST];

    if (sluice_qp_submit(kit.qp, ops, count) != (int)count) {
        return false;
    }
    while (count > 0) {
        int n = sluice_qp_poll(kit.qp, got, BURST);

        for (int i = 0; i < n; i++) {
            done[got[i].cookie] = got[i];
            count--;
        }
        if (n < 0 || (n == 0 && !sluice_qp_arm(kit.qp) && poll(&fd, 1, PATIENCE_MS) != 1)) {
            return false;
        }
    }
    return true;
}

static bool right(const struct record *r, const struct sluice_op *op, const struct sluice_done *done)
{
    bool seal = op->type == SLUICE_OP_TYPE_SEAL;
    uint32_t length = seal ? r->size : r->made.content_len;
    const uint8_t *out = op->dst, *expected = seal ? r->bytes : r->made.content;
    uint32_t behind = length > op->src_len || op->dst != op->src ? CANARY : 0; /* in place, the source may be longer */

    return done->status == SLUICE_STATUS_OK && done->length == length && done->counter == r->counter &&
           memcmp(done->next_iv, r->next_iv, sizeof r->next_iv) == 0 && memcmp(out, expected, length) == 0 &&
           kit_all(out + length, op->dst_len - length, 0) && kit_all(out + op->dst_len, behind, 0xa5);
}

/* Seals, or opens, the first `count` records. */
static bool turn(const struct both *b, unsigned count, bool seal)
{
    struct sluice_op ops[BURST];
    struct sluice_done done[BURST];

    for (unsigned i = 0; i < count; i++) {
        ops[i] = operation(b, i, seal);
    }
    if (!run(ops, count, done)) {
        tap_note("%s: the operations do not end", kit_name(&b->config));
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        if (!right(&records[i], &ops[i], &done[i])) {
            tap_note("%s: %s, content of %u bytes, %u blocks of padding: %s", kit_name(&b->config), seal ? "seal" : "open",
                     records[i].made.content_len, records[i].pad, sluice_status_name(done[i].status));
            return false;
        }
    }
    return true;
}

static bool burst(struct both *b, const uint32_t *lengths, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct record *r = &records[i];

        make(b, r, lengths[i]);
        if (r->size != sluice_record_size(&b->config, lengths[i], r->pad) ||
            sluice_content_max(&b->config, r->size) < lengths[i]) {
            tap_note("%s: size of content of %u bytes", kit_name(&b->config), lengths[i]);
            return false;
        }
    }
    return turn(b, count, true) && turn(b, count, false);
}

/* ---------------------------------------------------------------- all of them */

static uint32_t length_of(unsigned i)
{
    return i <= each_length ? i : i == each_length + 1 ? SLUICE_MAX_CONTENT : tap_below(SLUICE_MAX_CONTENT + 1);
}

static bool lengths(struct both *b, unsigned randoms)
{
    const unsigned most = each_length + 2 + randoms;
    uint32_t length[BURST];

    for (unsigned i = 0; i < most;) {
        unsigned count = 0;

        while (count < BURST && i < most) {
            length[count++] = length_of(i++);
        }
        if (!burst(b, length, count)) {
            return false;
        }
    }
    return true;
}

static bool pairing(unsigned cipher, unsigned mac, unsigned form, unsigned randoms)
{
    bool good = true;

    for (unsigned variant = 0; good && variant < VARIANTS; variant++) {
        struct both b = begin(cipher, mac, form, variant);

        good = lengths(&b, randoms);
        end(&b);
    }
    return good;
}

static void pairings(unsigned randoms)
{
    for (unsigned i = 0; i < CIPHERS * MACS * FORMS; i++) {
        unsigned cipher = i / MACS / FORMS, mac = i / FORMS % MACS, form = i % FORMS;
        struct sluice_sa_config c = {.cipher = (enum sluice_cipher)cipher, .mac = (enum sluice_mac)mac};

        c.form = (enum sluice_form)form;
        c.mac_len = (uint8_t)sluice_mac_size(c.mac);
        tap_ok(pairing(cipher, mac, form, randoms), "records are what OpenSSL gives by hand, sealed and opened: %s",
               kit_name(&c));
    }
}

static bool begin_records(void)
{
    bool good = true;

    for (unsigned i = 0; i < BURST; i++) {
        records[i].src = sluice_mem_alloc(kit.card, ROOM);
        records[i].dst = sluice_mem_alloc(kit.card, ROOM);
        good = good && records[i].src && records[i].dst;
    }
    return good;
}

int main(int argc, char **argv)
{
    const char *given = getenv("PAIRS_RANDOM"), *each = getenv("PAIRS_EACH");
    static const char *const plain[] = {NULL};
    bool simulated = argc > 1 && strcmp(argv[1], "sim") == 0;
    struct sim_child *sim;

    tap_begin();
    sim = simulated ? sim_start(plain) : NULL;
    if (!tap_ok(kit_open(&kit, sim ? sim_uri(sim) : "soft:") == 0 && begin_records(), "the engine opens")) {
        return tap_end();
    }
    tap_fill(content, sizeof content);
    each_length = each ? (unsigned)strtoul(each, NULL, 10) : EACH_LENGTH;
    pairings(given ? (unsigned)strtoul(given, NULL, 10) : sim ? RANDOM_SIM : RANDOM);
    kit_close(&kit);
    if (sim) {
        tap_ok(sim_stop(sim) == 0, "sluice-sim ends without a complaint");
    }
    return tap_end();
}
