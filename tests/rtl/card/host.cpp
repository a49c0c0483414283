// SPDX-License-Identifier: Apache-2.0
#include "host.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "../../coverage/keep.h"

static const uint16_t card_id = 0x0100;
static const uint16_t host_id = 0x0008;
static const unsigned header_pool = 36;

std::string Host::firmware;

Host::Host(uint64_t seed) : rng(seed)
{
    const std::string image = "+firmware=" + firmware;
    const char *arguments[] = {"host", image.c_str()};

    Verilated::commandArgs(firmware.empty() ? 1 : 2, arguments);
    top.cfg_id_i = card_id;
    top.cfg_bus_master_i = 1;
    top.cfg_mps_i = 0;
    top.cfg_rcb_i = (uint8_t)(std::mt19937_64(~seed)() & 1);
    top.cfg_flr_i = 0;
    top.cfg_msix_mask_i = 0;
    top.cfg_mrrs_i = 2;
    top.cfg_msix_enable_i = 1;
    top.cfg_link_up_i = 1;
    top.cfg_cpl_hdr_i = header_pool;
    top.cfg_cpl_data_i = 461;
}

Host::~Host()
{
    top.final();
    keep_coverage();
}

void Host::rule(bool kept, const char *what)
{
    if (!kept) {
        broken_rules++;
        printf("# clock %llu: the card broke a rule: %s\n", (unsigned long long)clocks, what);
    }
}

void Host::reset()
{
    top.rst_ni = 0;
    run(4);
    top.rst_ni = 1;
    reads_.clear();
    header_credits_ = 0;
}

// ---------------------------------------------------------------- clock

static const unsigned framing = 8, link_bytes = 16;

// Is there a frame, and has the link room for it? Then it is counted.
bool Host::may_begin()
{
    if (rx_.empty() || (options.paced && rx_debt_ >= link_bytes)) {
        return false;
    }
    unsigned bytes = 4 * static_cast<unsigned>(rx_.front().tlp.size()) + framing;
    rx_debt_ += options.paced ? bytes : 0;
    rx_bytes += bytes;
    return true;
}

void Host::next_beat()
{
    beat_valid_ = false;
    if (rx_.empty() || below(100) < options.gap || (position_ == 0 && !may_begin())) {
        return;
    }
    beat_valid_ = true;
    beat_user_ = rx_.front().bad;
    memset(beat_, 0, sizeof beat_);
    unsigned dw = 0;
    if (position_ == 0) {
        beat_user_ |= 1u << 14 | rx_.front().bar << 2;
    }
    while (dw < 4 && !rx_.empty()) {
        const Tlp &tlp = rx_.front().tlp;
        beat_[dw++] = tlp[position_++];
        if (position_ < tlp.size()) {
            continue;
        }
        beat_user_ |= 1u << 21 | (dw - 1) << 19;
        asked = rx_.front().bar ? clocks : asked;
        rx_.pop_front();
        position_ = 0;
        if (dw > 2 || rx_.empty() || rx_.front().bad || (beat_user_ & 3) || !options.straddle || (beat_user_ >> 14 & 1) ||
            !may_begin()) {
            return;
        }
        beat_user_ |= 1u << 14 | 2u << 12 | rx_.front().bar << 2;
        dw = 2;
        while (dw < 4) {
            beat_[dw++] = rx_.front().tlp[position_++];
        }
        return;
    }
}

void Host::take_beat()
{
    unsigned dws = top.tx_keep_o == 0xffff ? 4 : top.tx_keep_o == 0x0fff ? 3 : top.tx_keep_o == 0x00ff ? 2 : 1;

    rule(top.tx_keep_o == 0xffff || (top.tx_last_o && (top.tx_keep_o == 0xfff || top.tx_keep_o == 0xff || top.tx_keep_o == 0xf)),
         "keep");
    for (unsigned i = 0; i < dws; i++) {
        tx_.push_back(top.tx_data_o[i]);
    }
    tx_beats++;
    tx_debt_ += options.paced ? 4 * dws : 0;
    if (top.tx_last_o) {
        tx_bytes += 4 * tx_.size() + framing;
        tx_debt_ += options.paced ? framing : 0;
        Tlp tlp;
        tlp.swap(tx_);
        take_frame(tlp);
    }
}

