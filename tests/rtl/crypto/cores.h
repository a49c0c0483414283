// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the AES and SHA cores share: TAP, the cores and OpenSSL's answers.
#ifndef TESTS_RTL_CRYPTO_CORES_H
#define TESTS_RTL_CRYPTO_CORES_H

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Vdut.h"

using Bytes = std::vector<uint8_t>;

void ok(bool passed, const std::string &what);
/* Prints the plan and the sum over all answers; the exit status. */
int finish();
Bytes hex(const char *text);
Bytes random_bytes(std::mt19937_64 &rng, size_t count);

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

/* One block of AES, ECB. */
Bytes openssl_aes(bool decrypt, const Bytes &key, const Bytes &in);
Bytes openssl_hash(bool sha256, const Bytes &message);

/* Messages and chains of the sizes of the CAVP's tests: minutes. */
void campaign(Cores &cores, std::mt19937_64 &rng);

#endif
