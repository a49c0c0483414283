/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of an association, and their renewal (PROTOCOL.md, "Rekeying"). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/association_internal.h"

static int attach(struct association *a, struct epoch *epoch)
{
    struct engine *engine = a->client->engine;
    int rc = engine_attach(engine, &epoch->sas);
    if (rc == -ENODEV || rc == -ETIMEDOUT) {
        client_flush(a->client); /* it finds the card dead, and the next one takes its place */
        rc = engine_attach(engine, &epoch->sas);
    }
    epoch->attached = !rc;
    return rc;
}

static void free_epoch(struct association *a, struct epoch *epoch)
{
    if (epoch->attached)
        engine_detach(a->client->engine, &epoch->sas);
    sas_destroy(&epoch->sas);
    sas_wipe(&epoch->sas);
    explicit_bzero(epoch, sizeof *epoch);
    free(epoch);
}

int association_add_epoch(struct association *a, SSL *ssl)
{
    struct keys keys;
    struct epoch *epoch = calloc(1, sizeof *epoch);
    if (!epoch)
        return -ENOMEM;
    int rc = keys_derive(ssl, &a->agreement, &keys);
    if (!rc)
        rc = epoch_init(epoch, SAS_CLIENT, &a->agreement, &keys, true, client_now() / 1000);
    if (!rc)
        rc = attach(a, epoch);
    keys_wipe(&keys);
    if (rc) {
        free_epoch(a, epoch);
        return rc;
    }
    epoch->former = a->newest;
    a->newest = epoch;
    return 0;
}

/* The former one is still about while the proxy has not been heard under the newest: then only what must be is renewed. */
void association_rekey(struct association *a, bool wanted)
{
    const struct client_config *config = a->client->config;
    const struct epoch_limits limits = {.records = config->rekey_records, .seconds = config->rekey_seconds};
    uint8_t out[CONTROL_OUT_MAX];
    bool worn = epoch_is_worn(a->newest, &limits, client_now() / 1000) || engine_is_former(a->client->engine, &a->newest->sas);
    if (a->rekeying || !a->control || (!wanted && !worn))
        return;
    struct control_rekey rekey = {.epoch = a->newest->number + 1};
    if (getrandom(a->cid, sizeof a->cid, 0) != sizeof a->cid)
        return;
    memcpy(rekey.cid, a->cid, sizeof rekey.cid);
    a->rekeying = !stream_write(a->control, out, control_rekey(CONTROL_REKEY, &rekey, out));
    a->sent_at = a->rekey_at = client_now();
}

void association_say_rekeyed(struct association *a)
{
    const struct control_rekey rekey = {.epoch = a->newest->number};
    uint8_t out[CONTROL_OUT_MAX];
    stream_write(a->control, out, control_rekey(CONTROL_REKEY_DONE, &rekey, out));
}

int association_rekeyed(struct association *a, const struct control_message *message)
{
    struct control_rekey rekey;
    if (control_rekey_decode(message, &rekey) || !a->rekeying || rekey.epoch != a->newest->number + 1)
        return -EPROTO;
    a->rekeying = false;
    a->agreement.epoch = rekey.epoch;
    memcpy(a->agreement.client_cid, a->cid, sizeof a->cid);
    memcpy(a->agreement.proxy_cid, rekey.cid, sizeof rekey.cid);
    int rc = association_add_epoch(a, stream_ssl(a->control));
    if (rc)
        return rc;
    a->client->stats.rekeys++;
    association_say_rekeyed(a);
    log_event(&a->client->log, LOG_LEVEL_DEBUG, "rekey", "epoch=%u", (unsigned)rekey.epoch);
    return 0;
}

static void mark(struct association *a, bool all)
{
    struct epoch *old;
    for (struct epoch *epoch = a->newest; all && epoch; epoch = epoch->former)
        epoch->going = true;
    while (!all && a->newest && (old = epoch_to_end(a->newest, a->newest, client_now() / 1000)))
        old->going = true;
}

bool association_reap_epochs(struct association *a, bool all)
{
    struct epoch **at = &a->newest;
    mark(a, all);
    while (*at) {
        struct epoch *epoch = *at;
        if (epoch->going && !epoch->sas.in_flight) {
            *at = epoch->former;
            free_epoch(a, epoch);
        } else {
            at = &epoch->former;
        }
    }
    return !a->newest;
}
