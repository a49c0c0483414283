/* SPDX-License-Identifier: Apache-2.0 */
/* SAs, commands and firmware of the managed card that misbehaves as it is told. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fake_internal.h"

#define PENDING  1024u
#define NO_SLOT  0xffffu
#define FW_BUILD 0x1234abcdu
#define RECORD   16u /* what a record has beside its content */

struct slot {
    bool used;
    uint8_t gen;
    unsigned pending; /* operations */
    uint64_t next;    /* seal: the next counter; open: the least that is good */
    struct sluice_sa_params params;
};

struct blob {
    uint64_t key; /* of this life of the card */
    uint32_t id, generation;
    uint64_t next;
    struct sluice_sa_params params;
};

struct firmware {
    pthread_mutex_t lock; /* of what the test's thread may touch */
    bool hangs, told;
    unsigned refuse, refusal, left;
    struct fake_seen seen;

    unsigned slots;
    struct slot *slot;
    uint32_t generation[SLUICE_VIRTUAL_SAS];
    bool out[SLUICE_VIRTUAL_SAS];
    uint64_t key;
    uint32_t keep_alive;
    struct {
        unsigned queue;
        struct sluice_sqe sqe;
    } pending[PENDING];
    unsigned pending_count;
};

struct firmware *firmware_new(unsigned slots)
{
    struct firmware *fw = calloc(1, sizeof *fw);

    assert(fw);
    fw->slots = slots;
    fw->slot = calloc(slots, sizeof *fw->slot);
    assert(fw->slot);
    pthread_mutex_init(&fw->lock, NULL);
    fw->left = UINT16_MAX;
    fw->seen.last_exported = -1;
    return fw;
}

void firmware_free(struct firmware *fw)
{
    if (fw) {
        pthread_mutex_destroy(&fw->lock);
        free(fw->slot);
        free(fw);
    }
}

static void drop_all(struct firmware *fw)
{
    for (unsigned i = 0; i < fw->slots; i++) {
        fw->slot[i].used = false;
    }
    fw->key++;
    memset(fw->out, 0, sizeof fw->out);
}

void firmware_reset(struct fake_card *f)
{
    struct firmware *fw = f->firmware;

    pthread_mutex_lock(&fw->lock);
    fw->hangs = false;
    fw->told = false;
    fw->seen.resets++;
    drop_all(fw);
    memset(fw->slot, 0, fw->slots * sizeof *fw->slot);
    memset(fw->generation, 0, sizeof fw->generation);
    fw->pending_count = 0;
    f->bar[SLUICE_REG_FEATURES / 4] |= SLUICE_FEATURES_MANAGED_MASK << SLUICE_FEATURES_MANAGED_SHIFT;
    f->bar[SLUICE_REG_PARAMS1 / 4] = fw->slots | 1024u << SLUICE_PARAMS1_WINDOW_SHIFT;
    f->bar[SLUICE_REG_FW_STATE / 4] = SLUICE_FW_STATE_READY;
    f->bar[SLUICE_REG_FW_VERSION / 4] = 0x010203;
    f->bar[SLUICE_REG_FW_BUILD / 4] = FW_BUILD;
    f->bar[SLUICE_REG_LANES_OK / 4] = 3;
    f->bar[SLUICE_REG_HEALTH / 4] = SLUICE_HEALTH_ENTROPY_SEEDED;
    f->bar[SLUICE_REG_PONG / 4] = 0;
    pthread_mutex_unlock(&fw->lock);
}

bool firmware_hangs(const struct fake_card *f)
{
    bool hangs;

    pthread_mutex_lock(&f->firmware->lock);
    hangs = f->firmware->hangs;
    pthread_mutex_unlock(&f->firmware->lock);
    return hangs;
}

void firmware_look(struct fake_card *f)
{
    pthread_mutex_lock(&f->firmware->lock);
    f->bar[SLUICE_REG_FW_STATE / 4] = f->firmware->told ? SLUICE_FW_STATE_HUNG : SLUICE_FW_STATE_READY;
    pthread_mutex_unlock(&f->firmware->lock);
}

void firmware_ping(struct fake_card *f, uint32_t value)
{
    if (!firmware_hangs(f)) {
        f->bar[SLUICE_REG_PONG / 4] = value;
        pthread_mutex_lock(&f->firmware->lock);
        f->firmware->seen.pings++;
        pthread_mutex_unlock(&f->firmware->lock);
    }
}

/* ---------------------------------------------------------------- commands */

static struct slot *named(struct firmware *fw, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct slot *s = sqe->sa < fw->slots ? &fw->slot[sqe->sa] : NULL;

    if (!s || !s->used) {
        cqe->status = SLUICE_STATUS_NO_SUCH_SA;
    } else if (s->gen != sqe->sa_gen) {
        cqe->status = SLUICE_STATUS_SA_MISMATCH;
    }
    return cqe->status == SLUICE_STATUS_OK ? s : NULL;
}

