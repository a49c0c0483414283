// SPDX-License-Identifier: Apache-2.0
//
// What goes wrong on the link, by name, while every queue pair is at work: each operation ends with its status, nothing else is
// disturbed, and nothing is written but results and completions. (test_chaos has the same at random.)
#include <cstdio>

#include "tests.h"
#include "traffic.h"

namespace
{

// Queue 1 seals, the others take turns at sizes and kinds; completions come in any order, cut anywhere.
void load(Traffic &t)
{
    static const unsigned sizes[] = {1400, 300, 64, 4000};
    unsigned queues = t.host.read32(SLUICE_REG_PARAMS0) >> 8 & 255;

    for (unsigned q = 0; q < queues; q++) {
        t.add(q ? Stream::Mixed : Stream::Seal, sizes[q % 4], 12);
    }
    t.check = 3;
}

void roughen(Host &host)
{
    host.options.jitter = 150;
    host.options.reorder = true;
    host.options.random_split = true;
    host.options.stall = 10;
    host.log_writes = true;
}

// Runs for so many clocks; false when something was written that nobody named.
bool runs(Traffic &t, unsigned clocks)
{
    bool good = true;
    for (unsigned i = 0; i < clocks; i += 1000) {
        t.run(1000);
        good = t.inside() && good;
    }
    return good;
}

unsigned bad(const Traffic &t)
{
    unsigned sum = t.host.broken_rules;
    for (const Stream &s : t.all) {
        sum += s.bad;
    }
    return sum;
}

bool all_move(const Traffic &t)
{
    bool moved = true;
    for (const Stream &s : t.all) {
        moved = moved && s.done - s.failed > 5;
    }
    return moved;
}

void spoilt_reads(uint64_t seed)
{
    static const struct {
        Fault fault;
        unsigned slots;
        const char *what;
    } kinds[] = {{Fault::Ur, 4, "unsupported requests"},      {Fault::Ca, 4, "completer aborts"},
                 {Fault::Poisoned, 4, "poisoned data"},       {Fault::Short, 4, "cut completions"},
                 {Fault::WrongCount, 1, "wrong byte counts"}, {Fault::Late, 1, "answers after the time-out"}};
    for (const auto &kind : kinds) {
        Traffic t(seed, false);
        load(t);
        t.spoil(t.all[0], kind.slots, kind.fault);
        roughen(t.host);
        bool slow = kind.fault == Fault::WrongCount || kind.fault == Fault::Late, inside = true;
        t.fill();
        inside = runs(t, slow ? 50000 : 12000);
        t.drain();
        printf("# %s: %u operations failed, %u in all, %u time-outs\n", kind.what, t.all[0].failed, t.done, t.host.timeouts);
        ok(t.all[0].failed >= (slow ? 2 : 4) && bad(t) == 0 && all_move(t),
           std::string(kind.what) + " at load end their operations, and no other");
        ok(inside && t.inside(), "nothing is written but the results of the others");
        if (kind.fault == Fault::Late) {
            t.host.until([&] { return t.host.quiet(); }, 40000);
            unsigned failed = t.all[0].failed;
            t.fill();
            for (unsigned i = 0; i < 4000 && t.all[0].failed == failed; i++) {
                t.run(8);
            }
            uint32_t kept = t.host.read32(SLUICE_REG_TAG_STATE);
            t.drain();
            bool freed = t.host.until([&] { return t.host.quiet(); }, 40000);
            t.host.run(20);
            ok(kept != 0 && freed && t.host.read32(SLUICE_REG_TAG_STATE) == 0 && t.inside(),
               "tags stay in quarantine until the late answer, which goes nowhere");
        } else {
            ok(t.host.read32(SLUICE_REG_TAG_STATE) == 0 || kind.fault == Fault::WrongCount, "no tag is left behind");
        }
    }
}

void master_off(uint64_t seed)
{
    Traffic t(seed, false);
    load(t);
    roughen(t.host);
    t.fill();
    bool inside = runs(t, 8000 + t.host.below(3000));
    t.refill = false;
    t.host.until([&] { return t.host.top.tx_valid_o && t.host.top.tx_last_o && t.host.top.tx_ready_i; }, 5000);
    t.host.top.cfg_bus_master_i = 0;
    unsigned before = t.host.broken_rules;
    t.host.run(400);
    unsigned late = t.host.broken_rules - before;
    uint64_t sent = t.host.writes_seen + t.host.reads_seen;
    bool answers = t.host.read32(SLUICE_REG_MAGIC) == SLUICE_MAGIC;
    t.host.run(12000);
    ok(late <= 1 && t.host.writes_seen + t.host.reads_seen == sent && answers,
       "bus mastering off at load: the frame under way ends, nothing more is sent but answers");
    ok(!(t.host.read32(SLUICE_REG_STATUS) & 8) && t.host.until([&] { return t.host.top.idle_o; }, 100) && inside && t.inside(),
       "every operation ends, and the card is idle");
    t.host.top.cfg_bus_master_i = 1;
    t.host.write32(SLUICE_REG_CTRL, 1);
    t.host.run(100);
    t.again();
    load(t);
    unsigned broken = t.host.broken_rules;
    t.host.writes.clear();
    t.fill();
    inside = runs(t, 6000);
    t.drain();
    ok(inside && t.inside() && bad(t) == broken, "after a reset all of it works again");
}

void function_reset(uint64_t seed)
{
    Traffic t(seed, false);
    load(t);
    roughen(t.host);
    for (unsigned round = 0; round < 3; round++) {
        t.fill();
        bool inside = runs(t, 3000 + t.host.below(6000));
        t.refill = false;
        unsigned resets = t.host.flr_done;
        t.host.top.cfg_flr_i = 1;
        t.host.clock();
        t.host.top.cfg_flr_i = 0;
        bool over = t.host.until([&] { return t.host.flr_done > resets; }, 17000);
        uint64_t sent = t.host.writes_seen + t.host.reads_seen;
        t.host.run(3000);
        ok(over && t.host.writes_seen + t.host.reads_seen == sent && inside && t.inside(),
           "a function reset at load: over within 16,384 clocks, and nothing of before is sent after it");
        t.again();
        load(t);
        t.host.writes.clear();
        t.fill();
        inside = runs(t, 4000);
        t.drain();
        ok(inside && t.inside() && bad(t) == 0, "and all of it works again");
    }
}

} // namespace

void test_storm(uint64_t seed)
{
    spoilt_reads(seed);
    master_off(seed);
    function_reset(seed);
}
