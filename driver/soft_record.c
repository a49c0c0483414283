/* SPDX-License-Identifier: Apache-2.0 */
#include "soft_record.h"

#include <assert.h>
#include <string.h>

#include "soft_bytes.h"
#include "soft_ct.h"

#define VERSION_MAJOR     0x03
#define TYPE_UDP_BIT      0x80
#define CID_OFFSET        TLS_HEADER_BYTES /* where what the length field counts begins, in every form */
#define CID_BYTES         8u
#define COUNTER_BYTES     8u
#define SHORT_NONCE_BYTES 8u /* of 8-byte blocks; longer ones are two of these */

static uint8_t version_minor(const struct sluice_sa_config *config)
{
    if (config->form == SLUICE_FORM_TLS10) {
        return TLS10_MINOR;
    }
    return form_is_tls(config->form) ? config->tls_minor : TLS12_MINOR;
}

int soft_sa_init(struct soft_sa *sa, const struct sluice_sa_config *config)
{
    int err = cbc_init(&sa->cbc, config->cipher, config->direction, config->cipher_key);

    if (!err && config->mac != SLUICE_MAC_NONE) {
        err = mac_key_init(&sa->mac, config->mac, config->mac_key);
    }
    if (err) {
        soft_sa_fini(sa);
        return err;
    }
    shape_of(config, &sa->shape);
    sa->direction = config->direction;
    sa->chained = config->form == SLUICE_FORM_TLS10;
    sa->minor = version_minor(config);
    sa->aes = sa->shape.block == CBC_BLOCK_BYTES;
    sa->sequence = config->nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    sa->replay = config->replay;
    memcpy(sa->cid, config->cid, CID_BYTES);
    sa->next = config->counter;
    sa->limit = config->limit;
    window_init(&sa->window, config->counter);
    return 0;
}

void soft_sa_fini(struct soft_sa *sa)
{
    cbc_fini(&sa->cbc);
    explicit_bzero(sa, sizeof *sa);
}

/* What makes one record different from the others of its SA. */
struct turn {
    uint8_t nonce[CBC_BLOCK_BYTES]; /* or IV */
    uint64_t seq;                   /* TLS; the MAC of secure UDP begins with the nonce instead */
};

/* Lengths are written out: each of these moves is an instruction or two. */
static uint8_t *put_tls_prefix(uint8_t *end, const struct turn *turn, const uint8_t *header)
{
    memcpy(end - TLS_HEADER_BYTES, header, TLS_HEADER_BYTES);
    store_be64(end - TLS_HEADER_BYTES - TLS_SEQ_BYTES, turn->seq);
    return end - TLS_HEADER_BYTES - TLS_SEQ_BYTES;
}

static uint8_t *put_udp_prefix(uint8_t *end, unsigned nonce_bytes, const struct turn *turn, const uint8_t *header)
{
    uint8_t *copy = end - SLUICE_UDP_HEADER_BYTES;

    memcpy(copy, header, SLUICE_UDP_HEADER_BYTES);
    memcpy(copy - nonce_bytes, turn->nonce, SHORT_NONCE_BYTES);
    memcpy(copy - SHORT_NONCE_BYTES, turn->nonce + nonce_bytes - SHORT_NONCE_BYTES, SHORT_NONCE_BYTES);
    return copy - nonce_bytes;
}

/* What a MAC begins with, the header's length replaced, to where `end` begins; returns its beginning. */
static uint8_t *put_prefix(uint8_t *end, const struct shape *shape, const struct turn *turn, const uint8_t *header,
                           uint32_t length)
{
    uint8_t *begin = shape->tls ? put_tls_prefix(end, turn, header) : put_udp_prefix(end, shape->trail, turn, header);

    store_be16(end - shape->header + SOFT_LENGTH_OFFSET, length);
    return begin;
}

/* HMAC of the prefix and data. */
static void record_mac(const struct soft_sa *sa, const struct turn *turn, const uint8_t *header, uint32_t length,
                       const uint8_t *data, uint32_t len, uint8_t *mac)
{
    uint8_t room[SOFT_PREFIX_BYTES];
    uint8_t *end = room + sizeof room;
    const uint8_t *prefix = put_prefix(end, &sa->shape, turn, header, length);

    mac_compute(&sa->mac, prefix, (size_t)(end - prefix), data, len, mac);
}

