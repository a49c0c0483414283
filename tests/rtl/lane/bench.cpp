// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <algorithm>
#include <cstring>

#include "../../coverage/keep.h"
#include "Vsluice_lane___024root.h"

static const unsigned ring_words = 2048;
static const unsigned read_latency = 125; // clocks, of the reference host

/* Puts `value` into the bits of a packed struct from `lsb` on. */
template <class Wide> static void put_bits(Wide &to, unsigned lsb, unsigned width, uint64_t value)
{
    for (unsigned i = 0; i < width; i++) {
        uint32_t bit = 1u << (lsb + i) % 32;
        uint32_t &word = to[(lsb + i) / 32];
        word = value >> i & 1 ? word | bit : word & ~bit;
    }
}

template <class Wide> static uint64_t get_bits(const Wide &from, unsigned lsb, unsigned width)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < width; i++) {
        value |= (uint64_t)(from[(lsb + i) / 32] >> (lsb + i) % 32 & 1) << i;
    }
    return value;
}

Bench::Bench(uint64_t seed, bool pauses) : top_(new Vsluice_lane), rng_(seed), pauses_(pauses)
{
    top_->rst_ni = 0;
    for (int i = 0; i < 4; i++) {
        top_->clk_i = 0;
        top_->eval();
        top_->clk_i = 1;
        top_->eval();
    }
    top_->rst_ni = 1;
}

Bench::~Bench()
{
    top_->final();
    keep_coverage();
}

bool Bench::pause(unsigned one_in)
{
    return pauses_ && rng_() % one_in == 0;
}

/* Byte of the job's ring words where its source begins. */
static unsigned place_of(const Job &job)
{
    switch (job.kind) {
    case Kind::keys:
        return 0;
    case Kind::open:
        return job.sa.first_byte();
    default:
        return 16 * job.sa.body_word();
    }
}

static unsigned words_of(const Job &job)
{
    unsigned end = place_of(job) + (unsigned)job.source.size();
    if (job.kind == Kind::seal) {
        end = job.sa.first_byte() + job.sa.record_len((unsigned)job.source.size(), job.pad);
    }
    return (end + 15) / 16;
}

void Bench::drive_job(std::vector<Job> &jobs)
{
    top_->sa_valid_i = !sa_beats_.empty() && !pause(3);
    if (top_->sa_valid_i) {
        memcpy(&top_->sa_data_i, sa_beats_.front().data(), 16);
        sa_beats_.pop_front();
    } else {
        memset(&top_->sa_data_i, 0, 16);
    }
    top_->sa_zero_i = !top_->sa_valid_i;
    if (offered_ == accepted_ && offered_ < jobs.size() && sa_beats_.empty() && !pause(4)) {
        Job &job = jobs[offered_];
        job.words = words_of(job);
        if (used_ + job.words <= ring_words) {
            job.base = head_;
            job.id = (unsigned)(rng_() % 128);
            head_ = (head_ + job.words) % ring_words;
            used_ += job.words;
            offered_++;
            put_bits(top_->job_i, 278, 2, (uint64_t)job.kind);
            put_bits(top_->job_i, 260, 7, job.id);
            put_bits(top_->job_i, 249, 11, job.base);
            put_bits(top_->job_i, 238, 11, job.words);
            put_bits(top_->job_i, 223, 15, job.source.size());
            put_bits(top_->job_i, 200, 8, job.type);
            put_bits(top_->job_i, 192, 8, job.pad);
            put_bits(top_->job_i, 128, 64, job.counter);
            for (unsigned i = 0; i < 16; i++) {
                put_bits(top_->job_i, 8 * i, 8, job.nonce[i]);
            }
        }
    }
    top_->job_valid_i = offered_ != accepted_;
}

