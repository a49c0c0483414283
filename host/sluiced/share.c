/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/share.h"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#define PATIENCE_US 10000u /* a burst that is read within that time loses nothing */
#define LEAST       4u     /* records of an association in a turn */
#define SHORT_PART  16u    /* of the queue's room, what is short */
#define SHORT_BYTES 131072u

bool share_take(struct share *share, struct share_taken *taken)
{
    if (taken->turn != share->turn)
        *taken = (struct share_taken){.turn = share->turn};
    taken->records++;
    if (taken->records > share->peak)
        share->peak = taken->records;
    return taken->records <= share->most;
}

static void less(struct share *share)
{
    uint32_t now = share->most < share->peak ? share->most : share->peak;
    share->most = now - now / 4 > LEAST ? now - now / 4 : LEAST;
}

static void more(struct share *share)
{
    if (share->most == SHARE_ALL)
        return;
    if (share->peak < share->most / 2) /* nobody wants that much */
        share->most = SHARE_ALL;
    else
        share->most += share->most / 16 + 1;
}

void share_end_turn(struct share *share, uint64_t waiting, uint64_t room, uint64_t now_us)
{
    uint64_t is_short = room / SHORT_PART > SHORT_BYTES ? room / SHORT_PART : SHORT_BYTES;
    if (waiting <= is_short) {
        share->crowded_us = 0;
        more(share);
    } else if (!share->crowded_us) {
        share->crowded_us = now_us;
    } else if (now_us - share->crowded_us >= PATIENCE_US) {
        less(share);
    }
    share->turn++;
    share->peak = 0;
}

void share_look(int fd, uint64_t *waiting, uint64_t *room)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof info;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len))
        *waiting = *room = 0;
    *waiting = info[SK_MEMINFO_RMEM_ALLOC];
    *room = info[SK_MEMINFO_RCVBUF];
}
