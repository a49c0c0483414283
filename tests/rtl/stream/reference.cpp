// SPDX-License-Identifier: Apache-2.0
#include "reference.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

static const unsigned header_len = 5;

bool Sa::etm() const
{
    return form == SLUICE_FORM_TLS_ETM;
}

unsigned Sa::block() const
{
    return cipher == SLUICE_CIPHER_NULL ? 1 : cipher >= SLUICE_CIPHER_AES128 ? 16 : 8;
}

unsigned Sa::iv_len() const
{
    return cipher == SLUICE_CIPHER_NULL || form == SLUICE_FORM_TLS10 ? 0 : block();
}

static void check(int ok)
{
    if (ok <= 0) {
        abort();
    }
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
    static const unsigned len[] = {0, 8, 24, 16, 24, 32};
    return len[cipher];
}

unsigned digest_len(sluice_mac mac)
{
    static const unsigned len[] = {0, 16, 20, 32};
    return len[mac];
}

Sa make_sa(Rng &rng, sluice_cipher cipher, sluice_mac mac, sluice_form form, unsigned mac_len)
{
    uint8_t minor = form == SLUICE_FORM_TLS10 ? 1 : (uint8_t)(2 + rng() % 2);
    return {cipher, mac, form, mac_len, minor, random_bytes(rng, key_len(cipher)), random_bytes(rng, digest_len(mac))};
}

/* The state behind one block of HMAC's key. */
static void hash_state(sluice_mac mac, const uint8_t block[64], uint32_t state[8])
{
    if (mac == SLUICE_MAC_SHA256) {
        SHA256_CTX ctx;
        SHA256_Init(&ctx);
        SHA256_Update(&ctx, block, 64);
        std::copy(ctx.h, ctx.h + 8, state);
    } else if (mac == SLUICE_MAC_SHA1) {
        SHA_CTX ctx;
        SHA1_Init(&ctx);
        SHA1_Update(&ctx, block, 64);
        const uint32_t h[5] = {ctx.h0, ctx.h1, ctx.h2, ctx.h3, ctx.h4};
        std::copy(h, h + 5, state);
    } else if (mac == SLUICE_MAC_MD5) {
        MD5_CTX ctx;
        MD5_Init(&ctx);
        MD5_Update(&ctx, block, 64);
        const uint32_t h[4] = {ctx.A, ctx.B, ctx.C, ctx.D};
        std::copy(h, h + 4, state);
    }
}

std::array<Word, 8> Sa::words(bool open) const
{
    std::array<Word, 8> words{};
    words[0] = {(uint8_t)cipher,
                (uint8_t)mac,
                (uint8_t)form,
                (uint8_t)open,
                (uint8_t)mac_len,
                1,
                0,
                form == SLUICE_FORM_TLS10 ? (uint8_t)0 : minor};
    for (size_t i = 0; i < cipher_key.size(); i++) {
        words[2 + i / 16][i % 16] = cipher_key[i];
    }
    for (unsigned side = 0; side < 2; side++) {
        uint8_t block[64];
        uint32_t state[8] = {0};
        memset(block, side ? 0x5c : 0x36, sizeof block);
        for (size_t i = 0; i < mac_key.size(); i++) {
            block[i] ^= mac_key[i];
        }
        hash_state(mac, block, state);
        memcpy(words[4 + 2 * side].data(), state, 16);
        memcpy(words[5 + 2 * side].data(), state + 4, 16);
    }
    return words;
}

