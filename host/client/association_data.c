/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams and records of an association. */
#include <errno.h>
#include <string.h>

#include "client/association_internal.h"
#include "udp/record.h"
#include "udp/signal.h"

#define PROBE_LEAST 1000u /* bytes of a heartbeat's record from which on it asks for the path's MTU */
#define REKEY_LOOKS 64u   /* records between two looks at how worn the keys are */

static void send_record(struct association *a, struct engine_job *job)
{
    if (job->status == SLUICE_STATUS_OK && association_goes_by_tcp(a, job->content_type, job->length)) {
        if (stream_send_record(a->control, job->dst, job->length))
            client_refuse(&a->client->stats, REFUSAL_NO_BUFFER);
        else
            a->client->stats.tcp_records_out++;
        return;
    }
    if (job->status == SLUICE_STATUS_OK && job->content_type == RECORD_HEARTBEAT && job->length >= PROBE_LEAST) {
        association_send_probe(a, job->dst, job->length);
        return;
    }
    if (job->status == SLUICE_STATUS_OK) {
        if (job->content_type == RECORD_DATA)
            a->udp.sent_at = client_now();
        batch_send(a->client->tx, &a->queue, job->dst_chunk, job->dst, job->length, &a->relay, NULL);
        return;
    }
    client_refuse(&a->client->stats, refusal_of_status(job->status));
    if (job->status == SLUICE_STATUS_COUNTER_EXHAUSTED)
        a->broken = -EOVERFLOW;
}

static void answer_path_check(struct association *a, const struct engine_job *job)
{
    uint8_t content[SIGNAL_PATH_BYTES];
    struct signal signal;
    if (signal_path_decode(job->dst, job->length, &signal)) {
        client_refuse(&a->client->stats, REFUSAL_BAD_HEADER);
    } else if (signal.kind == SIGNAL_PATH_CHALLENGE) {
        signal.kind = SIGNAL_PATH_RESPONSE;
        signal_path_encode(&signal, content);
        a->client->stats.path_checks++;
        association_signal(a, RECORD_PATH_CHECK, content, sizeof content);
    }
}

static void heard(struct association *a, struct engine_job *job)
{
    epoch_heard(epoch_of(job->sas), client_now() / 1000);
    association_path_heard(a, job);
    switch ((enum record_type)job->content_type) {
    case RECORD_DATA:
        a->user.datagram(a->user.arg, job->dst_chunk, job->dst, job->length);
        break;
    case RECORD_PATH_CHECK:
        answer_path_check(a, job);
        break;
    case RECORD_HEARTBEAT:
        association_take_heartbeat(a, job);
        break;
    case RECORD_ALERT:
        if (signal_alert_decode(job->dst, job->length) == SIGNAL_ALERT_CLOSE_NOTIFY && !a->broken && !a->retake.leaving)
            a->broken = -ESHUTDOWN; /* not at once: a notice may still tell more */
        break;
    default:
        client_refuse(&a->client->stats, REFUSAL_BAD_TYPE);
        break;
    }
}

static void take_content(struct association *a, struct engine_job *job)
{
    if (job->status != SLUICE_STATUS_OK)
        client_refuse(&a->client->stats, refusal_of_status(job->status));
    else
        heard(a, job);
}

void association_done(struct client *client, struct engine_job *job)
{
    struct association *a = job->owner;
    if (a->state != ASSOCIATION_OPEN || epoch_of(job->sas)->going)
        client_refuse(&client->stats, REFUSAL_CLOSED);
    else if (job->type == SLUICE_OP_TYPE_SEAL)
        send_record(a, job);
    else
        take_content(a, job);
}

/* `from`: where a record came from; NULL: by TCP, or it goes out. */
static void submit(struct association *a, struct epoch *epoch, enum sluice_op_type type, uint8_t content_type,
                   struct chunk *chunk, uint8_t *data, uint32_t len, const struct net_addr *from)
{
    struct engine_job job = {
        .type = type,
        .content_type = content_type,
        .sas = &epoch->sas,
        .src_chunk = chunk,
        .src = data,
        .src_len = len,
        .owner = a,
    };
    if (from)
        job.peer = *from;
    enum refusal too_long = type == SLUICE_OP_TYPE_SEAL ? REFUSAL_TOO_LONG : REFUSAL_BAD_LENGTH;
    int rc = engine_submit(a->client->engine, &job);
    if (rc)
        client_refuse(&a->client->stats, rc == -EMSGSIZE ? too_long : REFUSAL_NO_BUFFER);
}

