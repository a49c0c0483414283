/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/datapath.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sluiced/session.h"
#include "sluiced/targets.h"
#include "udp/record.h"

#define REKEY_LOOKS      64u  /* records between two looks at how worn the keys are */
#define READS_PER_EVENT  4    /* then the loop's other events have their turn */
#define RING_ENTRY_BYTES 2048 /* that a record in a ring counts as */
#define WAITING_MAX      64   /* datagrams that wait for names, of all associations: they hold memory that others need */

/* ---- to the target */

/* The target has been chosen by the rules. */
static void send_to(struct association *a, struct chunk *chunk, const uint8_t *data, uint32_t len, const struct net_addr *target)
{
    struct worker *worker = a->worker;
    struct target_socket *socket = association_target(a, target->sa.sa_family);
    if (!socket) {
        stats_refuse(&worker->stats, REFUSAL_NO_ROUTE);
        return;
    }
    targets_sent(a, target);
    a->up++;
    a->up_bytes += len;
    batch_send(worker->tx, &socket->queue, chunk, data, len, target, NULL);
}

static void send_to_name(struct association *a, struct chunk *chunk, const uint8_t *data, uint32_t len, const char *name,
                         const struct names_result *result, uint16_t port)
{
    struct names_result addresses = *result;
    for (unsigned i = 0; i < addresses.count; i++)
        net_addr_set_port(&addresses.addresses[i], port);
    const struct net_addr *target = targets_choose(a, name, addresses.addresses, addresses.count);
    if (target)
        send_to(a, chunk, data, len, target);
}

static void on_name(void *arg, const struct names_result *result)
{
    struct held_datagram *held = arg;
    held->request = NULL;
    held->association->worker->waiting--;
    send_to_name(held->association, held->chunk, held->data, held->len, held->name, result, held->port);
    free(held->name);
    chunk_unref(held->chunk);
    worker_flush(held->association->worker);
}

static void hold_for_name(struct association *a, struct chunk *chunk, const uint8_t *data, uint32_t len,
                          const struct socks_address *address)
{
    struct worker *worker = a->worker;
    struct held_datagram *held = worker->waiting < WAITING_MAX ? a->held : a->held + ASSOCIATION_HELD;
    while (held < a->held + ASSOCIATION_HELD && held->request)
        held++;
    if (held < a->held + ASSOCIATION_HELD) {
        *held = (struct held_datagram){.association = a, .chunk = chunk, .data = data, .len = len, .port = address->port};
        held->name = strdup(address->name);
        held->request = held->name ? names_ask(worker->names, address->name, on_name, held) : NULL;
        if (!held->request)
            free(held->name);
        if (held->request) {
            chunk_ref(chunk);
            worker->waiting++;
            return;
        }
    }
    stats_refuse(&worker->stats, REFUSAL_NO_BUFFER);
}

/* `data` is what a record held, or a naked datagram: SOCKS5 header and payload. */
static void route(struct association *a, struct chunk *chunk, const uint8_t *data, uint32_t len)
{
    struct socks_address address;
    struct net_addr target;
    uint8_t frag;
    if (!access_pass(&a->access, a->worker->policy, ACCOUNT_UP, len)) {
        stats_refuse(&a->worker->stats, REFUSAL_RATE);
        return;
    }
    int header = socks_udp_decode(data, len, &frag, &address);
    if (header < 0 || frag) {
        stats_refuse(&a->worker->stats, header < 0 ? REFUSAL_BAD_HEADER : REFUSAL_FRAG);
        return;
    }
    data += header;
    len -= (uint32_t)header;
    if (!socks_address_to_addr(&address, &target)) {
        if (targets_choose(a, NULL, &target, 1))
            send_to(a, chunk, data, len, &target);
        return;
    }
    const struct names_result *known = names_cached(a->worker->names, address.name);
    if (known)
        send_to_name(a, chunk, data, len, address.name, known, address.port);
    else
        hold_for_name(a, chunk, data, len, &address);
}

/* ---- from clients */

/* The first source is the association's from then on. */
static bool pin(struct association *a, const struct net_addr *peer)
{
    if (!a->peer.len) {
        char text[NET_ADDR_TEXT];
        a->peer = *peer;
        log_event(&a->worker->proxy->log, LOG_LEVEL_DEBUG, "pinned", "peer=%s source=%s", a->peer_text,
                  net_addr_format(peer, text));
    }
    return net_addr_equal(&a->peer, peer);
}

