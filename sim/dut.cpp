// SPDX-License-Identifier: Apache-2.0
//
// Owns the Verilated card. The only C++ of the simulation.
#include "dut.h"

#include <cerrno>
#include <memory>
#include <new>
#include <string>
#include <vector>
#include <verilated.h>
#include <verilated_sym_props.h>
#ifdef SIM_TRACE
#include <verilated_fst_c.h>
#endif

#include "Vsluice_card.h"

constexpr unsigned ClocksABit = 16;
constexpr unsigned HangWithin = 2048; // clocks of a record's work

// Of the step of the record at work in sluice_lane_control: there is no record, a record begins; a step that is none, which does
// nothing.
constexpr uint8_t StepIdle = 0, StepBegin = 1, StepNone = 15;

struct noise {
    dut_noise kind;
    uint64_t state; // xorshift64; a random number of its own, so that the model's other choices do not depend on it
    unsigned clocks;
};

struct lane {
    uint8_t *step, before;
    unsigned works_for; // records, before the one within which it stops; 0: not drawn yet
    unsigned hangs_in;  // clocks; 0: it works
    bool hung;
};

struct dut {
    VerilatedContext context;
    struct noise noise;
    struct noise chance; // of lanes that hang
    unsigned hang_lanes;
    const uint8_t *lanes_run; // low: they are reset
    std::vector<lane> lanes;
    std::unique_ptr<Vsluice_card> top;
#ifdef SIM_TRACE
    std::unique_ptr<VerilatedFstC> trace;
#endif
};

static void *signal_of(const dut *d, const std::string &scope, const char *name)
{
    const VerilatedScope *s = d->context.scopeFind(scope.c_str());
    const VerilatedVar *v = s ? s->varFind(name) : nullptr;

    return v ? v->datap() : nullptr;
}

// Which lanes there are the model itself knows.
static void find_lanes(dut *d)
{
    const std::string card = d->top->name() + std::string(".sluice_card");

    d->lanes_run = static_cast<const uint8_t *>(signal_of(d, card, "core_rst_n"));
    for (unsigned n = 0;; n++) {
        void *step = signal_of(d, card + ".g_lane[" + std::to_string(n) + "].u_lane.u_control", "state_q");

        if (!step)
            return;
        d->lanes.push_back({static_cast<uint8_t *>(step), StepIdle, 0, 0, false});
    }
}

struct dut *dut_new(uint64_t seed, const char *firmware)
{
    dut *d = new (std::nothrow) dut;

    if (!d)
        return nullptr;
    // Random start values; the Verilated library takes a seed of 31 bits and reads 0 as "choose one".
    d->noise = {DUT_NOISE_GOOD, seed | 1, 0};
    d->chance = {DUT_NOISE_GOOD, ~seed | 1, 0};
    d->context.threads(1); // no pool of threads beside ours
    d->context.randReset(2);
    d->context.fatalOnError(false);
    d->context.randSeed(static_cast<int>((seed ^ seed >> 31) & 0x7fffffff) | 1);
    const std::string image = std::string("+firmware=") + (firmware ? firmware : "");
    const char *arguments[] = {"sluice-sim", image.c_str()};
    d->context.commandArgs(firmware ? 2 : 1, arguments);
#ifdef SIM_TRACE
    d->context.traceEverOn(true);
#endif
    d->top = std::make_unique<Vsluice_card>(&d->context);
    find_lanes(d);
    return d;
}

void dut_free(struct dut *d)
{
    if (!d)
        return;
#ifdef SIM_TRACE
    if (d->trace)
        d->trace->close();
#endif
    d->top->final();
    delete d;
}

void dut_configure(struct dut *d, const struct dut_config *c)
{
    Vsluice_card &t = *d->top;

    t.cfg_id_i = c->id;
    t.cfg_bus_master_i = c->bus_master;
    t.cfg_mps_i = c->mps;
    t.cfg_mrrs_i = c->mrrs;
    t.cfg_rcb_i = c->rcb;
    t.cfg_msix_enable_i = c->msix_enable;
    t.cfg_msix_mask_i = c->msix_mask;
    t.cfg_link_up_i = c->link_up;
    t.cfg_cpl_hdr_i = c->cpl_hdr;
    t.cfg_cpl_data_i = c->cpl_data;
    t.self_test_i = c->self_test;
    d->noise.kind = c->noise;
    d->hang_lanes = c->hang_lanes;
}

