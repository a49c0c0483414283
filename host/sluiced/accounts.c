/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/accounts.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define CHAINS 4096u
#define SECOND 1000000000ull

/* A rate is kept as the time up to which it is used up: the generic cell rate algorithm (ITU-T I.371), a token bucket in one
 * number. */
struct account {
    struct accounts *accounts;
    uint8_t key[16];
    unsigned references; /* under the lock, as is the chain */
    struct account *next;
    atomic_uint places[ACCOUNT_PLACES];
    _Atomic uint64_t datagrams[ACCOUNT_WAYS], bytes[ACCOUNT_WAYS];
};

struct accounts {
    pthread_mutex_t lock;
    uint8_t secret[16]; /* so that nobody can aim at a chain */
    EVP_MD *digest;     /* fetched once */
    struct account *chains[CHAINS];
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

struct accounts *accounts_new(void)
{
    struct accounts *accounts = calloc(1, sizeof *accounts);
    if (!accounts)
        return NULL;
    accounts->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (!accounts->digest || getrandom(accounts->secret, sizeof accounts->secret, 0) != sizeof accounts->secret) {
        EVP_MD_free(accounts->digest);
        free(accounts);
        return NULL;
    }
    pthread_mutex_init(&accounts->lock, NULL);
    return accounts;
}

void accounts_free(struct accounts *accounts)
{
    if (!accounts)
        return;
    for (unsigned i = 0; i < CHAINS; i++) {
        for (struct account *next, *account = accounts->chains[i]; account; account = next) {
            next = account->next;
            free(account);
        }
    }
    pthread_mutex_destroy(&accounts->lock);
    EVP_MD_free(accounts->digest);
    free(accounts);
}

/* ---- which there are */

static bool make_key(const struct accounts *accounts, const char *user, const struct net_addr *source, uint8_t key[16])
{
    uint8_t text[16 + 1 + 255], digest[SHA256_DIGEST_LENGTH];
    size_t len = sizeof accounts->secret, more;
    memcpy(text, accounts->secret, len);
    if (user) {
        text[len++] = 'u';
        more = strnlen(user, 255);
        memcpy(text + len, user, more);
    } else if (source->sa.sa_family == AF_INET6) {
        text[len++] = '6';
        more = 8;
        memcpy(text + len, &source->in6.sin6_addr, more);
    } else {
        text[len++] = '4';
        more = 4;
        memcpy(text + len, &source->in.sin_addr, more);
    }
    if (!EVP_Digest(text, len + more, digest, NULL, accounts->digest, NULL))
        return false;
    memcpy(key, digest, 16);
    return true;
}

static bool is_used_up(const struct account *account, uint64_t now)
{
    for (unsigned i = 0; i < ACCOUNT_WAYS; i++) {
        if (atomic_load(&account->datagrams[i]) > now || atomic_load(&account->bytes[i]) > now)
            return true;
    }
    return false;
}

/* That of the key, or NULL. Those on the way that nobody has any more are freed, but for what is used up: who comes back at once
 * goes on with that. */
static struct account *look_up(struct account **chain, const uint8_t key[16])
{
    uint64_t now = now_ns();
    struct account *found = NULL;
    while (*chain) {
        struct account *account = *chain;
        bool same = !memcmp(account->key, key, sizeof account->key);
        if (same)
            found = account;
        if (!same && !account->references && !is_used_up(account, now)) {
            *chain = account->next;
            free(account);
        } else {
            chain = &account->next;
        }
    }
    return found;
}

struct account *account_get(struct accounts *accounts, const char *user, const struct net_addr *source)
{
    uint8_t key[16];
    if (!make_key(accounts, user, source, key))
        return NULL;
    struct account **chain = &accounts->chains[((unsigned)key[0] << 8 | key[1]) % CHAINS];
    pthread_mutex_lock(&accounts->lock);
    struct account *account = look_up(chain, key);
    if (!account && (account = calloc(1, sizeof *account))) {
        account->accounts = accounts;
        memcpy(account->key, key, sizeof account->key);
        account->next = *chain;
        *chain = account;
    }
    if (account)
        account->references++;
    pthread_mutex_unlock(&accounts->lock);
    return account;
}

struct account *account_ref(struct account *account)
{
    if (!account)
        return NULL;
    pthread_mutex_lock(&account->accounts->lock);
    account->references++;
    pthread_mutex_unlock(&account->accounts->lock);
    return account;
}

static void drop(struct accounts *accounts, struct account *account)
{
    struct account **at = &accounts->chains[((unsigned)account->key[0] << 8 | account->key[1]) % CHAINS];
    while (*at != account)
        at = &(*at)->next;
    *at = account->next;
    free(account);
}

void account_unref(struct account *account)
{
    if (!account)
        return;
    struct accounts *accounts = account->accounts;
    pthread_mutex_lock(&accounts->lock);
    if (!--account->references && !is_used_up(account, now_ns()))
        drop(accounts, account);
    pthread_mutex_unlock(&accounts->lock);
}

/* ---- places and rates */

bool account_take(struct account *account, enum account_place place, unsigned most)
{
    unsigned before = atomic_fetch_add(&account->places[place], 1);
    if (!most || before < most)
        return true;
    atomic_fetch_sub(&account->places[place], 1);
    return false;
}

void account_give(struct account *account, enum account_place place)
{
    atomic_fetch_sub(&account->places[place], 1);
}

/* Uses up `amount` of a rate. A datagram longer than a second's worth of bytes passes, too, where nothing is used up. */
static bool use(_Atomic uint64_t *until, uint64_t amount, unsigned rate, uint64_t now, uint64_t *cost)
{
    *cost = amount * SECOND / rate;
    uint64_t before = atomic_load_explicit(until, memory_order_relaxed), after;
    do {
        uint64_t from = before > now ? before : now;
        after = from + *cost;
        if (from > now && after - now > SECOND)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(until, &before, after, memory_order_relaxed, memory_order_relaxed));
    return true;
}

bool account_pass(struct account *account, enum account_way way, unsigned bytes, unsigned datagram_rate, unsigned byte_rate)
{
    uint64_t now = now_ns(), cost = 0, byte_cost;
    if (datagram_rate && !use(&account->datagrams[way], 1, datagram_rate, now, &cost))
        return false;
    if (!byte_rate || use(&account->bytes[way], bytes, byte_rate, now, &byte_cost))
        return true;
    if (datagram_rate)
        atomic_fetch_sub(&account->datagrams[way], cost);
    return false;
}

unsigned account_pace(struct account *account, enum account_way way, unsigned bytes, unsigned byte_rate)
{
    uint64_t now = now_ns(), after, before = atomic_load(&account->bytes[way]);
    if (!byte_rate)
        return 0;
    do {
        after = (before > now ? before : now) + bytes * SECOND / byte_rate;
    } while (!atomic_compare_exchange_weak(&account->bytes[way], &before, after));
    return after - now > SECOND ? (unsigned)((after - now - SECOND) / 1000000) + 1 : 0;
}
