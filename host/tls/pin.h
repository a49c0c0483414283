/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a client knows by their fingerprint: SHA-256 over the certificate, as `openssl x509 -fingerprint -sha256`. */
#ifndef HOST_TLS_PIN_H
#define HOST_TLS_PIN_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#define TLS_PINS_MAX  16
#define TLS_PIN_BYTES 32

struct tls_pins {
    unsigned count;
    uint8_t pins[TLS_PINS_MAX][TLS_PIN_BYTES];
    bool alone; /* nothing else is asked of a certificate: neither who has signed it nor name and time */
};

/* Adds one: 64 hexadecimal digits, with or without a colon after every two. -EINVAL; -ENOSPC. */
int tls_pin_parse(const char *text, struct tls_pins *pins);
/* From now on the server's certificate must be one of them. `pins` must outlive the context. */
void tls_pin_use(SSL_CTX *ctx, const struct tls_pins *pins);

#endif