static uint64_t random_bits(struct noise &n)
{
    n.state ^= n.state << 13;
    n.state ^= n.state >> 7;
    n.state ^= n.state << 17;
    return n.state >> 32;
}

static void make_noise(Vsluice_card &t, struct noise &n)
{
    t.entropy_valid_i = 0;
    if (!t.entropy_run_o || n.kind == DUT_NOISE_OFF || ++n.clocks % ClocksABit)
        return;
    t.entropy_valid_i = 1;
    t.entropy_i = n.kind == DUT_NOISE_STUCK || (random_bits(n) & (n.kind == DUT_NOISE_BIASED ? 3 : 1)) != 0;
}

static void drive(Vsluice_card &t, const struct dut_in *in)
{
    t.rst_ni = in->rst_n;
    t.cfg_flr_i = in->flr;
    t.rx_valid_i = in->rx_valid;
    t.rx_user_i = in->rx_user;
    for (int i = 0; i < 4; i++)
        t.rx_data_i[i] = in->rx_data[i];
    t.tx_ready_i = in->tx_ready;
}

static void sample(const Vsluice_card &t, struct dut_out *out)
{
    out->rx_ready = t.rx_ready_o;
    out->tx_valid = t.tx_valid_o;
    out->tx_last = t.tx_last_o;
    for (int i = 0; i < 4; i++)
        out->tx_data[i] = t.tx_data_o[i];
    out->tx_keep = t.tx_keep_o;
    out->tx_user = t.tx_user_o;
    out->flr_done = t.cfg_flr_done_o;
    out->err_ur = t.err_ur_o;
    out->err_poisoned = t.err_poisoned_o;
    out->err_cpl_timeout = t.err_cpl_timeout_o;
    out->err_cpl_unexpected = t.err_cpl_unexpected_o;
    out->idle = t.idle_o;
}

// Whether it is to stop within the record that begins: one of hang_lanes, never half so many after the one before.
static bool hang_now(dut *d, lane &l)
{
    if (l.works_for == 0)
        l.works_for = 1 + d->hang_lanes / 2 + random_bits(d->chance) % d->hang_lanes;
    return --l.works_for == 0;
}

// True: it stops in this clock. A lane that hangs is held in a step that does nothing.
static bool hang(dut *d, lane &l)
{
    bool begins = *l.step == StepBegin && l.before != StepBegin, stops = false;

    if (l.hangs_in > 0 && *l.step != StepIdle)
        stops = --l.hangs_in == 0;
    else if (begins && !l.hung && hang_now(d, l))
        l.hangs_in = 1 + random_bits(d->chance) % HangWithin;
    l.hung |= stops;
    if (l.hung)
        *l.step = StepNone;
    l.before = *l.step;
    return stops;
}

static bool hang_lanes(dut *d)
{
    bool any = false;

    for (lane &l : d->lanes) {
        if (!*d->lanes_run)
            l.hangs_in = 0, l.hung = false;
        else
            any |= hang(d, l);
    }
    return any;
}

static void half_clock(struct dut *d, bool level)
{
    d->top->clk_i = level;
    d->top->eval();
#ifdef SIM_TRACE
    if (d->trace)
        d->trace->dump(d->context.time());
#endif
    d->context.timeInc(4); // 4 ns: 125 MHz
}

void dut_step(struct dut *d, const struct dut_in *in, struct dut_out *out)
{
    d->context.assertOn(in->rst_n); // before the first reset registers hold anything
    drive(*d->top, in);
    make_noise(*d->top, d->noise);
    half_clock(d, false);
    sample(*d->top, out);
    half_clock(d, true);
    out->lane_hung = d->hang_lanes && hang_lanes(d);
    out->failed = d->context.gotFinish();
}

bool dut_can_trace(void)
{
#ifdef SIM_TRACE
    return true;
#else
    return false;
#endif
}

int dut_trace(struct dut *d, const char *path)
{
#ifdef SIM_TRACE
    d->trace = std::make_unique<VerilatedFstC>();
    d->top->trace(d->trace.get(), 99);
    d->trace->open(path);
    return d->trace->isOpen() ? 0 : -EIO;
#else
    (void)d, (void)path;
    return -EOPNOTSUPP;
#endif
}
