/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of libsluice share: one engine with a queue pair and two buffers, SA parameters, one operation at a time. */
#ifndef TESTS_DRIVER_KIT_H
#define TESTS_DRIVER_KIT_H

#include "sluice.h"
#include "tap.h"

#define KIT_ROOM 40000u

struct kit {
    struct sluice_card *card;
    struct sluice_qp *qp;
    uint8_t *src, *dst; /* KIT_ROOM each */
};

/* 0 or -errno, with nothing left open. */
int kit_open(struct kit *kit, const char *uri);
void kit_close(struct kit *kit);

/* Takes `count` completions, asleep until the eventfd tells of them. False: an error, or 30 s without one. */
bool kit_take(struct sluice_qp *qp, struct sluice_done *done, unsigned count);
/* Does one operation to its end. Gives up after 30 s with status `aborted`. */
struct sluice_done kit_run(struct kit *kit, const struct sluice_op *op);

/* Parameters with random keys and cid; counter 0. TLS forms: explicit, TLS 1.2 where there is a choice. */
struct sluice_sa_config kit_config(enum sluice_cipher cipher, enum sluice_mac mac, enum sluice_form form,
                                   enum sluice_direction direction, unsigned mac_len);
/* Ends the test when it fails. */
struct sluice_sa *kit_sa(struct kit *kit, const struct sluice_sa_config *config);

/* "aes128 sha256/16 etm". Until the next call. */
const char *kit_name(const struct sluice_sa_config *config);
/* Whether all of mem is `value`. */
bool kit_all(const void *mem, size_t bytes, uint8_t value);

#endif
