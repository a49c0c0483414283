// SPDX-License-Identifier: Apache-2.0
//
// The sizes are those of NIST's validation suites (AESAVS, SHAVS); keys and messages are random and the answers OpenSSL's.
#include <cstdio>

#include "cores.h"

/* AESAVS 6.1 to 6.3: one bit after the other set in the block, and in the key. */
static bool aes_every_bit(Cores &cores, size_t key_size, bool decrypt)
{
    bool passed = true;
    Bytes key(key_size), block(16);
    cores.set_key(key, decrypt);
    for (unsigned i = 0; i < 128; i++) {
        block[i / 8] |= (uint8_t)(0x80 >> i % 8);
        passed = passed && cores.aes(block) == openssl_aes(decrypt, key, block);
    }
    for (unsigned i = 0; i < 8 * key_size; i++) {
        key[i / 8] |= (uint8_t)(0x80 >> i % 8);
        cores.set_key(key, decrypt);
        passed = passed && cores.aes(block) == openssl_aes(decrypt, key, block);
    }
    return passed;
}

/* AESAVS 6.4, the Monte Carlo test in ECB: 100 keys, each chained through 1000 blocks; the key goes on from the last results. */
static bool aes_chain(Cores &cores, std::mt19937_64 &rng, size_t key_size, bool decrypt)
{
    Bytes key = random_bytes(rng, key_size), block = random_bytes(rng, 16), before;
    for (unsigned i = 0; i < 100; i++) {
        cores.set_key(key, decrypt);
        for (unsigned j = 0; j < 1000; j++) {
            before = block;
            block = cores.aes(block);
            if (block != openssl_aes(decrypt, key, before)) {
                return false;
            }
        }
        for (size_t k = 0; k < key_size; k++) {
            size_t from_end = key_size - k;
            key[k] ^= from_end <= 16 ? block[16 - from_end] : before[32 - from_end];
        }
    }
    return true;
}

/* SHAVS 6.2 and 6.3: every length up to a block, then 64 long ones, the last of 51,200 bits. */
static bool hash_lengths(Cores &cores, std::mt19937_64 &rng, bool sha256)
{
    bool passed = true;
    for (unsigned i = 0; i <= 128; i++) {
        Bytes message = random_bytes(rng, i <= 64 ? i : 64 + 99 * (i - 64));
        passed = passed && cores.hash(sha256, message, i % 7 == 6 ? 5 : 0) == openssl_hash(sha256, message);
    }
    return passed;
}

/* SHAVS 6.4: 100 seeds, each hashed 1000 times on from the three digests before. */
static bool hash_chain(Cores &cores, std::mt19937_64 &rng, bool sha256)
{
    Bytes seed = random_bytes(rng, sha256 ? 32 : 20);
    for (unsigned i = 0; i < 100; i++) {
        Bytes last[3] = {seed, seed, seed};
        for (unsigned j = 0; j < 1000; j++) {
            Bytes message;
            for (const Bytes &digest : last) {
                message.insert(message.end(), digest.begin(), digest.end());
            }
            seed = cores.hash(sha256, message, 0);
            if (seed != openssl_hash(sha256, message)) {
                return false;
            }
            last[0] = last[1];
            last[1] = last[2];
            last[2] = seed;
        }
    }
    return true;
}

void campaign(Cores &cores, std::mt19937_64 &rng)
{
    for (size_t key_size : {16, 24, 32}) {
        for (bool decrypt : {false, true}) {
            std::string name = "AES-" + std::to_string(8 * key_size) + (decrypt ? " decrypts" : " encrypts");
            ok(aes_every_bit(cores, key_size, decrypt), name + " each bit of block and key, as OpenSSL");
            ok(aes_chain(cores, rng, key_size, decrypt), name + " 100,000 chained blocks (AESAVS Monte Carlo), as OpenSSL");
        }
    }
    for (bool sha256 : {false, true}) {
        std::string name = sha256 ? "SHA-256" : "SHA-1";
        ok(hash_lengths(cores, rng, sha256), name + " of short and long messages (SHAVS), as OpenSSL");
        ok(hash_chain(cores, rng, sha256), name + " of 100,000 chained messages (SHAVS Monte Carlo), as OpenSSL");
    }
    const Bytes a(1000000, 'a');
    ok(cores.hash(false, a, 0) == hex("34aa973cd4c4daa4f61eeb2bdbad27316534016f"), "SHA-1 of a million a's, NIST's example");
    ok(cores.hash(true, a, 0) == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
       "SHA-256 of a million a's, NIST's example");
}
