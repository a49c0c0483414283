/* SPDX-License-Identifier: Apache-2.0 */
/* Records inside of the connection (PROTOCOL.md, "Records in the TCP stream"). */
#include "sluiced/datapath.h"
#include "sluiced/session_internal.h"

static void on_record(void *arg, const uint8_t *record, uint32_t len)
{
    struct session *s = arg;
    if (s->state == SESSION_ASSOCIATED && s->association && s->association->secure)
        datapath_from_connection(s->association, record, len);
    else
        stats_refuse(&s->worker->stats, REFUSAL_CLOSED);
}

void session_take_records(struct session *s)
{
    stream_take_records(s->stream, on_record, s);
}

int session_send_record(struct session *s, const uint8_t *record, uint32_t len)
{
    return stream_send_record(s->stream, record, len);
}

void session_take_transport(struct session *s, const struct control_message *message)
{
    struct association *a = s->association;
    int transport = control_transport_decode(message);
    if (transport < 0) {
        session_end(s, CONTROL_CLOSE_POLICY, "bad_transport");
        return;
    }
    bool by_tcp = transport == CONTROL_BY_TCP;
    if (by_tcp == a->by_tcp)
        return;
    a->by_tcp = by_tcp;
    stats_add(by_tcp ? &s->worker->stats.transports_tcp : &s->worker->stats.transports_udp, 1);
    log_event(&s->worker->proxy->log, LOG_LEVEL_INFO, "transport", "peer=%s user=%s by=%s", s->peer_text, s->user,
              by_tcp ? "tcp" : "udp");
}

void session_take_mtu(struct session *s, const struct control_message *message)
{
    int mtu = control_path_mtu_decode(message);
    if (mtu < 0) {
        session_end(s, CONTROL_CLOSE_POLICY, "bad_path_mtu");
        return;
    }
    s->association->mtu = (unsigned)mtu;
    log_event(&s->worker->proxy->log, LOG_LEVEL_DEBUG, "path_mtu", "peer=%s mtu=%d", s->peer_text, mtu);
}
