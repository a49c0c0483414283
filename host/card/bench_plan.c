/* SPDX-License-Identifier: Apache-2.0 */
#include "card/bench.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MOST 3600.0
#define RESERVE      ((size_t)8 << 20) /* of DMA memory, for rings and what the allocator rounds up */
#define MEMORY_MOST  ((uint64_t)4 << 30)
#define ALIGN        64u

struct word {
    const char *text;
    unsigned value;
};

static const struct word ciphers[] = {{"null", SLUICE_CIPHER_NULL},
                                      {"des", SLUICE_CIPHER_DES},
                                      {"des3", SLUICE_CIPHER_DES3},
                                      {"aes128", SLUICE_CIPHER_AES128},
                                      {"aes192", SLUICE_CIPHER_AES192},
                                      {"aes256", SLUICE_CIPHER_AES256},
                                      {NULL, 0}};
static const struct word macs[] = {
    {"none", SLUICE_MAC_NONE}, {"md5", SLUICE_MAC_MD5}, {"sha1", SLUICE_MAC_SHA1}, {"sha256", SLUICE_MAC_SHA256}, {NULL, 0}};
static const struct word forms[] = {{"mte", SLUICE_FORM_UDP_MTE},     {"etm", SLUICE_FORM_UDP_ETM},
                                    {"tls_mte", SLUICE_FORM_TLS_MTE}, {"tls_etm", SLUICE_FORM_TLS_ETM},
                                    {"tls10", SLUICE_FORM_TLS10},     {NULL, 0}};

static bool look_up(const struct word *words, const char *text, unsigned *value)
{
    for (; words->text; words++) {
        if (!strcmp(words->text, text)) {
            *value = words->value;
            return true;
        }
    }
    return false;
}

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *value)
{
    char *end;

    errno = 0;
    *value = strtoul(text, &end, 10);
    return isdigit((unsigned char)*text) && !*end && !errno && *value >= least && *value <= most;
}

/* Whether there can be an SA of it is known by sluice_record_size. */
static void complete(struct sluice_sa_config *c)
{
    bool tls = c->form == SLUICE_FORM_TLS_MTE || c->form == SLUICE_FORM_TLS_ETM || c->form == SLUICE_FORM_TLS10;

    c->nonce_mode = tls ? SLUICE_NONCE_MODE_EXPLICIT : SLUICE_NONCE_MODE_SEQUENCE;
    c->tls_minor = tls && c->form != SLUICE_FORM_TLS10 ? 3 : 0;
}

static int parse_suite(const char *text, struct bench_suite *suite)
{
    char *word[4], *rest = NULL, copy[sizeof suite->name];
    unsigned words = 0, cipher, mac, form;
    unsigned long bits;

    *suite = (struct bench_suite){0};
    if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy) {
        return -EINVAL;
    }
    for (char *w = strtok_r(copy, "-", &rest); w; w = strtok_r(NULL, "-", &rest)) {
        if (words == 4) {
            return -EINVAL;
        }
        word[words++] = w;
    }
    if (words < 3 || !look_up(ciphers, word[0], &cipher) || !look_up(macs, word[1], &mac) ||
        !look_up(forms, word[words - 1], &form)) {
        return -EINVAL;
    }
    suite->config.cipher = (enum sluice_cipher)cipher;
    suite->config.mac = (enum sluice_mac)mac;
    suite->config.form = (enum sluice_form)form;
    bits = sluice_mac_size(suite->config.mac) * 8ul;
    if (words == 4 && (!number(word[2], 8, bits, &bits) || bits % 8)) {
        return -EINVAL;
    }
    suite->config.mac_len = (uint8_t)(bits / 8);
    complete(&suite->config);
    (void)snprintf(suite->name, sizeof suite->name, "%s", text);
    return sluice_record_size(&suite->config, 0, 0) ? 0 : -EINVAL;
}

/* ---------------------------------------------------------------- lists */

