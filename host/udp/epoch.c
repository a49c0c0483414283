/* SPDX-License-Identifier: Apache-2.0 */
#include "udp/epoch.h"

#include <string.h>

int epoch_init(struct epoch *epoch, enum sas_end end, const struct keys_agreement *agreement, const struct keys *keys,
               bool replay, uint64_t now)
{
    memset(epoch, 0, sizeof *epoch);
    epoch->number = agreement->epoch;
    epoch->born = now;
    memcpy(epoch->cid, end == SAS_CLIENT ? agreement->client_cid : agreement->proxy_cid, sizeof epoch->cid);
    memcpy(epoch->take_up, keys->take_up, sizeof epoch->take_up);
    return sas_init(&epoch->sas, end, agreement, keys, replay);
}

bool epoch_is_worn(const struct epoch *epoch, const struct epoch_limits *limits, uint64_t now)
{
    uint64_t sealed = epoch->sas.seal_next - SAS_FIRST_COUNTER;
    if (now - epoch->born >= limits->seconds || sas_left(&epoch->sas) <= EPOCH_MARGIN)
        return true;
    return limits->records && sealed >= limits->records;
}

void epoch_heard(struct epoch *epoch, uint64_t now)
{
    if (epoch->heard)
        return;
    epoch->heard = true;
    for (struct epoch *e = epoch->former; e; e = e->former) {
        if (!e->expires)
            e->expires = now + EPOCH_FORMER_SECONDS;
    }
}

unsigned epoch_count(const struct epoch *newest)
{
    unsigned count = 0;
    for (; newest; newest = newest->former)
        count += !newest->going;
    return count;
}

struct epoch *epoch_to_end(struct epoch *newest, const struct epoch *sealing, uint64_t now)
{
    struct epoch *found = NULL, *oldest = NULL;
    bool older = false;
    for (struct epoch *e = newest; e; e = e->former) {
        if (older && !e->going) {
            oldest = e;
            if (e->expires && now >= e->expires)
                found = e;
        }
        older |= e == sealing;
    }
    return !found && epoch_count(newest) > EPOCHS_MOST ? oldest : found;
}
