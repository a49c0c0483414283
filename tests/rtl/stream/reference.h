// SPDX-License-Identifier: Apache-2.0
//
// What a stream lane must answer to the parts of a record, by the rules of rtl/README.md and OpenSSL.
#ifndef TESTS_RTL_STREAM_REFERENCE_H
#define TESTS_RTL_STREAM_REFERENCE_H

#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "sluice_defs.h"

using Bytes = std::vector<uint8_t>;
using Word = std::array<uint8_t, 16>;
using Rng = std::mt19937_64;

struct Sa {
    sluice_cipher cipher;
    sluice_mac mac;
    sluice_form form;
    unsigned mac_len;
    uint8_t minor; // of the version that seal writes
    Bytes cipher_key, mac_key;

    bool etm() const;
    unsigned block() const;
    unsigned iv_len() const; // in the record
    /* SA words, as sluice_pkg.sv has them. */
    std::array<Word, 8> words(bool open) const;
};

struct Part {
    bool open = false, first = false, last = false, fetch_err = false;
    unsigned slot = 0;
    Bytes source;
    // Of the first part.
    uint8_t type = 0x17;
    unsigned pad = 0, total = 0;
    uint64_t seq = 0;
    Bytes nonce = Bytes(16);
};

struct Answer {
    uint8_t status = 0;
    Bytes bytes;
    unsigned sure = 0;
    Bytes next_iv = Bytes(16);
};

/* What is known of a record between its parts. */
class Record
{
  public:
    Answer next(const Sa &sa, const Part &part);

  private:
    Answer open(const Sa &sa, const Part &part);
    Answer seal(const Sa &sa, const Part &part);
    bool authentic(const Sa &sa, const Bytes &plain, unsigned &content) const;

    bool active_ = false;
    Part first_;
    Bytes got_; // record or content
    size_t out_ = 0;
};

Bytes random_bytes(Rng &rng, size_t count);
Sa make_sa(Rng &rng, sluice_cipher cipher, sluice_mac mac, sluice_form form, unsigned mac_len);
unsigned digest_len(sluice_mac mac);

/* A whole record; `padding` with its padding_length, or empty for the least. */
Bytes whole_record(const Sa &sa, const Bytes &content, uint8_t type, uint64_t seq, const Bytes &iv, Bytes padding = {});

#endif
