/* SPDX-License-Identifier: Apache-2.0 */
/* What the card sends: its requests against the client's memory, its interrupts, its answers to BAR reads. */
#include <stdlib.h>
#include <string.h>

#include "root.h"

#define UNMAPPED_CLOCKS 1024u /* a read of unmapped memory waits so long for a map that is on its way */
#define GATE_CLOCKS     64u   /* what was on its way inside the card when a gate closed may still come */
#define HELD_ROOM       4096u

struct root_held {
    struct root_held *next;
    struct tlp_head head;
    uint8_t payload[];
};

bool root_upstream_full(const struct root *r)
{
    return r->held_count >= HELD_ROOM;
}

static const char *check_completion(const struct root *r, const struct tlp_head *h)
{
    const struct root_mmio *m = &r->mmio;
    unsigned length = ((m->address & 3) + m->count + 3) / 4;

    if (h->tag != m->tag || h->requester != 0)
        return "completion that was not asked for";
    if (h->completer != r->pins.id)
        return "completer id is not the card's";
    if (h->traffic_class != 0 || h->attributes != 0 || h->digest)
        return "completion with traffic class, attributes or digest set";
    if (h->byte_count != m->count || h->lower_address != (m->address & 0x7f))
        return "completion with a wrong byte count or lower address";
    if (h->status == TLP_SUCCESS ? !h->has_data || h->length != length : h->has_data)
        return "completion with a wrong length";
    return NULL;
}

static void take_completion(struct root *r, const struct tlp *t, const struct tlp_head *h)
{
    struct root_mmio *m = &r->mmio;
    const char *wrong = NULL;
    uint8_t bytes[12];

    if (!(m->waiting && h->tag == m->tag) && h->tag < 32 && m->late >> h->tag & 1) {
        m->late &= ~(1u << h->tag);
        return;
    }
    wrong = m->waiting ? check_completion(r, h) : "completion that was not asked for";
    if (wrong) {
        root_fail(r, "%s (%08x %08x %08x)", wrong, t->dw[0], t->dw[1], t->dw[2]);
        return;
    }
    memset(m->data, 0xff, sizeof(m->data));
    if (h->status == TLP_SUCCESS && !h->poisoned) {
        tlp_get_bytes(tlp_payload(t, h), bytes, h->length * 4);
        memcpy(m->data, bytes + (m->address & 3), m->count);
    }
    m->waiting = false;
}

static void interrupt(struct root *r, const struct tlp_head *h, const uint8_t *payload)
{
    uint32_t vector = 0;

    if (h->length != 1 || h->first_be != 0xf || h->address != MSIX_ADDRESS) {
        root_fail(r, "message write is not one whole double word to the address of its vector");
        return;
    }
    for (unsigned i = 4; i-- > 0;)
        vector = vector << 8 | payload[i];
    if (vector >= MSIX_VECTORS)
        root_fail(r, "message write for vector %u", vector);
    else if (!r->interrupts.on && r->interrupts.off_clocks > GATE_CLOCKS)
        root_fail(r, "interrupt sent while MSI-X is off or masked");
    else if (root_one_in(r, r->options.lose_interrupts))
        r->stats.interrupts_lost++;
    else
        msix_signal(&r->msix, vector);
}

/* A run of enabled bytes goes to memory at once. True: the client was asked. */
static bool write_run(struct root *r, uint64_t address, const uint8_t *bytes, unsigned count)
{
    switch (dma_write(&r->dma, address, bytes, count)) {
    case DMA_DONE:
        r->stats.dma_write_bytes += count;
        return false;
    case DMA_REMOTE:
        if (r->remote.write(r->remote.ctx, address, bytes, count) == 0)
            return true;
        break;
    case DMA_UNMAPPED:
        break;
    }
    r->stats.writes_dropped++;
    return false;
}

/* Returns how many pieces the client was asked to write. */
static unsigned write_memory(struct root *r, const struct tlp_head *h, const uint8_t *payload)
{
    unsigned end = h->length * 4, from = 0, to = 0, asked = 0;

    for (from = 0; from < end; from = to + 1) {
        for (to = from; to < end && tlp_byte_enabled(h, to); to++)
            continue;
        if (to > from && write_run(r, h->address + from, payload + from, to - from))
            asked++;
    }
    return asked;
}

static bool is_message(const struct tlp_head *h)
{
    return h->address >= MSIX_ADDRESS && h->address < MSIX_ADDRESS + 0x100000u;
}

static void carry_out(struct root *r, const struct tlp_head *h, const uint8_t *payload)
{
    const char *wrong = NULL;

    if (h->kind == TLP_READ)
        wrong = reads_take(&r->reads, h, r->cycle, r->pins.rcb ? 128 : 64);
    else if (is_message(h))
        interrupt(r, h, payload);
    else
        r->remote_writes = write_memory(r, h, payload);
    if (wrong)
        root_fail(r, "read with tag %u: %s", h->tag, wrong);
}

/* Keeps the order of posted writes while the client has one of them in hand. */
static void hold(struct root *r, const struct tlp_head *h, const uint8_t *payload, unsigned count)
{
    struct root_held *e = malloc(sizeof(*e) + count);

    if (!e) {
        root_fail(r, "out of memory");
        return;
    }
    e->next = NULL;
    e->head = *h;
    memcpy(e->payload, payload, count);
    *r->held_end = e;
    r->held_end = &e->next;
    r->held_count++;
}

