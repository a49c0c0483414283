/* SPDX-License-Identifier: Apache-2.0 */
#include "sluiced/helper.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    struct task *first, **end;
};

struct mailbox {
    pthread_mutex_t lock;
    struct queue queue;
    struct event *event;
    int fd;
    bool written; /* to fd, and not read yet */
};

struct helper {
    pthread_t threads[HELPER_THREADS_MAX];
    unsigned thread_count;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct queue queue;
    unsigned waiting; /* in the queue */
    bool ending;
};

static void push(struct queue *queue, struct task *task)
{
    task->next = NULL;
    *queue->end = task;
    queue->end = &task->next;
}

static struct task *take_all(struct queue *queue)
{
    struct task *first = queue->first;
    queue->first = NULL;
    queue->end = &queue->first;
    return first;
}

/* ---- mailbox */

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
    struct mailbox *mailbox = arg;
    uint64_t count;
    (void)what;
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->written && read(fd, &count, sizeof count) > 0)
        mailbox->written = false;
    struct task *task = take_all(&mailbox->queue);
    pthread_mutex_unlock(&mailbox->lock);
    while (task) {
        struct task *next = task->next;
        task->done(task);
        task = next;
    }
}

int mailbox_new(struct event_base *base, struct mailbox **out)
{
    struct mailbox *mailbox = calloc(1, sizeof *mailbox);
    if (!mailbox)
        return -ENOMEM;
    pthread_mutex_init(&mailbox->lock, NULL);
    mailbox->queue.end = &mailbox->queue.first;
    mailbox->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    mailbox->event = mailbox->fd < 0 ? NULL : event_new(base, mailbox->fd, EV_READ | EV_PERSIST, on_mail, mailbox);
    if (!mailbox->event || event_add(mailbox->event, NULL)) {
        mailbox_free(mailbox);
        return -ENOMEM;
    }
    *out = mailbox;
    return 0;
}

void mailbox_free(struct mailbox *mailbox)
{
    if (!mailbox)
        return;
    if (mailbox->event)
        event_free(mailbox->event);
    if (mailbox->fd >= 0)
        close(mailbox->fd);
    pthread_mutex_destroy(&mailbox->lock);
    free(mailbox);
}

void mailbox_post(struct mailbox *mailbox, struct task *task)
{
    uint64_t one = 1;
    pthread_mutex_lock(&mailbox->lock);
    push(&mailbox->queue, task);
    /* Under the lock: a mailbox is freed only once all its tasks are back. The counter cannot overflow. */
    if (!mailbox->written && write(mailbox->fd, &one, sizeof one) < 0)
        abort();
    mailbox->written = true;
    pthread_mutex_unlock(&mailbox->lock);
}

void mailbox_post_own(struct mailbox *mailbox, struct task *task)
{
    pthread_mutex_lock(&mailbox->lock);
    push(&mailbox->queue, task);
    pthread_mutex_unlock(&mailbox->lock);
    event_active(mailbox->event, EV_READ, 0);
}

/* ---- helper */

static struct task *take_one(struct helper *helper)
{
    struct task *task = helper->queue.first;
    if (!task)
        return NULL;
    helper->queue.first = task->next;
    if (!task->next)
        helper->queue.end = &helper->queue.first;
    helper->waiting--;
    return task;
}

static void *helper_main(void *arg)
{
    struct helper *helper = arg;
    pthread_mutex_lock(&helper->lock);
    for (;;) {
        struct task *task = take_one(helper);
        if (!task && helper->ending)
            break;
        if (!task) {
            pthread_cond_wait(&helper->wake, &helper->lock);
            continue;
        }
        pthread_mutex_unlock(&helper->lock);
        task->run(task);
        mailbox_post(task->mailbox, task);
        pthread_mutex_lock(&helper->lock);
    }
    pthread_mutex_unlock(&helper->lock);
    return NULL;
}

int helper_new(const char *name, unsigned threads, struct helper **out)
{
    struct helper *helper = calloc(1, sizeof *helper);
    int rc = 0;
    if (!helper)
        return -ENOMEM;
    pthread_mutex_init(&helper->lock, NULL);
    pthread_cond_init(&helper->wake, NULL);
    helper->queue.end = &helper->queue.first;
    while (!rc && helper->thread_count < threads) {
        pthread_t *thread = &helper->threads[helper->thread_count];
        rc = pthread_create(thread, NULL, helper_main, helper);
        if (!rc)
            pthread_setname_np(*thread, name);
        helper->thread_count += !rc;
    }
    if (rc)
        helper_free(helper);
    else
        *out = helper;
    return -rc;
}

void helper_free(struct helper *helper)
{
    if (!helper)
        return;
    pthread_mutex_lock(&helper->lock);
    helper->ending = true;
    pthread_cond_broadcast(&helper->wake);
    pthread_mutex_unlock(&helper->lock);
    for (unsigned i = 0; i < helper->thread_count; i++)
        pthread_join(helper->threads[i], NULL);
    pthread_cond_destroy(&helper->wake);
    pthread_mutex_destroy(&helper->lock);
    free(helper);
}

int helper_try(struct helper *helper, struct task *task, unsigned most)
{
    pthread_mutex_lock(&helper->lock);
    bool room = helper->waiting < most;
    if (room) {
        push(&helper->queue, task);
        helper->waiting++;
        pthread_cond_signal(&helper->wake);
    }
    pthread_mutex_unlock(&helper->lock);
    return room ? 0 : -EBUSY;
}

void helper_post(struct helper *helper, struct task *task)
{
    (void)helper_try(helper, task, UINT_MAX);
}
