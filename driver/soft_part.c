/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in parts ("cut-through"; rtl/README.md, "Records in parts"). A part is worked on as if the record came byte by byte;
 * what it makes stands in scratch until the part is known to be right.
 */
#include <string.h>

#include "soft_bytes.h"
#include "soft_record.h"

#define PART_OPEN_MOST (SLUICE_MAX_CONTENT + 336u) /* bytes of source */
#define PADDING_MOST   (SLUICE_MAX_PADDING + 1u)   /* with padding_length */

/* What a part has made so far. */
struct made {
    uint8_t *at;
    uint32_t len;
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---------------------------------------------------------------- cipher and MAC */

/* Fills the cipher with `len` more bytes; every block that is whole goes on to *made. */
static int cipher(struct soft_sa *sa, struct soft_part *p, const uint8_t *in, uint32_t len, struct made *made)
{
    uint32_t before = made->len, whole;
    int err = 0;

    if (len == 0) {
        return 0;
    }
    if (!sa->shape.padded) {
        memcpy(made->at + made->len, in, len);
        made->len += len;
        p->done += len;
        return 0;
    }
    if (p->held_len > 0) {
        uint32_t n = least(len, sa->cbc.block - p->held_len);

        memcpy(p->held + p->held_len, in, n);
        p->held_len += n;
        in += n;
        len -= n;
        if (p->held_len < sa->cbc.block) {
            return 0;
        }
        err = cbc_run(&sa->cbc, p->held, made->at + made->len, sa->cbc.block);
        made->len += sa->cbc.block;
    }
    whole = len - len % sa->cbc.block;
    err = err ? err : cbc_run(&sa->cbc, in, made->at + made->len, whole);
    made->len += whole;
    p->held_len = len - whole;
    memcpy(p->held, in + whole, p->held_len);
    p->done += made->len - before;
    return err;
}

static void authenticate(const struct soft_sa *sa, struct soft_part *p, const uint8_t *data, uint32_t len)
{
    if (sa->mac.hash) {
        sa->mac.hash->update(&p->hash, data, len);
    }
}

/* seq | type | version | length. */
static void begin_mac(const struct soft_sa *sa, struct soft_part *p, uint32_t length)
{
    uint8_t prefix[TLS_SEQ_BYTES + TLS_HEADER_BYTES];

    store_be64(prefix, p->seq);
    memcpy(prefix + TLS_SEQ_BYTES, p->header, TLS_HEADER_BYTES);
    store_be16(prefix + TLS_SEQ_BYTES + SOFT_LENGTH_OFFSET, length);
    p->hash = sa->mac.inner;
    authenticate(sa, p, prefix, sizeof prefix);
}

static void end_mac(const struct soft_sa *sa, struct soft_part *p)
{
    if (sa->mac.hash) {
        mac_end(&sa->mac, &p->hash, p->mac);
    }
}

/* ---------------------------------------------------------------- the record under way */

/* The cipher goes on where the SA's last part left it; other records have used it meanwhile. */
static void resume(struct soft_sa *sa, const struct soft_part *p)
{
    if (sa->shape.padded) {
        cbc_start(&sa->cbc, p->chain);
    }
}

static void first(struct soft_sa *sa, const struct sluice_op *op)
{
    struct soft_part *p = &sa->part;

    explicit_bzero(p, sizeof *p);
    p->begun = true;
    p->seq = op->seq;
    if (sa->shape.padded && (sa->chained || sa->direction == SLUICE_DIRECTION_SEAL)) {
        memcpy(p->chain, op->nonce, sa->cbc.block);
    }
}

/* Ends a part before any work, and with it the record, if there is one. */
static uint32_t refuse(struct soft_sa *sa, enum sluice_status status, struct sluice_done *done)
{
    explicit_bzero(&sa->part, sizeof sa->part);
    done->status = status;
    return 0;
}

/* Ends a part whose work has been done: on success its bytes go out. */
static uint32_t finish(struct soft_sa *sa, const struct sluice_op *op, enum sluice_status status, const struct made *made,
                       struct sluice_done *done)
{
    struct soft_part *p = &sa->part;
    bool good = status == SLUICE_STATUS_OK, last = op->part & SLUICE_PART_LAST;

    done->status = status;
    if (good) {
        done->length = made->len;
        if (op->dst != made->at) {
            memcpy(op->dst, made->at, made->len);
        }
    }
    if (good && last && sa->chained) {
        memcpy(done->next_iv, p->chain, sizeof done->next_iv);
    }
    if (!good || last) {
        done->content = good ? done->content : 0;
        explicit_bzero(p, sizeof *p);
    }
    return done->length;
}

/* ---------------------------------------------------------------- open */

/* The header is there: what it says is checked, and gives all lengths. */
static enum sluice_status begin_body(const struct soft_sa *sa, struct soft_part *p)
{
    uint32_t record = TLS_HEADER_BYTES + load_be16(p->header + SOFT_LENGTH_OFFSET);
    enum sluice_status status = soft_check_header(sa, p->header, record);
    struct open_size size;