/* The MAC of encrypt-then-MAC, over all that lies between the header and it; `record`: the record's length. */
static void etm_mac(const struct soft_sa *sa, const struct turn *turn, const uint8_t *header, uint32_t encrypted, uint32_t record,
                    uint8_t *mac)
{
    uint32_t covered = sa->shape.lead + encrypted;

    record_mac(sa, turn, header, sa->shape.tls ? covered : record - CID_OFFSET, header + sa->shape.header, covered, mac);
}

static void put_next_iv(const struct soft_sa *sa, struct sluice_done *done)
{
    if (sa->chained) {
        memcpy(done->next_iv, sa->cbc.chain, sizeof done->next_iv);
    }
}

/* ---------------------------------------------------------------- seal */

/* The record's nonce, with the cipher's chain standing after it. */
static int make_nonce(struct soft_sa *sa, const uint8_t *explicit_nonce, uint64_t counter, uint8_t nonce[CBC_BLOCK_BYTES])
{
    uint8_t block[CBC_BLOCK_BYTES] = {0};

    if (!sa->sequence) {
        memcpy(nonce, explicit_nonce, CBC_BLOCK_BYTES);
        if (sa->shape.padded) {
            cbc_start(&sa->cbc, nonce);
        }
        return 0;
    }
    if (!sa->shape.padded) {
        store_be64(nonce, counter);
        return 0;
    }
    store_be64(block + CBC_BLOCK_BYTES - COUNTER_BYTES, counter);
    return cbc_block(&sa->cbc, block + CBC_BLOCK_BYTES - sa->cbc.block, nonce);
}

void soft_put_header(const struct soft_sa *sa, uint8_t type, uint32_t record, uint8_t *header)
{
    header[0] = sa->shape.tls ? type & ~TYPE_UDP_BIT & 0xff : type | TYPE_UDP_BIT;
    header[1] = VERSION_MAJOR;
    header[2] = sa->minor;
    store_be16(header + SOFT_LENGTH_OFFSET, record - CID_OFFSET);
    if (!sa->shape.tls) {
        memcpy(header + CID_OFFSET, sa->cid, CID_BYTES);
    }
}

/* A record on its way, between the steps of sealing it. */
struct sealing {
    const struct sluice_op *op;
    struct sluice_done *done;
    struct seal_size size;
    struct turn turn;
    uint64_t counter;
};

/* Checks 4 to 6, and takes a counter. False: refused, and *done says why. */
static bool begin_seal(struct soft_sa *sa, const struct sluice_op *op, struct sluice_done *done, struct sealing *s)
{
    *s = (struct sealing){.op = op, .done = done, .turn.seq = op->seq};
    if (!shape_seal(&sa->shape, op->src_len, op->pad, &s->size)) {
        done->status = SLUICE_STATUS_BAD_LENGTH;
    } else if (op->dst_len < s->size.record) {
        done->status = SLUICE_STATUS_OUTPUT_TOO_SMALL;
    } else if (sa->sequence && sa->next >= sa->limit) {
        done->status = SLUICE_STATUS_COUNTER_EXHAUSTED;
    } else {
        done->status = SLUICE_STATUS_OK;
        s->counter = sa->sequence ? sa->next++ : 0;
    }
    return done->status == SLUICE_STATUS_OK;
}

static uint8_t *sealing_body(const struct soft_sa *sa, const struct sealing *s)
{
    return (uint8_t *)s->op->dst + shape_body(&sa->shape);
}

/* Builds the record in place at dst, not yet encrypted; the content is moved first, since src may be dst. */
static void lay_out(const struct soft_sa *sa, const struct sealing *s)
{
    const struct sluice_op *op = s->op;
    uint8_t *header = op->dst, *body = sealing_body(sa, s), *after = body + op->src_len;
    uint8_t mac[MAC_MAX_BYTES];

    memmove(body, op->src, op->src_len);
    soft_put_header(sa, op->content_type, s->size.record, header);
    memcpy(header + sa->shape.header, s->turn.nonce, sa->shape.lead);
    if (sa->mac.hash && !sa->shape.etm) {
        record_mac(sa, &s->turn, header, op->src_len, body, op->src_len, mac);
        memcpy(after, mac, sa->shape.mac_len);
        after += sa->shape.mac_len;
    }
    if (sa->shape.padded) {
        memset(after, (int)s->size.padding, s->size.padding + 1);
    }
}