static struct slot *fresh(struct firmware *fw, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct slot *s = sqe->sa < fw->slots ? &fw->slot[sqe->sa] : NULL;

    if (!s || s->used) {
        cqe->status = SLUICE_STATUS_INVALID_FIELD;
        fw->seen.wrong++;
        return NULL;
    }
    return s;
}

static void occupy(struct slot *s, struct sluice_cqe *cqe)
{
    s->used = true;
    s->gen++;
    cqe->length = s->gen;
}

static bool refused(struct firmware *fw, struct sluice_cqe *cqe)
{
    if (fw->refuse) {
        fw->refuse--;
        cqe->status = (uint8_t)fw->refusal;
        return true;
    }
    return false;
}

static void export(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct firmware *fw = f->firmware;
    struct slot *s = named(fw, sqe, cqe);
    struct blob *blob;

    if (!s || refused(fw, cqe)) {
        return;
    }
    fw->seen.wrong +=
        s->pending || sqe->seq >= SLUICE_VIRTUAL_SAS || fake_len(sqe->dst_len) < SLUICE_SA_BLOB_BYTES || fw->out[sqe->seq];
    if (sqe->seq == 0 && fw->left-- == 0) {
        fw->left = 0;
        cqe->status = SLUICE_STATUS_COUNTER_EXHAUSTED;
        return;
    }
    blob = fake_at(f, sqe->dst, SLUICE_SA_BLOB_BYTES);
    *blob = (struct blob){fw->key, (uint32_t)sqe->seq, ++fw->generation[sqe->seq], s->next, s->params};
    fw->out[sqe->seq] = true;
    fw->seen.exports++;
    fw->seen.last_exported = (int)sqe->seq;
    s->used = false;
}

static void import(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct firmware *fw = f->firmware;
    struct slot *s = fresh(fw, sqe, cqe);
    const struct blob *blob = fake_at(f, sqe->src, SLUICE_SA_BLOB_BYTES);

    if (!s || refused(fw, cqe)) {
        return;
    }
    if (blob->key != fw->key || blob->id != sqe->seq) {
        cqe->status = SLUICE_STATUS_AUTH_FAILED;
    } else if (!fw->out[blob->id] || blob->generation != fw->generation[blob->id]) {
        cqe->status = SLUICE_STATUS_REPLAYED;
    } else {
        fw->out[blob->id] = false;
        fw->seen.imports++;
        s->next = blob->next;
        s->params = blob->params;
        occupy(s, cqe);
        return;
    }
    fw->seen.wrong++;
}

static void create(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct slot *s = fresh(f->firmware, sqe, cqe);

    if (s) {
        s->params = *(struct sluice_sa_params *)fake_at(f, sqe->src, sizeof s->params);
        s->next = s->params.counter;
        f->firmware->seen.creates++;
        occupy(s, cqe);
    }
}

static void destroy(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct slot *s = named(f->firmware, sqe, cqe);

    if (s) {
        firmware_tick(f);
        s->used = false;
    }
}

static void query(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    const struct slot *s = named(f->firmware, sqe, cqe);

    if (s) {
        *(struct sluice_sa_query *)fake_at(f, sqe->dst, SLUICE_SA_QUERY_BYTES) =
            (struct sluice_sa_query){.counter = s->next, .limit = s->params.limit, .busy = s->pending != 0};
    }
}

static void modify(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    const struct sluice_sa_change *change = fake_at(f, sqe->src, SLUICE_SA_CHANGE_BYTES);
    struct slot *s = named(f->firmware, sqe, cqe);

    if (!s) {
        return;
    }
    if ((change->counter && (change->counter < s->next || change->counter > s->params.limit)) ||
        (change->limit && change->limit < s->params.limit)) {
        cqe->status = SLUICE_STATUS_INVALID_FIELD;
        return;
    }
    s->next = change->counter ? change->counter : s->next;
    s->params.limit = change->limit ? change->limit : s->params.limit;
}

static void self_test(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct sluice_self_test *to = fake_at(f, sqe->dst, sizeof *to);

    *to = (struct sluice_self_test){.tested = 3, .failed = 2, .in_service = 1, .vectors = 24, .first_failure = 7};
    cqe->length = to->failed;
    drop_all(f->firmware);
}

static void log_read(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    struct sluice_log_entry *to = fake_at(f, sqe->dst, SLUICE_LOG_ENTRIES * sizeof *to);

    for (unsigned i = 0; i < 3; i++) {
        to[i] = (struct sluice_log_entry){.time = 10 * i, .code = (uint16_t)(i + 1), .where = (uint16_t)i, .data0 = 100 + i};
    }
    cqe->length = 3 * sizeof *to;
}

static void random_bytes(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    uint32_t len = fake_len(sqe->dst_len);

    f->firmware->seen.wrong += len == 0 || len % 32 || len > SLUICE_RANDOM_MAX;
    if (!refused(f->firmware, cqe)) {
        memset(fake_at(f, sqe->dst, len), 0x5a, len);
    }
}

static void zeroise(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    (void)sqe;
    (void)cqe;
    drop_all(f->firmware);
    f->firmware->seen.zeroised++;
}

