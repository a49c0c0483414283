// SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

unsigned Sa::block() const
{
    return cipher == SLUICE_CIPHER_NULL ? 1 : cipher <= SLUICE_CIPHER_DES3 ? 8 : 16;
}

bool Sa::aes() const
{
    return cipher >= SLUICE_CIPHER_AES128;
}

bool Sa::tls() const
{
    return form >= SLUICE_FORM_TLS_MTE;
}

bool Sa::etm() const
{
    return form == SLUICE_FORM_UDP_ETM || form == SLUICE_FORM_TLS_ETM;
}

unsigned Sa::header_len() const
{
    return tls() ? 5 : SLUICE_UDP_HEADER_BYTES;
}

unsigned Sa::nonce_len() const
{
    if (tls()) {
        return form == SLUICE_FORM_TLS10 || block() == 1 ? 0 : block();
    }
    return aes() ? 16 : 8;
}

unsigned Sa::first_byte() const
{
    return tls() && nonce_len() != 8 ? 11 : 3;
}

unsigned Sa::body_word() const
{
    return tls() && nonce_len() == 16 ? 2 : 1;
}

static unsigned encrypted_len(const Sa &sa, unsigned content, unsigned pad)
{
    unsigned inside = content + (sa.etm() ? 0 : sa.mac_len), block = sa.block();
    return block == 1 ? inside : (inside / block + 1 + pad) * block;
}

unsigned Sa::record_len(unsigned content, unsigned pad) const
{
    return header_len() + encrypted_len(*this, content, pad) + (etm() ? mac_len : 0) + nonce_len();
}

int Sa::inside_max(unsigned encrypted) const
{
    int content = (int)encrypted - (etm() ? 0 : (int)mac_len) - (block() > 1 ? 1 : 0);
    return encrypted % block() != 0 || content < 0 || content > (int)SLUICE_MAX_CONTENT + 255 ? -1 : content;
}

int Sa::content_max(unsigned record) const
{
    int encrypted = (int)record - (int)header_len() - (int)nonce_len() - (etm() ? (int)mac_len : 0);
    return encrypted < 0 ? -1 : inside_max((unsigned)encrypted);
}

Bytes random_bytes(Rng &rng, size_t count)
{
    Bytes bytes(count);
    for (auto &b : bytes) {
        b = (uint8_t)rng();
    }
    return bytes;
}

Bytes counter_bytes(uint64_t counter)
{
    Bytes bytes(16);
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(counter >> 8 * i);
    }
    return bytes;
}

static unsigned key_len(sluice_cipher cipher)
{
    static const unsigned lens[] = {0, 8, 24, 16, 24, 32};
    return lens[cipher];
}

unsigned digest_len(sluice_mac mac)
{
    static const unsigned lens[] = {0, 16, 20, 32};
    return lens[mac];
}

Sa make_sa(Rng &rng, sluice_cipher cipher, sluice_mac mac, sluice_form form, unsigned mac_len, bool explicit_nonce)
{
    bool tls = form >= SLUICE_FORM_TLS_MTE;
    uint8_t minor = form == SLUICE_FORM_TLS10 ? 1 : tls ? (uint8_t)(2 + rng() % 2) : 3;
    return {cipher,
            mac,
            form,
            explicit_nonce || tls,
            mac_len,
            minor,
            random_bytes(rng, 8),
            random_bytes(rng, key_len(cipher)),
            random_bytes(rng, digest_len(mac))};
}

Sa random_sa(Rng &rng, bool legacy)
{
    static const sluice_cipher ciphers[] = {SLUICE_CIPHER_NULL,   SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES192,
                                            SLUICE_CIPHER_AES256, SLUICE_CIPHER_DES,    SLUICE_CIPHER_DES3};
    static const sluice_mac macs[] = {SLUICE_MAC_SHA256, SLUICE_MAC_SHA1, SLUICE_MAC_MD5};
    sluice_cipher cipher = ciphers[rng() % (legacy ? 6 : 4)];
    sluice_mac mac = rng() % 8 == 0 ? SLUICE_MAC_NONE : macs[rng() % (legacy ? 3 : 2)];
    sluice_form form = (sluice_form)(rng() % 5);
    unsigned most = digest_len(mac), least = most < 10 ? most : 10;
    unsigned mac_len = rng() % 2 ? most : least + (unsigned)(rng() % (most - least + 1));
    return make_sa(rng, cipher, mac, form, mac_len, rng() % 4 == 0);
}

