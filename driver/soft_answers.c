/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers of the software engine's ciphers, encrypted and decrypted, and MACs: SP 800-38A F.2, SP 800-67 (its example's
 * first block), FIPS 81 table C1, RFC 2202 and RFC 4231 test case 1.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "soft_card.h"

#define TEXT_MOST 24u

struct cipher_answer {
    enum sluice_cipher cipher;
    const char *key, *iv, *plain, *sealed;
    unsigned bytes;
};

static const struct cipher_answer ciphers[] = {
    {SLUICE_CIPHER_AES128, "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c",
     "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
     "\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a",
     "\x76\x49\xab\xac\x81\x19\xb2\x46\xce\xe9\x8e\x9b\x12\xe9\x19\x7d", 16},
    {SLUICE_CIPHER_AES192, "\x8e\x73\xb0\xf7\xda\x0e\x64\x52\xc8\x10\xf3\x2b\x80\x90\x79\xe5\x62\xf8\xea\xd2\x52\x2c\x6b\x7b",
     "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
     "\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a",
     "\x4f\x02\x1d\xb2\x43\xbc\x63\x3d\x71\x78\x18\x3a\x9f\xa0\x71\xe8", 16},
    {SLUICE_CIPHER_AES256,
     "\x60\x3d\xeb\x10\x15\xca\x71\xbe\x2b\x73\xae\xf0\x85\x7d\x77\x81"
     "\x1f\x35\x2c\x07\x3b\x61\x08\xd7\x2d\x98\x10\xa3\x09\x14\xdf\xf4",
     "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f",
     "\x6b\xc1\xbe\xe2\x2e\x40\x9f\x96\xe9\x3d\x7e\x11\x73\x93\x17\x2a",
     "\xf5\x8c\x4c\x04\xd6\xe5\xf1\xba\x77\x9e\xab\xfb\x5f\x7b\xfb\xd6", 16},
    {SLUICE_CIPHER_DES3, "\x01\x23\x45\x67\x89\xab\xcd\xef\x23\x45\x67\x89\xab\xcd\xef\x01\x45\x67\x89\xab\xcd\xef\x01\x23",
     "\x00\x00\x00\x00\x00\x00\x00\x00", "\x54\x68\x65\x20\x71\x75\x66\x63", "\xa8\x26\xfd\x8c\xe5\x3b\x85\x5f", 8},
    {SLUICE_CIPHER_DES, "\x01\x23\x45\x67\x89\xab\xcd\xef", "\x12\x34\x56\x78\x90\xab\xcd\xef", "Now is the time for all ",
     "\xe5\xc7\xcd\xde\x87\x2b\xf2\x7c\x43\xe9\x34\x00\x8c\x38\x9c\x0f\x68\x37\x88\x49\x9a\x7c\x05\xf6", 24},
};

struct mac_answer {
    enum sluice_mac mac;
    const char *key, *mac_of_text;
};

#define KEY_16 "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
#define KEY_20 KEY_16 "\x0b\x0b\x0b\x0b"

/* A key's zeros at the end change no HMAC. */
static const struct mac_answer macs[] = {
    {SLUICE_MAC_MD5, KEY_16, "\x92\x94\x72\x7a\x36\x38\xbb\x1c\x13\xf4\x8e\xf8\x15\x8b\xfc\x9d"},
    {SLUICE_MAC_SHA1, KEY_20, "\xb6\x17\x31\x86\x55\x05\x72\x64\xe2\x8b\xc0\xb6\xfb\x37\x8c\x8e\xf1\x46\xbe\x00"},
    {SLUICE_MAC_SHA256, KEY_20 "\0\0\0\0\0\0\0\0\0\0\0\0",
     "\xb0\x34\x4c\x61\xd8\xdb\x38\x53\x5c\xa8\xaf\xce\xaf\x0b\xf1\x2b"
     "\x88\x1d\xc2\x00\xc9\x83\x3d\xa7\x26\xe9\x37\x6c\x2e\x32\xcf\xf7"},
};

static const char text[] = "Hi There";

static bool answers_cipher(const struct cipher_answer *a, enum sluice_direction direction)
{
    const char *from = direction == SLUICE_DIRECTION_SEAL ? a->plain : a->sealed;
    const char *to = direction == SLUICE_DIRECTION_SEAL ? a->sealed : a->plain;
    uint8_t out[TEXT_MOST] = {0};
    struct cbc cbc;
    bool good = false;

    if (cbc_init(&cbc, a->cipher, direction, (const uint8_t *)a->key) == 0) {
        cbc_start(&cbc, (const uint8_t *)a->iv);
        good = cbc_run(&cbc, (const uint8_t *)from, out, a->bytes) == 0 && CRYPTO_memcmp(out, to, a->bytes) == 0;
        cbc_fini(&cbc);
    }
    return good;
}

static bool answers_mac(const struct mac_answer *a)
{
    uint8_t out[MAC_MAX_BYTES];
    struct mac_key key;

    if (mac_key_init(&key, a->mac, (const uint8_t *)a->key)) {
        return false;
    }
    mac_compute(&key, NULL, 0, (const uint8_t *)text, sizeof text - 1, out);
    return CRYPTO_memcmp(out, a->mac_of_text, sluice_mac_size(a->mac)) == 0;
}

unsigned soft_answers(uint32_t *first)
{
    unsigned n = 0;

    *first = 0;
    for (unsigned i = 0; i < sizeof ciphers / sizeof *ciphers; i++) {
        for (unsigned d = SLUICE_DIRECTION_SEAL; d <= SLUICE_DIRECTION_OPEN; d++) {
            n++;
            *first = *first == 0 && !answers_cipher(&ciphers[i], (enum sluice_direction)d) ? n : *first;
        }
    }
    for (unsigned i = 0; i < sizeof macs / sizeof *macs; i++) {
        n++;
        *first = *first == 0 && !answers_mac(&macs[i]) ? n : *first;
    }
    return n;
}
