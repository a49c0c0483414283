/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would block a worker (password hashes, SAs made and destroyed on a card) is done by helper threads; the result comes back
 * to the event loop that it was asked from.
 */
#ifndef SLUICED_HELPER_H
#define SLUICED_HELPER_H

#include <event2/event.h>

struct helper;
struct mailbox;

/* Embedded in what it is about, which stays until `done`. */
struct task {
    void (*run)(struct task *task);  /* in the helper thread */
    void (*done)(struct task *task); /* in the mailbox's thread */
    struct mailbox *mailbox;
    struct task *next;
};

/* Where finished tasks come back. Made and freed in the thread of `base`, or before that runs. */
int mailbox_new(struct event_base *base, struct mailbox **mailbox);
void mailbox_free(struct mailbox *mailbox);
/* Any thread: has task->done called in the mailbox's thread. */
void mailbox_post(struct mailbox *mailbox, struct task *task);
/* The mailbox's own thread: the same, without a system call. */
void mailbox_post_own(struct mailbox *mailbox, struct task *task);

#define HELPER_THREADS_MAX 16

/* With one thread tasks are done in their order. */
int helper_new(const char *name, unsigned threads, struct helper **helper);
/* Does what is queued, then ends. NULL is allowed. */
void helper_free(struct helper *helper);
/* Any thread. */
void helper_post(struct helper *helper, struct task *task);
/* The same, unless so many wait already: -EBUSY. */
int helper_try(struct helper *helper, struct task *task, unsigned most);

#endif
