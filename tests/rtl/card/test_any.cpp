// SPDX-License-Identifier: Apache-2.0
//
// Submission entries with every field out of range, alone and in random combination: each ends with the status that the rules of
// rtl/README.md give it, writes nothing but its destination, and disturbs no other.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests.h"

namespace
{

const unsigned room = 24576; // of source and destination
const unsigned executed = 0x100;

unsigned three(const uint8_t *field)
{
    return field[0] | field[1] << 8 | (unsigned)field[2] << 16;
}

void set_three(uint8_t *field, unsigned value)
{
    for (unsigned i = 0; i < 3; i++) {
        field[i] = (uint8_t)(value >> 8 * i);
    }
}

bool any_set(const void *field, size_t bytes)
{
    const uint8_t *p = static_cast<const uint8_t *>(field);
    return std::any_of(p, p + bytes, [](uint8_t b) { return b != 0; });
}

bool list_fits(uint64_t address, unsigned length)
{
    unsigned entries = std::min(16u, (length + 8190) / 4096);
    return address % 8 == 0 && (address % 4096) + 8 * entries <= 4096;
}

// What an entry asks for, by its own fields and by what its SA is.
class Rules
{
  public:
    Rules(const sluice_sqe &sqe, const Sa *named) : e(sqe), sa(named), src_len(three(sqe.src_len)), dst_len(three(sqe.dst_len))
    {
        seal = e.op == SLUICE_OP_SEAL;
        open = e.op == SLUICE_OP_OPEN;
        verify = e.op == SLUICE_OP_VERIFY;
        part = e.flags & SLUICE_SQE_FLAG_PART;
        first = e.flags & SLUICE_SQE_FLAG_FIRST;
        last = e.flags & SLUICE_SQE_FLAG_LAST;
    }
    unsigned status() const; // or executed