void Host::clock()
{
    complete_some();
    rx_debt_ -= std::min(rx_debt_, link_bytes);
    tx_debt_ -= std::min(tx_debt_, link_bytes);
    if (!beat_valid_) {
        next_beat();
    }
    top.rx_valid_i = beat_valid_;
    for (unsigned i = 0; i < 4; i++) {
        top.rx_data_i[i] = beat_valid_ ? beat_[i] : static_cast<uint32_t>(rng());
    }
    top.rx_user_i = beat_user_;
    top.self_test_i = options.self_test;
    top.entropy_valid_i = top.entropy_run_o && (!options.noise || clocks % 16 == 0);
    top.entropy_i = options.noise && (noise_() >> 8 & 1);
    top.tx_ready_i = below(100) >= options.stall && (!tx_.empty() || tx_debt_ < link_bytes);
    top.clk_i = 0;
    top.eval();
    if (top.tx_valid_o && tx_.empty() && !offered_) {
        mastered_ = top.cfg_bus_master_i || mastered_before_;
    }
    offered_ = top.tx_valid_o && !top.tx_ready_i;
    mastered_before_ = top.cfg_bus_master_i;
    bool rx = beat_valid_ && top.rx_ready_o, tx = top.rst_ni && top.tx_valid_o && top.tx_ready_i;
    if (top.rst_ni) {
        ur += top.err_ur_o;
        poisoned += top.err_poisoned_o;
        timeouts += top.err_cpl_timeout_o;
        unexpected += top.err_cpl_unexpected_o;
        flr_done += top.cfg_flr_done_o;
    }
    if (tx) {
        take_beat();
    } else if (!top.rst_ni) {
        tx_.clear(); // a reset cuts the frame
    }
    if (rx) {
        rx_beats++;
        beat_valid_ = false;
    }
    top.clk_i = 1;
    top.eval();
    clocks++;
}

void Host::run(unsigned n)
{
    while (n--) {
        clock();
    }
}

bool Host::until(const std::function<bool()> &ready, unsigned limit)
{
    while (!ready()) {
        if (limit-- == 0) {
            return false;
        }
        clock();
    }
    return true;
}

// ---------------------------------------------------------------- memory

Host::Page *Host::page(uint64_t address)
{
    auto it = memory_.find(address >> 12);
    return it == memory_.end() ? nullptr : &it->second;
}

uint64_t Host::alloc(size_t bytes, size_t align, bool high)
{
    uint64_t &next = high ? next_high_ : next_low_;
    uint64_t at = (next + align - 1) / align * align;

    for (uint64_t p = at >> 12; p <= (at + bytes) >> 12; p++) {
        if (!memory_.count(p)) {
            memory_[p] = std::make_unique<Bytes>(4096);
        }
    }
    next = at + bytes;
    return at;
}

void Host::put(uint64_t address, const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        (*memory_.at((address + i) >> 12))[(address + i) & 4095] = static_cast<const uint8_t *>(data)[i];
    }
}

void Host::get(uint64_t address, void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        static_cast<uint8_t *>(data)[i] = (*memory_.at((address + i) >> 12))[(address + i) & 4095];
    }
}

Bytes Host::get(uint64_t address, size_t bytes)
{
    Bytes out(bytes);
    get(address, out.data(), bytes);
    return out;
}

void Host::fault(uint64_t address, Fault kind)
{
    faults_[address >> 12] = kind;
}

// ---------------------------------------------------------------- what the card sends

// Completions that there may be, cut at the read completion boundary.
static unsigned lines(uint64_t address, unsigned left, unsigned rcb)
{
    return left ? static_cast<unsigned>((address % rcb + left + rcb - 1) / rcb) : 0;
}

static bool contiguous(unsigned be)
{
    while (be && !(be & 1)) {
        be >>= 1;
    }
    return (be & (be + 1)) == 0;
}