/* What comes after the cipher text. */
static void complete(const struct soft_sa *sa, const struct sealing *s)
{
    uint8_t *header = s->op->dst, *end = sealing_body(sa, s) + s->size.encrypted;
    uint8_t mac[MAC_MAX_BYTES];

    if (sa->mac.hash && sa->shape.etm) {
        etm_mac(sa, &s->turn, header, s->size.encrypted, s->size.record, mac);
        memcpy(end, mac, sa->shape.mac_len);
        end += sa->shape.mac_len;
    }
    memcpy(end, s->turn.nonce, sa->shape.trail);
    s->done->counter = s->counter;
    s->done->length = s->size.record;
}

static void spoil(const struct sealing *s)
{
    memset(s->op->dst, 0, s->size.record);
    s->done->status = SLUICE_STATUS_HARDWARE_FAULT;
}

uint32_t soft_seal(struct soft_sa *sa, const struct sluice_op *op, struct sluice_done *done)
{
    struct sealing s;
    int err;

    if (!begin_seal(sa, op, done, &s)) {
        return 0;
    }
    err = make_nonce(sa, op->nonce, s.counter, s.turn.nonce);
    if (!err) {
        lay_out(sa, &s);
        if (sa->shape.padded) {
            err = cbc_run(&sa->cbc, sealing_body(sa, &s), sealing_body(sa, &s), s.size.encrypted);
        }
    }
    if (err) {
        spoil(&s);
    } else {
        complete(sa, &s);
        put_next_iv(sa, done);
    }
    return s.size.record;
}

/* ---------------------------------------------------------------- seal, several at a time */

bool soft_seals_many(const struct soft_sa *sa)
{
    return cbc_has_lanes(&sa->cbc) && !sa->chained;
}

/* The nonce of each, in its lane and in its turn. */
static int make_nonces(struct soft_sa *sa, struct sealing *s, struct cbc_lane *lanes, unsigned count)
{
    int err = 0;

    for (unsigned i = 0; i < count; i++) {
        if (sa->sequence) {
            memset(lanes[i].iv, 0, CBC_BLOCK_BYTES - COUNTER_BYTES);
            store_be64(lanes[i].iv + CBC_BLOCK_BYTES - COUNTER_BYTES, s[i].counter);
        } else {
            memcpy(lanes[i].iv, s[i].op->nonce, CBC_BLOCK_BYTES);
        }
    }
    if (sa->sequence) {
        err = cbc_lane_ivs(&sa->cbc, lanes, count);
    }
    for (unsigned i = 0; i < count; i++) {
        memcpy(s[i].turn.nonce, lanes[i].iv, CBC_BLOCK_BYTES);
    }
    return err;
}

void soft_seal_many(struct soft_sa *sa, const struct sluice_op *ops, struct sluice_done *const *done, unsigned count)
{
    struct sealing s[CBC_LANES];
    struct cbc_lane lanes[CBC_LANES];
    unsigned begun = 0;
    int err;

    for (unsigned i = 0; i < count; i++) {
        begun += begin_seal(sa, &ops[i], done[i], &s[begun]);
    }
    err = begun > 0 ? make_nonces(sa, s, lanes, begun) : 0;
    for (unsigned i = 0; !err && i < begun; i++) {
        lay_out(sa, &s[i]);
        lanes[i].data = sealing_body(sa, &s[i]);
        lanes[i].len = s[i].size.encrypted;
    }
    if (!err) {
        err = cbc_run_lanes(&sa->cbc, lanes, begun);
    }
    for (unsigned i = 0; i < begun; i++) {
        if (err) {
            spoil(&s[i]);
        } else {
            complete(sa, &s[i]);
        }
    }
}

/* ---------------------------------------------------------------- open */

enum sluice_status soft_check_header(const struct soft_sa *sa, const uint8_t *header, uint32_t record)
{
    bool udp = header[0] & TYPE_UDP_BIT;

    if (header[1] != VERSION_MAJOR || header[2] != sa->minor || udp == sa->shape.tls ||
        (udp && memcmp(header + CID_OFFSET, sa->cid, CID_BYTES) != 0)) {
        return SLUICE_STATUS_BAD_FORMAT;
    }
    if (load_be16(header + SOFT_LENGTH_OFFSET) != record - CID_OFFSET) {
        return SLUICE_STATUS_BAD_LENGTH;
    }
    return SLUICE_STATUS_OK;
}

/* Recovers the counter, check 10 (which an 8-byte block always passes), and leaves the cipher's chain after the nonce. */
static enum sluice_status check_nonce(struct soft_sa *sa, const uint8_t *nonce, uint64_t *counter)
{
    uint8_t block[CBC_BLOCK_BYTES] = {0};