    if (status != SLUICE_STATUS_OK) {
        return status;
    }
    if (!shape_open(&sa->shape, record, &size)) {
        return SLUICE_STATUS_BAD_LENGTH;
    }
    p->total = record;
    p->encrypted = size.encrypted;
    if (sa->shape.etm) {
        begin_mac(sa, p, sa->shape.lead + p->encrypted);
    }
    return SLUICE_STATUS_OK;
}

static void note_run(struct soft_part *p, const uint8_t *plain, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        p->run = p->run && plain[i] == p->tail ? least(p->run + 1, PADDING_MOST) : 1;
        p->tail = plain[i];
    }
}

static uint32_t take_header(struct soft_part *p, const uint8_t *in, uint32_t len)
{
    uint32_t n = least(len, TLS_HEADER_BYTES - p->at);

    memcpy(p->header + p->at, in, n);
    return n;
}

static uint32_t take_iv(struct soft_sa *sa, struct soft_part *p, const uint8_t *in, uint32_t len)
{
    uint32_t have = p->at - TLS_HEADER_BYTES, n = least(len, sa->shape.lead - have);

    memcpy(p->chain + have, in, n);
    authenticate(sa, p, in, n);
    if (have + n == sa->shape.lead) {
        resume(sa, p);
    }
    return n;
}

static uint32_t take_encrypted(struct soft_sa *sa, struct soft_part *p, const uint8_t *in, uint32_t len, struct made *made,
                               int *err)
{
    uint32_t n = least(len, shape_body(&sa->shape) + p->encrypted - p->at), before = made->len;

    if (sa->shape.etm) {
        authenticate(sa, p, in, n);
    }
    *err = cipher(sa, p, in, n, made);
    if (sa->shape.etm) {
        note_run(p, made->at + before, made->len - before);
    }
    return n;
}

static uint32_t take_mac(const struct soft_sa *sa, struct soft_part *p, const uint8_t *in, uint32_t len)
{
    uint32_t have = p->at - shape_body(&sa->shape) - p->encrypted, n = least(len, p->total - p->at);

    if (have == 0) {
        end_mac(sa, p);
    }
    for (uint32_t i = 0; i < n; i++) {
        p->differ |= in[i] ^ p->mac[have + i];
    }
    return n;
}

static enum sluice_status take_source(struct soft_sa *sa, struct soft_part *p, const uint8_t *in, uint32_t len, struct made *made)
{
    uint32_t body = shape_body(&sa->shape), n;
    int err = 0;

    resume(sa, p);
    for (; len > 0 && !err; in += n, len -= n, p->at += n) {
        if (p->at < TLS_HEADER_BYTES) {
            n = take_header(p, in, len);
        } else if (p->at < body) {
            n = take_iv(sa, p, in, len);
        } else if (p->at < body + p->encrypted) {
            n = take_encrypted(sa, p, in, len, made, &err);
        } else if (p->at < p->total) {
            n = take_mac(sa, p, in, len);
        } else {
            return SLUICE_STATUS_BAD_LENGTH;
        }
        if (p->total == 0 && p->at + n == TLS_HEADER_BYTES) {
            enum sluice_status status = begin_body(sa, p);

            if (status != SLUICE_STATUS_OK) {
                return status;
            }
        }
    }
    if (sa->shape.padded && p->at >= body) {
        memcpy(p->chain, sa->cbc.chain, sizeof p->chain);
    }
    return err ? SLUICE_STATUS_HARDWARE_FAULT : SLUICE_STATUS_OK;
}

/* The verdict of encrypt-then-MAC, when the whole record has come; *content is what its padding leaves. */
static enum sluice_status judge_etm(const struct soft_sa *sa, const struct soft_part *p, uint32_t *content)
{
    uint32_t padding = sa->shape.padded ? p->tail + 1u : 0;

    if (p->differ || (sa->shape.padded && p->run < padding) || p->encrypted - padding > SLUICE_MAX_CONTENT) {
        return SLUICE_STATUS_AUTH_FAILED;
    }
    *content = p->encrypted - padding;
    return SLUICE_STATUS_OK;
}

/* Bytes decrypted that are content whatever the padding is. */
static uint32_t surely(const struct soft_sa *sa, const struct soft_part *p)
{
    uint32_t unsure = (sa->shape.etm ? 0u : sa->shape.mac_len) + (sa->shape.padded ? PADDING_MOST : 0);

    return least(p->done, p->encrypted > unsure ? p->encrypted - unsure : 0);
}

