/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker whose associations are being handed over: nothing that seals, opens or changes an association happens, so that what is
 * said of it stays true. Streams and naked associations go on. In the worker's thread.
 */
#ifndef SLUICED_FREEZE_H
#define SLUICED_FREEZE_H

#include "sluiced/worker.h"

/* Listeners, UDP sockets, those toward targets of secure associations and their connections are not read any more. */
void worker_freeze(struct worker *worker);
/* All is as before. */
void worker_thaw(struct worker *worker);
/* Once all workers are frozen: what had been read is through, and sent. */
bool worker_is_still(struct worker *worker);
/* Frozen: the associations are another process's from now on, and so is what the sockets bring. Their connections end without a
 * word, so that the clients come back. What is left has so many seconds to end. */
void worker_give(struct worker *worker, unsigned seconds);

#endif
