/* SPDX-License-Identifier: Apache-2.0 */
/* Why a datagram was dropped. Counted, never told to its sender. Names are keys of the status JSON, so an interface. */
#ifndef HOST_UDP_REFUSAL_H
#define HOST_UDP_REFUSAL_H

#include "sluice.h"

#define REFUSAL_LIST(X)                                                                                                          \
    X(NOISE, "noise")               /* neither record nor naked UDP */                                                           \
    X(NAKED, "naked")               /* naked UDP where only records are taken */                                                 \
    X(RECORD, "record")             /* a record where only naked UDP is taken */                                                 \
    X(BAD_LENGTH, "bad_length")     /* a length that no record of the association can have */                                    \
    X(BAD_FORMAT, "bad_format")     /* type, version or cid is not the association's */                                          \
    X(BAD_TYPE, "bad_type")         /* an authentic record of a type that is not in use */                                       \
    X(UNKNOWN_CID, "unknown_cid")   /* one of ours, but there is no such association */                                          \
    X(FOREIGN_CID, "foreign_cid")   /* made by another member */                                                                 \
    X(FORGED_CID, "forged_cid")     /* made by no member */                                                                      \
    X(WRONG_SOURCE, "wrong_source") /* not from where the association is pinned to */                                            \
    X(UNEXPECTED, "unexpected")     /* from a target that nothing was sent to, where that is asked for */                        \
    X(UNCHECKED, "unchecked_path")  /* would be more than a source that is not checked has sent */                               \
    X(FORGED_NONCE, "forged_nonce")                                                                                              \
    X(AUTH_FAILED, "auth_failed") /* MAC or padding */                                                                           \
    X(REPLAYED, "replayed")                                                                                                      \
    X(BAD_HEADER, "bad_header")   /* no SOCKS5 datagram header in the content */                                                 \
    X(FRAG, "frag")               /* FRAG other than 0 */                                                                        \
    X(RULE, "rule")               /* destination refused by a rule */                                                            \
    X(RATE, "rate")               /* over the rate of its user or address */                                                     \
    X(SHARE, "share")             /* over its association's share of a worker that has too much to do */                         \
    X(PRIVATE, "private")         /* private destination that no rule opens */                                                   \
    X(NO_ROUTE, "no_route")       /* no destination: not unicast, not resolved or not reachable */                               \
    X(TOO_LONG, "too_long")       /* longer than a record or the way there can carry */                                          \
    X(NO_BUFFER, "no_buffer")     /* memory, queue or ring full: load shed */                                                    \
    X(SEND_FAILED, "send_failed") /* the socket refused it for another reason */                                                 \
    X(ENGINE, "engine")           /* the engine could not do it */                                                               \
    X(CLOSED, "closed")           /* the association ended while it was under way */

enum refusal {
#define X(id, name) REFUSAL_##id,
    REFUSAL_LIST(X)
#undef X
        REFUSAL_COUNT
};

const char *refusal_name(enum refusal refusal);
/* Of a status other than ok. */
enum refusal refusal_of_status(enum sluice_status status);

#endif
