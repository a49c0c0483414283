/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software engine allocates nothing for a record, whatever its cipher, MAC and form: neither itself (malloc and its relations
 * are wrapped by the linker) nor inside OpenSSL (which lets its allocator be replaced).
 */
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"

#define RECORDS 20u
#define CONTENT 1400u

static unsigned long allocations;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *mem, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *mem, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    allocations++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes)
{
    allocations++;
    return __real_calloc(n, bytes);
}

void *__wrap_realloc(void *mem, size_t bytes)
{
    allocations++;
    return __real_realloc(mem, bytes);
}

static void *openssl_malloc(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return malloc(bytes);
}

static void *openssl_realloc(void *mem, size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return realloc(mem, bytes);
}

static void openssl_free(void *mem, const char *file, int line)
{
    (void)file;
    (void)line;
    free(mem);
}

static bool many(struct kit *kit, const struct sluice_op *op)
{
    bool good = true;

    for (unsigned i = 0; i < RECORDS; i++) {
        struct sluice_op one = *op;

        one.seq = 1;
        good &= kit_run(kit, &one).status == SLUICE_STATUS_OK;
    }
    return good;
}

/* The first record of each direction may fetch what OpenSSL keeps from then on. */
static void test(struct kit *kit, enum sluice_cipher cipher, enum sluice_mac mac, enum sluice_form form)
{
    struct sluice_sa_config c = kit_config(cipher, mac, form, SLUICE_DIRECTION_SEAL, sluice_mac_size(mac));
    struct sluice_op op = {
        .type = SLUICE_OP_TYPE_SEAL, .src = kit->src, .dst = kit->dst, .src_len = CONTENT, .dst_len = KIT_ROOM};
    struct sluice_sa *seal = kit_sa(kit, &c), *open;
    struct sluice_done sealed;
    bool good;

    c.direction = SLUICE_DIRECTION_OPEN;
    c.replay = 0;
    open = kit_sa(kit, &c);
    op.sa = seal;
    op.seq = 1;
    (void)kit_run(kit, &op);
    allocations = 0;
    good = many(kit, &op);
    sealed = kit_run(kit, &op);
    op = (struct sluice_op){.type = SLUICE_OP_TYPE_OPEN, .sa = open, .src = kit->dst, .dst = kit->src, .src_len = sealed.length};
    op.dst_len = KIT_ROOM;
    good &= many(kit, &op) && allocations == 0;
    tap_ok(good, "%u records of %s sealed and opened: %lu allocations", RECORDS, kit_name(&c), allocations);
    sluice_sa_destroy(seal);
    sluice_sa_destroy(open);
}

int main(void)
{
    static const enum sluice_form forms[] = {SLUICE_FORM_UDP_MTE, SLUICE_FORM_UDP_ETM, SLUICE_FORM_TLS_MTE, SLUICE_FORM_TLS_ETM,
                                             SLUICE_FORM_TLS10};
    bool replaced = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
    struct kit kit;

    tap_begin();
    tap_ok(replaced, "OpenSSL takes another allocator");
    if (kit_open(&kit, "soft:") != 0) {
        tap_skip_all("the software engine does not open");
    }
    tap_ok(allocations > 0, "allocations are counted");
    for (unsigned f = 0; f < sizeof forms / sizeof *forms; f++) {
        for (int cipher = SLUICE_CIPHER_NULL; cipher <= SLUICE_CIPHER_AES256; cipher++) {
            test(&kit, (enum sluice_cipher)cipher, (enum sluice_mac)(1 + (cipher + (int)f) % 3), forms[f]);
        }
    }
    kit_close(&kit);
    return tap_end();
}
