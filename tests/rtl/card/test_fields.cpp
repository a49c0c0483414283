// SPDX-License-Identifier: Apache-2.0
//
// Every field of the admin queue's entries and of sa_create's parameter block, right and out of range, alone and in random
// combination: the status and the offset that the card tells against the rules ("Admin commands" in rtl/README.md), told again
// here. What should do nothing must have done nothing.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "tests.h"

namespace
{

struct Verdict {
    unsigned status, offset;
};

const Verdict fine = {SLUICE_STATUS_OK, 0};

Verdict invalid(unsigned offset)
{
    return {SLUICE_STATUS_INVALID_FIELD, offset};
}

bool zeros(const void *data, size_t bytes)
{
    const uint8_t *p = static_cast<const uint8_t *>(data);
    return std::all_of(p, p + bytes, [](uint8_t b) { return b == 0; });
}

unsigned number(const uint8_t bytes[3])
{
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}

void set_number(uint8_t bytes[3], unsigned value)
{
    for (unsigned i = 0; i < 3; i++) {
        bytes[i] = (uint8_t)(value >> 8 * i);
    }
}

// ---------------------------------------------------------------- sa_create's parameters

const unsigned key_size[] = {0, 8, 24, 16, 24, 32}, block_size[] = {1, 8, 8, 16, 16, 16}, mac_size[] = {0, 16, 20, 32};

bool is_tls(const sluice_sa_params &p)
{
    return p.form >= SLUICE_FORM_TLS_MTE;
}

unsigned features_of(const sluice_sa_params &p)
{
    static const unsigned cipher[] = {1u << 10, 1u << 2, 1u << 2, 1u << 0, 1u << 1, 1u << 0};
    static const unsigned mac[] = {1u << 10, 1u << 5, 1u << 3, 1u << 4};
    return cipher[p.cipher] | mac[p.mac] | (is_tls(p) ? 1u << 7 : 1u << 6);
}

bool mac_len_fits(const sluice_sa_params &p)
{
    bool etm = p.form == SLUICE_FORM_UDP_ETM || p.form == SLUICE_FORM_TLS_ETM;
    unsigned least = etm ? 10 : std::max(10u, block_size[p.cipher]);
    return p.mac == SLUICE_MAC_NONE ? p.mac_len == 0 : p.mac_len >= least && p.mac_len <= mac_size[p.mac];
}

bool limit_fits(const sluice_sa_params &p)
{
    if (is_tls(p) || p.direction == SLUICE_DIRECTION_OPEN) {
        return p.limit == 0;
    }
    return p.limit >> 48 == p.counter >> 48 || p.limit == ((p.counter >> 48) + 1) << 48;
}

Verdict params_verdict(const sluice_sa_params &p, unsigned features)
{
    bool versioned = p.form == SLUICE_FORM_TLS_MTE || p.form == SLUICE_FORM_TLS_ETM;
    if (p.cipher > SLUICE_CIPHER_AES256) {
        return invalid(64);
    }
    if (p.mac > SLUICE_MAC_SHA256) {
        return invalid(65);
    }
    if (p.form > SLUICE_FORM_TLS10) {
        return invalid(66);
    }
    if (p.direction > SLUICE_DIRECTION_OPEN) {
        return invalid(67);
    }
    const struct {
        bool good;
        unsigned offset;
    } rest[] = {{mac_len_fits(p), 4},
                {is_tls(p) ? p.nonce_mode == 1 : p.nonce_mode <= 1, 5},
                {p.replay <= (is_tls(p) ? 0 : 1), 6},
                {versioned ? p.tls_minor == 2 || p.tls_minor == 3 : p.tls_minor == 0, 7},
                {!is_tls(p) || zeros(p.cid, 8), 8},
                {!is_tls(p) || p.counter == 0, 16},
                {limit_fits(p), 24},
                {zeros(p.reserved1, 32), 32},
                {zeros(p.cipher_key + key_size[p.cipher], 32 - key_size[p.cipher]), 64},
                {zeros(p.mac_key + mac_size[p.mac], 32 - mac_size[p.mac]), 96}};
    for (const auto &field : rest) {
        if (!field.good) {
            return invalid(64 + field.offset);
        }
    }
    return (features_of(p) & ~features) ? Verdict{SLUICE_STATUS_UNSUPPORTED, 0} : fine;
}

sluice_sa_params good_params(Host &host)
{
    sluice_sa_params p = {};
    p.cipher = (uint8_t)host.below(6);
    p.mac = (uint8_t)host.below(4);
    p.form = (uint8_t)host.below(5);
    p.direction = (uint8_t)host.below(2);
    p.mac_len = (uint8_t)mac_size[p.mac];
    p.nonce_mode = (uint8_t)(is_tls(p) || host.below(2));
    p.replay = (uint8_t)(!is_tls(p) && host.below(2));
    p.tls_minor = (uint8_t)(p.form == SLUICE_FORM_TLS_MTE || p.form == SLUICE_FORM_TLS_ETM ? 2 + host.below(2) : 0);
    if (!is_tls(p)) {
        p.counter = host.below(8) ? host.rng() : host.rng() | 0xffffull << 48;
        p.cid[host.below(8)] = (uint8_t)host.rng();
        p.limit = p.direction ? 0 : host.below(2) ? ((p.counter >> 48) + 1) << 48 : (p.counter >> 48 << 48) + host.below(1000);
    }
    for (unsigned i = 0; i < key_size[p.cipher]; i++) {
        p.cipher_key[i] = (uint8_t)host.rng();
    }
    for (unsigned i = 0; i < mac_size[p.mac]; i++) {
        p.mac_key[i] = (uint8_t)host.rng();
    }
    return p;
}

void spoil(Host &host, sluice_sa_params &p)
{
    uint8_t *bytes = reinterpret_cast<uint8_t *>(&p);
    unsigned at = host.below(3) ? host.below(8) : host.below(128);
    if (host.below(6) == 0) {
        bytes[at] = (uint8_t)host.rng();
    } else if (at == 4) {
        static const uint8_t lengths[] = {0, 1, 7, 8, 9, 10, 11, 15, 16, 17, 19, 20, 21, 31, 32, 33};
        bytes[at] = lengths[host.below(16)];
    } else if (at < 8) {
        bytes[at] = (uint8_t)host.below(8);
    } else {
        bytes[at] ^= (uint8_t)(1u << host.below(8));
    }
}

// ---------------------------------------------------------------- entries

// What stands when the entries come: slots 10 (seals), 11 (opens with a window), 12 (opens without), queue pair 2.
struct World {
    Host &host;
    Device &device;
    unsigned io_queues, slots, features;
    Sa seal, window, plain;
    uint64_t at;
    std::unique_ptr<Ring> ring;
};

const Sa *find(const World &w, unsigned slot)
{
    for (const Sa *sa : {&w.seal, &w.window, &w.plain}) {
        if (sa->slot == slot) {
            return sa;
        }
    }
    return nullptr;
}

Verdict sa_verdict(const World &w, const sluice_sqe &s)
{
    const Sa *sa = find(w, s.sa);
    if (!sa) {
        return {SLUICE_STATUS_NO_SUCH_SA, 0};
    }
    bool wrong = s.sa_gen != sa->gen || (s.op != SLUICE_OP_SA_DESTROY && sa != &w.window);
    return wrong ? Verdict{SLUICE_STATUS_SA_MISMATCH, 0} : fine;
}

Verdict create_verdict(World &w, const sluice_sqe &s)
{
    if (s.sa >= w.slots || find(w, s.sa)) {
        return invalid(4);
    }
    if (number(s.src_len) != 128) {
        return invalid(32);
    }
    if (!s.src) {
        return {SLUICE_STATUS_DMA_ERROR, 0};
    }
    sluice_sa_params p;
    w.host.get(s.src, &p, sizeof p);
    return params_verdict(p, w.features);
}

Verdict queue_verdict(const World &w, const sluice_sqe &s)
{
    bool in_range = s.sa >= 1 && s.sa <= w.io_queues;
    if (s.op != SLUICE_OP_QUEUE_CREATE) {
        return s.sa == 2 ? fine : invalid(4);
    }
    return !in_range || s.sa == 2    ? invalid(4)
           : s.pad < 2 || s.pad > 12 ? invalid(7)
           : s.src % 64              ? invalid(16)
           : s.dst % 64              ? invalid(24)
                                     : fine;
}

Verdict window_verdict(World &w, const sluice_sqe &s)
{
    Verdict v = sa_verdict(w, s);
    if (v.status != SLUICE_STATUS_OK) {
        return v;
    }
    if (s.op == SLUICE_OP_WINDOW_EXPORT) {
        return number(s.dst_len) < 576 ? Verdict{SLUICE_STATUS_OUTPUT_TOO_SMALL, 0} : s.dst % 64 ? invalid(24) : Verdict{0, 576};
    }
    if (s.src % 64 || number(s.src_len) != 576) {
        return invalid(s.src % 64 ? 16 : 32);
    }
    if (!s.src) {
        return {SLUICE_STATUS_DMA_ERROR, 0};
    }
    sluice_sa_window window;
    w.host.get(s.src, &window, sizeof window);
    return window.former >> 48 > window.current >> 48 ? invalid(64 + 16) : fine;
}

Verdict entry_verdict(World &w, const sluice_sqe &s)
{
    enum { Gen = 1, Pad = 2, Src = 4, Dst = 8, SrcLen = 16, DstLen = 32, Slot = 64 };
    static const unsigned allowed[] = {0,
                                       Dst | DstLen,
                                       Slot | Src | SrcLen,
                                       Slot | Gen,
                                       Slot | Pad | Src | Dst,
                                       Slot,
                                       Slot | Pad | SrcLen,
                                       Slot | Gen | Dst | DstLen,
                                       Slot | Gen | Src | SrcLen};
    unsigned given = (s.sa_gen ? Gen : 0) | (s.pad ? Pad : 0) | (s.src ? Src : 0) | (s.dst ? Dst : 0) | (s.sa ? Slot : 0) |
                     (number(s.src_len) ? SrcLen : 0) | (number(s.dst_len) ? DstLen : 0);
    if (s.op == 0 || s.op > SLUICE_OP_WINDOW_IMPORT || s.content_type || s.flags || s.total || s.seq ||
        !zeros(s.nonce, sizeof s.nonce) || (given & ~allowed[s.op])) {
        return {SLUICE_STATUS_UNSUPPORTED, 0};
    }
    switch (s.op) {
    case SLUICE_OP_IDENTIFY:
        return number(s.dst_len) < 64 ? Verdict{SLUICE_STATUS_OUTPUT_TOO_SMALL, 0} : s.dst % 64 ? invalid(24) : fine;
    case SLUICE_OP_SA_CREATE:
        return create_verdict(w, s);
    case SLUICE_OP_SA_DESTROY:
        return sa_verdict(w, s);
    case SLUICE_OP_WINDOW_EXPORT:
    case SLUICE_OP_WINDOW_IMPORT:
        return window_verdict(w, s);
    default:
        return queue_verdict(w, s);
    }
}

sluice_sqe good_entry(const World &w, uint8_t op)
{
    sluice_sqe s = {};
    s.op = op;
    switch (op) {
    case SLUICE_OP_IDENTIFY:
        s.dst = w.at;
        set_number(s.dst_len, 64);
        break;
    case SLUICE_OP_SA_CREATE:
        s.sa = 13;
        s.src = w.at;
        set_number(s.src_len, 128);
        break;
    case SLUICE_OP_QUEUE_CREATE:
        s.sa = 1;
        s.pad = 4;
        s.src = s.dst = w.at;
        break;
    case SLUICE_OP_QUEUE_DESTROY:
        s.sa = 2;
        break;
    case SLUICE_OP_QUEUE_COALESCE:
        s.sa = 2;
        s.pad = 3;
        set_number(s.src_len, 1000);
        break;
    default:
        s.sa = w.window.slot;
        s.sa_gen = w.window.gen;
    }
    if (op == SLUICE_OP_WINDOW_EXPORT) {
        s.dst = w.at;
        set_number(s.dst_len, 576);
    } else if (op == SLUICE_OP_WINDOW_IMPORT) {
        s.src = w.at;
        set_number(s.src_len, 576);
    }
    return s;
}

const unsigned entry_fields = 13;

void spoil(World &w, sluice_sqe &s, unsigned field)
{
    static const unsigned lengths[] = {0, 1, 63, 64, 65, 127, 128, 129, 575, 576, 577, 0x10000, 0xffffff};
    static const unsigned steps[] = {0, 1, 2, 8, 32, 64, 96};
    const uint16_t numbers[] = {0,   1,   2,      (uint16_t)w.io_queues, (uint16_t)(w.io_queues + 1), 10, 11, 12, 13, 18, 26,
                                255, 256, 0x100a, (uint16_t)w.host.rng()};
    Host &host = w.host;
    uint8_t any = (uint8_t)(1 + host.below(255));
    switch (field) {
    case 0:
        s.op = (uint8_t)(host.below(4) ? host.below(20) : host.rng());
        break;
    case 1:
        s.content_type = any;
        break;
    case 2:
        s.flags = (uint16_t)(1u << host.below(16));
        break;
    case 3:
        s.sa = numbers[host.below(sizeof numbers / 2)];
        break;
    case 4:
        s.sa_gen = host.below(2) ? any : 0;
        break;
    case 5:
        s.pad = (uint8_t)(host.below(2) ? host.below(15) : any);
        break;
    case 6:
        s.src = host.below(6) ? w.at + steps[host.below(7)] : 0;
        break;
    case 7:
        s.dst = host.below(6) ? w.at + steps[host.below(7)] : 0;
        break;
    case 8:
        set_number(s.src_len, lengths[host.below(13)]);
        break;
    case 9:
        set_number(s.dst_len, lengths[host.below(13)]);
        break;
    case 10:
        s.total = any;
        break;
    case 11:
        s.nonce[host.below(16)] = any;
        break;
    default:
        s.seq = 1ull << host.below(64);
    }
}

// Gives the entry to the card and puts back what it changed. False when the card says something else than the rules.
bool try_entry(World &w, sluice_sqe s)
{
    Sa fresh = make_sa(w.host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    Bytes page(4096, 0);
    memcpy(page.data(), &fresh.params, sizeof fresh.params);
    w.host.put(w.at, page.data(), page.size());
    Verdict want = entry_verdict(w, s);
    bool writes = s.op == SLUICE_OP_IDENTIFY || s.op == SLUICE_OP_WINDOW_EXPORT;
    bool done = want.status == SLUICE_STATUS_OK;
    if (done && writes && !s.dst) {
        return true; // there is no memory
    }
    sluice_cqe cqe = w.device.admin(s);
    unsigned length = done && s.op == SLUICE_OP_SA_CREATE ? cqe.length : want.offset;
    bool good = cqe.status == want.status && cqe.length == length && ((done && writes) || w.host.get(w.at, 4096) == page);
    if (!good) {
        printf("# op %u sa %u gen %u pad %u src +%lld dst +%lld lengths %u %u: status %u, %u (%u, %u)\n", s.op, s.sa, s.sa_gen,
               s.pad, (long long)(s.src - w.at), (long long)(s.dst - w.at), number(s.src_len), number(s.dst_len), cqe.status,
               cqe.length, want.status, want.offset);
    }
    if (cqe.status != SLUICE_STATUS_OK) {
        return good;
    }
    if (s.op == SLUICE_OP_SA_CREATE) {
        fresh.slot = s.sa;
        fresh.gen = (uint8_t)cqe.length;
        good = w.device.destroy(fresh).status == SLUICE_STATUS_OK && good;
    } else if (s.op == SLUICE_OP_SA_DESTROY) {
        Sa *sa = const_cast<Sa *>(find(w, s.sa));
        good = sa && w.device.create(*sa, s.sa).status == SLUICE_STATUS_OK && good;
    } else if (s.op == SLUICE_OP_QUEUE_CREATE) {
        good = w.device.stop(s.sa).status == SLUICE_STATUS_OK && good;
    } else if (s.op == SLUICE_OP_QUEUE_DESTROY) {
        w.ring = w.device.queue(2, 4);
        good = w.ring && good;
    }
    return good;
}

void entries(World &w)
{
    bool good = true;
    for (uint8_t op = SLUICE_OP_IDENTIFY; op <= SLUICE_OP_WINDOW_IMPORT; op++) {
        good = try_entry(w, good_entry(w, op)) && good;
        for (unsigned field = 0; field < entry_fields; field++) {
            for (unsigned i = 0; i < 3; i++) {
                sluice_sqe s = good_entry(w, op);
                spoil(w, s, field);
                good = try_entry(w, s) && good;
            }
        }
    }
    ok(good, "each field of an admin entry out of range alone ends as the rules say");
    for (unsigned i = 0; i < 400; i++) {
        sluice_sqe s = good_entry(w, (uint8_t)(1 + w.host.below(8)));
        for (unsigned n = 2 + w.host.below(3); n; n--) {
            spoil(w, s, w.host.below(entry_fields));
        }
        good = try_entry(w, s) && good;
    }
    ok(good, "and in random combination");
}

void parameters(World &w)
{
    bool good = true;
    unsigned taken = 0, refused = 0;
    for (unsigned i = 0; i < 500; i++) {
        Sa sa;
        sa.params = good_params(w.host);
        for (unsigned n = w.host.below(4); n; n--) {
            spoil(w.host, sa.params);
        }
        Verdict want = params_verdict(sa.params, w.features);
        sluice_cqe cqe = w.device.create(sa, 200);
        bool same = cqe.status == want.status && (want.status == SLUICE_STATUS_OK || cqe.length == want.offset);
        if (!same) {
            const sluice_sa_params &p = sa.params;
            printf("# cipher %u mac %u form %u direction %u mac_len %u mode %u replay %u minor %u: status %u, %u (%u, %u)\n",
                   p.cipher, p.mac, p.form, p.direction, p.mac_len, p.nonce_mode, p.replay, p.tls_minor, cqe.status, cqe.length,
                   want.status, want.offset);
        }
        good = same && good;
        taken += cqe.status == SLUICE_STATUS_OK;
        refused += cqe.status == SLUICE_STATUS_INVALID_FIELD;
        if (cqe.status == SLUICE_STATUS_OK) {
            good = w.device.destroy(sa).status == SLUICE_STATUS_OK && good;
        }
    }
    printf("# %u taken, %u refused, of 500\n", taken, refused);
    ok(good && taken > 20 && refused > 100, "sa_create takes and refuses random parameters as the rules say");
}

} // namespace

void test_fields(uint64_t seed)
{
    Host host(seed);
    Device device(host);
    host.reset();
    device.start();
    World w = {host,
               device,
               host.read32(SLUICE_REG_PARAMS0) >> 8 & 255,
               host.read32(SLUICE_REG_PARAMS1) & 0xffff,
               host.read32(SLUICE_REG_FEATURES),
               {},
               {},
               {},
               host.alloc(8192, 4096),
               nullptr};
    w.seal = make_sa(host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
    w.plain = make_sa(host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN);
    w.window = w.plain;
    w.window.params.replay = 1;
    device.create(w.seal, 10);
    device.create(w.window, 11);
    device.create(w.plain, 12);
    w.ring = device.queue(2, 4);
    entries(w);
    parameters(w);
    ok(host.broken_rules == 0, "the card keeps the rules of the link");
}
