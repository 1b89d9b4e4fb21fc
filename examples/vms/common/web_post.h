/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that other threads hand to the thread of an event loop. */
#ifndef VMS_WEB_POST_H
#define VMS_WEB_POST_H

#include <stdbool.h>

#include <event2/event.h>

typedef struct web_post_box web_post_box;

/* NULL: no memory, or no pipe. */
web_post_box *web_post_box_new(struct event_base *base);
/* Runs what is left. NULL and pointer to NULL are accepted. */
void web_post_box_free(web_post_box **box);
/* From any thread; false: no memory. */
bool web_post_box_put(web_post_box *box, void (*run)(void *user), void *user);

#endif
