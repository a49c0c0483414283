// SPDX-License-Identifier: Apache-2.0
//
// The AES and SHA cores against their standards' examples and against OpenSSL. SEED=n repeats a run.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <openssl/evp.h>

#include "Vdut.h"

using Bytes = std::vector<uint8_t>;

static unsigned tests, failures;
static uint64_t trace = 14695981039346656037u; // FNV-1a over what the cores answer

static void ok(bool passed, const std::string &what)
{
    printf("%sok %u - %s\n", passed ? "" : "not ", ++tests, what.c_str());
    failures += !passed;
}

static Bytes hex(const char *text)
{
    Bytes bytes;
    for (; *text; text += 2) {
        bytes.push_back((uint8_t)strtoul(std::string(text, 2).c_str(), nullptr, 16));
    }
    return bytes;
}

class Cores
{
  public:
    Cores();
    /* Expands a key for one direction, which aes() then works in; leaves the clocks that it took in `clocks`. */
    void set_key(const Bytes &key, bool decrypt);
    /* One block; the clocks from its start to its result are left in `clocks`. */
    Bytes aes(const Bytes &in);
    /* A whole message, with `gap` clocks without words now and then, and a block behind it whose result is discarded. */
    Bytes hash(bool sha256, const Bytes &message, unsigned gap);
    unsigned clocks = 0;

  private:
    void tick();
    void shift(uint32_t word);
    void load(bool sha256);
    void blocks(bool sha256, const Bytes &padded, unsigned gap);
    std::unique_ptr<Vdut> top_;
};

Cores::Cores() : top_(new Vdut)
{
    top_->rst_ni = 0;
    tick();
    tick();
    top_->rst_ni = 1;
}

void Cores::tick()
{
    top_->clk_i = 0;
    top_->eval();
    top_->clk_i = 1;
    top_->eval();
}

void Cores::set_key(const Bytes &key, bool decrypt)
{
    top_->aes_decrypt_i = top_->key_decrypt_i = decrypt;
    top_->key_words_i = (uint8_t)(key.size() / 4);
    memset(&top_->key_i, 0, 32);
    memcpy(&top_->key_i, key.data(), key.size());
    top_->key_start_i = 1;
    tick();
    top_->key_start_i = 0;
    for (clocks = 0; top_->key_busy_o && clocks < 1000; clocks++) {
        tick();
    }
}

Bytes Cores::aes(const Bytes &in)
{
    Bytes out(16);
    memcpy(&top_->aes_data_i, in.data(), 16);
    tick();
    top_->aes_start_i = 1;
    tick();
    top_->aes_start_i = 0;
    for (clocks = 1; !top_->aes_done_o && clocks < 1000; clocks++) {
        tick();
    }
    memcpy(out.data(), &top_->aes_data_o, 16);
    for (uint8_t b : out) {
        trace = (trace ^ b) * 1099511628211u;
    }
    tick();
    return out;
}

void Cores::shift(uint32_t word)
{
    top_->shift_i = 1;
    top_->shift_word_i = word;
    tick();
    top_->shift_i = 0;
}

void Cores::load(bool sha256)
{
    static const uint32_t first256[] = {0x5be0cd19, 0x1f83d9ab, 0x9b05688c, 0x510e527f,
                                        0xa54ff53a, 0x3c6ef372, 0xbb67ae85, 0x6a09e667};
    static const uint32_t first1[] = {0xc3d2e1f0, 0x10325476, 0x98badcfe, 0xefcdab89, 0x67452301};
    top_->sha256_i = sha256;
    for (unsigned i = 0; i < (sha256 ? 8u : 5u); i++) {
        shift(sha256 ? first256[i] : first1[i]);
    }
    top_->init_i = 1;
    tick();
    top_->init_i = 0;
}

static uint32_t big_endian(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void Cores::blocks(bool sha256, const Bytes &padded, unsigned gap)
{
    size_t at = 0, done = 0, count = padded.size() / 64;
    for (clocks = 0; done < count && clocks < 100000; clocks++) {
        top_->discard_i = done == count - 1;
        top_->valid_i = at < padded.size() && (gap == 0 || clocks % gap != 0);
        if (top_->valid_i) {
            uint64_t low = big_endian(&padded[at]), high = sha256 ? 0 : big_endian(&padded[at + 4]);
            top_->words_i = high << 32 | low;
        }
        top_->clk_i = 0;
        top_->eval();
        at += top_->valid_i && top_->ready_o ? (sha256 ? 4 : 8) : 0;
        done += top_->hash_done_o;
        tick();
    }
    top_->valid_i = 0;
}

Bytes Cores::hash(bool sha256, const Bytes &message, unsigned gap)
{
    Bytes padded = message;
    padded.push_back(0x80);
    padded.resize((padded.size() + 8 + 63) / 64 * 64);
    for (unsigned i = 0; i < 8; i++) {
        padded[padded.size() - 1 - i] = (uint8_t)((uint64_t)message.size() * 8 >> 8 * i);
    }
    padded.resize(padded.size() + 64, 0xa5);
    load(sha256);
    blocks(sha256, padded, gap);
    size_t words = sha256 ? 8 : 5;
    Bytes digest(4 * words);
    for (size_t i = words; i-- > 0;) {
        for (unsigned j = 0; j < 4; j++) {
            digest[4 * i + j] = (uint8_t)(top_->tail_o >> (24 - 8 * j));
            trace = (trace ^ digest[4 * i + j]) * 1099511628211u;
        }
        shift(0);
    }
    return digest;
}

static Bytes openssl_aes(bool decrypt, const Bytes &key, const Bytes &in)
{
    const EVP_CIPHER *cipher = key.size() == 16 ? EVP_aes_128_ecb() : key.size() == 24 ? EVP_aes_192_ecb() : EVP_aes_256_ecb();
    Bytes out(32);
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_CipherInit_ex(ctx, cipher, nullptr, key.data(), nullptr, !decrypt);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    EVP_CipherUpdate(ctx, out.data(), &len, in.data(), 16);
    EVP_CIPHER_CTX_free(ctx);
    out.resize(16);
    return out;
}

static Bytes openssl_hash(bool sha256, const Bytes &message)
{
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned len = 0;
    EVP_Digest(message.data(), message.size(), digest.data(), &len, sha256 ? EVP_sha256() : EVP_sha1(), nullptr);
    digest.resize(len);
    return digest;
}

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
        Bytes key(16 + 8 * (i % 3)), block(16);
        for (auto &b : key) {
            b = (uint8_t)rng();
        }
        bool decrypt = rng() & 1;
        cores.set_key(key, decrypt);
        passed = passed && cores.clocks <= 130;
        for (unsigned j = 0; j < 4; j++) {
            for (auto &b : block) {
                b = (uint8_t)rng();
            }
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
        Bytes message(len);
        for (auto &b : message) {
            b = (uint8_t)rng();
        }
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
    test_aes_vectors(cores);
    test_aes_random(cores, rng);
    test_hash_vectors(cores);
    test_hash_random(cores, rng);
    test_hash_speed(cores);
    printf("# trace %016llx\n1..%u\n", (unsigned long long)trace, tests);
    return failures != 0;
}