static void seal(struct association *a, struct chunk *chunk, uint8_t *data, uint32_t len)
{
    if (a->newest->sas.seal_next % REKEY_LOOKS == 0)
        association_rekey(a, false);
    submit(a, a->newest, SLUICE_OP_TYPE_SEAL, RECORD_DATA, chunk, data, len, NULL);
}

void association_signal(struct association *a, uint8_t type, const void *content, uint32_t len)
{
    struct chunk *chunk;
    uint8_t *data = pool_reserve(engine_pool(a->client->engine), len, &chunk);
    if (!data) {
        client_refuse(&a->client->stats, REFUSAL_NO_BUFFER);
        return;
    }
    memcpy(data, content, len);
    submit(a, a->newest, SLUICE_OP_TYPE_SEAL, type, chunk, data, len, NULL);
    chunk_unref(chunk);
}

void association_send(struct association *a, struct chunk *chunk, uint8_t *data, uint32_t len)
{
    if (a->state != ASSOCIATION_OPEN)
        client_refuse(&a->client->stats, REFUSAL_CLOSED);
    else if (a->secure)
        seal(a, chunk, data, len);
    else
        batch_send(a->client->tx, &a->queue, chunk, data, len, &a->relay, NULL);
}

static struct epoch *find_epoch(const struct association *a, const uint8_t cid[8])
{
    struct epoch *epoch = a->newest;
    while (epoch && (epoch->going || memcmp(epoch->cid, cid, sizeof epoch->cid) != 0))
        epoch = epoch->former;
    return epoch;
}

static void take_record(struct association *a, const struct batch_datagram *datagram)
{
    struct record_header header;
    struct epoch *epoch = NULL;
    enum refusal reason = REFUSAL_COUNT;
    if (record_header_decode(datagram->data, datagram->len, &header))
        reason = REFUSAL_BAD_LENGTH;
    else if (!(epoch = find_epoch(a, header.cid)))
        reason = REFUSAL_UNKNOWN_CID;
    if (reason == REFUSAL_COUNT)
        submit(a, epoch, SLUICE_OP_TYPE_OPEN, header.type, datagram->chunk, datagram->data, datagram->len, datagram->peer);
    else
        client_refuse(&a->client->stats, reason);
}

void association_on_datagram(void *arg, const struct batch_datagram *datagram)
{
    struct association *a = arg;
    struct client_stats *stats = &a->client->stats;
    enum record_kind kind = record_detect(datagram->data, datagram->len);
    stats->records_in++;
    stats->record_bytes_in += datagram->len;
    if (kind == RECORD_KIND_NOISE)
        client_refuse(stats, REFUSAL_NOISE);
    else if (a->secure && kind == RECORD_KIND_RECORD)
        take_record(a, datagram);
    else if (!a->secure && kind == RECORD_KIND_NAKED)
        a->user.datagram(a->user.arg, datagram->chunk, datagram->data, datagram->len);
    else
        client_refuse(stats, a->secure ? REFUSAL_NAKED : REFUSAL_RECORD);
}

void association_on_record(void *arg, const uint8_t *record, uint32_t len)
{
    struct association *a = arg;
    struct client_stats *stats = &a->client->stats;
    struct batch_datagram datagram = {.len = len};
    stats->tcp_records_in++;
    if (a->state != ASSOCIATION_OPEN || record_detect(record, len) != RECORD_KIND_RECORD) {
        client_refuse(stats, a->state == ASSOCIATION_OPEN ? REFUSAL_NOISE : REFUSAL_CLOSED);
        return;
    }
    datagram.data = pool_reserve(engine_pool(a->client->engine), len, &datagram.chunk);
    if (!datagram.data) {
        client_refuse(stats, REFUSAL_NO_BUFFER);
        return;
    }
    memcpy(datagram.data, record, len);
    take_record(a, &datagram);
    chunk_unref(datagram.chunk);
    event_active(a->client->later, EV_READ, 0);
}
