/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One vfio-user connection: whole messages in, with the file descriptors that came along; messages out. Never blocks. The peer is
 * not trusted: sizes are bounded, and what it does not read is kept up to VFU_OUT_LIMIT bytes.
 */
#ifndef SIM_VFU_CONN_H
#define SIM_VFU_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vfu_msg.h"

#define VFU_MAX_DATA    4096u  /* of one region access */
#define VFU_MAX_MESSAGE 16384u /* taken from a client */
#define VFU_MAX_FDS     16u
#define VFU_OUT_LIMIT   (4u << 20)

struct vfu_conn {
    int fd;
    union {
        struct vfu_header header;
        uint8_t bytes[VFU_MAX_MESSAGE];
    } in;
    size_t have;
    int fds[VFU_MAX_FDS];
    unsigned nfds;
    bool fds_lost; /* more came than could be taken */
    uint8_t *out;
    size_t out_len, out_room;
};

/* Takes over `fd`, a connected stream socket. */
void conn_open(struct vfu_conn *c, int fd);
void conn_close(struct vfu_conn *c);
/* 1: a whole message is in c->in; 0: not yet; -errno: the connection is over (-EPROTO: the stream makes no sense). */
int conn_receive(struct vfu_conn *c);
/* Takes fd `i` of the message away from the connection; the caller owns it. */
int conn_take_fd(struct vfu_conn *c, unsigned i);
/* Done with the message: closes the fds that were not taken. */
void conn_next(struct vfu_conn *c);
/* A message of header, `body` and `data`; either may be empty. 0 or -errno: the connection is over. */
int conn_send(struct vfu_conn *c, struct vfu_header *h, const void *body, size_t body_len, const void *data, size_t data_len);
/* Sends what is left. 0 or -errno. */
int conn_flush(struct vfu_conn *c);
bool conn_sending(const struct vfu_conn *c);

#endif