static void md5_state(const uint8_t *block, uint32_t *state)
{
    MD5_CTX ctx;
    MD5_Init(&ctx);
    MD5_Update(&ctx, block, 64);
    const uint32_t h[4] = {ctx.A, ctx.B, ctx.C, ctx.D};
    std::copy(h, h + 4, state);
}

static void sha1_state(const uint8_t *block, uint32_t *state)
{
    SHA_CTX ctx;
    SHA1_Init(&ctx);
    SHA1_Update(&ctx, block, 64);
    const uint32_t h[5] = {ctx.h0, ctx.h1, ctx.h2, ctx.h3, ctx.h4};
    std::copy(h, h + 5, state);
}

static void sha256_state(const uint8_t *block, uint32_t *state)
{
    SHA256_CTX ctx;
    SHA256_Init(&ctx);
    SHA256_Update(&ctx, block, 64);
    std::copy(ctx.h, ctx.h + 8, state);
}

std::array<std::array<uint8_t, 16>, 4> hmac_states(sluice_mac mac, const Bytes &key)
{
    std::array<std::array<uint8_t, 16>, 4> words{};
    for (unsigned side = 0; side < 2; side++) {
        uint8_t block[64];
        memset(block, side ? 0x5c : 0x36, sizeof block);
        for (size_t i = 0; i < key.size(); i++) {
            block[i] ^= key[i];
        }
        uint32_t state[8] = {0};
        (mac == SLUICE_MAC_SHA256 ? sha256_state : mac == SLUICE_MAC_SHA1 ? sha1_state : md5_state)(block, state);
        memcpy(words[2 * side].data(), state, 16);
        memcpy(words[2 * side + 1].data(), state + 4, 16);
    }
    return words;
}

std::array<std::array<uint8_t, 16>, 8> Sa::words() const
{
    std::array<std::array<uint8_t, 16>, 8> words{};
    words[0] = {(uint8_t)cipher, (uint8_t)mac, (uint8_t)form, 0, (uint8_t)mac_len, (uint8_t)explicit_nonce};
    words[0][7] = form == SLUICE_FORM_TLS_MTE || form == SLUICE_FORM_TLS_ETM ? minor : 0;
    std::copy(cid.begin(), cid.end(), words[0].begin() + 8);
    for (size_t i = 0; i < cipher_key.size(); i++) {
        words[2 + i / 16][i % 16] = cipher_key[i];
    }
    if (mac != SLUICE_MAC_NONE) {
        auto states = hmac_states(mac, mac_key);
        std::copy(states.begin(), states.end(), words.begin() + 4);
    }
    return words;
}

static void check(int ok)
{
    if (ok <= 0) {
        abort();
    }
}

/* CBC, or without an IV a single block. Single DES is 3DES with three times the same key. */
static Bytes cipher(const Sa &sa, bool encrypt, const uint8_t *iv, const Bytes &in)
{
    const EVP_CIPHER *cbc[] = {EVP_des_ede3_cbc(), EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc()};
    uint8_t zeros[16] = {0};
    Bytes key = sa.cipher_key, out(in.size() + 16);
    while (key.size() < 24 && sa.block() == 8) {
        key.insert(key.end(), sa.cipher_key.begin(), sa.cipher_key.end());
    }
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    check(EVP_CipherInit_ex(ctx, cbc[sa.aes() ? sa.cipher - SLUICE_CIPHER_AES128 + 1 : 0], nullptr, key.data(), iv ? iv : zeros,
                            encrypt));
    check(EVP_CIPHER_CTX_set_padding(ctx, 0));
    check(EVP_CipherUpdate(ctx, out.data(), &len, in.data(), (int)in.size()));
    EVP_CIPHER_CTX_free(ctx);
    out.resize(in.size());
    return out;
}

static void append(Bytes &to, const Bytes &from)
{
    to.insert(to.end(), from.begin(), from.end());
}

static Bytes header(const Sa &sa, uint8_t type, size_t length)
{
    type = sa.tls() ? type & 0x7f : type | 0x80;
    Bytes h = {type, 3, sa.minor, (uint8_t)(length >> 8), (uint8_t)length};
    if (!sa.tls()) {
        append(h, sa.cid);
    }
    return h;
}

