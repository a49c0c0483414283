// SPDX-License-Identifier: Apache-2.0
#include "bench.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "../../coverage/keep.h"
#include "Vsluice_stream___024root.h"

static const unsigned ring_words = 2048;
static const unsigned id_w = 7;           // sluice_pkg::IdW
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

Bench::Bench(uint64_t seed, bool pauses) : top_(new Vsluice_stream), rng_(seed), pauses_(pauses)
{
    reset();
}

Bench::~Bench()
{
    top_->final();
    keep_coverage();
}

void Bench::edge()
{
    top_->clk_i = 1;
    top_->eval();
    clock_++;
}

void Bench::reset()
{
    top_->rst_ni = 0;
    top_->job_valid_i = top_->sa_valid_i = top_->wr_en_i = top_->fetch_done_i = top_->wipe_i = top_->res_ready_i = 0;
    for (int i = 0; i < 4; i++) {
        top_->clk_i = 0;
        top_->eval();
        edge();
    }
    top_->rst_ni = 1;
    memset(&top_->sa_data_i, 0, 16);
    stop_at_ = UINT64_MAX;
    sa_beats_.clear();
    writes_.clear();
    output_.clear();
    fetch_begun_ = reading_ = false;
    used_ = read_next_ = 0;
}

bool Bench::empty(unsigned slot) const
{
    const auto *root = top_->rootp;
    uint32_t any = 0;
    for (unsigned row = 4 * slot; row < 4 * slot + 4; row++) {
#define BANK(i) root->sluice_stream__DOT__u_store__DOT__gen_banks__BRA__##i##__KET____DOT__words[row]
        any |= BANK(0) | BANK(1) | BANK(2) | BANK(3) | BANK(4) | BANK(5);
        any |= BANK(6) | BANK(7) | BANK(8) | BANK(9) | BANK(10) | BANK(11);
#undef BANK
    }
    return any == 0;
}

unsigned Bench::holds(const std::vector<uint32_t> &words) const
{
    const char *model = reinterpret_cast<const char *>(top_->rootp);
    std::set<uint32_t> wanted, found;
    for (uint32_t word : words) {
        wanted.insert({word, __builtin_bswap32(word)});
    }
    for (size_t at = 0; at + 4 <= sizeof *top_->rootp; at += 4) {
        uint32_t word;
        memcpy(&word, model + at, 4);
        if (wanted.count(word)) {
            found.insert(std::min(word, __builtin_bswap32(word)));
        }
    }
    return (unsigned)found.size();
}

bool Bench::des_keys() const
{
    const auto *root = top_->rootp;
#define KEY(name) root->sluice_stream__DOT__u_cbc__DOT__u_des__DOT__##name
    return (KEY(key_q) | KEY(key1_q) | KEY(key2_q)) != 0;
#undef KEY
}

void Bench::idle(unsigned clocks)
{
    for (unsigned i = 0; i < clocks; i++) {
        top_->clk_i = 0;
        top_->eval();
        edge();
    }
}

bool Bench::wipe(unsigned slot)
{
    bool ready = false;
    for (int i = 0; i < 20 && !ready; i++) {
        top_->clk_i = 0;
        top_->wipe_i = 1;
        top_->wipe_sa_i = (uint8_t)slot;
        top_->eval();
        ready = top_->wipe_ready_o;
        edge();
    }
    top_->wipe_i = 0;
    return ready && empty(slot);
}

bool Bench::pause(unsigned one_in)
{
    return pauses_ && rng_() % one_in == 0;
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
    if (offered_ == accepted_ && offered_ < jobs.size() && sa_beats_.empty() && !pause(4)) {
        Job &job = jobs[offered_];
        const Part &part = job.part;
        job.words = 3 + (unsigned)(part.source.size() + 15) / 16 + 20;
        if (used_ + job.words <= ring_words) {
            job.base = head_;
            job.id = (unsigned)(rng_() % (1u << id_w));
            head_ = (head_ + job.words) % ring_words;
            used_ += job.words;
            offered_++;
            put_bits(top_->job_i, id_w + 271, 2, part.open ? 1 : 0);
            put_bits(top_->job_i, id_w + 270, 1, 1);
            put_bits(top_->job_i, id_w + 269, 1, part.first);
            put_bits(top_->job_i, id_w + 268, 1, part.last);
            put_bits(top_->job_i, id_w + 260, 8, part.slot);
            put_bits(top_->job_i, 260, id_w, job.id);
            put_bits(top_->job_i, 249, 11, job.base);
            put_bits(top_->job_i, 238, 11, job.words);
            put_bits(top_->job_i, 223, 15, part.source.size());
            put_bits(top_->job_i, 208, 15, part.first ? part.total : 0);
            put_bits(top_->job_i, 200, 8, part.first ? part.type : 0);
            put_bits(top_->job_i, 192, 8, part.first ? part.pad : 0);
            put_bits(top_->job_i, 128, 64, part.first ? part.seq : 0);
            for (unsigned i = 0; i < 16; i++) {
                put_bits(top_->job_i, 8 * i, 8, part.first ? part.nonce[i] : 0);
            }
        }
    }
    top_->job_valid_i = offered_ != accepted_;
}