    *counter = 0;
    if (!sa->sequence) {
        if (sa->shape.padded) {
            cbc_start(&sa->cbc, nonce);
        }
        return SLUICE_STATUS_OK;
    }
    if (!sa->shape.padded) {
        memcpy(block + CBC_BLOCK_BYTES - COUNTER_BYTES, nonce, COUNTER_BYTES);
    } else if (cbc_block(&sa->cbc, nonce, block + CBC_BLOCK_BYTES - sa->cbc.block)) {
        return SLUICE_STATUS_HARDWARE_FAULT;
    }
    *counter = load_be64(block + CBC_BLOCK_BYTES - COUNTER_BYTES);
    return load_be64(block) == 0 || !sa->aes ? SLUICE_STATUS_OK : SLUICE_STATUS_FORGED_NONCE;
}

/* Mask: the padding is right. *padding (secret) is padding_length, 0 when it is wrong. */
static uint32_t check_padding(const uint8_t *plain, const struct open_size *size, uint32_t *padding)
{
    uint32_t said = ct_hide(plain[size->encrypted - 1]);
    uint32_t span = size->largest < SLUICE_MAX_PADDING ? size->largest : SLUICE_MAX_PADDING;
    uint32_t fits = ct_lt(said, span + 1);
    /* One that does not fit is wrong whatever its bytes are; only the place where they are looked for has to be there. */
    uint8_t wrong = ct_differ_at_end(plain + size->encrypted - 1 - span, span, said & fits, (uint8_t)said);
    uint32_t good = ct_hide(fits & ct_eq(wrong, 0));

    *padding = said & good;
    return good;
}

/* Mask: the bytes at a and b are the same. */
static uint32_t same(const uint8_t *a, const uint8_t *b, uint32_t len)
{
    uint8_t differ = 0;

    for (uint32_t i = 0; i < len; i++) {
        differ |= a[i] ^ b[i];
    }
    return ct_hide(ct_eq(differ, 0));
}

static_assert(CT_PICK_BYTES >= MAC_MAX_BYTES && CT_SHIFTS > SLUICE_MAX_PADDING, "any MAC, after any padding");
static_assert(SLUICE_MAX_CONTENT + CT_PICK_SPAN <= SOFT_PLAIN_BYTES, "of the longest record too");

/* Mask: the MAC after the content, whose length is secret, is right. */
static uint32_t check_mac_mte(const struct soft_sa *sa, struct soft_scratch *scratch, const uint8_t *header,
                              const struct turn *turn, const struct open_size *size, uint32_t content)
{
    uint8_t found[CT_PICK_BYTES], mac[MAC_MAX_BYTES];
    uint32_t least = size->largest > SLUICE_MAX_PADDING ? size->largest - SLUICE_MAX_PADDING : 0;
    uint8_t *message = put_prefix(scratch->plain, &sa->shape, turn, header, content);
    uint32_t prefix_len = (uint32_t)(scratch->plain - message);
    uint32_t good;

    mac_compute_ct(&sa->mac, message, prefix_len + size->largest, prefix_len + content, mac);
    /* It may look at what earlier records left behind the end of this one, and masks it out. */
    ct_pick(found, scratch->plain + least, content - least);
    good = same(found, mac, sa->shape.mac_len);
    explicit_bzero(found, sizeof found);
    explicit_bzero(mac, sizeof mac);
    return good;
}

static uint32_t check_mac_etm(const struct soft_sa *sa, const uint8_t *header, const struct turn *turn,
                              const struct open_size *size, uint32_t record)
{
    uint8_t mac[MAC_MAX_BYTES];

    etm_mac(sa, turn, header, size->encrypted, record, mac);
    return same(header + shape_body(&sa->shape) + size->encrypted, mac, sa->shape.mac_len);
}

/* What is left to be judged of decrypted bytes in scratch: the MAC of MAC-then-encrypt, and the content's length. */
static uint32_t judge(const struct soft_sa *sa, struct soft_scratch *scratch, const uint8_t *header, const struct turn *turn,
                      const struct open_size *size, uint32_t padding, uint32_t good)
{
    if (sa->mac.hash && !sa->shape.etm) {
        good &= check_mac_mte(sa, scratch, header, turn, size, size->largest - padding);
    }
    return ct_hide(good & ct_lt(size->largest - padding, SLUICE_MAX_CONTENT + 1));
}

/* Decrypts into scratch and judges. Mask: all of it is right; *content (secret) is the content's length, 0 when something is not.
 */