/* `first` is the nonce, or the sequence number. */
static Bytes mac(const Sa &sa, const Bytes &first, uint8_t type, size_t length, const Bytes &data)
{
    if (sa.mac == SLUICE_MAC_NONE) {
        return {};
    }
    Bytes message = first, digest(EVP_MAX_MD_SIZE);
    append(message, header(sa, type, length));
    append(message, data);
    const EVP_MD *md = sa.mac == SLUICE_MAC_SHA256 ? EVP_sha256() : sa.mac == SLUICE_MAC_SHA1 ? EVP_sha1() : EVP_md5();
    check(HMAC(md, sa.mac_key.data(), (int)sa.mac_key.size(), message.data(), message.size(), digest.data(), nullptr) != nullptr);
    digest.resize(sa.mac_len);
    return digest;
}

static Bytes big_endian(uint64_t value)
{
    Bytes bytes(8);
    for (unsigned i = 0; i < 8; i++) {
        bytes[7 - i] = (uint8_t)(value >> 8 * i);
    }
    return bytes;
}

static Bytes nonce_of(const Sa &sa, uint64_t counter)
{
    Bytes block(sa.nonce_len() - 8);
    append(block, big_endian(counter));
    return sa.block() > 1 ? cipher(sa, true, nullptr, block) : block;
}

static Bytes next_iv(const Sa &sa, const Bytes &body)
{
    Bytes iv(16);
    if (sa.form == SLUICE_FORM_TLS10 && sa.block() > 1) {
        std::copy(body.end() - sa.block(), body.end(), iv.begin());
    }
    return iv;
}

struct Sealed {
    Bytes record, iv;
};

static Sealed build(const Sa &sa, const Bytes &content, uint8_t type, const Bytes &padding, uint64_t counter, const Bytes &given)
{
    Bytes nonce = sa.explicit_nonce ? Bytes(given.begin(), given.begin() + 16) : nonce_of(sa, counter), inside = content;
    Bytes wire(nonce.begin(), nonce.begin() + sa.nonce_len()), first = sa.tls() ? big_endian(counter) : wire;
    if (!sa.etm()) {
        append(inside, mac(sa, first, type, content.size(), content));
    }
    append(inside, padding);
    Bytes body = sa.block() > 1 ? cipher(sa, true, nonce.data(), inside) : inside, iv = next_iv(sa, body);
    size_t length = sa.header_len() - 5 + body.size() + (sa.etm() ? sa.mac_len : 0) + wire.size();
    if (sa.etm() && sa.tls()) {
        Bytes covered = wire;
        append(covered, body);
        append(body, mac(sa, first, type, covered.size(), covered));
    } else if (sa.etm()) {
        append(body, mac(sa, first, type, length, body));
    }
    Bytes record = header(sa, type, length);
    append(record, sa.tls() ? wire : body);
    append(record, sa.tls() ? body : wire);
    return {record, iv};
}

Answer seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const Bytes &nonce)
{
    unsigned inside = (unsigned)content.size() + (sa.etm() ? 0 : sa.mac_len);
    Bytes padding(encrypted_len(sa, (unsigned)content.size(), pad) - inside);
    std::fill(padding.begin(), padding.end(), (uint8_t)(padding.size() - 1));
    Sealed made = build(sa, content, type, padding, counter, nonce);
    unsigned len = (unsigned)made.record.size();
    return {SLUICE_STATUS_OK, made.record, len, len, sa.explicit_nonce ? made.iv : counter_bytes(counter)};
}

Bytes seal_with_padding(const Sa &sa, const Bytes &content, const Bytes &padding, uint64_t counter, const Bytes &nonce)
{
    return build(sa, content, 0x97, padding, counter, nonce).record;
}

