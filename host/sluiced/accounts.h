/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What users have at present, over all workers: connections, associations, and how much of their rates is used up. Whoever has
 * not said who he is, is the address that he comes from (IPv6: its /64). Places are counted, rates kept by atomic numbers, so
 * that a datagram takes no lock. Any thread.
 */
#ifndef SLUICED_ACCOUNTS_H
#define SLUICED_ACCOUNTS_H

#include <stdbool.h>

#include "net/addr.h"

struct account;
struct accounts;

enum account_place { ACCOUNT_NONE, ACCOUNT_HANDSHAKE, ACCOUNT_CONNECTION, ACCOUNT_ASSOCIATION, ACCOUNT_PLACES };
enum account_way { ACCOUNT_UP, ACCOUNT_DOWN, ACCOUNT_WAYS };

struct accounts *accounts_new(void); /* NULL: no memory, or no random numbers */
void accounts_free(struct accounts *accounts);
/* A reference to that of `user`, or of `source` where user is NULL. NULL: no memory. */
struct account *account_get(struct accounts *accounts, const char *user, const struct net_addr *source);
struct account *account_ref(struct account *account);
void account_unref(struct account *account); /* NULL is allowed */

/* One more, unless there are `most` (0: no limit). */
bool account_take(struct account *account, enum account_place place, unsigned most);
void account_give(struct account *account, enum account_place place);
/* A datagram passes, at these rates a second (0: no limit). What was left unused up to a second is saved up. */
bool account_pass(struct account *account, enum account_way way, unsigned bytes, unsigned datagram_rate, unsigned byte_rate);
/* Bytes of a stream have passed: for how many milliseconds no more should come. */
unsigned account_pace(struct account *account, enum account_way way, unsigned bytes, unsigned byte_rate);

#endif
