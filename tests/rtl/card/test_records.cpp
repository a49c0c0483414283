// SPDX-License-Identifier: Apache-2.0
//
// Every operation on records through the whole card, compared with OpenSSL: every cipher, MAC and form, whole and in parts, from
// and to single buffers and page lists, lengths at the edges, any alignment, under easy and hard weather on the link.
#include <cstdio>
#include <cstring>
#include <map>

#include "tests.h"

namespace
{

const uint8_t guard = 0xa5;

// Memory that an operation reads or writes, in one piece or in pages far from one another, with a guard on both sides.
class Place
{
  public:
    Place()
    {
    }
    Place(Host &host, size_t bytes, bool list);
    void put(const Bytes &data);
    Bytes get(size_t bytes);   // from the beginning
    bool guarded(size_t used); // nothing but the first `used` bytes was written
    uint64_t field() const
    {
        return array || pages.empty() ? array : pages[0];
    }
    uint64_t array = 0;

  private:
    uint64_t at(size_t n) const
    {
        if (!array) {
            return pages[0] + n;
        }
        n += pages[0] & 4095;
        return (pages[n >> 12] & ~4095ull) + (n & 4095);
    }
    Host *host = nullptr;
    std::vector<uint64_t> pages;
    size_t size = 0;
};

Place::Place(Host &h, size_t bytes, bool list) : host(&h), size(bytes)
{
    uint64_t begin = h.alloc(bytes + 128, 64, h.below(4) != 0) + 16 + h.below(64);
    if (list) {
        unsigned offset = h.below(3) ? h.below(4096) : 4096 - h.below(20) - 1;
        size_t count = (offset + bytes + 4095) / 4096 + h.below(2);
        count = count ? count : 1;
        Bytes entries(8 * count);
        for (size_t i = 0; i < count; i++) {
            h.alloc(h.below(3) * 4096 + 1, 4096);
            pages.push_back(h.alloc(4096, 4096, h.below(3) != 0) + (i ? 0 : offset));
            memcpy(&entries[8 * i], &pages[i], 8);
        }
        array = h.alloc(16 * 8, 256) + 8 * h.below(8); // 16 entries at most: never across a page
        h.put(array, entries.data(), entries.size());
    } else if (h.below(4) == 0) {
        pages.push_back(h.alloc(bytes + 8192, 4096) + 4096 - h.below(200));
    } else {
        pages.push_back(begin);
    }
    put(Bytes(bytes, guard));
    if (!list) {
        h.put(pages[0] - 16, Bytes(16, guard).data(), 16);
        h.put(pages[0] + bytes, Bytes(16, guard).data(), 16);
    }
}

void Place::put(const Bytes &data)
{
    for (size_t n = 0; n < data.size(); n++) {
        host->put(at(n), &data[n], 1);
    }
}

Bytes Place::get(size_t bytes)
{
    Bytes data(bytes);
    for (size_t n = 0; n < bytes; n++) {
        host->get(at(n), &data[n], 1);
    }
    return data;
}

bool Place::guarded(size_t used)
{
    for (size_t n = used; n < size; n++) {
        if (host->get(at(n), 1)[0] != guard) {
            return false;
        }
    }
    if (array) { // the rest of its pages, fresh as they were
        size_t offset = pages[0] & 4095, end = (offset + size) & 4095;
        return host->get(pages[0] - offset, offset) == Bytes(offset, 0) &&
               (!end || host->get(at(size), 4096 - end) == Bytes(4096 - end, 0));
    }
    return host->get(pages[0] - 16, 16) == Bytes(16, guard) && host->get(pages[0] + size, 16) == Bytes(16, guard);
}

// A record in parts: what their completions bring, one after the other.
struct Parts {
    Bytes expected, got;
    unsigned left;
};

struct Job {
    Bytes expected; // zeros after it up to `write`
    Place dst;
    Bytes counter; // 16 bytes of the completion
    unsigned write, length;
    uint8_t status;
    std::shared_ptr<Parts> parts;
};

class Records
{
  public:
    Records(uint64_t seed) : host(seed), device(host)
    {
        host.reset();
        good = device.start();
        for (unsigned q = 1; q <= 2; q++) {
            rings[q - 1] = device.queue(q, 5);
            good = good && rings[q - 1];
        }
    }
    void pair(unsigned cipher, unsigned mac, unsigned form, unsigned mac_len, bool explicit_nonce);
    void one(unsigned length, unsigned pad);
    void finish();
    Host host;
    Device device;
    std::unique_ptr<Ring> rings[2];
    bool good, lists = false;

