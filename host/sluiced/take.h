/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The new proxy's side of an upgrade (give.h): it takes over sockets first, then, when nothing that it needs can fail any more,
 * the secure associations. Main thread, before the workers start.
 */
#ifndef SLUICED_TAKE_H
#define SLUICED_TAKE_H

#include "sluiced/proxy.h"

struct take;

/* Connects to the running proxy at `path`. Sets what belongs to its cids, and adds its sockets to proxy->activation. `*what`
 * names what failed. -errno; -ECONNRESET: it does not want. */
int take_new(struct proxy *proxy, const char *path, struct take **take, const char **what);
/* Once workers and helpers are there, and the process is confined: takes over the associations. When this returns 0 they are
 * here, and the former proxy has let go of them; whoever fails has changed nothing there. */
int take_associations(struct take *take, unsigned *count, const char **what);
/* Where the former one logs to; -1: not known. */
int take_log(const struct take *take);
/* NULL is allowed. */
void take_free(struct take *take);

#endif
