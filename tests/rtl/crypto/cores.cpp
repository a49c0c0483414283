// SPDX-License-Identifier: Apache-2.0
#include "cores.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <openssl/evp.h>

static unsigned tests, failures;
static uint64_t trace = 14695981039346656037u; // FNV-1a over what the cores answer

void ok(bool passed, const std::string &what)
{
    printf("%sok %u - %s\n", passed ? "" : "not ", ++tests, what.c_str());
    failures += !passed;
}

Bytes hex(const char *text)
{
    Bytes bytes;
    for (; *text; text += 2) {
        bytes.push_back((uint8_t)strtoul(std::string(text, 2).c_str(), nullptr, 16));
    }
    return bytes;
}

Bytes random_bytes(std::mt19937_64 &rng, size_t count)
{
    Bytes bytes(count);
    for (auto &b : bytes) {
        b = (uint8_t)rng();
    }
    return bytes;
}

int finish()
{
    printf("# trace %016llx\n1..%u\n", (unsigned long long)trace, tests);
    return failures != 0;
}

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
    for (clocks = 0; done < count && clocks < 1000 + 200 * count; clocks++) {
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

Bytes openssl_aes(bool decrypt, const Bytes &key, const Bytes &in)
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

Bytes openssl_hash(bool sha256, const Bytes &message)
{
    Bytes digest(EVP_MAX_MD_SIZE);
    unsigned len = 0;
    EVP_Digest(message.data(), message.size(), digest.data(), &len, sha256 ? EVP_sha256() : EVP_sha1(), nullptr);
    digest.resize(len);
    return digest;
}
