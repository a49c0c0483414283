// SPDX-License-Identifier: Apache-2.0
//
// The firmware in the card: power on with every test, and the commands that only it has, each seen from the host. What boot and
// sa_create take is printed.
#include <climits>
#include <cstdio>
#include <cstring>
#include <functional>
#include <unistd.h>

#include "../../firmware/fault.h"
#include "memories.h"
#include "tests.h"

namespace
{

const unsigned boot_most = 150000, create_most = 6000;

struct Managed {
    explicit Managed(uint64_t seed, bool self_test, bool noise) : host(seed), device(host)
    {
        host.options.self_test = self_test;
        host.options.noise = noise;
        host.reset();
        page = host.alloc(4096, 4096);
    }

    // `fault` is called in every clock.
    bool boot(const std::function<void()> &fault = nullptr)
    {
        began = host.clocks;
        while (!(host.read32(SLUICE_REG_STATUS) & 1) && host.clocks < began + 2 * boot_most) {
            for (unsigned i = 0; fault && i < 200; i++) {
                fault();
                host.clock();
            }
            if (host.read32(SLUICE_REG_FW_STATE) == SLUICE_FW_STATE_FAILED) {
                return false;
            }
        }
        ready = host.clocks - began;
        return device.start();
    }

    bool seeded(unsigned limit)
    {
        for (uint64_t end = host.clocks + limit; host.clocks < end;) {
            if (host.read32(SLUICE_REG_HEALTH) & SLUICE_HEALTH_ENTROPY_SEEDED) {
                return true;
            }
            host.run(500);
        }
        return false;
    }

    sluice_sqe entry(uint8_t op, unsigned room)
    {
        sluice_sqe sqe = {};
        sqe.op = op;
        if (room) {
            sqe.dst = page;
            memcpy(sqe.dst_len, &room, 3);
        }
        return sqe;
    }

    sluice_cqe on(uint8_t op, const Sa &sa, unsigned room, uint64_t seq = 0)
    {
        sluice_sqe sqe = entry(op, room);
        sqe.sa = sa.slot;
        sqe.sa_gen = sa.gen;
        sqe.seq = seq;
        return device.admin(sqe);
    }

    sluice_cqe import(unsigned slot, const Bytes &blob, uint64_t id)
    {
        sluice_sqe sqe = {};
        unsigned bytes = SLUICE_SA_BLOB_BYTES;
        uint64_t at = page + 2048;
        host.put(at, blob.data(), blob.size());
        sqe.op = SLUICE_OP_SA_IMPORT;
        sqe.sa = static_cast<uint16_t>(slot);
        sqe.src = at;
        sqe.seq = id;
        memcpy(sqe.src_len, &bytes, 3);
        return device.admin(sqe);
    }

    // Of the function, as a driver does it to a card that hangs.
    bool reset()
    {
        host.top.cfg_flr_i = 1;
        host.clock();
        host.top.cfg_flr_i = 0;
        host.run(2000);
        return device.start();
    }

    std::vector<sluice_log_entry> events()
    {
        std::vector<sluice_log_entry> found(device.admin(entry(SLUICE_OP_LOG_READ, 1024)).length / sizeof(sluice_log_entry));
        host.get(page, found.data(), found.size() * sizeof found[0]);
        return found;
    }

    // One record of 100 bytes; its status.
    unsigned seal(Sa &sa, Ring &ring)
    {
        Bytes content(100, 0x5a);
        uint64_t src = host.alloc(256), dst = host.alloc(256);
        const uint8_t nonce[16] = {0};
        sluice_cqe cqe;
        host.put(src, content.data(), content.size());
        ring.push(seal_entry(sa, src, 100, dst, 256, host.rng()));
        ring.bell();
        ring.wait(cqe);
        ring.give();
        if (cqe.status == SLUICE_STATUS_OK) {
            Bytes want = reference_seal(sa, content, 0x97, 0, sa.counter, nonce);
            sa.counter++;
            return host.get(dst, want.size()) == want && (cqe.length & 0xffff) == want.size() ? 0u : 0xffu;
        }
        return cqe.status;
    }

