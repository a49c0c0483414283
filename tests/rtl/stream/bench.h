// SPDX-License-Identifier: Apache-2.0
//
// Drives a stream lane as dispatcher, fetcher and writer do, at full speed or with pauses by a random generator, and collects
// what it answers.
#ifndef TESTS_RTL_STREAM_BENCH_H
#define TESTS_RTL_STREAM_BENCH_H

#include <deque>
#include <memory>

#include "Vsluice_stream.h"
#include "reference.h"

struct Job {
    Sa sa;
    Part part;

    // What came back.
    Answer answer{};
    unsigned out_len = 0, keep_len = 0;
    uint64_t accepted_at = 0, fetched_at = 0, result_at = 0, finished_at = 0; // clocks

    unsigned base = 0, words = 0, id = 0; // ring words
};

class Bench
{
  public:
    explicit Bench(uint64_t seed, bool pauses);
    ~Bench();

    /* Runs the jobs through the lane, in order. False when it stops answering. */
    bool run(std::vector<Job> &jobs);
    /* Clears what is kept of a slot, and says whether the store has nothing but zeros for it. */
    bool wipe(unsigned slot);
    bool empty(unsigned slot) const;
    /* How many of these words are in some register or memory of the model, as they are or with their bytes turned round. */
    unsigned holds(const std::vector<uint32_t> &words) const;
    bool des_keys() const; // DES has a key that is not 0
    void reset();
    void idle(unsigned clocks);
    /* run() gives up at this clock. */
    void stop_at(uint64_t clock)
    {
        stop_at_ = clock;
    }
    uint64_t clock() const
    {
        return clock_;
    }
    uint64_t records = 0; // pulses

  private:
    struct Write {
        unsigned addr, be;
        Word data;
    };

    void observe(std::vector<Job> &jobs);
    void drive_job(std::vector<Job> &jobs);
    void drive_fetch(std::vector<Job> &jobs);
    void drive_writer(const std::vector<Job> &jobs);
    void begin_fetch(const Job &job);
    unsigned kept() const; // bytes of the ring's that the result on show is
    void take_result(Job &job);
    void edge();
    bool pause(unsigned one_in);

    std::unique_ptr<Vsluice_stream> top_;
    Rng rng_;
    bool pauses_;
    uint64_t clock_ = 0, stop_at_ = UINT64_MAX;

    size_t offered_ = 0, accepted_ = 0, fetching_ = 0, done_ = 0, finished_ = 0;
    unsigned head_ = 0, used_ = 0; // ring words
    std::deque<Word> sa_beats_;
    std::deque<Write> writes_;
    bool fetch_begun_ = false;

    Bytes output_;
    unsigned read_next_ = 0, read_count_ = 0; // words of the result asked for, and how many there are
    bool reading_ = false;
};

#endif
