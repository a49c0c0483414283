/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a session share. */
#ifndef SLUICED_SESSION_INTERNAL_H
#define SLUICED_SESSION_INTERNAL_H

#include "net/relay.h"
#include "net/stream.h"
#include "sluiced/access.h"
#include "sluiced/session.h"
#include "socks/server.h"

enum session_state {
    SESSION_HANDSHAKE,  /* TLS */
    SESSION_SOCKS,      /* greeting to request */
    SESSION_AUTH,       /* the helper checks a password */
    SESSION_NAME,       /* CONNECT, BIND: the name that was asked for */
    SESSION_CONNECT,    /* CONNECT: to the target; BIND: the peer has come */
    SESSION_BIND,       /* BIND: for the peer */
    SESSION_RELAY,      /* CONNECT: bytes both ways */
    SESSION_MAKING,     /* the helper makes SAs */
    SESSION_MOVING,     /* between two workers */
    SESSION_ASSOCIATED, /* the stream carries control messages */
    SESSION_ENDING,     /* what is to be told is written, then the connection closes */
};

struct auth_task;

struct session {
    struct worker *worker;
    enum session_state state;
    struct stream *stream;
    struct socks_server *socks; /* until the request is complete */
    struct socks_message request;
    struct socks_params offer;
    struct net_addr peer, local;
    char peer_text[NET_ADDR_TEXT];
    struct access access;
    char user[64];   /* quoted, for the log; "-" without authentication */
    char target[96]; /* quoted, for the log */
    bool tls;
    time_t deadline;     /* 0: none */
    time_t since;        /* of the relay */
    uint64_t counted[2]; /* of its bytes */
    time_t last_sent;    /* on the control stream */
    time_t asked;        /* the client for a rekey; 0: not for the newest epoch */
    struct task move;
    unsigned move_to; /* worker */
    struct auth_task *auth;
    time_t refuse_at; /* when a password that is not looked at is refused; 0: never */
    struct association *association;
    /* CONNECT, BIND */
    struct names_request *name;
    void (*on_addresses)(struct session *session);
    struct names_result addresses;
    unsigned next_address;
    int connect_error;
    struct stream *to_target;
    struct evconnlistener *listener;
    struct relay *relay;
    struct session *prev, *next;
};

/* Answers a request; on another code than success the session ends. */
void session_reply(struct session *session, enum socks_reply code, const struct net_addr *bound);
/* The target may be reached for this request. If not, that is counted and logged. `name`: what it was asked for by, or NULL. */
bool session_may_reach(struct session *session, enum rules_protocol protocol, const char *name, const struct net_addr *target);
/* After the handshake: a client certificate makes its owner the user. -EACCES: it is nobody's, which is counted and logged. */
int session_take_certificate(struct session *session);
/* The user name and password that were sent. */
void session_authenticate(struct session *session);
void session_refuse_auth(struct session *session);
void session_forget_auth(struct session *session); /* the session goes away */
/* CONNECT, BIND: calls `then` when the addresses of what was asked for are known, at once or later. */
void session_resolve(struct session *session, void (*then)(struct session *session));
/* Goes on with what the client has sent. */
void session_take_input(struct session *session);
/* Writes what is queued, then closes. */
void session_wind_up(struct session *session);
/* The target is reached: replies with `bound`, then carries bytes both ways. */
void session_relay(struct session *session, const struct net_addr *bound);
/* The requests. */
void session_bind(struct session *session);
void session_bind_free(struct session *session); /* its listener */
void session_connect(struct session *session);
void session_associate(struct session *session, bool secure);
/* A secure request that names an association of ours: goes to its worker first. */
void session_take_up(struct session *session);
/* The stream's events. */
void session_on_stream(struct stream *stream, enum stream_event event, void *arg);
/* Between the workers' lists. */
void session_link_in(struct session *session);
void session_link_out(struct session *session);
/* What both ends agree on for the epoch that is in the making. */
enum socks_reply session_agree(const struct session *session, uint32_t epoch, struct keys_agreement *agreement);
/* Records may come inside the connection from now on. */
void session_take_records(struct session *session);
/* The client says by which way it wants records. */
void session_take_transport(struct session *session, const struct control_message *message);
/* The client says how large a packet reaches it. */
void session_take_mtu(struct session *session, const struct control_message *message);
/* Rekeying: a message of the client's; the answer of association_make. */
void session_take_rekey(struct session *session, const struct control_message *message);
void session_rekeyed(struct session *session, int error);

#endif
