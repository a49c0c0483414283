// SPDX-License-Identifier: Apache-2.0
//
// sluice_des against published answers and against OpenSSL. CAVP=1 runs the long tests.
#include <openssl/des.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "bench.h"
#include "des_vectors.h"

namespace
{
constexpr uint64_t DesClocks = 9, TripleClocks = 25; // from a start to the next

uint64_t pack(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) {
        word = word << 8 | bytes[i];
    }
    return word;
}

Bytes unpack(uint64_t word)
{
    Bytes bytes(8);
    for (auto &byte : bytes) {
        byte = (uint8_t)word;
        word >>= 8;
    }
    return bytes;
}

class Des : public Clocked
{
  public:
    Des()
    {
        dut.key_valid_i = dut.start_i = 0;
        dut.decrypt_i = dut.triple_i = 0;
        step();
        dut.rst_ni = 1;
        step();
    }

    void step()
    {
        settle();
        // data_o means nothing before the first result.
        seen_ |= dut.done_o;
        tick((uint64_t)dut.ready_o << 1 | dut.done_o | (seen_ ? dut.data_o << 2 : 0));
    }

    // Loads the key, of 8 bytes or 24, as its order of use wants it.
    void load(const Bytes &key, bool decrypt)
    {
        bool triple = key.size() == 24;
        dut.decrypt_i = decrypt;
        dut.triple_i = triple;
        dut.key_valid_i = 1;
        for (unsigned i = 0; i < 3; i++) {
            unsigned used = !triple ? 0 : decrypt ? 2 - i : i;
            // Of DES only the first key counts: the others are anything.
            dut.key_i = triple || i == 0 ? pack(&key[8 * used]) : 0x0123456789abcdef * (i + 1);
            step();
        }
        dut.key_valid_i = 0;
    }

    Bytes block(const Bytes &in)
    {
        dut.data_i = pack(in.data());
        dut.start_i = 1;
        settle();
        for (unsigned i = 0; !dut.ready_o && i < 100; i++) {
            step();
            settle();
        }
        step();
        dut.start_i = 0;
        dut.data_i = ~dut.data_i;
        settle();
        for (unsigned i = 0; !dut.done_o && i < 100; i++) {
            step();
            settle();
        }
        return unpack(dut.data_o);
    }

  private:
    bool seen_ = false;
};

Bytes openssl(const Bytes &key, const Bytes &in, bool decrypt)
{
    DES_key_schedule schedule[3];
    for (unsigned i = 0; i < 3; i++) {
        DES_cblock part;
        memcpy(part, &key[key.size() == 24 ? 8 * i : 0], 8);
        DES_set_key_unchecked(&part, &schedule[i]);
    }
    DES_cblock from, to;
    memcpy(from, in.data(), 8);
    int direction = decrypt ? DES_DECRYPT : DES_ENCRYPT;
    if (key.size() == 24) {
        DES_ecb3_encrypt(&from, &to, &schedule[0], &schedule[1], &schedule[2], direction);
    } else {
        DES_ecb_encrypt(&from, &to, &schedule[0], direction);
    }
    return Bytes(to, to + 8);
}

bool both_ways(Des &des, const Bytes &key, const Bytes &plain, const Bytes &cipher)
{
    des.load(key, false);
    bool sealed = des.block(plain) == cipher;
    des.load(key, true);
    return des.block(cipher) == plain && sealed;
}

Bytes thrice(const Bytes &key)
{
    Bytes all = key;
    all.insert(all.end(), key.begin(), key.end());
    all.insert(all.end(), key.begin(), key.end());
    return all;
}

void known_answers(Des &des)
{
    bool single = true, triple = true;
    Bytes key = from_hex("0101010101010101");
    for (unsigned i = 0; i < 64; i++) {
        Bytes plain(8);
        plain[i / 8] = (uint8_t)(0x80 >> i % 8);
        single = single && both_ways(des, key, plain, from_hex(VariablePlaintext[i]));
        triple = triple && both_ways(des, thrice(key), plain, from_hex(VariablePlaintext[i]));
    }
    ok(single, "DES: variable plain text, SP 800-17 table A.1, both ways");
    ok(triple, "3DES with equal keys: the same answers, SP 800-20 table A.1");
    for (const Answers &published : Published) {
        bool pass = true;
        for (const Answer &a : published.answers) {
            pass = pass && both_ways(des, from_hex(a.key), from_hex(a.plain), from_hex(a.cipher));
        }
        ok(pass, std::string("both ways: ") + published.source);
    }
}

