// SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

bool Sa::aes() const
{
    return cipher >= SLUICE_CIPHER_AES128;
}

bool Sa::etm() const
{
    return form == SLUICE_FORM_UDP_ETM;
}

unsigned Sa::nonce_len() const
{
    return aes() ? 16 : 8;
}

static unsigned encrypted_len(const Sa &sa, unsigned content, unsigned pad)
{
    unsigned inside = content + (sa.etm() ? 0 : sa.mac_len);
    return sa.aes() ? (inside / 16 + 1 + pad) * 16 : inside;
}

unsigned Sa::record_len(unsigned content, unsigned pad) const
{
    return SLUICE_UDP_HEADER_BYTES + encrypted_len(*this, content, pad) + (etm() ? mac_len : 0) + nonce_len();
}

int Sa::content_max(unsigned record) const
{
    int inside = (int)record - (int)SLUICE_UDP_HEADER_BYTES - (int)nonce_len() - (etm() ? (int)mac_len : 0);
    if (aes() && (inside < 16 || inside % 16 != 0)) {
        return -1;
    }
    int content = inside - (etm() ? 0 : (int)mac_len) - (aes() ? 1 : 0);
    return content < 0 || content > (int)SLUICE_MAX_CONTENT + 255 ? -1 : content;
}

Bytes random_bytes(Rng &rng, size_t count)
{
    Bytes bytes(count);
    for (auto &b : bytes) {
        b = (uint8_t)rng();
    }
    return bytes;
}

static unsigned key_len(sluice_cipher cipher)
{
    return cipher == SLUICE_CIPHER_AES128 ? 16 : cipher == SLUICE_CIPHER_AES192 ? 24 : cipher == SLUICE_CIPHER_AES256 ? 32 : 0;
}

static unsigned digest_len(sluice_mac mac)
{
    return mac == SLUICE_MAC_SHA256 ? 32 : mac == SLUICE_MAC_SHA1 ? 20 : 0;
}

Sa make_sa(Rng &rng, sluice_cipher cipher, sluice_mac mac, sluice_form form, unsigned mac_len, bool explicit_nonce)
{
    return {cipher,
            mac,
            form,
            explicit_nonce,
            mac_len,
            random_bytes(rng, 8),
            random_bytes(rng, key_len(cipher)),
            random_bytes(rng, digest_len(mac))};
}

Sa random_sa(Rng &rng)
{
    static const sluice_cipher ciphers[] = {SLUICE_CIPHER_NULL, SLUICE_CIPHER_AES128, SLUICE_CIPHER_AES192, SLUICE_CIPHER_AES256};
    sluice_cipher cipher = ciphers[rng() % 4];
    sluice_mac mac = rng() % 8 == 0 ? SLUICE_MAC_NONE : rng() % 2 ? SLUICE_MAC_SHA256 : SLUICE_MAC_SHA1;
    sluice_form form = rng() % 2 ? SLUICE_FORM_UDP_MTE : SLUICE_FORM_UDP_ETM;
    unsigned least = form == SLUICE_FORM_UDP_MTE && cipher != SLUICE_CIPHER_NULL ? 16 : 10, most = digest_len(mac);
    unsigned mac_len = mac == SLUICE_MAC_NONE ? 0 : rng() % 2 ? most : least + (unsigned)(rng() % (most - least + 1));
    return make_sa(rng, cipher, mac, form, mac_len, rng() % 4 == 0);
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
        if (mac == SLUICE_MAC_SHA256) {
            SHA256_CTX ctx;
            SHA256_Init(&ctx);
            SHA256_Update(&ctx, block, sizeof block);
            std::copy(ctx.h, ctx.h + 8, state);
        } else {
            SHA_CTX ctx;
            SHA1_Init(&ctx);
            SHA1_Update(&ctx, block, sizeof block);
            const uint32_t h[5] = {ctx.h0, ctx.h1, ctx.h2, ctx.h3, ctx.h4};
            std::copy(h, h + 5, state);
        }
        memcpy(words[2 * side].data(), state, 16);
        memcpy(words[2 * side + 1].data(), state + 4, 16);
    }
    return words;
}

