/* SPDX-License-Identifier: Apache-2.0 */
/* A vfio-user client's view of the card: every command, checked, carried out on the root complex. */
#ifndef SIM_VFU_H
#define SIM_VFU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "root.h"
#include "vfu_conn.h"

struct vfu {
    struct root *root;
    struct vfu_conn conn;
    bool negotiated;
    size_t client_max_data; /* bytes of one DMA message, as the client says */
    uint16_t next_id;
    uint16_t read_id[READS_TAGS]; /* of the DMA_READ sent for each tag */
    int request_fd;               /* eventfd of the REQ interrupt, or -1 */
    int broken;                   /* -errno once sending has failed */
};

/* Takes over `fd`, the socket of a client that has just connected. `root` outlives it. */
void vfu_open(struct vfu *v, struct root *root, int fd);
/* Drops the client's maps and eventfds and resets the function, as VFIO does at close. */
void vfu_close(struct vfu *v);
/* Handles at most one message. 1: did; 0: none is there, or replies must leave first; -errno: the client is to be closed. */
int vfu_serve(struct vfu *v);
/* The simulation is about to end. */
void vfu_announce_end(struct vfu *v);
/* Tells the root complex how to reach this client's memory. `v` may be without client at times. */
struct root_remote vfu_remote(struct vfu *v);

/* What a command answers with: `body`, then `data_len` bytes of `data`. */
struct vfu_reply {
    uint8_t body[256];
    size_t body_len;
    uint8_t data[VFU_MAX_DATA];
    size_t data_len;
};

/* Handlers: `body` is what follows the header. 0 or -errno, which is the error reply. */
int vfu_version(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_dma_map(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_dma_unmap(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_get_info(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_get_region_info(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_get_irq_info(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_set_irqs(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_region_read(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_region_write(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_region_write_multi(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);
int vfu_reset(struct vfu *v, const uint8_t *body, size_t len, struct vfu_reply *reply);

static inline void vfu_reply_set(struct vfu_reply *reply, const void *body, size_t len)
{
    __builtin_memcpy(reply->body, body, len);
    reply->body_len = len;
}

#endif
