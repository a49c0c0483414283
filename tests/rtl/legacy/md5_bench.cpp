// SPDX-License-Identifier: Apache-2.0
//
// sluice_md5 against RFC 1321 and OpenSSL. CAVP=1 runs the long tests.
#include <openssl/evp.h>
#include <openssl/md5.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "bench.h"

namespace
{
constexpr uint64_t BlockClocks = 65, InitClocks = 4;

using State = std::array<uint32_t, 4>;
constexpr State Initial = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};

class Md5 : public Clocked
{
  public:
    explicit Md5(Rng &rng) : rng_(rng)
    {
        dut.shift_i = dut.init_i = dut.word_valid_i = dut.discard_i = 0;
        step();
        dut.rst_ni = 1;
        step();
    }

    void step()
    {
        settle();
        tick((uint64_t)dut.word_ready_o << 33 | (uint64_t)dut.done_o << 32 | (loaded_ ? dut.tail_o : 0));
    }

    void load(const State &state)
    {
        exchange(state);
        loaded_ = true;
        dut.init_i = 1;
        step();
        dut.init_i = 0;
    }

    // Puts a chaining value in and gives the one that was there.
    State exchange(const State &in)
    {
        State out;
        dut.shift_i = 1;
        for (int i = 3; i >= 0; i--) {
            dut.shift_word_i = in[i];
            settle();
            out[i] = dut.tail_o;
            step();
        }
        dut.shift_i = 0;
        return out;
    }

    // Hashes whole blocks, each word offered after a random wait below `gap` clocks; the results of some blocks are discarded.
    // Gives the clocks until the last done_o; stops early when that does not come.
    uint64_t hash(const Bytes &message, unsigned gap = 1, const std::set<unsigned> &discarded = {})
    {
        const size_t words = message.size() / 4, blocks = words / 16;
        const uint64_t begin = clocks;
        unsigned done = 0;
        size_t taken = 0;
        uint64_t wait = rng_.below(gap);
        while (done < blocks && clocks - begin < 100 + blocks * 16 * (BlockClocks + gap)) {
            dut.word_valid_i = taken < words && wait == 0;
            dut.word_i = taken < words ? little(&message[4 * taken]) : 0xdeadbeef;
            dut.discard_i = discarded.count(done) != 0;
            settle();
            bool took = dut.word_valid_i && dut.word_ready_o;
            wait = took ? rng_.below(gap) : wait ? wait - 1 : 0;
            taken += took;
            done += dut.done_o;
            step();
        }
        dut.word_valid_i = dut.discard_i = 0;
        return clocks - begin;
    }

  private:
    static uint32_t little(const uint8_t *bytes)
    {
        return (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];
    }

    Rng &rng_;
    bool loaded_ = false;
};

// RFC 1321, 3.1 and 3.2.
Bytes padded(const Bytes &message)
{
    Bytes all = message;
    all.push_back(0x80);
    while (all.size() % 64 != 56) {
        all.push_back(0);
    }
    for (unsigned i = 0; i < 8; i++) {
        all.push_back((uint8_t)((uint64_t)message.size() * 8 >> 8 * i));
    }
    return all;
}

Bytes digest(Md5 &md5, const Bytes &message, unsigned gap)
{
    md5.load(Initial);
    md5.hash(padded(message), gap);
    Bytes bytes;
    for (uint32_t word : md5.exchange({})) {
        for (unsigned i = 0; i < 4; i++) {
            bytes.push_back((uint8_t)(word >> 8 * i));
        }
    }
    return bytes;
}

Bytes openssl(const Bytes &message)
{
    Bytes bytes(16);
    unsigned length = 0;
    if (EVP_Digest(message.data(), message.size(), bytes.data(), &length, EVP_md5(), nullptr) != 1 || length != 16) {
        bytes.clear();
    }
    return bytes;
}

State openssl(const State &from, const Bytes &blocks, const std::set<unsigned> &discarded)
{
    MD5_CTX context;
    MD5_Init(&context);
    context.A = from[0];
    context.B = from[1];
    context.C = from[2];
    context.D = from[3];
    for (unsigned i = 0; i < blocks.size() / 64; i++) {
        if (!discarded.count(i)) {
            MD5_Transform(&context, &blocks[64 * i]);
        }
    }
    return {context.A, context.B, context.C, context.D};
}

State random_state(Rng &rng)
{
    State state;
    for (auto &word : state) {
        word = (uint32_t)rng.next();
    }
    return state;
}