std::array<std::array<uint8_t, 16>, 8> Sa::words() const
{
    std::array<std::array<uint8_t, 16>, 8> words{};
    words[0] = {(uint8_t)cipher, (uint8_t)mac, (uint8_t)form, 0, (uint8_t)mac_len, (uint8_t)explicit_nonce};
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

static Bytes aes(const Sa &sa, bool encrypt, const uint8_t *iv, const Bytes &in)
{
    const EVP_CIPHER *cbc[] = {EVP_aes_128_cbc(), EVP_aes_192_cbc(), EVP_aes_256_cbc()};
    const EVP_CIPHER *ecb[] = {EVP_aes_128_ecb(), EVP_aes_192_ecb(), EVP_aes_256_ecb()};
    unsigned which = sa.cipher - SLUICE_CIPHER_AES128;
    Bytes out(in.size() + 16);
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    check(EVP_CipherInit_ex(ctx, iv ? cbc[which] : ecb[which], nullptr, sa.cipher_key.data(), iv, encrypt));
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
    Bytes h = {(uint8_t)(type | 0x80), 3, 3, (uint8_t)(length >> 8), (uint8_t)length};
    append(h, sa.cid);
    return h;
}

static Bytes mac(const Sa &sa, const Bytes &nonce, uint8_t type, size_t length, const Bytes &data)
{
    if (sa.mac == SLUICE_MAC_NONE) {
        return {};
    }
    Bytes message = nonce, digest(EVP_MAX_MD_SIZE);
    append(message, header(sa, type, length));
    append(message, data);
    const EVP_MD *md = sa.mac == SLUICE_MAC_SHA256 ? EVP_sha256() : EVP_sha1();
    check(HMAC(md, sa.mac_key.data(), (int)sa.mac_key.size(), message.data(), message.size(), digest.data(), nullptr) != nullptr);
    digest.resize(sa.mac_len);
    return digest;
}

static Bytes nonce_of(const Sa &sa, uint64_t counter)
{
    Bytes block(sa.nonce_len());
    for (unsigned i = 0; i < 8; i++) {
        block[block.size() - 1 - i] = (uint8_t)(counter >> 8 * i);
    }
    return sa.aes() ? aes(sa, true, nullptr, block) : block;
}

static Bytes build(const Sa &sa, const Bytes &content, uint8_t type, const Bytes &padding, const Bytes &nonce)
{
    Bytes inside = content;
    if (!sa.etm()) {
        append(inside, mac(sa, nonce, type, content.size(), content));
    }
    append(inside, padding);
    Bytes body = sa.aes() ? aes(sa, true, nonce.data(), inside) : inside;
    size_t length = 8 + body.size() + (sa.etm() ? sa.mac_len : 0) + nonce.size();
    if (sa.etm()) {
        append(body, mac(sa, nonce, type, length, body));
    }
    Bytes record = header(sa, type, length);
    append(record, body);
    append(record, nonce);
    return record;
}

Answer seal(const Sa &sa, const Bytes &content, uint8_t type, unsigned pad, uint64_t counter, const Bytes &nonce)
{
    unsigned inside = (unsigned)content.size() + (sa.etm() ? 0 : sa.mac_len);
    Bytes padding(encrypted_len(sa, (unsigned)content.size(), pad) - inside);
    std::fill(padding.begin(), padding.end(), (uint8_t)(padding.size() - 1));
    Bytes used = sa.explicit_nonce ? Bytes(nonce.begin(), nonce.begin() + sa.nonce_len()) : nonce_of(sa, counter);
    Bytes record = build(sa, content, type, padding, used);
    return {SLUICE_STATUS_OK, record, (unsigned)record.size(), sa.explicit_nonce ? 0 : counter};
}

Bytes seal_with_padding(const Sa &sa, const Bytes &content, const Bytes &padding, uint64_t counter)
{
    return build(sa, content, 0x97, padding, nonce_of(sa, counter));
}

static uint64_t big_endian(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Content of an authentic record; false when padding or MAC is wrong. */
static bool verify(const Sa &sa, const Bytes &record, const Bytes &body, const Bytes &nonce, Bytes &content)
{
    size_t cipher_len = body.size() - (sa.etm() ? sa.mac_len : 0);
    Bytes cipher(body.begin(), body.begin() + (long)cipher_len);
    Bytes plain = sa.aes() ? aes(sa, false, nonce.data(), cipher) : cipher;
    size_t room = plain.size() - (sa.etm() ? 0 : sa.mac_len), padding = 0;
    if (sa.aes()) {
        padding = (size_t)plain.back() + 1;
        if (padding > room ||
            !std::all_of(plain.end() - (long)padding, plain.end(), [&](uint8_t b) { return b == plain.back(); })) {
            return false;
        }
    }
    size_t len = room - padding;
    content.assign(plain.begin(), plain.begin() + (long)len);
    const Bytes &where = sa.etm() ? body : plain;
    size_t at = sa.etm() ? cipher_len : len;
    Bytes got(where.begin() + (long)at, where.begin() + (long)(at + sa.mac_len));
    Bytes want = sa.etm() ? mac(sa, nonce, record[0], record.size() - 5, cipher) : mac(sa, nonce, record[0], len, content);
    return got == want && len <= SLUICE_MAX_CONTENT;
}

Answer open(const Sa &sa, const Bytes &record)
{
    if (!(record[0] & 0x80) || record[1] != 3 || record[2] != 3 ||
        !std::equal(sa.cid.begin(), sa.cid.end(), record.begin() + 5)) {
        return {SLUICE_STATUS_BAD_FORMAT, {}, 0, 0};
    }
    if ((size_t)(record[3] << 8 | record[4]) != record.size() - 5) {
        return {SLUICE_STATUS_BAD_LENGTH, {}, 0, 0};
    }
    Bytes nonce(record.end() - sa.nonce_len(), record.end());
    uint64_t counter = 0;
    if (!sa.explicit_nonce) {
        Bytes block = sa.aes() ? aes(sa, false, nullptr, nonce) : nonce;
        counter = big_endian(&block[block.size() - 8]);
        if (sa.aes() && big_endian(block.data()) != 0) {
            return {SLUICE_STATUS_FORGED_NONCE, {}, 0, 0};
        }
    }
    unsigned out_len = std::min((unsigned)sa.content_max((unsigned)record.size()), (unsigned)SLUICE_MAX_CONTENT);
    Bytes body(record.begin() + SLUICE_UDP_HEADER_BYTES, record.end() - sa.nonce_len()), content;
    if (!verify(sa, record, body, nonce, content)) {
        return {SLUICE_STATUS_AUTH_FAILED, {}, out_len, sa.aes() ? counter : 0};
    }
    return {SLUICE_STATUS_OK, content, out_len, counter};
}
