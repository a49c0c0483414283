// SPDX-License-Identifier: Apache-2.0
//
// The sampler of the noise source, with waves in place of ring oscillators: bits at their time, each the sum of all waves two
// clocks before it was made. SEED=n repeats a run.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <vector>

#include "Vboard_sampler.h"

static const unsigned rings = 16, interval = 16;
static unsigned tests, failures;
static std::mt19937_64 rng;

static void ok(bool passed, const char *what)
{
    printf("%sok %u - %s\n", passed ? "" : "not ", ++tests, what);
    failures += !passed;
}

class Bench
{
  public:
    Bench() : top_(new Vboard_sampler)
    {
        top_->rst_ni = 0;
        for (int i = 0; i < 4; i++) {
            clock(false);
        }
        top_->rst_ni = 1;
    }

    /* One clock; waves change as they like before it. */
    void clock(bool run)
    {
        top_->clk_i = 0;
        top_->run_i = run;
        top_->wave_i = static_cast<unsigned>(rng() % (1U << rings));
        waves.push_back(top_->wave_i);
        top_->eval();
        top_->clk_i = 1;
        top_->eval();
    }

    bool valid() const
    {
        return top_->valid_o;
    }
    bool swings() const
    {
        return top_->run_o;
    }
    /* The bit is the sum of the waves that were sampled two clocks before the last. */
    bool right() const
    {
        return top_->bit_o == __builtin_parity(waves[waves.size() - 3]);
    }

    std::vector<unsigned> waves;

  private:
    std::unique_ptr<Vboard_sampler> top_;
};

static void test_bits()
{
    Bench bench;
    unsigned bits = 0, last = 0;
    bool right = true, in_time = true;

    for (unsigned now = 0; bits < 4000; now++) {
        bench.clock(true);
        if (!bench.valid()) {
            in_time = in_time && now - last <= interval + 1;
            continue;
        }
        in_time = in_time && (bits == 0 || now - last == interval);
        right = right && bench.right();
        last = now;
        bits++;
    }
    ok(right, "each bit is the sum of all waves");
    ok(in_time, "a bit comes every 16 clocks");
}

static void test_rest()
{
    Bench bench;
    bool rests = true, begins = true;

    for (int turn = 0; turn < 200; turn++) {
        for (unsigned i = static_cast<unsigned>(rng() % 40) + 2; i > 0; i--) {
            bench.clock(false);
            rests = rests && !bench.valid() && !bench.swings();
        }
        unsigned early = 0;
        for (unsigned i = 0; i < interval; i++) {
            bench.clock(true);
            early += bench.valid();
        }
        begins = begins && early == 0 && bench.swings();
        bench.clock(true);
        begins = begins && bench.valid();
    }
    ok(rests, "without a wish for bits the rings rest and nothing comes");
    ok(begins, "the first bit comes after 16 clocks of swinging");
}

int main()
{
    const char *seed = std::getenv("SEED");
    unsigned long long number = seed ? strtoull(seed, nullptr, 0) : std::random_device()();

    rng.seed(number);
    printf("# SEED=%llu\n", number);
    test_bits();
    test_rest();
    printf("1..%u\n", tests);
    return failures != 0;
}