    Host host;
    Device device;
    uint64_t page, began = 0, ready = 0;
};

void test_power_on(uint64_t seed)
{
    Managed m(seed, true, true);
    sluice_self_test tested;
    bool booted = m.boot();
    ok(booted && m.host.read32(SLUICE_REG_FW_STATE) == SLUICE_FW_STATE_READY, "power on with every test ends in ready");
    printf("# boot, with march and self-test: %llu clocks\n", (unsigned long long)m.ready);
    ok(m.ready < boot_most, "within 150,000 clocks");
    unsigned lanes = m.host.read32(SLUICE_REG_PARAMS0) & 0xff, streams = m.host.read32(SLUICE_REG_PARAMS2) >> 8 & 0xff;
    ok(m.host.read32(SLUICE_REG_LANES_OK) == (1u << (lanes + streams)) - 1 &&
           !(m.host.read32(SLUICE_REG_HEALTH) & (SLUICE_HEALTH_LANE_FAILED | SLUICE_HEALTH_MEMORY_FAILED)),
       "every lane gives every known answer");
    ok(m.host.read32(SLUICE_REG_FW_VERSION) != 0 && m.host.read32(SLUICE_REG_FW_BUILD) != 0, "version and build id");
    ok(m.device.admin(m.entry(SLUICE_OP_SELF_TEST, SLUICE_SELF_TEST_BYTES)).length == 0, "the self-test on demand passes");
    m.host.get(m.page, &tested, sizeof tested);
    ok(tested.tested == 1u << (lanes - 1) && tested.failed == 0 && tested.vectors > 20 && tested.march == 0,
       "in the service lane");
    printf("# on demand: %u answers\n", tested.vectors);
}

std::string log_of(Managed &m, bool &seeded_event)
{
    std::string text;
    for (const auto &e : m.events()) {
        text += " " + std::to_string(e.code);
        seeded_event |= e.code == SLUICE_LOG_EVENT_ENTROPY_SEEDED;
    }
    return text;
}

void test_random(Managed &m)
{
    bool event = false;
    ok(m.seeded(400000), "the generator is seeded in the background");
    printf("# seeded %llu clocks after the reset\n", (unsigned long long)(m.host.clocks - m.began));
    ok(m.host.until([&] { return m.host.top.idle_o; }, 3000), "and then the card is idle");
    ok(m.device.admin(m.entry(SLUICE_OP_RANDOM, 1024)).status == SLUICE_STATUS_OK, "random numbers");
    Bytes first = m.host.get(m.page, 1024);
    m.device.admin(m.entry(SLUICE_OP_RANDOM, 1024));
    ok(first != m.host.get(m.page, 1024) && first != Bytes(1024), "other ones each time");
    std::string log = log_of(m, event);
    ok(event, "the log has it:" + log);
}

void test_create(Managed &m, Sa &sa)
{
    sa = make_sa(m.host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
    uint64_t before = m.host.clocks;
    ok(m.device.create(sa, 5).status == SLUICE_STATUS_OK, "sa_create");
    printf("# sa_create: %llu clocks from the entry's writing to its completion\n", (unsigned long long)(m.host.clocks - before));
    ok(m.host.clocks - before < create_most, "within 6,000 clocks");
}

// The MAC key goes through a lane's ring, in which contents may stay, but not this.
void test_raw_key(Managed &m)
{
    unsigned lanes = m.host.read32(SLUICE_REG_PARAMS0) & 0xff;
    for (uint8_t mac : {SLUICE_MAC_SHA256, SLUICE_MAC_SHA1, SLUICE_MAC_MD5}) {
        Sa sa = make_sa(m.host, SLUICE_CIPHER_AES128, mac, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN);
        const uint8_t *key = sa.params.mac_key;
        bool gone = m.device.create(sa, 12).status == SLUICE_STATUS_OK && m.host.until([&] { return m.host.top.idle_o; }, 3000);
        gone = gone && !memories::in_rings(lanes, key) && m.device.destroy(sa).status == SLUICE_STATUS_OK;
        ok(gone, "after sa_create no ring holds its MAC key, MAC " + std::to_string(mac));
        for (unsigned b = 0; b < 16; b++) {
            memories::find("ring", 16 * (lanes - 1) + b)[7] = key[b];
        }
        ok(memories::in_rings(lanes, key), "which would be found");
    }
}

void test_query(Managed &m, Sa &sa)
{
    sluice_sa_query q;
    m.on(SLUICE_OP_SA_QUERY, sa, SLUICE_SA_QUERY_BYTES);
    m.host.get(m.page, &q, sizeof q);
    ok(q.cipher == SLUICE_CIPHER_AES256 && q.mac == SLUICE_MAC_SHA256 && q.form == SLUICE_FORM_UDP_ETM &&
           q.generation == sa.gen && q.counter == sa.counter && q.limit == sa.params.limit && q.mac_len == sa.params.mac_len,
       "sa_query tells what the SA is at");
    sluice_sqe sqe = {};
    sluice_sa_change change = {sa.counter + 1000, 0};
    m.host.put(m.page, &change, sizeof change);
    sqe.op = SLUICE_OP_SA_MODIFY;
    sqe.sa = sa.slot;
    sqe.sa_gen = sa.gen;
    sqe.src = m.page;
    sqe.src_len[0] = sizeof change;
    ok(m.device.admin(sqe).status == SLUICE_STATUS_OK, "sa_modify");
    sa.counter += 1000;
}

void test_swap(Managed &m, Sa &sa, Ring &ring)
{
    ok(m.on(SLUICE_OP_SA_EXPORT, sa, SLUICE_SA_BLOB_BYTES, 99).status == SLUICE_STATUS_OK, "sa_export");
    Bytes blob = m.host.get(m.page, SLUICE_SA_BLOB_BYTES), wrong = blob;
    ok(m.seal(sa, ring) == SLUICE_STATUS_NO_SUCH_SA, "the SA is out");
    bool refused = true;
    for (unsigned i = 0; i < 12; i++) {
        wrong = blob;
        wrong[m.host.below(SLUICE_SA_BLOB_BYTES)] ^= static_cast<uint8_t>(1u << m.host.below(8));
        refused &= m.import(7, wrong, 99).status == SLUICE_STATUS_AUTH_FAILED;
    }
    ok(refused, "a blob of which a bit is another is refused");
    ok(m.import(7, blob, 98).status == SLUICE_STATUS_AUTH_FAILED, "under another id too");
    uint64_t before = m.host.clocks;
    sluice_cqe cqe = m.import(7, blob, 99);
    printf("# sa_import: %llu clocks\n", (unsigned long long)(m.host.clocks - before));
    ok(cqe.status == SLUICE_STATUS_OK, "sa_import");
    sa.slot = 7;
    sa.gen = static_cast<uint8_t>(cqe.length);
    ok(m.seal(sa, ring) == SLUICE_STATUS_OK, "it goes on as it was, in another slot: the next counter, the same keys");
    ok(m.import(8, blob, 99).status == SLUICE_STATUS_REPLAYED, "a blob is taken once");
    before = m.host.clocks;
    m.on(SLUICE_OP_SA_EXPORT, sa, SLUICE_SA_BLOB_BYTES, 99);
    printf("# sa_export: %llu clocks\n", (unsigned long long)(m.host.clocks - before));
    ok(m.import(8, blob, 99).status == SLUICE_STATUS_REPLAYED, "an old one is refused when there is a new one");
    cqe = m.import(8, m.host.get(m.page, SLUICE_SA_BLOB_BYTES), 99);
    sa.slot = 8;
    sa.gen = static_cast<uint8_t>(cqe.length);
    ok(m.seal(sa, ring) == SLUICE_STATUS_OK, "the new one is taken");
}

// An open SA keeps its window over an export.
void test_swap_window(Managed &m)
{
    Sa sa = make_sa(m.host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN);
    sa.params.replay = 1;
    m.device.create(sa, 20);
    sluice_sa_window w = {};
    w.floor = sa.params.counter;
    w.current = sa.params.counter + 70;
    w.state = 1;
    memset(w.current_bits, 0xff, 8);
    sluice_sqe sqe = {};
    unsigned bytes = sizeof w;
    m.host.put(m.page, &w, sizeof w);
    sqe.op = SLUICE_OP_WINDOW_IMPORT;
    sqe.sa = sa.slot;
    sqe.sa_gen = sa.gen;
    sqe.src = m.page;
    memcpy(sqe.src_len, &bytes, 3);
    m.device.admin(sqe);
    m.on(SLUICE_OP_WINDOW_EXPORT, sa, sizeof w);
    Bytes was = m.host.get(m.page, sizeof w);
    m.on(SLUICE_OP_SA_EXPORT, sa, SLUICE_SA_BLOB_BYTES, SLUICE_VIRTUAL_SAS - 1);
    sluice_cqe cqe = m.import(21, m.host.get(m.page, SLUICE_SA_BLOB_BYTES), SLUICE_VIRTUAL_SAS - 1);
    sa.slot = 21;
    sa.gen = static_cast<uint8_t>(cqe.length);
    bool good = cqe.status == SLUICE_STATUS_OK && m.on(SLUICE_OP_WINDOW_EXPORT, sa, sizeof w).status == SLUICE_STATUS_OK;
    ok(good && m.host.get(m.page, sizeof w) == was, "an open SA comes back with its replay window");
}

void test_statistics(Managed &m)
{
    m.device.admin(m.entry(SLUICE_OP_STATISTICS, SLUICE_STATISTICS_BYTES));
    Bytes counters = m.host.get(m.page, SLUICE_STATISTICS_BYTES);
    uint64_t taken, seals;
    memcpy(&seals, &counters[8 * 12], 8);
    memcpy(&taken, &counters[8 * 172], 8);
    m.device.snapshot();
    ok(seals == m.device.counter(SLUICE_CNT_SEAL_STATUS(0)) && seals > 0 &&
           taken + 1 >= m.device.counter(SLUICE_CNT_QUEUE_TAKEN(0)) && taken > 10,
       "statistics are the counters");
}

void test_ping(Managed &m)
{
    m.host.write32(SLUICE_REG_PING, 0xabcd1234);
    ok(m.host.until([&] { return m.host.read32(SLUICE_REG_PONG) == 0xabcd1234; }, 2000), "PING is answered by PONG");
}

void test_zeroise(Managed &m, Sa &sa, Ring &ring)
{
    m.on(SLUICE_OP_SA_EXPORT, sa, SLUICE_SA_BLOB_BYTES, 3);
    Bytes blob = m.host.get(m.page, SLUICE_SA_BLOB_BYTES);
    m.import(9, blob, 3);
    sa.slot = 9;
    uint64_t before = m.host.clocks;
    ok(m.device.admin(m.entry(SLUICE_OP_ZEROISE, 0)).status == SLUICE_STATUS_OK, "zeroise");
    printf("# zeroise: %llu clocks\n", (unsigned long long)(m.host.clocks - before));
    ok(m.seal(sa, ring) == SLUICE_STATUS_NO_SUCH_SA, "every SA is gone, queue pairs go on");
    ok(m.import(9, blob, 3).status == SLUICE_STATUS_NOT_READY && m.seeded(400000), "the generator begins anew");
    ok(m.host.until([&] { return m.host.top.idle_o; }, 3000) && memories::left(false).empty(),
       "no memory of the table's or of the lanes' holds anything of a key");
    ok(m.import(9, blob, 3).status == SLUICE_STATUS_AUTH_FAILED, "under other keys");
}

// A host that says nothing for a millisecond.
void test_keep_alive(Managed &m, Ring &ring)
{
    Sa sa = make_sa(m.host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
    sluice_sqe sqe = m.entry(SLUICE_OP_KEEP_ALIVE, 0);
    m.device.create(sa, 30);
    sqe.src_len[0] = 1;
    ok(m.device.admin(sqe).status == SLUICE_STATUS_OK, "keep_alive");
    m.host.run(100000);
    m.host.write32(SLUICE_REG_PING, 1);
    m.host.run(100000);
    ok(m.seal(sa, ring) == SLUICE_STATUS_OK && !m.host.top.idle_o,
       "a host that writes PING keeps its SAs; the card's clock goes on");
    m.host.run(40000);
    ok(m.seal(sa, ring) == SLUICE_STATUS_NO_SUCH_SA, "a host that is silent loses them");
}

void test_commands(uint64_t seed)
{
    Managed m(seed, false, true);
    Sa sa;
    ok(m.boot() && m.ready < 10000, "without tests the card is ready soon");
    printf("# boot, without march and self-test: %llu clocks, the overwriting of tables among them\n",
           (unsigned long long)m.ready);
    ok(m.device.admin(m.entry(SLUICE_OP_RANDOM, 64)).status == SLUICE_STATUS_NOT_READY, "no random numbers before the seeding");
    test_random(m);
    auto ring = m.device.queue(1, 4);
    test_create(m, sa);
    test_raw_key(m);
    ok(m.seal(sa, *ring) == SLUICE_STATUS_OK, "a record");
    test_query(m, sa);
    ok(m.seal(sa, *ring) == SLUICE_STATUS_OK, "a record with the raised counter");
    test_swap(m, sa, *ring);
    test_swap_window(m);
    test_statistics(m);
    test_ping(m);
    test_zeroise(m, sa, *ring);
    test_keep_alive(m, *ring);
    ok(m.host.broken_rules == 0, "the card keeps the rules of the link");
}

void test_bad_source(uint64_t seed)
{
    Managed m(seed, false, false);
    ok(m.boot(), "a noise source that is stuck");
    m.host.run(5000);
    ok(m.host.read32(SLUICE_REG_HEALTH) == SLUICE_HEALTH_ENTROPY_FAILED, "is noticed");
    ok(m.host.until([&] { return m.host.top.idle_o; }, 20000), "and the card is idle, once the table of blobs is empty");
    ok(m.device.admin(m.entry(SLUICE_OP_RANDOM, 64)).status == SLUICE_STATUS_NOT_READY, "there are no random numbers");
}

// What a lane's answers are compared for: a bit of its memory that cannot change takes it out of service, and the card goes on.
void test_faults_of_lanes(uint64_t seed)
{
    static const struct {
        const char *memory;
        unsigned lane, which, byte; // which of these memories
        uint8_t bit;
        unsigned health;
        const char *what;
    } faults[] = {
        {"words", 1, 1, 2 * 16 + 3, 0x40, SLUICE_HEALTH_LANE_FAILED, "a bit of a cipher key's that is always 1"},
        {"words", 0, 0, 6 * 16, 0x08, SLUICE_HEALTH_LANE_FAILED, "a bit of an HMAC state's that is always 1"},
        {"ring", 1, 16 + 5, 1000, 0x01, SLUICE_HEALTH_LANE_FAILED | SLUICE_HEALTH_MEMORY_FAILED,
         "a bit of the ring's that is always 1"},
    };
    for (const auto &f : faults) {
        Managed m(seed++, true, true);
        uint8_t *byte = memories::find(f.memory, f.which);
        bool ready = byte && m.boot([&] { byte[f.byte] |= f.bit; });
        unsigned bad = SLUICE_HEALTH_LANE_FAILED | SLUICE_HEALTH_MEMORY_FAILED;
        ok(ready && !(m.host.read32(SLUICE_REG_LANES_OK) >> f.lane & 1) && (m.host.read32(SLUICE_REG_HEALTH) & bad) == f.health,
           std::string("lane ") + std::to_string(f.lane) + ": " + f.what + ": it goes out of service");
        if (ready) {
            Sa sa = make_sa(m.host, SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_SEAL);
            auto ring = m.device.queue(1, 4);
            bool good = m.device.create(sa, 1).status == SLUICE_STATUS_OK;
            ok(good && m.seal(sa, *ring) == SLUICE_STATUS_OK && m.seal(sa, *ring) == SLUICE_STATUS_OK, "the rest goes on");
        }
    }
    Managed m(seed, true, true);
    bool ready = m.boot([&] {
        for (unsigned lane = 0; lane < LANES; lane++) {
            memories::find("words", lane)[2 * 16] |= 0x40;
        }
    });
    ok(!ready && !(m.host.read32(SLUICE_REG_STATUS) & 1) && m.host.read32(SLUICE_REG_FW_STATE) == SLUICE_FW_STATE_FAILED,
       "without a record lane the card stays closed");
}

// Cards that are made while there is one of these have the image with faults in it.
struct Image {
    Image()
    {
        char self[PATH_MAX] = {};
        Host::firmware = readlink("/proc/self/exe", self, sizeof self - 1) < 0 ? "" : self;
        Host::firmware = Host::firmware.substr(0, Host::firmware.rfind('/')) + "/../firmware/fault.hex";
    }
    ~Image()
    {
        Host::firmware.clear();
    }
};

// The image with faults in it (tests/firmware/fault.c): what stopped the firmware is in the log of the next boot.
void test_traps(uint64_t seed)
{
    static const struct {
        unsigned length, cause;
        bool value;
        const char *what;
    } faults[] = {
        {FAULT_ILLEGAL, 2, true, "an illegal instruction"},
        {FAULT_MISALIGNED, 4, false, "a misaligned load"},
        {FAULT_ACCESS, 5, false, "a load from where there is nothing"},
        {FAULT_STORE, 7, false, "a store to its code"},
        {FAULT_STACK, 0xffff, true, "a stack that ran over"},
    };
    const Image image;
    Managed m(seed, false, false);
    bool booted = m.boot();
    Sa sa = make_sa(m.host, SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, SLUICE_DIRECTION_SEAL);
    for (const auto &f : faults) {
        auto ring = m.device.queue(1, 4);
        Sa one = sa;
        booted &= m.device.create(one, 5).status == SLUICE_STATUS_OK;
        m.device.aq->push(m.entry(SLUICE_OP_RANDOM, f.length));
        m.device.aq->bell();
        bool hung = m.host.until([&] { return m.host.read32(SLUICE_REG_FW_STATE) == SLUICE_FW_STATE_HUNG; }, 20000);
        ok(booted && hung && m.seal(one, *ring) == SLUICE_STATUS_OK, std::string(f.what) + ": the firmware hangs, records go on");
        bool found = false;
        booted = m.reset();
        for (const auto &e : m.events()) {
            found |= e.code == SLUICE_LOG_EVENT_TRAP && e.where == f.cause && (f.value ? e.data1 == 0 : e.data1 != 0);
        }
        ok(booted && found, "after a reset the log tells which it was");
    }
    bool again = !m.reset();
    for (const auto &e : m.events()) {
        again |= e.code == SLUICE_LOG_EVENT_TRAP;
    }
    ok(!again, "once");
}

} // namespace

void test_firmware(uint64_t seed)
{
    test_power_on(seed);
    test_commands(seed + 1);
    test_bad_source(seed + 2);
    test_faults_of_lanes(seed + 3);
    test_traps(seed + 8);
}
