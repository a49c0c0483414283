/* SPDX-License-Identifier: Apache-2.0 */
#include "reads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int reads_init(struct reads *r, const struct reads_config *config, struct rng *rng)
{
    memset(r, 0, sizeof(*r));
    r->config = *config;
    r->rng = rng;
    for (unsigned i = 0; i < READS_TAGS; i++) {
        r->by_tag[i].data = malloc(TLP_MAX_PAYLOAD);
        if (!r->by_tag[i].data) {
            reads_free(r);
            return -ENOMEM;
        }
    }
    return 0;
}

void reads_free(struct reads *r)
{
    for (unsigned i = 0; i < READS_TAGS; i++)
        free(r->by_tag[i].data);
    memset(r, 0, sizeof(*r));
}

/* What the rest of a read may occupy in the card's receive buffer: a header for each piece between boundaries, and its data. */
static unsigned headers_of(const struct read *q, unsigned rcb)
{
    return q->left == 0 ? 0 : (unsigned)((q->address % rcb + q->left + rcb - 1) / rcb);
}

static unsigned data_of(const struct read *q)
{
    return (q->left + 15) / 16;
}

static enum reads_fault fault_at(const struct reads_config *c, uint64_t address)
{
    unsigned fault = 0;

    while (fault < READS_FAULTS && (address - c->fault[fault].address >= c->fault[fault].bytes ||
                                    (address - c->fault[fault].address) / READS_FAULT_PAGE % 2 == 0))
        fault++;
    return (enum reads_fault)fault;
}

const char *reads_take(struct reads *r, const struct tlp_head *h, uint64_t cycle, unsigned rcb)
{
    struct read *q = &r->by_tag[h->tag];

    if (q->state != READ_FREE)
        return "tag is in use";
    q->state = READ_WAITS;
    q->head = *h;
    q->address = h->address + tlp_first_byte(h);
    q->left = tlp_request_bytes(h);
    q->due = cycle + r->config.latency + (r->config.reorder ? rng_below(r->rng, r->config.latency + 1) : 0);
    q->give_up = 0;
    q->status = TLP_SUCCESS;
    q->fault = fault_at(&r->config, q->address);
    q->due += q->fault == READS_LATE ? READS_LATE_CLOCKS : 0;
    if (r->config.hang_one_in && rng_below(r->rng, r->config.hang_one_in) == 0) {
        q->due = UINT64_MAX;
        r->hung++;
    }
    r->header_used += headers_of(q, rcb);
    r->data_used += data_of(q);
    r->order[r->count++] = h->tag;
    if (r->header_used > r->config.header_credits)
        return "more completion headers asked for than the receive buffer holds";
    if (r->data_used > r->config.data_credits)
        return "more completion data asked for than the receive buffer holds";
    return NULL;
}

void reads_forget(struct reads *r)
{
    for (unsigned i = 0; i < r->count; i++)
        r->by_tag[r->order[i]].state = READ_FREE;
    r->count = 0;
    r->header_used = 0;
    r->data_used = 0;
}

struct read *reads_due(struct reads *r, unsigned *at, uint64_t cycle)
{
    while (*at < r->count) {
        struct read *q = &r->by_tag[r->order[(*at)++]];

        if (q->state == READ_WAITS && q->due <= cycle)
            return q;
    }
    return NULL;
}

bool reads_pending(const struct reads *r)
{
    for (unsigned i = 0; i < r->count; i++)
        if (r->by_tag[r->order[i]].state != READ_ASKED)
            return true;
    return false;
}

static bool answerable(const struct read *q, uint64_t cycle)
{
    return q->due <= cycle && q->state == READ_SETTLED;
}

/* Position in `order` of the read to be served: the oldest, or any. r->count: none. */
static unsigned choose(struct reads *r, uint64_t cycle)
{
    unsigned chosen = r->count, seen = 0;

    for (unsigned i = 0; i < r->count; i++) {
        if (!answerable(&r->by_tag[r->order[i]], cycle))
            continue;
        if (!r->config.reorder)
            return i;
        if (rng_below(r->rng, ++seen) == 0)
            chosen = i;
    }
    return chosen;
}

/* Bytes of the next completion: to the next multiple of `most`, or, cut short, to any boundary before it. */
static unsigned piece(struct reads *r, const struct read *q, unsigned rcb, unsigned most)
{
    unsigned to_most = most - (unsigned)(q->address % most);
    unsigned to_rcb = rcb - (unsigned)(q->address % rcb);

    if (rng_percent(r->rng, r->config.split)) {
        unsigned cuts = (to_most - to_rcb) / rcb + 1;

        to_most = to_rcb + rcb * rng_below(r->rng, cuts);
    }
    return q->left < to_most ? q->left : to_most;
}

static void finish(struct reads *r, unsigned position)
{
    r->by_tag[r->order[position]].state = READ_FREE;
    r->count--;
    memmove(r->order + position, r->order + position + 1, r->count - position);
}

/* Error injection: a completion without data ends its read, a poisoned one does not. */
static void spoil(struct tlp_completion *c, enum reads_fault fault)
{
    switch (fault) {
    case READS_UNSUPPORTED:
        c->status = TLP_UNSUPPORTED;
        break;
    case READS_ABORTED:
        c->status = TLP_ABORT;
        break;
    case READS_POISONED:
        c->poisoned = c->status == TLP_SUCCESS;
        break;
    case READS_LATE:
    case READS_FAULTS:
        break;
    }
}

static enum reads_fault some_fault(struct reads *r)
{
    if (r->config.error_one_in == 0 || rng_below(r->rng, r->config.error_one_in) != 0)
        return READS_FAULTS;
    return (enum reads_fault)rng_below(r->rng, READS_LATE);
}

bool reads_complete(struct reads *r, struct tlp *out, uint64_t cycle, unsigned rcb, unsigned most)
{
    unsigned at = choose(r, cycle);
    struct read *q = at < r->count ? &r->by_tag[r->order[at]] : NULL;
    struct tlp_completion c = {0};

    if (!q)
        return false;
    c.requester = q->head.requester;
    c.tag = q->head.tag;
    c.byte_count = q->left;
    c.address = q->address;
    c.status = q->status;
    c.bytes = piece(r, q, rcb, most);
    c.data = q->data + ((q->address & ~3ull) - q->head.address);
    c.completer = 0;
    spoil(&c, q->fault);
    spoil(&c, some_fault(r));
    tlp_make_completion(out, &c);
    r->header_used -= headers_of(q, rcb);
    r->data_used -= data_of(q);
    q->left = c.status == TLP_SUCCESS ? q->left - c.bytes : 0;
    q->address += c.bytes;
    r->header_used += headers_of(q, rcb);
    r->data_used += data_of(q);
    if (q->left == 0)
        finish(r, at);
    return true;
}
