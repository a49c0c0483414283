// SPDX-License-Identifier: Apache-2.0
//
// What a life of the card has to do: whole records, records in parts, bodies to verify, in buffers and page lists anywhere.
#include <algorithm>
#include <cstring>

#include "chaos.h"

namespace chaos
{

// ---------------------------------------------------------------- buffers

Place Chaos::place(unsigned bytes)
{
    Place place;
    place.list = (features >> SLUICE_FEATURES_PAGE_LIST_SHIFT & 1) && host.below(3) == 0;
    if (!place.list) {
        place.address = host.alloc(bytes + 64, 64, host.below(4) != 0) + (host.below(2) ? host.below(64) : 0);
        place.pieces = {{place.address, bytes}};
        return place;
    }
    unsigned offset = host.below(2) ? host.below(4096) : 0, entries = (bytes + 4095) / 4096 + 1;
    place.address = host.alloc(4096, 4096) + 8 * host.below(512 - entries);
    place.entries = {place.address, 8 * entries};
    lists++;
    for (unsigned i = 0, left = bytes; i < entries; i++) {
        uint64_t page = host.alloc(4096, 4096, host.below(4) != 0);
        host.alloc(4096 * host.below(3), 4096);
        uint64_t at = page + (i ? 0 : offset);
        unsigned here = std::min(left, 4096 - (i ? 0 : offset));
        if (here == 0 && i) {
            at = host.rng(); // an entry that is not needed
        }
        host.put(place.address + 8 * i, &at, 8);
        if (here) {
            place.pieces.push_back({at, here});
        }
        left -= here;
    }
    return place;
}

void Chaos::put(const Place &place, const Bytes &bytes)
{
    size_t at = 0;
    for (const Span &piece : place.pieces) {
        size_t n = std::min<size_t>(piece.length, bytes.size() - at);
        host.put(piece.address, bytes.data() + at, n);
        at += n;
    }
}

Bytes Chaos::get(const Place &place, unsigned bytes)
{
    Bytes out(bytes);
    size_t at = 0;
    for (const Span &piece : place.pieces) {
        size_t n = std::min<size_t>(piece.length, bytes - at);
        host.get(piece.address, out.data() + at, n);
        at += n;
    }
    return out;
}

// ---------------------------------------------------------------- operations

static void set_length(uint8_t field[3], unsigned value)
{
    for (unsigned i = 0; i < 3; i++) {
        field[i] = (uint8_t)(value >> 8 * i);
    }
}

// Buffers for an operation that reads `source` and may write `written` bytes, with `room` for them.
void Chaos::give_places(sluice_sqe &sqe, Op &op, const Bytes &source, unsigned room, unsigned written)
{
    op.src = place((unsigned)source.size());
    put(op.src, source);
    sqe.src = op.src.address;
    set_length(sqe.src_len, (unsigned)source.size());
    sqe.flags = (uint16_t)(sqe.flags | (op.src.list ? SLUICE_SQE_FLAG_SRC_LIST : 0));
    op.room = room;
    if (sqe.op == SLUICE_OP_VERIFY) {
        return;
    }
    op.dst = place(room);
    put(op.dst, Bytes(room, guard));
    sqe.dst = op.dst.address;
    set_length(sqe.dst_len, room);
    sqe.flags = (uint16_t)(sqe.flags | (op.dst.list ? SLUICE_SQE_FLAG_DST_LIST : 0));
    unsigned left = written;
    for (const Span &piece : op.dst.pieces) {
        if (left) {
            writable[piece.address] = std::min(left, piece.length);
        }
        left -= std::min(left, piece.length);
    }
}

void Chaos::push(Queue &q, sluice_sqe sqe, Op op)
{
    sqe.cookie = cookie++;
    for (const Span &piece : op.src.pieces) {
        readable[piece.address] = {piece.length, sqe.cookie};
    }
    for (const Place *place : {&op.src, &op.dst}) {
        if (place->list) {
            readable[place->entries.address] = {place->entries.length, sqe.cookie};
        }
    }
    ops[sqe.cookie] = std::move(op);
    q.ring->push(sqe);
    q.pending++;
}

static Bytes random_bytes(Host &host, unsigned count)
{
    Bytes bytes(count);
    for (uint8_t &b : bytes) {
        b = (uint8_t)host.rng();
    }
    return bytes;
}

// DES and 3DES take several clocks a byte.
static unsigned some_length(Host &host, const Sa &sa)
{
    bool slow = oracle::block(sa) == 8;
    switch (host.below(8)) {
    case 0:
        return host.below(3);
    case 1:
        return (slow ? 1000 : 4000) + host.below(slow ? 1000 : 6000);
    case 2:
        return host.below(slow ? 60 : 6) ? host.below(64) : 16384;
    default:
        return host.below(1500);
    }
}

static Bytes some_iv(Host &host, const Sa &sa)
{
    Bytes iv(16);
    if (sa.params.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT && oracle::block(sa) > 1) {
        Bytes some = random_bytes(host, oracle::block(sa));
        std::copy(some.begin(), some.end(), iv.begin());
    } else if (sa.params.nonce_mode == SLUICE_NONCE_MODE_EXPLICIT && !oracle::tls(sa)) {
        Bytes some = random_bytes(host, 8);
        std::copy(some.begin(), some.end(), iv.begin());
    }
    return iv;
}

// A fresh record for an opener: what an honest peer sent, with the counter or sequence number it had.
struct Sent {
    Bytes content, record, iv;
    uint8_t type;
    uint64_t counter;
};

static Sent some_record(Host &host, Party &p, unsigned length)
{
    const Sa &sa = p.opener;
    bool counted = sa.params.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE;
    Sent s;
    s.content = random_bytes(host, length);
    s.type = (uint8_t)(host.rng() & 0x7f);
    s.iv = some_iv(host, sa);
    s.counter = counted ? sa.params.counter + p.opened++ : oracle::tls(sa) ? host.rng() : 0;
    s.record = oracle::seal(sa, s.content, s.type, host.below(4) ? 0 : host.below(5), s.counter, s.iv).bytes;
    return s;
}

static sluice_sqe entry_of(const Sa &sa, uint8_t op)
{
    sluice_sqe sqe = {};
    sqe.op = op;
    sqe.sa = sa.slot;
    sqe.sa_gen = sa.gen;
    return sqe;
}

void Chaos::push_seal(Queue &q, Party &p)
{
    const Sa &sa = p.sealer;
    sluice_sqe sqe = entry_of(sa, SLUICE_OP_SEAL);
    Op op;
    op.party = &p;
    op.seals = true;
    op.content = random_bytes(host, some_length(host, sa));
    op.type = sqe.content_type = (uint8_t)(host.rng() & 0x7f);
    op.pad = sqe.pad = (uint8_t)(host.below(4) ? 0 : host.below(6));
    op.nonce = some_iv(host, sa);
    memcpy(sqe.nonce, op.nonce.data(), 16);
    op.seq = sqe.seq = oracle::tls(sa) ? host.rng() : 0;
    unsigned size = (unsigned)oracle::seal(sa, op.content, op.type, op.pad, p.next, op.nonce).bytes.size();
    whole++;
    give_places(sqe, op, op.content, size + host.below(100), size);
    push(q, sqe, std::move(op));
}

void Chaos::push_open(Queue &q, Party &p)
{
    const Sa &sa = p.opener;
    sluice_sqe sqe = entry_of(sa, SLUICE_OP_OPEN);
    Op op;
    Sent s = some_record(host, p, some_length(host, sa));
    if (host.below(6) == 0) {
        s.record[host.below((unsigned)s.record.size())] ^= (uint8_t)(1u << host.below(8));
    }
    oracle::Answer a = oracle::open(sa, s.record, s.counter, s.iv);
    sqe.seq = oracle::tls(sa) ? s.counter : 0;
    if (sa.params.form == SLUICE_FORM_TLS10) {
        memcpy(sqe.nonce, s.iv.data(), 16);
    }
    op.party = &p;
    op.status = a.status;
    op.out = a.bytes;
    op.out.resize(a.written);
    op.length = a.status == SLUICE_STATUS_OK ? a.length : 0;
    op.counter = a.counter;
    whole++;
    give_places(sqe, op, s.record, (unsigned)s.record.size(), a.written);
    push(q, sqe, std::move(op));
}

void Chaos::push_verify(Queue &q, Party &p)
{
    const Sa &sa = p.opener;
    sluice_sqe sqe = entry_of(sa, SLUICE_OP_VERIFY);
    Op op;
    Sent s = some_record(host, p, some_length(host, sa));
    Bytes body = oracle::opened_parts(sa, s.record, s.iv);
    if (host.below(4) == 0 && !body.empty()) {
        body[host.below((unsigned)body.size())] ^= (uint8_t)(1u << host.below(8));
    }
    oracle::Answer a = oracle::verify(sa, s.type, s.counter, body);
    sqe.seq = s.counter;
    sqe.content_type = s.type;
    op.party = &p;
    op.status = a.status;
    op.length = a.status == SLUICE_STATUS_OK ? a.length : 0;
    verified++;
    give_places(sqe, op, body, 0, 0);
    push(q, sqe, std::move(op));
}

// The source in parts; the first one's entry is `first`.
void Chaos::cut(Party &p, const sluice_sqe &first, const Bytes &source, std::shared_ptr<Stream> stream)
{
    std::deque<Later> &later = p.later[stream->seals];
    unsigned at = 0, most = host.below(2) ? 40 : 3000;
    later.clear(); // a record that is half done is dropped by the next first part
    do {
        Later part = {entry_of(stream->seals ? p.sealer : p.opener, first.op), {}, 0, {}};
        part.op.first = at == 0 && later.empty();
        if (part.op.first) {
            part.sqe = first;
        }
        unsigned n = later.size() >= 8 ? 16384 : host.below(most);
        n = std::min(n, (unsigned)source.size() - at);
        part.op.last = at + n == source.size() && (n || host.below(3));
        part.sqe.flags = (uint16_t)(SLUICE_SQE_FLAG_PART | (part.op.first ? SLUICE_SQE_FLAG_FIRST : 0) |
                                    (part.op.last ? SLUICE_SQE_FLAG_LAST : 0));
        part.source.assign(source.begin() + at, source.begin() + at + n);
        part.room = n + 15;
        if (stream->seals) {
            part.room += (part.op.first ? 21 : 0) + (part.op.last ? p.sealer.params.mac_len + 256 : 0);
        }
        part.op.party = &p;
        part.op.stream = stream;
        at += n;
        later.push_back(std::move(part));
    } while (!later.back().op.last);
}

void Chaos::cut_seal(Queue &q, Party &p)
{
    const Sa &sa = p.sealer;
    sluice_sqe sqe = entry_of(sa, SLUICE_OP_SEAL);
    Bytes content = random_bytes(host, some_length(host, sa)), iv = some_iv(host, sa);
    sqe.content_type = (uint8_t)(host.rng() & 0x7f);
    sqe.pad = (uint8_t)(host.below(4) ? 0 : host.below(6));
    sqe.seq = host.rng();
    sqe.total = (uint16_t)content.size();
    memcpy(sqe.nonce, iv.data(), 16);
    oracle::Answer a = oracle::seal(sa, content, sqe.content_type, sqe.pad, sqe.seq, iv);
    auto stream = std::make_shared<Stream>();
    stream->seals = true;
    stream->want = a.bytes;
    stream->counter = a.counter;
    stream->ring_hits = q.ring_hits;
    cut(p, sqe, content, stream);
}

void Chaos::cut_open(Queue &q, Party &p)
{
    const Sa &sa = p.opener;
    sluice_sqe sqe = entry_of(sa, SLUICE_OP_OPEN);
    Sent s = some_record(host, p, some_length(host, sa));
    unsigned before = 5 + (sa.params.form == SLUICE_FORM_TLS10 || oracle::block(sa) == 1 ? 0 : oracle::block(sa));
    if (host.below(5) == 0 && s.record.size() > before) {
        s.record[before + host.below((unsigned)s.record.size() - before)] ^= 1;
    }
    sqe.seq = s.counter;
    if (sa.params.form == SLUICE_FORM_TLS10) {
        memcpy(sqe.nonce, s.iv.data(), 16);
    }
    oracle::Answer a = oracle::open(sa, s.record, s.counter, s.iv);
    auto stream = std::make_shared<Stream>();
    stream->want = oracle::opened_parts(sa, s.record, s.iv);
    stream->status = oracle::etm(sa) ? a.status : (uint8_t)SLUICE_STATUS_OK;
    stream->counter = Bytes(16);
    if (sa.params.form == SLUICE_FORM_TLS10 && oracle::block(sa) > 1) {
        std::copy(s.record.end() - oracle::block(sa), s.record.end(), stream->counter.begin());
    }
    stream->content = oracle::etm(sa) ? a.length : 0;
    stream->ring_hits = q.ring_hits;
    cut(p, sqe, s.record, stream);
}

void Chaos::push_some(Queue &q)
{
    bool cuts = features >> SLUICE_FEATURES_CUT_THROUGH_SHIFT & 1;
    for (unsigned n = host.below(q.ring->depth()); n && q.pending + 1 < q.ring->depth(); n--) {
        Party &p = q.parties[host.below((unsigned)q.parties.size())];
        std::deque<Later> &later = p.later[host.below(2)];
        unsigned turn = host.below(12);
        bool chained = p.opener.params.form == SLUICE_FORM_TLS_MTE || p.opener.params.form == SLUICE_FORM_TLS10;
        if (!later.empty() && turn < 9) {
            Later part = std::move(later.front());
            later.pop_front();
            parts++;
            give_places(part.sqe, part.op, part.source, part.room, part.room);
            push(q, part.sqe, std::move(part.op));
        } else if (cuts && oracle::tls(p.sealer) && turn < 3) {
            host.below(2) ? cut_seal(q, p) : cut_open(q, p);
        } else if (cuts && chained && turn < 5) {
            push_verify(q, p);
        } else if (turn == 5 && host.below(3) == 0) {
            Op op;
            op.nop = true;
            push(q, entry_of(Sa(), SLUICE_OP_NOP), op);
        } else {
            host.below(2) ? push_seal(q, p) : push_open(q, p);
        }
    }
    q.ring->bell();
}

} // namespace chaos
