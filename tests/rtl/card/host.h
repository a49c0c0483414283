// SPDX-License-Identifier: Apache-2.0
//
// A small host around the Verilated card, at the level of TLPs: it owns the clock and the memory, answers the card's reads
// (split, reordered, delayed, spoilt as told), takes its writes, and checks every rule of the link that the card must keep.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vsluice_card.h"

using Bytes = std::vector<uint8_t>;
using Tlp = std::vector<uint32_t>; // DWs as numbers; payload DWs have their first byte in bits 31:24

struct Options {
    unsigned latency = 125;    // clocks until a read's first completion, at least
    unsigned jitter = 0;       // and at most so many more
    bool random_split = false; // cut completions at any RCB boundary, else at 128-byte addresses
    bool reorder = false;      // completions of different tags in any order
    unsigned stall = 0;        // per cent of clocks with tx_ready low
    unsigned gap = 0;          // per cent of clocks without a receive beat
    bool straddle = true;
    bool self_test = false; // strap
    bool noise = false;     // of the noise source; else it is stuck, so that the firmware is soon done with it
    bool paced = false;     // 16 bytes a clock each way, each TLP costing 8 bytes beside its own
};

// Middle: the first completion is good, the others are not. Late: the completion comes after the time-out.
enum class Fault { None, Ur, Ca, Poisoned, Ecrc, Silence, Short, WrongCount, Middle, Late };

// A read, or what was spoilt of it.
struct Span {
    uint64_t address;
    unsigned length;
};

struct Message {
    uint64_t address;
    uint32_t data;
    uint64_t clock;
};

class Host
{
  public:
    explicit Host(uint64_t seed);
    ~Host();

    static std::string firmware; // image of cards that are made from now on; empty: that of the build
    std::mt19937_64 rng;
    Options options;
    Vsluice_card top;
    uint64_t clocks = 0;
    unsigned broken_rules = 0; // of the link; each is told on stdout
    std::vector<Message> messages;
    struct Write {
        uint64_t address, clock;
        unsigned bytes;
    };
    std::vector<Write> writes; // those of the card, if log_writes
    bool log_writes = false;
    unsigned ur = 0, poisoned = 0, timeouts = 0, unexpected = 0, flr_done = 0;
    uint64_t writes_seen = 0, reads_seen = 0, tx_beats = 0, rx_beats = 0, tx_bytes = 0, rx_bytes = 0; // bytes with framing

    unsigned below(unsigned n)
    {
        return n ? static_cast<unsigned>(rng() % n) : 0;
    }
    void reset();
    void clock();
    void run(unsigned n);
    bool until(const std::function<bool()> &ready, unsigned limit);

    // Memory of 4 KiB pages, made by alloc; what is not there answers UR.
    uint64_t alloc(size_t bytes, size_t align = 64, bool high = true);
    void put(uint64_t address, const void *data, size_t bytes);
    void get(uint64_t address, void *data, size_t bytes);
    Bytes get(uint64_t address, size_t bytes);
    void fault(uint64_t address, Fault kind); // of every read that begins in this page
    std::function<Fault(const Span &)> spoil; // asked for every read besides
    std::vector<Span> hits;                   // reads whose fault the card must have seen
    std::function<bool(const Span &)> may_write;
    void forget_reads(); // what is still to be answered, as a reset of the function does
    // Memory allocated since the mark may be allocated again.
    std::pair<uint64_t, uint64_t> mark() const
    {
        return {next_low_, next_high_};
    }
    void rewind(std::pair<uint64_t, uint64_t> to)
    {
        next_low_ = to.first;
        next_high_ = to.second;
    }

    // BAR 0. Reads return after the completion; last_answer is the clocks it took.
    uint32_t read32(uint32_t offset);
    uint64_t read64(uint32_t offset);
    void write32(uint32_t offset, uint32_t value, unsigned be = 15);
    unsigned last_answer = 0;
    uint64_t asked = 0, answered = 0; // clocks: the card took the last beat of a request, it sent the last beat of an answer
    void send(const Tlp &tlp, unsigned bar_hit = 1, unsigned bad = 0); // bad: 1 its ECRC is wrong, 2 it is poisoned
    // The completion of a request with this tag, empty when there was none.
    Tlp answer(uint8_t tag, unsigned limit = 400);
    uint8_t next_tag();
    bool quiet() const
    {
        return rx_.empty() && !beat_valid_ && reads_.empty() && tx_.empty();
    }

  private:
    struct Read {
        uint8_t tag;
        uint64_t address, at;
        unsigned left, tc;
        Fault fault;
        bool begun;
        Span whole;
    };
    struct Frame {
        Tlp tlp;
        unsigned bar, bad;
    };
    using Page = std::unique_ptr<Bytes>;

    void rule(bool kept, const char *what);
    void next_beat();
    void take_beat();
    void take_frame(const Tlp &tlp);
    void take_read(const Tlp &tlp, uint64_t address);
    void take_write(const Tlp &tlp, uint64_t address, unsigned header);
    void complete_some();
    void complete(Read &read);
    Page *page(uint64_t address);

    std::map<uint64_t, Page> memory_;
    std::map<uint64_t, Fault> faults_;
    uint64_t next_high_ = 0x123450000ull, next_low_ = 0x10000000ull;
    std::deque<Frame> rx_;
    size_t position_ = 0;
    bool beat_valid_ = false, in_frame_ = false;
    uint32_t beat_[4] = {};
    uint32_t beat_user_ = 0;
    Tlp tx_;
    // The first beat of the frame under way: it waits to be taken; it was offered with bus mastering on, or in the clock after.
    bool offered_ = false, mastered_ = false, mastered_before_ = true;
    std::vector<Read> reads_;
    std::map<uint8_t, Tlp> answers_;
    std::minstd_rand noise_;
    uint8_t tag_ = 0;
    unsigned header_credits_ = 0, rx_debt_ = 0, tx_debt_ = 0;
    bool may_begin();
    unsigned rcb() const
    {
        return top.cfg_rcb_i ? 128 : 64;
    }
};
