// SPDX-License-Identifier: Apache-2.0
//
// What spoils a part of a record in parts: it ends with its status, writes nothing and ends the record, and the next record is
// right.
#include <algorithm>

#include "tests.h"

namespace
{

const unsigned pages = 4; // of the second part's source and destination, of which it needs three
const uint8_t fill = 0xa5;

enum class Spoil {
    None,
    Beyond,
    AlmostReached,
    Reached,
    SourceLost,
    SourceListLost,
    SourceStray,
    ListLost,
    Stray,
    StrayLast,
    Long,
    Small
};

const struct {
    Spoil spoil;
    const char *what;
    uint8_t status;
} kinds[] = {
    {Spoil::SourceLost, "a source that cannot be read", SLUICE_STATUS_DMA_ERROR},
    {Spoil::SourceListLost, "a source's list that cannot be read", SLUICE_STATUS_DMA_ERROR},
    {Spoil::SourceStray, "a source's entry that does not begin a page", SLUICE_STATUS_DMA_ERROR},
    {Spoil::ListLost, "a destination's list that cannot be read", SLUICE_STATUS_DMA_ERROR},
    {Spoil::Stray, "a destination's entry that does not begin a page", SLUICE_STATUS_DMA_ERROR},
    {Spoil::StrayLast, "a destination's last entry that does not begin a page", SLUICE_STATUS_DMA_ERROR},
    {Spoil::Reached, "a destination's last entry that does not begin a page, if one byte more could reach it",
     SLUICE_STATUS_DMA_ERROR},
    {Spoil::Long, "a part that is too long", SLUICE_STATUS_BAD_LENGTH},
    {Spoil::Small, "a destination that is too small", SLUICE_STATUS_OUTPUT_TOO_SMALL},
};

class Parts
{
  public:
    Parts(uint64_t seed, unsigned cipher, unsigned mac, unsigned form);
    bool run(bool opening, Spoil spoil, uint8_t status);
    Host host;