  private:
    bool fields() const;
    bool misfit() const;
    bool bad_length() const;
    unsigned need() const;
    unsigned padding() const;
    bool etm() const
    {
        return sa->params.form == SLUICE_FORM_UDP_ETM || sa->params.form == SLUICE_FORM_TLS_ETM;
    }
    bool padded() const
    {
        return sa->params.cipher != SLUICE_CIPHER_NULL;
    }
    const sluice_sqe &e;
    const Sa *sa;
    unsigned src_len, dst_len;
    bool seal, open, verify, part, first, last;
};

bool Rules::fields() const
{
    bool type = e.content_type, nonce = any_set(e.nonce, 16);
    if (e.op == SLUICE_OP_NOP) {
        sluice_sqe plain = {};
        plain.op = e.op;
        plain.cookie = e.cookie;
        return !memcmp(&plain, &e, sizeof e);
    }
    if (!(seal || open || verify) || e.flags >> 5 || ((first || last) && !part)) {
        return false;
    }
    if (((e.flags & SLUICE_SQE_FLAG_SRC_LIST) && !list_fits(e.src, src_len)) ||
        ((e.flags & SLUICE_SQE_FLAG_DST_LIST) && !list_fits(e.dst, dst_len))) {
        return false;
    }
    if (verify) {
        return !(e.flags & ~SLUICE_SQE_FLAG_SRC_LIST) && !e.dst && !dst_len && !e.pad && !nonce && !e.total;
    }
    if (part && !first && (type || e.pad || nonce || e.seq || e.total)) {
        return false;
    }
    return open ? !e.total && !type && !e.pad : part || !e.total;
}

bool Rules::misfit() const
{
    unsigned form = sa->params.form;
    return (verify && form != SLUICE_FORM_TLS_MTE && form != SLUICE_FORM_TLS10) || (part && !is_tls(*sa)) ||
           (!is_tls(*sa) && e.seq) || (open && form != SLUICE_FORM_TLS10 && any_set(e.nonce, 16));
}

unsigned Rules::padding() const
{
    unsigned b = block_of(*sa), plain = src_len + (etm() ? 0 : sa->params.mac_len);
    return padded() ? b - 1 - plain % b + e.pad * b : 0;
}

bool Rules::bad_length() const
{
    unsigned b = block_of(*sa), mac = sa->params.mac_len, inside = (etm() ? 0 : mac) + padded();
    if (part) {
        bool much = src_len > (seal ? 16384u : 16384u + 336);
        return much || (seal && first && (e.total > 16384 || (padded() && e.pad * b + b - 1 > 255)));
    }
    if (seal) {
        return src_len > 16384 || padding() > 255;
    }
    unsigned outside = verify ? 0 : head_size(*sa) + tail_size(*sa) + (etm() ? mac : 0);
    return src_len < outside + inside || (src_len - outside) % b || src_len - outside - inside > 16384 + 255;
}

unsigned Rules::need() const
{
    unsigned mac = sa->params.mac_len;
    if (part) {
        return src_len + 15 + (seal && first ? 21 : 0) + (seal && last ? mac + 256 : 0);
    }
    if (seal) {
        return head_size(*sa) + tail_size(*sa) + src_len + mac + (padded() ? padding() + 1 : 0);
    }
    return verify ? 0 : content_most(*sa, src_len);
}

unsigned Rules::status() const
{
    if (!fields()) {
        return SLUICE_STATUS_UNSUPPORTED;
    }
    if (e.op == SLUICE_OP_NOP) {
        return SLUICE_STATUS_OK;
    }
    if (!sa) {
        return SLUICE_STATUS_NO_SUCH_SA;
    }
    if (sa->gen != e.sa_gen || (sa->params.direction == SLUICE_DIRECTION_OPEN) != !seal) {
        return SLUICE_STATUS_SA_MISMATCH;
    }
    if (misfit()) {
        return SLUICE_STATUS_UNSUPPORTED;
    }
    if (bad_length()) {
        return SLUICE_STATUS_BAD_LENGTH;
    }
    if (need() > dst_len) {
        return SLUICE_STATUS_OUTPUT_TOO_SMALL;
    }
    return executed;
}

class Any
{
  public:
    explicit Any(uint64_t seed);
    void round(unsigned fields);
    bool idle()
    {
        return host.until([&] { return host.top.idle_o && host.quiet(); }, 3000);
    }
    bool sane(); // a seal in the other queue pair is still right
    Host host;
    unsigned refused = 0, ran = 0, wrong = 0;

