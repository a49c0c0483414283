/* SPDX-License-Identifier: Apache-2.0 */
/* Who has associations: asked of each worker in its own thread, so that nothing of them is locked. Main thread. */
#ifndef SLUICED_ROSTER_H
#define SLUICED_ROSTER_H

#include <jansson.h>

#include "sluiced/proxy.h"

#define ROSTER_MOST 200 /* of each worker: the newest */

struct roster;

/* Called once, with an array of objects that the callee releases; NULL: no memory. */
typedef void roster_fn(void *arg, json_t *associations);

/* `mailbox`: of the main thread. NULL: no memory, and `fn` is not called. */
struct roster *roster_ask(struct proxy *proxy, struct mailbox *mailbox, roster_fn *fn, void *arg);
/* Before its answer: `fn` is not called any more. */
void roster_forget(struct roster *roster);

#endif