void Host::take_frame(const Tlp &tlp)
{
    unsigned fmt = tlp[0] >> 29 & 3, type = tlp[0] >> 24 & 31, header = fmt & 1 ? 4 : 3;
    unsigned length = tlp[0] & 1023 ? tlp[0] & 1023 : 1024;

    rule(tlp.size() == header + (fmt & 2 ? length : 0), "length of a TLP");
    rule((tlp[0] >> 12 & 3) == 0 || type == 10, "attributes");
    if (type == 10 || type == 11) {
        rule(tlp[1] >> 16 == card_id, "completer id");
        answers_[tlp[2] >> 8 & 255] = tlp;
        answered = clocks;
        return;
    }
    rule(type == 0 && tlp[1] >> 16 == card_id, "requester id");
    rule(mastered_, "bus mastering is off");
    uint64_t address = fmt & 1 ? (uint64_t)tlp[2] << 32 | tlp[3] : tlp[2];
    rule(!(fmt & 1) || address >> 32, "4 DW header below 4 GiB");
    rule((address & 3) == 0 && (address & 4095) + 4 * length <= 4096, "4 KiB");
    unsigned first = tlp[1] & 15, last = tlp[1] >> 4 & 15;
    rule(length == 1 ? last == 0 : first && last, "byte enables");
    rule(length > 2 || (contiguous(first) && contiguous(last)), "byte enables with a hole");
    if (length > 2) {
        rule(contiguous(first) && (first & 8) && contiguous(last) && (last & 1), "byte enables with a hole");
    }
    if (fmt & 2) {
        take_write(tlp, address, header);
    } else {
        take_read(tlp, address);
    }
}

void Host::take_write(const Tlp &tlp, uint64_t address, unsigned header)
{
    unsigned length = static_cast<unsigned>(tlp.size()) - header;

    writes_seen++;
    if (log_writes) {
        writes.push_back({address, clocks, 4 * length});
    }
    rule(4 * length <= 128u << top.cfg_mps_i, "maximum payload");
    if (address >> 20 == 0xfee) {
        rule(length == 1 && (tlp[1] & 255) == 15, "an interrupt is one DW");
        messages.push_back({address, __builtin_bswap32(tlp[header]), clocks});
        return;
    }
    unsigned skip = static_cast<unsigned>(__builtin_ctz((tlp[1] & 15) | 16));
    unsigned over = static_cast<unsigned>(__builtin_clz((length == 1 ? tlp[1] & 15 : tlp[1] >> 4 & 15) << 28 | 1));
    rule(!may_write || may_write({address + skip, 4 * length - skip - over}), "a write outside the buffers that were named");
    for (unsigned i = 0; i < length; i++) {
        unsigned be = i == 0 ? tlp[1] & 15 : i + 1 == length ? tlp[1] >> 4 & 15 : 15;
        for (unsigned b = 0; b < 4; b++) {
            uint64_t at = address + 4 * i + b;
            Page *p = page(at);
            rule(p || !(be >> b & 1), "a write to memory that is not there");
            if (p && be >> b & 1) {
                (**p)[at & 4095] = static_cast<uint8_t>(tlp[header + i] >> (24 - 8 * b));
            }
        }
    }
}

void Host::take_read(const Tlp &tlp, uint64_t address)
{
    unsigned length = tlp[0] & 1023 ? tlp[0] & 1023 : 1024, first = tlp[1] & 15, last = tlp[1] >> 4 & 15;
    unsigned skip = static_cast<unsigned>(__builtin_ctz(first));
    unsigned over = static_cast<unsigned>(__builtin_clz((length == 1 ? first : last) << 28));
    Read read = {};

    reads_seen++;
    rule(4 * length <= 128u << top.cfg_mrrs_i, "maximum read request");
    read.tag = tlp[1] >> 8 & 255;
    for (const Read &other : reads_) {
        rule(other.tag != read.tag || other.fault == Fault::Silence, "a tag used twice");
    }
    read.address = address + skip;
    read.left = 4 * length - skip - over;
    read.at = clocks + options.latency + below(options.jitter + 1);
    auto it = faults_.find(address >> 12);
    read.whole = {read.address, read.left};
    read.fault = !page(address) ? Fault::Ur : it != faults_.end() ? it->second : spoil ? spoil(read.whole) : Fault::None;
    if (read.fault == Fault::Late) {
        read.at += 17000 + below(6000);
    }
    if (read.fault == Fault::Silence || read.fault == Fault::Late) {
        hits.push_back(read.whole); // the card counts its credits as free again
    } else {
        header_credits_ += lines(read.address, read.left, rcb());
    }
    rule(header_credits_ <= top.cfg_cpl_hdr_i, "completion credits");
    reads_.push_back(read);
}

// ---------------------------------------------------------------- completions