/* CBC of whole blocks. DES is 3DES with three times the same key, which needs no legacy provider. */
static Bytes cbc(const Sa &sa, bool encrypt, const uint8_t *iv, const Bytes &in)
{
    const EVP_CIPHER *ciphers[] = {nullptr,           EVP_des_ede3_cbc(), EVP_des_ede3_cbc(),
                                   EVP_aes_128_cbc(), EVP_aes_192_cbc(),  EVP_aes_256_cbc()};
    if (sa.cipher == SLUICE_CIPHER_NULL) {
        return in;
    }
    Bytes key = sa.cipher_key, out(in.size() + 16);
    for (int i = 0; sa.cipher == SLUICE_CIPHER_DES && i < 2; i++) {
        key.insert(key.end(), sa.cipher_key.begin(), sa.cipher_key.end());
    }
    int len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    check(EVP_CipherInit_ex(ctx, ciphers[sa.cipher], nullptr, key.data(), iv, encrypt));
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

static Bytes slice(const Bytes &from, size_t begin, size_t end)
{
    return Bytes(from.begin() + (long)begin, from.begin() + (long)end);
}

/* RFC 5246 6.2.3.1, RFC 7366 section 3. */
static Bytes hmac(const Sa &sa, uint64_t seq, const uint8_t *header, size_t length, const Bytes &data)
{
    const EVP_MD *mds[] = {nullptr, EVP_md5(), EVP_sha1(), EVP_sha256()};
    if (sa.mac == SLUICE_MAC_NONE) {
        return {};
    }
    Bytes message, digest(EVP_MAX_MD_SIZE);
    for (int i = 7; i >= 0; i--) {
        message.push_back((uint8_t)(seq >> 8 * i));
    }
    append(message, {header[0], header[1], header[2], (uint8_t)(length >> 8), (uint8_t)length});
    append(message, data);
    check(HMAC(mds[sa.mac], sa.mac_key.data(), (int)sa.mac_key.size(), message.data(), message.size(), digest.data(), nullptr) !=
          nullptr);
    digest.resize(sa.mac_len);
    return digest;
}

static Bytes least_padding(const Sa &sa, size_t inside, unsigned pad)
{
    unsigned block = sa.block();
    if (block == 1) {
        return {};
    }
    size_t count = block - inside % block + pad * block;
    return Bytes(count, (uint8_t)(count - 1));
}

Bytes whole_record(const Sa &sa, const Bytes &content, uint8_t type, uint64_t seq, const Bytes &iv, Bytes padding)
{
    if (padding.empty()) {
        padding = least_padding(sa, content.size() + (sa.etm() ? 0 : sa.mac_len), 0);
    }
    Bytes header = {type, 3, sa.minor, 0, 0}, plain = content, covered = slice(iv, 0, sa.iv_len());
    if (!sa.etm()) {
        append(plain, hmac(sa, seq, header.data(), content.size(), content));
    }
    append(plain, padding);
    Bytes body = cbc(sa, true, iv.data(), plain);
    append(covered, body);
    if (sa.etm()) {
        append(body, hmac(sa, seq, header.data(), covered.size(), covered));
    }
    size_t length = sa.iv_len() + body.size();
    header[3] = (uint8_t)(length >> 8);
    header[4] = (uint8_t)length;
    append(header, slice(iv, 0, sa.iv_len()));
    append(header, body);
    return header;
}

/* Check 4: bytes encrypted, or -1. */
static long encrypted_len(const Sa &sa, long length)
{
    long inside = length - (long)sa.iv_len() - (sa.etm() ? (long)sa.mac_len : 0);
    long content = inside - (sa.etm() ? 0 : (long)sa.mac_len) - (sa.block() == 1 ? 0 : 1);
    bool good = inside >= 0 && inside % sa.block() == 0 && content >= 0 && content <= (long)SLUICE_MAX_CONTENT + 255;
    return good ? inside : -1;
}

static Answer failed(uint8_t status)
{
    Answer answer;
    answer.status = status;
    return answer;
}

/* Etm: MAC and padding are right. */
bool Record::authentic(const Sa &sa, const Bytes &plain, unsigned &content) const
{
    size_t body = got_.size() - sa.mac_len;
    Bytes want = hmac(sa, first_.seq, got_.data(), body - header_len, slice(got_, header_len, body));
    content = (unsigned)plain.size();
    if (sa.block() > 1) {
        size_t padding = (size_t)plain.back() + 1;
        if (padding > plain.size() ||
            !std::all_of(plain.end() - (long)padding, plain.end(), [&](uint8_t b) { return b == plain.back(); })) {
            return false;
        }
        content -= (unsigned)padding;
    }
    return content <= SLUICE_MAX_CONTENT && want == slice(got_, body, got_.size());
}

Answer Record::open(const Sa &sa, const Part &part)
{
    append(got_, part.source);
    if (got_.size() < header_len) {
        return failed(part.last ? SLUICE_STATUS_BAD_LENGTH : SLUICE_STATUS_OK);
    }
    if (got_[0] & 0x80 || got_[1] != 3 || got_[2] != sa.minor) {
        return failed(SLUICE_STATUS_BAD_FORMAT);
    }
    size_t length = (size_t)got_[3] << 8 | got_[4], begin = header_len + sa.iv_len();
    long inside = encrypted_len(sa, (long)length);
    if (inside < 0 || got_.size() > header_len + length || (part.last && got_.size() != header_len + length)) {
        return failed(SLUICE_STATUS_BAD_LENGTH);
    }
    Answer answer;
    size_t there = got_.size() < begin ? 0 : std::min(got_.size() - begin, (size_t)inside) / sa.block() * sa.block();
    const uint8_t *iv = sa.form == SLUICE_FORM_TLS10 ? first_.nonce.data() : got_.data() + header_len;
    Bytes plain = there ? cbc(sa, false, iv, slice(got_, begin, begin + there)) : Bytes();
    answer.bytes = slice(plain, out_, there);
    out_ = there;
    long room = inside - (sa.etm() ? 0 : (long)sa.mac_len) - (sa.block() == 1 ? 0 : 256);
    answer.sure = (unsigned)std::min((long)there, std::max(room, 0L));
    if (part.last && sa.etm() && !authentic(sa, plain, answer.sure)) {
        return failed(SLUICE_STATUS_AUTH_FAILED);
    }
    if (part.last && sa.form == SLUICE_FORM_TLS10 && sa.block() > 1) {
        std::copy(got_.end() - sa.block(), got_.end(), answer.next_iv.begin());
    }
    return answer;
}

Answer Record::seal(const Sa &sa, const Part &part)
{
    unsigned block = sa.block();
    append(got_, part.source);
    if (part.first && (part.total > SLUICE_MAX_CONTENT || (block > 1 && part.pad > 256 / block - 1))) {
        return failed(SLUICE_STATUS_BAD_LENGTH);
    }
    if (got_.size() > first_.total || (part.last && got_.size() != first_.total)) {
        return failed(SLUICE_STATUS_BAD_LENGTH);
    }
    Answer answer;
    Bytes padding = least_padding(sa, first_.total + (sa.etm() ? 0 : sa.mac_len), first_.pad), all;
    if (part.last) {
        all = whole_record(sa, got_, first_.type, first_.seq, first_.nonce, padding);
        if (sa.form == SLUICE_FORM_TLS10 && block > 1) {
            std::copy(all.end() - block, all.end(), answer.next_iv.begin());
        }
    } else {
        size_t inside = first_.total + (sa.etm() ? 0 : sa.mac_len) + padding.size();
        size_t length = sa.iv_len() + inside + (sa.etm() ? sa.mac_len : 0);
        all = {first_.type, 3, sa.minor, (uint8_t)(length >> 8), (uint8_t)length};
        append(all, slice(first_.nonce, 0, sa.iv_len()));
        append(all, cbc(sa, true, first_.nonce.data(), slice(got_, 0, got_.size() / block * block)));
    }
    answer.bytes = slice(all, out_, all.size());
    out_ = all.size();
    return answer;
}

Answer Record::next(const Sa &sa, const Part &part)
{
    if (part.first) {
        *this = Record();
        active_ = true;
        first_ = part;
    }
    Answer answer;
    if (part.fetch_err) {
        answer = failed(SLUICE_STATUS_DMA_ERROR);
    } else if (!active_) {
        answer = failed(SLUICE_STATUS_BAD_FORMAT);
    } else {
        answer = part.open ? open(sa, part) : seal(sa, part);
    }
    active_ = active_ && !part.last && answer.status == SLUICE_STATUS_OK;
    return answer;
}
