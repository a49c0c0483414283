/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/roster.h"

#include <stdlib.h>

#include "sluiced/association.h"

struct part {
    struct task task;
    struct roster *roster;
    struct worker *worker;
    json_t *list;
};

struct roster {
    struct mailbox *mailbox;
    roster_fn *fn; /* NULL: nobody wants it any more */
    void *arg;
    json_t *list;
    unsigned count, left;
    struct part parts[];
};

static json_t *describe(const struct association *a)
{
    char client[NET_ADDR_TEXT];
    return json_pack("{ss ss ss ss ss si sb sI sI sI sI sI sI sI}", "peer", a->peer_text, "user", a->user, "kind",
                     a->secure ? "secure" : "naked", "suite", a->secure ? a->agreement.suite->name : "-", "source",
                     net_addr_format(&a->peer, client), "worker", (int)a->worker->index, "connected", a->session != NULL,
                     "seconds", (json_int_t)(worker_now() - a->since), "idle", (json_int_t)(worker_now() - a->last_datagram),
                     "targets", (json_int_t)a->target_count, "datagrams_up", (json_int_t)a->up, "bytes_up",
                     (json_int_t)a->up_bytes, "datagrams_down", (json_int_t)a->down, "bytes_down", (json_int_t)a->down_bytes);
}

static void come_back(struct task *task)
{
    struct part *part = (struct part *)task;
    struct roster *roster = part->roster;
    json_array_extend(roster->list, part->list);
    json_decref(part->list);
    if (--roster->left)
        return;
    if (roster->fn)
        roster->fn(roster->arg, roster->list);
    else
        json_decref(roster->list);
    free(roster);
}

/* In the worker's thread. */
static void look(struct task *task)
{
    struct part *part = (struct part *)task;
    unsigned count = 0;
    part->list = json_array();
    for (const struct association *a = part->worker->associations; a && count < ROSTER_MOST; a = a->next) {
        if (a->state != ASSOCIATION_OPEN)
            continue;
        json_array_append_new(part->list, describe(a));
        count++;
    }
    part->task.done = come_back;
    mailbox_post(part->roster->mailbox, &part->task);
}

struct roster *roster_ask(struct proxy *proxy, struct mailbox *mailbox, roster_fn *fn, void *arg)
{
    struct roster *roster = calloc(1, sizeof *roster + proxy->worker_count * sizeof roster->parts[0]);
    if (!roster || !(roster->list = json_array())) {
        free(roster);
        return NULL;
    }
    roster->mailbox = mailbox;
    roster->fn = fn;
    roster->arg = arg;
    roster->count = roster->left = proxy->worker_count;
    for (unsigned i = 0; i < roster->count; i++) {
        roster->parts[i] = (struct part){.task = {.done = look}, .roster = roster, .worker = proxy->workers[i]};
        mailbox_post(proxy->workers[i]->mailbox, &roster->parts[i].task);
    }
    return roster;
}

void roster_forget(struct roster *roster)
{
    roster->fn = NULL;
}
