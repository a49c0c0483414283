/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS contexts by the rules of PROTOCOL.md: TLS 1.2 and 1.3, extended master secret with 1.2, no renegotiation, no early data, no
 * tickets and no session cache, ALPN `sluice/1`.
 */
#ifndef HOST_TLS_TLS_H
#define HOST_TLS_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>

#define TLS_ALPN "sluice/1"

struct tls_error {
    char text[256]; /* what failed, with OpenSSL's reason */
};

/* Server: certificate chain and key as PEM files. A client that offers ALPN must offer sluice/1; one that offers none is an
 * ordinary SOCKS client. -EINVAL with `error` set. */
int tls_server_new(const char *certificate, const char *key, SSL_CTX **ctx, struct tls_error *error);
/* Client: `ca` is a PEM file of trusted certificates; NULL: the system's. */
int tls_client_new(const char *ca, SSL_CTX **ctx, struct tls_error *error);

/* For one connection; NULL: no memory. Both go to stream_new. */
SSL *tls_server_ssl(SSL_CTX *ctx);
/* `name`: DNS name or address that the certificate must be for; a DNS name is also sent as SNI. Offers sluice/1. */
SSL *tls_client_ssl(SSL_CTX *ctx, const char *name);

/* After the handshake. 0; -EPERM: TLS 1.2 without extended master secret. */
int tls_check(SSL *ssl);
/* Both ends know this protocol. */
bool tls_is_sluice(const SSL *ssl);
/* Why a handshake failed, from this thread's error queue, which it empties. Returns `out`. */
const char *tls_reason(char *out, size_t size);

#endif