static int add_suite(struct bench_plan *plan, const char *text)
{
    return plan->suites < BENCH_SUITES ? parse_suite(text, &plan->suite[plan->suites++]) : -EINVAL;
}

static int add_size(struct bench_plan *plan, const char *text)
{
    unsigned long bytes;

    if (plan->sizes == BENCH_SIZES || !number(text, 0, SLUICE_MAX_CONTENT, &bytes)) {
        return -EINVAL;
    }
    plan->size[plan->sizes++] = (uint32_t)bytes;
    return 0;
}

static int add_operation(struct bench_plan *plan, const char *text)
{
    bool *which = !strcmp(text, "seal") ? &plan->seal : !strcmp(text, "open") ? &plan->open : NULL;

    if (which) {
        *which = true;
    }
    return which ? 0 : -EINVAL;
}

static int each(struct bench_plan *plan, const char *text, int (*add)(struct bench_plan *plan, const char *text))
{
    char *copy = strdup(text), *rest = NULL;
    int err = copy && *copy ? 0 : -EINVAL;

    for (char *w = copy ? strtok_r(copy, ",", &rest) : NULL; w && !err; w = strtok_r(NULL, ",", &rest)) {
        err = add(plan, w);
    }
    free(copy);
    return err;
}

/* ---------------------------------------------------------------- options */

static int set_suites(struct bench_plan *plan, const char *text)
{
    plan->suites = 0;
    return each(plan, text, add_suite);
}

static int set_sizes(struct bench_plan *plan, const char *text)
{
    plan->sizes = 0;
    return each(plan, text, add_size);
}

static int set_operations(struct bench_plan *plan, const char *text)
{
    plan->seal = plan->open = false;
    return each(plan, text, add_operation);
}

static int set_queues(struct bench_plan *plan, const char *text)
{
    unsigned long n;

    if (!number(text, 1, BENCH_QUEUES, &n)) {
        return -EINVAL;
    }
    plan->queues = (unsigned)n;
    return 0;
}

static int set_depth(struct bench_plan *plan, const char *text)
{
    unsigned long n;

    if (!number(text, 1, BENCH_DEPTH, &n)) {
        return -EINVAL;
    }
    plan->depth = (unsigned)n;
    return 0;
}

static int set_seconds(struct bench_plan *plan, const char *text)
{
    char *end;

    plan->seconds = strtod(text, &end);
    return isdigit((unsigned char)*text) && !*end && plan->seconds > 0 && plan->seconds <= SECONDS_MOST ? 0 : -EINVAL;
}

static int set_spin(struct bench_plan *plan, const char *text)
{
    (void)text;
    plan->spin = true;
    return 0;
}

int bench_set(struct bench_plan *plan, const char *name, const char *text)
{
    static const struct {
        const char *name;
        int (*set)(struct bench_plan *plan, const char *text);
    } options[] = {{"suites", set_suites}, {"sizes", set_sizes}, {"operations", set_operations},
                   {"queues", set_queues}, {"depth", set_depth}, {"seconds", set_seconds},
                   {"spin", set_spin}};

    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        if (!strcmp(options[i].name, name)) {
            return options[i].set(plan, text);
        }
    }
    return -ENOENT;
}

void bench_defaults(struct bench_plan *plan)
{
    *plan = (struct bench_plan){.seal = true, .open = true, .queues = 1, .depth = 64, .seconds = 1};
    (void)set_suites(plan, "aes128-sha256-128-etm,aes128-sha1-mte");
    (void)set_sizes(plan, "64,512,1400,16384");
}

size_t bench_memory(const struct bench_plan *plan)
{
    uint64_t most = 0;

    for (unsigned s = 0; s < plan->suites; s++) {
        for (unsigned i = 0; i < plan->sizes; i++) {
            uint64_t record = sluice_record_size(&plan->suite[s].config, plan->size[i], 0);

            most = record > most ? record : most;
        }
    }
    most = RESERVE + 2 * (most + ALIGN) * plan->depth * plan->queues;
    return most <= MEMORY_MOST ? (size_t)most : 0;
}
