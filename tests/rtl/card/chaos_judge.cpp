// SPDX-License-Identifier: Apache-2.0
//
// How an operation must end: by OpenSSL, and by the faults that hit what it read.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "chaos.h"

namespace chaos
{

// ---------------------------------------------------------------- completions

void Chaos::take_hits()
{
    for (const Span &hit : host.hits) {
        hits++;
        for (Queue &q : queues) {
            if (hit.address >= q.ring->sq && hit.address < q.ring->sq + 64 * q.ring->depth()) {
                q.ring_hits++;
            }
        }
        auto it = readable.upper_bound(hit.address);
        if (it != readable.begin() && hit.address < std::prev(it)->first + std::prev(it)->second.first) {
            Op &op = ops[std::prev(it)->second.second];
            bool out = op.dst.list && std::prev(it)->first == op.dst.entries.address;
            (out && !op.seals && !op.stream ? op.lost : op.hit) = true;
        }
    }
    host.hits.clear();
}

void Chaos::free_places(const Op &op)
{
    for (const Span &piece : op.src.pieces) {
        readable.erase(piece.address);
    }
    for (const Place *place : {&op.src, &op.dst}) {
        if (place->list) {
            readable.erase(place->entries.address);
        }
    }
    for (const Span &piece : op.dst.pieces) {
        writable.erase(piece.address);
    }
}

// `out` and behind it nothing.
void Chaos::same(const Op &op, const sluice_cqe &cqe, unsigned status, unsigned length, const Bytes &counter, Bytes out)
{
    out.resize(op.room, guard);
    bool kept = cqe.status == status && cqe.length == length && !memcmp(cqe.counter, counter.data(), 16);
    if (!kept || get(op.dst, op.room) != out) {
        const sluice_sa_params none = {}, &p = op.party ? op.party->sealer.params : none;
        printf("# cipher %u mac %u form %u%s%s%s: status %u (%u), length %x (%x), %s\n", p.cipher, p.mac, p.form,
               op.seals ? " seal" : "", op.stream ? " part" : "", op.hit ? " hit" : "", cqe.status, status, cqe.length, length,
               kept ? "other bytes" : "");
        expect(false, "an operation ended otherwise than the rules say");
    }
}

void Chaos::end_seal(Queue &q, Op &op, const sluice_cqe &cqe)
{
    Party &p = *op.party;
    uint64_t counter;
    memcpy(&counter, cqe.counter, 8);
    if (p.sealer.params.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
        expect(counter == p.next || (q.ring_hits && counter > p.next), "a counter was left out or used twice");
        p.next = counter + 1;
    } else {
        counter = op.seq;
    }
    oracle::Answer a = oracle::seal(p.sealer, op.content, op.type, op.pad, counter, op.nonce);
    if (op.hit) {
        Bytes used(16);
        memcpy(used.data(), cqe.counter, 8);
        same(op, cqe, SLUICE_STATUS_DMA_ERROR, 0, used, {});
    } else {
        same(op, cqe, SLUICE_STATUS_OK, a.length, a.counter, a.bytes);
    }
}

void Chaos::end_part(Queue &q, Op &op, const sluice_cqe &cqe)
{
    Stream &s = *op.stream;
    if (q.ring_hits > s.ring_hits) {
        return; // a part may be missing
    }
    if (op.hit || (s.broken && !op.first)) {
        same(op, cqe, op.hit ? SLUICE_STATUS_DMA_ERROR : SLUICE_STATUS_BAD_FORMAT, 0, Bytes(16), {});
        s.broken = true;
        return;
    }
    unsigned length = std::min<unsigned>(cqe.length & 0xffff, op.room), sure = cqe.length >> 16;
    Bytes out = get(op.dst, length);
    bool fails = op.last && s.status != SLUICE_STATUS_OK;
    same(op, cqe, op.last ? s.status : (uint8_t)SLUICE_STATUS_OK, fails ? 0 : length | sure << 16,
         op.last && !fails ? s.counter : Bytes(16), out);
    s.out.insert(s.out.end(), out.begin(), out.end());
    bool prefix = s.out.size() <= s.want.size() && std::equal(s.out.begin(), s.out.end(), s.want.begin());
    expect(prefix && (!op.last || fails || s.out.size() == s.want.size()), "parts give other bytes than the whole");
    expect(!op.last || fails || sure == 0 || sure == s.content || s.content == 0, "the last part's length of content");
}

void Chaos::end(Queue &q, const sluice_cqe &cqe)
{
    take_hits();
    q.pending--;
    tally[cqe.status]++;
    auto it = ops.find(cqe.cookie);
    if (cqe.cookie == 0 && cqe.status == SLUICE_STATUS_DMA_ERROR) {
        q.lost++;
        lost++;
        expect(q.ring_hits > 0, "an entry was lost without a fault");
        return;
    }
    if (!expect(it != ops.end(), "a completion of no operation")) {
        return;
    }
    Op &op = it->second;
    if (op.stream) {
        end_part(q, op, cqe);
    } else if (op.seals) {
        end_seal(q, op, cqe);
    } else if (op.hit) {
        same(op, cqe, SLUICE_STATUS_DMA_ERROR, 0, Bytes(16), {});
    } else if (op.lost) {
        bool fine = op.status == SLUICE_STATUS_OK;
        same(op, cqe, fine ? (uint8_t)SLUICE_STATUS_DMA_ERROR : op.status, 0, fine ? Bytes(16) : op.counter, {});
    } else {
        same(op, cqe, op.status, op.length, op.counter, op.out);
    }
    free_places(op);
    ops.erase(it);
}

void Chaos::settle(Queue &q)
{
    sluice_cqe cqe;
    bool some = false;
    while (q.ring->pop(cqe)) {
        end(q, cqe);
        some = true;
    }
    if (some) {
        q.ring->give(host.below(2));
    }
}

} // namespace chaos
