/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/nonces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 64u /* places */

struct nonces {
    uint8_t (*places)[NONCES_BYTES];
    uint8_t *used; /* a bit for each place */
    uint32_t mask, count;
};

static bool is_used(const struct nonces *n, uint32_t i)
{
    return n->used[i / 8] >> (i % 8) & 1;
}

/* A nonce comes here when its MAC was right, so only whoever has the key could make them collide: his own loss. */
static uint32_t place_of(const struct nonces *n, const uint8_t nonce[NONCES_BYTES])
{
    uint32_t i;
    memcpy(&i, nonce, sizeof i);
    i &= n->mask;
    while (is_used(n, i) && memcmp(n->places[i], nonce, NONCES_BYTES) != 0)
        i = (i + 1) & n->mask;
    return i;
}

static void put(struct nonces *n, uint32_t i, const uint8_t nonce[NONCES_BYTES])
{
    memcpy(n->places[i], nonce, NONCES_BYTES);
    n->used[i / 8] |= (uint8_t)(1u << i % 8);
    n->count++;
}

static int make(struct nonces *n, uint32_t places)
{
    n->places = malloc((size_t)places * NONCES_BYTES);
    n->used = calloc(places / 8, 1);
    n->mask = places - 1;
    n->count = 0;
    if (n->places && n->used)
        return 0;
    free(n->places);
    free(n->used);
    return -ENOMEM;
}

static int grow(struct nonces *n)
{
    struct nonces old = *n;
    if (make(n, 2 * (old.mask + 1))) {
        *n = old;
        return -ENOMEM;
    }
    for (uint32_t i = 0; i <= old.mask; i++) {
        if (is_used(&old, i))
            put(n, place_of(n, old.places[i]), old.places[i]);
    }
    free(old.places);
    free(old.used);
    return 0;
}

struct nonces *nonces_new(void)
{
    struct nonces *n = malloc(sizeof *n);
    if (n && make(n, LEAST)) {
        free(n);
        return NULL;
    }
    return n;
}

void nonces_free(struct nonces *n)
{
    if (!n)
        return;
    free(n->places);
    free(n->used);
    free(n);
}

int nonces_take(struct nonces *n, const uint8_t nonce[NONCES_BYTES])
{
    uint32_t i = place_of(n, nonce);
    if (is_used(n, i))
        return -EEXIST;
    if (n->count == NONCES_MOST)
        return -ENOSPC;
    if (2 * (n->count + 1) > n->mask + 1) {
        if (grow(n))
            return -ENOMEM;
        i = place_of(n, nonce);
    }
    put(n, i, nonce);
    return 0;
}

uint32_t nonces_list(const struct nonces *n, uint32_t *at, uint8_t *out, uint32_t most)
{
    uint32_t count = 0;
    for (; *at <= n->mask && count < most; ++*at) {
        if (is_used(n, *at))
            memcpy(out + NONCES_BYTES * (size_t)count++, n->places[*at], NONCES_BYTES);
    }
    return count;
}