void variable_key(Des &des)
{
    bool pass = true;
    for (unsigned i = 0; i < 192; i++) {
        Bytes key(24, 1), zero(8);
        key[i / 8] ^= (uint8_t)(0x80 >> i % 8);
        pass = pass && both_ways(des, key, zero, openssl(key, zero, false));
        if (i < 64) {
            key.resize(8);
            pass = pass && both_ways(des, key, zero, openssl(key, zero, false));
        }
    }
    ok(pass, "every key bit alone, of DES and of each 3DES key, parity bits too, as OpenSSL");
}

void random_blocks(Des &des, Rng &rng, bool triple, bool decrypt, unsigned keys)
{
    bool pass = true;
    for (unsigned i = 0; i < keys; i++) {
        Bytes key = rng.bytes(triple ? 24 : 8);
        des.load(key, decrypt);
        for (uint64_t left = 1 + rng.below(8); left > 0; left--) {
            Bytes in = rng.bytes(8);
            for (uint64_t idle = rng.below(4) ? 0 : rng.below(5); idle > 0; idle--) {
                des.step();
            }
            pass = pass && des.block(in) == openssl(key, in, decrypt);
        }
    }
    ok(pass, std::string(triple ? "3DES " : "DES ") + (decrypt ? "decrypts" : "encrypts") + " random blocks as OpenSSL");
}

void clocks(Des &des, Rng &rng, bool triple)
{
    const uint64_t expected = triple ? TripleClocks : DesClocks;
    des.load(rng.bytes(triple ? 24 : 8), false);
    des.block(rng.bytes(8));
    uint64_t before = des.clocks;
    Bytes data = rng.bytes(8);
    for (unsigned i = 0; i < 10; i++) {
        data = des.block(data);
    }
    uint64_t taken = des.clocks - before;
    ok(taken == 10 * expected,
       std::string(triple ? "3DES" : "DES") + " takes " + std::to_string(expected) + " clocks a block, also when chained");
}

void reset_clears(Des &des, Rng &rng)
{
    des.load(rng.bytes(24), false);
    des.block(rng.bytes(8));
    des.dut.rst_ni = 0;
    des.step();
    des.dut.rst_ni = 1;
    Bytes in = rng.bytes(8);
    ok(des.block(in) == openssl(Bytes(24), in, false), "reset clears all three keys");
    Bytes key = rng.bytes(24);
    des.load(key, true);
    des.dut.data_i = 0;
    des.dut.start_i = 1;
    des.step();
    des.dut.start_i = 0;
    for (uint64_t i = rng.below(20); i > 0; i--) {
        des.step();
    }
    des.dut.rst_ni = 0;
    des.step();
    des.dut.rst_ni = 1;
    ok(both_ways(des, key, in, openssl(key, in, false)), "reset in the middle of a block leaves the core usable");
}
// SP 800-20's Monte Carlo test in ECB: keys, each chained through 10,000 blocks; a key goes on from the last results.
bool chain(Des &des, Rng &rng, bool triple, bool decrypt, unsigned keys)
{
    Bytes key = rng.bytes(triple ? 24 : 8), block = rng.bytes(8);
    for (unsigned i = 0; i < keys; i++) {
        des.load(key, decrypt);
        std::array<Bytes, 3> last;
        for (unsigned j = 0; j < 10000; j++) {
            Bytes next = des.block(block);
            if (next != openssl(key, block, decrypt)) {
                return false;
            }
            block = next;
            last[j % 3] = next;
        }
        for (size_t k = 0; k < key.size(); k++) {
            key[k] ^= last[(9999 - k / 8) % 3][k % 8];
        }
    }
    return true;
}

void campaign(Des &des, Rng &rng)
{
    for (bool triple : {false, true}) {
        for (bool decrypt : {false, true}) {
            random_blocks(des, rng, triple, decrypt, 20000);
            ok(chain(des, rng, triple, decrypt, 400), std::string(triple ? "3DES " : "DES ") +
                                                          (decrypt ? "decrypts" : "encrypts") +
                                                          " 4,000,000 chained blocks (SP 800-20 Monte Carlo) as OpenSSL");
        }
    }
}
} // namespace

int main()
{
    Rng rng(seed_of_run());
    auto des = std::make_unique<Des>();
    if (getenv("CAVP")) {
        campaign(*des, rng);
        return finish();
    }
    known_answers(*des);
    variable_key(*des);
    for (bool triple : {false, true}) {
        random_blocks(*des, rng, triple, false, 2000);
        random_blocks(*des, rng, triple, true, 2000);
        clocks(*des, rng, triple);
    }
    reset_clears(*des, rng);
    des->print_trace();
    return finish();
}
