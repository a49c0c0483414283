/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Slows those who try passwords. After a few wrong ones a source waits longer and longer before the next is looked at, and so do
 * all sources for one user after many, but for those from which that user has come in before: nobody can keep a user out who is
 * at his usual place. The table is bounded, so what it forgets first is what was seen last the longest ago. Any thread.
 */
#ifndef SLUICED_GUARD_H
#define SLUICED_GUARD_H

#include <stdbool.h>
#include <time.h>

#include "net/addr.h"

#define GUARD_SOURCE_FREE    5  /* wrong passwords from a source before it has to wait */
#define GUARD_USER_FREE      20 /* for a user */
#define GUARD_SOURCE_LONGEST 60 /* seconds; they double with each wrong one */
#define GUARD_USER_LONGEST   5
#define GUARD_FORGET_SECONDS 900 /* without a wrong one */
#define GUARD_TRUST_SECONDS  (30 * 86400)

struct guard;

/* NULL: no memory, or no random numbers. */
struct guard *guard_new(void);
void guard_free(struct guard *guard); /* NULL is allowed */
/* A password may be looked at now. `now` is in seconds of any clock that never goes back. An IPv6 source is its /64. */
bool guard_may_try(struct guard *guard, const struct net_addr *source, const char *user, time_t now);
/* What came of it. */
void guard_tell(struct guard *guard, const struct net_addr *source, const char *user, bool right, time_t now);

#endif
