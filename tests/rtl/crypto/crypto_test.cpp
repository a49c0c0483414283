// SPDX-License-Identifier: Apache-2.0
//
// The AES and SHA cores against their standards' examples and against OpenSSL. SEED=n repeats a run, CAVP=1 runs the long ones.
#include <cstdio>
#include <cstdlib>

#include "cores.h"

/* ECB (SP 800-38A, 6.1). */
static Bytes in_blocks(Cores &cores, const Bytes &key, bool decrypt, const Bytes &in)
{
    Bytes out;
    cores.set_key(key, decrypt);
    for (size_t at = 0; at < in.size(); at += 16) {
        Bytes block = cores.aes(Bytes(in.begin() + (long)at, in.begin() + (long)at + 16));
        out.insert(out.end(), block.begin(), block.end());
    }
    return out;
}

#define FOUR_BLOCKS                                                                                                              \
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                                                           \
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

static void test_aes_vectors(Cores &cores)
{
    static const struct {
        const char *source, *key, *plain, *cipher;
    } vectors[] = {
        {"FIPS 197 B", "2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734",
         "3925841d02dc09fbdc118597196a0b32"},
        {"FIPS 197 C.1", "000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff",
         "69c4e0d86a7b0430d8cdb78070b4c55a"},
        {"FIPS 197 C.2", "000102030405060708090a0b0c0d0e0f1011121314151617", "00112233445566778899aabbccddeeff",
         "dda97ca4864cdfe06eaf70a0ec0d7191"},
        {"FIPS 197 C.3", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", "00112233445566778899aabbccddeeff",
         "8ea2b7ca516745bfeafc49904b496089"},
        {"SP 800-38A F.1.1 and F.1.2", "2b7e151628aed2a6abf7158809cf4f3c", FOUR_BLOCKS,
         "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
         "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
        {"SP 800-38A F.1.3 and F.1.4", "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", FOUR_BLOCKS,
         "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
         "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"},
        {"SP 800-38A F.1.5 and F.1.6", "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", FOUR_BLOCKS,
         "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
         "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"},
    };
    for (const auto &v : vectors) {
        bool passed = in_blocks(cores, hex(v.key), false, hex(v.plain)) == hex(v.cipher) &&
                      in_blocks(cores, hex(v.key), true, hex(v.cipher)) == hex(v.plain);
        ok(passed, std::string("AES, both directions, as ") + v.source);
    }
}

static void test_aes_random(Cores &cores, std::mt19937_64 &rng)
{
    bool passed = true;
    for (unsigned i = 0; i < 300; i++) {
        Bytes key = random_bytes(rng, 16 + 8 * (i % 3));
        bool decrypt = rng() & 1;
        cores.set_key(key, decrypt);
        passed = passed && cores.clocks <= 130;
        for (unsigned j = 0; j < 4; j++) {
            Bytes block = random_bytes(rng, 16);
            passed = passed && cores.aes(block) == openssl_aes(decrypt, key, block) && cores.clocks == key.size() / 4 + 6;
        }
    }
    ok(passed, "AES, random keys and blocks, as OpenSSL, in one clock a round");
}

static void test_hash_vectors(Cores &cores)
{
    const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const char *const names[] = {"SHA-1", "SHA-256"};
    static const char *const abc[] = {"a9993e364706816aba3e25717850c26c9cd0d89d",
                                      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"};
    static const char *const two[] = {"84983e441c3bd26ebaae4aa1f95129e5e54670f1",
                                      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"};
    for (unsigned i = 0; i < 2; i++) {
        ok(cores.hash(i, {'a', 'b', 'c'}, 0) == hex(abc[i]),
           std::string(names[i]) + " of one block, as NIST's example for FIPS 180-4");
        ok(cores.hash(i, Bytes(two_blocks.begin(), two_blocks.end()), 0) == hex(two[i]),
           std::string(names[i]) + " of two blocks, as NIST's example for FIPS 180-4");
    }
}

static void test_hash_random(Cores &cores, std::mt19937_64 &rng)
{
    bool passed = true;
    for (unsigned len = 0; len < 300; len++) {
        Bytes message = random_bytes(rng, len);
        for (unsigned sha256 = 0; sha256 < 2; sha256++) {
            passed =
                passed && cores.hash(sha256, message, len % 3 ? 0 : 2 + (unsigned)(rng() % 5)) == openssl_hash(sha256, message);
        }
    }
    ok(passed, "SHA-1 and SHA-256, every length from 0 to 299, words with and without pauses, as OpenSSL");
}

static void test_hash_speed(Cores &cores)
{
    for (unsigned sha256 = 0; sha256 < 2; sha256++) {
        cores.hash(sha256, Bytes(64 * 40), 0);
        double each = cores.clocks / 42.0;
        printf("# %s: %.1f clocks a block\n", sha256 ? "SHA-256" : "SHA-1", each);
        ok(each < (sha256 ? 65.5 : 46.5), sha256 ? "SHA-256 takes 65 clocks a block" : "SHA-1 takes 46 clocks a block");
    }
}

int main(int argc, char **argv)
{
    Verilated::commandArgs(argc, argv);
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, nullptr, 0) : std::random_device{}();
    std::mt19937_64 rng(seed);
    printf("# SEED=%llu\n", (unsigned long long)seed);
    Cores cores;
    if (getenv("CAVP")) {
        campaign(cores, rng);
        return finish();
    }
    test_aes_vectors(cores);
    test_aes_random(cores, rng);
    test_hash_vectors(cores);
    test_hash_random(cores, rng);
    test_hash_speed(cores);
    return finish();
}
