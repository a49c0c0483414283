/* SPDX-License-Identifier: Apache-2.0 */
/* The SAs of a mix: parameters of every sort that the card has, and what becomes of their windows. */
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "mix.h"
#include "sa_config.h"

#define SEQ_MASK ((UINT64_C(1) << 48) - 1)

static void choose_udp(struct sluice_sa_config *c)
{
    c->nonce_mode = tap_below(4) ? SLUICE_NONCE_MODE_SEQUENCE : SLUICE_NONCE_MODE_EXPLICIT;
    c->replay = tap_below(4) != 0;
    c->counter = tap_random() >> tap_below(64);
    if (tap_below(4) == 0) { /* near the end of an incarnation */
        c->counter |= SEQ_MASK;
        c->counter -= tap_below(40);
    }
    c->limit = c->counter >> 48 != (c->counter + 100) >> 48 || tap_below(3) ? 0 : c->counter + tap_below(100);
}

static struct sluice_sa_config some_config(void)
{
    struct sluice_sa_config c = kit_config((enum sluice_cipher)tap_below(6), (enum sluice_mac)tap_below(4),
                                           (enum sluice_form)tap_below(5), SLUICE_DIRECTION_SEAL, 0);
    unsigned full = sluice_mac_size(c.mac), least = !reference_etm(&c) && reference_block(&c) == 16 ? 16 : 10;

    c.mac_len = (uint8_t)(c.mac == SLUICE_MAC_NONE ? 0 : tap_below(2) ? full : least + tap_below(full - least + 1));
    if (reference_tls(&c)) {
        c.tls_minor = (uint8_t)(c.tls_minor ? 2 + tap_below(2) : 0);
    } else {
        choose_udp(&c);
    }
    return c;
}

/* Mostly with a cipher and a MAC, since nothing can go wrong without. */
static struct sluice_sa_config choose(uint32_t features)
{
    struct sluice_sa_config c, checked;

    do {
        c = some_config();
    } while (sa_config_check(&c, features, &checked) != 0 ||
             ((c.cipher == SLUICE_CIPHER_NULL || c.mac == SLUICE_MAC_NONE) && tap_below(3)));
    return c;
}

bool mix_make_pair(struct mix *m, unsigned pair)
{
    struct sluice_sa_config c = m->config[pair] = choose(m->features);

    for (unsigned direction = 0; direction < 2; direction++) {
        m->stream[pair][direction].live = false;
        c.direction = (enum sluice_direction)direction;
        c.limit = direction == SLUICE_DIRECTION_SEAL ? m->config[pair].limit : 0;
        for (unsigned e = 0; e < ENGINES; e++) {
            int err = sluice_sa_create(m->engine[e].card, &c, &m->engine[e].sa[pair][direction]);

            if (err) {
                tap_note("engine %u: %s: %s", e, kit_name(&c), strerror(-err));
                return false;
            }
        }
    }
    return true;
}

void mix_end_pair(struct mix *m, unsigned pair)
{
    for (unsigned e = 0; e < ENGINES; e++) {
        sluice_sa_destroy(m->engine[e].sa[pair][0]);
        sluice_sa_destroy(m->engine[e].sa[pair][1]);
    }
    for (unsigned i = 0; i < m->records; i++) {
        if (m->record[i].pair == pair) {
            m->record[i--] = m->record[--m->records];
        }
    }
}

/* ---------------------------------------------------------------- windows */

static bool same_window(struct mix *m, unsigned pair, struct sluice_window *w)
{
    struct sluice_window other;
    int a = sluice_sa_window_export(m->engine[SOFT].sa[pair][SLUICE_DIRECTION_OPEN], w);
    int b = sluice_sa_window_export(m->engine[CARD].sa[pair][SLUICE_DIRECTION_OPEN], &other);

    if (a == 0 && b == 0 && memcmp(w, &other, sizeof other) == 0) {
        return true;
    }
    tap_note("window of %s: %d, %d; current %#llx, %#llx; former %#llx, %#llx; state %llu, %llu; floor %#llx, %#llx",
             kit_name(&m->config[pair]), a, b, (unsigned long long)w->current, (unsigned long long)other.current,
             (unsigned long long)w->former, (unsigned long long)other.former, (unsigned long long)w->state,
             (unsigned long long)other.state, (unsigned long long)w->floor, (unsigned long long)other.floor);
    return false;
}

/* Something near what it was. */
static void change(struct sluice_window *w)
{
    switch (tap_below(5)) {
    case 0:
        tap_fill(w->current_bits, sizeof w->current_bits);
        break;
    case 1:
        w->current += tap_below(3000);
        w->state |= SLUICE_WINDOW_CURRENT;
        break;
    case 2:
        w->state = tap_below(8);
        break;
    case 3:
        w->former = w->current - ((uint64_t)(1 + tap_below(3)) << 48) + tap_below(500);
        w->state |= SLUICE_WINDOW_FORMER | SLUICE_WINDOW_FORMER_ANY;
        tap_fill(w->former_bits, sizeof w->former_bits);
        break;
    default:
        w->floor += tap_below(500);
        break;
    }
}

bool mix_windows(struct mix *m, unsigned pair)
{
    struct sluice_window w;
    int a, b;

    if (!m->windows || !m->engine[SOFT].sa[pair][SLUICE_DIRECTION_OPEN]->window) {
        return true;
    }
    if (!same_window(m, pair, &w)) {
        return false;
    }
    if (tap_below(3)) {
        change(&w);
    }
    a = sluice_sa_window_import(m->engine[SOFT].sa[pair][SLUICE_DIRECTION_OPEN], &w);
    b = sluice_sa_window_import(m->engine[CARD].sa[pair][SLUICE_DIRECTION_OPEN], &w);
    return a == b && same_window(m, pair, &w);
}

bool mix_has_windows(struct mix *m)
{
    struct sluice_sa_config c = kit_config(SLUICE_CIPHER_AES128, SLUICE_MAC_SHA1, SLUICE_FORM_UDP_MTE, SLUICE_DIRECTION_OPEN, 20);
    struct sluice_window w;
    struct sluice_sa *sa;
    bool has;

    if (sluice_sa_create(m->engine[CARD].card, &c, &sa)) {
        return false;
    }
    has = sluice_sa_window_export(sa, &w) == 0;
    sluice_sa_destroy(sa);
    return has;
}
