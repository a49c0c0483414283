/* SPDX-License-Identifier: Apache-2.0 */
#include "tls/sessions.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Secret. All live equally long, so the oldest is the first to expire. */
struct entry {
    uint8_t id[SSL_MAX_SSL_SESSION_ID_LENGTH];
    unsigned id_len;
    time_t expires;
    struct entry *hash_next, *newer;
    int len;
    uint8_t der[]; /* i2d_SSL_SESSION */
};

struct tls_sessions {
    pthread_mutex_t lock;
    unsigned most, count, mask;
    struct entry *oldest, *newest;
    struct entry *table[];
};

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return time.tv_sec;
}

/* An id is of this process's random numbers. */
static struct entry **find(struct tls_sessions *sessions, const uint8_t *id, unsigned len)
{
    uint32_t bits = 0;
    memcpy(&bits, id, len < sizeof bits ? len : sizeof bits);
    struct entry **at = &sessions->table[bits & sessions->mask];
    while (*at && ((*at)->id_len != len || memcmp((*at)->id, id, len) != 0))
        at = &(*at)->hash_next;
    return at;
}

static void drop_oldest(struct tls_sessions *sessions)
{
    struct entry *entry = sessions->oldest;
    struct entry **at = find(sessions, entry->id, entry->id_len);
    *at = entry->hash_next;
    sessions->oldest = entry->newer;
    if (!sessions->oldest)
        sessions->newest = NULL;
    sessions->count--;
    explicit_bzero(entry->der, (size_t)entry->len);
    free(entry);
}

struct tls_sessions *tls_sessions_new(unsigned most)
{
    unsigned size = 64;
    while (size < most && size < 1u << 20)
        size *= 2;
    struct tls_sessions *sessions = calloc(1, sizeof *sessions + size * sizeof(struct entry *));
    if (!sessions)
        return NULL;
    if (pthread_mutex_init(&sessions->lock, NULL)) {
        free(sessions);
        return NULL;
    }
    sessions->most = most;
    sessions->mask = size - 1;
    return sessions;
}

void tls_sessions_free(struct tls_sessions *sessions)
{
    if (!sessions)
        return;
    while (sessions->oldest)
        drop_oldest(sessions);
    pthread_mutex_destroy(&sessions->lock);
    free(sessions);
}

static void put(struct tls_sessions *sessions, struct entry *entry)
{
    pthread_mutex_lock(&sessions->lock);
    while (sessions->oldest && (sessions->count >= sessions->most || sessions->oldest->expires <= now()))
        drop_oldest(sessions);
    struct entry **at = find(sessions, entry->id, entry->id_len);
    bool twice = *at;
    if (!twice) {
        *at = entry;
        *(sessions->newest ? &sessions->newest->newer : &sessions->oldest) = entry;
        sessions->newest = entry;
        sessions->count++;
    }
    pthread_mutex_unlock(&sessions->lock);
    if (twice)
        free(entry);
}

static void remember(struct tls_sessions *sessions, SSL_SESSION *session)
{
    unsigned id_len;
    const unsigned char *id = SSL_SESSION_get_id(session, &id_len);
    uint8_t *der = NULL;
    int len = id_len ? i2d_SSL_SESSION(session, &der) : 0; /* into memory of its own: two of its runs instead of three */
    struct entry *entry = len > 0 ? calloc(1, sizeof *entry + (size_t)len) : NULL;
    if (entry) {
        entry->len = len;
        entry->id_len = id_len;
        memcpy(entry->der, der, (size_t)len);
        memcpy(entry->id, id, id_len);
        entry->expires = now() + TLS_SESSION_SECONDS;
        put(sessions, entry);
    }
    if (len > 0)
        OPENSSL_clear_free(der, (size_t)len);
}

/* ---- OpenSSL's callbacks */

/* Called for every handshake of TLS 1.2, too, before it is known who the client is. */
static int on_new(SSL *ssl, SSL_SESSION *session)
{
    struct tls_sessions *sessions = SSL_get_app_data(ssl);
    if (sessions)
        remember(sessions, session);
    return 0;
}

static SSL_SESSION *on_get(SSL *ssl, const unsigned char *id, int len, int *copy)
{
    struct tls_sessions *sessions = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_SESSION *session = NULL;
    *copy = 0;
    if (!sessions || len <= 0 || len > SSL_MAX_SSL_SESSION_ID_LENGTH)
        return NULL;
    pthread_mutex_lock(&sessions->lock);
    const struct entry *entry = *find(sessions, id, (unsigned)len);
    if (entry && entry->expires > now()) {
        const uint8_t *der = entry->der;
        session = d2i_SSL_SESSION(NULL, &der, entry->len);
    }
    pthread_mutex_unlock(&sessions->lock);
    return session;
}

int tls_sessions_use(SSL_CTX *ctx, struct tls_sessions *sessions, unsigned scope)
{
    unsigned char id[sizeof scope];
    memcpy(id, &scope, sizeof id);
    if (!SSL_CTX_set_session_id_context(ctx, id, sizeof id) || !SSL_CTX_set_app_data(ctx, sessions))
        return -EIO;
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_timeout(ctx, TLS_SESSION_SECONDS);
    SSL_CTX_sess_set_new_cb(ctx, on_new);
    SSL_CTX_sess_set_get_cb(ctx, on_get);
    return 0;
}

void tls_sessions_give(SSL *ssl)
{
    struct tls_sessions *sessions = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!sessions || SSL_get_app_data(ssl) || !SSL_set_app_data(ssl, sessions))
        return;
    if (SSL_version(ssl) >= TLS1_3_VERSION)
        (void)SSL_new_session_ticket(ssl); /* goes out before what is written next */
    else if (!SSL_session_reused(ssl))
        remember(sessions, SSL_get0_session(ssl));
}