/* Cuts the source into ring words; with pauses, they come in random order and some in two pieces. */
void Bench::begin_fetch(const Job &job)
{
    const Bytes &source = job.part.source;
    for (unsigned at = 0; at < source.size();) {
        unsigned place = 48 + at, first = place % 16;
        unsigned count = std::min(16 - first, (unsigned)source.size() - at);
        if (count > 1 && pause(3)) {
            count = 1 + (unsigned)(rng_() % (count - 1));
        }
        Write write{(job.base + place / 16) % ring_words, ((1u << count) - 1) << first, {}};
        for (auto &b : write.data) {
            b = (uint8_t)rng_();
        }
        memcpy(&write.data[first], &source[at], count);
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
    if (fetch_begun_ && !writes_.empty() && !pause(2)) {
        top_->wr_en_i = 1;
        top_->wr_addr_i = writes_.front().addr;
        top_->wr_be_i = writes_.front().be;
        memcpy(&top_->wr_data_i, writes_.front().data.data(), 16);
        writes_.pop_front();
    } else if (fetch_begun_ && writes_.empty() && !pause(3)) {
        top_->fetch_done_i = 1;
        top_->fetch_err_i = jobs[fetching_].part.fetch_err;
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
    if (read_next_ < read_count_ && !pause(3)) {
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
    unsigned first = (unsigned)get_bits(top_->res_o, 173, 4);
    job.out_len = (unsigned)get_bits(top_->res_o, 158, 15);
    job.keep_len = kept();
    job.answer.status = (uint8_t)get_bits(top_->res_o, 188, 8);
    job.answer.sure = (unsigned)get_bits(top_->res_o, 128, 15);
    for (unsigned i = 0; i < 16; i++) {
        job.answer.next_iv[i] = (uint8_t)get_bits(top_->res_o, 8 * i, 8);
    }
    job.answer.bytes.clear();
    if (job.keep_len) {
        job.answer.bytes.assign(output_.begin() + first, output_.begin() + first + job.keep_len);
    }
    if (get_bits(top_->res_o, 196, id_w) != job.id || get_bits(top_->res_o, 143, 15) != job.keep_len) {
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
    records += top_->records_o;
    if (top_->records_o && finished_ < jobs.size()) {
        jobs[finished_++].finished_at = clock_;
    }
    if (top_->job_valid_i && top_->job_ready_o) {
        auto words = jobs[accepted_].sa.words(jobs[accepted_].part.open);
        sa_beats_.insert(sa_beats_.end(), words.begin(), words.end());
        jobs[accepted_++].accepted_at = clock_;
    }
    if (top_->res_valid_o && done_ < jobs.size() && !jobs[done_].result_at) {
        jobs[done_].result_at = clock_;
    }
    if (top_->res_valid_o && top_->res_ready_i) {
        take_result(jobs[done_]);
    }
}

bool Bench::run(std::vector<Job> &jobs)
{
    offered_ = accepted_ = fetching_ = done_ = finished_ = 0;
    uint64_t last = clock_;
    size_t before = 0;
    while (done_ < jobs.size() || !top_->idle_o) {
        top_->clk_i = 0;
        drive_job(jobs);
        drive_fetch(jobs);
        top_->eval();
        drive_writer(jobs);
        top_->eval();
        bool read = top_->rd_en_i;
        observe(jobs);
        edge();
        reading_ = read;
        if (read) {
            const uint8_t *data = reinterpret_cast<const uint8_t *>(&top_->rd_data_o);
            output_.insert(output_.end(), data, data + 16);
        }
        if (done_ != before) {
            before = done_;
            last = clock_;
        }
        if (clock_ - last > 200000 || clock_ >= stop_at_) {
            return false;
        }
    }
    return true;
}