void Host::complete(Read &read)
{
    bool abort = read.fault == Fault::Ca || (read.fault == Fault::Middle && read.begun);
    unsigned bytes = read.left, status = read.fault == Fault::Ur ? 1 : abort ? 4 : 0;
    bool spoilt = status || read.fault == Fault::Poisoned || read.fault == Fault::Ecrc || read.fault == Fault::WrongCount;
    uint64_t step = options.random_split ? rcb() * (1 + below(8)) : 128;
    uint64_t cut = (read.address / (options.random_split ? rcb() : 128)) * (options.random_split ? rcb() : 128) + step;

    if (read.address + bytes > cut) {
        bytes = static_cast<unsigned>(cut - read.address);
    }
    unsigned before = lines(read.address, read.left, rcb());
    unsigned count = read.left & 4095, low = read.address & 127;
    Tlp tlp = {0, (uint32_t)host_id << 16 | status << 13 | count, (uint32_t)card_id << 16 | (uint32_t)read.tag << 8 | low};
    if (status) {
        tlp[0] = 0x0a000000;
        tlp[1] = (uint32_t)host_id << 16 | status << 13 | (read.left & 4095);
        bytes = read.left;
    } else {
        unsigned skip = read.address & 3, dws = (skip + bytes + 3) / 4;
        tlp[0] = 0x4a000000 | dws | (read.fault == Fault::Poisoned ? 1u << 14 : 0);
        if (read.fault == Fault::WrongCount) {
            tlp[1] ^= 4;
        }
        for (unsigned i = 0; i < dws; i++) {
            uint32_t dw = 0;
            for (unsigned b = 0; b < 4; b++) {
                uint64_t at = (read.address & ~3ull) + 4 * i + b;
                Page *p = page(at);
                dw = dw << 8 | (p ? (**p)[at & 4095] : 0xee);
            }
            tlp.push_back(dw);
        }
        if (read.fault == Fault::Short && dws > 1) {
            spoilt = true;
            tlp.pop_back();
        }
    }
    if (spoilt) {
        hits.push_back(read.whole);
    }
    read.address += bytes;
    read.left -= bytes;
    read.begun = true;
    header_credits_ -= read.fault == Fault::Late ? 0 : before - lines(read.address, read.left, rcb());
    // The PCIe block tells of poisoned data beside the bit in the header, and of a wrong ECRC without one.
    rx_.push_back({tlp, 0, read.fault == Fault::Ecrc ? 1u : read.fault == Fault::Poisoned ? 2u : 0});
}

void Host::forget_reads()
{
    reads_.clear();
    header_credits_ = 0;
}

void Host::complete_some()
{
    if (rx_.size() >= 3 || reads_.empty()) {
        return;
    }
    std::vector<size_t> ready;
    for (size_t i = 0; i < reads_.size(); i++) {
        if (reads_[i].at <= clocks && reads_[i].fault != Fault::Silence) {
            ready.push_back(i);
        }
    }
    if (ready.empty()) {
        return;
    }
    size_t pick = ready[options.reorder ? below(static_cast<unsigned>(ready.size())) : 0];
    complete(reads_[pick]);
    if (reads_[pick].left == 0) {
        reads_.erase(reads_.begin() + static_cast<long>(pick));
    }
}

// ---------------------------------------------------------------- BAR

uint8_t Host::next_tag()
{
    return ++tag_;
}

void Host::send(const Tlp &tlp, unsigned bar_hit, unsigned bad)
{
    rx_.push_back({tlp, bar_hit, bad});
}

Tlp Host::answer(uint8_t tag, unsigned limit)
{
    uint64_t from = clocks;
    until([&] { return answers_.count(tag) != 0; }, limit);
    last_answer = static_cast<unsigned>(clocks - from);
    Tlp tlp = answers_.count(tag) ? answers_[tag] : Tlp();
    answers_.erase(tag);
    return tlp;
}

uint32_t Host::read32(uint32_t offset)
{
    uint8_t tag = next_tag();
    send({0x00000001, (uint32_t)host_id << 16 | (uint32_t)tag << 8 | 0x0f, 0xfe000000u | offset});
    Tlp tlp = answer(tag);
    return tlp.size() == 4 ? __builtin_bswap32(tlp[3]) : 0xdeadbeef;
}

uint64_t Host::read64(uint32_t offset)
{
    uint8_t tag = next_tag();
    send({0x00000002, (uint32_t)host_id << 16 | (uint32_t)tag << 8 | 0xff, 0xfe000000u | offset});
    Tlp tlp = answer(tag);
    return tlp.size() == 5 ? __builtin_bswap32(tlp[3]) | (uint64_t)__builtin_bswap32(tlp[4]) << 32 : ~0ull;
}

void Host::write32(uint32_t offset, uint32_t value, unsigned be)
{
    send({0x40000001, (uint32_t)host_id << 16 | be, 0xfe000000u | offset, __builtin_bswap32(value)});
}
