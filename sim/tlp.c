/* SPDX-License-Identifier: Apache-2.0 */
#include "tlp.h"

#include <assert.h>
#include <string.h>

#define FMT_4DW         (1u << 29)
#define FMT_DATA        (1u << 30)
#define FMT_PREFIX      (1u << 31)
#define TYPE(dw)        (((dw) >> 24) & 0x1fu)
#define TYPE_MEMORY     0x00u
#define TYPE_COMPLETION 0x0au
#define DIGEST          (1u << 15)
#define POISONED        (1u << 14)

static unsigned length_field(uint32_t dw0)
{
    unsigned n = dw0 & 0x3ffu;

    return n == 0 ? 1024 : n;
}

unsigned tlp_expected_dw(const uint32_t *dw)
{
    unsigned n = dw[0] & FMT_4DW ? 4 : 3;

    if (dw[0] & FMT_DATA)
        n += length_field(dw[0]);
    return n + (dw[0] & DIGEST ? 1u : 0u);
}

static enum tlp_kind kind_of(uint32_t dw0)
{
    if (dw0 & FMT_PREFIX)
        return TLP_OTHER;
    if (TYPE(dw0) == TYPE_MEMORY)
        return dw0 & FMT_DATA ? TLP_WRITE : TLP_READ;
    if (TYPE(dw0) == TYPE_COMPLETION && !(dw0 & FMT_4DW))
        return TLP_COMPLETION;
    return TLP_OTHER;
}

static void decode_request(const struct tlp *t, struct tlp_head *h)
{
    h->requester = (uint16_t)(t->dw[1] >> 16);
    h->tag = (uint8_t)(t->dw[1] >> 8);
    h->last_be = (t->dw[1] >> 4) & 0xfu;
    h->first_be = t->dw[1] & 0xfu;
    h->address = h->four_dw ? (uint64_t)t->dw[2] << 32 | (t->dw[3] & ~3u) : (t->dw[2] & ~3u);
}

static void decode_completion(const struct tlp *t, struct tlp_head *h)
{
    unsigned count = t->dw[1] & 0xfffu;

    h->completer = (uint16_t)(t->dw[1] >> 16);
    h->status = (t->dw[1] >> 13) & 7u;
    h->byte_count = count == 0 ? 4096 : count;
    h->requester = (uint16_t)(t->dw[2] >> 16);
    h->tag = (uint8_t)(t->dw[2] >> 8);
    h->lower_address = t->dw[2] & 0x7fu;
}

const char *tlp_decode(const struct tlp *t, struct tlp_head *h)
{
    memset(h, 0, sizeof(*h));
    h->kind = TLP_OTHER;
    if (t->ndw < 3)
        return "shorter than a header";
    if (t->ndw != tlp_expected_dw(t->dw))
        return "length field and frame differ";
    h->kind = kind_of(t->dw[0]);
    h->four_dw = t->dw[0] & FMT_4DW;
    h->has_data = t->dw[0] & FMT_DATA;
    h->poisoned = t->dw[0] & POISONED;
    h->digest = t->dw[0] & DIGEST;
    h->traffic_class = (t->dw[0] >> 20) & 7u;
    h->attributes = (t->dw[0] >> 12) & 3u;
    h->length = length_field(t->dw[0]);
    if (h->kind == TLP_READ || h->kind == TLP_WRITE)
        decode_request(t, h);
    else if (h->kind == TLP_COMPLETION)
        decode_completion(t, h);
    return NULL;
}

/* The enabled bytes of the first DW of a long request reach its end, those of the last begin at its start. */
static bool contiguous(uint8_t first, uint8_t last)
{
    bool high = first == 0xf || first == 0xe || first == 0xc || first == 0x8;
    bool low = last == 0xf || last == 0x7 || last == 0x3 || last == 0x1;

    return high && low;
}

