// SPDX-License-Identifier: Apache-2.0
//
// The card's counters: what a snapshot shows is what had happened at one clock, of every counter. SEED=n repeats a run.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "../../coverage/keep.h"
#include "Vmgmt_counters.h"
#include "sluice_regs.h"

static const unsigned lanes = 17, queues = 9;
static unsigned tests, failures;
static std::mt19937_64 rng;

static void ok(bool passed, const char *what)
{
    printf("%sok %u - %s\n", passed ? "" : "not ", ++tests, what);
    failures += !passed;
}

/* Counters by their place: general, seal, open, lanes, queues. */
enum {
    general_at = 0,
    seal_at = 12,
    open_at = 28,
    lanes_at = 44,
    queues_at = lanes_at + 4 * lanes,
    all = queues_at + 2 * queues
};

class Bench
{
  public:
    Bench() : top_(new Vmgmt_counters), now_(all)
    {
        top_->rst_ni = 0;
        for (int i = 0; i < 3; i++) {
            clock(0);
        }
        top_->rst_ni = 1;
        now_.assign(all, 0);
        history_.clear();
    }
    ~Bench()
    {
        keep_coverage();
    }

    /* One clock, in which each event happens `often` times out of 256. */
    void clock(unsigned often)
    {
        auto coin = [&] { return rng() % 256 < often; };
        auto count = [&](unsigned at, bool happens) { now_[at] += happens; };
        history_.push_back(now_);
        top_->clk_i = 0;
        top_->general_i = 1;
        for (unsigned i = 1; i < 10; i++) {
            top_->general_i = (uint16_t)(top_->general_i | coin() << i);
        }
        for (unsigned i = 0; i < 10; i++) {
            count(general_at + i + (i > 1 ? 2 : 0), top_->general_i >> i & 1);
        }
        top_->seal_i = coin();
        top_->open_i = !top_->seal_i && coin();
        top_->status_i = rng() % 16;
        top_->record_i = rng() % 32768;
        top_->content_i = rng() % 32768;
        count(seal_at + top_->status_i, top_->seal_i);
        count(open_at + top_->status_i, top_->open_i);
        if (top_->seal_i || top_->open_i) {
            now_[general_at + 2] += top_->record_i;
            now_[general_at + 3] += top_->content_i;
        }
        uint32_t *lane[] = {&top_->lane_busy_i, &top_->lane_starved_i, &top_->lane_blocked_i, &top_->lane_records_i};
        for (unsigned e = 0; e < 4; e++) {
            *lane[e] = 0;
            for (unsigned l = 0; l < lanes; l++) {
                *lane[e] |= (uint32_t)coin() << l;
                count(lanes_at + 4 * l + e, *lane[e] >> l & 1);
            }
        }
        // Submissions are counted one a clock, so there must not be more; here one queue takes up to 8 every 80 clocks.
        top_->taken_count_i = top_->rst_ni && often && history_.size() % 80 == 0 ? rng() % 9 : 0;
        top_->taken_queue_i = rng() % queues;
        now_[queues_at + 2 * top_->taken_queue_i] += top_->taken_count_i;
        top_->done_i = 0;
        for (unsigned q = 0; q < queues; q++) {
            top_->done_i = (uint16_t)(top_->done_i | coin() << q);
            count(queues_at + 2 * q + 1, top_->done_i >> q & 1);
        }
        top_->eval();
        top_->clk_i = 1;
        top_->eval();
    }

    /* Clocks until it can be read. */
    unsigned snapshot(unsigned often)
    {
        top_->snapshot_i = 1;
        clock(often);
        top_->snapshot_i = 0;
        unsigned clocks = 1;
        for (top_->eval(); top_->busy_o && clocks < 100; clocks++) {
            clock(often);
        }
        return clocks;
    }

    uint64_t read(unsigned offset, unsigned often)
    {
        uint64_t value = 0;
        for (unsigned half = 0; half < 2; half++) {
            top_->addr_i = (uint16_t)(offset + 4 * half);
            clock(often);
            value |= (uint64_t)top_->rdata_o << 32 * half;
        }
        return value;
    }

    /* Reads all of them, and compares with what had happened when as many clocks were counted. Of the submissions taken up to
     * eight may still have to be counted. */
    bool matches(unsigned often)
    {
        uint64_t cycles = read(0, often);
        if (cycles >= history_.size()) {
            return false;
        }
        const std::vector<uint64_t> want = history_[cycles];
        bool same = true;
        for (unsigned at = 0; at < all; at++) {
            uint64_t got = read(offset_of(at), often);
            bool slow = at >= queues_at && (at - queues_at) % 2 == 0;
            if (slow ? got > want[at] || got + 8 < want[at] : got != want[at]) {
                printf("# counter %u: %llu, not %llu\n", at, (unsigned long long)got, (unsigned long long)want[at]);
                same = false;
            }
        }
        return same;
    }

  private:
    static unsigned offset_of(unsigned at)
    {
        unsigned offset = SLUICE_CNT_CYCLES + 8 * at;
        if (at >= queues_at) {
            offset = SLUICE_CNT_QUEUE_TAKEN(0) + 8 * (at - queues_at);
        } else if (at >= lanes_at) {
            offset = SLUICE_CNT_LANE_BUSY(0) + 8 * (at - lanes_at);
        } else if (at >= seal_at) {
            offset = SLUICE_CNT_SEAL_STATUS(0) + 8 * (at - seal_at); // and of open, behind them
        }
        return offset - SLUICE_CNT_CYCLES;
    }

    std::unique_ptr<Vmgmt_counters> top_;
    std::vector<uint64_t> now_;
    std::vector<std::vector<uint64_t>> history_;
};

int main()
{
    const char *text = getenv("SEED");
    uint64_t seed = text ? strtoull(text, nullptr, 0) : std::random_device()();
    rng.seed(seed);
    printf("# SEED=%llu\n", (unsigned long long)seed);
    bool same = true, cleared = true;
    unsigned longest = 0;
    for (unsigned often : {0u, 1u, 40u, 128u, 255u, 256u}) {
        Bench bench;
        longest = std::max(longest, bench.snapshot(0));
        cleared = bench.matches(0) && cleared;
        for (unsigned i = 0; i < 20; i++) {
            for (uint64_t n = rng() % 200; n; n--) {
                bench.clock(often);
            }
            longest = std::max(longest, bench.snapshot(often));
            same = bench.matches(often) && same;
        }
    }
    ok(cleared, "a reset clears every counter");
    ok(same, "a snapshot shows every counter as it was at one clock");
    printf("# a snapshot can be read after %u clocks at most\n", longest);
    ok(longest <= 55, "within 55 clocks");
    printf("1..%u\n", tests);
    return failures != 0;
}
