/* SPDX-License-Identifier: Apache-2.0 */
#include "kit.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 30000

int kit_open(struct kit *kit, const char *uri)
{
    int err = sluice_open(uri, NULL, &kit->card);

    if (err) {
        return err;
    }
    err = sluice_qp_create(kit->card, 256, &kit->qp);
    if (err) {
        sluice_close(kit->card);
        return err;
    }
    kit->src = sluice_mem_alloc(kit->card, KIT_ROOM);
    kit->dst = sluice_mem_alloc(kit->card, KIT_ROOM);
    return 0;
}

void kit_close(struct kit *kit)
{
    sluice_mem_free(kit->card, kit->src);
    sluice_mem_free(kit->card, kit->dst);
    sluice_qp_destroy(kit->qp);
    sluice_close(kit->card);
}

bool kit_take(struct sluice_qp *qp, struct sluice_done *done, unsigned count)
{
    struct pollfd fd = {.fd = sluice_qp_fd(qp), .events = POLLIN};

    for (unsigned n = 0; n < count;) {
        int more = sluice_qp_poll(qp, done + n, count - n);

        if (more < 0 || (more == 0 && !sluice_qp_arm(qp) && poll(&fd, 1, PATIENCE_MS) != 1)) {
            tap_note("%u of %u completions, %d", n, count, more);
            return false;
        }
        n += (unsigned)more;
    }
    return true;
}

struct sluice_done kit_run(struct kit *kit, const struct sluice_op *op)
{
    struct sluice_done done = {.status = SLUICE_STATUS_ABORTED};

    if (sluice_qp_submit(kit->qp, op, 1) == 1) {
        (void)kit_take(kit->qp, &done, 1);
    }
    return done;
}

struct sluice_sa_config kit_config(enum sluice_cipher cipher, enum sluice_mac mac, enum sluice_form form,
                                   enum sluice_direction direction, unsigned mac_len)
{
    struct sluice_sa_config c = {.cipher = cipher, .mac = mac, .form = form, .direction = direction, .replay = 1};

    c.mac_len = (uint8_t)mac_len;
    if (form == SLUICE_FORM_UDP_MTE || form == SLUICE_FORM_UDP_ETM) {
        tap_fill(c.cid, sizeof c.cid);
    } else {
        c.nonce_mode = SLUICE_NONCE_MODE_EXPLICIT;
        c.replay = 0;
        c.tls_minor = form == SLUICE_FORM_TLS10 ? 0 : 3;
    }
    tap_fill(c.cipher_key, sizeof c.cipher_key);
    tap_fill(c.mac_key, sizeof c.mac_key);
    return c;
}

struct sluice_sa *kit_sa(struct kit *kit, const struct sluice_sa_config *config)
{
    struct sluice_sa *sa;
    int err = sluice_sa_create(kit->card, config, &sa);

    if (err) {
        tap_ok(false, "sluice_sa_create of %s: %s", kit_name(config), strerror(-err));
        exit(tap_end());
    }
    return sa;
}

const char *kit_name(const struct sluice_sa_config *c)
{
    static const char *const ciphers[] = {"null", "des", "3des", "aes128", "aes192", "aes256"};
    static const char *const macs[] = {"none", "md5", "sha1", "sha256"};
    static const char *const forms[] = {"mte", "etm", "tls mte", "tls etm", "tls 1.0"};
    static _Thread_local char name[64];
    bool udp = c->form == SLUICE_FORM_UDP_MTE || c->form == SLUICE_FORM_UDP_ETM;

    snprintf(name, sizeof name, "%s %s/%u %s%s", ciphers[c->cipher], macs[c->mac], c->mac_len, forms[c->form],
             udp && c->nonce_mode == SLUICE_NONCE_MODE_EXPLICIT ? " explicit" : "");
    return name;
}

bool kit_all(const void *mem, size_t bytes, uint8_t value)
{
    const uint8_t *p = mem;

    for (size_t i = 0; i < bytes; i++) {
        if (p[i] != value) {
            return false;
        }
    }
    return true;
}