/* Cuts the source into ring words; with pauses, they come in random order and some in two pieces. */
void Bench::begin_fetch(const Job &job)
{
    unsigned offset = place_of(job);
    for (unsigned at = 0; at < job.source.size();) {
        unsigned place = offset + at, first = place % 16;
        unsigned count = std::min(16 - first, (unsigned)job.source.size() - at);
        if (count > 1 && pause(3)) {
            count = 1 + (unsigned)(rng_() % (count - 1));
        }
        Write write{(job.base + place / 16) % ring_words, ((1u << count) - 1) << first, {}};
        for (auto &b : write.data) {
            b = (uint8_t)rng_();
        }
        memcpy(&write.data[first], &job.source[at], count);
        writes_.push_back(write);
        at += count;
    }
    if (pauses_) {
        std::shuffle(writes_.begin(), writes_.end(), rng_);
    }
}

void Bench::drive_fetch(std::vector<Job> &jobs)
{
    top_->wr_en_i = 0;
    top_->fetch_done_i = 0;
    top_->fetch_err_i = (uint8_t)(rng_() % 2);
    if (!fetch_begun_ && fetching_ < accepted_ && (pauses_ ? !pause(2) : clock_ - jobs[fetching_].accepted_at >= read_latency)) {
        begin_fetch(jobs[fetching_]);
        fetch_begun_ = true;
    }
    // At full speed a read completion brings 128 bytes, and its header takes a clock.
    bool header = !pauses_ && fetch_beats_ % 9 == 8;
    if (fetch_begun_ && header) {
        fetch_beats_++;
    } else if (fetch_begun_ && !writes_.empty() && !pause(2)) {
        fetch_beats_++;
        top_->wr_en_i = 1;
        top_->wr_addr_i = writes_.front().addr;
        top_->wr_be_i = writes_.front().be;
        memcpy(&top_->wr_data_i, writes_.front().data.data(), 16);
        writes_.pop_front();
    } else if (fetch_begun_ && writes_.empty() && !pause(3)) {
        top_->fetch_done_i = 1;
        top_->fetch_err_i = jobs[fetching_].fetch_err;
        jobs[fetching_].fetched_at = clock_;
        fetching_++;
        fetch_begun_ = false;
    }
}

void Bench::drive_writer(const std::vector<Job> &jobs)
{
    top_->rd_en_i = 0;
    top_->res_ready_i = 0;
    if (!top_->res_valid_o || done_ == jobs.size()) {
        return;
    }
    unsigned first = (unsigned)get_bits(top_->res_o, 173, 4), keep = kept();
    read_count_ = keep ? (first + keep + 15) / 16 : 0;
    bool header = !pauses_ && read_next_ < read_count_ && writer_beats_++ % 9 == 8; // of a write TLP of 128 bytes
    if (read_next_ < read_count_ && !header && !pause(3)) {
        top_->rd_en_i = 1;
        top_->rd_addr_i = (get_bits(top_->res_o, 177, 11) + read_next_) % ring_words;
        read_next_++;
    } else if (read_next_ == read_count_ && !reading_ && !pause(3)) {
        top_->res_ready_i = 1;
    }
}

unsigned Bench::kept() const
{
    bool written = get_bits(top_->res_o, 158, 15) != 0;
    return written ? (unsigned)get_bits(top_->res_o, 143, 15) : 0;
}

void Bench::take_result(Job &job)
{
    unsigned keep = kept();
    job.first = (unsigned)get_bits(top_->res_o, 173, 4);
    job.length = (unsigned)get_bits(top_->res_o, 143, 15);
    job.answer.status = (uint8_t)get_bits(top_->res_o, 188, 8);
    job.answer.out_len = (unsigned)get_bits(top_->res_o, 158, 15);
    job.answer.counter.resize(16);
    memcpy(job.answer.counter.data(), &top_->res_o, 16);
    job.answer.length = job.length;
    job.answer.bytes.assign(output_.begin() + (keep ? job.first : 0), output_.begin() + (keep ? job.first + keep : 0));
    if (get_bits(top_->res_o, 196, 7) != job.id) {
        job.answer.status = 0xff;
    }
    output_.clear();
    read_next_ = 0;
    used_ -= job.words;
    done_++;
}

