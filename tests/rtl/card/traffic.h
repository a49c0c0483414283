// SPDX-License-Identifier: Apache-2.0
//
// A card under load: streams of records, one for each queue pair, each kept at so many operations in flight.
#pragma once

#include "device.h"

struct Stream {
    enum Kind { Seal, Open, Mixed };
    std::unique_ptr<Ring> ring;
    Sa sealer, opener;
    Kind kind = Seal;
    unsigned size = 0, record_size = 0, most = 0; // bytes of content and of the record; operations in flight
    unsigned pushed = 0, done = 0, untold = 0, bad = 0, failed = 0;
    uint64_t longest = 0; // clocks of the slowest operation
    struct Slot {
        uint64_t clear, sealed, out, from;
        bool open, free;
        bool spoilt = false;
    };
    std::vector<Slot> slots; // cookies are their numbers
};

class Traffic
{
  public:
    Traffic(uint64_t seed, bool paced);
    // Adds queue pair `all.size() + 1`.
    Stream &add(Stream::Kind kind, unsigned size, unsigned in_flight, unsigned cipher = SLUICE_CIPHER_AES128,
                unsigned mac = SLUICE_MAC_SHA256, unsigned form = SLUICE_FORM_UDP_ETM);
    void spoil(Stream &s, unsigned slots, Fault fault); // of so many slots the content cannot be read: a seal has to fail
    void again();                                       // after a reset: no streams
    bool inside();              // the writes logged since the last call went to results and completion rings alone
    void fill();                // from nothing to the streams' numbers
    void run(unsigned clocks);  // refilling what completes
    void until(unsigned count); // so many completions in all
    void drain();               // waits for what is in flight
    Host host;
    Device device;
    unsigned done = 0;
    bool refill = true;
    unsigned check = 1; // one completion in so many is compared with OpenSSL
    std::vector<Stream> all;

  private:
    void push(Stream &s);
    void collect(Stream &s);
    bool right(Stream &s, const sluice_cqe &cqe, const Stream::Slot &slot);
};
