/* SPDX-License-Identifier: Apache-2.0 */
#include "web_post.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct letter {
    struct letter *next;
    void (*run)(void *user);
    void *user;
} letter;

struct web_post_box {
    pthread_mutex_t mutex;
    letter *first;
    letter **last;
    struct event *arrived;
    int pipe[2];
};

static letter *take_all(web_post_box *self)
{
    pthread_mutex_lock(&self->mutex);
    letter *all = self->first;
    self->first = NULL;
    self->last = &self->first;
    pthread_mutex_unlock(&self->mutex);
    return all;
}

static void run_all(letter *all)
{
    while (all) {
        letter *next = all->next;
        all->run(all->user);
        free(all);
        all = next;
    }
}

static void on_arrived(evutil_socket_t socket, short what, void *user)
{
    web_post_box *self = user;
    char bytes[256];
    (void)what;
    /* Emptied before the letters are taken: what comes later wakes again. */
    while (read(socket, bytes, sizeof bytes) == (ssize_t)sizeof bytes) {
    }
    run_all(take_all(self));
}

web_post_box *web_post_box_new(struct event_base *base)
{
    web_post_box *self = calloc(1, sizeof *self);
    if (!self) {
        return NULL;
    }
    self->last = &self->first;
    if (pthread_mutex_init(&self->mutex, NULL) != 0) {
        free(self);
        return NULL;
    }
    if (pipe(self->pipe) != 0) {
        self->pipe[0] = self->pipe[1] = -1;
    }
    for (int i = 0; i < 2 && self->pipe[0] >= 0; i++) {
        (void)fcntl(self->pipe[i], F_SETFL, O_NONBLOCK);
        (void)fcntl(self->pipe[i], F_SETFD, FD_CLOEXEC);
    }
    self->arrived = self->pipe[0] >= 0
                        ? event_new(base, self->pipe[0], EV_READ | EV_PERSIST, on_arrived, self)
                        : NULL;
    if (!self->arrived || event_add(self->arrived, NULL) != 0) {
        web_post_box_free(&self);
    }
    return self;
}

void web_post_box_free(web_post_box **box)
{
    web_post_box *self = *box;
    if (!self) {
        return;
    }
    /* What is run may post, too. */
    for (letter *all = take_all(self); all; all = take_all(self)) {
        run_all(all);
    }
    if (self->arrived) {
        event_free(self->arrived);
    }
    for (int i = 0; i < 2; i++) {
        if (self->pipe[i] >= 0) {
            close(self->pipe[i]);
        }
    }
    pthread_mutex_destroy(&self->mutex);
    free(self);
    *box = NULL;
}

bool web_post_box_put(web_post_box *box, void (*run)(void *user), void *user)
{
    letter *new_one = malloc(sizeof *new_one);
    if (!new_one) {
        return false;
    }
    *new_one = (letter){ NULL, run, user };
    pthread_mutex_lock(&box->mutex);
    bool was_empty = !box->first;
    *box->last = new_one;
    box->last = &new_one->next;
    ssize_t woken = 0;
    /* Within the lock, so that the pipe is still there; a full one wakes as well. */
    do {
        woken = was_empty ? write(box->pipe[1], "", 1) : 1;
    } while (woken < 0 && errno == EINTR);
    pthread_mutex_unlock(&box->mutex);
    return true;
}
