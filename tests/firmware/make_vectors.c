/* SPDX-License-Identifier: Apache-2.0 */
/* Prints firmware/vectors.c: `make vectors`. What is to be in it stands here; what it must give comes from OpenSSL. */
#include <stdio.h>

#include "known.h"

#define INSIDE_OF 6u

/*
 * cipher, mac, form, mac_len, explicit nonce, tls_minor, content. By MAC, so that HMAC states are loaded once; the
 * self-test's `spoilt` and SPLIT_OF know some by number. */
static struct vector wanted[] = {
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, 32, 0, 0, 40, 0, 0, 0, NULL},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_ETM, 16, 1, 0, 20, 0, 0, 0, NULL},
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA256, SLUICE_FORM_TLS_ETM, 32, 1, 3, 64, 0, 0, 0, NULL},
    {SLUICE_CIPHER_DES, SLUICE_MAC_SHA256, SLUICE_FORM_TLS10, 32, 1, 0, 16, 0, 0, 0, NULL},
    {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA256, SLUICE_FORM_UDP_MTE, 32, 0, 0, 19, 0, 0, 0, NULL},
    {SLUICE_CIPHER_AES192, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE, 20, 1, 2, 33, 0, 0, 0, NULL},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_SHA1, SLUICE_FORM_TLS10, 20, 1, 0, 17, 0, 0, 0, NULL},
    {SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_ETM, 12, 0, 0, 16, 0, 0, 0, NULL},
    {SLUICE_CIPHER_DES3, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_MTE, 20, 1, 3, 21, 0, 0, 0, NULL},
    {SLUICE_CIPHER_NULL, SLUICE_MAC_SHA1, SLUICE_FORM_TLS_ETM, 20, 1, 3, 18, 0, 0, 0, NULL},
    {SLUICE_CIPHER_DES3, SLUICE_MAC_MD5, SLUICE_FORM_UDP_MTE, 16, 0, 0, 24, 0, 0, 0, NULL},
    {SLUICE_CIPHER_DES, SLUICE_MAC_MD5, SLUICE_FORM_UDP_ETM, 10, 1, 0, 16, 0, 0, 0, NULL},
    {SLUICE_CIPHER_DES3, SLUICE_MAC_MD5, SLUICE_FORM_TLS_ETM, 16, 1, 3, 20, 0, 0, 0, NULL},
    {SLUICE_CIPHER_AES256, SLUICE_MAC_NONE, SLUICE_FORM_UDP_ETM, 0, 1, 0, 16, 0, 0, 0, NULL},
};

#define COUNT (sizeof wanted / sizeof *wanted)

static void print_words(const uint32_t *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        printf("%s0x%08x", i == 0 ? "" : i % 8 ? ", " : ",\n    ", (unsigned)words[i]);
    }
}

/* Whole words of 16 bytes and one more of 4, since who reads unaligned reads ahead. */
static void print_rings(void)
{
    uint32_t ring[KNOWN_RING_WORDS];

    for (unsigned n = 0; n < COUNT; n++) {
        known_ring(&wanted[n], ring);
        printf("static const uint32_t ring%u[] = {\n    ", n);
        print_words(ring, (wanted[n].first + wanted[n].record + 15u) / 16 * 4 + 1);
        printf("};\n\n");
    }
}

static void print_table(void)
{
    printf("const struct vector vectors[] = {\n");
    for (unsigned n = 0; n < COUNT; n++) {
        const struct vector *v = &wanted[n];

        printf("    {%u, %u, %u, %u, %u, %u, %u, %u, %u, %u, ring%u},\n", v->cipher, v->mac, v->form, v->mac_len,
               v->explicit_nonce, v->tls_minor, v->content, v->record, v->first, v->body, n);
    }
    printf("};\n\nconst uint32_t vector_count = sizeof vectors / sizeof *vectors;\n\n");
}

int main(void)
{
    uint32_t words[KNOWN_RING_WORDS], bytes;

    printf("/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by tests/firmware/make_vectors.c (make vectors). */\n"
           "#include \"vectors.h\"\n\n");
    print_rings();
    print_table();
    printf("const uint32_t vector_states[4][16] = {\n    {0},\n");
    for (unsigned mac = SLUICE_MAC_MD5; mac <= SLUICE_MAC_SHA256; mac++) {
        known_states(mac, words);
        printf("    {");
        print_words(words, 16);
        printf("},\n");
    }
    bytes = known_inside(&wanted[INSIDE_OF], words);
    printf("};\n\nconst uint32_t vector_inside[] = {\n    ");
    print_words(words, (bytes + 15u) / 16 * 4);
    printf("};\n\nconst uint32_t vector_inside_bytes = %u;\nconst uint32_t vector_inside_of = %u;\n", (unsigned)bytes, INSIDE_OF);
    return 0;
}
