// SPDX-License-Identifier: Apache-2.0
//
// Drives a lane as dispatcher, fetcher and writer do, at full speed or with pauses by a random generator, and collects what it
// answers.
#ifndef TESTS_RTL_LANE_BENCH_H
#define TESTS_RTL_LANE_BENCH_H

#include <deque>
#include <memory>

#include "Vsluice_lane.h"
#include "reference.h"

/* A write of the lane's own to its ring. */
struct OwnWrite {
    uint64_t after;    // clocks from fetch_done_i
    unsigned word, be; // from the job's first word
    bool operator==(const OwnWrite &other) const
    {
        return after == other.after && word == other.word && be == other.be;
    }
};

enum class Kind { seal = 0, open = 1, keys = 2, verify = 3 };

struct Job {
    Kind kind;
    Sa sa;
    Bytes source; // content, record, HMAC key (32 bytes), or decrypted body
    uint8_t type = 0x97;
    unsigned pad = 0;
    uint64_t counter = 0;
    Bytes nonce = Bytes(16);
    bool fetch_err = false;

    // What came back.
    Answer answer{};
    unsigned first = 0, length = 0;
    std::array<std::array<uint8_t, 16>, 4> key_words{};
    unsigned key_beats = 0;
    std::vector<OwnWrite> written;                           // while this was the oldest job
    uint64_t accepted_at = 0, fetched_at = 0, result_at = 0; // clocks

    unsigned base = 0, words = 0, id = 0; // ring words
};

class Bench
{
  public:
    explicit Bench(uint64_t seed, bool pauses);
    ~Bench();

    /* Runs the jobs through the lane, in order. False when it stops answering. */
    bool run(std::vector<Job> &jobs);
    /* The lane is left alone for a while, its inputs 0. */
    void rest();
    /* How many of the 32-bit parts of `bytes` are somewhere in the lane: registers and memories in either byte order, the ring at
       any place. */
    unsigned holds(const Bytes &bytes) const;
    uint64_t clock() const
    {
        return clock_;
    }
    uint64_t busy = 0, records = 0; // clocks, pulses

  private:
    struct Write {
        unsigned addr, be;
        std::array<uint8_t, 16> data;
    };

    void observe(std::vector<Job> &jobs);
    void drive_job(std::vector<Job> &jobs);
    void drive_fetch(std::vector<Job> &jobs);
    void drive_writer(const std::vector<Job> &jobs);
    void begin_fetch(const Job &job);
    unsigned kept() const; // bytes of the ring's that the result on show is
    void take_result(Job &job);
    bool pause(unsigned one_in);

    std::unique_ptr<Vsluice_lane> top_;
    Rng rng_;
    bool pauses_;
    uint64_t clock_ = 0;

    size_t offered_ = 0, accepted_ = 0, fetching_ = 0, done_ = 0;
    unsigned head_ = 0, used_ = 0; // ring words
    std::deque<std::array<uint8_t, 16>> sa_beats_;
    std::array<uint8_t, 16> key_word_{}; // what has been shifted in of the next one
    std::deque<Write> writes_;
    bool fetch_begun_ = false;
    unsigned fetch_beats_ = 0, writer_beats_ = 0; // with those that are TLP headers

    Bytes output_;
    unsigned read_next_ = 0, read_count_ = 0; // words of the result asked for, and how many there are
    bool reading_ = false;
};

#endif
