/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker takes of each association while more comes to it than it can do. Clients share its UDP socket, and the rings from
 * other workers: without this, a
 * flood on one association fills that queue, and the others' records wait or are lost in it. Reading a record and
 * dropping it costs a small part of what opening it does.
 *
 * Time goes in turns, a read of the queue each. As long as it is read empty nothing is dropped. When it has not been for a while,
 * an association may have so many records in a turn as leaves the queue short, the same for all of them; and in an engine that is
 * slow, not more than what is free there.
 */
#ifndef SLUICED_SHARE_H
#define SLUICED_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#define SHARE_ALL UINT32_MAX

/* Of a queue. All zero but `most`: SHARE_ALL. */
struct share {
    uint32_t turn;
    uint32_t most;       /* records of an association in this turn */
    uint32_t peak;       /* that one association had in it */
    uint64_t crowded_us; /* since when the queue has not been short; 0: it is */
};

/* Of an association and a queue. All zero. */
struct share_taken {
    uint32_t turn, records;
};

/* Another record of it. False: it is over its share. */
bool share_take(struct share *share, struct share_taken *taken);
/* A turn has ended; `waiting`: bytes in the queue, which has room for `room`. */
void share_end_turn(struct share *share, uint64_t waiting, uint64_t room, uint64_t now_us);
/* Bytes that wait in a socket, with what the kernel needs for them, and the room that there is. */
void share_look(int fd, uint64_t *waiting, uint64_t *room);

#endif
