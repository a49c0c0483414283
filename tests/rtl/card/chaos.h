// SPDX-License-Identifier: Apache-2.0
//
// Lives of the card, each with random SAs, queues under load, reads spoilt at random and a reset at a random moment or an orderly
// end (test_chaos.cpp). Operations are made in chaos_make.cpp and judged in chaos_judge.cpp.
#pragma once

#include <memory>

#include "oracle.h"

namespace chaos
{

const uint8_t guard = 0xa5; // what a destination holds before

// A buffer as an entry names it: an address, or a page list.
struct Place {
    uint64_t address = 0;
    bool list = false;
    std::vector<Span> pieces;
    Span entries = {0, 0};
};

// A record that goes through in parts.
struct Stream {
    Bytes out, want, counter;          // what the parts gave, what all of them must give, what the last one says
    uint8_t status = SLUICE_STATUS_OK; // of the last one
    unsigned content = 0;
    unsigned ring_hits = 0; // of its queue when it began
    bool seals = false, broken = false;
};

struct Op {
    uint8_t status = SLUICE_STATUS_OK; // unless a fault hits it
    Bytes out;                         // at dst when it ends so, with the zeros behind it
    unsigned length = 0, room = 0;     // of the completion; of the destination
    Bytes counter = Bytes(16);
    Place src, dst;
    bool hit = false, lost = false; // its source, or its destination's list, cannot be read
    bool nop = false, first = false, last = false;
    struct Party *party = nullptr;
    // A seal: the record is known when the counter is.
    bool seals = false;
    Bytes content, nonce;
    uint8_t type = 0;
    unsigned pad = 0;
    uint64_t seq = 0;
    std::shared_ptr<Stream> stream;
};

// An operation that is still to be given a place: a part.
struct Later {
    sluice_sqe sqe;
    Bytes source;
    unsigned room;
    Op op;
};

// An SA for each direction, of one queue.
struct Party {
    Sa sealer, opener;
    uint64_t opened = 0, next = 0; // records made for the opener, counter of the next seal
    std::deque<Later> later[2];    // parts to open, parts to seal
};

struct Queue {
    std::unique_ptr<Ring> ring;
    std::vector<Party> parties;
    unsigned pending = 0, lost = 0, ring_hits = 0;
};

class Chaos
{
  public:
    explicit Chaos(uint64_t seed);
    void life();
    bool good = true, verbose = false;
    Host host;
    Device device;
    std::map<unsigned, unsigned> tally, resets;
    unsigned whole = 0, parts = 0, verified = 0, lists = 0, wiped = 0, hits = 0, lost = 0;
    uint32_t features = 0;

  private:
    bool expect(bool kept, const char *what);
    void begin();
    void weather();
    Fault spoil();
    bool named(const Span &write) const;
    Place place(unsigned bytes);
    void put(const Place &place, const Bytes &bytes);
    Bytes get(const Place &place, unsigned bytes);
    void give_places(sluice_sqe &sqe, Op &op, const Bytes &source, unsigned room, unsigned written);
    void push(Queue &q, sluice_sqe sqe, Op op);
    void push_some(Queue &q);
    void push_seal(Queue &q, Party &p);
    void push_open(Queue &q, Party &p);
    void push_verify(Queue &q, Party &p);
    void cut_seal(Queue &q, Party &p);
    void cut_open(Queue &q, Party &p);
    void cut(Party &p, const sluice_sqe &first, const Bytes &source, std::shared_ptr<Stream> stream);
    void settle(Queue &q);
    void end(Queue &q, const sluice_cqe &cqe);
    void end_seal(Queue &q, Op &op, const sluice_cqe &cqe);
    void end_part(Queue &q, Op &op, const sluice_cqe &cqe);
    void same(const Op &op, const sluice_cqe &cqe, unsigned status, unsigned length, const Bytes &counter, Bytes out);
    void free_places(const Op &op);
    void take_hits();
    void noise();
    void drain();
    void leave();
    void reset(unsigned kind);
    void no_key_left(bool rings);

    unsigned spoil_rate = 0, silences = 0;
    uint64_t cookie = 1;
    std::pair<uint64_t, uint64_t> floor;
    std::vector<Queue> queues;
    std::map<uint64_t, Op> ops;
    std::map<uint64_t, unsigned> writable;                      // by address: length
    std::map<uint64_t, std::pair<unsigned, uint64_t>> readable; // length and cookie
};

} // namespace chaos
