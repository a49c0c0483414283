/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TLS and sluice records on one TCP connection, told apart by the first byte of each record (PROTOCOL.md, "Records in the TCP
 * stream"). Toward OpenSSL it is a BIO: OpenSSL asks for a header and then for its body. Belongs to the thread of its stream.
 */
#ifndef HOST_NET_MUX_H
#define HOST_NET_MUX_H

#include <openssl/bio.h>
#include <stdbool.h>
#include <stdint.h>

#define MUX_RECORD_MAX (5 + 16384 + 2048)

struct mux;

/* A whole record with its header; valid during the call. */
typedef void mux_fn(void *arg, const uint8_t *record, uint32_t len);

/* For the socket, which stays its owner's. NULL: no memory. */
struct mux *mux_new(int fd);
void mux_free(struct mux *mux); /* NULL is allowed */
/* A BIO on it, for SSL_set_bio; the mux must outlive it. NULL: no memory. */
BIO *mux_bio(struct mux *mux);

/* Sluice records are taken from now on; before that, and with another header than theirs, they are an error of TLS. */
void mux_take_records(struct mux *mux, mux_fn *fn, void *arg);
/* Queues a copy, to be sent between two TLS records. -ENOBUFS: too much waits; -ENOMEM. */
int mux_queue(struct mux *mux, const uint8_t *record, uint32_t len);
/* Sends what it can of that, and of what is held. -errno of the socket. */
int mux_flush(struct mux *mux);
bool mux_waits(const struct mux *mux);

/* Short records that OpenSSL writes from here on are held, to be sent together by mux_release (as mux_flush). What the socket
 * does not take then stays held. */
void mux_hold(struct mux *mux);
int mux_release(struct mux *mux);
bool mux_holds(const struct mux *mux);

/* Something has been read that nobody has asked for yet: it makes no socket readable. */
bool mux_has_input(const struct mux *mux);

#endif