  private:
    Place place(size_t bytes)
    {
        return Place(host, bytes, lists && host.below(2));
    }
    void submit(unsigned ring, sluice_sqe sqe, const Place *src, const Job &job);
    bool collect(unsigned ring);
    void check(const sluice_cqe &cqe);
    void seal(const Bytes &content, const Bytes &record, uint8_t type, unsigned pad, const Bytes &nonce);
    void open(Bytes record, const Bytes &content, const Bytes &nonce);
    void verify(Bytes body, const Bytes &content, uint8_t type);
    void in_parts(bool opening, const Bytes &from, const Bytes &to, uint8_t type, unsigned pad, const Bytes &nonce,
                  unsigned total);
    Bytes told(const Bytes &record) const;

    Sa sealer, opener;
    std::map<uint64_t, Job> jobs;
    uint16_t slot = 0;
    uint64_t cookie = 1, seq = 0, counter = 0;
    unsigned pending[2] = {};
};

void Records::pair(unsigned cipher, unsigned mac, unsigned form, unsigned mac_len, bool explicit_nonce)
{
    if (slot) {
        good = device.destroy(sealer).status == 0 && device.destroy(opener).status == 0 && good;
    }
    sealer = make_sa(host, cipher, mac, form, SLUICE_DIRECTION_SEAL, mac_len);
    sealer.params.nonce_mode = explicit_nonce || is_tls(sealer);
    opener = sealer;
    opener.params.direction = SLUICE_DIRECTION_OPEN;
    opener.params.limit = 0;
    opener.params.replay = !is_tls(sealer);
    good = device.create(sealer, (uint16_t)(slot % SA_COUNT)).status == 0 && good;
    good = device.create(opener, (uint16_t)((slot + 1) % SA_COUNT)).status == 0 && good;
    slot = (uint16_t)(slot + 2);
}

void Records::submit(unsigned ring, sluice_sqe sqe, const Place *src, const Job &job)
{
    sqe.cookie = cookie++;
    sqe.src = src->field();
    sqe.flags = (uint16_t)(sqe.flags | (src->array ? SLUICE_SQE_FLAG_SRC_LIST : 0));
    if (sqe.op != SLUICE_OP_VERIFY) {
        sqe.dst = job.dst.field();
        sqe.flags = (uint16_t)(sqe.flags | (job.dst.array ? SLUICE_SQE_FLAG_DST_LIST : 0));
    }
    jobs[sqe.cookie] = job;
    while (pending[ring] >= rings[ring]->depth() - 1) {
        rings[ring]->bell();
        if (!collect(ring)) {
            good = false;
            return;
        }
    }
    rings[ring]->push(sqe);
    pending[ring]++;
    if (host.below(3) == 0) {
        rings[ring]->bell();
        host.run(host.below(200));
    }
}

void Records::check(const sluice_cqe &cqe)
{
    auto it = jobs.find(cqe.cookie);
    if (it == jobs.end()) {
        printf("# unknown cookie\n");
        good = false;
        return;
    }
    Job &job = it->second;
    Bytes got = job.dst.field() ? job.dst.get(job.write) : Bytes(), want = job.expected;
    Bytes told_counter(cqe.counter, cqe.counter + 16);
    bool right = cqe.status == job.status && told_counter == job.counter;
    if (job.parts) {
        unsigned bytes = cqe.length & 0xffff;
        Bytes piece = job.dst.get(bytes);
        job.parts->got.insert(job.parts->got.end(), piece.begin(), piece.end());
        right = right && job.dst.guarded(bytes);
        if (--job.parts->left == 0) {
            right = right && job.parts->got == job.parts->expected;
        }
    } else {
        want.resize(job.write, 0);
        right = right && cqe.length == job.length && got == want && (!job.dst.field() || job.dst.guarded(job.write));
    }
    if (!right) {
        size_t at = 0;
        while (at < got.size() && got[at] == want[at]) {
            at++;
        }
        printf("# cookie %llu, cipher %u mac %u form %u: status %u (%u) length %x (%x)%s, %zu bytes, first difference at %zu\n",
               (unsigned long long)cqe.cookie, sealer.params.cipher, sealer.params.mac, sealer.params.form, cqe.status,
               job.status, cqe.length, job.length, told_counter == job.counter ? "" : ", counter", got.size(), at);
        good = false;
    }
    jobs.erase(it);
}

bool Records::collect(unsigned ring)
{
    sluice_cqe cqe;
    if (!rings[ring]->wait(cqe, 200000)) {
        return false;
    }
    pending[ring]--;
    check(cqe);
    rings[ring]->give();
    return true;
}

// What a completion tells with ok: the counter, or tls10's next IV.
Bytes Records::told(const Bytes &record) const
{
    Bytes out(16, 0);
    if (sealer.params.form == SLUICE_FORM_TLS10 && sealer.params.cipher != SLUICE_CIPHER_NULL) {
        memcpy(out.data(), record.data() + record.size() - block_of(sealer), block_of(sealer));
    } else {
        memcpy(out.data(), &counter, 8);
    }
    return out;
}

void Records::seal(const Bytes &content, const Bytes &record, uint8_t type, unsigned pad, const Bytes &nonce)
{
    unsigned size = (unsigned)record.size();
    Place src = place(content.size());
    Job job = {record, place(size), told(record), size, size, 0, nullptr};
    src.put(content);
    sluice_sqe sqe = seal_entry(sealer, 0, (unsigned)content.size(), 0, size + host.below(100), 0);
    sqe.content_type = type;
    sqe.pad = (uint8_t)pad;
    sqe.seq = seq;
    memcpy(sqe.nonce, nonce.data(), nonce.size());
    submit(0, sqe, &src, job);
}

void Records::open(Bytes record, const Bytes &content, const Bytes &nonce)
{
    unsigned size = (unsigned)record.size(), most = content_most(opener, size);
    Job job = {content, place(most), told(record), most, (unsigned)content.size(), 0, nullptr};
    size_t body = size - head_size(opener) - tail_size(opener);
    if (host.below(5) == 0 && body && opener.params.mac != SLUICE_MAC_NONE) { // without a MAC nothing tells
        record[head_size(opener) + host.below((unsigned)body)] ^= (uint8_t)(1u << host.below(8));
        bool tell = block_of(opener) == 16 && !is_tls(opener);
        job.expected.clear();
        job.counter = tell ? job.counter : Bytes(16, 0);
        job.length = 0;
        job.status = SLUICE_STATUS_AUTH_FAILED;
    }
    Place src = place(size);
    src.put(record);
    sluice_sqe sqe = open_entry(opener, 0, size, 0, most + host.below(50), 0);
    sqe.seq = seq;
    if (opener.params.form == SLUICE_FORM_TLS10) {
        memcpy(sqe.nonce, nonce.data(), nonce.size());
    }
    submit(1, sqe, &src, job);
}

void Records::verify(Bytes body, const Bytes &content, uint8_t type)
{
    Job job = {Bytes(), Place(), Bytes(16, 0), 0, (unsigned)content.size(), 0, nullptr};
    if (host.below(4) == 0 && opener.params.mac != SLUICE_MAC_NONE) {
        body[host.below((unsigned)body.size())] ^= (uint8_t)(1u << host.below(8));
        job.length = 0;
        job.status = SLUICE_STATUS_AUTH_FAILED;
    }
    Place src = place(body.size());
    src.put(body);
    sluice_sqe sqe = open_entry(opener, 0, (unsigned)body.size(), 0, 0, 0);
    sqe.op = SLUICE_OP_VERIFY;
    sqe.content_type = type;
    sqe.seq = seq;
    submit(1, sqe, &src, job);
}

// All the parts of one record, one behind the other in the queue.
void Records::in_parts(bool opening, const Bytes &from, const Bytes &to, uint8_t type, unsigned pad, const Bytes &nonce,
                       unsigned total)
{
    auto parts = std::make_shared<Parts>(Parts{to, Bytes(), 1 + host.below(4)});
    unsigned count = parts->left;
    size_t begin = 0;
    for (unsigned i = 0; i < count; i++) {
        bool first = i == 0, last = i + 1 == count;
        size_t end = last ? from.size() : begin + host.below((unsigned)(from.size() - begin + 1));
        unsigned bytes = (unsigned)(end - begin), room = bytes + 15;
        if (!opening) {
            room += (first ? 21 : 0) + (last ? sealer.params.mac_len + 256 : 0);
        }
        Place src = place(bytes);
        src.put(Bytes(from.begin() + (long)begin, from.begin() + (long)end));
        sluice_sqe sqe = opening ? open_entry(opener, 0, bytes, 0, room, 0) : seal_entry(sealer, 0, bytes, 0, room, 0);
        sqe.content_type = 0;
        sqe.flags = (uint16_t)(SLUICE_SQE_FLAG_PART | (first ? SLUICE_SQE_FLAG_FIRST : 0) | (last ? SLUICE_SQE_FLAG_LAST : 0));
        if (first) {
            sqe.seq = seq;
            if (!opening) {
                sqe.content_type = type;
                sqe.pad = (uint8_t)pad;
                sqe.total = (uint16_t)total;
            }
            if (!opening || opener.params.form == SLUICE_FORM_TLS10) {
                memcpy(sqe.nonce, nonce.data(), nonce.size());
            }
        }
        Job job = {Bytes(), place(room), last ? told(opening ? from : to) : Bytes(16, 0), 0, 0, 0, parts};
        submit(opening, sqe, &src, job);
        begin = end;
    }
}

void Records::one(unsigned length, unsigned pad)
{
    Bytes content(length), nonce(nonce_size(sealer));
    uint8_t type = (uint8_t)host.rng();
    for (uint8_t &b : content) {
        b = (uint8_t)host.rng();
    }
    bool explicit_nonce = sealer.params.nonce_mode;
    for (uint8_t &b : nonce) {
        b = explicit_nonce ? (uint8_t)host.rng() : 0;
    }
    counter = explicit_nonce ? 0 : sealer.counter++;
    seq = is_tls(sealer) ? host.rng() : 0;
    Bytes record = reference_seal(sealer, content, type, pad, counter, nonce.data(), seq);
    Bytes body = reference_body(sealer, content, type, pad, counter, nonce.data(), seq);
    bool etm = sealer.params.form == SLUICE_FORM_TLS_ETM, partly = is_tls(sealer) && host.below(2);

    if (partly) {
        in_parts(false, content, record, type, pad, nonce, length);
        in_parts(true, record, body, type, pad, nonce, 0);
    } else {
        seal(content, record, type, pad, nonce);
        open(record, content, nonce);
    }
    if (is_tls(sealer) && !etm && host.below(2)) {
        verify(body, content, type & 0x7f);
    }
}

void Records::finish()
{
    for (unsigned r = 0; r < 2; r++) {
        rings[r]->bell();
        while (pending[r] && collect(r)) {
        }
        good = good && pending[r] == 0;
    }
}

void weather(Host &host, unsigned kind)
{
    host.options = Options();
    if (kind >= 1) {
        host.options.jitter = 300;
        host.options.reorder = true;
        host.options.random_split = true;
    }
    if (kind >= 2) {
        host.options.stall = 40;
        host.options.gap = 30;
        host.top.cfg_mps_i = 1;
    }
    if (kind >= 3) {
        host.top.cfg_mrrs_i = 0;
        host.top.cfg_mps_i = 2;
    }
}

unsigned some_length(Host &host)
{
    static const unsigned edges[] = {0,  1,  2,   15,  16,  17,  31,  32,  47,   48,   63,
                                     64, 65, 127, 128, 255, 256, 511, 512, 1399, 1400, 1401};
    unsigned pick = host.below(sizeof edges / sizeof *edges + 8);
    return pick < sizeof edges / sizeof *edges ? edges[pick] : host.below(3000);
}

} // namespace

