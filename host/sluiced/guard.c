/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/guard.h"

#include <openssl/sha.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define SETS 1024u
#define WAYS 8u

enum kind { BY_SOURCE, BY_USER, TRUSTED };

struct entry {
    uint8_t key[16]; /* all zero: free */
    unsigned failures;
    time_t seen, until;
};

struct guard {
    pthread_mutex_t lock;
    uint8_t secret[16]; /* so that nobody can aim at a set */
    struct entry entries[SETS * WAYS];
};

struct guard *guard_new(void)
{
    struct guard *guard = calloc(1, sizeof *guard);
    if (guard && getrandom(guard->secret, sizeof guard->secret, 0) != sizeof guard->secret) {
        free(guard);
        return NULL;
    }
    if (guard)
        pthread_mutex_init(&guard->lock, NULL);
    return guard;
}

void guard_free(struct guard *guard)
{
    if (!guard)
        return;
    pthread_mutex_destroy(&guard->lock);
    free(guard);
}

static size_t put_source(const struct net_addr *source, uint8_t *out)
{
    if (source->sa.sa_family == AF_INET6) {
        memcpy(out, &source->in6.sin6_addr, 8);
        return 8;
    }
    memcpy(out, &source->in.sin_addr, 4);
    return 4;
}

static void make_key(const struct guard *guard, enum kind kind, const struct net_addr *source, const char *user, uint8_t key[16])
{
    uint8_t text[16 + 1 + 1 + 8 + 256], digest[SHA256_DIGEST_LENGTH];
    size_t len = sizeof guard->secret, name = strnlen(user, 255);
    memcpy(text, guard->secret, len);
    text[len++] = (uint8_t)kind;
    if (kind != BY_USER) {
        size_t bytes = put_source(source, text + len + 1);
        text[len] = (uint8_t)bytes;
        len += 1 + bytes;
    }
    if (kind != BY_SOURCE) {
        memcpy(text + len, user, name);
        len += name;
    }
    SHA256(text, len, digest);
    memcpy(key, digest, 16);
}

/* The entry of that key, or with `make` a free one or the one of its set that was seen the longest ago. */
static struct entry *look_up(struct guard *guard, const uint8_t key[16], bool make)
{
    unsigned set = ((unsigned)key[0] << 8 | key[1]) % SETS;
    struct entry *first = &guard->entries[set * WAYS], *oldest = first;
    for (struct entry *entry = first; entry < first + WAYS; entry++) {
        if (!memcmp(entry->key, key, sizeof entry->key))
            return entry;
        if (entry->seen < oldest->seen)
            oldest = entry;
    }
    if (!make)
        return NULL;
    memset(oldest, 0, sizeof *oldest);
    memcpy(oldest->key, key, sizeof oldest->key);
    return oldest;
}

static struct entry *entry_of(struct guard *guard, enum kind kind, const struct net_addr *source, const char *user, bool make)
{
    uint8_t key[16];
    make_key(guard, kind, source, user, key);
    return look_up(guard, key, make);
}

static bool waits(const struct entry *entry, time_t now)
{
    return entry && now < entry->until;
}

static bool trusted(struct guard *guard, const struct net_addr *source, const char *user, time_t now)
{
    const struct entry *entry = entry_of(guard, TRUSTED, source, user, false);
    return entry && now < entry->until;
}

bool guard_may_try(struct guard *guard, const struct net_addr *source, const char *user, time_t now)
{
    pthread_mutex_lock(&guard->lock);
    bool wait = waits(entry_of(guard, BY_SOURCE, source, user, false), now);
    wait = wait || (waits(entry_of(guard, BY_USER, source, user, false), now) && !trusted(guard, source, user, now));
    pthread_mutex_unlock(&guard->lock);
    return !wait;
}

static void fail(struct entry *entry, unsigned allowed, time_t longest, time_t now)
{
    if (now - entry->seen > GUARD_FORGET_SECONDS)
        entry->failures = 0;
    entry->failures++;
    entry->seen = now;
    if (entry->failures < allowed)
        return;
    unsigned doublings = entry->failures - allowed;
    time_t wait = doublings < 10 ? (time_t)1 << doublings : longest;
    entry->until = now + (wait < longest ? wait : longest);
}

void guard_tell(struct guard *guard, const struct net_addr *source, const char *user, bool right, time_t now)
{
    pthread_mutex_lock(&guard->lock);
    struct entry *by_source = entry_of(guard, BY_SOURCE, source, user, !right);
    if (right) {
        struct entry *entry = entry_of(guard, TRUSTED, source, user, true);
        entry->seen = now;
        entry->until = now + GUARD_TRUST_SECONDS;
        if (by_source)
            by_source->failures = 0;
    } else {
        fail(by_source, GUARD_SOURCE_FREE, GUARD_SOURCE_LONGEST, now);
        fail(entry_of(guard, BY_USER, source, user, true), GUARD_USER_FREE, GUARD_USER_LONGEST, now);
    }
    pthread_mutex_unlock(&guard->lock);
}