static uint64_t number(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* How much of what was encrypted is padding; false when it is wrong. */
static bool unpad(const Sa &sa, const Bytes &plain, size_t room, size_t &padding)
{
    padding = sa.block() > 1 ? (size_t)plain.back() + 1 : 0;
    return padding <= room && std::all_of(plain.end() - (long)padding, plain.end(), [&](uint8_t b) { return b == plain.back(); });
}

/* The same for mte: what was encrypted is content, MAC, padding. */
static bool check_mte(const Sa &sa, const Bytes &first, uint8_t type, const Bytes &plain, Bytes &content)
{
    size_t room = plain.size() - sa.mac_len, padding = 0;
    if (!unpad(sa, plain, room, padding)) {
        return false;
    }
    auto end = plain.begin() + (long)(room - padding);
    content.assign(plain.begin(), end);
    return Bytes(end, end + (long)sa.mac_len) == mac(sa, first, type, content.size(), content) &&
           content.size() <= SLUICE_MAX_CONTENT;
}

/* Content of an authentic record; false when padding or MAC is wrong. */
static bool check_record(const Sa &sa, const Bytes &record, const Bytes &nonce, const Bytes &first, const Bytes &body,
                         Bytes &content)
{
    Bytes inside(body.begin(), body.end() - (long)(sa.etm() ? sa.mac_len : 0));
    Bytes plain = sa.block() > 1 ? cipher(sa, false, nonce.data(), inside) : inside;
    if (!sa.etm()) {
        return check_mte(sa, first, record[0], plain, content);
    }
    size_t padding = 0;
    bool padded_right = unpad(sa, plain, plain.size(), padding);
    Bytes covered = sa.tls() ? Bytes(nonce.begin(), nonce.begin() + sa.nonce_len()) : Bytes();
    append(covered, inside);
    Bytes want = mac(sa, first, record[0], sa.tls() ? covered.size() : record.size() - 5, covered);
    if (!padded_right || Bytes(body.end() - (long)sa.mac_len, body.end()) != want) {
        return false;
    }
    content.assign(plain.begin(), plain.end() - (long)padding);
    return content.size() <= SLUICE_MAX_CONTENT;
}

static Bytes nonce_in(const Sa &sa, const Bytes &record, const Bytes &given)
{
    if (sa.nonce_len() == 0) {
        return given;
    }
    auto at = sa.tls() ? record.begin() + sa.header_len() : record.end() - sa.nonce_len();
    return Bytes(at, at + sa.nonce_len());
}

static Bytes body_of(const Sa &sa, const Bytes &record)
{
    long before = sa.header_len() + (sa.tls() ? sa.nonce_len() : 0), after = sa.tls() ? 0 : sa.nonce_len();
    return Bytes(record.begin() + before, record.end() - after);
}

Bytes decrypted_body(const Sa &sa, const Bytes &record, const Bytes &nonce)
{
    Bytes body = body_of(sa, record);
    return sa.block() > 1 ? cipher(sa, false, nonce_in(sa, record, nonce).data(), body) : body;
}

Answer open(const Sa &sa, const Bytes &record, uint64_t counter, const Bytes &given)
{
    bool bit_right = (record[0] & 0x80) == (sa.tls() ? 0 : 0x80);
    bool cid_right = sa.tls() || std::equal(sa.cid.begin(), sa.cid.end(), record.begin() + 5);
    if (!bit_right || record[1] != 3 || record[2] != sa.minor || !cid_right) {
        return {SLUICE_STATUS_BAD_FORMAT, {}, 0, 0, Bytes(16)};
    }
    if ((size_t)(record[3] << 8 | record[4]) != record.size() - 5) {
        return {SLUICE_STATUS_BAD_LENGTH, {}, 0, 0, Bytes(16)};
    }
    Bytes nonce = nonce_in(sa, record, given), body = body_of(sa, record), content;
    uint64_t recovered = 0;
    if (!sa.explicit_nonce) {
        Bytes block = sa.block() > 1 ? cipher(sa, false, nullptr, nonce) : nonce;
        recovered = number(&block[block.size() - 8]);
        if (sa.aes() && number(block.data()) != 0) {
            return {SLUICE_STATUS_FORGED_NONCE, {}, 0, 0, Bytes(16)};
        }
    }
    unsigned out_len = std::min((unsigned)sa.content_max((unsigned)record.size()), (unsigned)SLUICE_MAX_CONTENT);
    if (!check_record(sa, record, nonce, sa.tls() ? big_endian(counter) : nonce, body, content)) {
        return {SLUICE_STATUS_AUTH_FAILED, {}, out_len, 0, counter_bytes(sa.aes() ? recovered : 0)};
    }
    return {SLUICE_STATUS_OK, content, out_len, (unsigned)content.size(),
            sa.tls() ? next_iv(sa, body) : counter_bytes(recovered)};
}

Answer verify(const Sa &sa, uint8_t type, uint64_t counter, const Bytes &body)
{
    Bytes content;
    if (!check_mte(sa, big_endian(counter), type, body, content)) {
        return {SLUICE_STATUS_AUTH_FAILED, {}, 0, 0, Bytes(16)};
    }
    return {SLUICE_STATUS_OK, {}, 0, (unsigned)content.size(), Bytes(16)};
}