uint32_t soft_unseal_part(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done)
{
    struct soft_part *p = &sa->part;
    struct made made = {.at = scratch->dst};
    enum sluice_status status;

    if (op->src_len > PART_OPEN_MOST) {
        return refuse(sa, SLUICE_STATUS_BAD_LENGTH, done);
    }
    if (op->dst_len < shape_part_room(SLUICE_DIRECTION_OPEN, sa->shape.mac_len, op->src_len, op->part)) {
        return refuse(sa, SLUICE_STATUS_OUTPUT_TOO_SMALL, done);
    }
    if (op->part & SLUICE_PART_FIRST) {
        first(sa, op);
    } else if (!p->begun) {
        return refuse(sa, SLUICE_STATUS_BAD_FORMAT, done);
    }
    status = take_source(sa, p, op->src, op->src_len, &made);
    done->content = surely(sa, p);
    if (status == SLUICE_STATUS_OK && op->part & SLUICE_PART_LAST) {
        if (p->total == 0 || p->at != p->total) {
            status = SLUICE_STATUS_BAD_LENGTH;
        } else if (sa->shape.etm) {
            status = judge_etm(sa, p, &done->content);
        }
    }
    return finish(sa, op, status, &made, done);
}

/* ---------------------------------------------------------------- seal */

static int put_content(struct soft_sa *sa, struct soft_part *p, const uint8_t *in, uint32_t len, struct made *made)
{
    uint32_t before = made->len;
    int err;

    if (!sa->shape.etm) {
        authenticate(sa, p, in, len);
    }
    err = cipher(sa, p, in, len, made);
    if (sa->shape.etm) {
        authenticate(sa, p, made->at + before, made->len - before);
    }
    return err;
}

/* Header and IV, which need no content. */
static void put_head(struct soft_sa *sa, struct soft_part *p, const struct sluice_op *op, const struct seal_size *size,
                     struct made *made)
{
    p->total = op->total;
    p->encrypted = size->encrypted;
    p->padding = size->padding;
    soft_put_header(sa, op->content_type, size->record, p->header);
    begin_mac(sa, p, sa->shape.etm ? sa->shape.lead + size->encrypted : p->total);
    memcpy(made->at, p->header, TLS_HEADER_BYTES);
    memcpy(made->at + TLS_HEADER_BYTES, p->chain, sa->shape.lead);
    if (sa->shape.etm) {
        authenticate(sa, p, p->chain, sa->shape.lead);
    }
    made->len = TLS_HEADER_BYTES + sa->shape.lead;
}

/* What follows the content. */
static int put_tail(struct soft_sa *sa, struct soft_part *p, struct made *made)
{
    uint8_t padding[PADDING_MOST];
    uint32_t before = made->len;
    int err = 0;

    if (!sa->shape.etm) {
        end_mac(sa, p);
        err = cipher(sa, p, p->mac, sa->shape.mac_len, made);
    }
    if (sa->shape.padded && !err) {
        memset(padding, (int)p->padding, p->padding + 1);
        err = cipher(sa, p, padding, p->padding + 1, made);
    }
    if (sa->shape.etm) {
        authenticate(sa, p, made->at + before, made->len - before);
        end_mac(sa, p);
        memcpy(made->at + made->len, p->mac, sa->shape.mac_len);
        made->len += sa->shape.mac_len;
    }
    return err;
}

static enum sluice_status seal_source(struct soft_sa *sa, const struct sluice_op *op, struct made *made)
{
    struct soft_part *p = &sa->part;
    bool last = op->part & SLUICE_PART_LAST;
    int err;

    if (op->src_len > p->total - p->at || (last && op->src_len != p->total - p->at)) {
        return SLUICE_STATUS_BAD_LENGTH;
    }
    p->at += op->src_len;
    resume(sa, p);
    err = put_content(sa, p, op->src, op->src_len, made);
    if (last && !err) {
        err = put_tail(sa, p, made);
    }
    memcpy(p->chain, sa->cbc.chain, sizeof p->chain);
    return err ? SLUICE_STATUS_HARDWARE_FAULT : SLUICE_STATUS_OK;
}

uint32_t soft_seal_part(struct soft_sa *sa, struct soft_scratch *scratch, const struct sluice_op *op, struct sluice_done *done)
{
    bool begins = op->part & SLUICE_PART_FIRST;
    struct made made = {.at = scratch->dst};
    struct seal_size size;

    if (op->src_len > SLUICE_MAX_CONTENT || (begins && !shape_seal(&sa->shape, op->total, op->pad, &size))) {
        return refuse(sa, SLUICE_STATUS_BAD_LENGTH, done);
    }
    if (op->dst_len < shape_part_room(SLUICE_DIRECTION_SEAL, sa->shape.mac_len, op->src_len, op->part)) {
        return refuse(sa, SLUICE_STATUS_OUTPUT_TOO_SMALL, done);
    }
    if (begins) {
        first(sa, op);
        put_head(sa, &sa->part, op, &size, &made);
    } else if (!sa->part.begun) {
        return refuse(sa, SLUICE_STATUS_BAD_FORMAT, done);
    }
    return finish(sa, op, seal_source(sa, op, &made), &made, done);
}
