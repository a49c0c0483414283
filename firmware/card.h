/* SPDX-License-Identifier: Apache-2.0 */
/* What this card is like and how it is: the firmware's one piece of shared state. */
#ifndef SLUICE_FW_CARD_H
#define SLUICE_FW_CARD_H

#include <stdbool.h>
#include <stdint.h>

struct card {
    uint32_t features;
    uint32_t sa_count, io_queues;
    uint32_t record_lanes, legacy_lanes, stream_lanes; /* masks */
    uint32_t service_lane;                             /* mask: the last record lane */
    uint32_t in_service;                               /* mask of the lanes that operations go to */
    uint32_t health;                                   /* register HEALTH */
    uint32_t march, march_rings;                       /* what failed the march test at power on */
};

extern struct card card;

/* Reads what the card is like. */
void card_init(void);
/* Takes lanes out of service, and says so. False: there is none left for ordinary records. */
bool card_lose_lanes(uint32_t mask);
void card_set_health(uint32_t bits);
void card_clear_health(uint32_t bits);
/* The service lane is in service: the generator and the wrapping of SAs have their lane. */
bool card_has_service(void);

#endif
