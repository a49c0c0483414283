// SPDX-License-Identifier: Apache-2.0
//
// Replay windows: the verdicts of the card against the rule told with sets of counters, over counters that creep, jump and change
// the incarnation; windows taken out and put into another SA, under load, and everything that is refused.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <set>

#include "tests.h"

namespace
{

const uint64_t window = SLUICE_REPLAY_WINDOW;

struct Half {
    uint64_t incarnation = 0;
    bool there = false;
    std::set<uint64_t> seen; // sequences
};

// "Replay window" of rtl/README.md.
struct Model {
    explicit Model(uint64_t counter = 0) : floor(counter)
    {
        current.incarnation = counter >> 48;
        current.there = true;
    }
    bool take(uint64_t c)
    {
        uint64_t incarnation = c >> 48, sequence = c & 0xffffffffffffull;
        if (c < floor) {
            return false;
        }
        if (incarnation > current.incarnation) {
            former = current;
            current = Half{incarnation, true, {sequence}};
            return true;
        }
        Half &half = incarnation == current.incarnation ? current : former;
        if (!half.there || incarnation != half.incarnation) {
            return false;
        }
        if (!half.seen.empty() && sequence + window <= *half.seen.rbegin()) {
            return false;
        }
        if (!half.seen.insert(sequence).second) {
            return false;
        }
        while (*half.seen.begin() + window <= *half.seen.rbegin()) {
            half.seen.erase(half.seen.begin());
        }
        return true;
    }
    uint64_t floor;
    Half current, former;
};

// What the card must say of such a window, with the bits of counters outside it cleared on both sides.
uint64_t top_of(const Half &half)
{
    return half.there ? half.incarnation << 48 | (half.seen.empty() ? 0 : *half.seen.rbegin()) : 0;
}

bool bit(const uint8_t *bits, uint64_t sequence)
{
    return bits[sequence % 2048 / 8] >> sequence % 8 & 1;
}

bool bits_match(const uint8_t *bits, const Half &half)
{
    if (half.seen.empty()) {
        return std::count(bits, bits + 256, 0) == 256;
    }
    uint64_t top = *half.seen.rbegin();
    for (uint64_t back = 0; back < window && back <= top; back++) {
        if (bit(bits, top - back) != (half.seen.count(top - back) != 0)) {
            return false;
        }
    }
    return true;
}

bool matches(const sluice_sa_window &w, const Model &m)
{
    uint8_t state = (uint8_t)((m.current.seen.empty() ? 0 : 1) | (m.former.there ? 2 : 0) | (m.former.seen.empty() ? 0 : 4));
    return w.floor == m.floor && w.current == top_of(m.current) && w.former == top_of(m.former) && w.state == state &&
           std::count(w.reserved, w.reserved + sizeof w.reserved, 0) == (long)sizeof w.reserved &&
           bits_match(w.current_bits, m.current) && bits_match(w.former_bits, m.former);
}

struct Opener {
    Sa sa, twin; // twin: the same for sealing, for reference_seal
    Model model;
};

class Bench
{
  public:
    explicit Bench(uint64_t seed) : host(seed), device(host)
    {
        host.reset();
        device.start();
        ring = device.queue(1, 7);
        at = host.alloc(4096);
        dst = host.alloc(256);
    }
    Opener opener(uint16_t slot, unsigned cipher, unsigned mac, uint64_t floor)
    {
        Opener o;
        o.twin = make_sa(host, cipher, mac, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
        o.sa = o.twin;
        o.sa.params.direction = SLUICE_DIRECTION_OPEN;
        o.sa.params.limit = 0;
        o.sa.params.replay = 1;
        return again(o, slot, floor);
    }
    // The same keys in another slot.
    Opener again(Opener o, uint16_t slot, uint64_t floor)
    {
        o.sa.params.counter = floor;
        o.model = Model(floor);
        device.create(o.sa, slot);
        return o;
    }
    void push(Opener &o, uint64_t counter, bool forged)
    {
        Bytes record = reference_seal(o.twin, Bytes(1, 9), 0x97, 0, counter, nullptr);
        uint64_t src = host.alloc(128);
        record[13] ^= forged;
        host.put(src, record.data(), record.size());
        ring->push(open_entry(o.sa, src, (unsigned)record.size(), dst, 64, cookie));
        counters[cookie] = counter;
        want[cookie++] = forged ? SLUICE_STATUS_AUTH_FAILED : o.model.take(counter) ? SLUICE_STATUS_OK : SLUICE_STATUS_REPLAYED;
    }
    // Takes n completions; true when each has the status that the model said.
    bool settle(unsigned n)
    {
        bool good = true;
        while (n--) {
            sluice_cqe cqe;
            good = ring->wait(cqe) && good;
            if (cqe.status != want[cqe.cookie]) {
                printf("# counter %llx: status %u (%u)\n", (unsigned long long)counters[cqe.cookie], cqe.status,
                       want[cqe.cookie]);
                good = false;
            }
            tally[cqe.status]++;
        }
        ring->give();
        return good;
    }
    sluice_sqe command(uint8_t op, const Sa &sa)
    {
        sluice_sqe sqe = {};
        sqe.op = op;
        sqe.sa = sa.slot;
        sqe.sa_gen = sa.gen;
        (op == SLUICE_OP_WINDOW_EXPORT ? sqe.dst : sqe.src) = at;
        uint8_t *length = op == SLUICE_OP_WINDOW_EXPORT ? sqe.dst_len : sqe.src_len;
        length[0] = SLUICE_SA_WINDOW_BYTES & 255;
        length[1] = SLUICE_SA_WINDOW_BYTES >> 8;
        return sqe;
    }
    bool take_out(const Sa &sa, sluice_sa_window &w)
    {
        Bytes fill(1024, 0x5a);
        host.put(at, fill.data(), fill.size());
        sluice_cqe cqe = device.admin(command(SLUICE_OP_WINDOW_EXPORT, sa));
        Bytes after = host.get(at + sizeof w, 1024 - sizeof w);
        host.get(at, &w, sizeof w);
        return cqe.status == SLUICE_STATUS_OK && cqe.length == sizeof w && after == Bytes(1024 - sizeof w, 0x5a);
    }
    sluice_cqe put_in(const Sa &sa, const sluice_sa_window &w)
    {
        host.put(at, &w, sizeof w);
        return device.admin(command(SLUICE_OP_WINDOW_IMPORT, sa));
    }
    Host host;
    Device device;
    std::unique_ptr<Ring> ring;
    uint64_t at, dst, cookie = 0;
    std::map<uint64_t, uint64_t> counters;
    std::map<uint64_t, uint8_t> want;
    std::map<unsigned, unsigned> tally;
};

// A counter that is worth asking: near the top of one of the windows, ahead of it, in another incarnation.
uint64_t some_counter(Bench &b, const Model &m)
{
    static const uint64_t steps[] = {1, 1, 1, 2, 5, 31, 32, 33, 64, 127, 128, 1000, 1023, 1024, 1025, 2016, 2047, 2048, 5000};
    const Half &half = m.former.there && b.host.below(3) == 0 ? m.former : m.current;
    uint64_t top = half.seen.empty() ? m.floor & 0xffffffffffffull : *half.seen.rbegin();
    uint64_t sequence = b.host.below(3) ? top - b.host.below(1200) : top + steps[b.host.below(19)];
    uint64_t incarnation = half.incarnation;
    unsigned turn = b.host.below(60);
    if (turn == 0) {
        incarnation += 1 + b.host.below(2);
        sequence = b.host.below(2) ? b.host.below(3000) : sequence;
    } else if (turn == 1) {
        incarnation--;
    } else if (turn == 2) {
        sequence = b.host.below(2) ? 0xffffffffffffull : b.host.rng();
        sequence = b.host.below(4) ? m.floor - 1 + b.host.below(3) : sequence;
    }
    return incarnation << 48 | (sequence & 0xffffffffffffull);
}

unsigned some_records(Bench &b, Opener &o, unsigned most)
{
    unsigned n = 1 + b.host.below(most);
    for (unsigned i = 0; i < n; i++) {
        b.push(o, some_counter(b, o.model), o.sa.params.mac != SLUICE_MAC_NONE && b.host.below(12) == 0);
    }
    return n;
}

void campaign(uint64_t seed, unsigned rounds)
{
    Bench b(seed);
    Opener o[3] = {b.opener(0, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, 0x0007000000000100ull),
                   b.opener(77, SLUICE_CIPHER_NULL, SLUICE_MAC_NONE, 0),
                   b.opener(255, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, 0xfff0ffffffff0000ull)};
    bool good = true, copies = true, twins = true;
    uint16_t slot = 100;
    for (unsigned round = 0; round < rounds; round++) {
        unsigned n = 0;
        for (unsigned i = 0; i < 3; i++) {
            n += some_records(b, o[i], 30);
        }
        b.ring->bell();
        good = b.settle(n) && good;
        if (round % 4 != 3) {
            continue;
        }
        // Out of one SA into another with the same keys, which then goes on in its place.
        Opener &from = o[b.host.below(3)];
        sluice_sa_window first = {}, second = {};
        copies = b.take_out(from.sa, first) && matches(first, from.model) && copies;
        Opener to = b.again(from, slot++, b.host.rng() >> b.host.below(64));
        for (unsigned i = b.host.below(2) * 5; i; i--) {
            b.push(to, to.model.floor + b.host.below(3000), false);
            b.ring->bell();
            b.settle(1);
        }
        twins = b.put_in(to.sa, first).status == SLUICE_STATUS_OK && b.take_out(to.sa, second) && matches(second, from.model) &&
                twins;
        to.model = from.model;
        b.device.destroy(from.sa);
        from = to;
    }
    printf("# %u ok, %u replayed, %u forged\n", b.tally[SLUICE_STATUS_OK], b.tally[SLUICE_STATUS_REPLAYED],
           b.tally[SLUICE_STATUS_AUTH_FAILED]);
    ok(good && b.tally[SLUICE_STATUS_OK] > rounds && b.tally[SLUICE_STATUS_REPLAYED] > rounds,
       "the windows are the model's over random counters and incarnations");
    ok(copies, "an exported window is the model's");
    ok(twins, "an imported window is exported again, and its SA judges as the one it came from");
    ok(b.host.broken_rules == 0, "the card keeps the rules of the link");
}

// While records are at work an export shows the window between two of them.
void moments(uint64_t seed)
{
    Bench b(seed);
    Opener o = b.opener(9, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, 5ull << 48);
    bool good = true;
    unsigned inside = 0;
    for (unsigned round = 0; round < 12; round++) {
        std::vector<Model> states{o.model};
        for (unsigned i = 0; i < 60; i++) {
            b.push(o, some_counter(b, o.model), false);
            states.push_back(o.model);
        }
        b.ring->bell();
        b.host.run(b.host.below(6000));
        sluice_sa_window w;
        good = b.take_out(o.sa, w) && good;
        auto at = std::find_if(states.begin(), states.end(), [&](const Model &m) { return matches(w, m); });
        good = at != states.end() && good;
        inside += at != states.begin() && at + 1 < states.end();
        good = b.settle(60) && good;
    }
    ok(good && inside > 0, "an export under load is the window of one moment");
}

void refusals(uint64_t seed)
{
    Bench b(seed);
    Opener o = b.opener(3, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, 0x0002000000000000ull);
    Sa sealer = o.twin, plain = o.sa;
    plain.params.replay = 0;
    b.device.create(sealer, 4);
    b.device.create(plain, 5);
    for (uint64_t c : {0ull, 5ull, 0x0001000000000003ull}) {
        b.push(o, o.model.floor + c, false);
    }
    b.ring->bell();
    bool good = b.settle(3);
    sluice_sa_window kept, w;
    ok(b.take_out(o.sa, kept) && good && matches(kept, o.model), "a window of two incarnations is exported");

    struct Wrong {
        const char *what;
        bool out;
        std::function<void(sluice_sqe &)> spoil;
        unsigned status, offset;
    };
    const uint8_t out = SLUICE_OP_WINDOW_EXPORT, in = SLUICE_OP_WINDOW_IMPORT;
    const Wrong wrongs[] = {
        {"a slot out of range", true, [](sluice_sqe &s) { s.sa = 256; }, SLUICE_STATUS_NO_SUCH_SA, 0},
        {"a free slot", false, [](sluice_sqe &s) { s.sa = 6; }, SLUICE_STATUS_NO_SUCH_SA, 0},
        {"another generation", true, [](sluice_sqe &s) { s.sa_gen++; }, SLUICE_STATUS_SA_MISMATCH, 0},
        {"an SA that seals", true, [&](sluice_sqe &s) { s.sa = 4, s.sa_gen = sealer.gen; }, SLUICE_STATUS_SA_MISMATCH, 0},
        {"an SA without a window", false, [&](sluice_sqe &s) { s.sa = 5, s.sa_gen = plain.gen; }, SLUICE_STATUS_SA_MISMATCH, 0},
        {"575 bytes of room", true, [](sluice_sqe &s) { s.dst_len[0]--; }, SLUICE_STATUS_OUTPUT_TOO_SMALL, 0},
        {"a destination at 32", true, [](sluice_sqe &s) { s.dst += 32; }, SLUICE_STATUS_INVALID_FIELD, 24},
        {"a source at 8", false, [](sluice_sqe &s) { s.src += 8; }, SLUICE_STATUS_INVALID_FIELD, 16},
        {"577 bytes of window", false, [](sluice_sqe &s) { s.src_len[0]++; }, SLUICE_STATUS_INVALID_FIELD, 32},
        {"an export with a source", true, [](sluice_sqe &s) { s.src = 64; }, SLUICE_STATUS_UNSUPPORTED, 0},
        {"an import with a destination", false, [](sluice_sqe &s) { s.dst_len[2] = 1; }, SLUICE_STATUS_UNSUPPORTED, 0},
        {"a source that is not there", false, [](sluice_sqe &s) { s.src = 0xdead0000; }, SLUICE_STATUS_DMA_ERROR, 0},
    };
    memset(&w, 0xff, sizeof w);
    for (const Wrong &wrong : wrongs) {
        sluice_sqe sqe = b.command(wrong.out ? out : in, o.sa);
        b.host.put(b.at, &w, sizeof w);
        wrong.spoil(sqe);
        sluice_cqe cqe = b.device.admin(sqe);
        Bytes after = b.host.get(b.at, sizeof w);
        ok(cqe.status == wrong.status && cqe.length == wrong.offset && after == Bytes(sizeof w, 0xff),
           std::string("a window is not copied with ") + wrong.what);
    }
    w = kept;
    std::swap(w.current, w.former);
    sluice_cqe cqe = b.put_in(o.sa, w);
    ok(cqe.status == SLUICE_STATUS_INVALID_FIELD && cqe.length == 64 + 16, "nor a former incarnation that is the later one");
    // One of the reads of the window fails.
    uint64_t page = b.host.alloc(8192, 4096);
    b.host.put(page + 4096 - 192, &w, sizeof w);
    b.host.fault(page + 4096, Fault::Ca);
    sluice_sqe sqe = b.command(in, o.sa);
    sqe.src = page + 4096 - 192;
    ok(b.device.admin(sqe).status == SLUICE_STATUS_DMA_ERROR && b.take_out(o.sa, w) && !memcmp(&w, &kept, sizeof w),
       "what was refused or half read left the window as it was");
}

} // namespace

void test_windows(uint64_t seed)
{
    campaign(seed, 40);
    moments(seed + 1);
    refusals(seed + 2);
    Bench none(seed + 3);
    Opener o = none.opener(1, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, 0);
    o.sa.params.replay = 0;
    none.device.destroy(o.sa);
    none.device.create(o.sa, 1);
    Bytes record = reference_seal(o.twin, Bytes(30, 9), 0x97, 0, 77, nullptr);
    none.host.put(none.at, record.data(), record.size());
    bool good = true;
    for (unsigned i = 0; i < 2; i++) {
        sluice_cqe cqe;
        none.ring->push(open_entry(o.sa, none.at, (unsigned)record.size(), none.dst, 64, i));
        none.ring->bell();
        good = none.ring->wait(cqe) && cqe.status == SLUICE_STATUS_OK && good;
    }
    ok(good, "an SA without a window takes a record twice");
}
