/* SPDX-License-Identifier: Apache-2.0 */
/* Client certificates: whom a server trusts, and what a certificate calls its owner. */
#ifndef HOST_TLS_PEER_H
#define HOST_TLS_PEER_H

#include "tls/tls.h"

#define TLS_PEER_NAME_MAX 256

enum tls_name { TLS_NAME_CN, TLS_NAME_EMAIL, TLS_NAME_DNS };

/* Asks clients for a certificate of one of the CAs in the PEM file; `required`: no handshake without. -EINVAL with `error`. */
int tls_ask_clients(SSL_CTX *ctx, const char *ca, bool required, struct tls_error *error);
/* The verified client's name: the common name of its subject, or the first e-mail address or DNS name among its alternative
 * names. -ENOENT: it has sent no certificate. -EINVAL: that has no such name, two common names, or one that no user can have. */
int tls_peer_name(const SSL *ssl, enum tls_name kind, char out[TLS_PEER_NAME_MAX]);

#endif
