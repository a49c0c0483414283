/* SPDX-License-Identifier: Apache-2.0 */
/* What rules and limits ask: is an address in a network, a user among those named. */
#ifndef SLUICED_MATCH_H
#define SLUICED_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "net/addr.h"

struct users;

struct network {
    uint8_t bytes[16];
    uint8_t bits; /* of the prefix */
    bool six;
};

#define MATCH_NETWORK_EXPECTED "a network, as in \"192.0.2.0/24\" or \"2001:db8::/32\""

/* "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits beyond the prefix must be 0. -EINVAL. */
int match_parse_network(const char *text, struct network *network);
/* The same as a check of an option. */
int match_check_network(const char *text, void *field);
/* Of the one address. */
struct network match_network(const struct net_addr *address);
bool match_contains(const struct network *network, const struct network *address);
/* In one of them; true when there are none. */
bool match_any(const struct network *list, unsigned count, const struct network *address);
/* Lists of char *: one of either names him; true when both are empty. `user` NULL: nobody; `users` NULL: there are no groups. */
bool match_user(const struct config_list *names, const struct config_list *groups, const char *user, const struct users *users);

#endif