static uint32_t check_body(struct soft_sa *sa, struct soft_scratch *scratch, const uint8_t *header, const struct turn *turn,
                           uint32_t record, const struct open_size *size, uint32_t *content)
{
    const uint8_t *body = header + shape_body(&sa->shape);
    uint32_t good = ~(uint32_t)0, padding = 0;

    if (sa->mac.hash && sa->shape.etm) {
        good = check_mac_etm(sa, header, turn, size, record);
    }
    if (!sa->shape.padded) {
        memcpy(scratch->plain, body, size->encrypted);
    } else if (cbc_run(&sa->cbc, body, scratch->plain, size->encrypted)) {
        good = 0;
    } else {
        good &= check_padding(scratch->plain, size, &padding);
    }
    good = judge(sa, scratch, header, turn, size, padding, good);
    *content = (size->largest - padding) & good;
    return good;
}

/* The record's nonce or IV, wherever its form has it. */
static void find_nonce(const struct soft_sa *sa, const struct sluice_op *op, uint8_t nonce[CBC_BLOCK_BYTES])
{
    const uint8_t *record = op->src;

    if (sa->chained) {
        memcpy(nonce, op->nonce, CBC_BLOCK_BYTES);
    } else if (sa->shape.tls) {
        memcpy(nonce, record + sa->shape.header, sa->shape.lead);
    } else {
        memcpy(nonce, record + op->src_len - sa->shape.trail, sa->shape.trail);
    }
}

/* Checks 7 to 12; dst has room for size->write. Sets done->status; returns how many bytes were written. */
static uint32_t open_record(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op,
                            const struct open_size *size, struct sluice_done *done)
{
    const uint8_t *header = op->src;
    struct turn turn = {.seq = op->seq};
    uint32_t least = size->largest > SLUICE_MAX_PADDING ? size->largest - SLUICE_MAX_PADDING : 0;
    uint32_t good, content;
    uint64_t counter;

    done->status = soft_check_header(sa, header, op->src_len);
    if (done->status != SLUICE_STATUS_OK) {
        return 0;
    }
    find_nonce(sa, op, turn.nonce);
    done->status = check_nonce(sa, turn.nonce, &counter);
    if (done->status != SLUICE_STATUS_OK) {
        return 0;
    }
    good = check_body(sa, scratch, header, &turn, op->src_len, size, &content);
    ct_copy_keep(op->dst, scratch->plain, size->write, least, content);
    if (!good) {
        done->counter = sa->aes ? counter : 0;
        done->status = SLUICE_STATUS_AUTH_FAILED;
        return size->write;
    }
    done->counter = counter;
    done->length = content;
    put_next_iv(sa, done);
    if (sa->sequence && sa->replay && !window_take(&sa->window, counter)) {
        done->status = SLUICE_STATUS_REPLAYED;
    }
    return size->write;
}

uint32_t soft_unseal(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done)
{
    struct open_size size;

    if (!shape_open(&sa->shape, op->src_len, &size)) {
        done->status = SLUICE_STATUS_BAD_LENGTH;
        return 0;
    }
    if (op->dst_len < size.write) {
        done->status = SLUICE_STATUS_OUTPUT_TOO_SMALL;
        return 0;
    }
    return open_record(sa, scratch, op, &size, done);
}

/* ---------------------------------------------------------------- verify */

void soft_verify(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done)
{
    const struct turn turn = {.seq = op->seq};
    uint8_t header[TLS_HEADER_BYTES];
    uint32_t good = ~(uint32_t)0, padding = 0;
    struct open_size size;

    if (!sa->shape.tls || sa->shape.etm) {
        done->status = SLUICE_STATUS_UNSUPPORTED;
        return;
    }
    if (op->src_len > SOFT_PLAIN_BYTES || !shape_open(&sa->shape, shape_body(&sa->shape) + op->src_len, &size)) {
        done->status = SLUICE_STATUS_BAD_LENGTH;
        return;
    }
    soft_put_header(sa, op->content_type, 0, header);
    if (op->src_len > 0) {
        memcpy(scratch->plain, op->src, op->src_len);
    }
    if (sa->shape.padded) {
        good = check_padding(scratch->plain, &size, &padding);
    }
    good = judge(sa, scratch, header, &turn, &size, padding, good);
    done->status = good ? SLUICE_STATUS_OK : SLUICE_STATUS_AUTH_FAILED;
    done->length = (size.largest - padding) & good;
}