static struct root_held *unhold(struct root *r)
{
    struct root_held *e = r->held;

    if (e) {
        r->held = e->next;
        r->held_count--;
        if (!r->held)
            r->held_end = &r->held;
    }
    return e;
}

void root_drop_held(struct root *r)
{
    struct root_held *e = NULL;

    while ((e = unhold(r)) != NULL)
        free(e);
}

static void release_held(struct root *r)
{
    struct root_held *e = NULL;

    while (r->remote_writes == 0 && !r->fault[0] && (e = unhold(r)) != NULL) {
        carry_out(r, &e->head, e->payload);
        free(e);
    }
}

/* Just after a change of MPS or MRRS the former limit is right as well. */
static unsigned limit(const struct root *r, uint8_t code, unsigned before)
{
    unsigned now = 128u << code;

    return r->cycle - r->limits_changed < ROOT_MMIO_CLOCKS && before > now ? before : now;
}

static const char *check_request(const struct root *r, const struct tlp_head *h)
{
    if (h->requester != r->pins.id)
        return "requester id is not the card's";
    if (!r->master.on && r->master.off_clocks > GATE_CLOCKS)
        return "sent while bus mastering is off";
    if (h->kind == TLP_WRITE)
        return tlp_check_request(h, limit(r, r->pins.mps, r->mps_before));
    if (h->tag > 31)
        return "extended tag, which is not enabled";
    return tlp_check_request(h, limit(r, r->pins.mrrs, r->mrrs_before));
}

static void take_request(struct root *r, const struct tlp *t, const struct tlp_head *h)
{
    const char *wrong = check_request(r, h);
    unsigned count = h->kind == TLP_WRITE ? h->length * 4 : 0;
    uint8_t payload[TLP_MAX_PAYLOAD];

    if (wrong) {
        root_fail(r, "%s: %s (%08x %08x %08x %08x)", h->kind == TLP_WRITE ? "write" : "read", wrong, t->dw[0], t->dw[1], t->dw[2],
                  t->ndw > 3 ? t->dw[3] : 0);
        return;
    }
    tlp_get_bytes(tlp_payload(t, h), payload, count);
    if (r->remote_writes > 0)
        hold(r, h, payload, count);
    else
        carry_out(r, h, payload);
}

void root_upstream(struct root *r, const struct tlp *t)
{
    struct tlp_head h;
    const char *wrong = tlp_decode(t, &h);

    r->stats.tlps_up++;
    r->stats.bytes_up += t->ndw * 4;
    if (wrong)
        root_fail(r, "frame of %u double words: %s (%08x)", t->ndw, wrong, t->dw[0]);
    else if (h.kind == TLP_OTHER)
        root_fail(r, "neither memory request nor completion (%08x)", t->dw[0]);
    else if (h.kind == TLP_COMPLETION)
        take_completion(r, t, &h);
    else
        take_request(r, t, &h);
}

static void settle(struct read *q, enum tlp_status status)
{
    q->status = status;
    q->state = READ_SETTLED;
}

static void refuse(struct root *r, struct read *q)
{
    r->stats.reads_refused++;
    settle(q, TLP_UNSUPPORTED);
}

static void serve(struct root *r, struct read *q)
{
    unsigned count = q->head.length * 4;

    switch (dma_read(&r->dma, q->head.address, q->data, count)) {
    case DMA_DONE:
        r->stats.dma_read_bytes += count;
        settle(q, TLP_SUCCESS);
        break;
    case DMA_REMOTE:
        if (r->remote.read(r->remote.ctx, q->head.tag, q->head.address, count) == 0)
            q->state = READ_ASKED;
        else
            refuse(r, q);
        break;
    case DMA_UNMAPPED:
        if (q->give_up == 0)
            q->give_up = r->cycle + UNMAPPED_CLOCKS;
        if (r->cycle >= q->give_up)
            refuse(r, q);
        break;
    }
}

void root_serve_reads(struct root *r)
{
    unsigned at = 0;
    struct read *q = NULL;

    while (r->reads.count > 0 && (q = reads_due(&r->reads, &at, r->cycle)) != NULL)
        serve(r, q);
}

void root_unmapped(struct root *r)
{
    for (unsigned i = 0; i < r->reads.count; i++) {
        struct read *q = &r->reads.by_tag[r->reads.order[i]];

        if (q->state == READ_WAITS && q->give_up > r->cycle)
            q->give_up = r->cycle;
    }
}

void root_remote_read_done(struct root *r, uint8_t tag, const uint8_t *bytes)
{
    struct read *q = &r->reads.by_tag[tag];

    if (q->state != READ_ASKED)
        return;
    if (!bytes) {
        refuse(r, q);
        return;
    }
    memcpy(q->data, bytes, q->head.length * 4);
    r->stats.dma_read_bytes += q->head.length * 4;
    settle(q, TLP_SUCCESS);
}

void root_remote_write_done(struct root *r, bool ok)
{
    if (r->remote_writes == 0)
        return;
    if (!ok)
        r->stats.writes_dropped++;
    r->remote_writes--;
    release_held(r);
}

void root_remote_lost(struct root *r)
{
    for (unsigned tag = 0; tag < READS_TAGS; tag++)
        root_remote_read_done(r, (uint8_t)tag, NULL);
    while (r->remote_writes > 0)
        root_remote_write_done(r, false);
}