void test_records(uint64_t seed)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        Records r(seed + kind);
        weather(r.host, kind);
        // 30 pairings of cipher and form, one MAC of four after the other; every triple in four runs.
        for (unsigned n = 0; n < 30 && r.good; n++) {
            unsigned cipher = n % 6, form = n / 6, mac = (n + n / 6 + kind) % 4;
            static const unsigned least[] = {0, 16, 16, 16};
            r.pair(cipher, mac, form, r.host.below(2) ? least[mac] : 0, r.host.below(4) == 0);
            r.lists = n % 2;
            for (unsigned i = 0; i < 5; i++) {
                r.one(some_length(r.host), cipher == SLUICE_CIPHER_NULL || r.host.below(4) ? 0 : r.host.below(15));
            }
            if (n % 30 == 7 * kind + 3) {
                r.one(16384, cipher == SLUICE_CIPHER_NULL ? 0 : 14);
            }
            r.finish();
        }
        ok(r.good, "records of every cipher and form, whole and in parts, are OpenSSL's, and the bytes around them untouched, "
                   "weather " +
                       std::to_string(kind));
        ok(r.host.broken_rules == 0 && r.host.unexpected == 0, "the card keeps the rules of the link");
        ok(r.host.until([&] { return r.host.top.idle_o && r.host.quiet(); }, 2000), "the card is idle at the end");
    }
}