void known_answers(Md5 &md5)
{
    static const struct {
        const char *message, *digest;
    } suite[] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"a", "0cc175b9c0f1b6a831c399e269772661"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
        {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890", "57edf4a22be3c955ac49da2e2107b67a"},
    };
    for (const auto &entry : suite) {
        Bytes message(entry.message, entry.message + strlen(entry.message));
        ok(digest(md5, message, 1) == from_hex(entry.digest), std::string("RFC 1321, A.5: \"") + entry.message + "\"");
    }
}

// As SHAVS has it for the SHA family: short and long messages, and 100,000 that are chained.
void campaign(Md5 &md5, Rng &rng)
{
    bool pass = true;
    for (unsigned i = 0; i < 1000; i++) {
        Bytes message = rng.bytes(rng.below(16384));
        pass = pass && digest(md5, message, i % 4 ? 1 : 4) == openssl(message);
    }
    ok(pass, "1000 random messages of up to 16 KiB as OpenSSL");
    Bytes message = rng.bytes(48);
    for (unsigned i = 0; pass && i < 100000; i++) {
        Bytes next = digest(md5, message, 1);
        pass = next == openssl(message);
        message.erase(message.begin(), message.begin() + 16);
        message.insert(message.end(), next.begin(), next.end());
    }
    ok(pass, "100,000 chained messages as OpenSSL");
}

void random_messages(Md5 &md5, Rng &rng)
{
    bool pass = true;
    for (unsigned length = 0; length <= 300; length++) {
        Bytes message = rng.bytes(length);
        pass = pass && digest(md5, message, 1) == openssl(message);
    }
    ok(pass, "messages of every length from 0 to 300 as OpenSSL");
    pass = true;
    for (unsigned i = 0; i < 200; i++) {
        Bytes message = rng.bytes(rng.below(2000));
        pass = pass && digest(md5, message, 1 + (unsigned)rng.below(40)) == openssl(message);
    }
    ok(pass, "random messages whose words come late as OpenSSL");
}

void random_states(Md5 &md5, Rng &rng)
{
    bool pass = true, spared = true;
    for (unsigned i = 0; i < 500; i++) {
        State state = random_state(rng);
        Bytes blocks = rng.bytes(64 * (1 + rng.below(5)));
        std::set<unsigned> discarded;
        md5.load(state);
        md5.hash(blocks, 1 + (unsigned)rng.below(3));
        pass = pass && md5.exchange({}) == openssl(state, blocks, {});
        for (unsigned block = 0; block < blocks.size() / 64; block++) {
            if (rng.below(2)) {
                discarded.insert(block);
            }
        }
        md5.load(state);
        md5.hash(blocks, 1 + (unsigned)rng.below(3), discarded);
        spared = spared && md5.exchange({}) == openssl(state, blocks, discarded);
    }
    ok(pass, "blocks from random chaining values as OpenSSL");
    ok(spared, "a discarded block leaves the chaining value, and the blocks after it right");
}

void timing(Md5 &md5, Rng &rng)
{
    md5.load(Initial);
    uint64_t one = md5.hash(rng.bytes(64));
    md5.load(Initial);
    uint64_t eleven = md5.hash(rng.bytes(64 * 11));
    ok(eleven - one == 10 * BlockClocks, "a block takes " + std::to_string(BlockClocks) + " clocks when words are there");
    ok(one <= BlockClocks + InitClocks + 1, "the first block takes " + std::to_string(one) + " from init_i on, loading included");
}

void reset(Md5 &md5, Rng &rng)
{
    bool pass = true;
    for (unsigned i = 0; i < 150; i++) {
        Bytes message = rng.bytes(100);
        md5.load(Initial);
        md5.dut.word_valid_i = 1;
        for (unsigned clock = 0; clock < i; clock++) {
            md5.step();
        }
        md5.dut.word_valid_i = 0;
        md5.dut.rst_ni = 0;
        md5.step();
        md5.dut.rst_ni = 1;
        pass = pass && digest(md5, message, 1) == openssl(message);
    }
    ok(pass, "reset in any clock of a block leaves the core usable");
}
} // namespace

int main()
{
    Rng rng(seed_of_run());
    auto md5 = std::make_unique<Md5>(rng);
    if (getenv("CAVP")) {
        campaign(*md5, rng);
        return finish();
    }
    known_answers(*md5);
    random_messages(*md5, rng);
    random_states(*md5, rng);
    timing(*md5, rng);
    reset(*md5, rng);
    md5->print_trace();
    return finish();
}