  private:
    struct Paged {
        uint64_t list;
        unsigned offset;
        std::vector<uint64_t> page;
    };
    Paged paged(unsigned offset);
    Bytes get(const Paged &place, unsigned bytes);
    void put(const Paged &place, const Bytes &data);
    bool untouched(const Paged &place);
    void spoil_second(sluice_sqe &sqe, Spoil spoil, const Paged &src, const Paged &dst);
    Device device;
    std::unique_ptr<Ring> ring;
    Sa sa[2]; // seal, open
};

Parts::Parts(uint64_t seed, unsigned cipher, unsigned mac, unsigned form) : host(seed), device(host)
{
    host.reset();
    device.start();
    ring = device.queue(1, 4);
    for (unsigned direction = 0; direction < 2; direction++) {
        sa[direction] = direction ? sa[0] : make_sa(host, cipher, mac, form, direction);
        sa[direction].params.direction = (uint8_t)direction;
        sa[direction].params.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
        sa[direction].params.limit = 0;
        sa[direction].params.replay = 0;
        device.create(sa[direction], (uint16_t)direction);
    }
}

Parts::Paged Parts::paged(unsigned offset)
{
    Paged place = {host.alloc(64 * 8, 512) + 8 * host.below(56), offset, {}};
    for (unsigned i = 0; i < pages; i++) {
        host.alloc(1 + 4096 * host.below(2), 4096);
        place.page.push_back(host.alloc(4096, 4096));
        host.put(place.page[i], Bytes(4096, fill).data(), 4096);
        uint64_t entry = place.page[i] + (i ? 0 : offset);
        host.put(place.list + 8 * i, &entry, 8);
    }
    return place;
}

void Parts::put(const Paged &place, const Bytes &data)
{
    for (unsigned n = 0; n < data.size(); n++) {
        host.put(place.page[(n + place.offset) / 4096] + (n + place.offset) % 4096, &data[n], 1);
    }
}

Bytes Parts::get(const Paged &place, unsigned bytes)
{
    Bytes data(bytes);
    for (unsigned n = 0; n < bytes; n++) {
        host.get(place.page[(n + place.offset) / 4096] + (n + place.offset) % 4096, &data[n], 1);
    }
    return data;
}

bool Parts::untouched(const Paged &place)
{
    bool same = true;
    for (uint64_t page : place.page) {
        same = same && host.get(page, 4096) == Bytes(4096, fill);
    }
    return same;
}

void Parts::spoil_second(sluice_sqe &sqe, Spoil spoil, const Paged &src, const Paged &dst)
{
    const uint64_t nowhere = 0xdead0000000ull, stray = 8 + 8 * host.below(511);
    bool source = spoil == Spoil::SourceLost || spoil == Spoil::SourceStray;
    unsigned index = spoil == Spoil::Beyond ? 3 : spoil == Spoil::Stray || source ? 1 : 2;
    uint64_t entry = spoil == Spoil::SourceLost ? nowhere : (source ? src : dst).page[index] + stray;
    switch (spoil) {
    case Spoil::None:
        break;
    case Spoil::SourceListLost:
        sqe.src = nowhere;
        break;
    case Spoil::ListLost:
        sqe.dst = nowhere;
        break;
    case Spoil::Long:
        sqe.src_len[1] = 0x42;
        break;
    case Spoil::Small:
        sqe.dst_len[1] = 0;
        break;
    default:
        host.put((source ? src : dst).list + 8 * index, &entry, 8);
    }
}

// A record in three parts, one behind the other in the queue; the second one is spoilt.
bool Parts::run(bool opening, Spoil spoil, uint8_t status)
{
    const Sa &own = sa[opening];
    const unsigned length = 9000, cuts[] = {0, 300, 6000};
    Bytes content(length, 0), nonce(16, 0);
    for (uint8_t &b : content) {
        b = (uint8_t)host.rng();
    }
    uint64_t seq = host.rng();
    Bytes record = reference_seal(sa[0], content, 0x17, 0, 0, nonce.data(), seq);
    Bytes from = opening ? record : content;
    Bytes to = opening ? reference_body(sa[0], content, 0x17, 0, 0, nonce.data(), seq) : record;
    Paged src[3], dst[3];
    for (unsigned i = 0; i < 3; i++) {
        unsigned end = i == 2 ? (unsigned)from.size() : cuts[i + 1], bytes = end - cuts[i];
        unsigned room = bytes + 15 + (opening ? 0 : (i == 0 ? 21 : 0) + (i == 2 ? own.params.mac_len + 256 : 0));
        bool edge = i == 1 && (spoil == Spoil::AlmostReached || spoil == Spoil::Reached);
        src[i] = paged(host.below(4096));
        dst[i] = paged(edge ? 2 * 4096 - room + (spoil == Spoil::Reached) : 4096 - 100);
        sluice_sqe sqe = (opening ? open_entry : seal_entry)(own, src[i].list, bytes, dst[i].list, room, i);
        put(src[i], Bytes(from.begin() + cuts[i], from.begin() + end));
        sqe.content_type = !opening && i == 0 ? 0x17 : 0;
        sqe.flags = (uint16_t)(SLUICE_SQE_FLAG_PART | SLUICE_SQE_FLAG_SRC_LIST | SLUICE_SQE_FLAG_DST_LIST |
                               (i == 0 ? SLUICE_SQE_FLAG_FIRST : 0) | (i == 2 ? SLUICE_SQE_FLAG_LAST : 0));
        sqe.seq = i == 0 ? seq : 0;
        sqe.total = !opening && i == 0 ? length : 0;
        if (i == 1) {
            spoil_second(sqe, spoil, src[1], dst[1]);
        }
        ring->push(sqe);
    }
    ring->bell();
    bool right = true;
    Bytes got;
    for (unsigned i = 0; i < 3; i++) {
        sluice_cqe cqe;
        right = ring->wait(cqe, 60000) && right;
        bool good = status == SLUICE_STATUS_OK || i == 0;
        right = right && cqe.status == (good ? SLUICE_STATUS_OK : i == 1 ? status : SLUICE_STATUS_BAD_FORMAT);
        right = right && (good || (cqe.length == 0 && untouched(dst[i])));
        Bytes piece = good ? get(dst[i], std::min(cqe.length & 0xffff, 8192u)) : Bytes();
        got.insert(got.end(), piece.begin(), piece.end());
    }
    ring->give();
    return right && (status != SLUICE_STATUS_OK || got == to);
}

} // namespace

void test_parts(uint64_t seed)
{
    static const unsigned sas[][3] = {{SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_MTE},
                                      {SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_ETM},
                                      {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_TLS10}};
    bool idle = true, right[sizeof kinds / sizeof *kinds + 1];
    std::fill(std::begin(right), std::end(right), true);
    for (const auto &sa : sas) {
        Parts parts(seed, sa[0], sa[1], sa[2]);
        parts.host.options.jitter = 300;
        parts.host.options.reorder = true;
        for (unsigned opening = 0; opening < 2; opening++) {
            unsigned n = 0;
            for (const auto &kind : kinds) {
                right[n] = parts.run(opening, kind.spoil, kind.status) && right[n];
                right[n] = parts.run(opening, Spoil::None, SLUICE_STATUS_OK) && right[n];
                n++;
            }
            right[n] = parts.run(opening, Spoil::Beyond, SLUICE_STATUS_OK) && right[n];
            right[n] = parts.run(opening, Spoil::AlmostReached, SLUICE_STATUS_OK) && right[n];
        }
        idle = parts.host.until([&] { return parts.host.top.idle_o && parts.host.quiet(); }, 3000) && idle;
        idle = parts.host.broken_rules == 0 && idle;
    }
    unsigned n = 0;
    for (const auto &kind : kinds) {
        ok(right[n++], std::string(kind.what) + " ends its record, and the next one is right");
    }
    ok(right[n], "entries of a list that a part has no use for may be anything");
    ok(idle, "the card keeps the rules of the link, and is idle at the end");
}