  private:
    struct Entry {
        sluice_sqe sqe;
        uint64_t src, dst, src_list, dst_list; // buffers, and lists of them
    };
    sluice_sqe plain();
    void spoil(sluice_sqe &sqe);
    void point(Entry &entry);
    void check(const Entry &entry, const sluice_cqe &cqe);
    uint64_t list_of(uint64_t buffer);
    const Sa *named(const sluice_sqe &sqe) const;
    Device device;
    std::unique_ptr<Ring> ring, other;
    std::vector<Sa> sas;
    std::vector<Entry> places;
};

Any::Any(uint64_t seed) : host(seed), device(host)
{
    static const unsigned kinds[][3] = {{SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE},
                                        {SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM},
                                        {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE},
                                        {SLUICE_CIPHER_DES, SLUICE_MAC_MD5, SLUICE_FORM_TLS10},
                                        {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM},
                                        {SLUICE_CIPHER_AES192, SLUICE_MAC_NONE, SLUICE_FORM_TLS_MTE},
                                        {SLUICE_CIPHER_NULL, SLUICE_MAC_NONE, SLUICE_FORM_UDP_MTE}};
    host.reset();
    device.start();
    ring = device.queue(1, 5);
    other = device.queue(2, 3);
    for (const auto &kind : kinds) {
        for (unsigned direction = 0; direction < 2; direction++) {
            Sa sa = make_sa(host, kind[0], kind[1], kind[2], direction);
            if (!is_tls(sa) && kind[0] == SLUICE_CIPHER_DES3) {
                sa.params.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
            }
            wrong += device.create(sa, (uint16_t)(3 * sas.size())).status != SLUICE_STATUS_OK;
            sas.push_back(sa);
        }
    }
    for (unsigned i = 0; i < 16; i++) {
        Entry entry = {};
        entry.src = host.alloc(room + 4096, 4096);
        entry.dst = host.alloc(room + 4096, 4096);
        entry.src_list = list_of(entry.src);
        entry.dst_list = list_of(entry.dst);
        places.push_back(entry);
    }
}

uint64_t Any::list_of(uint64_t buffer)
{
    uint64_t list = host.alloc(4096, 4096);
    for (unsigned i = 0; i < 512; i++) {
        uint64_t page = buffer + 4096 * (i % 8 % 6);
        host.put(list + 8 * i, &page, 8);
    }
    return list;
}

const Sa *Any::named(const sluice_sqe &sqe) const
{
    return sqe.sa % 3 == 0 && sqe.sa / 3u < sas.size() ? &sas[sqe.sa / 3] : nullptr;
}

// An entry that is executed.
sluice_sqe Any::plain()
{
    const Sa &sa = sas[host.below((unsigned)sas.size())];
    bool opens = sa.params.direction == SLUICE_DIRECTION_OPEN, etm = sa.params.form % 2 && sa.params.form != SLUICE_FORM_TLS10;
    unsigned b = block_of(sa), length = host.below(3) ? host.below(400) : host.below(6000);
    unsigned record = head_size(sa) + tail_size(sa) + (etm ? sa.params.mac_len : 0);
    sluice_sqe sqe = {};
    record += (length + 48) / b * b;
    sqe = opens ? open_entry(sa, 0, record, 0, room, 0) : seal_entry(sa, 0, length, 0, room, 0);
    if (is_tls(sa) && host.below(2)) {
        sqe.flags = (uint16_t)(SLUICE_SQE_FLAG_PART | host.below(4) << 3);
        if (!(sqe.flags & SLUICE_SQE_FLAG_FIRST)) {
            sqe.content_type = 0;
        } else if (!opens) {
            sqe.total = (uint16_t)(length + host.below(3));
        }
    } else if (opens && (sa.params.form == SLUICE_FORM_TLS_MTE || sa.params.form == SLUICE_FORM_TLS10) && host.below(2)) {
        sqe.op = SLUICE_OP_VERIFY;
        set_three(sqe.dst_len, 0);
        set_three(sqe.src_len, (length + 48) / b * b);
    }
    if (host.below(20) == 0) {
        sqe = {};
        sqe.op = SLUICE_OP_NOP;
    } else if (host.below(3) == 0) {
        sqe.flags |= SLUICE_SQE_FLAG_SRC_LIST;
    }
    if (host.below(3) == 0 && sqe.op != SLUICE_OP_NOP && sqe.op != SLUICE_OP_VERIFY) {
        sqe.flags |= SLUICE_SQE_FLAG_DST_LIST;
    }
    return sqe;
}

// One field gets a value at an edge, or any.
void Any::spoil(sluice_sqe &sqe)
{
    static const unsigned lengths[] = {0,     1,     4,     5,     15,    16,    36,       16384,    16385,
                                       16639, 16655, 16720, 16721, 20000, 24000, 0x008000, 0x800000, 0xffffff};
    unsigned edge = lengths[host.below(sizeof lengths / sizeof *lengths)];
    switch (host.below(12)) {
    case 0:
        sqe.op = (uint8_t)(host.below(2) ? 0x10 + host.below(6) : host.rng());
        break;
    case 1:
        sqe.content_type = (uint8_t)host.rng();
        break;
    case 2:
        sqe.flags ^= (uint16_t)(host.below(4) ? 1u << host.below(6) : host.rng());
        break;
    case 3:
        sqe.sa = (uint16_t)(host.below(2) ? host.below(45) : host.below(2) ? 255 + host.below(3) : host.rng());
        break;
    case 4:
        sqe.sa_gen = (uint8_t)(sqe.sa_gen + 1 + host.below(255));
        break;
    case 5:
        sqe.pad = (uint8_t)(host.below(2) ? 14 + host.below(3) : host.below(2) ? 30 + host.below(3) : host.rng());
        break;
    case 6:
        set_three(sqe.src_len, host.below(2) ? edge : three(sqe.src_len) + 7 + host.below(3));
        break;
    case 7:
        set_three(sqe.dst_len, host.below(2) ? std::min(edge, room) : host.below(three(sqe.src_len) + 400));
        break;
    case 8:
        sqe.total = (uint16_t)(host.below(2) ? 16383 + host.below(3) : host.rng());
        break;
    case 9:
        sqe.nonce[host.below(16)] = (uint8_t)(1 + host.below(255));
        break;
    case 10:
        sqe.seq = host.rng();
        break;
    default:
        sqe.src = 1; // point() makes something odd of it
        break;
    }
}

// Gives an entry its addresses: mostly good ones, or such as are refused or cannot be read.
void Any::point(Entry &entry)
{
    sluice_sqe &sqe = entry.sqe;
    bool odd = sqe.src != 0, src_list = sqe.flags & SLUICE_SQE_FLAG_SRC_LIST, dst_list = sqe.flags & SLUICE_SQE_FLAG_DST_LIST;
    unsigned dst_len = std::min(three(sqe.dst_len), room);

    if (sqe.op == SLUICE_OP_NOP) {
        return;
    }
    set_three(sqe.dst_len, dst_len);
    sqe.src = src_list ? entry.src_list + 64 * host.below(8) : entry.src + host.below(room - 20000);
    if (sqe.op != SLUICE_OP_VERIFY || (odd && host.below(3) == 0)) {
        sqe.dst = dst_list ? entry.dst_list + 64 * host.below(8) : entry.dst + host.below(room - dst_len + 1);
    }
    if (odd) {
        static const uint64_t bad = 0xdead0000000ull;
        switch (host.below(3)) {
        case 0:
            sqe.src = bad + host.below(8192);
            break;
        case 1:
            (host.below(2) ? sqe.src : sqe.dst) |= dst_list || src_list ? 4 : 1;
            break;
        default:
            (dst_list ? sqe.dst : sqe.src) |= 0xff0 & ~63ull; // a list that may reach beyond its page
            break;
        }
        if (!dst_list && sqe.dst + dst_len > entry.dst + room) {
            sqe.dst = entry.dst;
        }
        if (dst_list && sqe.dst % 8) {
            return;
        }
    }
}

void Any::check(const Entry &entry, const sluice_cqe &cqe)
{
    const Sa *sa = named(entry.sqe);
    unsigned want = Rules(entry.sqe, sa).status();
    bool runs = want == executed, right;
    Bytes fill(room + 4096, 0x5a), got = host.get(entry.dst, room + 4096);

    if (runs && entry.sqe.op != SLUICE_OP_VERIFY) { // what it may have written
        unsigned first = entry.sqe.flags & SLUICE_SQE_FLAG_DST_LIST ? 0 : (unsigned)(entry.sqe.dst - entry.dst);
        unsigned end = first + std::min(three(entry.sqe.dst_len), room);
        std::copy(fill.begin() + first, fill.begin() + end, got.begin() + first);
    }
    right = got == fill;
    if (runs) {
        static const unsigned never = 1u << SLUICE_STATUS_NO_SUCH_SA | 1u << SLUICE_STATUS_SA_MISMATCH |
                                      1u << SLUICE_STATUS_UNSUPPORTED | 1u << SLUICE_STATUS_OUTPUT_TOO_SMALL |
                                      1u << SLUICE_STATUS_COUNTER_EXHAUSTED | 1u << SLUICE_STATUS_HARDWARE_FAULT;
        bool whole = entry.sqe.op == SLUICE_OP_SEAL && !(entry.sqe.flags & SLUICE_SQE_FLAG_PART);
        right = right && cqe.status < 16 && !(never >> cqe.status & 1);
        right = right && (!whole || cqe.status == SLUICE_STATUS_OK || cqe.status == SLUICE_STATUS_DMA_ERROR);
        if (whole && sa->params.nonce_mode == SLUICE_NONCE_MODE_SEQUENCE) {
            uint64_t counter;
            Sa &own = sas[entry.sqe.sa / 3];
            memcpy(&counter, cqe.counter, 8);
            right = right && counter == own.counter++;
        }
        ran++;
    } else {
        right = right && cqe.status == want && cqe.length == 0 && !any_set(cqe.counter, 16);
        refused += want != SLUICE_STATUS_OK;
    }
    if (!right) {
        const sluice_sqe &s = entry.sqe;
        printf(
            "# op %x type %x flags %x sa %u gen %u pad %u src %llx dst %llx src_len %u dst_len %u total %u: status %u (%u)%s\n",
            s.op, s.content_type, s.flags, s.sa, s.sa_gen, s.pad, (unsigned long long)s.src, (unsigned long long)s.dst,
            three(s.src_len), three(s.dst_len), s.total, cqe.status, want, got == fill ? "" : ", written to");
        wrong++;
    }
}

bool Any::sane()
{
    const Sa &sa = sas[0];
    Bytes content(100, 7), record = reference_seal(sa, content, 0x97, 0, sas[0].counter++, nullptr);
    uint64_t src = host.alloc(100), dst = host.alloc(300);
    sluice_cqe cqe;
    host.put(src, content.data(), content.size());
    other->push(seal_entry(sa, src, 100, dst, 300, 1));
    other->bell();
    bool there = other->wait(cqe, 200000);
    other->give();
    return there && cqe.status == SLUICE_STATUS_OK && host.get(dst, record.size()) == record;
}

void Any::round(unsigned fields)
{
    Bytes fill(room + 4096, 0x5a), noise(room + 4096);
    std::vector<Entry> batch;
    for (unsigned i = 0; i < 16; i++) {
        Entry entry = places[i];
        entry.sqe = plain();
        for (unsigned f = 0; f < fields; f++) {
            spoil(entry.sqe);
        }
        point(entry);
        entry.sqe.cookie = i;
        for (uint8_t &b : noise) {
            b = (uint8_t)host.rng();
        }
        host.put(entry.src, noise.data(), noise.size());
        host.put(entry.dst, fill.data(), fill.size());
        batch.push_back(entry);
        ring->push(entry.sqe);
    }
    ring->bell();
    std::vector<sluice_cqe> done(16);
    for (unsigned i = 0; i < 16; i++) {
        sluice_cqe cqe;
        if (!ring->wait(cqe, 400000) || cqe.cookie >= 16) {
            wrong++;
            return;
        }
        done[cqe.cookie] = cqe;
    }
    ring->give();
    for (unsigned i = 0; i < 16; i++) {
        check(batch[i], done[i]);
    }
}

} // namespace

void test_any(uint64_t seed)
{
    Any any(seed);
    any.round(0);
    ok(any.wrong == 0 && any.refused == 0 && any.ran > 0, "entries that are in order are executed");
    for (unsigned n = 0; n < 25 && !any.wrong; n++) {
        any.round(1);
    }
    bool sane = any.sane();
    ok(!any.wrong && sane, "each field of an entry out of range alone ends as the rules say, and disturbs nothing");
    for (unsigned n = 0; n < 25 && !any.wrong; n++) {
        any.round(2 + any.host.below(4));
    }
    sane = any.sane();
    ok(!any.wrong && sane, "and in random combination");
    printf("# %u executed, %u refused\n", any.ran, any.refused);
    ok(any.host.broken_rules == 0 && any.idle(), "the card keeps the rules of the link, and is idle at the end");
}