/* It is not more than the association's share. One that is alone may have all there is. */
static bool share_has(struct association *a, const struct sas *sas, enum worker_queue queue)
{
    struct worker *worker = a->worker;
    struct share *share = &worker->shares[queue];
    bool within = share_take(share, &a->taken[queue]);
    if (share->most == SHARE_ALL || !worker->associations->next)
        return true;
    return within && sas->in_flight <= engine_room(worker->engine);
}

static void open_record(struct proxy_epoch *e, const struct ring_entry *record)
{
    struct association *a = e->association;
    struct stats *stats = &a->worker->stats;
    if (a->state != ASSOCIATION_OPEN) {
        stats_refuse(stats, REFUSAL_CLOSED);
        return;
    }
    struct engine_job job = {
        .type = SLUICE_OP_TYPE_OPEN,
        .content_type = record->data[0],
        .sas = &e->epoch.sas,
        .src_chunk = record->chunk,
        .src = record->data,
        .src_len = record->len,
        .owner = a,
        .peer = record->peer,
    };
    int rc = engine_submit(a->worker->engine, &job);
    if (rc)
        stats_refuse(stats, rc == -EMSGSIZE ? REFUSAL_BAD_LENGTH : REFUSAL_NO_BUFFER);
}

static void cross(struct worker *worker, unsigned to, const struct ring_entry *record)
{
    struct proxy *proxy = worker->proxy;
    chunk_ref(record->chunk);
    if (ring_put(proxy->rings[worker->index * proxy->worker_count + to], record)) {
        worker->poke |= 1ull << to;
        stats_add(&worker->stats.crossed, 1);
        return;
    }
    chunk_unref(record->chunk);
    stats_refuse(&worker->stats, REFUSAL_NO_BUFFER);
}

/* A cid that is in no table here: another worker's, another member's, or noise. */
static void find_place(struct worker *worker, const struct record_header *header, const struct ring_entry *record)
{
    struct cid_place place;
    if (cid_read(worker->cid_key, header->cid, &place) || place.worker >= worker->proxy->cid_workers)
        stats_refuse(&worker->stats, REFUSAL_FORGED_CID);
    else if (place.member != worker->proxy->member)
        stats_refuse(&worker->stats, REFUSAL_FOREIGN_CID);
    else if (proxy_worker_of(worker->proxy, &place) == worker->index)
        stats_refuse(&worker->stats, REFUSAL_UNKNOWN_CID);
    else
        cross(worker, proxy_worker_of(worker->proxy, &place), record);
}

static void take_record(struct worker *worker, const struct ring_entry *record, enum worker_queue queue)
{
    struct record_header header;
    if (record_header_decode(record->data, record->len, &header)) {
        stats_refuse(&worker->stats, REFUSAL_BAD_LENGTH);
        return;
    }
    struct proxy_epoch *e = epochs_find(worker, header.cid);
    if (!e)
        find_place(worker, &header, record);
    else if (share_has(e->association, &e->epoch.sas, queue))
        open_record(e, record);
    else
        stats_refuse(&worker->stats, REFUSAL_SHARE);
}

static void on_client_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct worker *worker = arg;
    struct ring_entry record = {.chunk = datagram->chunk, .data = datagram->data, .len = datagram->len, .peer = *datagram->peer};
    switch (record_detect(datagram->data, datagram->len)) {
    case RECORD_KIND_RECORD:
        stats_add(&worker->stats.records_in, 1);
        stats_add(&worker->stats.record_bytes_in, datagram->len);
        take_record(worker, &record, WORKER_SOCKET);
        break;
    case RECORD_KIND_NAKED:
        stats_refuse(&worker->stats, REFUSAL_NAKED);
        break;
    case RECORD_KIND_NOISE:
        stats_refuse(&worker->stats, REFUSAL_NOISE);
        break;
    }
}

static void poke_others(struct worker *worker)
{
    for (unsigned i = 0; worker->poke; i++, worker->poke >>= 1) {
        if (worker->poke & 1)
            worker_poke(worker->proxy->workers[i]);
    }
}

/* Reads a source until it is empty, its turn is over or the engine is full. True: it is empty. */
static bool read_source(struct worker *worker, int fd, struct source *source, unsigned headroom, batch_rx_fn *fn, void *arg)
{
    for (unsigned i = 0; i < READS_PER_EVENT; i++) {
        bool room = worker_has_room(worker);
        struct pool *pool = engine_pool(worker->engine);
        int n = room ? batch_receive(worker->rx, fd, pool, headroom, engine_room(worker->engine), fn, arg) : -ENOBUFS;
        if (n == -ENOBUFS)
            worker_hold(worker, source);
        worker_flush(worker);
        if (n <= 0 || !source->event) /* the association may have ended */
            return !n;
    }
    return false;
}

