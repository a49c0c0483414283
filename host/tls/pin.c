/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/pin.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int tls_pin_parse(const char *text, struct tls_pins *pins)
{
    if (pins->count >= TLS_PINS_MAX)
        return -ENOSPC;
    uint8_t *pin = pins->pins[pins->count];
    for (unsigned i = 0; i < TLS_PIN_BYTES; i++) {
        int high = digit(text[0]);
        int low = high < 0 ? -1 : digit(text[1]);
        if (low < 0)
            return -EINVAL;
        pin[i] = (uint8_t)(high << 4 | low);
        text += text[2] == ':' && i + 1 < TLS_PIN_BYTES ? 3 : 2;
    }
    if (*text)
        return -EINVAL;
    pins->count++;
    return 0;
}

static bool is_pinned(const X509 *certificate, const struct tls_pins *pins)
{
    uint8_t found[EVP_MAX_MD_SIZE];
    unsigned len;
    if (!certificate || !X509_digest(certificate, EVP_sha256(), found, &len) || len != TLS_PIN_BYTES)
        return false;
    for (unsigned i = 0; i < pins->count; i++) {
        if (CRYPTO_memcmp(found, pins->pins[i], TLS_PIN_BYTES) == 0)
            return true;
    }
    return false;
}

static int verify(X509_STORE_CTX *store, void *arg)
{
    const struct tls_pins *pins = arg;
    if (!is_pinned(X509_STORE_CTX_get0_cert(store), pins)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
        return 0;
    }
    if (!pins->alone)
        return X509_verify_cert(store);
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
}

void tls_pin_use(SSL_CTX *ctx, const struct tls_pins *pins)
{
    SSL_CTX_set_cert_verify_callback(ctx, verify, (void *)pins);
}