const char *tlp_check_request(const struct tlp_head *h, unsigned limit)
{
    if (h->length * 4 > limit)
        return h->kind == TLP_WRITE ? "write longer than MPS" : "read longer than MRRS";
    if ((h->address & 4095u) + h->length * 4 > 4096)
        return "crosses a 4 KiB boundary";
    if (h->four_dw != (h->address >> 32 != 0))
        return "header size does not fit the address";
    if (h->length == 1 && h->last_be != 0)
        return "last byte enables of a single DW";
    if (h->length > 1 && (h->first_be == 0 || h->last_be == 0))
        return "no byte enabled in the first or last DW";
    if (h->length > 2 && !contiguous(h->first_be, h->last_be))
        return "byte enables not contiguous";
    if (h->traffic_class != 0 || h->attributes != 0 || h->digest || h->poisoned)
        return "traffic class, attributes, digest or poison set";
    return NULL;
}

static unsigned lowest(uint8_t be)
{
    return be & 1 ? 0 : be & 2 ? 1 : be & 4 ? 2 : 3;
}

static unsigned highest(uint8_t be)
{
    return be & 8 ? 3 : be & 4 ? 2 : be & 2 ? 1 : 0;
}

unsigned tlp_first_byte(const struct tlp_head *h)
{
    return h->first_be == 0 ? 0 : lowest(h->first_be);
}

unsigned tlp_request_bytes(const struct tlp_head *h)
{
    uint8_t last = h->length == 1 ? h->first_be : h->last_be;

    return (h->length - 1) * 4 + highest(last) + 1 - tlp_first_byte(h);
}

bool tlp_byte_enabled(const struct tlp_head *h, unsigned i)
{
    unsigned dw = i / 4;
    uint8_t be = dw == 0 ? h->first_be : dw == h->length - 1 ? h->last_be : 0xf;

    return be >> (i % 4) & 1;
}

const uint32_t *tlp_payload(const struct tlp *t, const struct tlp_head *h)
{
    return t->dw + (h->four_dw ? 4 : 3);
}

void tlp_get_bytes(const uint32_t *dw, uint8_t *bytes, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        bytes[i] = (uint8_t)(dw[i / 4] >> (24 - 8 * (i % 4)));
}

void tlp_put_bytes(uint32_t *dw, unsigned shift, const uint8_t *bytes, unsigned count)
{
    unsigned end = shift + count;

    for (unsigned i = shift & ~3u; i < end; i++) {
        if (i % 4 == 0)
            dw[i / 4] = 0;
        if (i >= shift)
            dw[i / 4] |= (uint32_t)bytes[i - shift] << (24 - 8 * (i % 4));
    }
}

static void make_request(struct tlp *t, uint32_t format, uint32_t ids, uint32_t address, unsigned count)
{
    unsigned first = address & 3, end = first + count;
    unsigned length = end > 4 ? 2 : 1;
    uint32_t enabled = ((1u << count) - 1u) << first;

    assert(count <= 8 && (address & 7) + count <= 8);
    t->dw[0] = format | length;
    t->dw[1] = ids | (enabled >> 4 << 4) | (enabled & 0xfu);
    t->dw[2] = address & ~3u;
    t->ndw = 3;
}

void tlp_make_read(struct tlp *t, uint16_t requester, uint8_t tag, uint32_t address, unsigned count)
{
    make_request(t, 0, (uint32_t)requester << 16 | (uint32_t)tag << 8, address, count);
}

void tlp_make_write(struct tlp *t, uint16_t requester, uint32_t address, const uint8_t *bytes, unsigned count)
{
    make_request(t, FMT_DATA, (uint32_t)requester << 16, address, count);
    tlp_put_bytes(t->dw + 3, address & 3, bytes, count);
    t->ndw += t->dw[0] & 0x3ffu;
}

void tlp_make_completion(struct tlp *t, const struct tlp_completion *c)
{
    unsigned skip = c->address & 3u;
    unsigned length = c->status == TLP_SUCCESS ? (skip + c->bytes + 3) / 4 : 0;

    t->dw[0] = TYPE_COMPLETION << 24 | (length ? FMT_DATA : 0) | (c->poisoned ? POISONED : 0) | (length & 0x3ffu);
    t->dw[1] = (uint32_t)c->completer << 16 | (uint32_t)c->status << 13 | (c->byte_count & 0xfffu);
    t->dw[2] = (uint32_t)c->requester << 16 | (uint32_t)c->tag << 8 | (uint32_t)(c->address & 0x7fu);
    t->ndw = 3 + length;
    if (length)
        tlp_put_bytes(t->dw + 3, 0, c->data, length * 4);
}