static void end_turn(struct worker *worker, enum worker_queue queue, uint64_t waiting, uint64_t room)
{
    struct timespec now = {0};
    if (waiting)
        clock_gettime(CLOCK_MONOTONIC, &now);
    share_end_turn(&worker->shares[queue], waiting, room, (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void datapath_from_clients(evutil_socket_t fd, short what, void *arg)
{
    struct udp_socket *udp = arg;
    (void)what;
    uint64_t waiting = 0, room = 0;
    bool empty = read_source(udp->worker, fd, &udp->source, 0, on_client_datagram, udp->worker);
    if (!empty)
        share_look(fd, &waiting, &room);
    end_turn(udp->worker, WORKER_SOCKET, waiting, room);
    poke_others(udp->worker);
}

void datapath_crossing(evutil_socket_t fd, short what, void *arg)
{
    struct worker *worker = arg;
    struct proxy *proxy = worker->proxy;
    struct ring_entry record;
    uint64_t count, waiting = 0;
    (void)what;
    ssize_t n = read(fd, &count, sizeof count); /* nothing is there when it was held */
    (void)n;
    for (unsigned from = 0; from < proxy->worker_count; from++) {
        struct ring *ring = proxy->rings[from * proxy->worker_count + worker->index];
        while (ring && worker_has_room(worker) && ring_take(ring, &record)) {
            take_record(worker, &record, WORKER_RINGS);
            chunk_unref(record.chunk);
        }
        waiting += ring ? ring_count(ring) : 0;
    }
    end_turn(worker, WORKER_RINGS, waiting * RING_ENTRY_BYTES, (uint64_t)RING_ENTRIES * RING_ENTRY_BYTES);
    worker->crossing_held = !worker_has_room(worker);
    worker_flush(worker);
}

void datapath_from_connection(struct association *a, const uint8_t *data, uint32_t len)
{
    struct worker *worker = a->worker;
    struct ring_entry record = {.len = len};
    struct record_header header;
    struct proxy_epoch *e = NULL;
    stats_add(&worker->stats.tcp_records_in, 1);
    stats_add(&worker->stats.tcp_record_bytes_in, len);
    if (record_detect(data, len) != RECORD_KIND_RECORD) {
        stats_refuse(&worker->stats, REFUSAL_NOISE);
    } else if (record_header_decode(data, len, &header)) {
        stats_refuse(&worker->stats, REFUSAL_BAD_LENGTH);
    } else if (!(e = epochs_find(worker, header.cid)) || e->association != a) {
        stats_refuse(&worker->stats, REFUSAL_UNKNOWN_CID);
    } else if (!(record.data = pool_reserve(engine_pool(worker->engine), len, &record.chunk))) {
        stats_refuse(&worker->stats, REFUSAL_NO_BUFFER);
    } else {
        memcpy(record.data, data, len);
        open_record(e, &record);
        chunk_unref(record.chunk);
        event_active(worker->crossing, EV_READ, 0); /* flushes, once for all that came at a time */
    }
}

/* ---- from naked clients */

static void on_naked_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct association *a = arg;
    struct stats *stats = &a->worker->stats;
    enum record_kind kind = record_detect(datagram->data, datagram->len);
    stats_add(&stats->naked_in, 1);
    if (kind != RECORD_KIND_NAKED) {
        stats_refuse(stats, kind == RECORD_KIND_RECORD ? REFUSAL_RECORD : REFUSAL_NOISE);
    } else if (!net_addr_same_host(&a->host, datagram->peer) || !pin(a, datagram->peer)) {
        stats_refuse(stats, REFUSAL_WRONG_SOURCE);
    } else if (datagram->cut) {
        stats_refuse(stats, REFUSAL_TOO_LONG);
    } else {
        a->last_datagram = worker_now();
        route(a, datagram->chunk, datagram->data, datagram->len);
    }
}

void datapath_from_naked_client(evutil_socket_t fd, short what, void *arg)
{
    struct target_socket *socket = arg;
    struct association *a = socket->association;
    (void)what;
    (void)read_source(a->worker, fd, &socket->source, 0, on_naked_datagram, a);
}

/* ---- from targets */

static void seal_datagram(struct association *a, const struct batch_datagram *datagram, uint8_t *data, uint32_t len)
{
    struct engine_job job = {
        .type = SLUICE_OP_TYPE_SEAL,
        .content_type = RECORD_DATA,
        .sas = &a->sealing->epoch.sas,
        .src_chunk = datagram->chunk,
        .src = data,
        .src_len = len,
        .owner = a,
    };
    if (job.sas->seal_next % REKEY_LOOKS == 0 && a->session)
        session_rekey_tick(a->session);
    int rc = engine_submit(a->worker->engine, &job);
    if (rc)
        stats_refuse(&a->worker->stats, rc == -EMSGSIZE ? REFUSAL_TOO_LONG : REFUSAL_NO_BUFFER);
}

static void on_target_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct association *a = arg;
    struct stats *stats = &a->worker->stats;
    uint8_t header[SOCKS_UDP_IP_MAX];
    stats_add(&stats->datagrams_down, 1);
    stats_add(&stats->datagram_bytes_down, datagram->len);
    if ((!a->peer.len && !a->by_tcp) || datagram->cut) {
        stats_refuse(stats, datagram->cut ? REFUSAL_TOO_LONG : REFUSAL_NO_ROUTE);
        return;
    }
    if (!targets_expect(a, datagram->peer)) {
        stats_refuse(stats, REFUSAL_UNEXPECTED);
        return;
    }
    if (!access_pass(&a->access, a->worker->policy, ACCOUNT_DOWN, datagram->len)) {
        stats_refuse(stats, REFUSAL_RATE);
        return;
    }
    size_t header_len = socks_udp_encode_addr(datagram->peer, header);
    uint8_t *data = datagram->data - header_len;
    uint32_t len = datagram->len + (uint32_t)header_len;
    memcpy(data, header, header_len);
    a->last_datagram = worker_now();
    a->down++;
    a->down_bytes += datagram->len;
    if (a->secure)
        seal_datagram(a, datagram, data, len);
    else
        batch_send(a->worker->tx, a->to_client, datagram->chunk, data, len, &a->peer, NULL);
}

void datapath_from_targets(evutil_socket_t fd, short what, void *arg)
{
    struct target_socket *socket = arg;
    struct association *a = socket->association;
    (void)what;
    (void)read_source(a->worker, fd, &socket->source, SOCKS_UDP_IP_MAX, on_target_datagram, a);
}

/* ---- from the engine */

static void replayed(struct association *a, const struct engine_job *job)
{
    struct proxy *proxy = a->worker->proxy;
    enum replay_policy policy = a->worker->policy->options.replay;
    a->replays++;
    /* Powers of two, so that a flood of them does not become a flood of lines. */
    if (policy == REPLAY_WARN && !(a->replays & (a->replays - 1)))
        log_event(&proxy->log, LOG_LEVEL_WARNING, "replay", "peer=%s replays=%llu", a->peer_text, (unsigned long long)a->replays);
    if (policy == REPLAY_TERMINATE && job->duplicate)
        association_end(a, CONTROL_CLOSE_POLICY, "replay");
}

/* The client has the keys of this epoch: it is used from now on, and those before it end after a while. */
static void heard(struct proxy_epoch *e)
{
    if (e->epoch.heard)
        return;
    epoch_heard(&e->epoch, (uint64_t)worker_now());
    epochs_seal_with(e->association, e);
}

static uint32_t headers_to(const struct net_addr *peer)
{
    return 8 + (peer->sa.sa_family == AF_INET6 ? 40 : 20);
}

/* A source that has not been checked gets no more than the least, whatever it asks for. */
static uint32_t answer_bytes(const struct association *a, const struct signal *signal, const struct net_addr *peer)
{
    if (signal->kind != SIGNAL_HEARTBEAT_FILL || !a->checked || !net_addr_equal(&a->peer, peer))
        return SIGNAL_HEARTBEAT_BYTES;
    return sas_content_most(&a->sealing->epoch.sas, signal->size - headers_to(peer));
}

static void answer_heartbeat(struct association *a, const struct engine_job *job)
{
    uint8_t content[SIGNAL_MTU_MOST];
    struct signal signal;
    if (signal_heartbeat_decode(job->dst, job->length, &signal)) {
        stats_refuse(&a->worker->stats, REFUSAL_BAD_HEADER);
    } else if (signal.kind != SIGNAL_HEARTBEAT_RESPONSE && job->peer.len && path_is_known(a, &job->peer)) {
        uint32_t len = answer_bytes(a, &signal, &job->peer);
        signal.kind = SIGNAL_HEARTBEAT_RESPONSE;
        signal_heartbeat_encode(&signal, content, len);
        stats_add(&a->worker->stats.heartbeats, 1);
        datapath_signal(a, RECORD_HEARTBEAT, content, len, &job->peer);
    }
}

static void take_content(struct association *a, struct engine_job *job)
{
    switch ((enum record_type)job->content_type) {
    case RECORD_DATA:
        a->last_datagram = worker_now();
        route(a, job->dst_chunk, job->dst, job->length);
        break;
    case RECORD_HEARTBEAT:
        answer_heartbeat(a, job);
        break;
    case RECORD_PATH_CHECK:
        path_check(a, job);
        break;
    case RECORD_ALERT:
        if (signal_alert_decode(job->dst, job->length) == SIGNAL_ALERT_CLOSE_NOTIFY)
            association_end(a, CONTROL_CLOSE_DONE, "alert");
        break;
    default:
        stats_refuse(&a->worker->stats, REFUSAL_BAD_TYPE);
        break;
    }
}

static void opened(struct association *a, struct engine_job *job)
{
    if (job->status != SLUICE_STATUS_OK) {
        stats_refuse(&a->worker->stats, refusal_of_status(job->status));
        if (job->status == SLUICE_STATUS_REPLAYED)
            replayed(a, job);
        return;
    }
    heard(proxy_epoch_of(job->sas));
    path_heard(a, job);
    take_content(a, job);
}

static void send_by_tcp(struct association *a, const struct engine_job *job)
{
    struct stats *stats = &a->worker->stats;
    if (session_send_record(a->session, job->dst, job->length)) {
        stats_refuse(stats, REFUSAL_NO_BUFFER);
        return;
    }
    stats_add(&stats->tcp_records_out, 1);
    stats_add(&stats->tcp_record_bytes_out, job->length);
}

static void send_record(struct association *a, const struct engine_job *job)
{
    bool too_long = !job->peer.len && a->mtu && job->length + headers_to(&a->peer) > a->mtu;
    if (!job->peer.len && (a->by_tcp || too_long) && a->session) {
        stats_add(&a->worker->stats.tcp_records_long, too_long && !a->by_tcp);
        send_by_tcp(a, job);
        return;
    }
    if (too_long) {
        stats_refuse(&a->worker->stats, REFUSAL_TOO_LONG);
        return;
    }
    const struct net_addr *to = job->peer.len ? &job->peer : &a->peer;
    struct udp_socket *udp = &a->worker->udp[to->sa.sa_family == AF_INET6];
    bool same = &udp->queue == a->to_client; /* else the address to send from is of another family */
    if (path_may_send(a, to, job->length))
        batch_send(a->worker->tx, &udp->queue, job->dst_chunk, job->dst, job->length, to, same ? &a->local : NULL);
    else
        stats_refuse(&a->worker->stats, REFUSAL_UNCHECKED);
}

static void sealed(struct association *a, struct engine_job *job)
{
    if (job->status == SLUICE_STATUS_OK) {
        send_record(a, job);
        return;
    }
    stats_refuse(&a->worker->stats, refusal_of_status(job->status));
    if (job->status == SLUICE_STATUS_COUNTER_EXHAUSTED)
        association_end(a, CONTROL_CLOSE_ENGINE, "keys_used_up");
}

void datapath_signal(struct association *a, uint8_t type, const void *content, uint32_t len, const struct net_addr *peer)
{
    struct chunk *chunk;
    struct worker *worker = a->worker;
    uint8_t *data = pool_reserve(engine_pool(worker->engine), len, &chunk);
    struct engine_job job = {.type = SLUICE_OP_TYPE_SEAL, .content_type = type, .sas = &a->sealing->epoch.sas, .owner = a};
    if (!data) {
        stats_refuse(&worker->stats, REFUSAL_NO_BUFFER);
        return;
    }
    memcpy(data, content, len);
    job.src_chunk = chunk;
    job.src = data;
    job.src_len = len;
    if (peer)
        job.peer = *peer;
    if (engine_submit(worker->engine, &job))
        stats_refuse(&worker->stats, REFUSAL_NO_BUFFER);
    chunk_unref(chunk);
}

void datapath_done(void *arg, struct engine_job *job)
{
    struct association *a = job->owner;
    struct worker *worker = arg;
    struct proxy_epoch *e = proxy_epoch_of(job->sas);
    if (e->epoch.going) {
        if (job->type == SLUICE_OP_TYPE_SEAL && job->content_type == RECORD_ALERT && job->status == SLUICE_STATUS_OK)
            send_record(a, job); /* the last word */
        else
            stats_refuse(&worker->stats, REFUSAL_CLOSED);
        epochs_settle(e);
    } else if (job->type == SLUICE_OP_TYPE_OPEN) {
        opened(a, job);
    } else {
        sealed(a, job);
    }
}