/* What happened at the clock edge, from the values before it. */
void Bench::observe(std::vector<Job> &jobs)
{
    busy += top_->busy_o;
    records += top_->records_o;
    if (top_->job_valid_i && top_->job_ready_o) {
        auto words = jobs[accepted_].sa.words();
        words[0][3] = jobs[accepted_].kind == Kind::open || jobs[accepted_].kind == Kind::verify; // direction
        sa_beats_.insert(sa_beats_.end(), words.begin(), words.end());
        jobs[accepted_++].accepted_at = clock_;
    }
    if (top_->res_valid_o && done_ < jobs.size() && !jobs[done_].result_at) {
        jobs[done_].result_at = clock_;
    }
    if (top_->own_write_o && done_ < jobs.size()) {
        Job &job = jobs[done_];
        unsigned word = (top_->own_addr_o + ring_words - job.base) % ring_words;
        job.written.push_back({clock_ - job.fetched_at, word, top_->own_be_o});
    }
    if (top_->key_valid_o && top_->key_ready_i) {
        Job &job = jobs[done_];
        job.key_words[job.key_beats++ % 4] = key_word_;
        key_word_ = {};
    }
    if (top_->key_shift_o) {
        memmove(&key_word_[4], &key_word_[0], 12);
        memcpy(&key_word_[0], &top_->key_data_o, 4);
    }
    if (top_->res_valid_o && top_->res_ready_i) {
        take_result(jobs[done_]);
    }
}

void Bench::rest()
{
    memset(&top_->wr_data_i, 0, sizeof top_->wr_data_i);
    memset(&top_->sa_data_i, 0, sizeof top_->sa_data_i);
    memset(&top_->job_i, 0, sizeof top_->job_i);
    top_->sa_zero_i = 1;
    top_->sa_valid_i = top_->job_valid_i = top_->wr_en_i = top_->rd_en_i = top_->fetch_done_i = 0;
    for (unsigned i = 0; i < 200; i++) {
        top_->clk_i = 0;
        top_->eval();
        top_->clk_i = 1;
        top_->eval();
    }
    clock_ += 200;
}

unsigned Bench::holds(const Bytes &bytes) const
{
    const auto *root = top_->rootp;
    const uint8_t *model = reinterpret_cast<const uint8_t *>(root);
    Bytes ring(16 * ring_words);
    for (unsigned word = 0; word < ring_words; word++) {
#define BYTE(i) ring[16 * word + i] = root->lane_top__DOT__u_lane__DOT__u_ring__DOT__gen_bytes__BRA__##i##__KET____DOT__ring[word]
        BYTE(0), BYTE(1), BYTE(2), BYTE(3), BYTE(4), BYTE(5), BYTE(6), BYTE(7), BYTE(8), BYTE(9), BYTE(10), BYTE(11), BYTE(12),
            BYTE(13), BYTE(14), BYTE(15);
#undef BYTE
    }
    unsigned found = 0;
    for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
        Bytes part(bytes.begin() + (long)at, bytes.begin() + (long)at + 4), turned(part.rbegin(), part.rend());
        bool there = std::search(ring.begin(), ring.end(), part.begin(), part.end()) != ring.end();
        for (size_t word = 0; word + 4 <= sizeof *root && !there; word += 4) {
            there = !memcmp(model + word, part.data(), 4) || !memcmp(model + word, turned.data(), 4);
        }
        found += there;
    }
    return found;
}

bool Bench::run(std::vector<Job> &jobs)
{
    offered_ = accepted_ = fetching_ = done_ = 0;
    uint64_t last = clock_;
    size_t before = 0;
    while (done_ < jobs.size() || !top_->idle_o) {
        top_->clk_i = 0;
        drive_job(jobs);
        drive_fetch(jobs);
        top_->eval();
        drive_writer(jobs);
        top_->key_ready_i = !pause(3);
        top_->eval();
        bool read = top_->rd_en_i;
        observe(jobs);
        top_->clk_i = 1;
        top_->eval();
        clock_++;
        reading_ = read;
        if (read) {
            const uint8_t *data = reinterpret_cast<const uint8_t *>(&top_->rd_data_o);
            output_.insert(output_.end(), data, data + 16);
        }
        if (done_ != before) {
            before = done_;
            last = clock_;
        }
        if (clock_ - last > 100000) {
            return false;
        }
    }
    return true;
}
