/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS sessions that a server remembers, so that its clients come back by a partial handshake: TLS 1.3 by psk_dhe_ke alone, TLS
 * 1.2 by session id. One store for all contexts and threads of a process; it outlives the contexts.
 */
#ifndef HOST_TLS_SESSIONS_H
#define HOST_TLS_SESSIONS_H

#include <openssl/ssl.h>

#define TLS_SESSION_SECONDS 3600

struct tls_sessions;

/* At most `most` sessions, 1 or more; then the oldest gives way. NULL: no memory. */
struct tls_sessions *tls_sessions_new(unsigned most);
/* Wipes them. NULL is allowed. */
void tls_sessions_free(struct tls_sessions *sessions);

/* Connections of `ctx` come back by sessions of this store, those of another `scope` aside. -EIO: OpenSSL refuses. */
int tls_sessions_use(SSL_CTX *ctx, struct tls_sessions *sessions, unsigned scope);
/* The client is one that is served: from now on it may come back. Nothing where no store is used. */
void tls_sessions_give(SSL *ssl);

#endif