static void keep_alive(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    (void)cqe;
    f->firmware->keep_alive = fake_len(sqe->src_len);
}

static void (*const commands[256])(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe) = {
    [SLUICE_OP_SA_CREATE] = create,    [SLUICE_OP_SA_DESTROY] = destroy,    [SLUICE_OP_SA_EXPORT] = export,
    [SLUICE_OP_SA_IMPORT] = import,    [SLUICE_OP_SA_QUERY] = query,        [SLUICE_OP_SA_MODIFY] = modify,
    [SLUICE_OP_SELF_TEST] = self_test, [SLUICE_OP_LOG_READ] = log_read,     [SLUICE_OP_RANDOM] = random_bytes,
    [SLUICE_OP_ZEROISE] = zeroise,     [SLUICE_OP_KEEP_ALIVE] = keep_alive,
};

void firmware_admin(struct fake_card *f, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    pthread_mutex_lock(&f->firmware->lock);
    if (commands[sqe->op]) {
        commands[sqe->op](f, sqe, cqe);
    }
    pthread_mutex_unlock(&f->firmware->lock);
}

/* ---------------------------------------------------------------- records */

static void seal(struct fake_card *f, struct slot *s, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    uint32_t len = fake_len(sqe->src_len);
    uint8_t *to = fake_at(f, sqe->dst, len + RECORD);

    if (s->next >= s->params.limit) {
        cqe->status = SLUICE_STATUS_COUNTER_EXHAUSTED;
        return;
    }
    memcpy(to, s->params.cid, 8);
    memcpy(to + 8, &s->next, 8);
    memcpy(to + RECORD, fake_at(f, sqe->src, len), len);
    memcpy(cqe->counter, &s->next, sizeof s->next);
    s->next++;
    cqe->length = len + RECORD;
}

static void open_record(struct fake_card *f, struct slot *s, const struct sluice_sqe *sqe, struct sluice_cqe *cqe)
{
    uint32_t len = fake_len(sqe->src_len);
    const uint8_t *from = fake_at(f, sqe->src, len);
    uint64_t counter;

    memcpy(&counter, from + 8, sizeof counter);
    memcpy(cqe->counter, &counter, sizeof counter);
    if (memcmp(from, s->params.cid, 8) != 0) {
        cqe->status = SLUICE_STATUS_AUTH_FAILED;
        return;
    }
    cqe->status = counter < s->next ? SLUICE_STATUS_REPLAYED : SLUICE_STATUS_OK;
    s->next = counter < s->next ? s->next : counter + 1;
    memcpy(fake_at(f, sqe->dst, len - RECORD), from + RECORD, len - RECORD);
    cqe->length = len - RECORD;
}

static void finish(struct fake_card *f, unsigned n, const struct sluice_sqe *sqe)
{
    struct sluice_cqe cqe = {.cookie = sqe->cookie};
    struct slot *s = sqe->op == SLUICE_OP_NOP ? NULL : named(f->firmware, sqe, &cqe);

    if (s && sqe->op == SLUICE_OP_SEAL) {
        seal(f, s, sqe, &cqe);
    } else if (s) {
        open_record(f, s, sqe, &cqe);
    }
    if (s) {
        s->pending--;
    }
    fake_complete(f, n, cqe);
}

void firmware_tick(struct fake_card *f)
{
    struct firmware *fw = f->firmware;

    for (unsigned i = 0; i < fw->pending_count; i++) {
        finish(f, fw->pending[i].queue, &fw->pending[i].sqe);
    }
    fw->pending_count = 0;
}

void firmware_io(struct fake_card *f, unsigned n, const struct sluice_sqe *sqe)
{
    struct firmware *fw = f->firmware;
    struct sluice_cqe unused = {0};
    struct slot *s = sqe->op == SLUICE_OP_NOP ? NULL : named(fw, sqe, &unused);

    assert(fw->pending_count < PENDING);
    if (s) {
        s->pending++;
    }
    fw->pending[fw->pending_count].queue = n;
    fw->pending[fw->pending_count++].sqe = *sqe;
}

/* ---------------------------------------------------------------- the test's side */

void fake_card_hang(struct fake_card *f, bool told)
{
    pthread_mutex_lock(&f->firmware->lock);
    f->firmware->hangs = true;
    f->firmware->told = told;
    pthread_mutex_unlock(&f->firmware->lock);
}

void fake_card_refuse(struct fake_card *f, unsigned count, unsigned status)
{
    pthread_mutex_lock(&f->firmware->lock);
    f->firmware->refuse = count;
    f->firmware->refusal = status;
    pthread_mutex_unlock(&f->firmware->lock);
}

void fake_card_use_up(struct fake_card *f, unsigned left)
{
    pthread_mutex_lock(&f->firmware->lock);
    f->firmware->left = left;
    pthread_mutex_unlock(&f->firmware->lock);
}

struct fake_seen fake_card_seen(struct fake_card *f)
{
    struct fake_seen seen;

    pthread_mutex_lock(&f->firmware->lock);
    seen = f->firmware->seen;
    pthread_mutex_unlock(&f->firmware->lock);
    return seen;
}
